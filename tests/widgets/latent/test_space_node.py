"""The arithmetic of the latent explorers in JavaScript: encoder, decoder, map and posterior against torch and numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.page import mulberry, node
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


def test_the_draws_have_streams_of_their_own() -> None:
    streams = "() => [tested.standardNormal(0, 0, 3), tested.standardNormal(4, 9, 3), tested.drawEps(4, 9, 3)]"
    seeds = (1000003 + 7919, 5 * 1000003 + 10 * 7919, (5 + 0x2545F491) * 1000003 + 10 * 7919)
    expected = [mulberry.normals(seed, 3) for seed in seeds]
    np.testing.assert_allclose(node.call("latent/space.js", streams), expected, rtol=1e-14)


def test_the_nats_of_a_reconstruction_are_torch_s_even_where_exp_would_overflow() -> None:
    logits = torch.tensor([[-900.0, -2.0, 0.0, 0.5, 3.0, 900.0], [900.0, 1.0, -1.0, -0.0, 20.0, -900.0]]).double()
    x = torch.tensor([[0.0, 0.25, 0.5, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.75, 1.0, 1.0]]).double()
    terms = "(logits, x) => logits.map((row, i) => tested.reconstructionNats(row, x[i]))"
    found = node.call("latent/space.js", terms, logits.tolist(), x.tolist())
    np.testing.assert_allclose(
        found, F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1), rtol=1e-12
    )


def test_kl_terms_are_torch_s_and_keep_their_digits_near_zero() -> None:
    mu, logvar = torch.tensor([0.0, 1.0, -2.0, 0.5]), torch.tensor([0.0, 0.5, -3.0, 2.0])
    q, prior = torch.distributions.Normal(mu.double(), (0.5 * logvar.double()).exp()), torch.distributions.Normal(0, 1)
    terms, tiny, total = node.call(
        "latent/space.js",
        "(mu, logvar) => [tested.klTerms(mu, logvar), tested.klTerms([0], [1e-6]), tested.sumOf([1, 2.5, -4])]",
        *(mu.tolist(), logvar.tolist()),
    )
    np.testing.assert_allclose(terms, torch.distributions.kl_divergence(q, prior), rtol=1e-12, atol=1e-15)
    assert tiny == pytest.approx([2.5e-13], rel=1e-3)  # (exp(v) - 1 - v) / 2 = v^2 / 4
    assert total == -0.5


def test_a_way_between_two_codes_is_straight() -> None:
    way = "() => [0, 0.25, 1].map((t) => tested.between([1, -2], [3, 2], t))"
    assert node.call("latent/space.js", way) == [[1, -2], [1.5, -1], [3, 2]]


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_a_move_on_the_map_ends_where_it_should_and_changes_nothing_else(latent_dim: int) -> None:
    shown = explorer(latent_dim)
    z = np.random.default_rng(1).normal(size=(9, latent_dim)) * shown.codes.std(0)
    moved = in_node(shown, "(space, z) => space.moveTo(z, 0.75, -1.5)", z)
    axes = shown.plane.axes[: min(latent_dim, 2)]
    places = (moved - shown.plane.origin) @ axes.T
    np.testing.assert_allclose(places, np.broadcast_to([0.75, -1.5][: len(axes)], places.shape), atol=1e-5)
    unmoved = moved - z - (moved - z) @ axes.T @ axes
    np.testing.assert_allclose(unmoved, 0, atol=1e-5)


def test_a_code_of_one_number_lies_at_the_middle_height_of_its_map() -> None:
    shown = explorer(1)
    low, high = shown.config["low"], shown.config["high"]
    z = np.float64([[0.5], [-2.0]])
    expected = np.hstack([(z - shown.plane.origin) @ shown.plane.axes[:1].T, np.full((2, 1), (low[1] + high[1]) / 2)])
    np.testing.assert_allclose(in_node(shown, "(space, z) => space.project(z)", z), expected, atol=1e-6)


def test_codes_pictures_and_labels_are_those_that_were_packed() -> None:
    shown = explorer(5)
    parts = "(space, [i]) => [...space.code(i), space.labels[i], space.count, space.d, ...space.image(i)]"
    found = in_node(shown, parts, np.array([[0], [299]]))
    for row, i in zip(found, (0, 299), strict=True):
        np.testing.assert_allclose(row[:5], shown.codes[i], rtol=1e-6)
        assert row[5:8].tolist() == [shown.labels[i], 300, 5]
        np.testing.assert_allclose(row[8:], shown.images[i].flatten(), atol=0.5 / 255)


def test_the_nearest_code_is_named_with_its_label_and_an_autoencoder_has_no_spread() -> None:
    shown = explorer(5)
    own = in_node(shown, "(s, z) => { const n = s.nearest(z); return [n.index, n.label]; }", shown.codes[[3, 200]])
    assert own.tolist() == [[3, shown.labels[3]], [200, shown.labels[200]]]
    spread = "(space) => [space.encode(space.image(0)).logvar === null, space.encode(space.image(0)).code.length]"
    assert in_node(shown, spread, np.zeros((1, 5))).tolist() == [[1, 5]]
    logits = "(space, z) => { const { logits, pixels } = space.decode(z); return [logits[9], pixels[9]]; }"
    ((logit, pixel),) = in_node(shown, logits, np.ones((1, 5)))
    assert pixel == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-6)


def test_a_coordinate_counts_in_standard_deviations_and_one_that_never_varies_is_0_and_stays() -> None:
    f = np.float32
    text, table = node.packed(
        {"codes": f([[0, 0]]), "labels": np.uint8([0]), "images": np.zeros(784, np.uint8), "places": f([[0, 0]]),
         "axes": f([[1, 0], [0, 1]]), "origin": f([0, 0]), "mean": f([1, 2]), "directions": f([[1, 0], [0, 1]]),
         "std": f([0.5, 0])}
    )  # fmt: skip
    script = """(text, arrays) => {
        const space = tested.latentSpace(view(text), { latent_dim: 2, arrays, encoder: [], decoder: [] });
        const z = [2, 5];
        return [space.coordinate(z, 0), space.coordinate(z, 1), space.withCoordinate(z, 0, -1),
            space.withCoordinate(z, 1, 3)];
    }"""
    assert node.call("latent/space.js", script, text, table) == [2, 0, [0.5, 5], [2, 5]]
