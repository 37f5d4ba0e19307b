"""The states of the latent explorers: which parts they have, and which values can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

MOST_DRAWS = 10_000


def numbers(values: Any, name: str, length: int) -> list[float]:
    """Return `values` as a list of `length` floats (a page writes 1 for 1.0). Raises ValueError for anything else."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length,) or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a list of {length} finite numbers, got {values!r}.")
    return [float(v) for v in array]


def picture(state: Mapping[str, Any], digits: int) -> dict[str, Any]:
    """Return `digit` and `drawing` of a state. Raises ValueError where they name no picture."""
    digit, drawing = state["digit"], state["drawing"]
    if digit is not None and not 0 <= digit < digits:
        raise ValueError(f"digit must be None or a number from 0 to {digits - 1}, got {digit}.")
    if drawing is not None and (len(drawing) != 784 or not all(0 <= v <= 255 for v in drawing)):
        raise ValueError("drawing must be None or a list of 784 grey levels from 0 to 255.")
    return {"digit": digit, "drawing": drawing}


def count(state: Mapping[str, Any], name: str) -> int:
    """Return a number of draws. Raises ValueError outside 0..10,000."""
    if not 0 <= state[name] <= MOST_DRAWS:
        raise ValueError(f"{name} must be a number from 0 to {MOST_DRAWS:,}, got {state[name]}.")
    return int(state[name])


def shown(state: Mapping[str, Any], images: Tensor) -> np.ndarray:
    """Return x, (28, 28) in [0, 1], as a state has it: drawn, picked, or empty paper."""
    if state["drawing"] is not None:
        return np.reshape(state["drawing"], (28, 28)) / 255
    return np.zeros((28, 28)) if state["digit"] is None else images[state["digit"], 0].numpy()


def has_picture(state: Mapping[str, Any]) -> bool:
    """Whether there is an x at all."""
    return state["drawing"] is not None or state["digit"] is not None
