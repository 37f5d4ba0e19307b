"""Diagrams of the models: a row of boxes from x to x_hat, in the colors of the course."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from vqedu.palette import WORDS
from vqedu.plots.style import COLORS, TeachingFigure

Box = tuple[str, str]  # (text, role); roles are the keys of plots.COLORS

COURSE: dict[str, list[Box]] = {
    "01  Autoencoder": [
        ("$x$", "data"), ("encoder $g$", "encoder"), ("$z$", "encoder"),
        ("decoder $f$", "decoder"), (r"$\hat{x}$", "data"),
    ],
    "02–05  VAE": [
        ("$x$", "data"), ("encoder", "encoder"), ("$q(z|x)$: $\\mu, \\sigma$", "encoder"),
        ("$z = \\mu + \\sigma\\,\\varepsilon$", "encoder"), ("decoder", "decoder"), (r"$\hat{x}$", "data"),
    ],
    "06–07  VQ-VAE": [
        ("$x$", "data"), ("encoder", "encoder"), ("$z_e$", "encoder"), ("nearest code", "codebook"),
        ("$z_q$", "codebook"), ("decoder", "decoder"), (r"$\hat{x}$", "data"),
    ],
    "08–10  Image tokens": [
        ("words", "data"), ("transformer", "prior"), ("codes $k$", "codebook"),
        ("decoder / encoder", "decoder"), ("image", "data"),
    ],
}  # fmt: skip
QUESTIONS = {
    "01  Autoencoder": "Can 32 numbers describe an image?",
    "02–05  VAE": "Where must codes lie, so that a random one decodes to a digit?",
    "06–07  VQ-VAE": "Can 49 entries of a table describe an image?",
    "08–10  Image tokens": "Can one network draw what words say, and put images into words?",
}
# What enters a row from below: the place of the box that it points at, and a box of its own.
PRIORS: dict[str, tuple[int, Box]] = {"02–05  VAE": (3, ("prior $p(z) = N(0, I)$", "prior"))}
BELOW = 4.6  # by how much a row with such a box is taller than the usual 10


def course_map() -> TeachingFigure:
    """Draw the four systems of the course under one another, each with the question that it answers."""
    alt = (
        "The course in four rows, each from left to right: autoencoder, VAE with its prior, VQ-VAE, and image tokens, "
        "which run in both directions, from words to an image and back. Encoders are green, codes of a table purple, "
        "decoders blue, and what is learned or assumed about codes red-orange."
    )
    title = "Four systems, one question: how few numbers can describe an image?"
    return pipelines(COURSE, title, QUESTIONS, alt, PRIORS, two_way=("08–10  Image tokens",))


def pipelines(
    rows: Mapping[str, Sequence[Box]],
    title: str,
    questions: Mapping[str, str] | None = None,
    alt: str | None = None,
    below: Mapping[str, tuple[int, Box]] | None = None,
    two_way: Collection[str] = (),
) -> TeachingFigure:
    """Draw each row of boxes from left to right, joined by arrows, its name and its question above it.

    below: {row: (i, box)}, a box under the row that points up at its i-th box. two_way: rows read in both directions.
    """
    heights = [10 + BELOW * (name in (below or {})) for name in rows]
    figure = TeachingFigure(9.8, 0.5 + 0.125 * sum(heights), alt or title)
    figure.headline(title)
    axes = figure.subplots(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, (name, boxes), height in zip(axes, rows.items(), heights, strict=True):
        axis.set(xlim=(-0.5, 100.5), ylim=(10 - height, 10))
        axis.axis("off")
        axis.text(0, 9.6, name, fontsize=12.5, fontweight="bold", va="top")
        axis.text(100, 9.6, (questions or {}).get(name, ""), fontsize=11.5, va="top", ha="right", color="#444444")
        places = _row(axis, boxes, "<|-|>" if name in two_way else "-|>")
        if below and name in below:
            target, box = below[name]
            _box_below(axis, box, places[target])
    return figure


def _row(axis: Axes, boxes: Sequence[Box], arrow: str) -> list[float]:
    """Draw one row and return the middles of its boxes: widths follow the texts, gaps share what is left of 100."""
    widths = [_width(text) for text, _ in boxes]
    gap = (100 - sum(widths)) / (len(boxes) - 1)
    left, middles = 0.0, []
    for box, width in zip(boxes, widths, strict=True):
        _box(axis, box, left, width, 0.6, 5.6)
        if left + width < 99:
            _arrow(axis, (left + width, 3.4), (left + width + gap, 3.4), arrow)
        middles.append(left + width / 2)
        left += width + gap
    return middles


def _box_below(axis: Axes, box: Box, middle: float) -> None:
    width = _width(box[0])
    _box(axis, box, middle - width / 2, width, -4.2, 3.0)
    _arrow(axis, (middle, -1.2), (middle, 0.6), "-|>")


def _box(axis: Axes, box: Box, left: float, width: float, bottom: float, height: float) -> None:
    text, role = box
    color = COLORS[role]
    # The last two digits are the opacity: a tint, so that dark text stays readable on it.
    tint = color + ("00" if role == "data" else "26")
    shape: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.8", "mutation_aspect": 0.5, "clip_on": False}
    axis.add_patch(FancyBboxPatch((left, bottom), width, height, ec=color, fc=tint, lw=1.8, **shape))
    axis.text(left + width / 2, bottom + height / 2, text, fontsize=12.5, ha="center", va="center")


def _arrow(
    axis: Axes, start: tuple[float, float], end: tuple[float, float], style: str = "-|>", **changes: Any
) -> None:
    arrow = {"arrowstyle": style, "lw": 1.6, "color": "#444444", "shrinkA": 2, "shrinkB": 2, **changes}
    axis.annotate("", end, start, arrowprops=arrow)


def _width(text: str) -> float:
    """Return a box's width in hundredths of the row, from the number of letters that will be seen."""
    seen = text
    for command in ("\\varepsilon", "\\sigma", "\\mu", "\\hat", "\\,"):
        seen = seen.replace(command, "m")
    return 5 + 1.25 * len(seen.translate(str.maketrans("", "", "${}_")))


def quantizer_gradients(
    title: str = "Forward through a choice, backward around it: three losses and the parts they move",
) -> TeachingFigure:
    """Draw x -> z_e -> z_q -> x_hat with the codebook below, and the gradients of the three losses as arrows."""
    alt = (
        "x goes through the encoder to z_e, z_e to its nearest code z_q, z_q through the decoder to x_hat. The "
        "gradient of the reconstruction goes back to z_q, is copied to z_e past the nearest code, and goes on to the "
        "encoder. "
        "The codebook loss moves the codes to z_e, the commitment loss moves z_e to its code."
    )
    figure = TeachingFigure(9.8, 4.3, alt)
    figure.headline(title)
    axis = figure.subplots()
    axis.set(xlim=(-0.5, 100.5), ylim=(1, 43))
    axis.axis("off")
    middles = _forward(axis)
    blue: dict[str, Any] = {"color": COLORS["decoder"], "lw": 2.6}
    for start, end in (("$\\hat{x}$", "$z_q$"), ("$z_e$", "encoder $g$")):
        _arrow(axis, (middles[start], 35), (middles[end], 35), **blue)
    _arrow(axis, (middles["$z_q$"], 35), (middles["$z_e$"], 35), ls=(0, (3, 2)), **blue)
    for x, text in ((81, "gradient of the reconstruction loss"), (48, "copied, as if nothing\nhad been quantized")):
        axis.text(x, 36.2, text, ha="center", va="bottom", fontsize=12, color=COLORS["decoder"])
    _arrow(axis, (35, 20.6), (44, 11.8), color=COLORS["encoder"], lw=2.6)
    _arrow(axis, (42, 8.2), (31, 19.2), color=WORDS["codebook"], lw=2.6)
    axis.text(42, 16.8, "commitment loss:\nmoves $z_e$", fontsize=12, color=WORDS["encoder"], va="center", ha="left")
    axis.text(33, 9.2, "codebook loss:\nmoves the codes", fontsize=12, color=WORDS["codebook"], va="center", ha="right")
    return figure


def _forward(axis: Axes) -> dict[str, float]:
    """Draw the forward pass and the codebook; return the middle of each box by its text."""
    boxes = (
        *(("$x$", 0, 6, "data"), ("encoder $g$", 11, 14, "encoder"), ("$z_e$", 30, 7, "encoder")),
        *(("nearest\ncode", 42, 12, "codebook"), ("$z_q$", 59, 7, "codebook")),
        *(("decoder $f$", 71, 14, "decoder"), ("$\\hat{x}$", 94, 6, "data")),
    )
    edges = [(left, left + width) for _, left, width, _ in boxes]
    for text, left, width, role in boxes:
        _box(axis, (text, role), left, width, 21.5, 9)
    for (_, right), (left, _) in pairwise(edges):
        _arrow(axis, (right, 26), (left, 26), shrinkA=0, shrinkB=0)
    _box(axis, ("codebook: $e_1, e_2, \\ldots, e_K$", "codebook"), 43, 37, 3, 8)
    _arrow(axis, (62.5, 11), (62.5, 21.5), shrinkA=0, shrinkB=0)
    return {text: (left + right) / 2 for (text, *_), (left, right) in zip(boxes, edges, strict=True)}
