"""Maps of two-dimensional codes: one panel per digit, and a map with a close-up. Arrays in, Figure out."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from vqedu.plots.style import COLORS, DIGIT_COLORS, TeachingFigure, scatter_codes, write_numerals

REST = "#D9D9D9"  # of the codes of all other digits
SHOWN = 0.98  # the share of the codes, in each coordinate, that a whole map shows


def class_maps(codes: np.ndarray, digits: np.ndarray, title: str, alt: str | None = None) -> TeachingFigure:
    """Draw codes (n, 2) once per digit (n,): those of the digit green, all others gray, on the same axes."""
    classes = np.unique(digits)
    columns = (len(classes) + 1) // 2
    figure = TeachingFigure(9.8, 4.7, alt or title)
    panels = figure.subplots(2, columns, sharex=True, sharey=True, squeeze=False)
    low, high = _window(codes)
    for axis, digit in zip(panels.flat, classes, strict=False):
        own = digits == digit
        axis.scatter(*codes[~own].T, s=3, color=REST, lw=0, rasterized=True)
        axis.scatter(*codes[own].T, s=6, color=COLORS["encoder"], lw=0)
        axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        axis.set_title(f"the {digit}s", fontsize=12, fontweight="bold")
        axis.tick_params(labelsize=10)
    for axis in panels.flat[len(classes) :]:
        axis.set_visible(False)
    for axis in panels[-1]:
        axis.set_xlabel("$z_1$", fontsize=12)
    for axis in panels[:, 0]:
        axis.set_ylabel("$z_2$", fontsize=12)
    figure.headline(title)
    return figure


def map_and_closeup(
    codes: np.ndarray,
    digits: np.ndarray,
    closeup: tuple[float, float, float, float],
    title: str,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw codes (n, 2) colored by digit (n,), and beside them the rectangle `closeup` = (x0, x1, y0, y1) enlarged.

    In the close-up only the digits with most of their codes inside get a numeral.
    """
    x0, x1, y0, y1 = closeup
    figure = TeachingFigure(10.4, 5.2, alt or title)
    whole, near = figure.subplots(1, 2)
    low, high = _window(codes)
    inside = (codes[:, 0] > x0) & (codes[:, 0] < x1) & (codes[:, 1] > y0) & (codes[:, 1] < y1)
    whole.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    near.set(xlim=(x0, x1), ylim=(y0, y1))
    scatter_codes(whole, codes, digits, size=8)
    near.scatter(*codes.T, c=digits, cmap=ListedColormap(DIGIT_COLORS), s=16, vmin=0, vmax=9, lw=0)
    at_home = [int(digit) for digit in np.unique(digits) if inside[digits == digit].mean() > 0.5]
    if at_home:
        write_numerals(near, {digit: np.median(codes[digits == digit], axis=0) for digit in at_home})
    whole.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, ec="black", lw=1.8, zorder=5))
    whole.set_title(f"codes of {len(codes):,} test images", fontsize=12)
    near.set_title(f"close-up of the box: {inside.mean():.0%} of the codes", fontsize=12)
    for axis in (whole, near):
        axis.set_xlabel("$z_1$", fontsize=12)
        axis.set_ylabel("$z_2$", fontsize=12)
    figure.headline(title)
    return figure


def _window(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the rectangle that contains SHOWN of the codes in each coordinate, and a margin."""
    low, high = (np.quantile(codes, share, axis=0) for share in ((1 - SHOWN) / 2, (1 + SHOWN) / 2))
    margin = 0.05 * (high - low)
    return low - margin, high + margin
