"""Diagrams of the models: a row of boxes from x to x_hat, in the colours of the course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
