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
    "exact-sigma": Recall(
        "f(z) = z² and z ~ N(3, 5²). What is the exact derivative of E[f(z)] with respect to σ?",
        choices={
            "6": "This is 2μ, the derivative in μ.",
            "10": "E[z²] = μ² + σ², and its derivative in σ is 2σ.",
            "34": "This is the mean itself, 3² + 5². Asked is how it changes with σ.",
        },
        answer="10",
    ),
    "who-is-cut": Recall(
        "The ELBO holds a mean of log p(x|z) over draws z from q. If the draws come from `sample()`, which of the two networks gets no gradient from this mean?",
        choices={
            "The decoder": "Its weights stand inside f(z) = log p(x|z). torch records what is computed from z, so the path back to them is whole.",
            "Both of them": "The draws are cut off from what made them, not from what is computed with them.",
            "The encoder": "It says where z is drawn, and the draws have no history. The decoder comes after the draw, and learns as usual.",
        },
        answer="The encoder",
    ),
    "kl-alone": Recall(
        "The loss is −log p(x|z), with z from `sample()`, plus the KL to N(0, 1), computed from μ and σ by its formula. It trains without an error. Where do μ and σ go?",
        choices={
            "Nowhere, since no path leads back to them": "None leads back through z. But the formula of the KL is computed from μ and σ directly.",
            "To 0 and 1, whatever the image": "Only the KL is heard, and it is smallest where q is the prior. The code then tells nothing about x.",
            "Where a path would lead them, only more slowly": "The draws tell μ and σ nothing about x, fast or slow.",
        },
        answer="To 0 and 1, whatever the image",
    ),
    "shift-and-scale": Recall(
        "`z = mu + sigma * eps` with `eps` drawn from N(0, 1). Which distribution does z have?",
        choices={
            "N(μ, σ)": "Close, but the second place is the variance, and scaling by σ makes the variance σ².",
            "N(μ, σ²), the same as drawing directly": "Scaling by σ makes the standard deviation σ, shifting by μ makes the mean μ, and a shifted and scaled normal is normal.",
            "Only approximately normal, better for many draws": "Each single draw is exactly normal. Nothing is averaged here.",
        },
        answer="N(μ, σ²), the same as drawing directly",
    ),
    "one-draw": Recall(
        "μ = 1, σ = 2, and the draw is ε = −1. With f(z) = z², what does this one draw say of the derivatives in μ and in σ?",
        choices={
            "2 and 4": "These are 2μ and 2σ, the exact gradient of the mean. The estimate from a single draw scatters around it.",
            "−2 and 2": "z = 1 − 2 = −1, so f'(z) = 2z = −2. In μ that is all; in σ it is multiplied by ε = −1.",
            "−2 and −2": "The first is right: f'(z) = 2z with z = −1. But in σ the chain rule has one more factor.",
        },
        answer="−2 and 2",
    ),
    "uniform": Recall(
        "z is to be uniform between a and b, and u is drawn from U(0, 1). Which line gives a path to a and b?",
        choices={
            "`a + b * u`": "At u = 1 this is a + b, so z would lie between a and a + b.",
            "`(a + b) * u`": "At u = 0 this is 0, so z would lie between 0 and a + b.",
            "`a + (b - a) * u`": "u = 0 gives a, u = 1 gives b, and everything between is equally likely. ∂z/∂a = 1 − u, and ∂z/∂b = u.",
            "None: this works for normals only": "Nothing in the chain rule asks for a normal. It takes noise without parameters, and a function with a slope.",
        },
        answer="`a + (b - a) * u`",
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
    "score-number": Recall(
        "σ = 2. At one draw ε = 1.5 and f(z) = 8. What does the score function estimate for the derivative in μ?",
        choices={
            "3": "This is f(z) ε / σ². But what stands over σ² in the score is z − μ, and that is not ε.",
            "6": "f(z) ε / σ = 8 · 1.5 / 2. Of f only the value was needed.",
            "12": "This is f(z) ε, which is right for σ = 1 only.",
        },
        answer="6",
    ),
    "baseline": Recall(
        "A baseline b is subtracted from f in the score function. Why does the mean of the estimate stay right?",
        choices={
            "Because b is small compared with f": "The size of b does not matter for the mean: b = 1000 would leave it right, too, and ruin the variance.",
            "Because E[f] is subtracted as well": "Nothing else is subtracted. b may be any constant.",
            "Because b times the score has mean zero": "E[b ε / σ] = b E[ε] / σ = 0. What changes is the spread.",
        },
        answer="Because b times the score has mean zero",
    ),
    "plus-hundred": Recall(
        "f(z) = z² becomes z² + 100; the exact gradient stays. What happens to the two estimates of it from 16 samples?",
        choices={
            "Only the score function's gets noisier": "The path sees the slope, and a constant has none. The score function multiplies values near 100 by ε / σ, whose sign is random. A baseline of 100 would mend it.",
            "Both are off by 100 on average": "The constant moves E[f(z)] by 100, but not its derivative, and on average both estimators give the derivative.",
            "Neither changes: a constant has no derivative": "True of the estimator that uses the derivative of f. The other one uses its value.",
        },
        answer="Only the score function's gets noisier",
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
    "four-times": Recall(
        "You average 64 samples an estimate where it was 16. What happens to the standard deviation of the estimate?",
        choices={
            "It halves": "Four times the samples, a quarter of the variance, and the standard deviation is its root.",
            "It falls to a quarter": "That is the variance. The standard deviation is its square root.",
            "It stays: both are right on average": "The mean stays. The spread around it shrinks with every sample.",
        },
        answer="It halves",
    ),
    "worth-one": Recall(
        "With a baseline, one sample of the score function has variance 42; one of reparameterization has 4. How many of the former are worth one of the latter?",
        choices={
            "About 3": "This is √(42 / 4), the ratio of the standard deviations. An average of n samples has 1/n of the variance.",
            "About 10": "42 / n = 4 gives n = 10.5. Without the baseline it is 87 / 4, nearly 22.",
            "About 110": "This is (42 / 4)². The variance falls with n itself, not with its root.",
        },
        answer="About 10",
    ),
    "silent-variance": Recall(
        "f is a step. Reparameterization estimates the gradient from 1 sample, then from 10,000. What becomes of the variance of the estimate, and of its distance from the exact gradient?",
        choices={
            "The variance is 0 from the start, and the distance stays": "The slope is 0 at every draw, so the estimate is exactly 0. A small variance alone does not make an estimate right.",
            "Both shrink, as for every estimator that averages": "Averaging helps against draws that differ. Here each draw says the same.",
            "Both grow: a step is infinitely steep at one place": "The chance that a draw falls on that place is 0. Everywhere else the step is flat.",
        },
        answer="The variance is 0 from the start, and the distance stays",
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
    "zero-output": Recall(
        "An encoder whose weights are still near 0 puts out `mu` and `logvar` near 0. Which q(z|x) does it start from?",
        choices={
            "N(0, 0), a point": "That would take a `logvar` of minus infinity. The variance is exp(logvar).",
            "N(0, ½), narrower than the prior": "The ½ stands in the exponent: σ = exp(½ · 0).",
            "N(0, 1), the prior": "exp(0) = 1, so the KL starts near 0. With σ² as the output it would start near a point.",
        },
        answer="N(0, 1), the prior",
    ),
    "negative-variance": Recall(
        "In plain torch code a network puts out σ² itself, and in the middle of a training one of its outputs is −0.1. What happens?",
        choices={
            "torch raises an error, and the training stops": "`math.sqrt` would raise one. The first print of this section shows what the `sqrt` of a tensor does.",
            "σ is NaN, then the loss, then the weights": "Whatever is computed from NaN is NaN: z, the loss, the gradients, and after one step the weights. No error is raised.",
            "σ is √0.1, and the training goes on as before": "No sign is dropped: the first print of this section shows what comes of −0.1.",
        },
        answer="σ is NaN, then the loss, then the weights",
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
            "When f has no slope to follow": "A step, or a discrete z: there is no path. The score function needs only values of f, and pays with variance.",
            "When only few samples can be drawn": "With few samples the variance matters most, and the score function mostly has more of it, as in section 3.",
            "When the batch is large": "A large batch lowers the variance of both, and keeps the ratio.",
        },
        answer="When f has no slope to follow",
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
