"""The integrable model: closed forms, moments of Gaussians, Monte Carlo and torch.distributions as oracles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vqedu.lessons import toy

MUS = np.linspace(-4, 4, 33)
SIGMAS = np.geomspace(0.05, 4, 13)
XS = (-2.0, -0.5, 0.0, 1.0, 2.5, 4.0)
NOISE = 0.5


@pytest.mark.parametrize("x", XS)
def test_log_evidence_of_the_linear_model_is_the_closed_form(x: float) -> None:
    expected = toy.log_normal(x, 0.0, np.sqrt(1 + NOISE**2))
    assert toy.LatentModel("linear", NOISE).log_evidence(x) == pytest.approx(float(expected), abs=1e-9)


@pytest.mark.parametrize("decoder", ["curved", "two-sided"])
@pytest.mark.parametrize("x", XS)
def test_log_evidence_is_what_sampling_the_prior_finds(decoder: str, x: float) -> None:
    model = toy.LatentModel(decoder, NOISE)
    likelihood = np.exp(model.log_likelihood(x, np.random.default_rng(0).standard_normal(1_000_000)))
    error = likelihood.std() / np.sqrt(likelihood.size)
    assert np.exp(model.log_evidence(x)) == pytest.approx(likelihood.mean(), abs=5 * error)


def test_posterior_of_the_linear_model_is_the_gaussian_of_the_textbook() -> None:
    z = np.linspace(-5, 5, 101)
    expected = toy.log_normal(z, 1.7 / (1 + NOISE**2), NOISE / np.sqrt(1 + NOISE**2))
    np.testing.assert_allclose(toy.LatentModel("linear", NOISE).log_posterior(1.7, z), expected, atol=1e-9)


@pytest.mark.parametrize("decoder", sorted(toy.DECODERS))
def test_posteriors_are_densities(decoder: str) -> None:
    z = np.linspace(-12, 12, 100_001)
    for x in XS:
        density = np.exp(toy.LatentModel(decoder).log_posterior(x, z))
        assert density.sum() * (z[1] - z[0]) == pytest.approx(1.0, abs=1e-9)


def test_the_two_sided_posterior_has_two_modes_and_the_curved_one_is_skewed() -> None:
    z = np.linspace(-6, 6, 6001)
    two = np.exp(toy.LatentModel("two-sided").log_posterior(2.0, z))
    peaks = z[1:-1][(two[1:-1] > two[:-2]) & (two[1:-1] > two[2:])]
    assert len(peaks) == 2
    np.testing.assert_allclose(peaks, [-peaks[1], peaks[1]], atol=0.003)
    curved = np.exp(toy.LatentModel("curved").log_posterior(0.5, z)) * (z[1] - z[0])
    mean = (curved * z).sum()
    sd = np.sqrt((curved * (z - mean) ** 2).sum())
    assert (curved * ((z - mean) / sd) ** 3).sum() < -0.5  # skewness


@pytest.mark.parametrize("decoder", sorted(toy.DECODERS))
@pytest.mark.parametrize("x", XS)
def test_elbo_and_gap_add_up_to_log_evidence_at_every_q(decoder: str, x: float) -> None:
    model = toy.LatentModel(decoder)
    elbo = model.elbo(x, MUS[:, None], SIGMAS)  # (33, 13)
    gap = np.stack([model.kl_to_posterior(x, mu, SIGMAS) for mu in MUS])
    np.testing.assert_allclose(elbo + gap, model.log_evidence(x), atol=1e-6, rtol=0)
    assert gap.min() > -1e-9
    split = model.reconstruction(x, MUS[:, None], SIGMAS) - toy.kl_to_prior(MUS[:, None], SIGMAS)
    np.testing.assert_allclose(elbo, split, atol=1e-6, rtol=0)


def test_gap_of_the_linear_model_is_the_kl_between_two_gaussians() -> None:
    mus, sigmas = (torch.tensor(values) for values in np.meshgrid(MUS[::4], SIGMAS[::3], indexing="ij"))
    posterior = Normal(torch.tensor(1.2 / 1.25, dtype=torch.float64), torch.tensor(0.2, dtype=torch.float64).sqrt())
    expected = kl_divergence(Normal(mus, sigmas), posterior).numpy()
    gap = toy.LatentModel("linear", NOISE).kl_to_posterior(1.2, mus.numpy(), sigmas.numpy())
    np.testing.assert_allclose(gap, expected, atol=1e-9)


def test_kl_to_prior_is_what_torch_distributions_says() -> None:
    mus, sigmas = (torch.tensor(values) for values in np.meshgrid(MUS, SIGMAS, indexing="ij"))
    zero = torch.zeros((), dtype=torch.float64)
    expected = kl_divergence(Normal(mus, sigmas), Normal(zero, zero + 1)).numpy()
    np.testing.assert_allclose(toy.kl_to_prior(mus.numpy(), sigmas.numpy()), expected, atol=1e-12)


def test_reconstruction_of_the_two_sided_model_follows_from_the_moments_of_a_gaussian() -> None:
    x, mu, sigma = 1.5, MUS[:, None], SIGMAS
    square = mu**2 + sigma**2
    fourth = mu**4 + 6 * mu**2 * sigma**2 + 3 * sigma**4
    expected = -np.log(NOISE * np.sqrt(2 * np.pi)) - (x**2 - 2 * x * square + fourth) / (2 * NOISE**2)
    np.testing.assert_allclose(toy.LatentModel("two-sided", NOISE).reconstruction(x, mu, sigma), expected, rtol=1e-11)


def test_elbo_of_the_curved_model_is_what_sampling_q_finds() -> None:
    model, mu, sigma = toy.LatentModel("curved"), -0.3, 0.6
    z = mu + sigma * np.random.default_rng(1).standard_normal(1_000_000)
    draws = model.log_joint(1.0, z) - toy.log_normal(z, mu, sigma)
    error = draws.std() / np.sqrt(draws.size)
    assert float(model.elbo(1.0, mu, sigma)) == pytest.approx(draws.mean(), abs=5 * error)


@pytest.mark.parametrize("decoder", sorted(toy.DECODERS))
def test_first_four_lines_of_the_derivation_are_log_evidence_and_the_last_is_the_elbo(decoder: str) -> None:
    model = toy.LatentModel(decoder)
    for mu, sigma in ((-4.0, 0.05), (0.4, 0.7), (4.0, 4.0)):
        *equal, last = model.derivation(1.0, mu, sigma)
        np.testing.assert_allclose(equal, model.log_evidence(1.0), atol=1e-6, rtol=0)
        assert last == float(model.elbo(1.0, mu, sigma)) < equal[0]


def test_best_gaussian_of_the_linear_model_is_the_posterior() -> None:
    model = toy.LatentModel("linear", NOISE)
    best = model.best_gaussian(2.0)
    assert best == pytest.approx((2.0 / 1.25, np.sqrt(0.2)), abs=1e-5)
    assert float(model.kl_to_posterior(2.0, *best)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("decoder", ["curved", "two-sided"])
@pytest.mark.parametrize("x", XS)
def test_no_q_of_a_fine_grid_beats_the_best_gaussian_and_its_gap_is_open(decoder: str, x: float) -> None:
    model = toy.LatentModel(decoder)
    best = model.best_gaussian(x)
    rivals = model.elbo(x, np.linspace(-4, 4, 161)[:, None], np.geomspace(0.05, 4, 60))
    assert float(model.elbo(x, *best)) >= rivals.max() - 1e-12
    assert float(model.kl_to_posterior(x, *best)) > 1e-4
    assert decoder == "curved" or best.mu >= 0


@pytest.mark.parametrize("decoder", sorted(toy.DECODERS))
@pytest.mark.parametrize("x", XS)
def test_the_elbo_is_flat_at_the_best_gaussian(decoder: str, x: float) -> None:
    model, h = toy.LatentModel(decoder), 1e-4
    mu, sigma = model.best_gaussian(x)
    in_mu = model.elbo(x, mu + h, sigma) - model.elbo(x, mu - h, sigma)
    in_sigma = model.elbo(x, mu, sigma + h) - model.elbo(x, mu, sigma - h)
    assert abs(in_mu) / (2 * h) < 1e-4
    assert abs(in_sigma) / (2 * h) < 1e-4


def test_the_decoders_by_hand() -> None:
    z = np.array([-1.0, 0.0, 0.5])
    for decoder, expected in (
        ("linear", [-1, 0, 0.5]),
        ("curved", [np.log(1 + np.exp(-4)), np.log(2), np.log(1 + np.exp(2))]),
        ("two-sided", [1, 0, 0.25]),
    ):
        np.testing.assert_allclose(toy.LatentModel(decoder).f(z), expected, rtol=1e-14)


@pytest.mark.parametrize("decoder", sorted(toy.DECODERS))
def test_the_narrowest_q_is_resolved(decoder: str) -> None:
    model = toy.LatentModel(decoder)
    for mu in (0.0, 0.004, 0.3333):
        elbo, gap = float(model.elbo(1.0, mu, 0.02)), float(model.kl_to_posterior(1.0, mu, 0.02))
        assert elbo + gap == pytest.approx(model.log_evidence(1.0), abs=1e-11)


def test_the_limits_are_allowed_and_what_lies_beyond_is_not() -> None:
    model = toy.LatentModel()
    for noise in (0.1, 10):
        toy.LatentModel("linear", noise)
    for mu, sigma in ((6, 1), (-6, 1), (0, 0.02), (0, 4)):
        assert np.isfinite(model.elbo(6.0, mu, sigma))
    for noise in (0.09, 10.1):
        with pytest.raises(ValueError, match="noise"):
            toy.LatentModel("linear", noise)
    for x, mu, sigma in ((6.1, 0, 1), (0, [0, 6.1], 1), (0, -6.1, 1), (0, 0, [1, 0.019]), (0, 0, [1, 4.1])):
        with pytest.raises(ValueError, match=r"must lie in|standard deviation in"):
            model.elbo(x, mu, sigma)


def test_bad_input_is_named() -> None:
    model = toy.LatentModel()
    with pytest.raises(ValueError, match=r"no decoder 'linaer'.*linear"):
        toy.LatentModel("linaer")
    with pytest.raises(ValueError, match="noise must lie in"):
        toy.LatentModel("linear", 0.0)
    with pytest.raises(ValueError, match="sigma is a standard deviation"):
        model.elbo(0.0, 0.0, -1.0)
    with pytest.raises(ValueError, match="mu must lie in"):
        model.kl_to_posterior(0.0, float("nan"), 1.0)
    with pytest.raises(ValueError, match="x must lie in"):
        model.log_evidence(float("inf"))


# The model that counts.


COUNTS = np.array([0, 1, 3, 7, 20])


def test_the_closed_form_of_a_counts_elbo_is_its_integral() -> None:
    model, mu, sigma = toy.CountModel(), -0.2, 0.4
    z = mu + sigma * toy.T
    for x in COUNTS:
        inside = model.log_likelihood(x, z) + toy.log_normal(z, 0.0, 1.0) - toy.log_normal(z, mu, sigma)
        assert float(model.elbo(x, mu, sigma)) == pytest.approx(float(inside @ toy.WEIGHTS), abs=1e-6)


def test_no_gaussian_near_the_best_one_of_a_count_is_better() -> None:
    model = toy.CountModel()
    mu, sigma = model.best_gaussian(COUNTS)
    best = model.elbo(COUNTS, mu, sigma)
    assert (best < model.log_evidence(COUNTS)).all()
    for shift, factor in ((1e-3, 1.0), (-1e-3, 1.0), (0.0, 1.002), (0.0, 0.998)):
        assert (model.elbo(COUNTS, mu + shift, sigma * factor) < best).all()


def test_the_probabilities_of_all_counts_sum_to_one_and_moments_are_those_of_draws() -> None:
    model = toy.CountModel()
    assert float(np.exp(model.log_evidence(np.arange(3000))).sum()) == pytest.approx(1, abs=2e-3)
    rng = np.random.default_rng(0)
    z = rng.standard_normal(2_000_000)
    kept = z[rng.poisson(np.exp(np.minimum(1 + 2 * z, 15))) == 3]
    mean, spread = model.moments(3)
    assert (float(mean), float(spread)) == pytest.approx((kept.mean(), kept.std()), abs=0.005)


def test_evidence_and_moments_of_a_count_are_those_of_a_finer_and_wider_grid() -> None:
    model, z = toy.CountModel(), np.linspace(-14, 14, 20_001)
    for x in COUNTS:
        joint = np.exp(model.log_likelihood(x, z) - z**2 / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
        mean = joint @ z / joint.sum()
        spread = np.sqrt(joint @ (z - mean) ** 2 / joint.sum())
        assert float(model.log_evidence(x)) == pytest.approx(np.log(joint.sum()), abs=1e-10)
        assert tuple(map(float, model.moments(x))) == pytest.approx((mean, spread), abs=1e-8)


@pytest.mark.parametrize(
    ("prior", "entropy", "spread"),
    [(1.0, 1.0, 2.0), (0.2, 1.0, 2.0), (3.0, 1.0, 2.0), (1.0, 0.5, 2.0), (1.0, 1.0, 0.5)],
)
def test_no_gaussian_near_the_best_one_of_another_objective_is_better(
    prior: float, entropy: float, spread: float
) -> None:
    def objective(mu: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        likelihood = COUNTS * (1 + 2 * mu) - np.exp(1 + 2 * mu + spread * sigma**2)
        return likelihood - prior * (mu**2 + sigma**2) / 2 + entropy * np.log(sigma)

    mu, sigma = toy.CountModel().best_gaussian(COUNTS, prior, entropy, spread)
    for shift, factor in ((1e-3, 1.0), (-1e-3, 1.0), (0.0, 1.002), (0.0, 0.998)):
        assert (objective(mu + shift, sigma * factor) < objective(mu, sigma)).all()
