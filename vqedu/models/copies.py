"""Copies of models: what an explorer or a coder works with while the original goes on training."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


def snapshot(model: Model, dtype: torch.dtype = torch.float32) -> Model:
    """Return a copy of `model` as it is now, on the CPU, in `dtype` and eval mode; the model itself stays as it was."""
    return copy.deepcopy(model).to("cpu", dtype).eval()
