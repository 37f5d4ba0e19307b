"""The exercises on the VAE: the loss, its Gaussian sister, the real beta, free bits, a loss to fix, a collapse."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.autoencoder import bernoulli, confident, naive_bernoulli
from vqedu.checks.engine import Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import grey, number, quarters
from vqedu.checks.observing import Case, as_tensors
from vqedu.checks.running import Problem
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
    pictures: list[Case] = [{"logits": quarters(i, *s), "x": grey(i, *s)} for i, (s, _) in enumerate(sizes, 1)]
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
        "Your reconstruction is averaged over the pixels, the KL is not. With 784 pixels the effective beta is 784.",
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
        "Your loss is that of the whole batch. The balance of the terms is right, but the step grows with the batch.",
        "The loss is in nats per image. Which step makes it so?",
    ),
    Mistake(
        "only the reconstruction summed over the batch",
        partial(_elbo, reconstruction=_sum),
        "The reconstruction is that of the whole batch, the KL that of one image: with N images the effective beta is "
        "1 / N.",
        "If the batch had twice as many images, which of your two terms would grow?",
    ),
    Mistake(
        "only the KL summed over the batch",
        partial(_elbo, kl=_sum),
        "The KL is that of the whole batch, the reconstruction that of one image: with N images the effective beta is "
        "N.",
        "If the batch had twice as many images, which of your two terms would grow?",
    ),
    Mistake(
        "reconstruction averaged over everything, KL summed over everything",
        partial(_elbo, reconstruction=_mean, kl=_sum),
        "The mean of one pixel meets the KL of the whole batch: with N images of 784 pixels the effective beta is "
        "784 N. A posterior collapse is nearly certain.",
        "Write both terms for a single image, then average the two over the batch.",
    ),
    Mistake(
        "both terms divided by the number of all pixels",
        partial(_elbo, reconstruction=_over_all_pixels, kl=_over_all_pixels),
        "The balance of the terms is right, but the loss is per pixel: 784 times smaller than in nats per image.",
        "By what do you divide, and what is there N of?",
    ),
    Mistake(
        "only the KL divided by the number of all pixels",
        partial(_elbo, kl=_over_all_pixels),
        "The KL is divided by the number of pixels, the reconstruction is not: with 784 pixels the effective beta is "
        "1 / 784.",
        "Both terms belong to the same image. By what should each be divided?",
    ),
    Mistake(
        "not averaged over the batch",
        partial(_elbo, reconstruction=lambda terms, x: terms.sum(1), kl=lambda terms, x: terms.sum(1)),
        "You return one number per image. A loss is a single number.",
        "What is still to be done with (N,)?",
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
        "You apply the sigmoid to grey levels: the decoder can then only produce greys between 0.5 and 0.73.",
        "Does `binary_cross_entropy_with_logits` expect logits or grey levels?",
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
        "Compare your KL of N(1, 1) with one half.",
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
        "Only the reconstruction is there. This trains an autoencoder with noise, and nothing ties the codes to the "
        "prior.",
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
    contract="gaussian_loss(x_hat, x, variance): images (N, 1, H, W) twice, a number -> (N,): -log N(x; x_hat, "
    "variance), nats per image, constants included",
    cases=lambda: [
        {"x_hat": grey(i, *s), "x": grey(i + 5, *s), "variance": v}
        for i, (s, v) in enumerate([((1, 1, 1, 1), 0.25), ((2, 1, 1, 2), 1.0), ((3, 1, 3, 2), 0.5)], 1)
    ],
    reference=_gaussian,
    gradients=("x_hat",),
    mistakes=(
        Mistake(
            "1/2 missing before the squared error",
            partial(_gaussian, half=1),
            "The squared error has no factor 1/2. It then belongs to half the variance, and the effective beta is 1/2.",
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
            "Independent pixels multiply their densities. What happens to the logarithms?",
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
            "Your numbers come out when the given variance is taken for a standard deviation, and squared.",
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


def _beta(
    beta: float,
    pixels: int,
    latents: int,
    *,
    b: int = 1,
    p: int = 1,
    d: int = -1,
    to_number: Callable[[float], float] = lambda value: value,
) -> float:
    return to_number(beta**b * float(pixels) ** p * float(latents) ** d)


effective_beta = Exercise(
    name="effective_beta",
    contract="effective_beta(beta, pixels, latents): the real beta of code that averages the reconstruction over the "
    "pixels and the KL over the latent dimensions -> a number",
    cases=lambda: [
        {"beta": b, "pixels": p, "latents": d}
        for b, p, d in [(1.0, 4, 2), (0.5, 784, 7), (1.0, 5, 2), (0.125, 784, 1), (2.0, 3, 8)]
    ],
    reference=_beta,
    mistakes=(
        Mistake(
            "upside down",
            partial(_beta, p=-1, d=1),
            "Your fraction is upside down: with many pixels the averaged reconstruction becomes weak, and the KL "
            "strong.",
            "a = 1 / pixels and b = 1 / latents. Divide both terms by a.",
        ),
        Mistake(
            "the latent dimensions left out",
            partial(_beta, d=0),
            "This is right for a KL that is summed. Here it is averaged over the latent dimensions too.",
            "What is b in a R + beta b KL?",
        ),
        Mistake(
            "the pixels left out",
            partial(_beta, p=0),
            "This is right for a reconstruction that is summed. Here it is averaged over the pixels.",
            "What is a in a R + beta b KL?",
        ),
        Mistake(
            "beta left out",
            partial(_beta, b=0),
            "The factor of the reductions is right. The beta of the code comes on top.",
            "What does your formula say for beta = 0?",
        ),
        Mistake(
            "multiplied by both",
            partial(_beta, d=1),
            "One average weakens the reconstruction, the other weakens the KL. They work against each other.",
            "Does an average over more latent dimensions make the KL heavier or lighter?",
        ),
        Mistake(
            "as written",
            partial(_beta, p=0, d=0),
            "You return the beta that appears in the code. The averages change it.",
            "By what factor is the mean of 784 numbers smaller than their sum?",
        ),
        Mistake(
            "rounded down",
            lambda beta, pixels, latents: beta * pixels // latents,
            "Your division rounds down to a whole number. A beta of 2.5 becomes 2.",
            "Which division does `//` do, and which one does `/`?",
        ),
    ),
    hints=(
        "Write the code's loss as a R + beta b KL, with R and KL the sums of the ELBO.",
        "a is 1 / pixels, b is 1 / latents.",
        "Divide by a so that R has the factor 1: the factor of KL is then the real beta.",
    ),
)


def _free(
    kl: Tensor,
    floor: float,
    *,
    batch: Callable[[Tensor], Tensor] = lambda kl: kl.mean(0),
    clip: Callable[[Tensor, float], Tensor] = lambda kl, floor: kl.clamp(min=floor),
    total: Callable[[Tensor], Tensor] = torch.sum,
) -> Tensor:
    return total(clip(batch(kl), floor))


free_bits = Exercise(
    name="free_bits",
    contract="free_bits(kl, floor): the KL of each latent dimension of each image (N, D), a number -> one number: the "
    "KL of each latent dimension is averaged over the batch, then the first `floor` nats of each are free",
    cases=lambda: [
        # no mean lies on the floor, where the gradient would be a matter of taste
        {"kl": quarters(i, n, d).abs(), "floor": floor + 1 / 32}
        for i, (n, d, floor) in enumerate([(2, 1, 1.0), (2, 2, 0.5), (4, 3, 1.0), (3, 5, 0.75)], 1)
    ],
    reference=_free,
    gradients=("kl",),
    mistakes=(
        Mistake(
            "clamped element by element",
            lambda kl, floor: kl.clamp(min=floor).sum(1).mean(),
            "Each image gets a floor of its own. An image above it is pushed down even where the average over the "
            "batch is still below.",
            "Which comes first, the average over the batch or the floor?",
        ),
        Mistake(
            "one floor per image",
            lambda kl, floor: kl.sum(1).clamp(min=floor).mean(),
            "You sum over the latent dimensions first, and give each image one floor. A single dimension can use it "
            "up, and the others collapse.",
            "For what does the floor apply: for an image, or for a latent dimension?",
        ),
        Mistake(
            "max for min",
            partial(_free, clip=lambda kl, floor: kl.clamp(max=floor)),
            "You cut off what lies above the floor: a KL that stops growing.",
            "Should the number be at least or at most `floor` for each latent dimension?",
        ),
        Mistake(
            "one floor for all",
            lambda kl, floor: kl.mean(0).sum().clamp(min=floor),
            "The floor applies to the sum. One latent dimension can use it up, and the others collapse.",
            "Where does the sum over the latent dimensions belong?",
        ),
        Mistake(
            "one floor for the mean of everything",
            lambda kl, floor: kl.mean().clamp(min=floor),
            "You average over images and latent dimensions, and apply the floor to a single number.",
            "How many floors should there be?",
        ),
        Mistake(
            "averaged over the latent dimensions",
            partial(_free, total=torch.mean),
            "The floors are right, but you average over the D latent dimensions: the KL is D times too small.",
            "If a code had one more dimension with a KL of 1 nat, how should the answer change?",
        ),
        Mistake(
            "summed over the batch",
            partial(_free, batch=lambda kl: kl.sum(0)),
            "You add the images up before the floor. In a large batch the floor then has no effect.",
            "Which comes first, and is it a sum or a mean?",
        ),
        Mistake(
            "floor subtracted",
            partial(_free, clip=lambda kl, floor: (kl - floor).clamp(min=0)),
            "The gradient is right. The value is lower by `floor` for each latent dimension: the definition takes the "
            "larger of the two.",
            "What should the answer be if every KL is zero?",
        ),
        Mistake(
            "zero below the floor",
            partial(_free, clip=lambda kl, floor: kl * (kl > floor)),
            "A mask removes what lies below the floor: the loss jumps by `floor` nats when a KL crosses it. The "
            "definition takes the larger of the two.",
            "What should the answer be if every KL is zero?",
        ),
        Mistake(
            "no floor",
            partial(_free, clip=lambda kl, floor: kl),
            "This is the usual KL term. The floor has no effect.",
            "Which function replaces small numbers by a minimum?",
        ),
    ),
    hints=(
        "Three steps: a mean, a floor, a sum. In which order?",
        "First `.mean(0)`, which gives one number per latent dimension, (D,).",
        "`.clamp(min=floor)` comes next, and the sum over D last.",
    ),
)


mended_loss = Exercise(
    name="mended_loss",
    contract="mended_loss(logits, x, mu, logvar): as elbo: minus the ELBO, nats per image. Two bugs are planted",
    cases=_terms,
    reference=_elbo,
    gradients=("logits", "mu", "logvar"),
    mistakes=(
        Mistake(
            "both bugs are there",
            partial(_elbo, pixel=_twice, kl=_mean),
            "It trains without an error, but the images stay grey and pale, and the codes hardly follow the prior. "
            "There are two reasons.",
            "Look at each term alone. What range of numbers does each function expect, and what is its shape at each "
            "step?",
        ),
        Mistake(
            "one bug is left, in the reconstruction",
            partial(_elbo, pixel=_twice),
            "The KL is right now. The images would still be pale.",
            "What does the decoder return, and what does the loss function expect?",
        ),
        Mistake(
            "one bug is left, in the KL",
            partial(_elbo, kl=_mean),
            "The reconstruction is right now. The KL would still be D times too weak.",
            "Write down the shape of the KL before and after its reduction.",
        ),
        *(m for m in _ELBO_MISTAKES if m.name not in ("KL averaged over the latent dimensions", "sigmoid taken twice")),
    ),
    hints=(
        "Two bugs, one in each term. Neither raises an error.",
        "In the first term follow the range of the numbers, in the second the shapes.",
        "Logits go into `..._with_logits`. A KL per image is a sum over its dimensions; the mean is for the batch.",
    ),
)


_STEPS, _LR, _N, _PIXELS = 150, 0.05, 64, 16


def _train(ask: Callable[..., Any]) -> float:
    """Train a linear VAE of 16 pixels and 2 latent dimensions on the learner's loss.

    Returns the largest variance of a mu over the data; below 0.01 the posterior has collapsed.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(_N, 2, generator=generator) @ torch.randn(2, _PIXELS, generator=generator)
    encode = 0.3 * torch.randn(_PIXELS, 4, generator=generator)
    decode = 0.3 * torch.randn(2, _PIXELS, generator=generator)
    weights = [encode.requires_grad_(), decode.requires_grad_()]
    momentum = [torch.zeros_like(w) for w in weights]
    eps = torch.randn(_STEPS, _N, 2, generator=generator)
    for step in range(_STEPS):
        mu, logvar = (x @ weights[0]).chunk(2, 1)
        logvar = logvar.clamp(-6, 6)
        x_hat = (mu + torch.exp(logvar / 2) * eps[step]) @ weights[1]
        loss = _loss(ask, x_hat, x.clone(), mu, logvar)
        if not loss.requires_grad:
            raise Problem("type", "The loss should be a tensor with a gradient.")
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for weight, velocity, slope in zip(weights, momentum, slopes, strict=True):
                if slope is not None:
                    velocity.lerp_(slope / slope.norm().clamp(min=1e-6), 0.3)
                    weight -= _LR * velocity
    return float((x @ weights[0].detach())[:, :2].var(0).max())


def _loss(ask: Callable[..., Any], *arguments: Tensor) -> Tensor:
    (loss,) = as_tensors(ask(*arguments), ("loss",))
    if loss.dim():
        raise Problem("shape", f"The loss should be a single number; yours has the shape {tuple(loss.shape)}.")
    return loss


def _rises(ask: Callable[..., Any]) -> tuple[list[float], list[float]]:
    """Return how the loss rises per nat of each term, at three points; in one list for each term.

    The squared error of a Gaussian with variance 1 is counted in nats. Where q is the prior the KL is 0.
    """
    shape, code = torch.ones(_N, _PIXELS), torch.ones(_N, 2)
    least = float(_loss(ask, shape, shape, 0 * code, 0 * code))
    worse = [_loss(ask, shape - gap, shape, 0 * code, 0 * code) for gap in (0.5, 1.0, 2.0)]
    errors = [0.5 * gap**2 * _N * _PIXELS for gap in (0.5, 1.0, 2.0)]
    moments = [(1.0, 0.0), (0.0, -2.0), (-0.5, 1.5)]
    farther = [_loss(ask, shape, shape, m * code, v * code) for m, v in moments]
    nats = [float(kl_terms(m * code, v * code).sum()) for m, v in moments]
    rise = [(float(loss) - least) / error for loss, error in zip(worse, errors, strict=True)]
    return rise, [(float(loss) - least) / kl for loss, kl in zip(farther, nats, strict=True)]


def _steady(slopes: list[float]) -> bool:
    return min(slopes) > 0 and max(slopes) - min(slopes) < 0.02 * max(slopes)


def _measure_collapse(ask: Callable[..., Any]) -> list[Demand]:
    reconstruction, kl = _rises(ask)
    first, second = _steady(reconstruction), _steady(kl)
    beta = kl[0] / reconstruction[0] if first and second else math.inf
    most = 2 * _N * _PIXELS  # a mean over everything beside a sum over everything, and a KL without its 1/2
    activity = _train(ask)
    return [
        Demand("the loss contains the squared error: it grows in proportion to it", first, "yes" if first else "no"),
        Demand("the loss contains the KL: it grows in proportion to it", second, "yes" if second else "no"),
        Demand(
            f"no beta in sight: sums and means of {_N} images make at most {most}",
            beta <= 1.01 * most,
            f"{number(beta, 3)}" if beta < math.inf else "not measured",
        ),
        Demand(
            "after training, no latent dimension is active (variance of mu below 0.01)",
            activity < 0.01,
            "below 0.01" if activity < 0.01 else f"about {number(float(f'{activity:.1g}'))}",
        ),
    ]


collapse = Challenge(
    name="collapse",
    contract="collapse(x_hat, x, mu, logvar): (N, 16) twice, (N, 2) twice -> a loss with both terms of the ELBO and no "
    "beta in sight, on which the posterior of a small linear VAE collapses",
    parameters=("x_hat", "x", "mu", "logvar"),
    measure=_measure_collapse,
    hints=(
        "Section 5 has codes that hide a large beta. Which reduction makes the KL heavy?",
        "The reconstruction becomes light when it is averaged. By what, at most, can you average here?",
        "Average the squared error over everything, pixels and batch, and sum the KL over everything.",
    ),
)
