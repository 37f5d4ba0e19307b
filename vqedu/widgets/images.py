"""The images of an explorer: which of a data set it shows, and how they are packed for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vqedu import validate
from vqedu.data import Split

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
        raise ValueError("drawing must be None or a list of 784 gray levels from 0 to 255.")
    return {"digit": digit, "drawing": drawing}


def count(state: Mapping[str, Any], name: str) -> int:
    """Return a number of draws. Raises ValueError outside 0..10,000."""
    if not 0 <= state[name] <= MOST_DRAWS:
        raise ValueError(f"{name} must be a number from 0 to {MOST_DRAWS:,}, got {state[name]}.")
    return int(state[name])


def choose(images: Split, digits: int, seed: int) -> tuple[Tensor, np.ndarray]:
    """Return at most `digits` of the images and their labels, drawn without replacement.

    Raises TypeError or ValueError for images or labels of a wrong shape, dtype or range, or fewer than 2.
    """
    validate.positive_int(digits, "digits")
    if not (hasattr(images, "x") and hasattr(images, "y")):
        raise TypeError(f"images must have .x and .y, as vqedu.data.load(...).test has, got {type(images).__name__}.")
    x, y = validate.images(images.x, "images.x").cpu().float(), torch.as_tensor(images.y).cpu()
    if y.shape != (len(x),) or y.is_floating_point():
        raise ValueError(f"images.y must hold one whole number an image, got {y.dtype} {tuple(y.shape)} for {len(x)}.")
    if not (y.min() >= 0 and y.max() <= 9):
        raise ValueError(f"images.y must hold classes from 0 to 9, got {int(y.min())} to {int(y.max())}.")
    if min(digits, len(x)) < 2:
        raise ValueError(f"A map needs at least 2 images, got digits={digits} and {len(x)} images.")
    if digits < len(x):
        chosen = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))[:digits]
        x, y = x[chosen], y[chosen]
    return x, y.numpy()


def packed_images(images: Tensor, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return images (N, 1, 28, 28) as gray levels 0..255 (N, 784), and their labels, as the page wants them."""
    gray = (255 * images.flatten(1)).round().numpy().astype(np.uint8)
    return {"images": gray, "labels": labels.astype(np.int32)}
