"""The VQ-VAE: the autoencoder with a codebook between encoder and decoder."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from vqedu import losses, validate
from vqedu.quantizers import Quantizer, VectorQuantizer
from vqedu.quantizers.contract import checked


class VQVAEOutput(NamedTuple):
    """What VQVAE.forward returns: `logits` (N, 1, 28, 28); `z_e` and `z_q` (N, D, 7, 7); `indices` int64 (N, 7, 7).

    The two losses are scalars, summed over the elements of one example and averaged over the batch.
    """

    logits: Tensor
    z_e: Tensor
    z_q: Tensor
    indices: Tensor
    codebook_loss: Tensor
    commitment_loss: Tensor


class VQVAE(nn.Module):
    """x -> z_e -> the nearest of K codes at each of 7 x 7 positions, z_q -> x_hat = sigmoid(f(z_q)).

    Worked shape: x (128, 1, 28, 28), z_e (128, 32, 7, 7), indices (128, 7, 7), logits (128, 1, 28, 28).

    Source: van den Oord et al. 2017, here with convolutions of 16 channels. Where we leave the paper:
    - BatchNorm follows each hidden convolution: after 1,000 steps the squared error is about a fifth lower.
    - p(x|z_q) is a Bernoulli variable a pixel, as in our AE and VAE, so that all three are measured in the same nats.
    - normalize=True: BatchNorm without weights gives each channel of z_e mean 0 and variance 1 over the batch. The
      codebook then need not follow an encoder that moves away, nor one whose z_e shrinks to please the commitment loss.
    - The codebook starts from data and revives dead codes; see VectorQuantizer for `update`, `start`, `revive_after`.

    quantizer: any that keeps the contract `quantizers.Quantizer`, such as an FSQ or a ResidualVQ. It brings its own
    sizes, and `update`, `start` and `revive_after` are settings of the VectorQuantizer that is made without it.
    With L stages indices are (N, 7, 7, L).

    Raises ValueError or TypeError for a size below 1, a negative `commitment_cost`, an unknown `update` or `start`, a
    `quantizer` that does not keep the contract, or sizes that are not its own.
    """

    def __init__(
        self,
        codebook_size: int | None = None,
        code_dim: int | None = None,
        update: Literal["ema", "gradient"] = "ema",
        *,
        start: Literal["data", "uniform"] = "data",
        revive_after: int | None = 20,
        normalize: bool = True,
        commitment_cost: float = 0.25,
        quantizer: Quantizer | None = None,
    ) -> None:
        super().__init__()
        self.quantizer: Quantizer
        if quantizer is None:
            if codebook_size is None or code_dim is None:
                raise TypeError("VQVAE needs codebook_size and code_dim, or a quantizer that brings both.")
            self.quantizer = VectorQuantizer(codebook_size, code_dim, update, start=start, revive_after=revive_after)
        else:
            self.quantizer = _of_these_sizes(checked(quantizer), codebook_size, code_dim)
        code_dim = self.quantizer.code_dim
        self.normalize = normalize
        self.commitment_cost = validate.at_least_zero(commitment_cost, "commitment_cost")
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 4, stride=2, padding=1),  # (N, 1, 28, 28) -> (N, 16, 14, 14)
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 16, 4, stride=2, padding=1),  # -> (N, 16, 7, 7)
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, code_dim, 3, padding=1),  # -> (N, D, 7, 7)
            nn.BatchNorm2d(code_dim, affine=False) if normalize else nn.Identity(),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(code_dim, 16, 3, padding=1),  # (N, D, 7, 7) -> (N, 16, 7, 7)
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 16, 4, stride=2, padding=1),  # -> (N, 16, 14, 14)
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1),  # -> (N, 1, 28, 28)
        )
        # A vector's D numbers then lie side by side, as the quantizer wants them: a step takes a sixth less time.
        self.to(memory_format=torch.channels_last)

    @property
    def codebook_size(self) -> int:
        """K, which is the quantizer's."""
        return self.quantizer.codebook_size

    @property
    def code_dim(self) -> int:
        """D, which is the quantizer's."""
        return self.quantizer.code_dim

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes' indices of images: (N, 1, 28, 28) in [0, 1] -> int64 (N, 7, 7) or (N, 7, 7, L)."""
        return self.quantizer.nearest(self.encoder(validate.images(x)))

    def decode(self, indices: Tensor) -> Tensor:
        """Return the logits of the images that indices stand for: (N, 7, 7) -> (N, 1, 28, 28).

        A quantizer of several stages takes (N, 7, 7, l), the indices of the first l of them.
        Raises TypeError or ValueError for indices of another type, shape or range.
        """
        z_q = self.quantizer.lookup(indices)
        if tuple(z_q.shape[2:]) != validate.CODE_MAP_SHAPE:
            raise ValueError(
                f"indices must be maps of 7 x 7 codes, got shape {tuple(indices.shape)}. "
                "Rows of 49 indices become code maps with indices.view(-1, 7, 7)."
            )
        return self.decoder(z_q)

    def forward(self, x: Tensor) -> VQVAEOutput:
        z_e = self.encoder(validate.images(x))
        z_q, indices, codebook_loss, commitment_loss = self.quantizer(z_e)
        return VQVAEOutput(self.decoder(z_q), z_e, z_q, indices, codebook_loss, commitment_loss)

    def loss(self, x: Tensor) -> losses.VQVAELoss:
        """Return eq. 3 and its three parts: scalars, averaged over the batch."""
        out = self(x)
        return losses.vqvae(out.logits, x, out.codebook_loss, out.commitment_loss, self.commitment_cost)


def _of_these_sizes(quantizer: Quantizer, codebook_size: int | None, code_dim: int | None) -> Quantizer:
    """Return `quantizer` if the sizes, where they are given, are its own; raises ValueError otherwise."""
    own = (quantizer.codebook_size, quantizer.code_dim)
    if codebook_size not in (None, own[0]) or code_dim not in (None, own[1]):
        raise ValueError(
            f"codebook_size and code_dim must be the quantizer's, {own[0]} and {own[1]}, got {codebook_size} and "
            f"{code_dim}. Leave them out."
        )
    return quantizer
