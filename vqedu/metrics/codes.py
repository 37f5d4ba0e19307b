"""How well a codebook is used, and how far its codes lie from what they replace."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from vqedu import losses, validate
from vqedu.quantizers.nearest import nearest_code


def counts(indices: Tensor, codebook_size: int) -> Tensor:
    """Return how often each code occurs among the indices, of any shape: int64 (codebook_size,).

    Raises TypeError or ValueError for indices that are not whole numbers, out of range or none.
    """
    validate.indices(indices, validate.positive_int(codebook_size, "codebook_size"))
    return torch.bincount(indices.flatten().long(), minlength=codebook_size)


def perplexity(indices: Tensor, codebook_size: int) -> Tensor:
    """Return exp(H), H = -sum_k p_k log p_k in nats, with p_k the share of code k: a scalar in 1 .. codebook_size.

    It is the number of codes that, used equally often, would have the same entropy. `indices` of any shape; a batch and
    a data set have different shares, hence different perplexities. Raises as `counts` does.
    """
    return torch.special.entr(counts(indices, codebook_size) / indices.numel()).sum().exp()


def code_usage(indices: Tensor, codebook_size: int) -> Tensor:
    """Return the share of the codebook that occurs among the indices at least once: a scalar in 1/codebook_size .. 1.

    Raises as `counts` does.
    """
    return (counts(indices, codebook_size) > 0).float().mean()


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
    chosen = counts(indices, len(codes))
    loss = (rows - codes[indices]).square().sum(1).mean()
    return Measured(indices, chosen, float(loss), float(perplexity(indices, len(codes))), int((chosen > 0).sum()))


class Reached(NamedTuple):
    """What a VQ-VAE reaches on images: means over all of them, and their `indices` (N, 7, 7), or (N, 7, 7, L).

    squared_error: per pixel, or per channel of one; reconstruction: -log p(x|z_q), nats per image; commitment:
    |z_e - sg(e)|^2, summed over one image; z_e_square: |z_e|^2 per position.
    """

    squared_error: float
    reconstruction: float
    commitment: float
    z_e_square: float
    indices: Tensor


@torch.no_grad()
def reached(model: Any, x: Tensor, at_once: int = 1000) -> Reached:
    """Return what a `models.VQVAE` in eval mode reaches on images (N, 1, 28, 28), `at_once` of them at a time."""
    sums, indices = torch.zeros(4, dtype=torch.float64), []
    for part in x.split(at_once):
        out = model(part)
        means = (
            (out.logits.sigmoid() - part).square().mean(),
            losses.negative_log_likelihood(out.logits, part, model.likelihood, model.variance).mean(),
            out.commitment_loss,
            out.z_e.square().sum(1).mean(),  # (N, D, 7, 7) -> (N, 7, 7) -> a number
        )
        sums += len(part) * torch.stack(means).double().cpu()
        indices.append(out.indices)
    squared_error, reconstruction, commitment, z_e_square = (sums / len(x)).tolist()
    return Reached(squared_error, reconstruction, commitment, z_e_square, torch.cat(indices))


def nearest_pictures(x: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each picture the number of the nearest one among others, and the squared error per element.

    (N, C, H, W) and (M, C, H, W) -> int64 (N,), float (N,). It tells a remembered drawing from a new one.
    """
    distances = torch.cdist(x.flatten(1), among.flatten(1))  # (N, M)
    nearest = distances.min(1)
    return nearest.indices, nearest.values.square() / x[0].numel()
