"""A prediction: the learner commits a guess, and the truth is drawn over it."""

from __future__ import annotations

from typing import Any

from vqedu import questions, validate
from vqedu.questions.kinds import GUESSES, Guess
from vqedu.widgets.cards.question import Question


class Prediction(Question):
    """Ask for a guess before a reveal. `Prediction("autoencoder.readable")` asks the question with this key.

    A question of one's own: `Prediction("my.key", "How many?", kind="number", low=0, high=10, truth=3,
    sentence="There are three.")`. kind: "choice", "number" or "curve"; the settings are the fields of
    `questions.Choice`, `Number` and `Curve`, and so are the errors. Raises ValueError for an unknown key or kind,
    TypeError for settings that the kind does not have.
    """

    badge = "Guess first"

    def __init__(self, key: str, question: str | Guess | None = None, kind: str = "choice", **settings: Any) -> None:
        if isinstance(question, str):
            validate.known_name(kind, GUESSES, "kind of prediction")
            question = GUESSES[kind](question, **settings)
        found = questions.find(key) if question is None else question
        if not isinstance(found, Guess):
            raise TypeError(f"{key} is no prediction but a {type(found).__name__}. Ask it with widgets.Quiz({key!r}).")
        super().__init__({key: found})
