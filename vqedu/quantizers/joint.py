"""The joint batch: what several processes of one training run (`torchrun`) hold together.

Without a process group each function returns what one process holds.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch import distributed as dist


def several() -> bool:
    """Return whether this process trains together with others."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def total(value: Tensor) -> Tensor:
    """Return the sum of `value` over all processes."""
    if several():
        dist.all_reduce(value)
    return value


def from_first(value: Tensor) -> Tensor:
    """Return the `value` of the process of rank 0; every process passes a tensor of one shape and dtype."""
    if several():
        dist.broadcast(value, src=0)
    return value


def gather(rows: Tensor) -> Tensor:
    """Return the rows of all processes in the order of their ranks: (n_r, D) each -> (sum of n_r, D)."""
    if not several():
        return rows
    count = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.empty_like(count) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, count)
    longest = int(max(counts))
    padded = torch.cat([rows, rows.new_zeros(longest - len(rows), rows.shape[1])])
    parts = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(parts, padded)
    return torch.cat([part[: int(n)] for part, n in zip(parts, counts, strict=True)])
