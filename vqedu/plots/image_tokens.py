"""The figures of image tokens: grids, gradients, sequences. Arrays in, Figure out; nothing here runs a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from vqedu.plots.plane import draw_cells
from vqedu.plots.style import COLORS, TeachingFigure


def two_tables(points: np.ndarray, codes: np.ndarray, edges: Sequence[np.ndarray], title: str) -> TeachingFigure:
    """Draw points (n, 2) on two boards: the cells of learnt codes (K, 2), and the grid with `edges` along each axis."""
    figure = TeachingFigure(9.6, 4.9, title)
    left, right = figure.subplots(1, 2)
    for axis, name in (
        (left, f"VQ: {len(codes)} learnt codes"),
        (right, f"FSQ: a fixed grid of {_cells(edges)} codes"),
    ):
        axis.scatter(points[:, 0], points[:, 1], s=3, color=COLORS["encoder"], lw=0, zorder=2)
        axis.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), xlabel="$z_1$", ylabel="$z_2$", title=name, aspect="equal")
    draw_cells(left, codes)
    left.scatter(codes[:, 0], codes[:, 1], s=36, color=COLORS["codebook"], ec="#6B2E50", zorder=3)
    for along, lines in zip((right.axvline, right.axhline), edges, strict=True):
        for value in lines:
            along(value, color="#8F4A70", lw=1.2, zorder=1)
    right.set_facecolor("#F6E6EF")
    figure.headline(title)
    return figure


def two_gradients(
    z_e: np.ndarray, code: np.ndarray, at_code: np.ndarray, at_points: Mapping[str, np.ndarray], title: str
) -> TeachingFigure:
    """Draw steps against the gradient, a panel a trick: at the code (2,), and at each z_e (n, 2) its own (n, 2)."""
    figure = TeachingFigure(9.6, 4.9, title)
    style: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1, "zorder": 3}
    for axis, (name, gradients) in zip(figure.subplots(1, len(at_points)), at_points.items(), strict=True):
        axis.scatter(*z_e.T, s=26, color=COLORS["encoder"], zorder=2, label="$z_e$")
        axis.plot([0, code[0]], [0, code[1]], color="#999999", lw=1, zorder=0)
        for point in z_e:
            axis.plot([0, point[0]], [0, point[1]], color="#cccccc", lw=0.8, zorder=0)
        axis.quiver(*z_e.T, *-gradients.T, color=COLORS["decoder"], alpha=0.75, width=0.006, **style)
        axis.quiver(*code, *-at_code, color=COLORS["decoder"], width=0.014, **style)
        axis.scatter(
            *code, s=150, color=COLORS["codebook"], ec="#6B2E50", zorder=4, label="$z_q$, the code of them all"
        )
        axis.plot(0, 0, "+", color="black", ms=10)
        axis.set(title=name, xlabel="first number", ylabel="second number", aspect="equal")
        axis.set(xlim=(-0.3, 2.1), ylim=(-0.3, 2.1))
    axis.legend(loc="upper left", fontsize=10)
    figure.headline(title)
    return figure


def sequences(rows: Mapping[str, Sequence[str]], title: str, alt: str | None = None) -> TeachingFigure:
    """Draw sequences of tokens as boxes: marks grey, words white, image codes (those of digits alone) purple."""
    figure = TeachingFigure(9.8, 0.7 + 0.95 * len(rows), alt or title)
    for axis, (name, tokens) in zip(figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        _tokens(axis, name, tokens)
    figure.headline(title)
    return figure


def _tokens(axis: Axes, name: str, tokens: Sequence[str]) -> None:
    axis.set(xlim=(0, 100), ylim=(0, 10))
    axis.axis("off")
    axis.text(0, 9.4, name, fontsize=12, fontweight="bold", va="top")
    widths = [2.2 + 1.15 * max(len(token), 2) for token in tokens]
    scale = min(1.0, 100 / (sum(widths) + len(tokens) - 1))
    left = 0.0
    for token, width in zip(tokens, widths, strict=True):
        if token == "...":
            axis.text(left + width * scale / 2, 2.9, token, fontsize=13, ha="center", va="center")
            left += (width + 1) * scale
            continue
        color = COLORS["codebook"] if token.isdigit() else "#777777" if token.startswith("<") else COLORS["data"]
        tint = color + ("30" if token.isdigit() else "22" if token.startswith("<") else "00")
        box = FancyBboxPatch((left, 0.6), width * scale, 4.6, ec=color, fc=tint, lw=1.5,
                             boxstyle="round,pad=0,rounding_size=0.6", mutation_aspect=0.5)  # fmt: skip
        axis.add_patch(box)
        axis.text(left + width * scale / 2, 2.9, token, fontsize=11, ha="center", va="center")
        left += (width + 1) * scale


def _cells(edges: Sequence[np.ndarray]) -> str:
    counts = [len(lines) + 1 for lines in edges]
    return f"{counts[0]} x {counts[1]} = {counts[0] * counts[1]}"
