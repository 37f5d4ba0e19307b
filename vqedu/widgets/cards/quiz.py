"""A quiz: one question to answer from memory, with a reason for each wrong answer."""

from __future__ import annotations

from collections.abc import Mapping

from vqedu import questions
from vqedu.questions import Recall
from vqedu.widgets.cards.question import Question


class Quiz(Question):
    """Ask questions with several answers each, one after another: `Quiz("autoencoder.pca", "autoencoder.junk")`.

    A question of one's own: `Quiz("my.key", question="What is KL(q, q)?", choices={"0": "Yes, since ...",
    "1": "No, ..."}, answer="0")`; `choices` maps each answer to what it deserves to hear. A wrong answer may be
    followed by another. Raises ValueError for no key, an unknown key or one that comes twice, a choice without
    feedback, or an answer that is no choice; TypeError for the key of a prediction.
    """

    badge = "From memory"

    def __init__(
        self, *keys: str, question: str | None = None, choices: Mapping[str, str] | None = None, answer: str = ""
    ) -> None:
        if not keys or len(set(keys)) < len(keys):
            raise ValueError(f"A quiz takes one key or several different ones, got {keys}.")
        if question is None:
            super().__init__({key: recall(key) for key in keys})
        elif len(keys) == 1:
            super().__init__({keys[0]: Recall(question, choices or {}, answer)})
        else:
            raise ValueError(f"A question of one's own takes one key, got {len(keys)}: {', '.join(keys)}.")


def recall(key: str) -> Recall:
    """Return the quiz question with this key; raises ValueError for an unknown one, TypeError for a prediction's."""
    found = questions.find(key)
    if not isinstance(found, Recall):
        raise TypeError(f"{key} is no quiz but a prediction. Ask it with widgets.Prediction({key!r}).")
    return found
