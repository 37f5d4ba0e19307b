"""The questions of notebook 03, reparameterization."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "sample-gradient": Choice(
        "We draw 1,000 values of z with `Normal(mu, sigma).sample((1000,))`, square them, average, and call `backward()` on the result. The exact gradient for μ is 4. What does μ receive?",
        choices=("About 4", "0", "Nothing: `backward()` raises an error"),
        answer="Nothing: `backward()` raises an error",
        sentence="The draws are numbers without a history, so as far as torch can tell, the mean does not depend on μ.",
    ),
    "kl-alone": Recall(
        "A loss consists of −log p(x|z), with z from `sample()`, and the KL to N(0, 1), computed from μ and σ by its formula. Training with it raises no error. Where do μ and σ go?",
        choices={
            "Nowhere, because no gradient reaches them": "None reaches them through z. But the KL is computed from μ and σ directly.",
            "To 0 and 1, whatever the image": "Only the KL has a gradient, and it is smallest where q equals the prior. The code then contains no information about x. This is what happened to the orange run at the top of this notebook.",
            "To the right values, only more slowly": "Through `sample()` nothing about x reaches μ and σ, however long we train.",
        },
        answer="To 0 and 1, whatever the image",
    ),
    "uniform": Recall(
        "Suppose z is uniform between a and b, and u is drawn from U(0, 1). Which line gives a path for the gradient to a and b?",
        choices={
            "`a + b * u`": "At u = 1 this is a + b, so z would lie between a and a + b.",
            "`a + (b - a) * u`": "u = 0 gives a, u = 1 gives b, and everything between is equally probable. ∂z/∂a = 1 − u, and ∂z/∂b = u.",
            "None: the trick works for normal distributions only": "Nothing in the chain rule asks for a normal distribution. All it takes is noise without parameters and a differentiable function.",
        },
        answer="`a + (b - a) * u`",
    ),
    "variance-factor": Number(
        "Both estimators are unbiased. With 16 draws per estimate, what is the variance of the score function estimator divided by that of the reparameterization estimator?",
        low=1,
        high=1000,
        truth=22,
        log=True,
        unit="times",
        sentence="The variances are 5.40 and 0.25. The score function estimator uses only how large h is at each draw, while reparameterization uses the slope of h.",
    ),
    "plus-hundred": Recall(
        "Suppose we replace h(z) = z² by z² + 100. The exact gradient stays the same. What happens to the two estimates of it?",
        choices={
            "Both are off by 100 on average": "The constant moves E[h(z)] by 100, but not its derivative, and both estimators are unbiased for the derivative.",
            "Neither changes, because a constant has no derivative": "True of the estimator that uses the derivative of h. The other one uses its value.",
            "Only the score function's estimate gets noisier": "Reparameterization uses the slope, and a constant has none. The score function multiplies values near 100 by ε / σ, whose sign is random. A baseline of 100 would fix it.",
        },
        answer="Only the score function's estimate gets noisier",
    ),
    "step": Choice(
        "In the explorer below, h can be a step: 0 to the left of a threshold and 1 to the right of it. What will the two estimators return?",
        choices=(
            "Both are right on average, with more variance than before",
            "Reparameterization returns exactly 0; the score function is right on average",
            "Both return 0, because a step has no slope",
        ),
        answer="Reparameterization returns exactly 0; the score function is right on average",
        sentence="The slope of a step is 0 wherever a draw falls. The score function does not need a slope.",
    ),
    "negative-variance": Recall(
        "A network outputs σ² itself, and in the middle of training one of its outputs is −0.1. What happens?",
        choices={
            "torch raises an error, and training stops": "`math.sqrt` would raise one. The square root of a tensor does not, as the first lines printed in this section show.",
            "σ is NaN, then the loss, then all weights": "Whatever is computed from NaN is NaN: z, the loss, the gradients, and after one step the weights. No error is raised.",
            "σ is √0.1, and training continues": "The sign is not ignored: the first lines printed in this section show what the square root of −0.1 is.",
        },
        answer="σ is NaN, then the loss, then all weights",
    ),
}
