"""Checks of what a caller passes in: each says what was expected, what came, and what to do.

torch is imported only to look at a tensor, so that questions and answers, which hold none, load without it.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, int, int]  # channels, height, width

IMAGE_SHAPE: Shape = (1, 28, 28)
CODE_MAP_SHAPE = (7, 7)


def positive_int(value: int, name: str) -> int:
    """Return `value` as an int if it is a whole number of at least 1, of Python or numpy.

    Raises TypeError for anything that is not a whole number (7.0 is none), ValueError for one below 1.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r} ({type(value).__name__}).")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}.")
    return int(value)


def fraction(value: float, name: str) -> float:
    """Return `value` if it is a number with 0 <= value < 1; raises TypeError or ValueError otherwise."""
    value = _number(value, name)
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}.")
    return value


def at_least_zero(value: float, name: str) -> float:
    """Return `value` if it is a finite number of at least 0; raises TypeError or ValueError otherwise."""
    value = _number(value, name)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, got {value}.")
    return value


def above_zero(value: float, name: str) -> float:
    """Return `value` if it is a finite number above 0; raises TypeError or ValueError otherwise."""
    value = _number(value, name)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, got {value}.")
    return value


def between(value: float, low: float, high: float, name: str) -> float:
    """Return `value` as a float if it lies in [low, high]; raises TypeError or ValueError otherwise, NaN included."""
    value = _number(value, name)
    if not low <= value <= high:
        raise ValueError(f"{name} must lie in [{low:g}, {high:g}], got {value}.")
    return float(value)


def whole(value: float, low: int, high: int, name: str) -> int:
    """Return `value` as an int if it is a whole number in low .. high (7.0 is one); raises ValueError if not."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not low <= value <= high or value != int(value):
        raise ValueError(f"{name} must be a whole number from {low} to {high}, got {value!r}.")
    return int(value)


def float_tensor(value: Tensor, name: str) -> Tensor:
    """Return `value` if it is a tensor of floating-point numbers with at least one element.

    Raises TypeError for another type or dtype, ValueError for an empty tensor.
    """
    import torch

    if not isinstance(value, torch.Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(value).__name__}. Convert it with torch.as_tensor(...)."
        )
    if not value.is_floating_point():
        raise TypeError(
            f"{name} must hold floating-point numbers, got {value.dtype}. "
            "Gray levels 0..255 become float with x.float() / 255."
        )
    if value.numel() == 0:
        raise ValueError(f"{name} is empty: its shape is {tuple(value.shape)}. Pass at least one example.")
    return value


def finite(value: Tensor, name: str) -> Tensor:
    """Return the floating-point tensor `value` if every element is finite; raises ValueError otherwise."""
    import torch

    float_tensor(value, name)
    low, high = torch.aminmax(value.detach())  # carries a NaN along; needs no second tensor of this size
    if not (torch.isfinite(low) and torch.isfinite(high)):
        count = int((~torch.isfinite(value)).sum())
        raise ValueError(
            f"{name} must be finite, but {count} of its {value.numel()} elements are NaN or infinite. "
            "Look for a learning rate that is too high, or a log or a division by zero."
        )
    return value


def images(x: Tensor, name: str = "x", shape: Shape | None = IMAGE_SHAPE) -> Tensor:
    """Return `x` if it is a batch of images: float, shape (N, *shape), N >= 1, every value in [0, 1].

    shape: (channels, height, width); None takes images of any size in gray or in color, and of one channel only
    those of 28 x 28, so that digits of a wrong shape are still named.
    Raises TypeError for a wrong type or dtype, ValueError for a wrong shape or value.
    """
    float_tensor(x, name)
    if shape is None:
        shape = (3, x.shape[2], x.shape[3]) if x.dim() == 4 and x.shape[1] == 3 else IMAGE_SHAPE
    if x.dim() != 4 or tuple(x.shape[1:]) != tuple(shape):
        sizes = ", ".join(map(str, shape))
        one = "x[None]" if shape[0] > 1 else f"x.reshape(1, {sizes})"
        single = tuple(shape) if shape[0] > 1 else tuple(shape[1:])
        raise ValueError(
            f"{name} must have shape (N, {sizes}), got {tuple(x.shape)}. "
            f"One image of shape {single} becomes a batch with {one}."
        )
    low, high = x.detach().aminmax()
    if not (low >= 0 and high <= 1):  # a NaN fails both comparisons
        raise ValueError(
            f"{name} must hold gray levels in [0, 1], got values from {low.item():g} to {high.item():g}. "
            "Divide gray levels 0..255 by 255, and do not standardize."
        )
    return x


def codes(z: Tensor, latent_dim: int, name: str = "z") -> Tensor:
    """Return `z` if it is a finite float batch of shape (N, latent_dim), N >= 1.

    Raises TypeError for a wrong type or dtype, ValueError for a wrong shape or a non-finite value.
    """
    float_tensor(z, name)
    if z.dim() != 2 or z.shape[1] != latent_dim:
        raise ValueError(
            f"{name} must have shape (N, {latent_dim}), a row of {latent_dim} numbers per image, got {tuple(z.shape)}."
        )
    return finite(z, name)


def vectors(z_e: Tensor, code_dim: int, name: str = "z_e") -> Tensor:
    """Return `z_e` if it is a finite float tensor of shape (N, code_dim, *): a quantizer's input.

    Raises TypeError for a wrong type or dtype, ValueError for a wrong shape or a non-finite value.
    """
    finite(z_e, name)
    if z_e.dim() < 2 or z_e.shape[1] != code_dim:
        raise ValueError(
            f"{name} must have shape (N, {code_dim}, *), with the {code_dim} numbers of a vector along "
            f"dimension 1, got {tuple(z_e.shape)}. Move them there with {name}.movedim(-1, 1)."
        )
    return z_e


def moments(mu: Tensor, logvar: Tensor) -> None:
    """Check that mu and logvar are finite float tensors of one shape (N, D); raises TypeError or ValueError if not."""
    finite(mu, "mu")
    finite(logvar, "logvar")
    if mu.dim() != 2 or mu.shape != logvar.shape:
        raise ValueError(f"mu and logvar must have one shape (N, D), got {tuple(mu.shape)} and {tuple(logvar.shape)}.")


def indices(value: Tensor, codebook_size: int, name: str = "indices") -> Tensor:
    """Return `value` if it is a tensor of at least one whole number, each in 0 .. codebook_size - 1.

    Raises TypeError for a wrong type or dtype, ValueError for an empty tensor or an index out of range.
    """
    import torch

    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor of whole numbers, got {type(value).__name__}.")
    if value.dtype == torch.bool or value.is_floating_point() or value.is_complex():
        raise TypeError(f"{name} must hold whole numbers such as torch.int64, got {value.dtype}.")
    if value.numel() == 0:
        raise ValueError(f"{name} is empty: its shape is {tuple(value.shape)}. Pass at least one index.")
    low, high = (int(bound) for bound in torch.aminmax(value))
    if low < 0 or high >= codebook_size:
        raise ValueError(
            f"{name} must lie in 0 .. {codebook_size - 1} for a codebook of {codebook_size} codes, "
            f"got values from {low} to {high}."
        )
    return value


def image_shape(value: Sequence[int], multiple: int = 1) -> Shape:
    """Return `value` as (channels, height, width) if it is three whole numbers of at least 1, 1 or 3 channels.

    Raises TypeError or ValueError otherwise, and ValueError if height or width is no multiple of `multiple`.
    """
    numbers = tuple(positive_int(number, "a number of image_shape") for number in value)
    if len(numbers) != 3 or numbers[0] not in (1, 3):
        raise ValueError(f"image_shape must be (channels, height, width) with 1 or 3 channels, got {numbers}.")
    if numbers[1] % multiple or numbers[2] % multiple:
        raise ValueError(f"Height and width must be multiples of {multiple}, got image_shape={numbers}.")
    return numbers[0], numbers[1], numbers[2]


def code_map(
    value: Tensor, codebook_size: int, name: str = "indices", shape: tuple[int, int] = CODE_MAP_SHAPE
) -> Tensor:
    """Return `value` if it is a batch of code maps: whole numbers in 0 .. codebook_size - 1, shape (N, *shape).

    Raises TypeError or ValueError as `indices` does, ValueError for another shape.
    """
    indices(value, codebook_size, name)
    if value.dim() != 3 or tuple(value.shape[1:]) != tuple(shape):
        height, width = shape
        raise ValueError(
            f"{name} must have shape (N, {height}, {width}), got {tuple(value.shape)}. "
            f"Rows of {height * width} indices become code maps with indices.view(-1, {height}, {width})."
        )
    return value


def known_name(name: str, known: Iterable[str], what: str) -> str:
    """Return `name` if it is among `known`; raises ValueError that names the close ones, TypeError for no string."""
    known = sorted(known)
    if not isinstance(name, str):
        raise TypeError(f"The name of a {what} must be a string, got {name!r} ({type(name).__name__}).")
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ValueError(f"There is no {what} {name!r}.{hint} Known: {', '.join(known)}.")
    return name


def _number(value: float, name: str) -> float:
    """Return a number of Python or numpy as an int or a float; raises TypeError for others, True and False too."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__}).")
    return int(value) if isinstance(value, Integral) else float(value)
