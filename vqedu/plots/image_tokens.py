"""The figures of image tokens: grids, gradients, sequences. Arrays in, Figure out; nothing here runs a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from vqedu.palette import named
from vqedu.plots.plane import draw_cells
from vqedu.plots.style import COLORS, TeachingFigure


def two_tables(
    points: np.ndarray, codes: np.ndarray, bounded: np.ndarray, grid: np.ndarray, title: str
) -> TeachingFigure:
    """Draw points (n, 2) with the cells of learned codes (K, 2), and the bounded points (n, 2) on FSQ's grid (K, 2)."""
    figure = TeachingFigure(9.6, 4.9, title)
    left, right = figure.subplots(1, 2)
    dots: dict[str, Any] = {"s": 36, "color": COLORS["codebook"], "ec": "#6B2E50", "zorder": 3}
    small: dict[str, Any] = {"s": 3, "color": COLORS["encoder"], "lw": 0, "zorder": 2}
    left.scatter(*points.T, **small)
    left.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
    draw_cells(left, codes)
    left.scatter(*codes.T, **dots)
    left.set_title(f"VQ: {len(codes)} learned codes")
    right.scatter(*bounded.T, **small)
    right.scatter(*grid.T, **dots)
    for along, values in ((right.axvline, np.unique(grid[:, 0])), (right.axhline, np.unique(grid[:, 1]))):
        for between in (values[1:] + values[:-1]) / 2:
            along(between, color="#8F4A70", lw=1.2, zorder=1)
    right.set_facecolor("#F6E6EF")
    right.set(xlabel="bounded $z_1$", ylabel="bounded $z_2$")
    right.set_title(f"FSQ: a fixed grid of {len(np.unique(grid[:, 0]))} x {len(np.unique(grid[:, 1]))} codes")
    figure.headline(title)
    return figure


def two_gradients(
    z_e: np.ndarray, code: np.ndarray, at_code: np.ndarray, at_points: Mapping[str, np.ndarray], title: str
) -> TeachingFigure:
    """Draw steps against the gradient, one panel per trick: at the code (2,), and at each z_e (n, 2) its own (n, 2)."""
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
            *code, s=150, color=COLORS["codebook"], ec="#6B2E50", zorder=4, label="$z_q$, the code of all four"
        )
        axis.plot(0, 0, "+", color="black", ms=10)
        axis.set(title=name, xlabel="first number", ylabel="second number", aspect="equal")
        axis.set(xlim=(-0.3, 2.1), ylim=(-0.3, 2.1))
    axis.legend(loc="upper left", fontsize=10)
    figure.headline(title)
    return figure


def sequences(rows: Mapping[str, Sequence[str]], title: str, alt: str | None = None) -> TeachingFigure:
    """Draw sequences of tokens as boxes: marks gray, words white, image codes (those of digits alone) purple."""
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


def equal_bits(
    families: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]],
    baseline: float,
    title: str,
    colors: Mapping[str, str],
    alt: str | None = None,
) -> TeachingFigure:
    """Draw squared error against bits per image, at the left with indices of one length, at the right by entropy.

    families: family -> setting -> one run per seed, with "rate", "entropy" and "squared_error". Small marks are runs,
    lines join the means of the settings. baseline: the error without a quantizer.
    """
    figure = TeachingFigure(10.4, 4.9, alt or title)
    panels = (("rate", "bits per image, the same for every code"), ("entropy", "bits per image, entropy of the codes"))
    for axis, (kind, label) in zip(figure.subplots(1, 2, sharey=True), panels, strict=True):
        for mark, (family, found) in zip("osD^", families.items(), strict=False):
            color = named(colors[family])
            means = []
            for runs in found.values():
                bits, errors = [run[kind] for run in runs], [run["squared_error"] for run in runs]
                axis.plot(bits, errors, mark, ms=4, color=color, alpha=0.45, ls="none")
                means.append((float(np.mean(bits)), float(np.mean(errors))))
            axis.plot(*zip(*sorted(means), strict=True), color=color, marker=mark, ms=7, lw=1.8, label=family)
        axis.axhline(baseline, color="#777777", ls="--", lw=1.4, label="no quantizer")
        axis.set_xlabel(label)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("squared error per pixel")
    figure.axes[1].legend(fontsize=11)
    figure.headline(title)
    return figure


def networks(
    rows: Mapping[str, tuple[Mapping[str, tuple[str, float, float]], Sequence[tuple[str, str]]]],
    title: str,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw networks whose parts are not all in a row: {name: ({text: (role, x, y)}, arrows from text to text)}.

    x from 0 to 100 and y from 0 to 10 are the centers of the boxes.
    """
    figure = TeachingFigure(10.4, 0.5 + 2.9 * len(rows), alt or title)
    figure.headline(title)
    for axis, (name, (boxes, arrows)) in zip(
        figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True
    ):
        axis.set(xlim=(-4, 104), ylim=(-1.4, 12.4))
        axis.axis("off")
        axis.text(-3, 12.4, name, fontsize=12.5, fontweight="bold", va="top")
        drawn = {}
        for text, (role, x, y) in boxes.items():
            color = COLORS[role]
            style = {
                "boxstyle": "round,pad=0.45",
                "ec": color,
                "lw": 1.8,
                "fc": "#FFFFFF" if role == "data" else color + "26",
            }
            drawn[text] = axis.text(x, y, text, fontsize=11.5, ha="center", va="center", bbox=style, zorder=3)
        for start, end in arrows:
            arrow = {"arrowstyle": "-|>", "lw": 1.5, "color": "#444444", "patchA": drawn[start].get_bbox_patch(),
                     "patchB": drawn[end].get_bbox_patch(), "shrinkA": 1, "shrinkB": 2}  # fmt: skip
            axis.annotate("", boxes[end][1:], boxes[start][1:], arrowprops=arrow, zorder=4)
    return figure
