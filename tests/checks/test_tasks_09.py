"""The larger task of notebook 09: experiments that tell adding from remembering, and those that cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vqedu import checks
from vqedu.checks.image_tokens import SUMS

Pair = tuple[int, int]
PAIRS = [(0, 3), (1, 4), (2, 4), (1, 6), (3, 5), (4, 5)]
EIGHTS = [(a, b) for a, b in SUMS if 8 in (a, b)]
BOTH = [*PAIRS, *((b, a) for a, b in PAIRS)]


def share(ask: Any, model: Any, pairs: list[Pair], n: int = 50) -> float:
    right = [digit == a + b for a, b in pairs for digit in ask(model, a, b, n)]
    return sum(right) / len(right)


def experiment(held_out: list[Pair], n: int = 50) -> Callable[..., tuple[float, float]]:
    def plan(train: Any, ask: Any) -> tuple[float, float]:
        rest = [pair for pair in SUMS if pair not in held_out]
        model = train(rest)
        return share(ask, model, rest, n), share(ask, model, held_out, n)

    return plan


def several_splits(train: Any, ask: Any) -> list[float]:
    found = []
    for shift in (0, 1):
        pairs = [(a, b) for a, b in SUMS if 0 < a < b][shift::3]
        out = {pair for a, b in pairs for pair in ((a, b), (b, a))}
        model = train(sorted(set(SUMS) - out))
        found.append((share(ask, model, sorted(set(SUMS) - out), 40), share(ask, model, sorted(out), 40)))
    return [sum(one) / 2 for one in zip(*found, strict=True)]


@pytest.mark.parametrize("plan", [experiment(BOTH), experiment([*BOTH, (2, 2)], 100), several_splits])
def test_a_sound_experiment_passes(plan: Callable[..., Any]) -> None:
    result = checks.build_sums(plan)
    assert result.passed, result


def all_trained(train: Any, ask: Any) -> tuple[float, float]:
    model = train(SUMS)
    return share(ask, model, SUMS[:40]), share(ask, model, SUMS[40:])


def in_percent(train: Any, ask: Any) -> tuple[float, ...]:
    return tuple(100 * number for number in experiment(BOTH)(train, ask))


def swapped(train: Any, ask: Any) -> tuple[float, ...]:
    return experiment(BOTH)(train, ask)[::-1]


@pytest.mark.parametrize(
    ("plan", "mistake"),
    [
        (all_trained, "nothing is held out"),
        (experiment([(a, b) for a, b in SUMS if a < b and a + b > 3]), "the other order was trained"),
        (experiment([*BOTH, *EIGHTS]), "a word or an answer is missing from training"),
        (in_percent, "counts or percent in place of shares"),
        (swapped, "the two numbers are swapped"),
        (experiment(BOTH, 1), "too few drawings"),
    ],
)
def test_an_experiment_that_cannot_tell_is_named(plan: Callable[..., Any], mistake: str) -> None:
    result = checks.build_sums(plan)
    assert result.mistake == mistake, result


def test_trained_sums_among_the_held_out_ones_are_measured() -> None:
    def mixed(train: Any, ask: Any) -> tuple[float, float]:
        rest = [pair for pair in SUMS if pair not in BOTH]
        model = train(rest)
        return share(ask, model, rest), share(ask, model, SUMS)

    result = checks.build_sums(mixed)
    assert (result.kind, result.mistake) == ("not met", None), result


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        (lambda train, ask: 0.9, "type"),
        (lambda train, ask: (..., ...), "not started"),
        (lambda train, ask: train([(7, 7)]), "argument"),
        (lambda train, ask: None, "nothing"),
    ],
)
def test_what_is_no_experiment_is_a_problem(plan: Callable[..., Any], kind: str) -> None:
    assert checks.build_sums(plan).kind == kind


def test_few_held_out_sums_and_too_many_drawings_are_measured() -> None:
    few = checks.build_sums(experiment([(2, 4), (4, 2)], 300))
    assert not few.passed
    assert [name[0] for name, _ in few.facts][:4] == ["✗", "✓", "✗", "✓"]
    assert "✗ at most 5 trainings and 20,000 drawings" in dict(checks.build_sums(experiment(BOTH, 500)).facts)
