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


@pytest.mark.parametrize("kind", ["one latent number", "three"])
@torch.no_grad()
def test_one_sample_s_weight_is_that_of_the_z_that_the_same_generator_gives_the_vae(kind: str) -> None:
    torch.manual_seed(0)
    model, x = LinearVAE() if kind == "one latent number" else models.VAE(3, (8,)), binary_images(20)
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


@pytest.mark.parametrize(
    ("images", "samples", "chunk", "decoded"),
    [(30, 100, 1024, [1020, 1020, 960]), (10, 2, 7, [7, 7, 3, 3]), (2, 3, 2, [2, 2, 2]), (10, 1, 7, [7, 3])],
)
def test_log_likelihood_decodes_as_many_images_at_once_as_stated_and_keeps_no_graph(
    images: int, samples: int, chunk: int, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, seen = LinearVAE(), []
    decode = model.decode
    model.decode = lambda z: seen.append((len(z), torch.is_grad_enabled())) or decode(z)  # type: ignore
    monkeypatch.setattr(likelihood, "DECODED_IMAGES_AT_ONCE", chunk)
    metrics.log_likelihood(model, binary_images(images), samples)
    assert seen == [(n, False) for n in decoded]


@pytest.mark.parametrize(("samples", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError)])
def test_log_likelihood_says_what_is_wrong(samples: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="num_samples"):
        metrics.log_likelihood(LinearVAE(), binary_images(1), samples)  # type: ignore[arg-type]


def test_log_likelihood_wants_images() -> None:
    with pytest.raises(ValueError, match=r"x must have shape \(N, 1, 28, 28\)"):
        metrics.log_likelihood(LinearVAE(), torch.zeros(2, 784), 1)


@pytest.mark.parametrize("shape", [(1, 4), (4,)])
def test_active_units_wants_two_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"at least 2 images, got \("):
        metrics.active_units(torch.zeros(shape))


def test_active_units_counts_the_dimensions_that_move() -> None:
    generator = torch.Generator().manual_seed(0)
    mu = torch.randn(1000, 4, generator=generator) * torch.tensor([1.0, 0.5, 0.05, 0.0])
    assert metrics.active_units(mu) == 2
    assert losses.kl_to_standard_normal(mu, torch.zeros_like(mu)).shape == (1000,)


def test_a_dimension_is_active_if_its_variance_is_above_the_threshold() -> None:
    mu = torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, 0.5, 0.25, 0.0]])  # variances 1/2, 1/8, 1/32 and 0
    assert [metrics.active_units(mu, threshold) for threshold in (0.0, 1 / 32, 1 / 8, 0.3, 1 / 2)] == [3, 2, 1, 1, 0]
    assert metrics.active_units(mu * torch.tensor([0.17, 0.25, 0.0, 1.0])) == 1  # 0.0145, and 0.0078: below 0.01


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


def test_what_a_codebook_does_to_points_by_hand() -> None:
    rows = torch.tensor([[0.0, 0.0], [0.0, 2.0], [5.0, 0.0], [1.0, 1.0]])
    codes = torch.tensor([[0.0, 1.0], [5.0, 3.0], [90.0, 90.0]])
    found = metrics.measure(rows, codes)
    assert found.indices.tolist() == [0, 0, 1, 0]
    assert found.counts.tolist() == [3, 1, 0]
    assert found.loss == (1 + 1 + 9 + 1) / 4
    assert found.perplexity == pytest.approx(math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)))
    assert found.used == 2


def test_the_nearest_of_other_pictures_and_its_error_per_pixel() -> None:
    among = torch.stack([torch.full((3, 2, 4), level) for level in (0.0, 0.4, 1.0)])
    numbers, errors = metrics.nearest_pictures(torch.full((1, 3, 2, 4), 0.5), among)
    assert numbers.tolist() == [1]
    assert errors.tolist() == pytest.approx([0.01])


def test_what_a_vqvae_reaches_is_found_without_a_graph() -> None:
    model, seen = started("VectorQuantizer"), []
    model.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    metrics.reached(model, torch.rand(5, 1, 28, 28), at_once=2)
    assert seen == [False, False, False]
