"""The losses of the course. Every term is summed over one image and averaged over the batch, in nats per image."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from vqedu import validate

LIKELIHOODS = ("bernoulli", "gaussian")
LEVELS = 255  # steps between the 256 levels of a channel
REDUCTIONS = ("image", "element", "total")
KL_REDUCTIONS = (*REDUCTIONS, "pixel", "dataset")
TORCH_NAMES = {"batchmean": "image", "mean": "element", "sum": "total"}  # what torch calls the reductions


class ReconstructionLoss(NamedTuple):
    """The autoencoder's loss: `total` is a scalar in nats per image."""

    total: Tensor


def reconstruction(logits: Tensor, x: Tensor) -> Tensor:
    """Return -log p(x|z) of each image, every pixel a Bernoulli variable with log-odds `logits`.

    -log p(x|z) = -sum_i [x_i log s(l_i) + (1 - x_i) log(1 - s(l_i))], with s the sigmoid: (N, 1, 28, 28) -> (N,) nats.
    For gray levels between 0 and 1 this is the cross-entropy; its least value is then above zero. Images in color,
    (N, 3, H, W), are taken too, each channel of each pixel being such a variable.

    Raises TypeError or ValueError if `x` is no batch of images or `logits` has another shape.
    """
    _same_shape(logits, x)
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return pixels.flatten(1).sum(1)  # (N, 1, 28, 28) -> (N, 784) -> (N,)


def gaussian(logits: Tensor, x: Tensor, variance: float) -> Tensor:
    """Return -log p(x|z) of each image, every channel of every pixel a normal variable: (N, C, H, W) -> (N,) nats.

    p(x_i|z) = N(x_i; x_hat_i, variance) with x_hat = s(logits), s the sigmoid, so that
    -log p(x|z) = sum_i (x_i - x_hat_i)^2 / (2 variance) + 1/2 log(2 pi variance): the squared error, weighed by a
    variance that has to be stated. The mean of the squared errors is the variance that makes the sum smallest.
    It is a density: with levels 1/255 apart the probability of a level is about p(x_i|z) / 255.
    Raises TypeError or ValueError for bad images or logits, or a variance that is not above 0.
    """
    _same_shape(logits, x)
    squares = (torch.sigmoid(logits) - x).square().flatten(1).sum(1)  # (N, C, H, W) -> (N,)
    constant = 0.5 * math.log(2 * math.pi * validate.above_zero(variance, "variance"))
    return squares / (2 * variance) + x[0].numel() * constant


def discretized_logistic(logits: Tensor, x: Tensor, scale: float) -> Tensor:
    """Return -log p(x|z) of each image, every channel one of 256 levels: (N, C, H, W) -> (N,) nats.

    A logistic variable with mean x_hat = s(logits) and this scale is rounded to the nearest level, and what lies beyond
    0 and 1 goes to these two: P(x_i|z) = s((x_i + 1/510 - x_hat_i) / scale) - s((x_i - 1/510 - x_hat_i) / scale).
    Unlike `gaussian` these are probabilities, which sum to 1 over the levels, and the tails are heavier, so that one
    pixel in a wrong color costs less. Source: Salimans et al. 2017 (PixelCNN++), section 2.1, with one component.
    Raises TypeError or ValueError for bad images or logits, or a scale that is not above 0.
    """
    _same_shape(logits, x)
    validate.above_zero(scale, "scale")
    levels = (x * LEVELS).round()
    distance = levels / LEVELS - torch.sigmoid(logits)
    upper, lower = (distance + 0.5 / LEVELS) / scale, (distance - 0.5 / LEVELS) / scale
    # log(s(upper) - s(lower)) without losing digits in the tails: s(u) - s(l) = s(u) s(-l) (1 - exp(l - u)).
    inside = F.logsigmoid(upper) + F.logsigmoid(-lower) + math.log(-math.expm1(-1 / (LEVELS * scale)))
    nats = torch.where(levels == 0, F.logsigmoid(upper), torch.where(levels == LEVELS, F.logsigmoid(-lower), inside))
    return -nats.flatten(1).sum(1)


def bits_per_dimension(nats: Tensor | float, dimensions: int, density: bool = False) -> Tensor | float:
    """Return nats per image as bits per dimension, a dimension being one channel of one pixel: 3,072 for 3 x 32 x 32.

    density: the nats come from a density of values in [0, 1], such as `gaussian`; a level is 1/255 wide, which adds
    log2 255 = 7.99 bits. An image stored without any model takes 8 bits per dimension.
    """
    bits = nats / (validate.positive_int(dimensions, "dimensions") * math.log(2))
    return bits + math.log2(LEVELS) if density else bits


def negative_log_likelihood(logits: Tensor, x: Tensor, likelihood: str = "bernoulli", variance: float = 1.0) -> Tensor:
    """Return `reconstruction` for "bernoulli" and `gaussian` with this variance for "gaussian": (N,) nats.

    Raises TypeError or ValueError for an unknown likelihood, and as these two do.
    """
    if validate.known_name(likelihood, LIKELIHOODS, "likelihood") == "gaussian":
        return gaussian(logits, x, variance)
    return reconstruction(logits, x)


def _same_shape(logits: Tensor, x: Tensor) -> None:
    """Raise TypeError or ValueError unless `x` is a batch of images and `logits` are as many numbers."""
    validate.images(x, shape=None)
    validate.float_tensor(logits, "logits")
    if logits.shape != x.shape:
        raise ValueError(f"logits and x must have one shape, got {tuple(logits.shape)} and {tuple(x.shape)}.")


def kl_terms(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return KL(N(mu_d, sigma_d^2) || N(0, 1)) of each latent d of each row, with logvar = log sigma^2, in nats.

    KL = 1/2 (mu^2 + sigma^2 - 1 - log sigma^2): two (N, D) -> (N, D). Source: Kingma and Welling 2014, appendix B.
    Raises TypeError or ValueError unless the two are finite float tensors of one shape (N, D).
    """
    validate.moments(mu, logvar)
    # expm1 keeps the digits that exp(logvar) - 1 loses where logvar is near 0.
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)


def kl_to_standard_normal(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return KL(N(mu, sigma^2) || N(0, I)) of each row, the sum of its `kl_terms`: two (N, D) -> (N,) nats."""
    return kl_terms(mu, logvar).sum(1)


class ELBOLoss(NamedTuple):
    """The negative ELBO and its two parts: scalars, nats per image; total = reconstruction + beta * kl."""

    total: Tensor
    reconstruction: Tensor
    kl: Tensor


def elbo(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> ELBOLoss:
    """Return -ELBO = -E_q[log p(x|z)] + beta KL(q(z|x) || p(z)), the loss that a VAE minimizes, in nats per image.

    `logits` (N, 1, 28, 28) come from one z per image drawn from q(z|x) = N(mu, sigma^2), mu and logvar (N, D).
    At beta = 1 the ELBO itself is -total. Source: Kingma and Welling 2014, eq. 7; beta: Higgins et al. 2017, eq. 4.
    Raises TypeError or ValueError for bad images or moments, and ValueError for a beta that is negative or not finite.
    """
    validate.at_least_zero(beta, "beta")
    kl = kl_to_standard_normal(mu, logvar).mean()
    expected = reconstruction(logits, x).mean()
    if len(mu) != len(x):
        raise ValueError(f"mu must have one row an image, got {len(mu)} rows for {len(x)} images.")
    return ELBOLoss(expected + beta * kl, expected, kl)


class VQVAELoss(NamedTuple):
    """The VQ-VAE's loss and its parts: scalars; total = reconstruction + codebook_loss + cost * commitment_loss."""

    total: Tensor
    reconstruction: Tensor
    codebook_loss: Tensor
    commitment_loss: Tensor


def vqvae(
    logits: Tensor,
    x: Tensor,
    codebook_loss: Tensor,
    commitment_loss: Tensor,
    commitment_cost: float = 0.25,
    likelihood: str = "bernoulli",
    variance: float = 1.0,
) -> VQVAELoss:
    """Return -log p(x|z_q) + |sg(z_e) - e|^2 + commitment_cost |z_e - sg(e)|^2, averaged over the batch.

    likelihood, variance: see `negative_log_likelihood`. The first term is in nats per image; the other two, which a
    quantizer returns, are squared distances summed over one image. A codebook moved by averages lowers the second term
    without a gradient; it stays part of the total.
    Source: van den Oord et al. 2017, eq. 3, whose last weight is called beta there.
    Raises TypeError or ValueError for bad images or logits.
    """
    expected = negative_log_likelihood(logits, x, likelihood, variance).mean()
    return VQVAELoss(
        expected + codebook_loss + commitment_cost * commitment_loss, expected, codebook_loss, commitment_loss
    )


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """Return log (1/k sum_j w_j) of each image, a lower bound of log p(x): (k, N) log weights -> (N,) nats.

    log w_j = log p(x|z_j) + log p(z_j) - log q(z_j|x) with z_j drawn from q(z|x). k = 1 is the ELBO; the bound
    never falls in expectation as k grows. Source: Burda, Grosse and Salakhutdinov 2016, eq. 8.
    Raises TypeError or ValueError if `log_weights` is no float tensor of shape (k, N) with k, N >= 1.
    """
    validate.float_tensor(log_weights, "log_weights")
    if log_weights.dim() != 2:
        raise ValueError(f"log_weights must have shape (k, N), got {tuple(log_weights.shape)}.")
    return torch.logsumexp(log_weights, dim=0) - math.log(len(log_weights))


def kl_per_dimension(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return KL(N(mu_d, sigma_d^2) || N(0, 1)) of each latent d, averaged over the batch: two (N, D) -> (D,) nats.

    The mean of `kl_terms`. A collapsed latent has q(z_d|x) = p(z_d) for every x, so its KL is 0. The sum over d is the
    KL term of the ELBO.
    """
    return kl_terms(mu, logvar).mean(0)


def annealed(beta: float, step: int, steps: int) -> float:
    """Return the weight of the KL at `step`: it rises from 0 in a straight line, and is `beta` from step `steps` on.

    At first the latents cost nothing, so the decoder learns to use them before the KL can silence them.
    Source: Bowman et al. 2016, section 3.1; the straight line: Sønderby et al. 2016, where it is called warm-up.
    Raises TypeError or ValueError for a beta below 0, a step below 0, or fewer than one step.
    """
    validate.at_least_zero(beta, "beta")
    validate.at_least_zero(step, "step")
    return beta * min(1.0, step / validate.positive_int(steps, "steps"))


def free_bits(kl: Tensor, floor: float) -> Tensor:
    """Return sum_d max(floor, KL_d), in which the first `floor` nats of each latent are free: (D,) -> scalar.

    `kl` is `kl_per_dimension` of a mini-batch. Below the floor the gradient is 0, so nothing pulls q(z_d|x) on
    toward the prior. In nats, for all the name says (1 bit = 0.693 nats).
    Source: Kingma et al. 2016 (inverse autoregressive flow), appendix C.8: floor is its lambda, a latent a group.
    Raises TypeError or ValueError if `kl` is no finite float tensor of shape (D,), or the floor is below 0.
    """
    validate.finite(kl, "kl")
    if kl.dim() != 1:
        raise ValueError(f"kl must have shape (D,), one number a latent, got {tuple(kl.shape)}. See kl_per_dimension.")
    return kl.clamp(min=validate.at_least_zero(floor, "floor")).sum()


def effective_beta(
    beta: float = 1.0,
    *,
    likelihood: str = "bernoulli",
    reconstruction: str = "image",
    kl: str = "image",
    pixels: int = 784,
    latents: int = 1,
    batch_size: int = 1,
    examples: int = 60_000,
    weight: float = 1.0,
    half: bool = True,
    variance: float = 1.0,
    scale: float = 1.0,
) -> float:
    """Return the beta for which `weight * R_code + beta * KL_code` has the same minima as R + beta * KL.

    R = -log p(x|z) and KL = KL(q(z|x) || p(z)) are the terms of the ELBO: summed over one image, averaged over the
    batch, in nats. The code's terms differ by a factor a and b, so its effective beta is beta b / (weight a).

    reconstruction, kl: how the code reduces each term. "image", torch's "batchmean": summed over the elements of one
    image, averaged over the batch; "element", torch's "mean": averaged over everything, as mse_loss does by default;
    "total", torch's "sum": summed over everything. Two more for the KL of an image, averaged over the batch: "pixel",
    divided by the number of pixels; "dataset", times the batch size over the number of training examples.
    likelihood: "bernoulli", the cross-entropy; "gaussian", the squared error, for p(x|z) = N(x_hat, variance); or
    "laplace", the absolute error (L1), for p(x|z) = Laplace(x_hat, scale). The Gaussian's -log p is
    (x - x_hat)^2 / (2 variance) + a constant per element, so beta and the variance are one knob: the code's loss is
    also the ELBO of a decoder whose variance is its effective beta times this one; likewise with the scale of
    |x - x_hat| / scale. A loss that learns the variance divides by it, and is the ELBO itself. half: whether the code
    of a squared error has the factor 1/2. pixels, latents: elements of an image and of a code.

    Raises ValueError or TypeError for an unknown name, a beta below 0, or another number that is not positive.
    """
    sizes = {"pixels": pixels, "latents": latents, "batch_size": batch_size, "examples": examples}
    pixels, latents, batch_size, examples = (validate.positive_int(size, name) for name, size in sizes.items())
    numbers = {"weight": weight, "variance": variance, "scale": scale}
    weight, variance, scale = (validate.above_zero(number, name) for name, number in numbers.items())
    spread = {"bernoulli": 1.0, "gaussian": variance if half else 2 * variance, "laplace": scale}
    spread_of_code = spread[validate.known_name(likelihood, spread, "likelihood")]
    batch = {"image": 1.0, "total": float(batch_size), "pixel": 1 / pixels, "dataset": batch_size / examples}
    a = (batch | {"element": 1 / pixels})[reduction_name(reconstruction, REDUCTIONS)]
    b = (batch | {"element": 1 / latents})[reduction_name(kl, KL_REDUCTIONS)]
    return validate.at_least_zero(beta, "beta") * b / (weight * a * spread_of_code)


def reduction_name(name: str, known: tuple[str, ...]) -> str:
    """Return the course's name of a reduction that may be called by torch's; raises ValueError for an unknown one."""
    return validate.known_name(TORCH_NAMES.get(name, name), known, "reduction")
