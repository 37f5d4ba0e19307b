"""The calculator's Python side: the code it writes does what effective_beta says of it."""

from __future__ import annotations

import functools
import itertools
import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.page import node
from vqedu import losses
from vqedu.losses import effective_beta
from vqedu.widgets import BetaCalculator
from vqedu.widgets.base import WIDGET_VIEW
from vqedu.widgets.beta.beta import RECIPES

REDUCTIONS, KL_REDUCTIONS = losses.REDUCTIONS, losses.KL_REDUCTIONS


CHOICES = [*itertools.product(("bernoulli", "gaussian", "laplace"), (True, False), REDUCTIONS, KL_REDUCTIONS)]


@functools.cache
def codes_on_display() -> dict[tuple[str, bool, str, str], str]:
    """Return the three lines of the loss that the page writes, for each of `CHOICES`."""
    keys = ("likelihood", "half", "reconstruction", "kl")
    states = [dict(zip(keys, choice, strict=True)) | {"beta": 0.7, "weight": 3.0} for choice in CHOICES]
    lines = "(code, states) => states.map((state) => tested.lossLines(code, state).join('\\n'))"
    return dict(zip(CHOICES, node.call("beta/math.js", lines, BetaCalculator().config["code"], states), strict=True))


@pytest.mark.parametrize(("likelihood", "half", "reconstruction", "kl"), CHOICES)
def test_the_gradients_of_the_code_on_display_have_the_effective_beta(
    likelihood: str, half: bool, reconstruction: str, kl: str
) -> None:
    """Run the three lines, and compare |d loss / d mu| / |d loss / d x_hat| with that of R + KL."""
    generator = torch.Generator().manual_seed(0)
    n, pixels, latents = 8, 20, 3
    x = torch.rand(n, pixels, generator=generator)
    logits = torch.randn(n, pixels, generator=generator).requires_grad_()
    mu = torch.randn(n, latents, generator=generator).requires_grad_()
    logvar = torch.randn(n, latents, generator=generator)
    names = {"F": F, "x": x, "x_train": range(50), "logits": logits, "x_hat": logits, "mu": mu, "logvar": logvar}
    exec(codes_on_display()[likelihood, half, reconstruction, kl], names)
    r = {
        "bernoulli": F.binary_cross_entropy_with_logits(logits, x, reduction="none"),
        "gaussian": 0.5 * (logits - x).square(),
        "laplace": (logits - x).abs(),
    }
    elbo = r[likelihood].sum(1).mean() + losses.kl_to_standard_normal(mu, logvar).mean()
    code_x, code_mu = (g.norm() for g in torch.autograd.grad(names["loss"], (logits, mu)))  # type: ignore[arg-type]
    elbo_x, elbo_mu = (g.norm() for g in torch.autograd.grad(elbo, (logits, mu)))
    expected = effective_beta(
        0.7, likelihood=likelihood, reconstruction=reconstruction, kl=kl, pixels=pixels, latents=latents,
        batch_size=n, examples=50, weight=3.0, half=half,
    )  # fmt: skip
    assert ((code_mu / code_x) / (elbo_mu / elbo_x)).item() == pytest.approx(expected, rel=1e-5)


def test_the_recipes_are_those_of_the_lecture() -> None:
    arguments = [{k: v for k, v in recipe.items() if k != "learned"} for recipe in RECIPES.values()]
    assert [BetaCalculator(**a).effective_beta() for a in arguments] == pytest.approx([7.84, 2.048, 0.5])


def test_the_recipes_stay_in_their_order_where_the_keys_of_objects_are_sorted() -> None:
    sorted_keys = json.loads(json.dumps(BetaCalculator().config, sort_keys=True))
    assert [name for name, _ in sorted_keys["recipes"]] == list(RECIPES)


def test_it_starts_at_the_first_recipe_and_at_the_readers_own_numbers() -> None:
    default = BetaCalculator()
    assert {k: default.state[k] for k in default.state} == RECIPES[next(iter(RECIPES))]
    own = BetaCalculator(2.0, variance=0.04, half=True, reconstruction="image", kl="image")
    assert own.effective_beta() == pytest.approx(2.0 / 0.04)
    assert own.state["learned"]


def test_the_display_is_stable_and_whole() -> None:
    data, _ = BetaCalculator()._repr_mimebundle_()
    assert data["text/plain"] == BetaCalculator.summary
    assert WIDGET_VIEW in data


@pytest.mark.parametrize(
    "arguments", [{"beta": -1}, {"likelihood": "poisson"}, {"pixels": 0}, {"kl": "median"}, {"weight": 0.0}]
)
def test_says_what_is_wrong(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must be|There is no"):
        BetaCalculator(**arguments)  # type: ignore[arg-type]


def test_torchs_words_and_numpys_numbers_become_the_states_own() -> None:
    calculator = BetaCalculator(np.float32(0.5), reconstruction="sum", kl="batchmean", pixels=np.prod((1, 28, 28)))
    assert (calculator.state["reconstruction"], calculator.state["kl"]) == ("total", "image")
    assert json.loads(json.dumps(calculator.state)) == calculator.state


def test_a_part_of_the_state_leaves_the_rest_as_it_is() -> None:
    calculator = BetaCalculator(variance=0.04)
    before = calculator.effective_beta()
    calculator.state = {"beta": 0.2}
    assert calculator.effective_beta() == pytest.approx(2 * before)
    calculator.state = {"learned": False}
    assert calculator.effective_beta() == pytest.approx(0.04 * 2 * before)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"gamma": 1.0}, "There is no part of the state 'gamma'"),
        ({"likelihood": "bernouli"}, "Did you mean 'bernoulli'"),
        ({"beta": -1.0}, "beta must be a finite number of at least 0, got -1.0"),
        ({"variance": 0.0}, "variance must be a finite number above 0, got 0.0"),
        ({"pixels": 2.5}, "pixels must be a whole number, got 2.5"),
    ],
)
def test_a_wrong_state_is_refused_in_a_sentence_and_changes_nothing(state: dict[str, Any], sentence: str) -> None:
    calculator = BetaCalculator()
    before = calculator.state
    with pytest.raises((TypeError, ValueError), match=sentence):
        calculator.state = state
    assert calculator.state == before
