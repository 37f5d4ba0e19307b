"""What predictions and quizzes share: a card with questions, which keeps the answers where the page is at home."""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import traitlets
from PIL import Image

from vqedu import plots, questions
from vqedu.questions import answers, kinds
from vqedu.widgets.base import EXPORT_VARIABLE, Explorer

LETTERS = 92  # of a line of the preview


class Question(Explorer):
    """A card that asks one question, or several one after another. `state` is key -> answer.

    With a kernel the answers are kept by `vqedu.answers`, in a page by the browser. Nothing of an answer is in the
    preview or the text of the display. A subclass sets `_esm`, `badge`, and says by `choices` what the preview lists.
    """

    kernel = traitlets.Bool(True).tag(sync=True)  # an exported page lacks it, and so knows that it is alone
    trouble = traitlets.Unicode("").tag(sync=True)  # why an answer could not be kept
    badge = "Question"

    def __init__(self, asked: Mapping[str, questions.Guess | questions.Recall]) -> None:
        self.questions = {questions.valid_key(key): question for key, question in asked.items()}
        texts = [question.question for question in self.questions.values()]
        self.summary = f"{self.badge}: {' '.join(texts)}".replace("`", "")
        exporting = os.environ.get(EXPORT_VARIABLE) == "1"
        kept = {} if exporting else answers.read_all()
        config = [{"key": key, **kinds.as_config(question)} for key, question in self.questions.items()]
        super().__init__(
            config={"badge": self.badge, "questions": config},
            state={key: kept[key] for key in self.questions if key in kept},
        )
        self.observe(self._keep, "state")

    def _keep(self, change: Any) -> None:
        try:
            for key in self.questions:
                if change["new"].get(key) != change["old"].get(key):
                    answers.write(key, change["new"].get(key, {}))
            self.trouble = ""
        except OSError as error:  # an exception here would be seen by nobody
            reason = error.strerror or str(error)
            remedy = f"Set {answers.VARIABLE} to a directory that can be written."
            self.trouble = f"This answer counts, but could not be kept ({reason}). {remedy}"

    def choices(self, question: Any) -> Sequence[str]:
        """Return the lines that the preview lists below a question."""
        raise NotImplementedError

    def preview(self) -> bytes:
        """Return a PNG of the card as it is before any answer, all its questions below one another."""
        lines: list[tuple[str, str]] = []
        for question in self.questions.values():
            asked = f"{self.badge}: {question.question}".replace("`", "")
            lines += [("", "normal")] * bool(lines)
            lines += [(line, "bold") for line in textwrap.wrap(asked, LETTERS - 8)]
            for choice in self.choices(question):
                lines += [(line, "normal") for line in textwrap.wrap(choice, LETTERS, subsequent_indent="    ")]
        height = 0.27 * len(lines) + 0.3
        figure = plots.TeachingFigure(9.6, height, self.summary)
        for row, (line, weight) in enumerate(lines):
            y = 1 - (0.15 + 0.27 * (row + 0.5)) / height
            figure.text(0.02, y, line, fontsize=12, va="center", weight=weight, parse_math=False)
        return few_greys(figure.png())


def few_greys(png: bytes) -> bytes:
    """Return a PNG of black text in 16 greys: a third of the bytes, and no eye sees it."""
    smaller = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("L").quantize(16).save(smaller, "png", optimize=True)
    return smaller.getvalue()
