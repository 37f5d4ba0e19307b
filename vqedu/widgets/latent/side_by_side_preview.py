"""The side-by-side explorer on paper: x, the two maps on the same axes, the two decoded pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vqedu.plots import COLORS, TeachingFigure
from vqedu.widgets import images as latent_state
from vqedu.widgets.latent.preview import draw_map, draw_picture, draw_posterior, draw_prior, mark_z
from vqedu.widgets.latent.side_by_side import NAMES

if TYPE_CHECKING:
    from vqedu.widgets.latent.side_by_side import SideBySideExplorer


def draw(explorer: SideBySideExplorer) -> TeachingFigure:
    """Return the figure of the explorer in its present state."""
    figure = TeachingFigure(10.4, 6.2, explorer.summary)
    axes = figure.subplots(2, 3, width_ratios=[1, 2.1, 2.1], height_ratios=[2.1, 1])
    draw_picture(axes[0, 0], explorer.shown(), "x", COLORS["data"])
    axes[1, 0].set_visible(False)
    places, pictures = explorer.places(), explorer.pictures()
    for i, (space, name) in enumerate(zip(explorer.spaces, NAMES, strict=True)):
        upper, lower = axes[:, i + 1]
        draw_map(upper, space, explorer.window())
        upper.set_title(f"{name}: {upper.get_title()}", color=COLORS["encoder"], fontweight="bold")
        if space.variational and latent_state.has_picture(explorer.state):
            draw_posterior(upper, space, explorer.shown())
        if explorer.state["prior"]:
            draw_prior(upper, space)
        mark_z(upper, space, places[i])
        draw_picture(lower, pictures[i], r"$\hat{x} = f(z)$", COLORS["decoder"])
    figure.suptitle(explorer.config["title"], fontsize=13, fontweight="bold")
    return figure
