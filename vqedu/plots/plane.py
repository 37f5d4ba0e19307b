"""The figures of vector quantization in the plane: arrays in, Figure out. Nothing here runs a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon

from vqedu.plots.style import COLORS, TeachingFigure

LIMIT = 3.2  # the boards show the square from -LIMIT to LIMIT; every point of the lesson lies inside it
TINT = 0.18  # of every cell alike, as in quantization/board.js: shades would look like a density
EDGE = "#8F4A70"


def codebooks(
    points: np.ndarray,
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str,
    lines: bool = True,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw points (n, 2), codes and their cells, a panel a codebook: {name: (codes (K, 2), indices (n,))}.

    lines: join each point to the code of its index.
    """
    width = min(4.3 * len(panels) + 1.3, 10.5)
    figure = TeachingFigure(width, min(width / len(panels), 5.0) + 0.4, alt or title)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (name, (codes, indices)) in zip(axes, panels.items(), strict=True):
        _board(axis, name)
        draw_cells(axis, codes)
        if lines:
            pairs = np.stack([points, codes[indices]], 1)  # (n, 2 ends, 2)
            axis.add_collection(LineCollection(list(pairs), colors=COLORS["encoder"], lw=0.5, alpha=0.5))
        axis.scatter(
            points[:, 0], points[:, 1], s=5 if len(points) < 1000 else 2, color=COLORS["encoder"], lw=0, zorder=2
        )
        draw_codes(axis, codes, np.bincount(indices, minlength=len(codes)))
    figure.headline(title)
    return figure


def draw_cells(axis: Axes, codes: np.ndarray) -> None:
    """Fill the Voronoi cells of codes (K, 2) with a tint of the codebook's color."""
    for polygon in cells(codes):
        if len(polygon):
            axis.add_patch(Polygon(polygon, fc=COLORS["codebook"], ec="none", alpha=TINT, zorder=0))
            axis.add_patch(Polygon(polygon, fc="none", ec=EDGE, lw=0.8, zorder=1))


def draw_codes(axis: Axes, codes: np.ndarray, counts: np.ndarray) -> None:
    """Write the number of each code at its place, or at the edge on the way to it; gray where no point chose it."""
    for k, code in enumerate(codes):
        reach = np.abs(code).max()
        x, y = code if reach <= LIMIT else code * 0.92 * LIMIT / reach
        style = {"fc": COLORS["codebook"], "ec": "#6B2E50"} if counts[k] else {"fc": "#d9d9d9", "ec": "#767676"}
        axis.text(x, y, str(k), ha="center", va="center", fontsize=9, fontweight="bold", zorder=4,
                  bbox={"boxstyle": "circle,pad=0.2", "lw": 1.5, **style})  # fmt: skip


def straight_through(
    z_e: np.ndarray,
    codes: np.ndarray,
    indices: np.ndarray,
    at_codes: np.ndarray,
    at_points: np.ndarray,
    title: str,
    target: np.ndarray | None = None,
) -> TeachingFigure:
    """Draw steps against the gradients: at each code one (K, 2), at each point z_e (n, 2) the one it received (n, 2).

    The arrows are a fifth as long as minus the gradient, which keeps them on the board. target: where the toy decoder
    would like the code to be (2,), drawn as the explorer draws it.
    """
    figure = TeachingFigure(6.4, 5.4, title)
    axis = figure.subplots()
    _board(axis, "")
    draw_cells(axis, codes)
    axis.scatter(z_e[:, 0], z_e[:, 1], s=6, color=COLORS["encoder"], lw=0, zorder=2)
    arrows: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1, "color": COLORS["decoder"]}
    axis.quiver(*z_e.T, *(-0.2 * at_points.T), width=0.003, alpha=0.55, zorder=3, **arrows)
    used = np.unique(indices)
    axis.quiver(*codes[used].T, *(-0.2 * at_codes[used].T), width=0.009, zorder=3, **arrows)
    draw_codes(axis, codes, np.bincount(indices, minlength=len(codes)))
    if target is not None:
        x, y = target
        axis.scatter(x, y, s=260, marker="D", color=COLORS["decoder"], zorder=5)
        axis.text(x, y, "t", color="white", fontsize=11, fontweight="bold", ha="center", va="center", zorder=6)
    figure.headline(title)
    return figure


def _board(axis: Axes, name: str) -> None:
    axis.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xlabel="$z_1$", ylabel="$z_2$", title=name, aspect="equal")


def cells(codes: np.ndarray, limit: float = LIMIT) -> list[np.ndarray]:
    """Return the Voronoi cell of each code within the square from -limit to limit: K polygons (m, 2), m = 0 if empty.

    The points nearer to code k than to code j are those on k's side of the line halfway between the two, so a cell is
    the square, cut once by each other code. Of equal codes the first has the cell, as ties go to the lowest index.
    """
    square = np.array([[-limit, -limit], [limit, -limit], [limit, limit], [-limit, limit]], dtype=float)
    polygons = []
    for k, code in enumerate(codes):
        polygon = square
        for j, other in enumerate(codes):
            if j == k:
                continue
            if (other == code).all():
                polygon = polygon if k < j else polygon[:0]
            else:
                polygon = _cut(polygon, other - code, (other @ other - code @ code) / 2)
        polygons.append(polygon)
    return polygons


def _cut(polygon: np.ndarray, normal: np.ndarray, level: float) -> np.ndarray:
    """Return the part of a convex polygon where normal . x <= level (Sutherland and Hodgman 1974)."""
    kept = []
    beyond = polygon @ normal - level  # (m,)
    for i in range(len(polygon)):
        a, b = beyond[i - 1], beyond[i]
        if (a > 0) != (b > 0):
            kept.append(polygon[i - 1] + a / (a - b) * (polygon[i] - polygon[i - 1]))
        if b <= 0:
            kept.append(polygon[i])
    return np.array(kept).reshape(-1, 2)
