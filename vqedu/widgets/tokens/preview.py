"""The token explorer on paper: the codes, the odds of the next one, x_hat as far as it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from vqedu.plots import COLORS, TeachingFigure

if TYPE_CHECKING:
    from vqedu.widgets.tokens.tokens import TokenExplorer

SIDE = 7
SHOWN = 8
PURPLES = LinearSegmentedColormap.from_list("codes", ["#fbf0f6", COLORS["codebook"]])


def draw(explorer: TokenExplorer) -> TeachingFigure:
    """Return the figure of the explorer in its present state."""
    codes, bits, odds = explorer.codes(), explorer.bits(), explorer.odds()
    figure = TeachingFigure(9.8, 3.9, explorer.summary)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.1, 1, 1))
    draw_codes(left, codes, bits, float(np.log2(explorer.vqvae.codebook_size)))
    draw_odds(middle, odds, len(codes))
    draw_partly(right, explorer.picture(), len(codes))
    uniform = len(codes) * np.log2(explorer.vqvae.codebook_size)
    found = f"{len(codes)} codes drawn: {bits.sum():.0f} bits, against {uniform:.0f} if all were equally probable"
    figure.suptitle(found, fontsize=13, fontweight="bold")
    return figure


def draw_codes(axis: Axes, codes: np.ndarray, bits: np.ndarray, uniform: float) -> None:
    """Draw the codes (n,), n <= 49, in their places, the darker the more surprising."""
    values = np.full(SIDE * SIDE, np.nan)
    values[: len(bits)] = bits
    axis.imshow(values.reshape(SIDE, SIDE), cmap=PURPLES.with_extremes(bad="#efefef"), vmin=0, vmax=uniform)
    for p, code in enumerate(codes):
        axis.text(p % SIDE, p // SIDE, str(code), ha="center", va="center", fontsize=9)
    axis.set(xticks=[], yticks=[], title="codes")


def draw_odds(axis: Axes, odds: np.ndarray, place: int) -> None:
    """Draw the probabilities of the most probable codes."""
    order = np.argsort(-odds, kind="stable")[:SHOWN]
    axis.barh([str(code) for code in order], odds[order], color=COLORS["prior"])
    axis.invert_yaxis()
    which = "next code" if place < SIDE * SIDE else "last code"
    axis.set(title=f"p({which} | the codes before)", ylabel="code", xlabel="probability", xlim=(0, None))
    axis.spines[["top", "right"]].set_visible(False)


def draw_partly(axis: Axes, pixels: np.ndarray, filled: int) -> None:
    """Draw a picture (28, 28), ink dark, grey where the places have no code yet."""
    axis.imshow(pixels, cmap="gray_r", vmin=0, vmax=1, extent=(0, SIDE, SIDE, 0))
    for p in range(filled, SIDE * SIDE):
        axis.add_patch(Rectangle((p % SIDE, p // SIDE), 1, 1, color="#d9d9d9", lw=0))
    axis.set(xticks=[], yticks=[])
    axis.set_title(r"$\hat{x}$", color=COLORS["decoder"], fontweight="bold")
