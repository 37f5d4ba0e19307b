"""A quiz: one question to answer from memory, with a reason for each wrong answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vqedu import questions
from vqedu.questions import Recall
from vqedu.widgets.base import bundle
from vqedu.widgets.question import Question


class Quiz(Question):
    """Ask a question with several answers. `Quiz("01.pca")` asks the one with this key of `vqedu.questions`.

    A question of one's own: `Quiz("my.key", "What is KL(q, q)?", choices={"0": "Yes, since ...", "1": "No, ..."},
    answer="0")`; `choices` maps each answer to what it deserves to hear. A wrong answer may be followed by another.
    Raises ValueError for an unknown key, a choice without feedback, or an answer that is no choice.
    """

    _esm = bundle("kit.js", "question.js", "quiz.js")
    badge = "From memory"

    def __init__(
        self, key: str, question: str | None = None, choices: Mapping[str, str] | None = None, answer: str = ""
    ) -> None:
        found = questions.find(key) if question is None else Recall(question, choices or {}, answer)
        if not isinstance(found, Recall):
            raise TypeError(f"{key} is no quiz but a prediction. Ask it with widgets.Prediction({key!r}).")
        super().__init__(key, found)

    def choices(self) -> Sequence[str]:
        """Return the answers to choose from."""
        return [f"\u25cb  {choice}" for choice, _ in self.config["choices"]]
