"""Quizzes: what a question must be, what is shown before the answer, and the answer that is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vqedu.questions import answers
from vqedu.widgets import Quiz
from vqedu.widgets.cards.quiz import Recall

CHOICES = {
    "0": "Right: the two are equal.",
    "1": "That would be KL(N(2, 1), N(0, 1)) / 2.",
    "∞": "Only where q has no mass.",
}


def quiz(**settings: object) -> Quiz:
    return Quiz("my.quiz", **({"question": "What is KL(`q`, `q`)?", "choices": CHOICES, "answer": "0"} | settings))  # type: ignore[arg-type]


def test_the_text_has_the_question_and_not_the_answer() -> None:
    data, _ = quiz()._repr_mimebundle_()
    assert data["text/plain"] == "From memory: What is KL(q, q)?"


def test_the_order_of_the_choices_is_that_of_the_author() -> None:
    assert [choice for choice, _ in quiz().config["questions"][0]["choices"]] == list(CHOICES)


def test_the_kernel_keeps_what_was_tried(answer_file: Path) -> None:
    first = quiz()
    first.state = {"my.quiz": {"tries": ["1"], "solved": False}}
    assert quiz().state == first.state
    first.state = {"my.quiz": {"tries": ["1", "0"], "solved": True}}
    assert answers.read_all().get("my.quiz") == {"tries": ["1", "0"], "solved": True}


def test_each_of_several_answers_is_kept_under_its_own_key(answer_file: Path) -> None:
    several = Quiz("autoencoder.pca", "autoencoder.junk")
    several.state = {"autoencoder.junk": {"tries": ["x"], "solved": False}}
    several.state = {
        "autoencoder.junk": {"tries": ["x"], "solved": False},
        "autoencoder.pca": {"tries": ["y"], "solved": True},
    }
    assert answers.read_all() == several.state == Quiz("autoencoder.junk", "autoencoder.pca").state
    assert Quiz("autoencoder.pca").state == {"autoencoder.pca": {"tries": ["y"], "solved": True}}
    several.state = {"autoencoder.junk": {}, "autoencoder.pca": {"tries": ["y"], "solved": True}}
    assert list(answers.read_all()) == ["autoencoder.pca"]


def test_several_questions_are_in_the_text() -> None:
    both = Quiz("autoencoder.pca", "autoencoder.junk")
    assert [asked["key"] for asked in both.config["questions"]] == ["autoencoder.pca", "autoencoder.junk"]
    for question in both.questions.values():
        assert question.question.replace("`", "") in both.summary


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


@pytest.mark.parametrize(
    ("keys", "settings", "says"),
    [
        ((), {}, "one key or several"),
        (("autoencoder.pca", "autoencoder.pca"), {}, "several different"),
        (
            ("autoencoder.pca", "autoencoder.junk"),
            {"question": "Why?", "choices": CHOICES, "answer": "0"},
            "takes one key, got 2",
        ),
        (("autoencoder.pca", "autoencoder.jink"), {}, r"Did you mean 'autoencoder\.junk'"),
    ],
)
def test_wrong_keys_say_what_was_expected(keys: tuple[str, ...], settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Quiz(*keys, **settings)


def test_a_question_from_the_bank_needs_only_its_key() -> None:
    found = Quiz("autoencoder.pca")
    assert isinstance(found.questions["autoencoder.pca"], Recall)
    assert found.config["questions"][0]["kind"] == "recall"
