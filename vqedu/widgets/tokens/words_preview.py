"""The words-and-images explorer on paper: the sequence in its order, the picture, what the model says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from vqedu.plots import COLORS, TeachingFigure
from vqedu.widgets.latent.preview import draw_picture
from vqedu.widgets.tokens.preview import draw_partly

if TYPE_CHECKING:
    from vqedu.widgets.tokens.words_and_images import WordsAndImages

LINE = 76  # letters a line of the ribbon


def draw(explorer: WordsAndImages) -> TeachingFigure:
    """Return the figure of the explorer in its present state."""
    draws = explorer.state["order"] == "draw"
    codes = explorer.codes()
    figure = TeachingFigure(9.8, 4.3, explorer.summary)
    rows: Any = figure.subfigures(2, 1, height_ratios=(1, 2.1))
    above, below = rows
    draw_ribbon(above.subplots(), explorer.sequence())
    panels = below.subplots(1, 3, width_ratios=(1, 1, 1.2))
    chosen = [] if draws else explorer.state["said"]
    read = {"order": "read", "codes": codes.tolist(), "said": chosen}
    answer = explorer.answer(read) if len(codes) == 49 else []
    words, picture, bars = panels
    draw_partly(picture, explorer.picture(), len(codes))
    if draws:
        words.text(0.5, 0.5, explorer.state["text"], ha="center", va="center", fontsize=20, fontweight="bold")
        words.set_axis_off()
    else:
        draw_picture(words, explorer.shown(), "x", COLORS["data"])
    draw_answer(bars, answer, "read back by the same model" if draws else "what it says")
    said = " ".join(word for word, _ in answer if word != "<end>")
    title = f"Write “{explorer.state['text']}”, and it draws" if draws else f"Draw, and it says: “{said}”"
    figure.suptitle(title, fontsize=13, fontweight="bold")
    return figure


def draw_ribbon(axis: Axes, names: Sequence[str]) -> None:
    """Draw tokens side by side: words black, image codes purple, marks grey."""
    axis.set(xlim=(0, LINE), ylim=(4, 0))
    axis.set_axis_off()
    x, row = 0.0, 0
    for name in names:
        width = max(len(name), 2) + 1.2
        if x + width > LINE:
            x, row = 0.0, row + 1
        face = COLORS["codebook"] if name.isdigit() else "#dcdcdc" if name.startswith("<") else COLORS["data"]
        axis.fill_between([x, x + width - 0.2], row + 0.08, row + 0.92, color=face, lw=0)
        ink = "white" if face == COLORS["data"] else "black"
        axis.text(x + width / 2 - 0.1, row + 0.53, name, ha="center", va="center", fontsize=11, color=ink)
        x += width


def draw_answer(axis: Axes, answer: Sequence[tuple[str, float]], title: str) -> None:
    """Draw the words of an answer with the probability of each."""
    axis.barh(range(len(answer)), [p for _, p in answer], color=COLORS["data"], height=0.6)
    axis.set_yticks(range(len(answer)), [word for word, _ in answer])
    axis.set(xlim=(0, 1), ylim=(max(len(answer), 1) - 0.4, -0.6), title=title, xlabel="probability of the word")
    axis.spines[["top", "right"]].set_visible(False)
