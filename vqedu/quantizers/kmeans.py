"""k-means (Lloyd 1957): the start of a codebook from data."""

from __future__ import annotations

import torch
from torch import Tensor

from vqedu.quantizers.nearest import nearest_code


def cluster_sums(rows: Tensor, indices: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return the number of rows of each cluster and their sum: (n, D), (n,) -> (size,), (size, D)."""
    counts = torch.bincount(indices, minlength=size).to(rows.dtype)
    return counts, rows.new_zeros(size, rows.shape[1]).index_add_(0, indices, rows)


def step(rows: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """Return the centers after one step of k-means, and how many rows each one has: (K, D), (K,).

    Each row goes to its nearest center, then each center to the mean of its rows. A center without rows stays.
    """
    counts, sums = cluster_sums(rows, nearest_code(rows, centers), len(centers))
    means = sums / counts.clamp(min=1).unsqueeze(1)
    return torch.where(counts.unsqueeze(1) > 0, means, centers), counts


def kmeans(rows: Tensor, centers: Tensor, steps: int = 10) -> tuple[Tensor, Tensor]:
    """Return the centers after `steps` steps from `centers`, and how many rows each one had in the last step."""
    counts = rows.new_zeros(len(centers))
    for _ in range(steps):
        centers, counts = step(rows, centers)
    return centers, counts


def draw(n: int, size: int) -> Tensor:
    """Return `size` random row numbers below `n`; each comes once before any comes twice. (size,) int64, on the CPU."""
    return torch.randperm(n)[torch.arange(size, device="cpu") % n]
