"""The four kinds of question: three a learner guesses before a reveal, one a learner answers from memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """A guess among `choices`; `answer` is the one that comes true, `sentence` says what was found.

    Text in `backticks` is shown as code. Raises ValueError if `answer` is not among at least two different choices.
    """

    question: str
    choices: Sequence[str]
    answer: str
    sentence: str

    def __post_init__(self) -> None:
        _not_empty(question=self.question, sentence=self.sentence)
        _one_of(self.answer, self.choices)


@dataclass(frozen=True)
class Number:
    """A guess on a slider from `low` to `high` in steps of `step`, in `unit`; `truth` is then marked on the same scale.

    log: equal steps are equal factors; `step` is then ignored, and `low` must be above 0.
    Raises ValueError for an empty range, for a truth outside of it, or for a step that is not above 0.
    """

    question: str
    low: float
    high: float
    truth: float
    sentence: str
    unit: str = ""
    step: float = 1.0
    log: bool = False

    def __post_init__(self) -> None:
        _not_empty(question=self.question, sentence=self.sentence)
        _range((self.low, self.high), "low and high", self.log)
        if not self.low <= self.truth <= self.high:
            raise ValueError(f"truth must lie in [{self.low:g}, {self.high:g}], got {self.truth}. Widen the scale.")
        if not self.step > 0:
            raise ValueError(f"step must be above 0, got {self.step}.")


@dataclass(frozen=True)
class Curve:
    """A curve sketched over the range of `x`; the line through the points (x, truth) is then drawn over it.

    y: (low, high) of the vertical axis. log: the x axis is logarithmic.
    Raises ValueError for fewer than two points, x that do not grow, or a truth outside of `y`.
    """

    question: str
    x: Sequence[float]
    truth: Sequence[float]
    y: tuple[float, float]
    x_label: str
    y_label: str
    sentence: str
    log: bool = False

    def __post_init__(self) -> None:
        _not_empty(question=self.question, sentence=self.sentence, x_label=self.x_label, y_label=self.y_label)
        if len(self.x) < 2 or len(self.x) != len(self.truth):
            raise ValueError(
                f"x and truth must be as many numbers, two at least; got {len(self.x)}, {len(self.truth)}."
            )
        if any(a >= b for a, b in zip(self.x, self.x[1:])):  # noqa: B905
            raise ValueError(f"x must grow from point to point, got {list(self.x)}.")
        _range((self.x[0], self.x[-1]), "x", self.log)
        _range(self.y, "y", log=False)
        if not all(self.y[0] <= value <= self.y[1] for value in self.truth):
            raise ValueError(f"Every truth must lie in y = {tuple(self.y)}, got {list(self.truth)}. Widen y.")


@dataclass(frozen=True)
class Recall:
    """A question to answer from memory: `choices` maps each answer to the feedback on its choice.

    A wrong choice is answered with why it is wrong, and another may follow; the right one, `answer`, with why it is
    right. Raises ValueError if an answer has no feedback, or `answer` is not among at least two choices.
    """

    question: str
    choices: Mapping[str, str]
    answer: str

    def __post_init__(self) -> None:
        _not_empty(question=self.question)
        _one_of(self.answer, list(self.choices))
        for choice, feedback in self.choices.items():
            if not feedback.strip():
                raise ValueError(f"The choice {choice!r} has no feedback. Say why it is right or wrong.")


Guess = Choice | Number | Curve
GUESSES: dict[str, type[Choice] | type[Number] | type[Curve]] = {"choice": Choice, "number": Number, "curve": Curve}


def kind_of(question: Guess | Recall) -> str:
    """Return the name of a question's kind: "choice", "number", "curve" or "recall"."""
    return type(question).__name__.lower()


def as_config(question: Guess | Recall) -> dict[str, Any]:
    """Return what the page needs of a question: its fields and its kind, in types that JSON has."""
    fields: dict[str, Any] = {name: _plain(value) for name, value in asdict(question).items()}
    return {"kind": kind_of(question), **fields}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [[str(key), str(text)] for key, text in value.items()]  # pairs: JSON objects promise no order
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _not_empty(**texts: str) -> None:
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} must be a sentence, got {text!r}.")


def _one_of(answer: str, choices: Sequence[str]) -> None:
    if isinstance(choices, str) or len(set(choices)) < 2 or len(set(choices)) < len(choices):
        raise ValueError(f"choices must be at least two different texts, got {choices!r}.")
    if answer not in choices:
        raise ValueError(f"answer must be one of the choices, got {answer!r}; the choices are {list(choices)}.")


def _range(bounds: tuple[float, float], name: str, log: bool) -> None:
    low, high = bounds
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{name} must be two finite numbers, the first below the second, got {low} and {high}.")
    if log and low <= 0:
        raise ValueError(f"{name} must be above 0 on a logarithmic scale, got {low}.")
