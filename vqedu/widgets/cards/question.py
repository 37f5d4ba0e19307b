"""What predictions and quizzes share: a card with questions, which keeps the answers where the page is at home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from vqedu import questions
from vqedu.questions import answers, kinds
from vqedu.widgets.base import Explorer


class Question(Explorer):
    """A card that asks one question, or several one after another. `state` is key -> answer.

    With a kernel the answers are kept by `vqedu.questions.answers`, in a page by the browser. A subclass sets `badge`.
    """

    kernel = traitlets.Bool(True).tag(sync=True)  # an exported page lacks it, and so knows that it is alone
    trouble = traitlets.Unicode("").tag(sync=True)  # why an answer could not be kept
    badge = "Question"

    def __init__(self, asked: Mapping[str, questions.Guess | questions.Recall]) -> None:
        self.questions = {questions.valid_key(key): question for key, question in asked.items()}
        texts = [question.question for question in self.questions.values()]
        self.summary = f"{self.badge}: {' '.join(texts)}".replace("`", "")
        kept = answers.read_all()
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
