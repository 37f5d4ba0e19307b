"""Vector quantization in the plane: points and codes that can be looked at, and what a codebook is worth for them.

Points and codes are tensors (n, 2) and (K, 2), as a batch of D = 2 numbers without positions.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from vqedu import validate

DATA_SETS = ("kinds", "ring", "uniform")
STARTS = ("data", "wide")
WIDE = 10.0  # the standard deviation of a codebook that begins far from the points

_KINDS = torch.tensor([[-1.9, 1.5], [0.1, 2.1], [1.9, 1.1], [1.3, -1.5], [-0.6, -0.4], [-1.9, -1.7]])
_SHARES = torch.tensor([0.24, 0.10, 0.20, 0.20, 0.16, 0.10])


def points(name: str, n: int = 240, seed: int = 0) -> Tensor:
    """Return `n` points of a data set, always the same for one seed: (n, 2) float32.

    "kinds": six round clusters of unequal size, their order at random; "ring": near a circle of radius 2;
    "uniform": anywhere in a square of side 5. Raises ValueError for an unknown name or an `n` below 1.
    """
    validate.known_name(name, DATA_SETS, "data set")
    generator = torch.Generator().manual_seed(seed)
    validate.positive_int(n, "n")
    if name == "uniform":
        return 5 * torch.rand(n, 2, generator=generator) - 2.5
    if name == "ring":
        angle = 2 * math.pi * torch.rand(n, generator=generator)
        radius = 2 + 0.15 * torch.randn(n, generator=generator).clamp(-4, 4)
        return radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    kind = torch.multinomial(_SHARES, n, replacement=True, generator=generator)
    return _KINDS[kind] + 0.24 * torch.randn(n, 2, generator=generator).clamp(-4, 4)


def start_codes(rows: Tensor, codebook_size: int, start: Literal["data", "wide"] = "data", seed: int = 0) -> Tensor:
    """Return the codes to begin with: random points, or draws from N(0, 10^2), which lie far from them. (K, 2).

    Raises ValueError for an unknown start, a size below 1, or more codes than points.
    """
    validate.known_name(start, STARTS, "start")
    if validate.positive_int(codebook_size, "codebook_size") > len(rows):
        raise ValueError(f"codebook_size must be at most the number of points, {len(rows)}, got {codebook_size}.")
    generator = torch.Generator().manual_seed(seed)
    if start == "wide":
        return WIDE * torch.randn(codebook_size, 2, generator=generator)
    return rows[torch.randperm(len(rows), generator=generator)[:codebook_size]]
