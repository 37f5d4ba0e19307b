"""The two gradient estimators: closed forms, finite differences, and the variances worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from vqedu.lessons import gradients

POINTS = [(2.0, 1.0), (0.0, 0.5), (-1.0, 2.0), (0.7, 0.3)]


def noise(n: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", sorted(gradients.FUNCTIONS))
@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_expectation_is_what_sampling_finds(name: str, mu: float, sigma: float) -> None:
    values = gradients.FUNCTIONS[name].h(mu + sigma * noise(1_000_000))
    error = float(values.std()) / math.sqrt(values.numel())
    assert gradients.expectation(name, mu, sigma) == pytest.approx(float(values.mean()), abs=5 * error + 1e-12)


@pytest.mark.parametrize("name", sorted(gradients.FUNCTIONS))
@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_exact_gradient_agrees_with_finite_differences(name: str, mu: float, sigma: float) -> None:
    h = 1e-5
    exact = gradients.exact(name, mu, sigma)
    in_mu = gradients.expectation(name, mu + h, sigma) - gradients.expectation(name, mu - h, sigma)
    in_sigma = gradients.expectation(name, mu, sigma + h) - gradients.expectation(name, mu, sigma - h)
    assert float(exact.mu) == pytest.approx(in_mu / (2 * h), abs=1e-6)
    assert float(exact.sigma) == pytest.approx(in_sigma / (2 * h), abs=1e-6)


@pytest.mark.parametrize("name", sorted(gradients.FUNCTIONS))
@pytest.mark.parametrize(("mu", "sigma"), POINTS)
@pytest.mark.parametrize("baseline", [0.0, 1.5])
def test_score_function_is_unbiased_with_and_without_a_baseline(
    name: str, mu: float, sigma: float, baseline: float
) -> None:
    found = gradients.score_function(gradients.FUNCTIONS[name].h, mu, sigma, noise(1_000_000), baseline)
    for estimate, truth in zip(found, gradients.exact(name, mu, sigma), strict=True):
        error = float(estimate.std()) / math.sqrt(estimate.numel())
        assert float(estimate.mean()) == pytest.approx(float(truth), abs=5 * error)


@pytest.mark.parametrize("name", ["square", "sine", "quartic"])
@pytest.mark.parametrize(("mu", "sigma"), POINTS)
def test_reparameterized_is_unbiased_for_smooth_functions(name: str, mu: float, sigma: float) -> None:
    found = gradients.reparameterized(gradients.FUNCTIONS[name].h, mu, sigma, noise(1_000_000))
    for estimate, truth in zip(found, gradients.exact(name, mu, sigma), strict=True):
        error = float(estimate.std()) / math.sqrt(estimate.numel())
        assert float(estimate.mean()) == pytest.approx(float(truth), abs=5 * error)


def test_reparameterized_is_blind_to_a_step() -> None:
    found = gradients.reparameterized(gradients.FUNCTIONS["step"].h, 0.5, 1.0, noise(1000))
    assert found.mu.abs().max() == 0
    assert found.sigma.abs().max() == 0
    assert float(gradients.exact("step", 0.5, 1.0).mu) > 0.3


def test_one_sample_by_hand() -> None:
    # f(z) = z^2, mu = 2, sigma = 3, eps = 0.5: z = 3.5, f = 12.25, f' = 7.
    eps = torch.tensor([0.5], dtype=torch.float64)
    path = gradients.reparameterized(gradients.FUNCTIONS["square"].h, 2.0, 3.0, eps)
    assert (float(path.mu), float(path.sigma)) == pytest.approx((7.0, 3.5))
    score = gradients.score_function(gradients.FUNCTIONS["square"].h, 2.0, 3.0, eps, baseline=2.25)
    assert (float(score.mu), float(score.sigma)) == pytest.approx((10 * 0.5 / 3, 10 * -0.75 / 3))


def test_score_function_is_the_derivative_of_log_q_times_f() -> None:
    mu = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    sigma = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    eps = noise(5)
    z = (mu + sigma * eps).detach()
    for i in range(5):
        log_q = torch.distributions.Normal(mu, sigma).log_prob(z[i])
        expected = [torch.sin(2 * z[i]) * g for g in torch.autograd.grad(log_q, (mu, sigma))]
        found = gradients.score_function(gradients.FUNCTIONS["sine"].h, 0.4, 1.3, eps)
        torch.testing.assert_close([found.mu[i], found.sigma[i]], expected)


@pytest.mark.parametrize(("mu", "sigma"), POINTS)
@pytest.mark.parametrize("with_baseline", [False, True])
def test_measured_variances_are_within_5_percent_of_the_analytic_ones(
    mu: float, sigma: float, with_baseline: bool
) -> None:
    baseline = gradients.expectation("square", mu, sigma) if with_baseline else 0.0
    f, eps = gradients.FUNCTIONS["square"].h, noise(2_000_000)
    analytic = gradients.variances_of_square(mu, sigma, baseline)
    measured = (
        gradients.reparameterized(f, mu, sigma, eps),
        gradients.score_function(f, mu, sigma, eps, baseline),
    )
    for found, expected in zip(measured, analytic, strict=True):
        assert float(found.mu.var()) == pytest.approx(float(expected.mu), rel=0.05)
        assert float(found.sigma.var()) == pytest.approx(float(expected.sigma), rel=0.05)


def test_variances_at_mu_2_sigma_1_are_those_worked_out_by_hand() -> None:
    path, score = gradients.variances_of_square(2.0, 1.0)
    assert [float(v) for v in (*path, *score)] == [4.0, 24.0, 87.0, 346.0]
    assert float(score.mu / path.mu) >= 10
    assert float(score.sigma / path.sigma) >= 10
    _, with_baseline = gradients.variances_of_square(2.0, 1.0, baseline=5.0)
    assert float(with_baseline.mu) == 42.0  # 8 mu^2 + 10 sigma^2


def test_measured_ratio_at_mu_2_sigma_1_is_at_least_10() -> None:
    f, eps = gradients.FUNCTIONS["square"].h, noise(200_000, seed=1)
    path, score = gradients.reparameterized(f, 2.0, 1.0, eps), gradients.score_function(f, 2.0, 1.0, eps)
    assert float(score.mu.var() / path.mu.var()) >= 10
    assert float(score.sigma.var() / path.sigma.var()) >= 10


def test_bad_input_is_named() -> None:
    f = gradients.FUNCTIONS["square"].h
    with pytest.raises(ValueError, match="sigma is a standard deviation"):
        gradients.reparameterized(f, 0.0, 0.0, noise(3))
    with pytest.raises(ValueError, match="mu must be finite"):
        gradients.score_function(f, float("nan"), 1.0, noise(3))
    with pytest.raises(ValueError, match="eps must be finite"):
        gradients.score_function(f, 0.0, 1.0, torch.tensor([float("inf")]))
    with pytest.raises(TypeError, match=r"eps must be a torch\.Tensor"):
        gradients.reparameterized(f, 0.0, 1.0, [0.1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Did you mean 'square'"):
        gradients.exact("sqare", 0.0, 1.0)
