"""The losses of the course. Every term is summed over one image and averaged over the batch, in nats per image."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

from vqedu import validate


class ReconstructionLoss(NamedTuple):
    """The autoencoder's loss: `total` is a scalar in nats per image."""

    total: Tensor


def reconstruction(logits: Tensor, x: Tensor) -> Tensor:
    """Return -log p(x|z) of each image, every pixel a Bernoulli variable with log-odds `logits`.

    -log p(x|z) = -sum_i [x_i log s(l_i) + (1 - x_i) log(1 - s(l_i))], with s the sigmoid: (N, 1, 28, 28) -> (N,) nats.
    For grey levels between 0 and 1 this is the cross-entropy; its least value is then above zero.

    Raises TypeError or ValueError if `x` is no batch of images or `logits` has another shape.
    """
    validate.images(x)
    validate.float_tensor(logits, "logits")
    if logits.shape != x.shape:
        raise ValueError(f"logits and x must have one shape, got {tuple(logits.shape)} and {tuple(x.shape)}.")
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return pixels.flatten(1).sum(1)  # (N, 1, 28, 28) -> (N, 784) -> (N,)
