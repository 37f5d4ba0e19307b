"""Diagrams of the models: a row of boxes from x to x_hat, in the colours of the course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from vqedu.plots.style import COLORS, TeachingFigure

Box = tuple[str, str]  # (text, role); roles are the keys of plots.COLORS

COURSE: dict[str, list[Box]] = {
    "1  Autoencoder": [
        ("$x$", "data"), ("encoder $g$", "encoder"), ("$z$", "encoder"),
        ("decoder $f$", "decoder"), (r"$\hat{x}$", "data"),
    ],
    "2-4  VAE": [
        ("$x$", "data"), ("encoder", "encoder"), ("$q(z|x)$: $\\mu, \\sigma$", "encoder"),
        ("$z = \\mu + \\sigma\\,\\varepsilon$", "encoder"), ("decoder", "decoder"), (r"$\hat{x}$", "data"),
    ],
    "5-6  VQ-VAE": [
        ("$x$", "data"), ("encoder", "encoder"), ("$z_e$", "encoder"), ("nearest code", "codebook"),
        ("$z_q$", "codebook"), ("decoder", "decoder"), (r"$\hat{x}$", "data"),
    ],
    "7-8  Image tokens": [
        ("words", "data"), ("transformer", "prior"), ("codes $k$", "codebook"),
        ("decoder", "decoder"), ("image", "data"),
    ],
}  # fmt: skip
QUESTIONS = {
    "1  Autoencoder": "Can 32 numbers hold an image?",
    "2-4  VAE": "Where must $z$ lie, so that a random $z$ is an image?",
    "5-6  VQ-VAE": "Can an image be a few entries of a table?",
    "7-8  Image tokens": "Can one model write words and draw images?",
}


def course_map() -> TeachingFigure:
    """Draw the four systems of the course under one another, each with the question that it answers."""
    alt = (
        "The course in four rows: autoencoder, VAE, VQ-VAE, image tokens; encoders green, codes purple, decoders blue."
    )
    return pipelines(COURSE, "The course: what stands between an image and its code", QUESTIONS, alt)


def pipelines(
    rows: Mapping[str, Sequence[Box]], title: str, questions: Mapping[str, str] | None = None, alt: str | None = None
) -> TeachingFigure:
    """Draw each row of boxes from left to right, joined by arrows, its name and its question above it."""
    figure = TeachingFigure(9.8, 0.5 + 1.25 * len(rows), alt or title)
    figure.headline(title)
    for axis, (name, boxes) in zip(figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        axis.set(xlim=(0, 100), ylim=(0, 10))
        axis.axis("off")
        axis.text(0, 9.6, name, fontsize=12.5, fontweight="bold", va="top")
        axis.text(100, 9.6, (questions or {}).get(name, ""), fontsize=11.5, va="top", ha="right", color="#444444")
        _row(axis, boxes)
    return figure


def _row(axis: Axes, boxes: Sequence[Box]) -> None:
    """Draw one row: widths follow the length of the texts, gaps share what is left of 100."""
    widths = [_width(text) for text, _ in boxes]
    gap = (100 - sum(widths)) / (len(boxes) - 1)
    left = 0.0
    for (text, role), width in zip(boxes, widths, strict=True):
        color = COLORS[role]
        # The last two digits are the opacity: a tint, so that dark text stays readable on it.
        tint = color + ("00" if role == "data" else "26")
        shape: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.8", "mutation_aspect": 0.5}
        axis.add_patch(FancyBboxPatch((left, 0.6), width, 5.6, ec=color, fc=tint, lw=1.8, **shape))
        axis.text(left + width / 2, 3.4, text, fontsize=12.5, ha="center", va="center")
        if left + width < 99:
            arrow = {"arrowstyle": "-|>", "lw": 1.6, "color": "#444444", "shrinkA": 2, "shrinkB": 2}
            axis.annotate("", (left + width + gap, 3.4), (left + width, 3.4), arrowprops=arrow)
        left += width + gap


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
    blue = {"color": COLORS["decoder"], "lw": 2.6}
    for start, end in (("$\\hat{x}$", "$z_q$"), ("$z_e$", "encoder $g$")):
        _arrow(axis, (middles[start], 35), (middles[end], 35), **blue)
    _arrow(axis, (middles["$z_q$"], 35), (middles["$z_e$"], 35), ls=(0, (3, 2)), **blue)
    for x, text in ((81, "gradient of the reconstruction loss"), (48, "copied, as if nothing\nhad been quantized")):
        axis.text(x, 36.2, text, ha="center", va="bottom", fontsize=12, color=COLORS["decoder"])
    _arrow(axis, (35, 20.6), (44, 11.8), color=COLORS["encoder"], lw=2.6)
    _arrow(axis, (42, 8.2), (31, 19.2), color="#A4457C", lw=2.6)
    axis.text(42, 16.8, "commitment loss:\nmoves $z_e$", fontsize=12, color="#00704F", va="center", ha="left")
    axis.text(33, 9.2, "codebook loss:\nmoves the codes", fontsize=12, color="#A4457C", va="center", ha="right")
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
        _box(axis, (left, 21.5, width, 9), text, role)
    for (_, right), (left, _) in pairwise(edges):
        _arrow(axis, (right, 26), (left, 26), color="#444444", lw=1.6)
    _box(axis, (43, 3, 37, 8), "codebook: $e_1, e_2, \\ldots, e_K$", "codebook")
    _arrow(axis, (62.5, 11), (62.5, 21.5), color="#444444", lw=1.6)
    return {text: (left + right) / 2 for (text, *_), (left, right) in zip(boxes, edges, strict=True)}


def _box(axis: Axes, place: tuple[float, float, float, float], text: str, role: str) -> None:
    """Draw a rounded box (left, bottom, width, height) with its text."""
    left, bottom, width, height = place
    tint = COLORS[role] + ("00" if role == "data" else "26")
    shape: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.8"}
    axis.add_patch(FancyBboxPatch((left, bottom), width, height, ec=COLORS[role], fc=tint, lw=1.8, **shape))
    axis.text(left + width / 2, bottom + height / 2, text, fontsize=12.5, ha="center", va="center")


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], **style: Any) -> None:
    axis.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **style})
