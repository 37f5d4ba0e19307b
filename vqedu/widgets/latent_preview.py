"""The latent explorer on paper: x, the map, x_hat, in the arrangement of the live figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle
from matplotlib.patheffects import Normal, Stroke

from vqedu.plots import COLORS, DIGIT_COLORS, TeachingFigure

if TYPE_CHECKING:
    from vqedu.widgets.latent import LatentExplorer

SHAPE = 1.16  # width over height of the live map
HALO = [Stroke(linewidth=3, foreground="white"), Normal()]
CENTRED: dict[str, Any] = {"fontweight": "bold", "ha": "center", "va": "center"}


def draw(explorer: LatentExplorer) -> TeachingFigure:
    """Return the figure of the explorer in its present state."""
    whole = explorer.config["view"] == "all"
    figure = TeachingFigure(9.6 if whole else 7.4, 4.4, explorer.summary)
    widths = [1, 2.1, 1] if whole else [2.1, 1]
    *left, middle, right = figure.subplots(1, len(widths), width_ratios=widths)
    for axis in left:
        _picture(axis, explorer.shown(), "x", COLORS["data"])
    _map(middle, explorer, whole)
    _picture(right, explorer.picture(), r"$\hat{x} = f(z)$", COLORS["decoder"])
    figure.suptitle(explorer.config["title"], fontsize=13, fontweight="bold")
    return figure


def _picture(axis: Axes, pixels: np.ndarray, title: str, color: str) -> None:
    axis.imshow(pixels, cmap="gray_r", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, color=color, fontweight="bold")
    for spine in axis.spines.values():
        spine.set_color(color)


def _map(axis: Axes, explorer: LatentExplorer, whole: bool) -> None:
    config, state = explorer.config, explorer.state
    plane = explorer.plane
    colors = [DIGIT_COLORS[label] for label in explorer.labels]
    axis.scatter(plane.places[:, 0], plane.places[:, 1], s=5, c=colors, alpha=0.6, linewidths=0)
    for label, u, v in config["class_places"]:
        style = {**CENTRED, "fontsize": 15, "path_effects": HALO}
        axis.text(u, v, str(label), color=DIGIT_COLORS[label], **style)
    if whole:
        a, b = explorer.plane.project(np.array([state["a"], state["b"]]))
        axis.plot([a[0], b[0]], [a[1], b[1]], ":", color="black", lw=1.4)
        _mark(axis, a, "A", "black")
        _mark(axis, b, "B", "black")
    if state["prior"]:
        _prior(axis, explorer)
    _mark(axis, explorer.plane.project(np.array([state["z"]]))[0], "z", COLORS["decoder"])
    axis.set(xlabel=config["axis_labels"][0], ylabel=config["axis_labels"][1])
    _window(axis, plane.low, plane.high, equal=explorer.latent_dim > 1)
    axis.set_title("z = g(x)", color=COLORS["encoder"], fontweight="bold")


def _window(axis: Axes, low: np.ndarray, high: np.ndarray, equal: bool) -> None:
    """Show the rectangle from `low` to `high`; with equal scales one side grows to the shape of the axes."""
    size = high - low
    if equal:
        size = np.array([max(size[0], SHAPE * size[1]), max(size[1], size[0] / SHAPE)])
        axis.set_aspect("equal")
    (u, v), (w, h) = (low + high) / 2, size / 2
    axis.set(xlim=(u - w, u + w), ylim=(v - h, v + h))


def _mark(axis: Axes, place: np.ndarray, letter: str, color: str) -> None:
    style: dict[str, Any] = {**CENTRED, "color": "white", "fontsize": 10, "zorder": 6}
    disc = {"boxstyle": "circle,pad=0.25", "fc": color, "lw": 1.5, "ec": "white"}
    axis.annotate(letter, (place[0], place[1]), **style, bbox=disc)


def _prior(axis: Axes, explorer: LatentExplorer) -> None:
    centre = explorer.plane.project(np.zeros((1, explorer.latent_dim)))[0]
    outline: dict[str, Any] = {"ls": "--", "lw": 1.8, "color": COLORS["prior"], "fill": False}
    if explorer.latent_dim == 1:
        low, high = explorer.plane.low[1], explorer.plane.high[1]
        axis.add_patch(Rectangle((centre[0] - 2, low), 4, high - low, **outline))
    else:
        axis.add_patch(Circle(tuple(centre), 2, **outline))
    style: dict[str, Any] = {
        "color": COLORS["prior"],
        "fontweight": "bold",
        "ha": "center",
        "va": "bottom",
        "path_effects": HALO,
    }
    axis.annotate("N(0, I)", (centre[0], centre[1] - 1.9), **style)
