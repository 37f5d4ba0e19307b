"""The codebook explorer on paper: x, its code map, x_hat, and the usage of the codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from vqedu.plots import COLORS, TeachingFigure
from vqedu.widgets.codebook.codes import CodeSpace, Window, influence, receptive_field
from vqedu.widgets.latent.preview import CENTRED, draw_picture

if TYPE_CHECKING:
    from vqedu.widgets.codebook.codebook import CodebookExplorer

HALO = [Stroke(linewidth=3, foreground="white"), Normal()]
INK = "#6B2450"  # the purple of codes, dark enough to be read as text


def draw(explorer: CodebookExplorer) -> TeachingFigure:
    """Return the figure of the explorer in its present state."""
    space, cell = explorer.space, explorer.state["cell"]
    figure = TeachingFigure(9.6, 6.0, explorer.summary)
    left, middle, right, usage = _axes(figure)
    draw_picture(left, explorer.shown(), "x", COLORS["data"])
    mark(left, receptive_field(space.model.encoder), cell, COLORS["encoder"])
    draw_map(middle, space, explorer.code_map().numpy(), cell)
    draw_picture(right, explorer.picture(), r"$\hat{x} = f(z_q)$", COLORS["decoder"])
    mark(right, influence(space.model.decoder), cell, COLORS["decoder"])
    draw_usage(usage, space)
    figure.suptitle(explorer.config["title"], fontsize=13, fontweight="bold")
    return figure


def _axes(figure: TeachingFigure) -> list[Axes]:
    """Return the three axes of the upper row, and the one below them."""
    halves: Any = figure.subfigures(2, 1, height_ratios=(2.2, 1))
    top, bottom = halves
    return [*top.subplots(1, 3, width_ratios=(1, 1.6, 1)), bottom.subplots()]


def mark(axis: Axes, window: Window, cell: int, color: str) -> None:
    """Draw the window of a cell on a picture."""
    rows, columns = window.slices(cell)
    size = columns.stop - columns.start, rows.stop - rows.start
    axis.add_patch(Rectangle((columns.start - 0.5, rows.start - 0.5), *size, fill=False, ec=color, lw=2.5))


def draw_map(axis: Axes, space: CodeSpace, indices: np.ndarray, cell: int) -> None:
    """Draw a code map (7, 7): in each cell what its code draws on its own 4 x 4 pixels, and its index."""
    own = space.strokes[indices].numpy()[:, :, 4:8, 4:8]  # (7, 7, 12, 12) -> (7, 7, 4, 4)
    mosaic = own.swapaxes(1, 2).reshape(28, 28)
    axis.imshow(mosaic, cmap="gray_r", vmin=0, vmax=1, extent=(0, 7, 7, 0), interpolation="nearest")
    for (row, column), code in np.ndenumerate(indices):
        axis.text(column + 0.5, row + 0.5, str(code), color=INK, path_effects=HALO, fontsize=11, **CENTRED)
    axis.set(xlim=(0, 7), ylim=(7, 0), xticks=range(8), yticks=range(8), xticklabels=[], yticklabels=[])
    axis.grid(color=COLORS["codebook"], lw=0.8)
    axis.tick_params(length=0)
    row, column = divmod(cell, 7)
    axis.add_patch(Rectangle((column, row), 1, 1, fill=False, ec="black", lw=3, zorder=5))
    axis.set_title("code map, 7 × 7 indices", color=INK, fontweight="bold")


def draw_usage(axis: Axes, space: CodeSpace) -> None:
    """Draw the share of each code, the most used first, on a logarithmic scale."""
    counts = space.counts.sort(descending=True).values.numpy()
    shares = counts / counts.sum()
    axis.bar(np.arange(len(shares)), 100 * shares, width=0.9, color=COLORS["codebook"])
    uniform = 100 / len(shares)
    axis.axhline(uniform, color=COLORS["prior"], ls="--", label=f"uniform prior 1/K = {uniform:.2f}%")
    entropy = -np.sum(shares[shares > 0] * np.log(shares[shares > 0]))
    used = f"{(counts > 0).sum()} of {len(counts)} codes used, perplexity {np.exp(entropy):.1f}"
    axis.set(yscale="log", xlabel="codes, the most used first", ylabel="share of the cells, %", title=used)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.margins(x=0.01)
    axis.legend(fontsize=10)
