"""The exercises of notebook 04: the loss, its Gaussian sister, the real beta, free bits, a loss to mend."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from vqedu.checks.engine import Case, Exercise, Mistake
from vqedu.checks.numbers import grey, quarters
from vqedu.losses import kl_terms


def _bce(logits: Tensor, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)


def _terms() -> list[Case]:
    sizes = [((1, 1, 1, 2), 2), ((2, 1, 1, 2), 1), ((2, 1, 2, 2), 3), ((3, 1, 4, 3), 2)]
    return [
        {
            "logits": quarters(i, *s),
            "x": grey(i, *s),
            "mu": quarters(i + 5, s[0], d),
            "logvar": quarters(i + 9, s[0], d),
        }
        for i, (s, d) in enumerate(sizes, 1)
    ]


def _elbo(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    return (_bce(logits, x).sum(1) + kl_terms(mu, logvar).sum(1)).mean()


_ELBO_MISTAKES = (
    Mistake(
        "reconstruction averaged over the pixels",
        lambda logits, x, mu, logvar: _bce(logits, x).mean() + kl_terms(mu, logvar).sum(1).mean(),
        "Your reconstruction is averaged over the pixels, the KL is not. With 784 pixels the effective beta is 784.",
        "Both terms must be summed over one image before anything is averaged.",
    ),
    Mistake(
        "everything averaged",
        lambda logits, x, mu, logvar: _bce(logits, x).mean() + kl_terms(mu, logvar).mean(),
        "Both terms are averaged over their elements. With 784 pixels and D latent numbers the effective beta is 784 / "
        "D.",
        "Which sum of the formula did `.mean()` replace, and in which of the two terms?",
    ),
    Mistake(
        "KL averaged over the latent numbers",
        lambda logits, x, mu, logvar: _bce(logits, x).sum(1).mean() + kl_terms(mu, logvar).mean(),
        "The reconstruction is right. The KL is averaged over the D latent numbers, so the effective beta is 1 / D.",
        "If a code had twice as many numbers, should its price stay the same?",
    ),
    Mistake(
        "summed over the batch",
        lambda logits, x, mu, logvar: (_bce(logits, x).sum(1) + kl_terms(mu, logvar).sum(1)).sum(),
        "Your loss is that of the whole batch. The balance of the terms is right, but the step grows with the batch.",
        "The loss is in nats per image. Which step makes it so?",
    ),
    Mistake(
        "only the reconstruction summed over the batch",
        lambda logits, x, mu, logvar: _bce(logits, x).sum() + kl_terms(mu, logvar).sum(1).mean(),
        "The reconstruction is of the whole batch, the KL of one image: with N images the effective beta is 1 / N.",
        "If the batch had twice as many images, which of your two terms would grow?",
    ),
    Mistake(
        "only the KL summed over the batch",
        lambda logits, x, mu, logvar: _bce(logits, x).sum(1).mean() + kl_terms(mu, logvar).sum(),
        "The KL is of the whole batch, the reconstruction of one image: with N images the effective beta is N.",
        "If the batch had twice as many images, which of your two terms would grow?",
    ),
    Mistake(
        "not averaged over the batch",
        lambda logits, x, mu, logvar: _bce(logits, x).sum(1) + kl_terms(mu, logvar).sum(1),
        "You return one number an image. A loss is a single number.",
        "What is still to be done with (N,)?",
    ),
    Mistake(
        "KL with the wrong sign",
        lambda logits, x, mu, logvar: (_bce(logits, x).sum(1) - kl_terms(mu, logvar).sum(1)).mean(),
        "The KL is subtracted. Training would then push q away from the prior, and the loss has no lower end.",
        "The loss is minus the ELBO: each of its two terms changes its sign.",
    ),
    Mistake(
        "the ELBO instead of minus the ELBO",
        lambda logits, x, mu, logvar: -_elbo(logits, x, mu, logvar),
        "This is the ELBO itself. An optimizer goes down, so it would make the ELBO as small as it can.",
        "Should the number be large or small when the images are good?",
    ),
    Mistake(
        "sigmoid taken twice",
        lambda logits, x, mu, logvar: _elbo(torch.sigmoid(logits), x, mu, logvar),
        "The sigmoid is applied to grey levels: the decoder can then only paint greys between 0.5 and 0.73.",
        "Does `binary_cross_entropy_with_logits` want logits or grey levels?",
    ),
    Mistake(
        "KL without the factor 1/2",
        lambda logits, x, mu, logvar: (_bce(logits, x).sum(1) + 2 * kl_terms(mu, logvar).sum(1)).mean(),
        "Your KL is twice too large, so the effective beta is 2.",
        "Compare your KL of N(1, 1) with one half.",
    ),
    Mistake(
        "KL left out",
        lambda logits, x, mu, logvar: _bce(logits, x).sum(1).mean(),
        "Only the reconstruction is there. This trains an autoencoder with noise, and nothing ties the codes to the "
        "prior.",
        "Which two of your four arguments do you not use?",
    ),
    Mistake(
        "squared error for the cross-entropy",
        lambda logits, x, mu, logvar: (
            (torch.sigmoid(logits) - x).square().flatten(1).sum(1) + kl_terms(mu, logvar).sum(1)
        ).mean(),
        "Your reconstruction is a squared error: a Gaussian, where a Bernoulli variable a pixel was asked.",
        "Which probability does the decoder give to a pixel that is ink?",
    ),
)

elbo = Exercise(
    name="elbo",
    contract="elbo(logits, x, mu, logvar): images (N, 1, H, W) twice, moments (N, D) twice -> one number: minus the "
    "ELBO, nats per image, averaged over the batch",
    cases=_terms,
    reference=_elbo,
    gradients=("logits", "mu", "logvar"),
    mistakes=_ELBO_MISTAKES,
    hints=(
        "Write the two terms as two vectors (N,) first. Only then add them.",
        'Reconstruction: cross-entropy with `reduction="none"`, summed over all but the batch. KL: summed over D.',
        "(reconstruction + kl).mean() is the loss, if both have the shape (N,).",
    ),
)


def _gaussian(x_hat: Tensor, x: Tensor, variance: float) -> Tensor:
    squares = (x - x_hat).square() / variance
    return 0.5 * (squares + math.log(2 * math.pi * variance)).flatten(1).sum(1)


gaussian_loss = Exercise(
    name="gaussian_loss",
    contract="gaussian_loss(x_hat, x, variance): images (N, 1, H, W) twice, a number -> (N,): -log N(x; x_hat, "
    "variance), nats per image, constants included",
    cases=lambda: [
        {"x_hat": grey(i, *s), "x": grey(i + 5, *s), "variance": v}
        for i, (s, v) in enumerate([((1, 1, 1, 1), 0.25), ((2, 1, 1, 2), 1.0), ((2, 1, 3, 2), 0.5)], 1)
    ],
    reference=_gaussian,
    gradients=("x_hat",),
    mistakes=(
        Mistake(
            "1/2 missing before the squared error",
            lambda x_hat, x, variance: (
                _gaussian(x_hat, x, variance) + 0.5 * ((x - x_hat).square() / variance).flatten(1).sum(1)
            ),
            "The squared error has no 1/2. It then stands for half the variance, and the effective beta is 1/2.",
            "What is the exponent of a normal density?",
        ),
        Mistake(
            "plain squared error",
            lambda x_hat, x, variance: ((x - x_hat).square() / variance).flatten(1).sum(1),
            "This is the squared error without 1/2 and without the constant. For a fixed variance the missing 1/2 "
            "makes the effective beta 1/2.",
            "Write down the whole density, with what stands before the exponential, and take minus its logarithm.",
        ),
        Mistake(
            "2 pi missing",
            lambda x_hat, x, variance: 0.5 * ((x - x_hat).square() / variance + math.log(variance)).flatten(1).sum(1),
            "Everything is there but 2 pi: the loss is too small by the same amount for every image.",
            "What does the integral of exp(-x^2 / 2) give?",
        ),
        Mistake(
            "1/2 missing everywhere",
            lambda x_hat, x, variance: 2 * _gaussian(x_hat, x, variance),
            "Your number is exactly twice too large.",
            "The constant is log sqrt(2 pi variance). What does the root become?",
        ),
        Mistake(
            "constant left out",
            lambda x_hat, x, variance: 0.5 * ((x - x_hat).square() / variance).flatten(1).sum(1),
            "The squared error is right. What the density is divided by is missing; it matters as soon as the variance "
            "is learned.",
            "With x_hat = x your loss is 0 for every variance. Which variance would a network choose?",
        ),
        Mistake(
            "averaged over the pixels",
            lambda x_hat, x, variance: _gaussian(x_hat, x, variance) / x[0].numel(),
            "Your number is the price of an average pixel: with 784 pixels the effective beta is 784.",
            "Independent pixels multiply their densities. What happens to the logarithms?",
        ),
        Mistake(
            "variance squared",
            lambda x_hat, x, variance: _gaussian(x_hat, x, variance**2),
            "Your numbers come out when the given variance is taken for a standard deviation, and squared.",
            "Is your argument sigma or sigma squared?",
        ),
        Mistake(
            "sign turned",
            lambda x_hat, x, variance: -_gaussian(x_hat, x, variance),
            "This is the log-density. The loss is minus that.",
            "Should a larger error make the number larger?",
        ),
    ),
    hints=(
        "Write the normal density of one pixel, with everything before the exponential, and take minus its logarithm.",
        "It has two parts: (x - x_hat)^2 / (2 variance), and half of log(2 pi variance).",
        "Add the two parts for each pixel, flatten all but the batch, and sum.",
    ),
)


effective_beta = Exercise(
    name="effective_beta",
    contract="effective_beta(beta, pixels, latents): the real beta of code that averages the reconstruction over the "
    "pixels and the KL over the latent numbers -> a number",
    cases=lambda: [
        {"beta": b, "pixels": p, "latents": d} for b, p, d in [(1.0, 4, 2), (0.5, 784, 7), (0.125, 784, 1), (2.0, 3, 6)]
    ],
    reference=lambda beta, pixels, latents: beta * pixels / latents,
    mistakes=(
        Mistake(
            "upside down",
            lambda beta, pixels, latents: beta * latents / pixels,
            "Your fraction is upside down: with many pixels the averaged reconstruction becomes weak, and the KL "
            "strong.",
            "a = 1 / pixels and b = 1 / latents. Divide both terms by a.",
        ),
        Mistake(
            "the latent numbers left out",
            lambda beta, pixels, latents: beta * pixels,
            "This is right for a KL that is summed. Here it is averaged over the latent numbers too.",
            "What is b in a R + beta b KL?",
        ),
        Mistake(
            "beta left out",
            lambda beta, pixels, latents: pixels / latents,
            "The factor of the reductions is right. The beta of the code comes on top.",
            "What does your formula say for beta = 0?",
        ),
        Mistake(
            "multiplied by both",
            lambda beta, pixels, latents: beta * pixels * latents,
            "One average weakens the reconstruction, the other weakens the KL. They work against each other.",
            "Does an average over more latent numbers make the KL heavier or lighter?",
        ),
        Mistake(
            "as written",
            lambda beta, pixels, latents: beta,
            "You return the beta that stands in the code. The averages change it.",
            "By what factor is the mean of 784 numbers smaller than their sum?",
        ),
    ),
    hints=(
        "Write the code's loss as a R + beta b KL, with R and KL the sums of the ELBO.",
        "a is 1 / pixels, b is 1 / latents.",
        "Divide by a so that R stands alone: what then stands before KL is the real beta.",
    ),
)


free_bits = Exercise(
    name="free_bits",
    contract="free_bits(kl, floor): the KL of each latent number of each image (N, D), a number -> one number: the KL "
    "of each latent number is averaged over the batch, then the first `floor` nats of each are free",
    cases=lambda: [
        # no mean lies on the floor, where the gradient would be a matter of taste
        {"kl": quarters(i, n, d).abs(), "floor": floor + 1 / 32}
        for i, (n, d, floor) in enumerate([(2, 1, 1.0), (2, 2, 0.5), (4, 3, 1.0), (3, 5, 0.75)], 1)
    ],
    reference=lambda kl, floor: kl.mean(0).clamp(min=floor).sum(),
    gradients=("kl",),
    mistakes=(
        Mistake(
            "clamped image by image",
            lambda kl, floor: kl.clamp(min=floor).sum(1).mean(),
            "Each image gets its own floor. An image above it is pushed down even where the average over the batch is "
            "still below.",
            "Which comes first, the average over the batch or the floor?",
        ),
        Mistake(
            "max for min",
            lambda kl, floor: kl.mean(0).clamp(max=floor).sum(),
            "You cut off what lies above the floor: a price that stops rising.",
            "Should the number be at least or at most floor for each latent number?",
        ),
        Mistake(
            "one floor for all",
            lambda kl, floor: kl.mean(0).sum().clamp(min=floor),
            "The floor holds for the sum. One latent number can use it up, and the others fall asleep.",
            "Where does the sum over the latent numbers belong?",
        ),
        Mistake(
            "averaged over the latent numbers",
            lambda kl, floor: kl.mean(0).clamp(min=floor).mean(),
            "The floors are right, but you average over the D latent numbers: a code costs D times too little.",
            "If a code had one more number that costs 1 nat, how should the answer change?",
        ),
        Mistake(
            "floor subtracted",
            lambda kl, floor: (kl.mean(0) - floor).clamp(min=0).sum(),
            "The gradient is right. The value is lower by floor for each latent number: the definition takes the "
            "larger of the two.",
            "What should the answer be if every KL is zero?",
        ),
        Mistake(
            "no floor",
            lambda kl, floor: kl.mean(0).sum(),
            "This is the usual KL term. The floor does nothing.",
            "Which function replaces small numbers by a least one?",
        ),
    ),
    hints=(
        "Three steps: a mean, a floor, a sum. In which order?",
        "First `.mean(0)`, which gives one number for each latent number, (D,).",
        "`.clamp(min=floor)` comes next, and the sum over D last.",
    ),
)


def _buggy(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    return _bce(torch.sigmoid(logits), x).sum(1).mean() + kl_terms(mu, logvar).mean()


mended_loss = Exercise(
    name="mended_loss",
    contract="mended_loss(logits, x, mu, logvar): as elbo: minus the ELBO, nats per image. Two bugs are planted",
    cases=_terms,
    reference=_elbo,
    gradients=("logits", "mu", "logvar"),
    mistakes=(
        Mistake(
            "both bugs are there",
            _buggy,
            "It trains without an error: the images stay grey and pale, and the code becomes loose. There are two "
            "reasons.",
            "Look at each term alone. What range of numbers does each function expect, and what is its shape at each "
            "step?",
        ),
        Mistake(
            "one bug is left, in the reconstruction",
            lambda logits, x, mu, logvar: (
                _bce(torch.sigmoid(logits), x).sum(1).mean() + kl_terms(mu, logvar).sum(1).mean()
            ),
            "The KL is right now. The images would still be pale.",
            "What does the decoder return, and what does the loss function expect?",
        ),
        Mistake(
            "one bug is left, in the KL",
            lambda logits, x, mu, logvar: _bce(logits, x).sum(1).mean() + kl_terms(mu, logvar).mean(),
            "The reconstruction is right now. The KL would still be D times too weak.",
            "Write the shape of the KL before and after its reduction.",
        ),
        *(m for m in _ELBO_MISTAKES if m.name not in ("KL averaged over the latent numbers", "sigmoid taken twice")),
    ),
    hints=(
        "Two bugs, one in each term. Neither raises an error.",
        "In the first term follow the range of the numbers, in the second the shapes.",
        "Logits go into `..._with_logits`. A KL per image is a sum over its numbers; the mean is for the batch.",
    ),
)
