"""The figure of the codebook lab: what it has measured in, a picture out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from vqedu.plots import COLORS, TeachingFigure
from vqedu.widgets.labs.figure import axis_end, draw_digits

NOTHING = np.zeros(0)
ALIVE_FROM = 0.95  # of the codebook: below it the figure speaks of dead codes


class CodebookState(NamedTuple):
    """What the lab has measured on its test images; the last entry of each series is the newest."""

    steps: tuple[int, ...] = ()
    used: tuple[int, ...] = ()
    perplexity: tuple[float, ...] = ()
    squared_error: float = 0.0  # per pixel
    shares: np.ndarray = NOTHING  # (K,), sums to 1
    codes: np.ndarray = NOTHING  # (K, 2), on the map
    z_e: np.ndarray = NOTHING  # (n, 2), on the map
    projected: bool = True  # whether the map is a projection
    x: np.ndarray = NOTHING  # (n, 28, 28)
    x_hat: np.ndarray = NOTHING  # (n, 28, 28)


def finding(state: CodebookState) -> str:
    """Return the sentence that the figure states."""
    size, used = len(state.shares), state.used[-1]
    error = f"squared error {state.squared_error:.4f}"
    if state.steps[-1] == 0:
        return f"Not trained yet: {used} of {size} codes would be used"
    if used == 1:
        return f"Collapse: one code of {size} is at every position of every image"
    if used < ALIVE_FROM * size:
        return f"{size - used} of {size} codes are dead, {error}"
    return f"{used} of {size} codes in use, {error}"


def codebook_figure(state: CodebookState) -> TeachingFigure:
    """Return the figure of a state: codes among z_e, codes in use and perplexity over the steps, reconstructions."""
    title = finding(state)
    alt = f"{title}. Step {state.steps[-1]}, perplexity {state.perplexity[-1]:.3g}."
    figure = TeachingFigure(9.8, 4.4, alt)
    figure.set_layout_engine("none")  # fixed places: nothing jumps from one frame to the next, and it draws faster
    figure.text(0.5, 0.95, title, ha="center", va="center", fontsize=15, fontweight="bold")
    _draw_map(figure.add_axes((0.055, 0.14, 0.315, 0.70)), state)
    _draw_series(figure.add_axes((0.455, 0.50, 0.30, 0.29)), state)
    _draw_shares(figure.add_axes((0.455, 0.14, 0.30, 0.20)), state)
    draw_digits(figure.add_axes((0.80, 0.05, 0.19, 0.79)), state.x, state.x_hat)
    return figure


def _draw_map(axis: Axes, state: CodebookState) -> None:
    """Scatter z_e and codes; a code that nothing chose is a cross."""
    dead = state.shares == 0
    axis.scatter(state.z_e[:, 0], state.z_e[:, 1], s=5, color=COLORS["encoder"], alpha=0.35, lw=0, label="$z_e$")
    x, y = state.codes.T
    axis.scatter(x[~dead], y[~dead], s=26, color=COLORS["codebook"], ec="black", lw=0.6, label="code in use")
    axis.scatter(x[dead], y[dead], s=26, color=COLORS["warning"], marker="x", lw=1.4, label="dead code")
    reach = _reach(state)
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[-reach, 0, reach], yticks=[-reach, 0, reach])
    where = "two fixed directions of $z_e$" if state.projected else "the two numbers of $z_e$"
    axis.set_title(where, fontsize=12, loc="left")
    below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.05), "ncol": 3, "frameon": False}
    axis.legend(fontsize=11, handletextpad=0.1, columnspacing=0.8, markerscale=1.4, **below)


def _draw_series(axis: Axes, state: CodebookState) -> None:
    size = len(state.shares)
    axis.plot(state.steps, state.used, color=COLORS["codebook"], lw=2.5)
    axis.plot(state.steps, state.perplexity, color=COLORS["codebook"], lw=1.6, ls="--")
    axis.set(xlim=(0, axis_end(state.steps[-1])), ylim=(0, 1.06 * size), yticks=[0, size // 2, size])
    axis.set_xlabel("training step", labelpad=1)
    axis.set_title("codes in use", fontsize=12, loc="left")
    axis.text(1, 1.02, f"{state.used[-1]} of {size}", transform=axis.transAxes, ha="right", va="bottom",
              fontsize=19, fontweight="bold", color=COLORS["codebook"])  # fmt: skip
    dashed = "dashed: " if len(state.steps) > 1 else ""
    axis.text(0.98, 0.05, f"{dashed}perplexity {state.perplexity[-1]:.0f}", transform=axis.transAxes, ha="right",
              va="bottom", fontsize=11, bbox={"fc": "white", "ec": "none", "pad": 1, "alpha": 0.8})  # fmt: skip
    axis.spines[["top", "right"]].set_visible(False)


def _draw_shares(axis: Axes, state: CodebookState) -> None:
    """Draw the share of each code, most used first: one filled step curve, which draws faster than K bars."""
    shares = np.sort(state.shares)[::-1]
    edges = np.arange(len(shares) + 1)
    axis.fill_between(edges, np.append(shares, 0), step="post", color=COLORS["codebook"], lw=0)
    top = max(0.06, 1.05 * float(shares.max()))
    axis.set(xlim=(0, len(shares)), ylim=(0, top), xlabel="codes, most used first")
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_title("share of positions", fontsize=12, loc="left")
    axis.spines[["top", "right"]].set_visible(False)


def _reach(state: CodebookState) -> int:
    """Half the width of the map: a power of 2 that holds nearly all points, so that it seldom changes."""
    points = np.abs(np.concatenate([state.z_e, state.codes]))
    return int(2 ** max(1, np.ceil(np.log2(np.quantile(points, 0.995)))))
