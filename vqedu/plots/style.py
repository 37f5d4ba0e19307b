"""The one figure style of the course: arrays in, Figure out. Nothing here runs a model."""

from __future__ import annotations

import base64
import io
import textwrap
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vqedu.palette import COLORS, named

# Ten classes, found by a search that keeps them apart from one another, and from the colors above that marks on a map
# have, for full and for reduced color vision. Ten stay hard to tell, so each class also carries its numeral, and
# classes that lie side by side on a map (4, 7 and 9; 3, 5 and 8; 2 and 6) have colors that are far apart.
DIGIT_COLORS = (
    "#854173", "#4A0C51", "#DDD440", "#1B1994", "#625A03", "#7C8DB8", "#72BF8B", "#A3DCE1", "#6F0D09", "#C0A1F8",
)  # fmt: skip
DOTS_PER_INCH = 160
LETTERS_PER_INCH = 9  # of a bold title at 13 points


class TeachingFigure(Figure):
    """A matplotlib Figure that shows itself as a PNG with an alt text, and as one line of text that never varies."""

    def __init__(self, width: float, height: float, alt: str) -> None:
        super().__init__(figsize=(width, height), layout="constrained", facecolor="white")
        FigureCanvasAgg(self)
        self.alt = alt

    def headline(self, title: str) -> None:
        """Set the title over the whole figure, broken into lines of like length that fit its width."""
        letters = int(self.get_size_inches()[0] * LETTERS_PER_INCH)
        count = len(textwrap.wrap(title, letters))
        width = next(w for w in range(len(title) // count, letters + 1) if len(textwrap.wrap(title, w)) == count)
        self.suptitle(textwrap.fill(title, width), fontsize=13, fontweight="bold")

    def png(self) -> bytes:
        """Return the figure as a PNG of 160 dots an inch."""
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            # A busy machine takes a second to find the best place, and a warning would become an output of the cell.
            warnings.filterwarnings("ignore", "Creating legend")
            # Without the fixed metadata the file would name the version of matplotlib, and differ between machines.
            self.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        return buffer.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": base64.b64encode(self.png()).decode(), "text/plain": f"Figure: {self.alt}"}
        inches = self.get_size_inches()
        size = {"width": round(inches[0] * 100), "height": round(inches[1] * 100)}
        return data, {"image/png": {"alt": self.alt, **size}}


def image_grid(
    rows: Mapping[str, np.ndarray],
    title: str,
    columns: Sequence[str] = (),
    alt: str | None = None,
    size: float = 0.85,
) -> TeachingFigure:
    """Draw rows of images, each row with its name at the left: {name: (n, 1, 28, 28) or (n, 28, 28)}, ink dark.

    Images in color, (n, 3, H, W) with values from 0 to 1, are drawn as they are.

    columns: one heading a column. size: inches an image.
    """
    arrays = {name: pictures(images) for name, images in rows.items()}
    n = max(len(images) for images in arrays.values())
    figure = TeachingFigure(1.5 + n * size, 0.55 + len(rows) * (size + 0.06) + 0.22 * bool(columns), alt or title)
    axes = figure.subplots(len(rows), n, squeeze=False)
    for (name, images), line in zip(arrays.items(), axes, strict=True):
        for column, axis in enumerate(line):
            _bare(axis)
            axis.set_visible(column < len(images))
            if column < len(images):
                show(axis, images[column])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=11, labelpad=8)
    for axis, heading in zip(axes[0], columns, strict=False):
        axis.set_title(heading, fontsize=10)
    figure.headline(title)
    return figure


def latent_maps(
    maps: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str,
    prior_circle: bool = False,
    limit: float | Sequence[float] | None = None,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw 2-D codes colored by digit, a panel a model: {name: (codes (n, 2), digits (n,))}.

    prior_circle: add the circle of radius 2 that holds 86% of N(0, I). limit: axes from -limit to limit, in all panels
    or one limit for each; a wider panel then shows the frame of a narrower one as a square.
    """
    limits = list(limit) if isinstance(limit, Sequence) else [limit] * len(maps)
    figure = TeachingFigure(5.0 * len(maps) + 0.6, 5.2, alt or title)
    panels = figure.subplots(1, len(maps), squeeze=False)[0]
    for axis, (name, (codes, digits)), own in zip(panels, maps.items(), limits, strict=True):
        if own:
            axis.set(xlim=(-own, own), ylim=(-own, own))
            for other in {wide for wide in limits if wide and wide < own}:
                axis.add_patch(Rectangle((-other, -other), 2 * other, 2 * other, fill=False, ec="#555555", lw=1.2))
        axis.set_aspect("equal", adjustable="datalim" if own is None else "box")
        scatter_codes(axis, codes, digits)
        if prior_circle:
            add_prior_circle(axis)
        axis.set(xlabel="$z_1$", ylabel="$z_2$", title=name)
    if prior_circle:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", fontsize=11, frameon=False)
    figure.headline(title)
    return figure


def scatter_codes(axis: Axes, codes: np.ndarray, digits: np.ndarray, size: float = 4) -> None:
    """Scatter codes (n, 2) colored by digit (n,), and write each numeral near the median of its codes.

    Limits and aspect should be set before: they decide how far apart the numerals have to stand.
    """
    axis.scatter(codes[:, 0], codes[:, 1], c=digits, cmap=ListedColormap(DIGIT_COLORS), s=size, vmin=0, vmax=9, lw=0)
    write_numerals(axis, {int(digit): np.median(codes[digits == digit], axis=0) for digit in np.unique(digits)})


def write_numerals(axis: Axes, places: Mapping[int, np.ndarray], gap: float = 17) -> None:
    """Write each class's numeral at its place {digit: (x, y)}, moved until none are closer than `gap` points."""
    axis.apply_aspect()
    pixels = axis.transData.transform(np.array(list(places.values())))
    apart = spread(pixels, gap * axis.figure.dpi / 72)
    for digit, (x, y) in zip(places, axis.transData.inverted().transform(apart), strict=True):
        box = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": DIGIT_COLORS[digit], "lw": 2}
        axis.text(
            x, y, str(digit), ha="center", va="center", fontsize=11, fontweight="bold", bbox=box, zorder=4, clip_on=True
        )


def spread(points: np.ndarray, gap: float, rounds: int = 200) -> np.ndarray:
    """Return points (n, 2) pushed apart until no two are closer than `gap`, or `rounds` are over."""
    placed = np.array(points, dtype=float)
    # Points that coincide need a direction to leave in: each one its own, too short to see.
    placed += 1e-6 * gap * np.column_stack([np.cos(np.arange(len(placed))), np.sin(np.arange(len(placed)))])
    for _ in range(rounds):
        between = placed[:, None] - placed[None]  # (n, n, 2)
        distance = np.linalg.norm(between, axis=2) + gap * np.eye(len(placed))
        lacking = np.maximum(gap * 1.001 - distance, 0)
        if not (distance < gap).any():
            break
        placed += (between * (lacking / distance / 2)[..., None]).sum(1)
    return placed


def add_prior_circle(axis: Axes, radius: float = 2.0) -> None:
    """Draw the circle around the origin that holds 1 - exp(-radius^2 / 2) of a 2-D standard normal."""
    angle = np.linspace(0, 2 * np.pi, 200)
    share = 1 - np.exp(-(radius**2) / 2)
    label = f"$N(0, I)$: {share:.0%} of draws fall inside"
    axis.plot(radius * np.cos(angle), radius * np.sin(angle), "--", color=COLORS["prior"], lw=2, label=label)


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str,
    xlabel: str,
    ylabel: str,
    colors: Mapping[str, str] | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
    marker: str = "",
    dashed: Collection[str] = (),
    notes: Mapping[str, tuple[float, float]] | None = None,
    alt: str | None = None,
    **axes: Any,
) -> TeachingFigure:
    """Draw named curves {name: (x, y)} in one panel; `colors` maps a name to a color, or to its name in the palette.

    dashed: names of the curves drawn dashed and without markers. notes: texts beside points, {text: (x, y)}.
    axes: further settings of the matplotlib Axes, such as xlim=(low, high).
    """
    figure = TeachingFigure(7.5, 4.2, alt or title)
    axis = figure.subplots()
    for name, (x, y) in curves.items():
        style: dict[str, Any] = {"ls": "--", "lw": 1.2} if name in dashed else {"marker": marker, "lw": 2}
        axis.plot(x, y, label=name, color=named((colors or {}).get(name)), **style)
    axis.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale, **axes)
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.margins(0.08 if notes else 0.05)
    for text, point in (notes or {}).items():
        axis.annotate(text, point, xytext=(7, 5), textcoords="offset points", fontsize=11)
    if len(curves) > 1:
        axis.legend(fontsize=10)
    figure.headline(title)
    return figure


def bars(
    heights: np.ndarray, title: str, xlabel: str, ylabel: str, color: str = COLORS["prior"], alt: str | None = None
) -> TeachingFigure:
    """Draw heights (n,) as bars numbered from 1."""
    figure = TeachingFigure(7.5, 3.4, alt or title)
    axis = figure.subplots()
    axis.bar(np.arange(1, len(heights) + 1), heights, color=color)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.spines[["top", "right"]].set_visible(False)
    figure.headline(title)
    return figure


def histograms(
    samples: Mapping[str, np.ndarray],
    title: str,
    xlabel: str,
    colors: Mapping[str, str] | None = None,
    mark: tuple[str, float] | None = None,
    alt: str | None = None,
) -> TeachingFigure:
    """Draw named samples {name: (n,)} as histograms on shared bins; `mark` (name, value) is a vertical line."""
    figure = TeachingFigure(7.5, 3.6, alt or title)
    axis = figure.subplots()
    bins = np.histogram_bin_edges(np.concatenate(list(samples.values())), bins=60)
    for name, values in samples.items():
        style: dict[str, Any] = {"color": named((colors or {}).get(name)), "label": name}
        axis.hist(values, bins=list(bins), density=True, histtype="stepfilled", alpha=0.45, **style)
    if mark:
        axis.axvline(mark[1], color=COLORS["data"], ls="--")
        axis.annotate(f"${mark[0]}$", (mark[1], 0.94), xycoords=("data", "axes fraction"), xytext=(5, 0),
                      textcoords="offset points", fontsize=12)  # fmt: skip
    axis.set(xlabel=xlabel, ylabel="density", yticks=[])
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(fontsize=10)
    figure.headline(title)
    return figure


def show(axis: Axes, picture: np.ndarray) -> None:
    """Draw one picture of `pictures`: (H, W) in gray with dark ink, (H, W, 3) in its colors."""
    if picture.ndim == 3:
        axis.imshow(np.clip(picture, 0, 1))
    else:
        axis.imshow(picture, cmap="gray_r", vmin=0, vmax=1)


def pictures(images: np.ndarray) -> np.ndarray:
    """Return images as matplotlib draws them: (n, 1, H, W) as (n, H, W), and in color (n, 3, H, W) as (n, H, W, 3)."""
    array = np.asarray(images)
    if array.ndim == 4 and array.shape[1] == 3:
        return np.moveaxis(array, 1, -1)
    return array.reshape(-1, *array.shape[-2:])


def _bare(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(color="#b8b8b8", linewidth=0.8)


def decoded_plane(
    images: np.ndarray, coordinates: Sequence[float], title: str, alt: str | None = None
) -> TeachingFigure:
    """Draw images (n, n, 28, 28) decoded on a grid of z: columns by z_1, rows by z_2 upward, ink dark.

    coordinates: the n values that z_1 and z_2 take on the grid; every third is written at both axes.
    """
    count = len(coordinates)
    sheet = np.asarray(images)[::-1].swapaxes(1, 2).reshape(28 * count, 28 * count)  # the largest z_2 on top
    sheet = np.round(sheet * 15) / 15  # sixteen gray levels: no eye sees it, and the file is half as large
    figure = TeachingFigure(6.6, 6.8, alt or title)
    axis = figure.subplots()
    axis.imshow(sheet, cmap="gray_r", vmin=0, vmax=1)
    places = [(28 * (i + 0.5), f"{coordinates[i]:.2f}") for i in range(0, count, 3)]
    axis.set_xticks([place for place, _ in places], [text for _, text in places])
    axis.set_yticks([28 * count - place for place, _ in places], [text for _, text in places])
    axis.set(xlabel="$z_1$", ylabel="$z_2$")
    axis.tick_params(labelsize=11)
    figure.headline(title)
    return figure
