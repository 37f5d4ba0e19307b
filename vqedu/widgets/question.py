"""What predictions and quizzes share: a card with one question, which keeps the answer where the page is at home."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from typing import Any

import traitlets

from vqedu import answers, plots, questions
from vqedu.questions import kinds
from vqedu.widgets.base import EXPORT_VARIABLE, HERE, Explorer

CARD_CSS = "".join((HERE / name).read_text(encoding="utf-8") for name in ("kit.css", "question.css"))
LETTERS = 92  # of a line of the preview


class Question(Explorer):
    """A card that asks one question. With a kernel the answer is kept by `vqedu.answers`, in a page by the browser.

    Nothing of the answer is in the preview or the text of the display. A subclass sets `_esm`, `badge`, and
    says by `choices` what the preview lists.
    """

    _css = CARD_CSS
    kernel = traitlets.Bool(True).tag(sync=True)  # an exported page lacks it, and so knows that it is alone
    trouble = traitlets.Unicode("").tag(sync=True)  # why an answer could not be kept
    badge = "Question"

    def __init__(self, key: str, question: questions.Guess | questions.Recall) -> None:
        self.key = questions.valid_key(key)
        self.question = question
        self.summary = f"{self.badge}: {question.question}".replace("`", "")
        exporting = os.environ.get(EXPORT_VARIABLE) == "1"
        kept = {} if exporting else answers.read(key)
        super().__init__(config={"key": key, "badge": self.badge, **kinds.as_config(question)}, state=kept)
        self.observe(self._keep, "state")

    def _keep(self, change: Any) -> None:
        try:
            answers.write(self.key, change["new"])
            self.trouble = ""
        except OSError as error:  # an exception here would be seen by nobody
            reason = error.strerror or str(error)
            remedy = f"Set {answers.VARIABLE} to a directory that can be written."
            self.trouble = f"This answer counts, but could not be kept ({reason}). {remedy}"

    def choices(self) -> Sequence[str]:
        """Return the lines that the preview lists below the question."""
        raise NotImplementedError

    def preview(self) -> bytes:
        """Return a PNG of the card as it is before any answer."""
        lines = [*textwrap.wrap(self.summary, LETTERS - 8), ""]
        first = len(lines) - 1
        for choice in self.choices():
            lines += textwrap.wrap(choice.replace("`", ""), LETTERS, subsequent_indent="    ")
        height = 0.27 * len(lines) + 0.3
        figure = plots.TeachingFigure(9.6, height, self.summary)
        for row, line in enumerate(lines):
            y = 1 - (0.15 + 0.27 * (row + 0.5)) / height
            weight = "bold" if row < first else "normal"
            figure.text(0.02, y, line, fontsize=12, va="center", weight=weight, parse_math=False)
        return figure.png()
