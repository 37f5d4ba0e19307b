"""A search for wrong functions that pass: right ones, twisted at random, are refused wherever they really differ."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import reduce
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vqedu import checks
from vqedu.checks import Exercise
from vqedu.checks.engine import comparing
from vqedu.checks.engine.running import Problem

EXAMPLES = int(os.environ.get("VQEDU_EXAMPLES", "12"))  # of each search
DRAWS = 6  # inputs on which a twisted function is compared with the right one

# Inputs as a learner has them, other than those of the checker.
FRESH: dict[str, Callable[[], dict[str, Any]]] = {
    "reconstruction": lambda: {"logits": 2 * torch.randn(3, 1, 3, 2), "x": torch.rand(3, 1, 3, 2)},
    "importance_weighted_bound": lambda: {"log_weights": 2 * torch.randn(4, 3) - 200},
    "kl": lambda: {"mu": torch.randn(3, 4), "logvar": torch.randn(3, 4)},
    "kl_by_sampling": lambda: {"z": torch.randn(5, 3), "mu": torch.randn(3), "sigma": torch.rand(3) + 0.3},
    "mean_of_square": lambda: {"mu": torch.randn(()), "sigma": torch.rand(()) + 0.2, "eps": torch.randn(6)},
    "elbo": lambda: {
        "logits": 2 * torch.randn(3, 1, 3, 2),
        "x": torch.rand(3, 1, 3, 2),
        "mu": torch.randn(3, 4),
        "logvar": torch.randn(3, 4),
    },
    "gaussian_loss": lambda: {"x_hat": torch.rand(3, 1, 3, 2), "x": torch.rand(3, 1, 3, 2), "variance": 0.3},
    "free_bits": lambda: {"kl": 2 * torch.rand(4, 3), "floor": 0.9},
    "vq_loss": lambda: {"z_e": torch.randn(3, 2, 2), "z_q": torch.randn(3, 2, 2), "cost": 0.3},
    "quantize": lambda: {"z_e": torch.randn(2, 3, 2, 4), "codebook": torch.randn(6, 3)},
    "lookup": lambda: {"indices": torch.randint(0, 5, (2, 3, 4)), "codebook": torch.randn(5, 3)},
    "prior_loss": lambda: {"logits": 2 * torch.randn(3, 5, 4), "tokens": torch.randint(0, 4, (3, 5))},
    "fsq": lambda: {"z": 2 * torch.randn(4, 3), "levels": 5},
    "gaussian_bits": lambda: {"x_hat": torch.rand(3, 3, 2, 2), "x": torch.rand(3, 3, 2, 2), "variance": 0.3},
    "residual": lambda: {"z": torch.randn(5, 2), "codebooks": torch.randn(3, 4, 2) / 2},
}

TWISTS: dict[str, Callable[[Tensor], Any]] = {
    "scaled": lambda t: t * 0.8,
    "doubled": lambda t: t * 2,
    "shifted": lambda t: t + 0.3,
    "negative": lambda t: -t,
    "absolute": lambda t: t.abs(),
    "squared": lambda t: t * t,
    "root": lambda t: t.abs().sqrt(),
    "rounded": lambda t: t.round(),
    "cut above": lambda t: t.clamp(max=0.5),
    "cut below": lambda t: t.clamp(min=0.0),
    "cut at 1 and -1": lambda t: t.clamp(-1, 1),
    "cut above 1.5": lambda t: t.clamp(max=1.5),
    "cut below -1.5": lambda t: t.clamp(min=-1.5),
    "sorted": lambda t: t.sort(0).values if t.dim() else t,
    "first column for all": lambda t: t[..., :1].expand_as(t) if t.dim() else t,
    "detached": lambda t: t.detach(),
    "upside down": lambda t: t.flip(0) if t.dim() else t,
    "mirrored": lambda t: t.flip(-1) if t.dim() else t,
    "rolled": lambda t: t.roll(1, -1) if t.dim() else t,
    "first row for all": lambda t: t[:1].expand_as(t) if t.dim() else t,
    "averaged over the batch": lambda t: t.mean(0, keepdim=True).expand_as(t) if t.dim() else t,
    "averaged over the last": lambda t: t.mean(-1, keepdim=True).expand_as(t) if t.dim() else t,
    "summed": lambda t: t.sum(),
    "mean of all": lambda t: t.mean(),
    "zero": lambda t: 0 * t,
}
places = st.one_of(st.just("answer"), st.integers(0, 3))
twists = st.lists(st.tuples(places, st.sampled_from(sorted(TWISTS))), min_size=1, max_size=2)


def twisted(
    exercise: Exercise, changes: list[tuple[Any, str]], start: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """The right function, or another one to start from, with some arguments or the answer changed."""
    function = start or exercise.reference

    def change(value: Any, place: Any) -> Any:
        wanted = [TWISTS[name] for where, name in changes if where == place]
        changeable = isinstance(value, Tensor) and value.is_floating_point()
        return reduce(lambda t, twist: twist(t), wanted, value) if changeable else value

    def wrong(*arguments: Any) -> Any:
        return change(function(*(change(a, i) for i, a in enumerate(arguments))), "answer")

    return wrong


def differs(exercise: Exercise, function: Callable[..., Any]) -> bool:
    """Whether a function is clearly another one: its numbers or gradients are off by 5% on most fresh inputs."""
    torch.manual_seed(1)
    cases = [FRESH[exercise.name]() for _ in range(DRAWS)]
    try:
        found = [(exercise._observe(function, case), exercise._observe(exercise.reference, case)) for case in cases]
    except Problem:
        return True
    return sum(not comparing.agree(own, right, 0.05, 0.01) for own, right in found) > DRAWS // 2


def alike(exercise: Exercise, function: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether two functions do the same on every fresh input on which both can be observed."""
    torch.manual_seed(2)
    for _ in range(DRAWS):
        case = FRESH[exercise.name]()
        with contextlib.suppress(Problem):
            own, named = exercise._observe(function, case), exercise._observe(other, case)
            if not comparing.agree(own, named, 1e-2, 1e-3):
                return False
    return True


@pytest.mark.parametrize("name", FRESH)
def test_what_gets_a_name_is_that_mistake_on_other_inputs_too(name: str) -> None:
    """Twists of the right function and of catalogued mistakes: the name holds beyond the checker's own inputs."""
    exercise = checks.ALL[name]
    assert isinstance(exercise, Exercise)
    known = {mistake.name: mistake.wrong for mistake in (*exercise.mistakes, *exercise._pairs)}
    starts = [exercise.reference, *(mistake.wrong for mistake in exercise.mistakes)]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(starts), twists)
    def search(start: Callable[..., Any], changes: list[tuple[Any, str]]) -> None:
        wrong = twisted(exercise, changes, start)
        found = exercise(wrong).mistake
        assert found is None or alike(exercise, wrong, known[found]), (found, changes)

    search()


@pytest.mark.parametrize("name", FRESH)
def test_no_twisted_function_passes(name: str) -> None:
    exercise, tried = checks.ALL[name], [0]
    assert isinstance(exercise, Exercise)
    assert not differs(exercise, exercise.reference)

    @settings(max_examples=max(20, EXAMPLES), deadline=None, derandomize=True, database=None)
    @given(twists)
    def search(changes: list[tuple[Any, str]]) -> None:
        wrong = twisted(exercise, changes)
        if differs(exercise, wrong):
            tried[0] += 1
            assert not exercise(wrong).passed, changes

    search()
    assert tried[0] >= 2
