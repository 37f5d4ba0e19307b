"""The autoencoder, and the fully connected layers that it shares with the VAE. Decoders return logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from vqedu import losses, validate


def mlp(*sizes: int) -> nn.Sequential:
    """Return linear layers from sizes[0] to sizes[-1] with SiLU between them, and LayerNorm from the second one on.

    The first has no LayerNorm: it would hide from a decoder how far from the origin its z lies. Two sizes give one
    linear layer and nothing else.
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes[:-1]):
        norm = [nn.LayerNorm(n_out)] if layers else []
        layers += [nn.Linear(n_in, n_out), *norm, nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


class AutoencoderOutput(NamedTuple):
    """What Autoencoder.forward returns: `logits` (N, 1, 28, 28) and `z` (N, latent_dim)."""

    logits: Tensor
    z: Tensor


class Autoencoder(nn.Module):
    """z = g(x), x_hat = sigmoid(f(z)): 784 pixels to `latent_dim` numbers and back.

    Source: Rumelhart, Hinton and Williams 1986; Hinton and Salakhutdinov 2006. LayerNorm and SiLU are ours.
    image_shape: (channels, height, width), where it is not that of a digit.
    Raises ValueError or TypeError if `latent_dim` or a hidden size is no whole number of at least 1.
    """

    def __init__(
        self, latent_dim: int, hidden: Sequence[int] = (400, 400), image_shape: Sequence[int] = validate.IMAGE_SHAPE
    ) -> None:
        super().__init__()
        self.latent_dim = validate.positive_int(latent_dim, "latent_dim")
        self.hidden = tuple(validate.positive_int(width, "a hidden size") for width in hidden)
        self.image_shape = validate.image_shape(image_shape)
        elements = math.prod(self.image_shape)
        self.encoder = mlp(elements, *self.hidden, latent_dim)
        self.decoder = mlp(latent_dim, *reversed(self.hidden), elements)

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes of images: (N, 1, 28, 28) in [0, 1] -> (N, latent_dim)."""
        return self.encoder(validate.images(x, shape=self.image_shape).flatten(1))

    def decode(self, z: Tensor) -> Tensor:
        """Return the logits of the images that codes stand for: (N, latent_dim) -> (N, 1, 28, 28)."""
        return self.decoder(validate.codes(z, self.latent_dim)).unflatten(1, self.image_shape)

    def forward(self, x: Tensor) -> AutoencoderOutput:
        z = self.encode(x)
        return AutoencoderOutput(self.decode(z), z)

    def loss(self, x: Tensor) -> losses.ReconstructionLoss:
        """Return -log p(x|z), nats per image, averaged over the batch."""
        return losses.ReconstructionLoss(losses.reconstruction(self(x).logits, x).mean())
