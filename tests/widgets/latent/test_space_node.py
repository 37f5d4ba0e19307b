"""The arithmetic of the latent explorers in JavaScript: encoder, decoder, map and posterior against torch and numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.page import node
from tests.widgets.latent.latent_hand import explorer, in_node, trained, vae_explorer
from vqedu import losses, models

LIMIT = 2 / 255


@pytest.mark.parametrize("latent_dim", [1, 2, 32, 50])
def test_the_decoder_in_the_page_is_torch_s(latent_dim: int) -> None:
    shown, model = explorer(latent_dim), trained(latent_dim)
    spread = 2 * torch.from_numpy(shown.codes.std(0)).float()
    z = torch.randn(200, latent_dim, generator=torch.Generator().manual_seed(1)) * spread
    found = in_node(shown, "(space, z) => space.decode(z).pixels", z.numpy())
    expected = model.decode(z).sigmoid().flatten(1).detach().numpy()
    assert np.abs(found - expected).max() <= LIMIT


@pytest.mark.parametrize("latent_dim", [2, 32])
def test_the_encoder_in_the_page_is_torch_s(latent_dim: int) -> None:
    shown, model = explorer(latent_dim), trained(latent_dim)
    x = shown.images[:200]
    found = in_node(shown, "(space, x) => space.encode(Float32Array.from(x)).code", x.flatten(1).numpy())
    pictures = [model.decode(z).sigmoid().detach() for z in (torch.tensor(found).float(), model.encode(x))]
    assert (pictures[0] - pictures[1]).abs().max() <= LIMIT
    np.testing.assert_allclose(found, model.encode(x).detach(), atol=0.01 * shown.codes.std())


def test_distances_and_places_in_the_page_are_numpy_s() -> None:
    shown = explorer(5)
    z = np.random.default_rng(0).normal(size=(50, 5)) * shown.codes.std(0)
    distances = np.linalg.norm(z[:, None] - shown.codes[None], axis=2)
    found = in_node(shown, "(s, z) => { const n = s.nearest(z); return [n.index, n.distance]; }", z)
    np.testing.assert_array_equal(found[:, 0], distances.argmin(1))
    np.testing.assert_allclose(found[:, 1], distances.min(1), rtol=1e-5)
    places = in_node(shown, "(space, z) => space.project(z)", z)
    np.testing.assert_allclose(places, (z - shown.plane.origin) @ shown.plane.axes.T, atol=1e-5)
    moved = in_node(shown, "(space, z) => space.withCoordinate(z, 2, 1.5)", z)
    directions = np.linalg.svd(shown.codes - shown.codes.mean(0), full_matrices=False)[2]
    std = ((shown.codes - shown.codes.mean(0)) @ directions.T).std(0, ddof=1)
    before, after = (np.abs((each - shown.codes.mean(0)) @ directions.T / std) for each in (z, moved))
    before[:, 2] = 1.5
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_samples_are_standard_normal_and_repeat() -> None:
    script = """() => [0, 0, 1].map((seed) =>
        Array.from({ length: 4000 }, (_, i) => tested.standardNormal(seed, i, 2)))"""
    first, again, other = (np.array(each) for each in node.call("latent/space.js", script))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    # Five standard errors of 4,000 draws.
    assert np.abs(first.mean(0)).max() < 5 / np.sqrt(4000)
    assert np.abs(np.cov(first.T) - np.eye(2)).max() < 5 * np.sqrt(2 / 4000)
    assert abs((np.abs(first) < 1.96).mean() - 0.95) < 5 * np.sqrt(0.95 * 0.05 / 8000)


@pytest.mark.parametrize("latent_dim", [1, 2, 50])
def test_the_posterior_in_the_page_is_torch_s(latent_dim: int) -> None:
    shown, model = vae_explorer(latent_dim), trained(latent_dim, models.VAE)
    x = shown.images[:100]
    mu, logvar = (part.detach() for part in model.encode(x))
    call = """(space, x) => {
        const { code, logvar } = space.encode(Float32Array.from(x));
        const terms = tested.klTerms(code, logvar);
        return [...code, ...logvar, ...terms];
    }"""
    found = in_node(shown, call, x.flatten(1).numpy())
    codes, spreads, terms = np.split(found, 3, axis=1)
    np.testing.assert_allclose(codes, mu, atol=1e-2)
    np.testing.assert_allclose(spreads, logvar, atol=1e-2)
    q, prior = torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(0.0, 1.0)
    np.testing.assert_allclose(terms, torch.distributions.kl_divergence(q, prior), rtol=0.02, atol=0.02)
    np.testing.assert_allclose(terms.sum(1), losses.kl_to_standard_normal(mu, logvar), rtol=0.01, atol=0.01)
    pictures = [model.decode(z).sigmoid().detach() for z in (torch.tensor(codes).float(), mu)]
    assert (pictures[0] - pictures[1]).abs().max() <= LIMIT


@pytest.mark.parametrize("latent_dim", [1, 2, 7])
def test_the_ellipse_in_the_page_is_numpy_s(latent_dim: int) -> None:
    shown = vae_explorer(latent_dim)
    call = "(space, v) => { const { long, narrow, angle } = space.ellipse(v); return [long, narrow, angle]; }"
    logvar = np.random.default_rng(0).normal(size=(20, latent_dim)) - 2
    found = in_node(shown, call, logvar)
    for (long, narrow, angle), row in zip(found, logvar, strict=True):
        covariance = np.zeros((2, 2))
        k = min(latent_dim, 2)
        covariance[:k, :k] = shown.plane.axes @ np.diag(np.exp(row)) @ shown.plane.axes.T
        turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        np.testing.assert_allclose(turned @ np.diag([long**2, narrow**2]) @ turned.T, covariance, atol=1e-6)


def test_draws_of_eps_are_standard_normal_and_not_the_prior_s() -> None:
    shown = vae_explorer(2)
    call = "(space, [seed]) => Array.from({ length: 4000 }, (_, i) => tested.drawEps(seed, i, 2)).flat()"
    eps = in_node(shown, call, np.array([[0], [0], [1]])).reshape(3, 4000, 2)
    np.testing.assert_array_equal(eps[0], eps[1])
    assert (eps[0] != eps[2]).all()
    assert np.abs(eps[0].mean(0)).max() < 5 / np.sqrt(4000)
    assert np.abs(np.cov(eps[0].T) - np.eye(2)).max() < 5 * np.sqrt(2 / 4000)
    prior = in_node(shown, "(space, [i]) => tested.standardNormal(0, i, 2)", np.arange(50)[:, None])
    assert (prior != eps[0][:50]).all()
