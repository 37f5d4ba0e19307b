"""The images of an explorer: which of a data set it shows, and how they are packed for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vqedu import validate
from vqedu.data import Emoji, Split

MOST_DRAWS = 10_000


class Pictures(NamedTuple):
    """What the page shows of a data set: `x` (N, C, H, W), the class of each as a number, and the names of emoji."""

    x: Tensor
    labels: np.ndarray
    names: list[str] | None

    @property
    def config(self) -> dict[str, Any]:
        """What they are called: digits, or pictures and perhaps their names."""
        digits = tuple(self.x.shape[1:]) == validate.IMAGE_SHAPE
        return {"noun": "digit" if digits else "picture", "names": self.names}

    @property
    def size(self) -> int:
        """How many numbers a picture has."""
        return self.x[0].numel()


def numbers(values: Any, name: str, length: int) -> list[float]:
    """Return `values` as a list of `length` floats (a page writes 1 for 1.0). Raises ValueError for anything else."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length,) or not np.isfinite(array).all():
        raise ValueError(f"{name} must be a list of {length} finite numbers, got {values!r}.")
    return [float(v) for v in array]


def picture(state: Mapping[str, Any], digits: int, size: int = 784) -> dict[str, Any]:
    """Return `digit` and `drawing` of a state; a drawing has `size` numbers. Raises ValueError for no picture."""
    digit, drawing = state["digit"], state["drawing"]
    if digit is not None and not 0 <= digit < digits:
        raise ValueError(f"digit must be None or a number from 0 to {digits - 1}, got {digit}.")
    if drawing is not None and (len(drawing) != size or not all(0 <= v <= 255 for v in drawing)):
        raise ValueError(f"drawing must be None or a list of {size} gray levels from 0 to 255.")
    return {"digit": digit, "drawing": drawing}


def count(state: Mapping[str, Any], name: str) -> int:
    """Return a number of draws. Raises ValueError outside 0..10,000."""
    if not 0 <= state[name] <= MOST_DRAWS:
        raise ValueError(f"{name} must be a number from 0 to {MOST_DRAWS:,}, got {state[name]}.")
    return int(state[name])


def pictures(images: Split | Emoji, shape: validate.Shape, most: int, seed: int) -> Pictures:
    """Return at most `most` of the images, of this shape, drawn without replacement.

    A page offers one picture of each class at a time; emoji, which have no classes, are dealt out to ten.

    Raises TypeError or ValueError for images or labels of a wrong shape, dtype or range, or fewer than 2.
    """
    if not isinstance(images, Emoji):
        return Pictures(*choose(images, most, seed, shape), None)
    x = validate.images(images.x, "images.x", shape)
    places = _drawn(len(x), most, seed).tolist()
    names = [images.sentences[i] for i in places]
    return Pictures(x[places], np.arange(len(places)) % 10, names)


def choose(
    images: Split, digits: int, seed: int, shape: validate.Shape = validate.IMAGE_SHAPE
) -> tuple[Tensor, np.ndarray]:
    """Return at most `digits` of the images and their labels, drawn without replacement.

    Raises TypeError or ValueError for images or labels of a wrong shape, dtype or range, or fewer than 2.
    """
    validate.positive_int(digits, "digits")
    if not (hasattr(images, "x") and hasattr(images, "y")):
        raise TypeError(f"images must have .x and .y, as vqedu.data.load(...).test has, got {type(images).__name__}.")
    x, y = validate.images(images.x, "images.x", shape).cpu().float(), torch.as_tensor(images.y).cpu()
    if y.shape != (len(x),) or y.is_floating_point():
        raise ValueError(f"images.y must hold one whole number an image, got {y.dtype} {tuple(y.shape)} for {len(x)}.")
    if not (y.min() >= 0 and y.max() <= 9):
        raise ValueError(f"images.y must hold classes from 0 to 9, got {int(y.min())} to {int(y.max())}.")
    chosen = _drawn(len(x), digits, seed)
    return x[chosen], y[chosen].numpy()


def _drawn(n: int, most: int, seed: int) -> Tensor:
    """Return `most` of n places in random order, or all of them in order. Raises ValueError for fewer than 2."""
    if min(most, n) < 2:
        raise ValueError(f"A map needs at least 2 images, got digits={most} and {n} images.")
    if most >= n:
        return torch.arange(n)
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:most]


def packed_images(images: Tensor, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return images (N, C, H, W) as levels 0..255 (N, C * H * W), and their labels, as the page wants them."""
    levels = (255 * images.flatten(1)).round().numpy().astype(np.uint8)
    return {"images": levels, "labels": labels.astype(np.int32)}
