"""Finite scalar quantization: each number of a vector is rounded for itself, and there is no codebook to learn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vqedu import validate
from vqedu.quantizers.vector import Quantized, straight_through

EPSILON = 1e-3  # keeps the outermost levels within reach of tanh


class FSQ(nn.Module):
    """Number d of each vector goes to the nearest of `levels[d]` evenly spaced places in [-1, 1].

    bounded_d = h_d tanh(z_d + s_d) - o_d,  h_d = (L_d - 1)(1 + epsilon) / 2,  z_q = round(bounded) / floor(L_d / 2)
    For an odd L, o = s = 0. For an even L the places cannot lie evenly around 0: o = 1/2, and s = atanh(o / h) makes
    z = 0 round to 0. The index counts in mixed radix, the first number fastest: index = sum_d place_d L_1 ... L_(d-1).

    Worked shape: levels (8, 5, 5, 5) are D = 4 numbers and 8 * 5 * 5 * 5 = 1,000 codes; z_e (128, 4, 7, 7) gives
    indices (128, 7, 7) and z_q (128, 4, 7, 7).

    Source: Mentzer et al. 2023, section 3 and appendix A.1, with the constants of the package vector-quantize-pytorch:
    1 + epsilon where the paper has 1 - epsilon, atanh where it has tan; the places are the same, their edges nearly so.
    The forward contract is that of VectorQuantizer. Nothing is learnt here, so both losses are 0.

    Raises TypeError or ValueError for no levels, or one that is no whole number of at least 3: with 2 places and z = 0
    rounding to one of them, the other would begin at z = -3.8.
    """

    sizes: Tensor
    basis: Tensor

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        self.levels = [validate.positive_int(size, "a level count") for size in levels]
        if not self.levels or min(self.levels) < 3:
            raise ValueError(f"levels must hold at least one count, each at least 3, got {self.levels}.")
        self.codebook_size, self.code_dim = math.prod(self.levels), len(self.levels)
        sizes = torch.tensor(self.levels)
        basis = torch.cumprod(torch.tensor([1, *self.levels[:-1]]), 0)
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("basis", basis, persistent=False)

    def forward(self, z_e: Tensor) -> Quantized:
        """Quantize z_e (N, D, *). Raises TypeError or ValueError unless it is float, finite, with D channels."""
        bounded = self._bounded(z_e)  # (N, *, D)
        places = bounded.round()
        z_q = straight_through(bounded, places) / (self.sizes // 2)
        zero = z_e.new_zeros(())
        return Quantized(z_q.movedim(-1, 1).to(z_e.dtype), self._index(places), zero, zero)

    def lookup(self, indices: Tensor) -> Tensor:
        """Return the codes that indices stand for: (N, *) -> z_q (N, D, *).

        Raises TypeError for no whole numbers, ValueError for an index below 0 or above K - 1 or an empty tensor.
        """
        validate.indices(indices, self.codebook_size)
        places = indices.long().unsqueeze(-1) // self.basis % self.sizes  # (N, *) -> (N, *, D)
        half = self.sizes // 2
        return ((places - half) / half).movedim(-1, 1)

    @torch.no_grad()
    def nearest(self, z_e: Tensor) -> Tensor:
        """Return the index of each vector's code: (N, D, *) -> (N, *) int64."""
        return self._index(self._bounded(z_e).round())

    def borders(self) -> list[Tensor]:
        """Return for each of the D numbers where z_e goes over from one place to the next: (levels[d] - 1,) each."""
        half, shift, offset = self._bound()
        places = [torch.arange(size - 1, device=half.device) - size // 2 for size in self.levels]
        between = [place + 0.5 for place in places]  # before rounding
        return [torch.atanh((b + o) / h) - s for b, h, s, o in zip(between, half, shift, offset, strict=True)]

    def extra_repr(self) -> str:
        return f"levels={self.levels}, codebook_size={self.codebook_size}"

    def _bounded(self, z_e: Tensor) -> Tensor:
        """Return the numbers before rounding: (N, D, *) -> (N, *, D), each in its range of whole numbers."""
        validate.vectors(z_e, self.code_dim)
        half, shift, offset = self._bound()
        return torch.tanh(z_e.movedim(1, -1).float() + shift) * half - offset

    def _bound(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return h, s and o: three (D,)."""
        half = (self.sizes - 1) * (1 + EPSILON) / 2
        offset = torch.where(self.sizes % 2 == 0, 0.5, 0.0)
        return half, torch.atanh(offset / half), offset

    def _index(self, places: Tensor) -> Tensor:
        """Return the index of places that count from the middle: (N, *, D) -> (N, *) int64."""
        return ((places.long() + self.sizes // 2) * self.basis).sum(-1)
