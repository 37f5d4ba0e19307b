"""One training in several processes: DistributedDataParallel, and what it leaves out, for the same result.

DistributedDataParallel averages the gradients over the processes. That alone would make another training: each process
would draw its own noise, and BatchNorm would see a part of the batch. Here both speak of the joint batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.overrides import TorchFunctionMode

from vqedu import joint

Loss = Callable[[Tensor], Any]


def objective(model: nn.Module, loss: Loss) -> Loss:
    """Return `loss` for the training of `model`: as it is, or, among several processes, with gradients of all of them.

    It then takes this process's part of a batch. The mean of the parts' losses must be the loss of the batch, which
    holds for any mean over equally many examples.
    """
    if not joint.several():
        return loss
    return DistributedDataParallel(_Objective(model, loss))


class _Objective(nn.Module):
    """A loss as a module, since DistributedDataParallel watches over the forward pass of a module."""

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, batch: Tensor) -> Any:
        with JointBatch(len(batch)):
            return self.loss(batch)


class JointBatch(TorchFunctionMode):
    """Inside this context torch's draws, dropout and BatchNorm are those of the joint batch.

    A draw with a row for each of the `rows` examples is made for the whole batch by every process, which keeps the rows
    of its own part. The processes begin with one seed and make the same draws, so the noise of an example does not
    depend on how many they are. All other functions are left alone.
    """

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        if func is F.batch_norm:
            return batch_norm(*args, **options)
        if func is F.dropout:
            return self._dropout(*args, **options)
        if func in (torch.randn, torch.rand, torch.randint):
            return self._drawn(func, *args, **options)
        if func is torch.rand_like:
            return self._drawn_like(*args, **options)
        return func(*args, **options)

    def _drawn(self, draw: Callable[..., Tensor], *args: Any, **options: Any) -> Tensor:
        """Call draw(..., size), whose size is its last argument or, as in rand(3, 1), all of them."""
        before, size = (args[:-1], args[-1]) if isinstance(args[-1], Sequence) else ((), args)
        return self._own(lambda whole: draw(*before, whole, **options), tuple(size))

    def _drawn_like(self, like: Tensor, **options: Any) -> Tensor:
        return self._own(lambda whole: torch.rand_like(like.new_empty(whole), **options), tuple(like.shape))

    def _dropout(self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not (training and p):
            return x
        return x * self._own(lambda whole: F.dropout(x.new_ones(whole), p), tuple(x.shape))

    def _own(self, draw: Callable[[tuple[int, ...]], Tensor], size: tuple[int, ...]) -> Tensor:
        """Return this process's rows of a draw for the joint batch.

        Where rows come in blocks, such as (2 N, D) for two tasks of N examples each, the joint batch has such blocks.
        """
        if not size or size[0] % self.rows:
            return draw(size)  # not a row per example
        whole = draw((size[0] * joint.size(), *size[1:]))
        return whole.unflatten(0, (-1, joint.size(), self.rows))[:, joint.rank()].reshape(size)


def batch_norm(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Return (x - mean) / sqrt(var + eps) * weight + bias per channel, of the joint batch: (N, C, *) -> (N, C, *).

    As torch's own function, of which it is the rule written out (Ioffe and Szegedy 2015, algorithm 1); torch has a
    BatchNorm over processes only for GPUs.
    """
    if not training:
        return F.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    values = x.to(torch.promote_types(x.dtype, torch.float32))  # sums of 16-bit numbers would be too rough
    others = [axis for axis in range(x.dim()) if axis != 1]
    mean = joint.mean(values.mean(others, keepdim=True))  # (1, C, 1, 1)
    var = joint.mean((values - mean).square().mean(others, keepdim=True))
    if running_mean is not None and running_var is not None:
        n = joint.size() * x.numel() / x.shape[1]
        with torch.no_grad():
            running_mean.lerp_(mean.flatten(), momentum)
            running_var.lerp_(var.flatten() * n / (n - 1), momentum)
    normal = (values - mean) * torch.rsqrt(var + eps)
    if weight is not None and bias is not None:
        normal = normal * weight.view_as(mean) + bias.view_as(mean)
    return normal.to(x.dtype)
