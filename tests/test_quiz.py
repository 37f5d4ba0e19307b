"""Quizzes: what a question must be, what is shown before the answer, and the answer that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from vqedu import answers
from vqedu.widgets import Quiz
from vqedu.widgets.quiz import Recall

CHOICES = {
    "0": "Right: the two are equal.",
    "1": "That would be KL(N(2, 1), N(0, 1)) / 2.",
    "∞": "Only where q has no mass.",
}


def quiz(**settings: object) -> Quiz:
    return Quiz("my.quiz", **({"question": "What is KL(`q`, `q`)?", "choices": CHOICES, "answer": "0"} | settings))  # type: ignore[arg-type]


def test_text_and_preview_show_the_question_and_not_the_answer() -> None:
    data, metadata = quiz()._repr_mimebundle_()
    assert data["text/plain"] == metadata["image/png"]["alt"] == "From memory: What is KL(q, q)?"
    assert quiz().preview() == quiz(answer="1").preview()
    assert "Right" not in str(data["text/plain"])


def test_a_long_question_and_long_answers_fit_the_preview() -> None:
    long = {"word " * 40: "No.", "words " * 40: "Yes."}
    assert len(quiz(question="Why " * 60, choices=long, answer="word " * 40).preview()) > len(quiz().preview())


def test_the_order_of_the_choices_is_that_of_the_author() -> None:
    assert [choice for choice, _ in quiz().config["choices"]] == list(CHOICES)


def test_the_kernel_keeps_what_was_tried(answer_file: Path) -> None:
    first = quiz()
    first.state = {"tries": ["1"], "solved": False}
    assert quiz().state == {"tries": ["1"], "solved": False}
    first.state = {"tries": ["1", "0"], "solved": True}
    assert answers.read("my.quiz") == {"tries": ["1", "0"], "solved": True}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"answer": "2"}, "one of the choices"),
        ({"choices": {"0": "Yes."}}, "at least two"),
        ({"choices": None}, "at least two"),
        ({"choices": CHOICES | {"2": " "}}, "'2' has no feedback"),
        ({"question": " "}, "question must be a sentence"),
    ],
)
def test_a_quiz_that_cannot_be_asked_says_why(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        quiz(**settings)


def test_a_question_from_the_bank_needs_only_its_key() -> None:
    found = Quiz("01.pca")
    assert isinstance(found.question, Recall)
    assert found.config["kind"] == "recall"
