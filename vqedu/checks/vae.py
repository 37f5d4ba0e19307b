"""The short exercises on the VAE: its loss, the loss of a Gaussian decoder, a loss to fix."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from vqedu.checks.autoencoder import bernoulli, confident, naive_bernoulli
from vqedu.checks.engine.exercise import Exercise, Mistake
from vqedu.checks.engine.numbers import gray, quarters
from vqedu.checks.engine.observing import Case
from vqedu.losses import kl_terms

Reduction = Callable[[Tensor, Tensor], Tensor]  # (terms (N, elements), the images) -> a loss


def _per_image(terms: Tensor, x: Tensor) -> Tensor:
    return terms.sum(1).mean()


def _mean(terms: Tensor, x: Tensor) -> Tensor:
    return terms.mean()


def _sum(terms: Tensor, x: Tensor) -> Tensor:
    return terms.sum()


def _over_all_pixels(terms: Tensor, x: Tensor) -> Tensor:
    return terms.sum() / x.numel()


def _elbo(
    logits: Tensor,
    x: Tensor,
    mu: Tensor,
    logvar: Tensor,
    *,
    pixel: Callable[[Tensor, Tensor], Tensor] = bernoulli,
    term: Callable[[Tensor, Tensor], Tensor] = kl_terms,
    reconstruction: Reduction = _per_image,
    kl: Reduction = _per_image,
    weight: float = 1,
    sign: int = 1,
) -> Tensor:
    return sign * (reconstruction(pixel(logits, x), x) + weight * kl(term(mu, logvar), x))


def _terms() -> list[Case]:
    sizes = [((1, 1, 1, 2), 2), ((2, 1, 1, 2), 1), ((2, 1, 2, 2), 3), ((3, 1, 4, 3), 2)]
    pictures: list[Case] = [{"logits": quarters(i, *s), "x": gray(i, *s)} for i, (s, _) in enumerate(sizes, 1)]
    cases = [
        picture | {"mu": quarters(i + 5, s[0], d), "logvar": quarters(i + 9, s[0], d)}
        for i, (picture, (s, d)) in enumerate(zip(pictures, sizes, strict=True), 1)
    ]
    near_prior = torch.tensor([[0.25, 0.0], [-1.0, 0.125]])  # a KL of a few hundredths of a nat in one dimension
    return [*cases, confident(9) | {"mu": near_prior, "logvar": near_prior.flip(0) / 2}]


def _squared(logits: Tensor, x: Tensor) -> Tensor:
    return (torch.sigmoid(logits) - x).square().flatten(1)


def _twice(logits: Tensor, x: Tensor) -> Tensor:
    return bernoulli(torch.sigmoid(logits), x)


_ELBO_MISTAKES = (
    Mistake(
        "reconstruction averaged over the pixels",
        partial(_elbo, reconstruction=_mean),
        "Your reconstruction is averaged over the pixels, but the KL is summed: with 784 pixels the effective beta is "
        "784.",
        "Both terms must be summed over one image before anything is averaged.",
    ),
    Mistake(
        "everything averaged",
        partial(_elbo, reconstruction=_mean, kl=_mean),
        "Both terms are averaged over their elements. With 784 pixels and D latent dimensions the effective beta is "
        "784 / D.",
        "Which sum of the formula did `.mean()` replace, and in which of the two terms?",
    ),
    Mistake(
        "KL averaged over the latent dimensions",
        partial(_elbo, kl=_mean),
        "The reconstruction is right. The KL is averaged over the D latent dimensions, so the effective beta is 1 / D.",
        "If a code had twice as many dimensions, should its KL stay the same?",
    ),
    Mistake(
        "summed over the batch",
        partial(_elbo, reconstruction=_sum, kl=_sum),
        "Your loss is summed over the whole batch. The balance of the terms is right, but the gradient grows with N.",
        "The loss is in nats per image. Which step makes it so?",
    ),
    Mistake(
        "only the reconstruction summed over the batch",
        partial(_elbo, reconstruction=_sum),
        "The reconstruction is summed over the batch, but the KL is averaged over it: with N images the effective beta "
        "is 1 / N.",
        "If the batch had twice as many images, which of your two terms would grow?",
    ),
    Mistake(
        "only the KL summed over the batch",
        partial(_elbo, kl=_sum),
        "The KL is summed over the batch, but the reconstruction is averaged over it: with N images the effective beta "
        "is N.",
        "If the batch had twice as many images, which of your two terms would grow?",
    ),
    Mistake(
        "reconstruction averaged over everything, KL summed over everything",
        partial(_elbo, reconstruction=_mean, kl=_sum),
        "The reconstruction of an average pixel is added to the KL of the whole batch: with N images of 784 pixels the "
        "effective beta is 784 N. A posterior collapse is nearly certain.",
        "Write both terms for a single image, then average the two over the batch.",
    ),
    Mistake(
        "both terms divided by the number of all pixels",
        partial(_elbo, reconstruction=_over_all_pixels, kl=_over_all_pixels),
        "The balance of the terms is right, but the loss is per pixel: 784 times smaller than in nats per image.",
        "By which number do you divide? The loss per image is the sum over the batch divided by N.",
    ),
    Mistake(
        "only the KL divided by the number of all pixels",
        partial(_elbo, kl=_over_all_pixels),
        "The KL is divided by the number of pixels, but the reconstruction is not: with 784 pixels the effective beta "
        "is 1 / 784.",
        "Both terms belong to the same image. By what should each be divided?",
    ),
    Mistake(
        "not averaged over the batch",
        partial(_elbo, reconstruction=lambda terms, x: terms.sum(1), kl=lambda terms, x: terms.sum(1)),
        "You return one number per image. A loss is a single number.",
        "What is still to be done with these N numbers?",
    ),
    Mistake(
        "KL with the wrong sign",
        partial(_elbo, weight=-1),
        "You subtract the KL. Training would push q away from the prior, and the loss has no lower bound.",
        "The loss is minus the ELBO: each of its two terms changes its sign.",
    ),
    Mistake(
        "the ELBO instead of minus the ELBO",
        partial(_elbo, sign=-1),
        "This is the ELBO itself. An optimizer goes down, so it would make the ELBO as small as it can.",
        "Should the number be large or small when the images are good?",
    ),
    Mistake(
        "sigmoid taken twice",
        partial(_elbo, pixel=_twice),
        "The sigmoid is applied twice. A number between 0 and 1 is treated as a logit, so the decoder can only express "
        "probabilities between 0.5 and 0.73.",
        "Does `binary_cross_entropy_with_logits` expect logits or gray levels?",
    ),
    Mistake(
        "log of a rounded sigmoid",
        partial(_elbo, pixel=naive_bernoulli),
        "This is the right formula, but at logit 20 float32 rounds the sigmoid to 1, and 0 times log(0) is NaN. A "
        "trained network has many such logits.",
        "Use a function that takes logits: `F.logsigmoid`, or a cross-entropy `with_logits`.",
    ),
    Mistake(
        "KL without the factor 1/2",
        partial(_elbo, weight=2),
        "Your KL is exactly twice the right value, so the effective beta is 2.",
        "The KL from N(1, 1) to the prior is one half. What is yours?",
    ),
    Mistake(
        "logvar taken for log sigma",
        partial(_elbo, term=lambda mu, logvar: kl_terms(mu, 2 * logvar)),
        "Your KL is right for an encoder that outputs log sigma. Here it outputs logvar = log sigma^2.",
        "If logvar is 2, what is sigma squared?",
    ),
    Mistake(
        "KL left out",
        partial(_elbo, weight=0),
        "Only the reconstruction is there. This trains an autoencoder with noise, and nothing keeps the codes close to "
        "the prior.",
        "Which two of your four arguments do you not use?",
    ),
    Mistake(
        "squared error for the cross-entropy",
        partial(_elbo, pixel=_squared),
        "Your reconstruction is a squared error: a Gaussian per pixel, where a Bernoulli distribution was asked for.",
        "Which probability does the decoder assign to a pixel with x = 1?",
    ),
)

elbo = Exercise(
    name="elbo",
    contract="elbo(logits, x, mu, logvar): logits and images, both (N, 1, H, W), and mu and logvar, both (N, D) -> one "
    "number: minus the ELBO in nats per image, averaged over the batch",
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


def _gaussian(
    x_hat: Tensor,
    x: Tensor,
    variance: float,
    *,
    half: float = 0.5,
    half_log: float = 0.5,
    two_pi: float = 2 * math.pi,
    spread: Callable[[float], float] = lambda variance: variance,
    constants: Callable[[Tensor], float] = lambda x: x[0].numel(),
    reduce: Callable[[Tensor, Tensor], Tensor] = lambda losses, x: losses,
    sign: int = 1,
) -> Tensor:
    squares = (x - x_hat).square().flatten(1).sum(1) / spread(variance)
    return sign * reduce(half * squares + half_log * constants(x) * math.log(two_pi * spread(variance)), x)


gaussian_loss = Exercise(
    name="gaussian_loss",
    contract="gaussian_loss(x_hat, x, variance): two batches of images, both (N, 1, H, W), and a number -> (N,): "
    "-log N(x; x_hat, variance) in nats per image, constants included",
    cases=lambda: [
        {"x_hat": gray(i, *s), "x": gray(i + 5, *s), "variance": v}
        for i, (s, v) in enumerate(
            [((1, 1, 1, 1), 0.25), ((2, 1, 1, 2), 1.0), ((3, 1, 3, 2), 0.5), ((5, 1, 2, 2), 0.25)], 1
        )
    ],
    reference=_gaussian,
    gradients=("x_hat",),
    mistakes=(
        Mistake(
            "1/2 missing before the squared error",
            partial(_gaussian, half=1),
            "The squared error has no factor 1/2. It is then that of half the variance, and the effective beta is 1/2.",
            "What is the exponent of a normal density?",
        ),
        Mistake(
            "1/2 missing before the logarithm",
            partial(_gaussian, half_log=1),
            "The logarithm of the variance has no factor 1/2: a learned variance would come out too small.",
            "The density is divided by the square root of 2 pi variance.",
        ),
        Mistake(
            "plain squared error",
            partial(_gaussian, half=1, half_log=0),
            "This is the squared error without 1/2 and without the constant. For a fixed variance the missing 1/2 "
            "makes the effective beta 1/2.",
            "Write down the whole density, including the factor before the exponential, and take minus its logarithm.",
        ),
        Mistake(
            "2 pi missing",
            partial(_gaussian, two_pi=1),
            "Only 2 pi is missing: the loss is too small by the same amount for every image.",
            "What is the integral of exp(-x^2 / 2)?",
        ),
        Mistake(
            "1/2 missing everywhere",
            partial(_gaussian, half=1, half_log=1),
            "Your number is exactly twice the right value.",
            "The constant is log sqrt(2 pi variance). What happens to the root?",
        ),
        Mistake(
            "constant left out",
            partial(_gaussian, half_log=0),
            "The squared error is right. The logarithm of the normalizing constant is missing; it matters as soon as "
            "the variance is learned.",
            "With x_hat = x your loss is 0 for every variance. Which variance would a network choose?",
        ),
        Mistake(
            "constant counted once per image",
            partial(_gaussian, constants=lambda x: 1),
            "The constant appears once per image, but every pixel has a density of its own.",
            "How many factors does the density of an image have?",
        ),
        Mistake(
            "averaged over the pixels",
            partial(_gaussian, reduce=lambda losses, x: losses / x[0].numel()),
            "Your number is the loss of an average pixel: with 784 pixels the effective beta is 784.",
            "The densities of independent pixels are multiplied. What happens to their logarithms?",
        ),
        Mistake(
            "averaged over the batch as well",
            partial(_gaussian, reduce=lambda losses, x: losses.mean()),
            "You return the average over the images, but each image should have its own number.",
            "The contract ends in (N,). Which step removed the N?",
        ),
        Mistake(
            "variance squared",
            partial(_gaussian, spread=lambda variance: variance**2),
            "Your loss treats the given variance as a standard deviation and squares it.",
            "Is your argument sigma or sigma squared?",
        ),
        Mistake(
            "sign flipped",
            partial(_gaussian, sign=-1),
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


corrected_loss = Exercise(
    name="corrected_loss",
    contract="corrected_loss(logits, x, mu, logvar): the same arguments as elbo -> minus the ELBO in nats per image",
    cases=_terms,
    reference=_elbo,
    gradients=("logits", "mu", "logvar"),
    mistakes=(
        Mistake(
            "not fixed yet",
            partial(_elbo, pixel=_twice, kl=_mean),
            "Training with this loss raises no error, but the images stay gray and pale, and the KL hardly holds the "
            "codes near the prior.",
            "Look at each term on its own. Which range of numbers does each function expect, and which shape does each "
            "step return?",
        ),
        Mistake(
            "still wrong: the reconstruction",
            partial(_elbo, pixel=_twice),
            "The KL is now right, but the images would still come out pale.",
            "What does the decoder return, and what does the loss function expect?",
        ),
        Mistake(
            "still wrong: the KL",
            partial(_elbo, kl=_mean),
            "The reconstruction is now right, but the KL would still be D times too small.",
            "Write down the shape of the KL before and after its reduction.",
        ),
        *(m for m in _ELBO_MISTAKES if m.name not in ("KL averaged over the latent dimensions", "sigmoid taken twice")),
    ),
    hints=(
        "Each of the two symptoms has a cause of its own. Which term makes images, and which one constrains the codes?",
        "In the reconstruction, follow the range of the numbers from step to step; in the KL, follow the shapes.",
        "`..._with_logits` expects logits. A KL per image is a sum over its dimensions; the mean is taken over the "
        "batch.",
    ),
)
