"""The losses against torch.distributions, finite differences and each other."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from vqedu import losses


def gaussian(n: int = 64, dims: int = 5, low: float = -12, high: float = 12) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    mu = 3 * torch.randn(n, dims, generator=generator)
    return mu, low + (high - low) * torch.rand(n, dims, generator=generator)


def batch(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 1, 28, 28, generator=generator) * 4, torch.rand(n, 1, 28, 28, generator=generator)


def test_reconstruction_is_the_bernoulli_log_likelihood_summed_over_pixels() -> None:
    logits, x = batch()
    binary = x.round()
    expected = -Bernoulli(logits=logits.double()).log_prob(binary.double()).sum((1, 2, 3))
    torch.testing.assert_close(losses.reconstruction(logits, binary).double(), expected, rtol=1e-6, atol=0)


def test_reconstruction_of_grey_levels_is_least_at_their_own_logits() -> None:
    _, x = batch()
    x = x.clamp(0.01, 0.99)
    best = losses.reconstruction(torch.logit(x), x)
    entropy = Bernoulli(probs=x).entropy().sum((1, 2, 3))
    torch.testing.assert_close(best, entropy, rtol=1e-5, atol=0)
    assert (losses.reconstruction(torch.logit(x) + 0.1, x) > best).all()


def test_kl_equals_torch_distributions_over_the_whole_range() -> None:
    mu, logvar = gaussian()
    posterior = Normal(mu.double(), torch.exp(logvar.double() / 2))
    expected = kl_divergence(posterior, Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(losses.kl_to_standard_normal(mu, logvar).double(), expected, rtol=1e-5, atol=0)


def test_kl_near_the_prior_keeps_its_digits() -> None:
    logvar = torch.full((1, 1), 1e-3)
    exact = 0.5 * (math.expm1(1e-3) - 1e-3)
    measured = losses.kl_to_standard_normal(torch.zeros(1, 1), logvar).item()
    assert measured == pytest.approx(exact, rel=1e-3)


def test_kl_of_the_prior_itself_is_zero_and_of_everything_else_positive() -> None:
    zeros = torch.zeros(3, 4)
    assert losses.kl_to_standard_normal(zeros, zeros).tolist() == [0, 0, 0]
    mu, logvar = gaussian()
    assert (losses.kl_to_standard_normal(mu, logvar) > 0).all()


@pytest.mark.parametrize("logvar", [-30.0, -12.0, 0.0, 12.0, 20.0])
def test_kl_gradients_are_finite_and_right_far_out(logvar: float) -> None:
    mu = torch.full((1, 1), 2.0, requires_grad=True)
    lv = torch.full((1, 1), logvar, requires_grad=True)
    losses.kl_to_standard_normal(mu, lv).sum().backward()
    assert mu.grad is not None
    assert lv.grad is not None
    assert mu.grad.item() == pytest.approx(2.0)
    assert lv.grad.item() == pytest.approx(0.5 * (math.exp(logvar) - 1), rel=1e-5)


def test_elbo_is_reconstruction_plus_beta_kl_averaged_over_the_batch() -> None:
    logits, x = batch()
    mu, logvar = gaussian(len(x), low=-3, high=3)
    terms = losses.elbo(logits, x, mu, logvar, beta=0.5)
    assert terms.reconstruction.item() == pytest.approx(losses.reconstruction(logits, x).mean().item())
    assert terms.kl.item() == pytest.approx(losses.kl_to_standard_normal(mu, logvar).mean().item())
    assert terms.total.item() == pytest.approx((terms.reconstruction + 0.5 * terms.kl).item())


def test_elbo_doubles_when_the_image_count_does_not_but_its_pixels_do() -> None:
    """A batch of the same image twice has the same loss: the batch is averaged, the pixels are not."""
    logits, x = batch(1)
    mu, logvar = gaussian(1, low=-3, high=3)
    once = losses.elbo(logits, x, mu, logvar)
    twice = losses.elbo(logits.repeat(2, 1, 1, 1), x.repeat(2, 1, 1, 1), mu.repeat(2, 1), logvar.repeat(2, 1))
    torch.testing.assert_close(torch.stack(once), torch.stack(twice))
    torch.testing.assert_close(
        losses.kl_to_standard_normal(mu.repeat(1, 2), logvar.repeat(1, 2)),
        2 * losses.kl_to_standard_normal(mu, logvar),
    )


def test_importance_weighted_bound_by_hand() -> None:
    weights = torch.tensor([[1.0, 2.0], [3.0, 2.0]])
    bound = losses.importance_weighted_bound(weights.log())
    torch.testing.assert_close(bound, torch.tensor([2.0, 2.0]).log())
    single = torch.randn(1, 4)
    torch.testing.assert_close(losses.importance_weighted_bound(single), single[0])


def test_importance_weighted_bound_survives_very_small_weights() -> None:
    log_weights = torch.tensor([[-2000.0], [-2001.0]])
    expected = -2000 + math.log((1 + math.exp(-1)) / 2)
    assert losses.importance_weighted_bound(log_weights).item() == pytest.approx(expected)


def bad_elbo_calls() -> list[tuple[dict[str, object], type[Exception], str]]:
    logits, x = batch()
    mu, logvar = torch.zeros(6, 2), torch.zeros(6, 2)
    good = {"logits": logits, "x": x, "mu": mu, "logvar": logvar}
    infinite = torch.full((6, 2), math.inf)
    return [
        ({**good, "beta": -1.0}, ValueError, "at least 0, got -1"),
        ({**good, "beta": math.nan}, ValueError, "finite"),
        ({**good, "logvar": infinite}, ValueError, "logvar must be finite"),
        ({**good, "logvar": torch.zeros(6, 3)}, ValueError, r"\(6, 2\) and \(6, 3\)"),
        ({**good, "mu": torch.zeros(5, 2), "logvar": torch.zeros(5, 2)}, ValueError, "5 rows for 6 images"),
        ({**good, "x": x * 2}, ValueError, r"in \[0, 1\]"),
        ({**good, "logits": logits[:1]}, ValueError, "one shape"),
        ({**good, "mu": torch.zeros(6, 2, dtype=torch.int64)}, TypeError, "floating-point"),
    ]


@pytest.mark.parametrize(("arguments", "error", "message"), bad_elbo_calls())
def test_elbo_says_what_is_wrong(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        losses.elbo(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", [torch.zeros(0, 3), torch.zeros(3), torch.zeros(2, 2, dtype=torch.int64)])
def test_importance_weighted_bound_says_what_is_wrong(weights: torch.Tensor) -> None:
    with pytest.raises((ValueError, TypeError), match="log_weights"):
        losses.importance_weighted_bound(weights)


def in_color() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and images of two levels between the ends as well as black and white: (3, 3, 2, 4), float64."""
    generator = torch.Generator().manual_seed(2)
    levels = torch.tensor([0, 1, 127, 254, 255])[torch.randint(5, (3, 3, 2, 4), generator=generator)]
    return torch.randn(3, 3, 2, 4, generator=generator, dtype=torch.float64), levels / torch.tensor(255.0).double()


@pytest.mark.parametrize("variance", [0.01, 1.0, 3.0])
def test_gaussian_is_the_log_density_summed_over_every_channel_of_every_pixel(variance: float) -> None:
    logits, x = in_color()
    expected = -Normal(logits.sigmoid(), math.sqrt(variance)).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(losses.gaussian(logits, x, variance), expected)
    torch.testing.assert_close(losses.gaussian(logits[:1], x[:1], variance), expected[:1])


@pytest.mark.parametrize("scale", [0.1, 0.3])
def test_discretized_logistic_is_the_share_of_the_logistic_nearest_to_each_level(scale: float) -> None:
    logits, x = in_color()
    upper, lower = (((x + side / 510 - logits.sigmoid()) / scale).sigmoid() for side in (1, -1))
    probability = torch.where(x < 1, upper, 1.0) - torch.where(x > 0, lower, 0.0)
    torch.testing.assert_close(
        losses.discretized_logistic(logits, x, scale), -probability.log().sum((1, 2, 3)), rtol=1e-6, atol=0
    )


def test_discretized_logistic_takes_what_lies_between_two_levels_for_the_nearest() -> None:
    logits, x = in_color()
    between = (x + 0.4 / 255 * torch.where(x < 0.5, 1, -1)).clamp(0, 1)
    torch.testing.assert_close(
        losses.discretized_logistic(logits, between, 0.1), losses.discretized_logistic(logits, x, 0.1)
    )


def test_bits_per_dimension_by_hand() -> None:
    assert losses.bits_per_dimension(30 * math.log(2), 10) == pytest.approx(3)
    assert losses.bits_per_dimension(30 * math.log(2), 10, density=True) == pytest.approx(3 + math.log2(255))


def test_the_negative_log_likelihood_is_that_of_its_name_by_default_bernoulli_with_variance_1() -> None:
    logits, x = batch()
    bernoulli, gaussian_ = losses.reconstruction(logits, x), losses.gaussian(logits, x, 0.3)
    assert torch.equal(losses.negative_log_likelihood(logits, x), bernoulli)
    assert torch.equal(losses.negative_log_likelihood(logits, x, "bernoulli", 0.3), bernoulli)
    assert torch.equal(losses.negative_log_likelihood(logits, x, "gaussian", 0.3), gaussian_)
    assert torch.equal(losses.negative_log_likelihood(logits, x, "gaussian"), losses.gaussian(logits, x, 1.0))


def test_vqvae_by_hand_in_value_and_in_the_weight_of_each_term() -> None:
    logits, x = batch()
    terms = [torch.tensor(value, requires_grad=True) for value in (3.0, 5.0)]
    loss = losses.vqvae(logits, x, *terms)
    per_image = losses.reconstruction(logits, x).mean().item()
    assert loss.reconstruction.item() == pytest.approx(per_image)
    assert loss.total.item() == pytest.approx(per_image + 3 + 0.25 * 5)
    loss.total.backward()
    assert [term.grad.item() for term in terms if term.grad is not None] == [1, 0.25]
    assert (loss.codebook_loss.item(), loss.commitment_loss.item()) == (3, 5)


def test_vqvae_with_a_likelihood_and_a_cost_of_its_own() -> None:
    logits, x = batch()
    given = (logits, x, torch.tensor(3.0), torch.tensor(5.0), 2.0, "gaussian")
    for variance in (1.0, 0.1):
        expected = losses.gaussian(logits, x, variance).mean().item() + 3 + 2 * 5
        assert losses.vqvae(*given, variance).total.item() == pytest.approx(expected)
    assert losses.vqvae(*given).total == losses.vqvae(*given, 1.0).total


def test_the_elbo_has_beta_1_unless_told_otherwise() -> None:
    logits, x = batch()
    mu, logvar = gaussian(len(x), low=-3, high=3)
    terms = losses.elbo(logits, x, mu, logvar)
    assert terms.total.item() == pytest.approx((terms.reconstruction + terms.kl).item())


def test_kl_per_dimension_is_averaged_over_the_batch_and_sums_to_the_kl() -> None:
    mu, logvar = gaussian(low=-3, high=3)
    each = kl_divergence(Normal(mu.double(), torch.exp(logvar.double() / 2)), Normal(0.0, 1.0))
    torch.testing.assert_close(losses.kl_per_dimension(mu, logvar).double(), each.mean(0), rtol=1e-5, atol=0)
    torch.testing.assert_close(losses.kl_terms(mu, logvar).double(), each, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("step", "weight"), [(0, 0.0), (1, 0.5), (3, 1.5), (8, 4.0), (9, 4.0)])
def test_the_weight_of_the_kl_rises_in_a_straight_line_and_stays(step: int, weight: float) -> None:
    assert losses.annealed(4.0, step, 8) == weight


def test_free_bits_by_hand_and_without_a_pull_below_the_floor() -> None:
    kl = torch.tensor([0.1, 0.5, 2.0], requires_grad=True)
    loss = losses.free_bits(kl, 0.4)
    assert loss.item() == pytest.approx(0.4 + 0.5 + 2.0)
    loss.backward()
    assert kl.grad is not None
    assert kl.grad.tolist() == [0, 1, 1]
    assert losses.free_bits(kl, 0.0).item() == pytest.approx(2.6)


WRONG_CALLS: list[tuple[Callable[[], object], str]] = [
    (lambda: losses.gaussian(*batch(), 0.0), "variance must be"),
    (lambda: losses.gaussian(batch()[0], batch(5)[1], 1.0), "one shape"),
    (lambda: losses.discretized_logistic(*batch(), 0.0), "scale must be"),
    (lambda: losses.discretized_logistic(batch()[0], batch(5)[1], 1.0), "one shape"),
    (lambda: losses.reconstruction(batch()[0].long(), batch()[1]), "logits must"),
    (lambda: losses.bits_per_dimension(1.0, 0), "dimensions must be"),
    (lambda: losses.negative_log_likelihood(*batch(), "normal"), "likelihood"),
    (lambda: losses.importance_weighted_bound(torch.zeros(2, 3, 4)), "log_weights must have shape"),
    (lambda: losses.annealed(-1.0, 1, 1), "beta must be"),
    (lambda: losses.annealed(1.0, -1, 1), "step must be"),
    (lambda: losses.annealed(1.0, 0, 0), "steps must be"),
    (lambda: losses.free_bits(torch.tensor([math.nan]), 1.0), "kl must be finite"),
    (lambda: losses.free_bits(torch.zeros(2, 2), 1.0), "one number a latent"),
    (lambda: losses.free_bits(torch.zeros(2), -1.0), "floor must be"),
]


@pytest.mark.parametrize(("call", "message"), WRONG_CALLS)
def test_every_loss_says_what_is_wrong(call: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()
