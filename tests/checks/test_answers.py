"""Answers written from the contracts alone: the right ones pass, the wrong ones are refused, and get no wrong name.

Every fourth of each exercise is checked each time, all each night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.checks.answers import (
    right_autoencoder,
    right_bayes,
    right_color,
    right_quantization,
    right_reparameterization,
    right_tokens,
    right_vae,
    wrong_autoencoder,
    wrong_bayes,
    wrong_color,
    wrong_quantization,
    wrong_reparameterization,
    wrong_tokens,
    wrong_vae,
)
from tests.daily import some_of_each
from vqedu import checks

Answer = tuple[str, Callable[..., Any]]
RIGHT: list[Answer] = [
    *right_autoencoder.RIGHT, *right_bayes.RIGHT, *right_reparameterization.RIGHT, *right_vae.RIGHT,
    *right_quantization.RIGHT, *right_tokens.RIGHT, *right_color.RIGHT,
]  # fmt: skip
WRONG: list[Answer] = [
    *wrong_autoencoder.WRONG, *wrong_bayes.WRONG, *wrong_reparameterization.WRONG, *wrong_vae.WRONG,
    *wrong_quantization.WRONG, *wrong_tokens.WRONG, *wrong_color.WRONG,
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), some_of_each(RIGHT))
def test_a_right_answer_in_an_unusual_style_passes(name: str, answer: Callable[..., Any]) -> None:
    result = checks.ALL[name](answer)
    assert result.passed, result


@pytest.mark.parametrize(("name", "answer"), some_of_each(WRONG))
def test_a_wrong_answer_is_refused_without_a_name(name: str, answer: Callable[..., Any]) -> None:
    result = checks.ALL[name](answer)
    assert result.mistake is None, result
    assert result.kind in ("not right yet", "not met", "gradient", "constant", "shape"), result


@pytest.mark.parametrize("answers", [RIGHT, WRONG], ids=["right", "wrong"])
def test_there_are_many_of_them_for_every_exercise(answers: list[Answer]) -> None:
    found = Counter(name for name, _ in answers)
    assert len(answers) >= 150
    assert all(found[name] >= 3 for name in checks.ALL if not name.startswith("build_"))
