"""Where a training computes: on the best device of the machine, with everything that its loss makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from vqedu import joint

MAKERS = {
    torch.arange, torch.empty, torch.eye, torch.full, torch.linspace, torch.normal, torch.ones, torch.rand,
    torch.randint, torch.randn, torch.tensor, torch.zeros,
}  # fmt: skip


def best_device() -> torch.device:
    """Return CUDA if there is one, else Apple's MPS if there is one and one process uses it, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() and not joint.several() else "cpu")


@contextmanager
def at_work(model: nn.Module) -> Iterator[torch.device]:
    """Inside the block the model is on the best device and in train mode; after it at home, in eval mode."""
    home = next(model.parameters()).device
    device = best_device() if home.type == "cpu" else home
    model.to(device).train()
    try:
        yield device
    finally:
        model.to(home).eval()


@contextmanager
def loss_on(device: torch.device) -> Iterator[None]:
    """Inside the block torch makes new tensors on `device`, a GPU; a mixture with others is told in one sentence."""
    try:
        with MadeOn(device):
            yield
    except RuntimeError as error:
        if "same device" not in str(error):
            raise
        raise RuntimeError(
            f"The model trains on {device.type.upper()}, but the loss uses something that is elsewhere: another model "
            "than the one you pass to fit, or a tensor that was made before. Move it with `.to(x.device)`."
        ) from error


class MadeOn(TorchFunctionMode):
    """Inside this context torch makes new tensors on `device`, so that `torch.randn(mu.shape)` fits mu on a GPU too.

    A call that names a device or a generator, which has a device of its own, is left alone.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        if func in MAKERS and options.keys().isdisjoint(("device", "generator")):
            options = {**options, "device": self.device}
        return func(*args, **options)
