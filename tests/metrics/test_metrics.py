"""The measures against models on which they can be computed exactly."""

from __future__ import annotations

import math

import pytest
import torch

from tests.quantizers.examples import QUANTIZERS, started
from vqedu import losses, metrics, models
from vqedu.metrics import likelihood


class LinearVAE(models.VAE):
    """One latent number that moves every logit along one line, so that p(x) is a one-dimensional integral."""

    def __init__(self) -> None:
        super().__init__(1, hidden=(4,))
        self.direction = torch.linspace(-1, 1, 784).view(1, 784)

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.full((len(x), 1), 0.3), torch.full((len(x), 1), -0.3)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return (0.1 * z @ self.direction).view(-1, 1, 28, 28)


def binary_images(n: int) -> torch.Tensor:
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0)).round()


def exact_log_p(model: LinearVAE, x: torch.Tensor) -> torch.Tensor:
    z = torch.linspace(-8, 8, 2001, dtype=torch.float64).unsqueeze(1)
    logits = 0.1 * z @ model.direction.double()
    pixels = x.flatten(1).double()
    log_x_given_z = pixels @ logits.T - torch.nn.functional.softplus(logits).sum(1)
    log_prior = -0.5 * z[:, 0].square() - 0.5 * math.log(2 * math.pi)
    return torch.logsumexp(log_x_given_z + log_prior + math.log(16 / 2000), dim=1)


def test_log_likelihood_agrees_with_quadrature() -> None:
    model, x = LinearVAE(), binary_images(3)
    estimate = metrics.log_likelihood(model, x, 50_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(estimate.double(), exact_log_p(model, x), atol=0.01, rtol=0)


def test_log_likelihood_with_one_sample_averages_to_the_elbo_and_stays_below_log_p() -> None:
    model, x = LinearVAE(), binary_images(1)
    many = x.repeat(5000, 1, 1, 1)
    single = metrics.log_likelihood(model, many, 1, torch.Generator().manual_seed(0)).mean()
    torch.manual_seed(0)
    elbo = -model.loss(many).total
    assert single.item() == pytest.approx(elbo.item(), abs=0.05)
    assert single.item() < exact_log_p(model, x).item()


def test_one_sample_s_weight_is_that_of_the_z_that_the_same_generator_gives_the_vae() -> None:
    model, x = LinearVAE(), binary_images(20)
    mu, logvar = model.encode(x)
    z = models.reparameterize(mu, logvar, torch.Generator().manual_seed(5)).double()
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
    q = torch.distributions.Normal(mu.double(), (0.5 * logvar.double()).exp()).log_prob(z).sum(1)
    p = torch.distributions.Bernoulli(logits=model.decode(z.float()).double()).log_prob(x.double()).flatten(1).sum(1)
    found = metrics.log_likelihood(model, x, 1, torch.Generator().manual_seed(5))
    torch.testing.assert_close(found.double(), p + prior - q, atol=1e-3, rtol=0)


def test_log_likelihood_is_the_same_whatever_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = LinearVAE(), binary_images(3)
    exact = exact_log_p(model, x)
    for chunk in (2, 7, 4096):
        monkeypatch.setattr(likelihood, "DECODED_IMAGES_AT_ONCE", chunk)
        estimate = metrics.log_likelihood(model, x, 4000, torch.Generator().manual_seed(chunk))
        torch.testing.assert_close(estimate.double(), exact, atol=0.1, rtol=0)


def test_log_likelihood_decodes_no_more_images_at_once_than_stated() -> None:
    model, seen = LinearVAE(), []
    decode = model.decode
    model.decode = lambda z: seen.append(len(z)) or decode(z)  # type: ignore[method-assign, func-returns-value]
    metrics.log_likelihood(model, binary_images(30), 100)
    assert sum(seen) == 30 * 100
    assert max(seen) <= likelihood.DECODED_IMAGES_AT_ONCE


@pytest.mark.parametrize(("samples", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError)])
def test_log_likelihood_says_what_is_wrong(samples: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="num_samples"):
        metrics.log_likelihood(LinearVAE(), binary_images(1), samples)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(1, 4), (4,)])
def test_active_units_wants_two_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"at least 2 images, got \("):
        metrics.active_units(torch.zeros(shape))


def test_active_units_counts_the_dimensions_that_move() -> None:
    generator = torch.Generator().manual_seed(0)
    mu = torch.randn(1000, 4, generator=generator) * torch.tensor([1.0, 0.5, 0.05, 0.0])
    assert metrics.active_units(mu) == 2
    assert losses.kl_to_standard_normal(mu, torch.zeros_like(mu)).shape == (1000,)


@pytest.mark.parametrize("name", QUANTIZERS)
def test_what_a_vqvae_reaches_is_what_its_loss_says_whatever_the_chunks(name: str) -> None:
    model, x = started(name), torch.rand(30, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    out, loss = model(x), model.loss(x)
    for at_once in (1000, 7):
        found = metrics.reached(model, x, at_once)
        assert found.reconstruction == pytest.approx(loss.reconstruction.item(), rel=1e-5)
        assert found.commitment == pytest.approx(loss.commitment_loss.item(), rel=1e-4)
        assert found.squared_error == pytest.approx((out.logits.sigmoid() - x).square().mean().item(), rel=1e-5)
        assert found.z_e_square == pytest.approx(model.code_dim * out.z_e.square().mean().item(), rel=1e-5)
        assert torch.equal(found.indices, model.encode(x))


def test_counts_by_hand() -> None:
    assert metrics.counts(torch.tensor([[3, 0], [3, 1]], dtype=torch.uint8), 5).tolist() == [1, 1, 0, 2, 0]
