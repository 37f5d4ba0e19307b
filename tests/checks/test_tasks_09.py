"""The larger task of notebook 09: experiments that tell adding from remembering, and those that cannot."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vqedu import checks
from vqedu.checks.held_out_sums import SUMS

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


def five_small_splits(train: Any, ask: Any) -> tuple[float, float]:
    """Four sums are held out of each model, twenty in all; right answers are counted, not listed."""
    right, drawn = [0, 0], [0, 0]
    for pairs in [((2, 3), (1, 5)), ((1, 2), (3, 4)), ((2, 5), (1, 3)), ((2, 6), (1, 4)), ((3, 6), (2, 4))]:
        out = {pair for a, b in pairs for pair in ((a, b), (b, a))}
        model = train([pair for pair in SUMS if pair not in out])
        for a, b in SUMS:
            held, n = (a, b) in out, 60 if (a, b) in out else 20
            right[held] += ask(model, a, b, n).count(a + b)
            drawn[held] += n
    return right[0] / drawn[0], right[1] / drawn[1]


def one_model_for_each_share(train: Any, ask: Any) -> tuple[np.floating, np.floating]:
    """A model of all sums answers for the trained ones; the split is a mask over a table."""
    everything, table = train(SUMS), np.array(SUMS)
    low, high = table.min(1), table.max(1)
    out = np.isin(10 * low + high, [3, 13, 24, 25, 34, 44])
    split = train(table[~out])
    first = [np.mean(np.array(ask(everything, a, b, 60)) == a + b) for a, b in table]
    second = [np.mean(np.array(ask(split, a, b, 120)) == a + b) for a, b in table[out]]
    return np.mean(first), np.mean(second)


SOUND = [
    experiment(BOTH),
    experiment([*BOTH, (2, 2)], 100),
    several_splits,
    five_small_splits,
    one_model_for_each_share,
]


@pytest.mark.parametrize("plan", SOUND)
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


def two_models(train: Any, ask: Any) -> tuple[float, float]:
    """The held-out sums are asked of a second model, which was trained on them."""
    rest = [pair for pair in SUMS if pair not in BOTH]
    return share(ask, train(rest), rest), share(ask, train(BOTH), BOTH)


@pytest.mark.parametrize(
    ("plan", "mistake"),
    [
        (all_trained, "nothing is held out"),
        (experiment([(a, b) for a, b in SUMS if a < b and a + b > 3]), "the other order was trained"),
        (experiment(random.Random(0).sample(SUMS, 10)), "the other order was trained"),
        (experiment([*BOTH, *EIGHTS]), "a word or an answer is missing from training"),
        (experiment([pair for pair in SUMS if sum(pair) == 9]), "a word or an answer is missing from training"),
        (two_models, "nothing is held out"),
        (in_percent, "counts or percent in place of shares"),
        (swapped, "the two numbers are swapped"),
        (experiment(BOTH, 1), "too few drawings"),
    ],
)
def test_an_experiment_that_cannot_tell_is_named(plan: Callable[..., Any], mistake: str) -> None:
    result = checks.build_sums(plan)
    assert result.mistake == mistake, result


def judged(right: Callable[[list[bool]], float], n: int = 51, answer: Callable[[int, int], int] = int.__add__) -> Any:
    """An experiment with a sound split that makes something else of the right and wrong answers of a sum."""

    def plan(train: Any, ask: Any) -> tuple[float, float]:
        rest = [pair for pair in SUMS if pair not in BOTH]
        model = train(rest)
        made = ([right([d == answer(a, b) for d in ask(model, a, b, n)]) for a, b in some] for some in (rest, BOTH))
        trained, held_out = (sum(found) / len(found) for found in made)
        return trained, held_out

    return plan


def held_out_among_the_trained(train: Any, ask: Any) -> tuple[float, float]:
    model = train([pair for pair in SUMS if pair not in BOTH])
    return share(ask, model, SUMS), share(ask, model, BOTH)


def trained_among_the_held_out(train: Any, ask: Any) -> tuple[float, float]:
    rest = [pair for pair in SUMS if pair not in BOTH]
    model = train(rest)
    return share(ask, model, rest), share(ask, model, SUMS)


def mean(answers: list[bool]) -> float:
    return sum(answers) / len(answers)


@pytest.mark.parametrize(
    ("plan", "measured"),
    [
        (held_out_among_the_trained, "`trained` is within 0.06"),
        (trained_among_the_held_out, "`held_out` is within 0.06"),
        (judged(any), "`held_out` is within 0.06"),
        (judged(lambda answers: mean(answers) > 0.3), "`held_out` is within 0.06"),  # a vote over each sum
        (judged(mean, answer=int.__mul__), "`trained` is within 0.06"),
        (judged(mean, n=5, answer=int.__mul__), "`trained` is within 0.06"),  # few drawings are not what is wrong here
        (judged(lambda answers: 1 - mean(answers)), "`trained` is within 0.06"),
        (judged(mean, n=1000), "at most 5 trainings and 20,000 drawings"),
        (experiment([(1, 1), (2, 2), (3, 3), (4, 4)], 100), "each model: at least 30 sums to train on"),
    ],
)
def test_another_experiment_is_measured_and_not_named(plan: Callable[..., Any], measured: str) -> None:
    result = checks.build_sums(plan)
    assert (result.kind, result.mistake) == ("not met", None), result
    assert any(name.startswith(f"✗ {measured}") for name, _ in result.facts), result


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
