"""What the ELBO explorer shows of a state, computed in Node without a page: against Python, and by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.page import node
from vqedu.lessons import toy
from vqedu.widgets.elbo import elbo as explorer

MODULE = "elbo/view.js"
STATES: list[dict[str, Any]] = [
    {"decoder": "linear", "x": 1.0, "mu": 0.3, "sigma": 0.7},
    {"decoder": "linear", "x": 2.0, "mu": 0.3, "sigma": 0.7},  # another x: another evidence and another best q
    {"decoder": "linear", "x": 2.0, "mu": -1.0, "sigma": 1.5},  # another q: the same
    {"decoder": "two-sided", "x": 2.0, "mu": -1.0, "sigma": 0.2},
]


def test_a_state_shows_every_term_of_the_identity_in_nats() -> None:
    script = """(noise, states) => {
        const see = tested.viewer(noise);
        return states.map((state) => see(state));
    }"""
    for state, view in zip(STATES, node.call(MODULE, script, 0.6, STATES), strict=True):
        model, x, q = toy.LatentModel(state["decoder"], 0.6), state["x"], (state["mu"], state["sigma"])
        best = model.best_gaussian(x)
        assert view["evidence"] == pytest.approx(model.log_evidence(x), abs=1e-5)
        assert (view["best"]["mu"], view["best"]["sigma"]) == pytest.approx(tuple(best), abs=1e-4)
        assert view["smallest"] == pytest.approx(float(model.kl_to_posterior(x, *best)), abs=1e-5)
        assert view["elbo"] == pytest.approx(float(model.elbo(x, *q)), abs=1e-5)
        assert view["gap"] == pytest.approx(float(model.kl_to_posterior(x, *q)), abs=1e-5)
        assert view["reconstruction"] == pytest.approx(float(model.reconstruction(x, *q)), abs=1e-5)
        assert view["toPrior"] == pytest.approx(float(toy.kl_to_prior(*q)), abs=1e-9)
        assert view["lines"] == pytest.approx(model.derivation(x, *q), abs=1e-5)


def test_the_best_q_is_searched_for_anew_only_for_another_decoder_or_x() -> None:
    script = """(states) => {
        const see = tested.viewer(0.6), best = states.map((state) => see(state).best);
        return best.map((each) => best.indexOf(each));
    }"""
    other = {"decoder": "curved", "x": 2.0, "mu": 0.0, "sigma": 1.0}
    assert node.call(MODULE, script, [*STATES[:3], other]) == [0, 1, 1, 3]


@pytest.mark.parametrize(
    ("decoder", "mu", "expected"),
    [("linear", -1, 0.8), ("two-sided", -1, -0.8), ("two-sided", 0, 0.8), ("two-sided", 1, 0.8)],
)
def test_of_two_best_qs_the_nearer_one(decoder: str, mu: float, expected: float) -> None:
    view = {"state": {"decoder": decoder, "mu": mu}, "best": {"mu": 0.8, "sigma": 0.3}}
    assert node.call(MODULE, "(view) => tested.nearBest(view)", view) == {"mu": expected, "sigma": 0.3}


def test_the_numbers_in_words() -> None:
    view = {"evidence": -1.5, "elbo": -1.75, "gap": 0.25, "reconstruction": -1.125, "toPrior": 0.625}
    sums, bars = node.call(MODULE, "(view) => [tested.sumWords(view), tested.barWords(view)]", view)
    assert sums == "log p(x) = ELBO + KL(q‖p(z|x)):  −1.500 = −1.750 + 0.250 nats"
    assert bars == (
        "Waterfall in nats: reconstruction −1.125, minus KL to the prior 0.625, "
        "gives ELBO −1.750; plus gap 0.250, log p(x) −1.500."
    )


def test_how_close_a_gaussian_can_come_in_words() -> None:
    def words(decoder: str, smallest: float) -> str:
        view = {"state": {"decoder": decoder}, "smallest": smallest}
        return str(node.call(MODULE, "(view) => tested.findingWords(view)", view))

    assert words("linear", 0) == "With a linear decoder the posterior is Gaussian, so the best q closes the gap to 0."
    curved = "This posterior is not Gaussian: no Gaussian q makes the gap smaller than"
    assert words("curved", 0.0123456) == f"{curved} 0.012 nats."
    assert words("curved", 0.001) == f"{curved} 0.001 nats."
    assert words("curved", 0.000123) == f"{curved} 0.00012 nats."


def test_the_page_and_python_have_the_same_limits() -> None:
    limits = node.call(MODULE, "() => tested.LIMITS")
    assert {name: tuple(ends) for name, ends in limits.items()} == explorer.LIMITS
