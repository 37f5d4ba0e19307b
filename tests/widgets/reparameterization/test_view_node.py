"""What the reparameterization explorer shows of a state, without a page: against Python, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.page import node
from tests.widgets.reparameterization.test_math_node import REPEATS, page_noise
from vqedu.lessons import gradients
from vqedu.widgets.reparameterization import reparameterization as explorer

MODULE = "reparameterization/view.js"
CLOUD = [-1.5, 0.0, 0.25]
STATES: list[dict[str, Any]] = [
    {"f": "square", "mu": 2.0, "sigma": 1.0, "n": 1, "baseline": False, "seed": 0},
    {"f": "sine", "mu": -0.4, "sigma": 0.7, "n": 16, "baseline": True, "seed": 0},
    {"f": "quartic", "mu": 1.0, "sigma": 0.5, "n": 256, "baseline": True, "seed": 3},
    {"f": "step", "mu": 0.5, "sigma": 1.0, "n": 4, "baseline": False, "seed": 4},
]


def views(states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    script = """(cloud, states) => {
        const see = tested.viewer(cloud);
        return states.map((state) => {
            const { one, target, ...rest } = see(state);
            return { ...rest, one: [one.path(0.3), one.score(0.3)], f: target.f(2) };
        });
    }"""
    return list(node.call(MODULE, script, CLOUD, states))


def test_a_state_shows_both_estimators_on_the_noise_of_its_seed() -> None:
    for state, view in zip(STATES, views(STATES), strict=True):
        mu, sigma, n = state["mu"], state["sigma"], state["n"]
        h = gradients.FUNCTIONS[state["f"]].h
        baseline = gradients.expectation(state["f"], mu, sigma) if state["baseline"] else 0.0
        eps = page_noise(state["seed"])[:, :n].flatten()
        estimators = {
            "path": lambda e, h=h, mu=mu, sigma=sigma: gradients.reparameterized(h, mu, sigma, e),
            "score": lambda e, h=h, mu=mu, sigma=sigma, b=baseline: gradients.score_function(h, mu, sigma, e, b),
        }
        assert view["f"] == pytest.approx(float(h(torch.tensor(2.0))), rel=1e-6)
        for place, (name, estimator) in enumerate(estimators.items()):
            one = estimator(torch.tensor([0.3], dtype=torch.float64))
            assert view["one"][place] == pytest.approx({"mu": float(one.mu), "sigma": float(one.sigma)}, rel=1e-6)
            drawn = estimator(eps)
            for parameter in ("mu", "sigma"):
                means = getattr(drawn, parameter).view(REPEATS, n).mean(1)
                np.testing.assert_allclose(view["draws"][name][parameter], means, rtol=1e-6, atol=1e-9)
                summary = view["summary"][parameter][name]
                assert summary["mean"] == pytest.approx(float(means.mean()), rel=1e-6, abs=1e-9)
                assert summary["sd"] == pytest.approx(float(means.std()), rel=1e-6, abs=1e-9)
        exact = gradients.exact(state["f"], mu, sigma)
        assert view["exact"] == pytest.approx({"mu": float(exact.mu), "sigma": float(exact.sigma)}, abs=1e-8)
        assert [each["eps"] for each in view["samples"]] == CLOUD
        assert [each["z"] for each in view["samples"]] == pytest.approx([mu + sigma * each for each in CLOUD])
        for parameter in () if state["f"] == "step" else ("mu", "sigma"):
            spread = view["summary"][parameter]
            assert spread["ratio"] == pytest.approx(spread["score"]["sd"] ** 2 / spread["path"]["sd"] ** 2)


def test_what_is_found_in_words() -> None:
    def words(f: str, baseline: bool, ratio: float) -> str:
        view = {"state": {"f": f, "baseline": baseline}, "summary": {"mu": {"ratio": ratio}}, "exact": {"mu": 0.2419}}
        return str(node.call(MODULE, "(view) => tested.findingWords(view)", view))

    assert (
        words("step", False, 3) == "A step has no slope: reparameterization returns 0, and the exact gradient is 0.242"
    )
    plain, with_baseline = "For μ, the score function has", "For μ, the score function with a baseline has"
    assert words("sine", False, 11.26) == f"{plain} 11.3 times the variance of reparameterization"
    assert words("sine", True, 1) == f"{with_baseline} 1.0 times the variance of reparameterization"
    assert words("sine", True, 0.256) == f"{with_baseline} 0.26 times the variance of reparameterization"


def test_the_page_and_python_have_the_same_limits() -> None:
    ranges, counts = node.call(MODULE, "() => [tested.RANGES, tested.SAMPLE_COUNTS]")
    assert {name: tuple(limits) for name, limits in ranges.items()} == explorer.LIMITS
    assert tuple(counts) == explorer.SAMPLE_COUNTS
