"""The variational autoencoder: the autoencoder with a Gaussian in place of its code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vqedu import losses, validate
from vqedu.models.autoencoder import mlp


class VAEOutput(NamedTuple):
    """What VAE.forward returns: `logits` (N, 1, 28, 28); `mu`, `logvar` and `z`, each (N, latent_dim)."""

    logits: Tensor
    mu: Tensor
    logvar: Tensor
    z: Tensor


def reparameterize(mu: Tensor, logvar: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return z = mu + sigma * eps with eps ~ N(0, I) and sigma = exp(logvar / 2): a draw from N(mu, sigma^2).

    mu and logvar: (N, D); each element gets an eps of its own. The gradient reaches mu and logvar, never eps.
    Source: Kingma and Welling 2014, section 2.4.
    """
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    return mu + torch.exp(0.5 * logvar) * eps


class VAE(nn.Module):
    """q(z|x) = N(mu(x), sigma(x)^2), p(z) = N(0, I), p(x|z) one Bernoulli variable per pixel with log-odds f(z).

    Source: Kingma and Welling 2014. LayerNorm and SiLU are ours.
    image_shape: (channels, height, width), where it is not that of a digit.
    Raises ValueError or TypeError unless `latent_dim` and the hidden sizes are whole numbers of at least 1.
    """

    def __init__(
        self, latent_dim: int, hidden: Sequence[int] = (400, 400), image_shape: Sequence[int] = validate.IMAGE_SHAPE
    ) -> None:
        super().__init__()
        self.latent_dim = validate.positive_int(latent_dim, "latent_dim")
        self.hidden = tuple(validate.positive_int(width, "a hidden size") for width in hidden)
        self.image_shape = validate.image_shape(image_shape)
        elements = math.prod(self.image_shape)
        self.encoder = mlp(elements, *self.hidden, 2 * latent_dim)
        self.decoder = mlp(latent_dim, *reversed(self.hidden), elements)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar = log sigma^2 of q(z|x): (N, 1, 28, 28) in [0, 1] -> two (N, latent_dim)."""
        mu, logvar = self.encoder(validate.images(x, shape=self.image_shape).flatten(1)).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Tensor) -> Tensor:
        """Return the logits of p(x|z): (N, latent_dim) -> (N, 1, 28, 28)."""
        return self.decoder(validate.codes(z, self.latent_dim)).unflatten(1, self.image_shape)

    def forward(self, x: Tensor) -> VAEOutput:
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar)
        return VAEOutput(self.decode(z), mu, logvar, z)

    def loss(self, x: Tensor, beta: float = 1.0) -> losses.ELBOLoss:
        """Return -ELBO with one draw of z per image, and its two parts: scalars, nats per image."""
        logits, mu, logvar, _ = self(x)
        return losses.elbo(logits, x, mu, logvar, beta)
