"""The latent explorer on paper: x, the map, x_hat, in the arrangement of the live figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle
from matplotlib.patches import Ellipse as EllipsePatch
from matplotlib.patheffects import Normal, Stroke

from vqedu.plots import COLORS, DIGIT_COLORS, TeachingFigure, write_numerals
from vqedu.widgets import images as latent_state
from vqedu.widgets.latent.space import LatentSpace

if TYPE_CHECKING:
    from vqedu.widgets.latent.latent import LatentExplorer

SHAPE = 1.16  # width over height of the live map
HALO = [Stroke(linewidth=3, foreground="white"), Normal()]
CENTRED: dict[str, Any] = {"fontweight": "bold", "ha": "center", "va": "center"}


def draw(explorer: LatentExplorer) -> TeachingFigure:
    """Return the figure of the explorer in its present state."""
    state, space = explorer.state, explorer.space
    whole = explorer.config["view"] == "all"
    figure = TeachingFigure(9.6 if whole else 7.4, 4.4, explorer.summary)
    widths = [1, 2.1, 1] if whole else [2.1, 1]
    *left, middle, right = figure.subplots(1, len(widths), width_ratios=widths)
    for axis in left:
        draw_picture(axis, explorer.shown(), "x", COLORS["data"])
    draw_map(middle, space)
    if whole:
        _walk(middle, space, state)
        if space.variational and latent_state.has_picture(state):
            draw_posterior(middle, space, explorer.shown())
    if state["prior"]:
        draw_prior(middle, space)
    mark_z(middle, space, state["z"])
    draw_picture(right, explorer.picture(), r"$\hat{x} = f(z)$", COLORS["decoder"])
    figure.suptitle(explorer.config["title"], fontsize=13, fontweight="bold")
    return figure


def draw_picture(axis: Axes, pixels: np.ndarray, title: str, color: str) -> None:
    """Draw a picture (28, 28), ink dark, under its title."""
    axis.imshow(pixels, cmap="gray_r", vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, color=color, fontweight="bold")
    for spine in axis.spines.values():
        spine.set_color(color)


def draw_map(axis: Axes, space: LatentSpace, window: tuple[np.ndarray, np.ndarray] | None = None) -> None:
    """Draw the codes by class, in the rectangle `window` = (low, high) or the map's own."""
    config, plane = space.config(), space.plane
    low, high = window or (plane.low, plane.high)
    colors = [DIGIT_COLORS[label] for label in space.labels]
    axis.scatter(plane.places[:, 0], plane.places[:, 1], s=5, c=colors, alpha=0.6, linewidths=0)
    axis.set(xlabel=config["axis_labels"][0], ylabel=config["axis_labels"][1])
    _window(axis, low, high, equal=space.latent_dim > 1)
    inside = {label: np.array([u, v]) for label, u, v in config["class_places"] if _within((u, v), low, high)}
    write_numerals(axis, inside)
    title = "q(z|x) = N(μ, σ²)" if space.variational else "z = g(x)"
    axis.set_title(title, color=COLORS["encoder"], fontweight="bold")


def _within(place: tuple[float, float], low: np.ndarray, high: np.ndarray) -> bool:
    return bool((low <= place).all() and (place <= high).all())


def draw_posterior(axis: Axes, space: LatentSpace, x: np.ndarray) -> None:
    """Draw the ellipses of one and two sigma of q(z|x)."""
    centre, half_axes, angle = space.posterior(x).ellipse
    for sigmas in (2, 1):
        size = 2 * sigmas * half_axes
        style = {"fc": (0, 0.62, 0.45, 0.2), "ec": COLORS["encoder"], "lw": 3 - sigmas, "zorder": 7}
        axis.add_patch(EllipsePatch(tuple(centre), size[0], max(size[1], 0.02), angle=np.degrees(angle), **style))
    axis.plot(*centre, "+", color=COLORS["encoder"], ms=11, mew=2, zorder=7)


def _walk(axis: Axes, space: LatentSpace, state: Mapping[str, Any]) -> None:
    a, b = space.plane.project(np.array([state["a"], state["b"]]))
    axis.plot([a[0], b[0]], [a[1], b[1]], ":", color="black", lw=1.4)
    _mark(axis, space, state["a"], "A", "black", (-5, -5))
    _mark(axis, space, state["b"], "B", "black", (-5, -5))


def _window(axis: Axes, low: np.ndarray, high: np.ndarray, equal: bool) -> None:
    """Show the rectangle from `low` to `high`; with equal scales one side grows to the shape of the axes."""
    size = high - low
    if equal:
        size = np.array([max(size[0], SHAPE * size[1]), max(size[1], size[0] / SHAPE)])
        axis.set_aspect("equal")
    (u, v), (w, h) = (low + high) / 2, size / 2
    axis.set(xlim=(u - w, u + w), ylim=(v - h, v + h))


def mark_z(axis: Axes, space: LatentSpace, z: Any) -> None:
    """Mark z on the map."""
    _mark(axis, space, z, "z", COLORS["decoder"], (6, 5))


def _mark(axis: Axes, space: LatentSpace, point: Any, letter: str, color: str, offset: tuple[int, int]) -> None:
    """Mark a point with a disc that holds its letter; a VAE's with a small dot, which leaves the ellipse in view."""
    place = space.plane.project(np.array([point]))[0]
    if not space.variational:
        disc = {"boxstyle": "circle,pad=0.25", "fc": color, "lw": 1.5, "ec": "white"}
        axis.annotate(letter, tuple(place), **CENTRED, color="white", fontsize=10, zorder=6, bbox=disc)
        return
    axis.plot(*place, "o", color=color, ms=6, mec="white", zorder=8)
    style: dict[str, Any] = {**CENTRED, "color": color, "fontsize": 13, "path_effects": HALO, "zorder": 8}
    axis.annotate(letter, tuple(place), (2 * offset[0], 2 * offset[1]), textcoords="offset points", **style)


def draw_prior(axis: Axes, space: LatentSpace) -> None:
    """Draw N(0, I): the circle of radius 2, a band where the code is 1-D."""
    centre = space.plane.project(np.zeros((1, space.latent_dim)))[0]
    outline: dict[str, Any] = {"ls": "--", "lw": 1.8, "color": COLORS["prior"], "fill": False}
    if space.latent_dim == 1:
        low, high = space.plane.low[1], space.plane.high[1]
        axis.add_patch(Rectangle((centre[0] - 2, low), 4, high - low, **outline))
    else:
        axis.add_patch(Circle(tuple(centre), 2, **outline))
    style: dict[str, Any] = {
        "color": COLORS["prior"],
        "fontweight": "bold",
        "ha": "center",
        "va": "bottom",
        "zorder": 5,
        "path_effects": HALO,
    }
    axis.annotate("N(0, I)", (centre[0], centre[1] - 1.9), **style)
