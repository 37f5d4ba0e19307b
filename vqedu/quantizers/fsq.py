"""Finite scalar quantization: each number of a vector is rounded for itself, and there is no codebook to learn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vqedu import validate
from vqedu.quantizers.contract import Quantized
from vqedu.quantizers.vector import straight_through

EPSILON = 1e-3  # keeps the outermost levels within reach of tanh
MOST_LEVELS = 1000  # from 1001 on, the outermost numbers would round to places beyond the last: epsilon is too much
MOST_CODES = 2**63  # an index is an int64


class ScaledTanh(nn.Module):
    """scale tanh(z + shift) - offset, with three numbers of its own for each channel: (N, D, *) -> (N, D, *)."""

    shift: Tensor
    scale: Tensor
    offset: Tensor

    def __init__(self, shift: Tensor, scale: Tensor, offset: Tensor) -> None:
        super().__init__()
        for name, values in (("shift", shift), ("scale", scale), ("offset", offset)):
            self.register_buffer(name, values, persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        return (self.scale * torch.tanh(z.movedim(1, -1) + self.shift) - self.offset).movedim(-1, 1)


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
    rounding to one of them, the other would begin at z = -3.8. Raises ValueError for a level count above 1,000, or
    for more codes than an int64 counts.
    """

    sizes: Tensor
    basis: Tensor

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        self.levels = [validate.positive_int(size, "a level count") for size in levels]
        if not self.levels or min(self.levels) < 3:
            raise ValueError(f"levels must hold at least one count, each at least 3, got {self.levels}.")
        if max(self.levels) > MOST_LEVELS:
            raise ValueError(f"levels must be at most {MOST_LEVELS}, got {self.levels}. Use more numbers instead.")
        self.codebook_size, self.code_dim = math.prod(self.levels), len(self.levels)
        if self.codebook_size > MOST_CODES:
            raise ValueError(
                f"levels make {self.codebook_size:.2g} codes, more than an index can count, 2^63. Use fewer."
            )
        sizes = torch.tensor(self.levels)
        basis = torch.cumprod(torch.tensor([1, *self.levels[:-1]]), 0)
        self.register_buffer("sizes", sizes, persistent=False)
        self.register_buffer("basis", basis, persistent=False)
        height, offset = (sizes - 1) * (1 + EPSILON) / 2, torch.where(sizes % 2 == 0, 0.5, 0.0)  # h and o
        self.bound = ScaledTanh(torch.atanh(offset / height), height / self.middle, offset / self.middle)

    def forward(self, z_e: Tensor) -> Quantized:
        """Quantize z_e (N, D, *). Raises TypeError or ValueError unless it is float, finite, with D channels."""
        bounded = self._bounded(z_e)  # (N, *, D)
        places = (bounded * self.middle).round()
        z_q = straight_through(bounded, places / self.middle)
        zero = z_e.new_zeros(())
        return Quantized(z_q.movedim(-1, 1).to(z_e.dtype), self._index(places), zero, zero)

    def lookup(self, indices: Tensor) -> Tensor:
        """Return the codes that indices stand for: (N, *) -> z_q (N, D, *).

        Raises TypeError for no whole numbers, ValueError for an index below 0 or above K - 1 or an empty tensor.
        """
        validate.indices(indices, self.codebook_size)
        places = indices.long().unsqueeze(-1) // self.basis % self.sizes  # (N, *) -> (N, *, D)
        return ((places - self.middle) / self.middle).movedim(-1, 1)

    @torch.no_grad()
    def nearest(self, z_e: Tensor) -> Tensor:
        """Return the index of each vector's code: (N, D, *) -> (N, *) int64."""
        return self._index((self._bounded(z_e) * self.middle).round())

    def codes(self) -> Tensor:
        """Return the whole grid: (K, D)."""
        return self.lookup(torch.arange(self.codebook_size, device=self.sizes.device))

    @property
    def stages(self) -> list[FSQ]:
        """The quantizer itself: there is one grid."""
        return [self]

    @property
    def middle(self) -> Tensor:
        """The number of each number's middle place, counted from 0: (D,)."""
        return self.sizes // 2

    def borders(self) -> list[Tensor]:
        """Return for each of the D numbers where z_e goes over from one place to the next: (levels[d] - 1,) each."""
        shift, scale, offset, middle = self.bound.shift, self.bound.scale, self.bound.offset, self.middle
        found = []
        for d, size in enumerate(self.levels):
            between = (torch.arange(size - 1, device=middle.device) + 0.5 - middle[d]) / middle[d]  # before rounding
            found.append(torch.atanh((between + offset[d]) / scale[d]) - shift[d])
        return found

    def extra_repr(self) -> str:
        return f"levels={self.levels}, codebook_size={self.codebook_size}"

    def _bounded(self, z_e: Tensor) -> Tensor:
        """Return the numbers before rounding, in [-1, 1] but for epsilon: (N, D, *) -> (N, *, D)."""
        return self.bound(validate.vectors(z_e, self.code_dim).float()).movedim(1, -1)

    def _index(self, places: Tensor) -> Tensor:
        """Return the index of places that count from the middle: (N, *, D) -> (N, *) int64."""
        return ((places.long() + self.middle) * self.basis).sum(-1)
