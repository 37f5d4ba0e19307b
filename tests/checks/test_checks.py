"""Exercise checkers: each catalogued mistake is recognized by its name, no right answer is called wrong."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.checks.right_solutions import RIGHT
from tests.checks.wrong_solutions import WRONG
from tests.daily import some_of_each
from vqedu import checks
from vqedu.checks import Exercise
from vqedu.checks.engine.numbers import number, show

EXERCISES = [exercise for exercise in checks.ALL.values() if isinstance(exercise, Exercise)]
PLANTED = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)


def test_the_table_of_exercises_and_mistakes() -> None:
    """Every mistake planted, every one named. `pytest -s` shows the table."""
    rows, unnamed = [], []
    for exercise in EXERCISES:
        named = 0
        for mistake in exercise.mistakes:
            result = exercise(mistake.wrong)
            if (result.mistake, result.passed, result.message) == (mistake.name, False, mistake.why):
                named += 1
            else:
                unnamed.append(f"{exercise.name}: {mistake.name} -> {result.title}")
        rows.append(f"{exercise.name:28s} {named:3d} of {len(exercise.mistakes):3d}")
    print("\n".join([*rows, f"{len(PLANTED)} mistakes planted in {len(EXERCISES)} exercises"]))
    assert not unnamed


@each_exercise
def test_the_reference_passes_and_the_words_are_there(exercise: Exercise) -> None:
    assert exercise(exercise.reference).passed
    assert exercise.contract.startswith(f"{exercise.name}(")
    assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes) >= 3
    assert len(set(exercise.hints)) == 3
    for mistake in exercise.mistakes:
        assert len(mistake.why) > 20
        assert mistake.why[-1] in ".)"
        assert len(mistake.hint) > 10


def test_the_catalogue_holds_what_people_get_wrong() -> None:
    wanted = {
        "kl": [
            "factor 1/2",
            "sign",
            "sigma where sigma squared",
            "log sigma",
            "mean over the dim",
            "batch too",
            "exchanged",
        ],
        "reparameterize": ["variance for standard", "logvar itself", "whole batch", "not detached", "uniform"],
        "elbo": ["averaged over the pixels", "sign", "sigmoid taken twice"],
        "gaussian_loss": ["1/2"],
        "vq_loss": ["cost on the wrong term"],
        "reconstruction": ["averaged over everything"],
        "perplexity": ["base mixed up", "images' perplexities", "NaN"],
    }
    for name, parts in wanted.items():
        names = [mistake.name for mistake in checks.ALL[name].mistakes]  # type: ignore[union-attr]
        assert all(any(part in found for found in names) for part in parts), name


@pytest.mark.parametrize(("name", "solution"), some_of_each(RIGHT))
def test_a_right_solution_written_differently_passes(name: str, solution: Callable[..., Any]) -> None:
    result = checks.ALL[name](solution)
    assert result.passed, result


@pytest.mark.parametrize(("name", "wrong"), some_of_each(WRONG))
def test_a_wrong_solution_in_no_catalogue_is_refused_and_gets_no_name(name: str, wrong: Callable[..., Any]) -> None:
    result = checks.ALL[name](wrong)
    assert not result.passed
    assert result.mistake is None
    assert result.kind in ("not right yet", "not met", "gradient", "shape"), result


@pytest.mark.parametrize("solutions", [RIGHT, WRONG], ids=["right", "wrong"])
def test_every_exercise_has_at_least_three_such_solutions(solutions: list[tuple[str, Any]]) -> None:
    found = Counter(name for name, _ in solutions)
    assert len(solutions) >= 150
    assert all(
        found[name] >= 3 for name in checks.ALL if not name.startswith("build_")
    )  # those have files of their own


def disturbed(exercise: Exercise, factor: float, shift: float) -> Callable[..., Any]:
    """The right function, its numbers stretched and shifted: wrong, and in no catalogue."""

    def wrong(*arguments: Any) -> Any:
        answer = exercise.reference(*arguments)
        parts = answer if isinstance(answer, tuple) else (answer,)
        moved = tuple(factor * part + shift for part in parts)
        return moved if isinstance(answer, tuple) else moved[0]

    return wrong


@each_exercise
@pytest.mark.parametrize(("factor", "shift"), [(0.7, 0.0), (1.0, 0.37), (1.3, -0.21)])
def test_a_wrong_solution_outside_the_catalogue_gets_a_counterexample_and_no_name(
    exercise: Exercise, factor: float, shift: float
) -> None:
    result = exercise(disturbed(exercise, factor, shift))
    assert (result.kind, result.mistake) == ("not right yet", None), result
    facts = dict(result.facts)
    assert facts["yours"] != facts["expected"]
    assert {f"`{name}`" for name in exercise.cases()[0]} <= set(facts)


def test_the_counterexample_is_the_smallest_input_that_fails() -> None:
    """A KL that is wrong only for more than one row: the first case with two rows is shown."""
    result = checks.kl(lambda mu, logvar: checks.kl.reference(mu, logvar) * (1 if len(mu) == 1 else 0.7))
    assert dict(result.facts)["`mu`"] == show(checks.kl.cases()[2]["mu"])


@each_exercise
def test_inputs_are_seeded_and_held_exactly_by_every_machine(exercise: Exercise) -> None:
    for first, second in zip(exercise.cases(), exercise.cases(), strict=True):
        for a, b in zip(first.values(), second.values(), strict=True):
            if isinstance(a, torch.Tensor):
                assert torch.equal(a, b)
                assert torch.equal(a * 64, (a * 64).round())


def test_what_draws_tell_has_two_digits() -> None:
    result = checks.reparameterize(lambda mu, logvar: mu + torch.exp(logvar / 3) * torch.randn_like(mu))
    numbers = re.findall(r"[\d.]+", dict(result.facts)["yours"])
    assert numbers
    assert all(len(found.replace(".", "").lstrip("0")) <= 2 for found in numbers)


def test_two_checks_give_the_same_card_and_leave_the_notebook_as_it_was() -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    torch.set_grad_enabled(False)
    try:
        first, second = (checks.reparameterize(lambda mu, logvar: 1.3 * mu + torch.randn_like(mu)) for _ in range(2))
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    assert torch.equal(before, torch.random.get_rng_state())
    assert repr(first) == repr(second)
    assert first._repr_html_() == second._repr_html_()


def test_a_card_has_a_rule_a_symbol_a_word_and_three_folded_hints() -> None:
    card = checks.kl(checks.kl.mistakes[0].wrong)._repr_html_()
    assert card.count("<details") == card.count("<summary>Hint") == 3
    assert "border-left:6px solid #E69F00" in card
    assert "✗ Not right yet: factor 1/2 missing" in card
    right = checks.kl(checks.kl.reference)._repr_html_()
    assert "✓ Right" in right
    assert "#009E73" in right
    assert "<details" not in right


def test_a_card_shows_what_a_learner_wrote_as_text() -> None:
    def wrong(mu: Any, logvar: Any) -> Any:
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in checks.kl(wrong)._repr_html_()


@pytest.mark.parametrize(
    ("value", "text"),
    [(1 / 3, "0.3333"), (-0.0, "0"), (3e-7, "0"), (12345.6, "1.235e+04"), (7, "7"), (True, "True"), (math.inf, "inf")],
)
def test_numbers_have_at_most_four_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_large_tensor_is_shown_by_its_shape() -> None:
    assert show(torch.zeros(5, 6)) == "a tensor of shape (5, 6)"
    assert re.fullmatch(r"\[\[0, 1\], \[2, 3\]\]", show(torch.arange(4).view(2, 2)))
