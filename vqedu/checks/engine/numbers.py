"""Inputs that every machine holds exactly, and numbers as a learner reads them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

MOST_SHOWN = 24  # elements of a tensor that a counterexample writes out


def quarters(seed: int, *shape: int, limit: int = 8) -> Tensor:
    """Return a float tensor of random multiples of 1/4 from -limit/4 to limit/4."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-limit, limit + 1, shape, generator=generator) / 4


def gray(seed: int, *shape: int) -> Tensor:
    """Return a float tensor of random multiples of 1/8 from 0 to 1: gray levels."""
    return torch.randint(0, 9, shape, generator=torch.Generator().manual_seed(seed)) / 8


def whole(seed: int, high: int, *shape: int) -> Tensor:
    """Return an int64 tensor of random numbers from 0 to high - 1."""
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


def show(value: Any, digits: int = 4) -> str:
    """Return a value as text: so many digits per number, a large tensor by its shape alone."""
    if isinstance(value, Tensor):
        if value.numel() > MOST_SHOWN:
            return f"a tensor of shape {tuple(value.shape)}"
        return _nested(value.detach().tolist(), digits)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(show(element, digits) for element in value) + "]"
    if isinstance(value, (bool, int, float)):
        return number(value, digits)
    return getattr(value, "formula", None) or str(getattr(value, "__name__", type(value).__name__))


def number(value: float, digits: int = 4) -> str:
    """Return a number with so many digits; what is smaller than a rounding error is 0."""
    if isinstance(value, (bool, int)):
        return str(value)
    if not math.isfinite(value):
        return {"inf": "inf", "-inf": "-inf"}.get(str(value), "NaN")
    return "0" if abs(value) < 2e-6 else f"{value:.{digits}g}"


def _nested(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_nested(element, digits) for element in value) + "]"
    return number(value, digits)
