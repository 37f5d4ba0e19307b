"""What the figures of the labs share: digits beside their reconstructions, and a step axis that seldom changes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes


def draw_digits(axis: Axes, x: np.ndarray, x_hat: np.ndarray) -> None:
    """Draw x in the left column, x_hat in the right one, each (n, 28, 28).

    It is one picture, which draws faster than 2n of them.
    """
    pairs = [np.hstack([_framed(image) for image in pair]) for pair in zip(x, x_hat, strict=True)]
    axis.imshow(np.vstack(pairs), cmap="gray_r", vmin=0, vmax=1)
    axis.axis("off")
    for place, name in ((0.25, "x"), (0.75, r"$\hat{x}$")):
        axis.text(place, 1.01, name, transform=axis.transAxes, ha="center", va="bottom", fontsize=14)


def axis_end(step: int) -> int:
    """Return the last step that an axis shows: a round number, so that the axis seldom changes."""
    return max(200, -(-step // 200) * 200)


def _framed(image: np.ndarray) -> np.ndarray:
    """An image in a thin gray frame on white paper: (28, 28) -> (32, 32)."""
    return np.pad(np.pad(image, 1, constant_values=0.25), 1)
