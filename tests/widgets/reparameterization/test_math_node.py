"""The arithmetic of the reparameterization explorer in JavaScript: both estimators, and the noise they draw."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.page import node
from vqedu.lessons import gradients

MODULE = ("reparameterization/math.js", "page/random.js")
REPEATS, STRIDE = 300, 256
each_function = pytest.mark.parametrize("f", sorted(gradients.FUNCTIONS))
POINTS = [(2.0, 1.0), (0.0, 0.1), (-3.0, 2.0), (0.7, 0.3)]


def page_noise(seed: int) -> torch.Tensor:
    """Return the noise that the page draws from: (300, 256)."""
    values = node.call(MODULE, "(seed, count) => tested.normals(seed, count)", seed, REPEATS * STRIDE)
    return torch.tensor(values, dtype=torch.float64).view(REPEATS, STRIDE)


@each_function
def test_both_estimators_agree_with_python_sample_by_sample(f: str) -> None:
    eps = torch.randn(200, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    estimates = """(f, points, eps) => points.map(([mu, sigma]) => eps.map((e) => [
        tested.reparameterized(tested.FUNCTIONS[f], mu, sigma, e),
        tested.scoreFunction(tested.FUNCTIONS[f], mu, sigma, e, 0.7),
    ].flatMap((g) => [g.mu, g.sigma])))"""
    function = gradients.FUNCTIONS[f].h
    for (mu, sigma), found in zip(POINTS, node.call(MODULE, estimates, f, POINTS, eps.tolist()), strict=True):
        path = gradients.reparameterized(function, mu, sigma, eps)
        score = gradients.score_function(function, mu, sigma, eps, baseline=0.7)
        np.testing.assert_allclose(np.array(found).T, torch.stack([*path, *score]).numpy(), rtol=1e-9, atol=1e-12)


@each_function
def test_expectation_and_exact_gradient_agree_with_python(f: str) -> None:
    truths = """(f, points) => points.map(([mu, sigma]) =>
        [tested.FUNCTIONS[f].mean(mu, sigma), tested.FUNCTIONS[f].gradient(mu, sigma)])"""
    for (mu, sigma), (mean, gradient) in zip(POINTS, node.call(MODULE, truths, f, POINTS), strict=True):
        exact = gradients.exact(f, mu, sigma)
        assert mean == pytest.approx(gradients.expectation(f, mu, sigma), abs=1e-8)
        assert (gradient["mu"], gradient["sigma"]) == pytest.approx((float(exact.mu), float(exact.sigma)), abs=1e-9)


def test_variances_in_the_page_are_within_5_percent_of_the_analytic_ones() -> None:
    measured = node.call(
        MODULE,
        """() => {
            const noise = tested.normals(5, 2_000_000), square = tested.FUNCTIONS.square;
            const size = { repeats: noise.length, stride: 1, n: 1 };
            const measure = (how) => tested.estimates((e) => how(square, 2, 1, e), noise, size);
            const draws = [measure(tested.reparameterized), measure(tested.scoreFunction)];
            return draws.flatMap((d) => [d.mu, d.sigma]).map((values) => tested.meanAndSpread(values).sd ** 2);
        }""",
    )
    path, score = gradients.variances_of_square(2.0, 1.0)
    assert measured == pytest.approx([float(v) for v in (*path, *score)], rel=0.05)
    assert measured[2] / measured[0] >= 10


def test_the_noise_of_the_page_is_standard_normal() -> None:
    noise = page_noise(1).flatten()
    n = noise.numel()
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert float((noise**power).mean()) == pytest.approx(moment, abs=5 * (variance / n) ** 0.5)


def test_the_normal_distribution_function_is_torch_s_and_flat_far_out() -> None:
    u = np.concatenate([np.linspace(-8, 8, 65), [-30.0, 30.0]])
    found = node.call(MODULE, "(u) => u.map(tested.normalCdf)", u.tolist())
    np.testing.assert_allclose(found, torch.special.ndtr(torch.from_numpy(u)), atol=1e-9)


@each_function
def test_values_slopes_and_names_of_the_functions_are_python_s(f: str) -> None:
    z = torch.linspace(-2, 2, 41, dtype=torch.float64)
    values = "(f, z) => z.map((each) => [tested.FUNCTIONS[f].f(each), tested.FUNCTIONS[f].slope(each)])"
    found = np.array(node.call(MODULE, values, f, z.tolist()))
    leaf = z.clone().requires_grad_()
    h = gradients.FUNCTIONS[f].h(leaf)
    slope = torch.autograd.grad(h.sum(), leaf)[0] if h.requires_grad else torch.zeros_like(z)
    smooth = z != 1 if f == "step" else z == z
    np.testing.assert_allclose(found[smooth], torch.stack([h.detach(), slope], 1)[smooth], rtol=1e-12, atol=1e-12)


def test_estimates_and_their_spread_by_hand() -> None:
    script = """() => {
        const draws = [1, 2, 100, 3, 5, 100], size = { repeats: 2, stride: 3, n: 2 };
        const { mu, sigma } = tested.estimates((eps) => ({ mu: eps, sigma: eps * eps }), draws, size);
        return [mu, sigma, tested.meanAndSpread([1, 2, 6])];
    }"""
    mu, sigma, spread = node.call(MODULE, script)
    assert (mu, sigma) == ([1.5, 4], [2.5, 17])
    assert spread == {"mean": 3, "sd": pytest.approx(7**0.5)}


def test_a_baseline_is_subtracted_only_where_one_is_given() -> None:
    script = """() => [[], [4]].map((baseline) =>
        tested.scoreFunction({ f: (z) => z }, 1, 2, 3, ...baseline))"""
    assert node.call(MODULE, script) == [{"mu": 10.5, "sigma": 28}, {"mu": 4.5, "sigma": 12}]
