"""The words-and-images explorer on paper: the sequence in its order, the picture, what the model says of it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from vqedu.plots import COLORS, TeachingFigure
from vqedu.widgets.latent_preview import draw_picture
from vqedu.widgets.tokens_preview import draw_partly

if TYPE_CHECKING:
    from vqedu.widgets.words_and_images import WordsAndImages


def draw(explorer: WordsAndImages) -> TeachingFigure:
    """Return the figure of the explorer in its present state."""
    draws = explorer.state["order"] == "draw"
    codes, sequence = explorer.codes(), explorer.sequence()
    figure = TeachingFigure(9.8, 3.6, explorer.summary)
    left, right = figure.subplots(1, 2, width_ratios=(1, 2.2))
    draw_partly(left, explorer.picture(), len(codes))
    lines = textwrap.wrap(" ".join(sequence) or "nothing to read yet", 58)
    right.text(0, 0.95, "\n".join(lines), va="top", fontsize=11, family="monospace", color=COLORS["data"])
    right.set_axis_off()
    if draws:
        title = f"Write “{explorer.state['text']}”, and it draws"
    else:
        said = " ".join(word for word, _ in explorer.answer() if word != "<end>") if len(codes) else "nothing yet"
        title = f"Draw, and it says: “{said}”"
        inset = right.inset_axes((0.72, 0.0, 0.28, 0.5))
        draw_picture(inset, explorer.shown(), "x", COLORS["data"])
    figure.suptitle(title, fontsize=13, fontweight="bold")
    return figure
