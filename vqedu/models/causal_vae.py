"""A VAE whose decoder is autoregressive: strong enough to draw a digit without any help from z."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import joint, losses, validate
from vqedu.models.autoencoder import mlp
from vqedu.models.vae import VAEOutput, reparameterize

SIDE = 14  # rows, and pixels per row


def shrink(x: Tensor) -> Tensor:
    """Return images at half the resolution in black and white: (N, 1, 28, 28) in [0, 1] -> (N, 14, 14) of 0 and 1.

    A pixel is 1 where the mean of its 2 x 2 old pixels is above one half.
    """
    return (F.avg_pool2d(validate.images(x), 2) > 0.5).to(x.dtype).squeeze(1)


class CausalVAE(nn.Module):
    """q(z|x) as in the VAE; p(x|z) = prod_i p(x_i | x_<i, z), pixel after pixel, row after row.

    A GRU reads the rows above. Its first state is computed from z, and z enters nowhere else. Within a row a masked
    linear layer sees the pixels to the left. With a decoder like this one a VAE tends to ignore z (Bowman et al. 2016;
    Chen et al. 2017), and two of the usual remedies are built in:

    floor: free bits, the nats per latent dimension that cost nothing in training (see `losses.free_bits`).
    dropout: the share of the pixels that are hidden from the decoder in training, the "word dropout" of Bowman et al.
    Raises ValueError or TypeError for a size that is no whole number of at least 1, or a bad floor or dropout.
    """

    mask: Tensor

    def __init__(
        self, latent_dim: int = 8, hidden: int = 128, features: int = 32, floor: float = 0.0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.latent_dim = validate.positive_int(latent_dim, "latent_dim")
        self.hidden = validate.positive_int(hidden, "hidden")
        self.features = validate.positive_int(features, "features")
        self.floor = validate.at_least_zero(floor, "floor")
        self.dropout = validate.fraction(dropout, "dropout")
        self.encoder = mlp(SIDE * SIDE, 200, 2 * latent_dim)
        self.first_state = nn.Linear(latent_dim, hidden)
        self.rows = nn.GRU(SIDE, hidden, batch_first=True)
        self.from_above = nn.Linear(hidden, SIDE * features)
        self.from_left = nn.Linear(SIDE, SIDE * features, bias=False)
        left = torch.ones(SIDE, SIDE).tril(-1)  # pixel i sees pixel j < i
        self.register_buffer("mask", left.repeat_interleave(features, 0), persistent=False)
        self.output = nn.Parameter(torch.randn(SIDE, features) / features**0.5)
        self.bias = nn.Parameter(torch.zeros(SIDE, SIDE))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and logvar of q(z|x): (N, 14, 14) -> two (N, latent_dim)."""
        mu, logvar = self.encoder(small_images(x).flatten(1)).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the logits of p(x_i | x_<i, z) for every pixel i at once: z (N, D), x (N, 14, 14) -> (N, 14, 14)."""
        seen = 2 * small_images(x) - 1
        if self.training and self.dropout:
            seen = seen * (torch.rand_like(seen) >= self.dropout)
        above = F.pad(seen[:, :-1], (0, 0, 1, 0))  # row r reads the rows up to r - 1; the first row reads zeros
        first = self.first_state(validate.codes(z, self.latent_dim))
        states, _ = self.rows(above, first.unsqueeze(0))  # (N, 14, hidden)
        return self._pixels(states, seen) + self.bias

    def _pixels(self, states: Tensor, seen: Tensor) -> Tensor:
        """Return the logits of R rows but for their bias, from the state above each and its pixels (N, R, 14)."""
        mixed = self.from_above(states) + F.linear(seen, self.from_left.weight * self.mask)
        features = F.silu(mixed).unflatten(2, (SIDE, self.features))  # (N, R, 14, features)
        return (features * self.output).sum(3)

    def forward(self, x: Tensor) -> VAEOutput:
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar)
        return VAEOutput(self.decode(z, x), mu, logvar, z)

    def loss(self, x: Tensor, beta: float = 1.0) -> losses.ELBOLoss:
        """Return what training minimizes, and its parts in nats per image; `kl` is the true KL, without a floor."""
        logits, mu, logvar, _ = self(x)
        reconstruction = pixel_losses(logits, x).mean()
        kl = joint.mean(losses.kl_per_dimension(mu, logvar))  # the floor is one of the whole batch
        return losses.ELBOLoss(reconstruction + beta * losses.free_bits(kl, self.floor), reconstruction, kl.sum())

    @torch.no_grad()
    def sample(self, z: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return one image drawn pixel by pixel for each code: (N, D) -> (N, 14, 14) of 0 and 1."""
        x = z.new_zeros(len(z), SIDE, SIDE)
        state = self.first_state(validate.codes(z, self.latent_dim)).unsqueeze(0)
        for row in range(SIDE):
            above = 2 * x[:, row - 1 : row] - 1 if row else z.new_zeros(len(z), 1, SIDE)
            states, state = self.rows(above, state)
            for pixel in range(SIDE):
                logits = self._pixels(states, 2 * x[:, row : row + 1] - 1)[:, 0, pixel] + self.bias[row, pixel]
                x[:, row, pixel] = torch.bernoulli(torch.sigmoid(logits), generator=generator)
        return x


def pixel_losses(logits: Tensor, x: Tensor) -> Tensor:
    """Return -log p(x|z) of each image, the sum over its pixels of the cross-entropy: two (N, 14, 14) -> (N,) nats."""
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def small_images(x: Tensor) -> Tensor:
    """Return `x` if it is a batch of black-and-white images (N, 14, 14); raises TypeError or ValueError otherwise."""
    validate.float_tensor(x, "x")
    if x.dim() != 3 or tuple(x.shape[1:]) != (SIDE, SIDE):
        raise ValueError(f"x must have shape (N, 14, 14), got {tuple(x.shape)}. See models.causal_vae.shrink.")
    return x
