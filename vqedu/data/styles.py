"""Four styles of a digit, made by image operations from plain MNIST, and the numbers by which each one shows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from vqedu import validate

SHEAR = 0.6  # of "leaning": pixels to the right for each pixel up
SHRINK = 1.6  # of "small": how many times shorter each side becomes


def thick(x: Tensor) -> Tensor:
    """Widen each stroke by a pixel on every side: the darkest of the 3 x 3 pixels around each."""
    return F.max_pool2d(x, 3, stride=1, padding=1)


def thin(x: Tensor) -> Tensor:
    """Narrow each stroke by half a pixel on every side, on a grid four times as fine."""
    fine = F.interpolate(x, scale_factor=4, mode="bilinear", align_corners=False)  # (N, 1, 112, 112)
    narrowed = -F.max_pool2d(-fine, 5, stride=1, padding=2)
    return F.avg_pool2d(narrowed, 4)


def leaning(x: Tensor) -> Tensor:
    """Shear to the right about the middle row."""
    return _affine(x, [[1.0, SHEAR, 0.0], [0.0, 1.0, 0.0]])


def small(x: Tensor) -> Tensor:
    """Shrink toward the middle."""
    return _affine(x, [[SHRINK, 0.0, 0.0], [0.0, SHRINK, 0.0]])


STYLES: dict[str, Callable[[Tensor], Tensor]] = {"thick": thick, "thin": thin, "leaning": leaning, "small": small}


def apply(style: str | None, x: Tensor) -> Tensor:
    """Return images (N, 1, 28, 28) in a style, gray levels in [0, 1]; None leaves them as they are.

    The same images always give the same result. Raises ValueError for an unknown style or bad images.
    """
    validate.images(x)
    return x if style is None else STYLES[validate.known_name(style, STYLES, "style")](x).clamp(0, 1)


def ink(x: Tensor) -> Tensor:
    """Return the sum of the gray levels of each image: (N, 1, 28, 28) -> (N,), in pixels of full ink."""
    return x.sum((1, 2, 3))


def slant(x: Tensor) -> Tensor:
    """Return how far each image leans to the right, in pixels for each pixel up: (N, 1, 28, 28) -> (N,).

    The ink's covariance of column and row over its variance of rows, with the sign that makes right positive.
    """
    weights, rows, columns = _centred(x)
    return -(weights * rows * columns).sum((1, 2)) / (weights * rows.square()).sum((1, 2)).clamp(min=1e-6)


def size(x: Tensor) -> Tensor:
    """Return the standard deviation of the ink around its center, in pixels: (N, 1, 28, 28) -> (N,)."""
    weights, rows, columns = _centred(x)
    return (weights * (rows.square() + columns.square())).sum((1, 2)).sqrt()


# The number by which a style shows, and whether the style makes it larger (+1) or smaller (-1).
SHOWS_IN: dict[str, tuple[Callable[[Tensor], Tensor], int]] = {
    "thick": (ink, 1),
    "thin": (ink, -1),
    "leaning": (slant, 1),
    "small": (size, -1),
}


def shows(style: str, drawings: Tensor, plain: Tensor, styled: Tensor) -> Tensor:
    """Return of each drawing whether it has the style: (N, 1, 28, 28) -> (N,) bool.

    It has if its number lies on the styled side of the middle between the means of `plain` and `styled`, real images
    of the same digit without and with the style.
    """
    measure, sign = SHOWS_IN[validate.known_name(style, SHOWS_IN, "style")]
    middle = (measure(plain).mean() + measure(styled).mean()) / 2
    return sign * (measure(drawings) - middle) > 0


def _affine(x: Tensor, matrix: list[list[float]]) -> Tensor:
    """Return the images seen through a linear map of coordinates from -1 to 1, white beyond the edges."""
    theta = torch.tensor(matrix, dtype=x.dtype, device=x.device).expand(len(x), 2, 3)
    return F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)


def _centred(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the share of ink of each pixel, and its row and column from the ink's center: each (N, 28, 28)."""
    weights = x.squeeze(1) / x.sum((1, 2, 3)).clamp(min=1e-6)[:, None, None]
    steps = torch.arange(28, dtype=x.dtype, device=x.device)
    rows, columns = steps.view(1, 28, 1), steps.view(1, 1, 28)
    rows = rows - (weights * rows).sum((1, 2), keepdim=True)
    columns = columns - (weights * columns).sum((1, 2), keepdim=True)
    return weights, rows.expand_as(weights), columns.expand_as(weights)
