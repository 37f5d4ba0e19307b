"""The VQ-VAE: the autoencoder with a codebook between encoder and decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from vqedu import losses, validate
from vqedu.quantizers import Quantizer, VectorQuantizer
from vqedu.quantizers.contract import checked

SHRINK = 4  # the factor from pixels to code map, on each side


class VQVAEOutput(NamedTuple):
    """What VQVAE.forward returns: `logits` (N, 1, 28, 28); `z_e` and `z_q` (N, D, 7, 7); `indices` int64 (N, 7, 7).

    Images of another size, C x H x W, have logits (N, C, H, W) and maps of H/4 x W/4.
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

    For other pictures than digits: image_shape (channels, height, width), H and W multiples of 4; then the code maps
    are H/4 x W/4. width: channels of the hidden layers. residual_blocks: at the smallest size, in encoder and decoder,
    so many blocks as in the paper, with BatchNorm. likelihood: "bernoulli", or "gaussian" with this variance, which
    says how much a squared error counts beside the commitment; x_hat is sigmoid(logits) for both.

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
        image_shape: Sequence[int] = validate.IMAGE_SHAPE,
        width: int = 16,
        residual_blocks: int = 0,
        likelihood: Literal["bernoulli", "gaussian"] = "bernoulli",
        variance: float = 1.0,
    ) -> None:
        super().__init__()
        self.image_shape = validate.image_shape(image_shape, multiple=SHRINK)
        self.width = validate.positive_int(width, "width")
        self.residual_blocks = validate.whole(residual_blocks, 0, 100, "residual_blocks")
        self.likelihood = validate.known_name(likelihood, losses.LIKELIHOODS, "likelihood")
        self.variance = validate.above_zero(variance, "variance")
        channels = self.image_shape[0]
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
            nn.Conv2d(channels, width, 4, stride=2, padding=1),  # (N, 1, 28, 28) -> (N, 16, 14, 14) with 16 channels
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 4, stride=2, padding=1),  # -> (N, 16, 7, 7)
            nn.BatchNorm2d(width),
            nn.ReLU(),
            *(ResidualBlock(width) for _ in range(residual_blocks)),
            nn.Conv2d(width, code_dim, 3, padding=1),  # -> (N, D, 7, 7)
            nn.BatchNorm2d(code_dim, affine=False) if normalize else nn.Identity(),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(code_dim, width, 3, padding=1),  # (N, D, 7, 7) -> (N, 16, 7, 7)
            nn.BatchNorm2d(width),
            nn.ReLU(),
            *(ResidualBlock(width) for _ in range(residual_blocks)),
            nn.ConvTranspose2d(width, width, 4, stride=2, padding=1),  # -> (N, 16, 14, 14)
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),  # -> (N, 1, 28, 28)
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

    @property
    def code_map_shape(self) -> tuple[int, int]:
        """The height and width of a code map: (7, 7) for 28 x 28 pixels."""
        return self.image_shape[1] // SHRINK, self.image_shape[2] // SHRINK

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes' indices of images: (N, 1, 28, 28) in [0, 1] -> int64 (N, 7, 7) or (N, 7, 7, L)."""
        return self.quantizer.nearest(self.encoder(self._checked(x)))

    def decode(self, indices: Tensor) -> Tensor:
        """Return the logits of the images that indices stand for: (N, 7, 7) -> (N, 1, 28, 28).

        A quantizer of several stages takes (N, 7, 7, l), the indices of the first l of them.
        Raises TypeError or ValueError for indices of another type, shape or range.
        """
        z_q = self.quantizer.lookup(indices)
        if tuple(z_q.shape[2:]) != self.code_map_shape:
            height, width = self.code_map_shape
            raise ValueError(
                f"indices must be maps of {height} x {width} codes, got shape {tuple(indices.shape)}. "
                f"Rows of {height * width} indices become code maps with indices.view(-1, {height}, {width})."
            )
        return self.decoder(z_q)

    def forward(self, x: Tensor) -> VQVAEOutput:
        z_e = self.encoder(self._checked(x))
        z_q, indices, codebook_loss, commitment_loss = self.quantizer(z_e)
        return VQVAEOutput(self.decoder(z_q), z_e, z_q, indices, codebook_loss, commitment_loss)

    def loss(self, x: Tensor) -> losses.VQVAELoss:
        """Return eq. 3 and its three parts: scalars, averaged over the batch."""
        out = self(x)
        return losses.vqvae(
            out.logits, x, out.codebook_loss, out.commitment_loss, self.commitment_cost, self.likelihood, self.variance
        )

    def _checked(self, x: Tensor) -> Tensor:
        return validate.images(x, shape=self.image_shape)


class ResidualBlock(nn.Module):
    """relu(x + BN(conv1x1(relu(BN(conv3x3(x)))))): what the block adds needs only half as many channels inside.

    Source: He et al. 2016; van den Oord et al. 2017, section 4.1, "two residual 3 x 3 blocks (ReLU, 3 x 3 conv, ReLU,
    1 x 1 conv)". Ours has BatchNorm, and a ReLU at its end rather than at its beginning.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, max(1, width // 2), 3, padding=1),
            nn.BatchNorm2d(max(1, width // 2)),
            nn.ReLU(),
            nn.Conv2d(max(1, width // 2), width, 1),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.layers(x))


def _of_these_sizes(quantizer: Quantizer, codebook_size: int | None, code_dim: int | None) -> Quantizer:
    """Return `quantizer` if the sizes, where they are given, are its own; raises ValueError otherwise."""
    own = (quantizer.codebook_size, quantizer.code_dim)
    if codebook_size not in (None, own[0]) or code_dim not in (None, own[1]):
        raise ValueError(
            f"codebook_size and code_dim must be the quantizer's, {own[0]} and {own[1]}, got {codebook_size} and "
            f"{code_dim}. Leave them out."
        )
    return quantizer
