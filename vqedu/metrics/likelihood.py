"""The likelihood of images under a VAE, and the latent dimensions that it uses."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from vqedu import losses, validate


class LatentVariableModel(Protocol):
    """A model with p(z) = N(0, I), a Gaussian q(z|x) and a Bernoulli p(x|z), such as `models.VAE`."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]: ...
    def decode(self, z: Tensor) -> Tensor: ...


DECODED_IMAGES_AT_ONCE = 1024  # a chunk that stays in the cache: 4,096 took twice as long an image


@torch.no_grad()
def log_likelihood(
    model: LatentVariableModel, x: Tensor, num_samples: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return the importance-weighted estimate of log p(x) from `num_samples` draws: (N, 1, 28, 28) -> (N,) nats.

    log p(x) is at least log (1/k sum_j p(x|z_j) p(z_j) / q(z_j|x)) in expectation, z_j ~ q(z|x); the gap closes as
    k grows. At most 1,024 images are decoded at once, so memory hardly grows with k or N.
    Source: Burda, Grosse and Salakhutdinov 2016, section 2 and table 1.
    Raises ValueError or TypeError for bad images or a `num_samples` below 1.
    """
    validate.images(x)
    validate.positive_int(num_samples, "num_samples")
    rows = min(len(x), DECODED_IMAGES_AT_ONCE)
    draws = max(1, DECODED_IMAGES_AT_ONCE // rows)
    return torch.cat([_bound(model, part, num_samples, draws, generator) for part in x.split(rows)])


def _bound(
    model: LatentVariableModel, x: Tensor, num_samples: int, draws: int, generator: torch.Generator | None
) -> Tensor:
    """Return the bound for images few enough to decode `draws` times at once."""
    mu, logvar = model.encode(x)
    weights = []
    for start in range(0, num_samples, draws):
        k = min(draws, num_samples - start)
        drawn = _log_weights(model, x.repeat(k, 1, 1, 1), mu.repeat(k, 1), logvar.repeat(k, 1), generator)
        weights.append(drawn.view(k, len(x)))
    return losses.importance_weighted_bound(torch.cat(weights))


def _log_weights(
    model: LatentVariableModel, x: Tensor, mu: Tensor, logvar: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Return log p(x|z) + log p(z) - log q(z|x) for one z ~ q(z|x) a row: (M,) nats."""
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    z = mu + torch.exp(0.5 * logvar) * eps
    # The two normalizing constants (2 pi)^(-D/2) cancel.
    log_prior_over_q = 0.5 * (eps.square() + logvar - z.square()).sum(1)
    return log_prior_over_q - losses.reconstruction(model.decode(z), x)


@torch.no_grad()
def active_units(mu: Tensor, threshold: float = 0.01) -> int:
    """Return how many latent dimensions are in use: those whose mu varies over the data by more than `threshold`.

    Cov_x(E_q[z_d]) > 0.01, with mu (N, D) for N >= 2 images. Source: Burda, Grosse and Salakhutdinov 2016, section 5.
    Raises TypeError or ValueError if mu is no finite float tensor of that shape.
    """
    if validate.finite(mu, "mu").dim() != 2 or len(mu) < 2:
        raise ValueError(f"mu must have shape (N, D), with N of at least 2 images, got {tuple(mu.shape)}.")
    return int((mu.var(dim=0) > threshold).sum())
