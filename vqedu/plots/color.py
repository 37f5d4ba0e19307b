"""Figures of notebook 10: pictures with the sentences that asked for them, and a codebook as patches of color."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np

from vqedu.plots.style import TeachingFigure, _bare, pictures, show


def sentences(
    images: np.ndarray,
    texts: Sequence[str],
    title: str,
    beside: np.ndarray | None = None,
    columns: int = 8,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw pictures (n, C, H, W) row by row, each above its text.

    beside: another n pictures, such as the nearest ones in training, each at the right of its own and half as large.
    """
    rows = -(-len(texts) // columns)
    wide = 1.2 if beside is None else 1.75
    figure = TeachingFigure(columns * wide, 0.5 + rows * 1.75, alt or f"{title}. {'; '.join(texts)}.")
    drawn, others = pictures(images), None if beside is None else pictures(beside)
    axes = figure.subplots(rows, columns, squeeze=False).flatten()
    for i, axis in enumerate(axes):
        axis.set_visible(i < len(texts))
        if i >= len(texts):
            continue
        _bare(axis)
        show(axis, drawn[i])
        axis.set_xlabel(textwrap.fill(texts[i], 15 if beside is None else 19), fontsize=9.5)
        if others is not None:
            small = axis.inset_axes((1.05, 0.0, 0.48, 0.48))
            _bare(small)
            show(small, others[i])
    figure.headline(title)
    return figure


def code_patches(patches: np.ndarray, title: str, columns: int = 32, alt: str | None = None) -> TeachingFigure:
    """Draw the patches (K, C, h, w) of a codebook's codes row by row on one sheet, with a thin line between them."""
    count, channels, height, width = patches.shape
    rows = -(-count // columns)
    tiles = np.ones((rows * columns, channels, height + 1, width + 1))
    tiles[:count, :, :height, :width] = patches
    sheet = tiles.reshape(rows, columns, channels, height + 1, width + 1).transpose(2, 0, 3, 1, 4)
    figure = TeachingFigure(10.4, 0.6 + 9.8 * rows / columns, alt or title)
    axis = figure.subplots()
    _bare(axis)
    show(axis, pictures(sheet.reshape(1, channels, rows * (height + 1), columns * (width + 1)))[0])
    figure.headline(title)
    return figure
