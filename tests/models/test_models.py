"""The networks: shapes, determinism, what they refuse."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal

from vqedu import models


def images(n: int = 5) -> torch.Tensor:
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("latent_dim", [1, 2, 32])
def test_autoencoder_shapes_and_forward_is_encode_then_decode(latent_dim: int) -> None:
    model, x = models.Autoencoder(latent_dim), images()
    logits, z = model(x)
    assert z.shape == (5, latent_dim)
    assert logits.shape == (5, 1, 28, 28)
    torch.testing.assert_close(z, model.encode(x))
    torch.testing.assert_close(logits, model.decode(z))


def test_autoencoder_loss_is_its_reconstruction_per_image() -> None:
    model, x = models.Autoencoder(3), images()
    per_image = torch.stack([model.loss(x[i : i + 1]).total for i in range(len(x))])
    torch.testing.assert_close(model.loss(x).total, per_image.mean())


def test_vae_forward_and_loss_agree() -> None:
    model, x = models.VAE(4), images()
    torch.manual_seed(3)
    logits, mu, logvar, z = model(x)
    torch.manual_seed(3)
    terms = model.loss(x)
    assert mu.shape == logvar.shape == z.shape == (5, 4)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum") / 5
    torch.testing.assert_close(terms.reconstruction, expected)
    kl = torch.distributions.kl_divergence(Normal(mu, torch.exp(logvar / 2)), Normal(0.0, 1.0)).sum() / 5
    torch.testing.assert_close(terms.kl, kl)
    torch.testing.assert_close(terms.total, expected + kl)


def test_reparameterize_draws_from_the_normal_it_was_asked_for() -> None:
    n = 200_000
    mu, logvar = torch.full((n, 1), 2.0), torch.full((n, 1), math.log(0.25))
    z = models.reparameterize(mu, logvar, torch.Generator().manual_seed(0)).flatten()
    empirical = (z.sort().values - 2.0) / 0.5
    largest_gap = (Normal(0.0, 1.0).cdf(empirical) - torch.arange(1, n + 1) / n).abs().max().item()
    assert largest_gap < 1.63 / math.sqrt(n)  # Kolmogorov-Smirnov at the 1% level


def test_reparameterize_adds_sigma_times_the_numbers_of_the_generator() -> None:
    mu, logvar = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.5, -1.0]])
    eps = torch.randn(1, 2, generator=torch.Generator().manual_seed(0))
    z = models.reparameterize(mu, logvar, torch.Generator().manual_seed(0))
    torch.testing.assert_close(z, mu + logvar.exp().sqrt() * eps)


def test_both_have_two_hidden_layers_of_400_unless_told_otherwise() -> None:
    for model, outputs in ((models.Autoencoder(3), 3), (models.VAE(3), 6)):
        weights = [tuple(p.shape) for p in model.parameters() if p.dim() == 2]
        assert weights == [(400, 784), (400, 400), (outputs, 400), (400, 3), (400, 400), (784, 400)]


def test_reparameterize_has_the_path_gradient() -> None:
    mu = torch.tensor([[1.0, -2.0]], requires_grad=True)
    logvar = torch.tensor([[0.5, -1.0]], requires_grad=True)
    z = models.reparameterize(mu, logvar, torch.Generator().manual_seed(0))
    z.sum().backward()
    assert mu.grad is not None
    assert logvar.grad is not None
    assert mu.grad.tolist() == [[1.0, 1.0]]
    torch.testing.assert_close(logvar.grad, ((z - mu) / 2).detach())


def test_mlp_has_a_bare_last_layer() -> None:
    kinds = [type(layer).__name__ for layer in models.mlp(5, 4, 3, 2)]
    assert kinds == ["Linear", "SiLU", "Linear", "LayerNorm", "SiLU", "Linear"]
    assert [type(layer).__name__ for layer in models.mlp(5, 2)] == ["Linear"]


def test_without_hidden_layers_an_autoencoder_is_linear() -> None:
    model = models.Autoencoder(3, hidden=())
    assert [tuple(weight.shape) for weight in model.parameters()] == [(3, 784), (3,), (784, 3), (784,)]
    assert model(images()).logits.shape == images().shape


@pytest.mark.parametrize("cls", [models.Autoencoder, models.VAE])
@pytest.mark.parametrize(
    ("latent_dim", "error"),
    [(0, ValueError), (-3, ValueError), (2.0, TypeError), ("2", TypeError), (True, TypeError)],
)
def test_latent_dim_must_be_a_positive_whole_number(cls: type, latent_dim: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="latent_dim must be"):
        cls(latent_dim)


def bad_images() -> list[tuple[object, type[Exception], str]]:
    good = images()
    nan = good.clone()
    nan[0, 0, 3, 3] = math.nan
    return [
        (good[0], ValueError, r"shape \(N, 1, 28, 28\), got \(1, 28, 28\)"),
        (good.flatten(1), ValueError, r"got \(5, 784\)"),
        (good.repeat(1, 3, 1, 1), ValueError, r"got \(5, 3, 28, 28\)"),
        ((good * 255).to(torch.uint8), TypeError, "floating-point numbers, got torch.uint8"),
        (good * 255, ValueError, r"gray levels in \[0, 1\]"),
        (good - 0.5, ValueError, r"gray levels in \[0, 1\]"),
        (nan, ValueError, "nan"),
        (good[:0], ValueError, "empty"),
        (good.numpy(), TypeError, "must be a torch.Tensor, got ndarray"),
    ]


@pytest.mark.parametrize("cls", [models.Autoencoder, models.VAE])
@pytest.mark.parametrize(("x", "error", "message"), bad_images())
def test_encode_says_what_is_wrong_with_images(cls: type, x: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cls(2).encode(x)


@pytest.mark.parametrize("cls", [models.Autoencoder, models.VAE])
@pytest.mark.parametrize(
    ("z", "error", "message"),
    [
        (torch.zeros(4, 3), ValueError, r"shape \(N, 2\)"),
        (torch.zeros(2), ValueError, r"got \(2,\)"),
        (torch.zeros(0, 2), ValueError, "empty"),
        (torch.full((1, 2), math.nan), ValueError, "2 of its 2 elements are NaN"),
        (torch.zeros(4, 2, dtype=torch.int64), TypeError, "floating-point"),
    ],
)
def test_decode_says_what_is_wrong_with_codes(cls: type, z: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cls(2).decode(z)
