"""The joint batch: what the processes of one training run (`torchrun`) hold together.

Each process trains on its part of every batch. Whatever looks across a whole batch, such as the statistics of a
codebook, must then look across the parts of all processes. Without a process group each function below returns what
one process holds, so that code which calls them reads the same either way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

Rows = TypeVar("Rows", Tensor, "list[Any]")


@contextmanager
def processes() -> Iterator[bool]:
    """Inside the block the processes that `torchrun` started work together; yields whether this is the first of them.

    The first one, of rank 0, is the one that writes files. Without torchrun there is nothing to do, and it yields True.
    The processes exchange numbers by NCCL if there is a CUDA device for each of them, by Gloo if there is none at all.
    Raises ValueError where a machine has some GPUs, but fewer than processes.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield True
        return
    dist.init_process_group("nccl" if _own_gpu() else "gloo")
    try:
        yield rank() == 0
    finally:
        dist.destroy_process_group()


def several() -> bool:
    """Return whether this process trains together with others."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def size() -> int:
    """Return the number of processes that train together."""
    return dist.get_world_size() if several() else 1


def rank() -> int:
    """Return the number of this process, from 0."""
    return dist.get_rank() if several() else 0


def part(rows: Rows) -> Rows:
    """Return the rows that fall to this process: those of rank 0 come first, and all processes have equally many."""
    own = len(rows) // size()
    return rows[rank() * own : (rank() + 1) * own]


def total(value: Tensor) -> Tensor:
    """Return the sum of `value` over all processes."""
    if several():
        dist.all_reduce(value)
    return value


def mean(value: Tensor) -> Tensor:
    """Return the mean of `value` over all processes; gradients flow back to the values of all of them."""
    return _Mean.apply(value) if several() else value


def means(terms: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the mean of each of these scalars over all processes, without gradients."""
    if not several():
        return terms
    values = mean(torch.stack([value.detach().double() for value in terms.values()]))
    return dict(zip(terms, values, strict=True))


def from_first(value: Tensor) -> Tensor:
    """Return the `value` of the process of rank 0; every process passes a tensor of one shape and dtype."""
    if several():
        dist.broadcast(value, src=0)
    return value


def content_from_first(content: bytes) -> bytes:
    """Return the `content` of the process of rank 0; what the others pass is not looked at."""
    if not several():
        return content
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    length = int(from_first(torch.tensor([len(content)], device=device)))
    if not length:
        return b""
    sent = bytearray(content if rank() == 0 else length)
    return from_first(torch.frombuffer(sent, dtype=torch.uint8).to(device)).cpu().numpy().tobytes()


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


class _Mean(torch.autograd.Function):
    """The mean over processes, and its gradient: each process's value has an equal share in what all make of it."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return total(value.detach().clone()) / size()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return total(gradient.clone()) / size()


def _own_gpu() -> bool:
    """Return whether there are GPUs, after choosing the one of this process; raises ValueError if they are too few."""
    gpus, here = torch.cuda.device_count(), int(os.environ["LOCAL_WORLD_SIZE"])
    if 0 < gpus < here:
        raise ValueError(
            f"torchrun started {here} processes on this machine, which has {gpus} GPU{'s' if gpus > 1 else ''}. Start "
            "one process per GPU with --nproc-per-node, or train on the processor by CUDA_VISIBLE_DEVICES= before it."
        )
    if gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    return gpus > 0
