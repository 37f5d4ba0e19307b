"""Figures of codes as tokens: maps of bits over the 7 x 7 positions, bars of bits, and the intervals of a coder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from vqedu.palette import COLORS, named, tint
from vqedu.plots.style import TeachingFigure

# From white to the prior's color, light enough for black numbers.
BITS = LinearSegmentedColormap.from_list("bits", ["#FFFFFF", tint(COLORS["prior"], 0.55)])


def bit_maps(
    maps: Mapping[str, np.ndarray],
    title: str,
    highest: float | None = None,
    digits: int = 1,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw maps of bits side by side, each number written into its cell: {name: (7, 7)}.

    highest: the bits at which the color is deepest; by default the largest of all maps.
    """
    figure = TeachingFigure(0.4 + 3.6 * len(maps), 4.3, alt or title)
    top = highest or max(float(bits.max()) for bits in maps.values())
    for axis, (name, bits) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True):
        _draw_bits(axis, bits, top, digits)
        axis.set_title(name, fontsize=11.5)
        axis.set_xlabel("bits per code", fontsize=11)
    figure.headline(title)
    return figure


def surprise(images: np.ndarray, bits: np.ndarray, title: str, alt: str | None = None) -> TeachingFigure:
    """Draw images (n, 1, 28, 28) or (n, 28, 28), and below each what its codes cost: bits (n, 7, 7)."""
    n = len(images)
    figure = TeachingFigure(1.1 + 2.1 * n, 5.0, alt or title)
    grid = figure.subplots(2, n, squeeze=False)
    for column in range(n):
        axis = grid[0, column]
        axis.imshow(images[column].reshape(28, 28), cmap="gray_r", vmin=0, vmax=1)
        axis.set(xticks=[], yticks=[])
        _draw_bits(grid[1, column], bits[column], float(bits.max()), digits=0)
        grid[1, column].set_xlabel(f"{bits[column].sum():.0f} bits", fontsize=12)
    grid[0, 0].set_ylabel(r"$\hat{x}$", rotation=0, ha="right", va="center", fontsize=13)
    grid[1, 0].set_ylabel("bits\nper\ncode", rotation=0, ha="right", va="center", fontsize=11)
    figure.headline(title)
    return figure


def named_bars(
    lengths: Mapping[str, float],
    title: str,
    xlabel: str,
    colors: Mapping[str, str] | None = None,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw one bar across for each name, the first on top, its length written at its end."""
    figure = TeachingFigure(8.6, 1.3 + 0.45 * len(lengths), alt or title)
    axis = figure.subplots()
    shades = [named((colors or {}).get(name, "prior")) for name in lengths]
    drawn = axis.barh(list(lengths), list(lengths.values()), color=shades, height=0.7)
    axis.bar_label(drawn, fmt="%.0f", padding=4, fontsize=11)
    axis.invert_yaxis()
    axis.margins(x=0.1)
    axis.set_xlabel(xlabel)
    axis.tick_params(axis="y", labelsize=11, length=0)
    axis.spines[["top", "right"]].set_visible(False)
    figure.headline(title)
    return figure


def intervals(probabilities: np.ndarray, chosen: Sequence[int], title: str, alt: str | None = None) -> TeachingFigure:
    """Draw how a coder narrows its interval: one strip per code, cut by its probabilities (steps, K), the code chosen.

    Each strip is the colored part of the one above, drawn at full width from 0 to 1; dashed lines join the two. Parts
    that are wide enough bear the index of their code.
    """
    figure = TeachingFigure(8.6, 1.0 + 1.0 * len(chosen), alt or title)
    axis = figure.subplots()
    width = 1.0
    for step, (row, code) in enumerate(zip(probabilities, chosen, strict=True)):
        y, edges = -1.6 * step, np.concatenate([[0.0], np.cumsum(row)])
        shades = [COLORS["codebook"] if k == code else "#FFFFFF" for k in range(len(row))]
        axis.barh(y, row, left=edges[:-1], height=0.7, color=shades, edgecolor="#909090", lw=0.4)
        for k in np.flatnonzero((row > 0.06) | (np.arange(len(row)) == code)):
            axis.text(edges[k] + row[k] / 2, y, str(k) if row[k] > 0.03 else "", ha="center", va="center", fontsize=11)
        for end in (0, 1):
            axis.text(end, y + 0.4, str(end), ha="center", va="bottom", fontsize=10, color="#606060")
        width *= float(row[code])
        note = f"$k_{{{step + 1}}}$ = {code}: p = {row[code]:.3f}\nwidth so far {width:.2g}, {-np.log2(width):.1f} bits"
        axis.text(1.02, y, note, va="center", fontsize=11)
        if step + 1 < len(chosen):
            for edge, corner in ((edges[code], 0), (edges[code + 1], 1)):
                axis.plot([edge, corner], [y - 0.36, y - 1.24], color="#606060", lw=0.8, ls="--")
    axis.set(xlim=(-0.01, 1.45), ylim=(-1.6 * (len(chosen) - 1) - 0.6, 0.9))
    axis.axis("off")
    figure.headline(title)
    return figure


def attention_maps(
    weights: np.ndarray, on_start: np.ndarray, position: int, title: str, alt: str | None = None
) -> TeachingFigure:
    """Draw what each head looks at when it predicts the code at `position`, a row per block, a column per head.

    weights: (blocks, heads, 7, 7), the share of each earlier code; on_start: (blocks, heads), that of the start token.
    The square is the position that is predicted; what comes after it is gray, and later rows are left out.
    """
    blocks, heads = on_start.shape
    row, column = divmod(position, 7)
    figure = TeachingFigure(0.7 + 2.1 * heads, 0.42 + blocks * (0.47 + 0.25 * (row + 1)), alt or title)
    for (block, head), axis in np.ndenumerate(figure.subplots(blocks, heads, squeeze=False)):
        shown = weights[block, head, : row + 1]
        axis.imshow(shown, cmap=BITS, vmin=0, vmax=max(0.4, float(shown.max())))
        axis.add_patch(Rectangle((column - 0.5, row - 0.5), 7 - column, 1, fc="#E6E6E6", ec="none"))
        axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, ec=COLORS["codebook"], lw=2.5))
        y, x = np.unravel_index(shown.argmax(), shown.shape)
        axis.text(float(x), float(y), f"{shown.max():.0%}", ha="center", va="center", fontsize=10)
        axis.set(xticks=[], yticks=[])
        axis.set_xlabel(f"start token {on_start[block, head]:.0%}", fontsize=10)
        if block == 0:
            axis.set_title(f"head {head + 1}", fontsize=11.5)
        if head == 0:
            axis.set_ylabel(f"block {block + 1}", fontsize=11.5)
    figure.headline(title)
    return figure


def _draw_bits(axis: Axes, bits: np.ndarray, highest: float, digits: int) -> None:
    """Draw a map of bits (7, 7), each number in its cell."""
    axis.imshow(bits, cmap=BITS, vmin=0, vmax=highest)
    axis.set(xticks=[], yticks=[])
    size = 10 if digits else 11
    for (row, column), value in np.ndenumerate(bits):
        axis.text(column, row, f"{abs(value):.{digits}f}", ha="center", va="center", fontsize=size)
