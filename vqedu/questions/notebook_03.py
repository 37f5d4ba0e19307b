"""The questions of notebook 03, reparameterization."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "sample-gradient": Choice(
        "torch can draw from a normal distribution. We draw z ~ N(μ, σ²), square, average, and ask for the derivative in μ. The exact one is 4. What comes back?",
        choices=("About 4", "0", "`None`"),
        answer="`None`",
        sentence="The draws are numbers without a history, so the result does not depend on μ as far as torch can tell. It is not even a zero.",
    ),
    "shift-and-scale": Recall(
        "`z = mu + sigma * eps` with `eps` drawn from N(0, 1). Which distribution has z?",
        choices={
            "N(μ, σ)": "Close, but the second place is the variance, and scaling by σ makes the variance σ².",
            "N(μ, σ²), the same as drawing directly": "Scaling by σ makes the standard deviation σ, shifting by μ makes the mean μ, and a shifted and scaled normal is normal.",
            "Only approximately normal, better for many draws": "Each single draw is exactly normal. Nothing is averaged here.",
        },
        answer="N(μ, σ²), the same as drawing directly",
    ),
    "variance-factor": Number(
        "Both estimators are right on average. Draw 16 samples for each estimate. By what factor is the variance of the score function larger than that of reparameterization?",
        low=1,
        high=1000,
        truth=22,
        log=True,
        unit="times",
        sentence="5.40 against 0.25. The score function only hears how large f is; reparameterization hears its slope.",
    ),
    "baseline": Recall(
        "A baseline b is subtracted from f in the score function. Why does the mean of the estimate stay right?",
        choices={
            "Because b is small compared with f": "The size of b does not matter for the mean: b = 1000 would leave it right, too, and ruin the variance.",
            "Because the mean of f is subtracted as well": "Nothing else is subtracted. b may be any constant.",
            "Because the score has mean zero, so b times the score vanishes on average": "E[b ε / σ] = b E[ε] / σ = 0. What changes is the spread.",
        },
        answer="Because the score has mean zero, so b times the score vanishes on average",
    ),
    "four-times": Recall(
        "You average 64 samples an estimate where it was 16. What happens to the standard deviation of the estimate?",
        choices={
            "It halves": "Four times the samples, a quarter of the variance, and the standard deviation is its root.",
            "It falls to a quarter": "That is the variance. The standard deviation is its square root.",
            "It stays: both are right on average": "The mean stays. The spread around it shrinks with every sample.",
        },
        answer="It halves",
    ),
    "step": Choice(
        "In the explorer below f can be a step: 0 on the left of a threshold, 1 on its right. What will the two estimators say?",
        choices=(
            "Both are right, with more noise than before",
            "Reparameterization says exactly 0, the score function is right on average",
            "Both say 0: a step has no derivative",
        ),
        answer="Reparameterization says exactly 0, the score function is right on average",
        sentence="The slope of a step is 0 wherever a sample falls. The score function needs no slope. Choosing the nearest code in a VQ-VAE is such a step.",
    ),
    "equal-steps": Recall(
        "`logvar` falls from 0 to −4.6 (= −2 log 10), and then by the same amount again. What does σ do?",
        choices={
            "1, then −1.3, then −3.6: it falls by the same amount": "σ = exp(logvar / 2) is never negative, whatever `logvar` is.",
            "1, then 0.1, then 0.01: it falls by the same factor": "Equal steps in `logvar` are equal factors in σ. So a network can reach small and large σ alike.",
            "1, then 0.01, then 0.0001": "That is the variance. σ is its root: exp(−4.6 / 2) = 0.1.",
        },
        answer="1, then 0.1, then 0.01: it falls by the same factor",
    ),
    "random-part": Recall(
        "What is random in z = μ + σε, and what receives a gradient?",
        choices={
            "z is random, and z alone receives a gradient": "A gradient does arrive at z, but it goes on: z is computed from μ and σ.",
            "μ and σ are random, ε receives the gradient": "It is the other way round: μ and σ are what the encoder computed, ε is what was drawn.",
            "ε is random; μ and σ receive gradients": "∂z/∂μ = 1 and ∂z/∂σ = ε. The noise is an input like any other, and needs no gradient.",
        },
        answer="ε is random; μ and σ receive gradients",
    ),
    "when-score": Recall(
        "When would you use the score function all the same?",
        choices={
            "When f has no useful derivative, or z is discrete": "Then there is no path to follow. It only needs the values of f, and pays with variance.",
            "When few samples can be drawn": "That speaks for reparameterization: with few samples the variance matters most.",
            "When the batch is large": "A large batch lowers the variance of both, and keeps the ratio.",
        },
        answer="When f has no useful derivative, or z is discrete",
    ),
    "logvar": Recall(
        "The encoder puts out `logvar` = 2. What is the standard deviation?",
        choices={
            "2": "That is the logarithm of the variance.",
            "e² ≈ 7.39": "That is the variance, exp(logvar). The standard deviation is its root: the mistake to avoid.",
            "e ≈ 2.72": "exp(logvar / 2) = e¹.",
            "√2 ≈ 1.41": "The root of the logarithm means nothing. First the exponential, then the root: exp(logvar / 2).",
        },
        answer="e ≈ 2.72",
    ),
}
