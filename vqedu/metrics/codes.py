"""How well a codebook is used, and how far its codes lie from what they replace."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vqedu import validate
from vqedu.quantizers.nearest import nearest_code


def _shares(indices: Tensor, codebook_size: int) -> Tensor:
    """Return the share of each code among the indices: (codebook_size,), which sums to 1."""
    validate.indices(indices, validate.positive_int(codebook_size, "codebook_size"))
    return torch.bincount(indices.flatten(), minlength=codebook_size) / indices.numel()


def perplexity(indices: Tensor, codebook_size: int) -> Tensor:
    """Return exp(H), H = -sum_k p_k log p_k in nats, with p_k the share of code k: a scalar in 1 .. codebook_size.

    It is the number of codes that, used equally often, would have the same entropy. `indices` of any shape; a batch and
    a data set have different shares, hence different perplexities.
    Raises TypeError or ValueError for indices that are no whole numbers, out of range or none.
    """
    return torch.special.entr(_shares(indices, codebook_size)).sum().exp()


def code_usage(indices: Tensor, codebook_size: int) -> Tensor:
    """Return the share of the codebook that occurs among the indices at least once: a scalar in 1/codebook_size .. 1.

    Raises TypeError or ValueError for indices that are no whole numbers, out of range or none.
    """
    return (_shares(indices, codebook_size) > 0).float().mean()


class Measured(NamedTuple):
    """What a codebook does to points: `indices` (n,) and `counts` (K,) int64; the rest are numbers.

    `loss` is the mean squared distance of a point to its code, summed over both coordinates; `used` counts codes.
    """

    indices: Tensor
    counts: Tensor
    loss: float
    perplexity: float
    used: int


def measure(rows: Tensor, codes: Tensor) -> Measured:
    """Return which code each point chooses, and how good the codebook is: (n, 2) and (K, 2) -> Measured."""
    indices = nearest_code(rows, codes)
    counts = torch.bincount(indices, minlength=len(codes))
    loss = (rows - codes[indices]).square().sum(1).mean()
    return Measured(indices, counts, float(loss), float(perplexity(indices, len(codes))), int((counts > 0).sum()))
