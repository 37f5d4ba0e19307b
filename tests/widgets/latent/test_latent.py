"""The latent explorer without a browser: what it computes, packs and says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.widgets.latent.latent_hand import explorer, split, trained, vae_explorer
from vqedu import models
from vqedu.data import Split
from vqedu.widgets.latent import codes as latent_codes
from vqedu.widgets.latent.latent import LatentExplorer
from vqedu.widgets.principal import principal


@pytest.fixture(scope="module")
def test_split() -> Split:
    return split()


def cloud(n: int = 200, dim: int = 5) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.normal(size=(n, dim)) @ generator.normal(size=(dim, dim)) + 3


def unpacked(shown: LatentExplorer, name: str) -> np.ndarray:
    entry = shown.config["arrays"][name]
    count = int(np.prod(entry["shape"]))
    return np.frombuffer(shown.data, entry["dtype"], count, entry["offset"]).reshape(entry["shape"])


def test_principal_directions_are_those_of_the_covariance() -> None:
    codes = cloud()
    found = principal(codes, most=3)
    variances, vectors = np.linalg.eigh(np.cov(codes.T))
    np.testing.assert_allclose(found.std**2, variances[::-1][:3], rtol=1e-10)
    np.testing.assert_allclose(np.abs(found.directions @ vectors[:, ::-1][:, :3]), np.eye(3), atol=1e-10)
    np.testing.assert_allclose(found.share, variances[::-1][:3] / variances.sum(), rtol=1e-10)
    assert (found.directions.max(1) >= -found.directions.min(1)).all()


def test_spacing_is_that_of_brute_force() -> None:
    codes = cloud(50)
    nearest = [min(np.linalg.norm(a - b) for j, b in enumerate(codes) if j != i) for i, a in enumerate(codes)]
    found = latent_codes.spacing(codes)
    assert found.median == pytest.approx(np.median(nearest), rel=1e-9)
    assert found.reach == pytest.approx(np.quantile(nearest, 0.99), rel=1e-9)


def test_spacing_of_equal_codes_is_a_positive_length() -> None:
    assert latent_codes.spacing(np.ones((4, 2))).median > 0


def test_the_plane_of_two_dimensions_is_the_plane_itself() -> None:
    codes = cloud(dim=2)
    plane = latent_codes.plane(codes, np.zeros(200, int), principal(codes))
    np.testing.assert_array_equal(plane.places, codes)


def test_the_plane_of_more_dimensions_projects_on_the_first_two_directions() -> None:
    codes = cloud()
    plane = latent_codes.plane(codes, np.zeros(200, int), principal(codes))
    _, _, right = torch.pca_lowrank(torch.tensor(codes), q=5, niter=10)
    expected = (codes - codes.mean(0)) @ right[:, :2].numpy()
    np.testing.assert_allclose(np.abs(plane.places), np.abs(expected), atol=1e-6)


def test_the_rectangle_holds_the_disc_of_the_prior() -> None:
    codes = 10 + cloud(dim=2) / 100
    plane = latent_codes.plane(codes, np.zeros(200, int), principal(codes))
    assert (plane.low < -2).all()
    assert (plane.high > 10).all()


def test_the_walk_joins_the_two_classes_that_lie_farthest_apart() -> None:
    codes = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2], [9.0], [9.1], [9.2]])
    labels = np.repeat([4, 7, 2], 3)
    assert set(latent_codes.walk_ends(codes, labels)) == {1, 7}
    assert set(latent_codes.walk_ends(codes[:3], labels[:3])) <= {0, 1, 2}


def test_the_explorer_keeps_the_model_as_it_was() -> None:
    model = models.Autoencoder(2, (8,)).train()
    shown = LatentExplorer(model, split(), digits=20)
    before = shown.data
    nn.init.zeros_(model.decoder[0].weight)
    assert shown.data == before
    assert model.training


@pytest.mark.parametrize("latent_dim", [1, 2, 32])
def test_what_is_packed_is_what_the_model_computes(latent_dim: int, test_split: Split) -> None:
    shown, model = explorer(latent_dim), trained(latent_dim)
    images = torch.from_numpy(unpacked(shown, "images").astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    codes = unpacked(shown, "codes")
    np.testing.assert_allclose(codes, model.encode(images).detach(), atol=2e-4)
    for place, weight in (("decoder.0.weight", model.decoder[0].weight), ("encoder.0.bias", model.encoder[0].bias)):
        np.testing.assert_allclose(unpacked(shown, place), weight.detach(), atol=1e-6, rtol=1e-3)
    directions, std = unpacked(shown, "directions"), unpacked(shown, "std")
    along = (codes - unpacked(shown, "mean")) @ directions.T
    np.testing.assert_allclose(along.std(0, ddof=1), std, rtol=1e-3)
    assert shown.config["latent_dim"] == latent_dim


def test_the_same_seed_chooses_the_same_digits_and_another_seed_others() -> None:
    np.testing.assert_array_equal(explorer(2).labels, explorer(2, seed=0).labels)
    assert (explorer(2).labels != explorer(2, seed=1).labels).any()


def test_a_vae_shows_mu() -> None:
    model = models.VAE(3, (16,))
    shown = LatentExplorer(model, split(), digits=50)
    mu, _ = model.encode(shown.images)
    np.testing.assert_allclose(shown.codes, mu.detach(), atol=1e-6)


def test_the_summary_never_varies() -> None:
    assert explorer(2).summary == "Latent explorer: drag z over the map of 300 test digits (2 of 2 dimensions shown)."
    assert explorer(32).summary.endswith("(2 of 32 dimensions shown).")
    assert explorer(1).summary.endswith("(1 of 1 dimensions shown).")


def test_a_part_of_the_state_moves_only_that_part() -> None:
    shown = explorer(2)
    before = dict(shown.state)
    shown.state = {"z": [1, 2]}
    assert shown.state == {**before, "z": [1.0, 2.0]}
    assert all(isinstance(value, float) for value in shown.state["z"])


def test_a_drawing_takes_the_place_of_the_digit() -> None:
    shown = explorer(2)
    shown.state = {"drawing": [255] + [0] * 783, "digit": None}
    assert shown.state["drawing"] == [255] + [0] * 783
    assert shown.state["digit"] is None
    shown.state = {"drawing": None}
    assert shown.state["drawing"] is None


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"z": [1.0]}, "list of 2 finite numbers"),
        ({"a": [float("nan"), 0.0]}, "list of 2 finite numbers"),
        ({"t": 1.5}, "between 0"),
        ({"digit": 300}, "from 0 to 299"),
        ({"digit": -1}, "from 0 to 299"),
        ({"drawing": [0] * 783}, "784 gray levels"),
        ({"drawing": [256] * 784}, "784 gray levels"),
        ({"draws": -1}, "draws"),
        ({"eps": 10_001}, "eps"),
        ({"zz": [0.0, 0.0]}, "Did you mean 'z'"),
    ],
)
def test_a_state_that_cannot_be_shown_is_refused(state: dict[str, object], says: str) -> None:
    shown = explorer(2)
    before = dict(shown.state)
    with pytest.raises(ValueError, match=says):
        shown.state = state
    assert shown.state == before


def test_wrong_models_and_images_are_refused(test_split: Split) -> None:
    model, (x, y) = trained(2), test_split
    with pytest.raises(TypeError, match="Autoencoder or VAE"):
        LatentExplorer(nn.Linear(2, 2), test_split)
    with pytest.raises(TypeError, match=r"\.x and \.y"):
        LatentExplorer(model, x)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\(N, 1, 28, 28\)"):
        LatentExplorer(model, Split(x[:, 0], y))
    with pytest.raises(ValueError, match="gray levels"):
        LatentExplorer(model, Split(x * 255, y))
    with pytest.raises(ValueError, match="one whole number an image"):
        LatentExplorer(model, Split(x, y[:-1]))
    with pytest.raises(ValueError, match="classes from 0 to 9"):
        LatentExplorer(model, Split(x, y + 1))
    with pytest.raises(ValueError, match="at least 1"):
        LatentExplorer(model, test_split, digits=0)
    with pytest.raises(ValueError, match="at least 2 images"):
        LatentExplorer(model, test_split, digits=1)
    with pytest.raises(ValueError, match="Did you mean 'map'"):
        LatentExplorer(model, test_split, view="maps")


def test_codes_that_are_not_finite_are_refused(test_split: Split) -> None:
    model = models.Autoencoder(2, (8,))
    nn.init.constant_(model.encoder[-1].bias, float("nan"))
    with pytest.raises(ValueError, match="codes of the images must be finite"):
        LatentExplorer(model, test_split, digits=10)


def test_the_bars_keep_one_order_the_largest_mean_first() -> None:
    shown = vae_explorer(7)
    mu, logvar = trained(7, models.VAE).encode(shown.images)
    one = torch.distributions.Normal(0.0, 1.0)
    terms = torch.distributions.kl_divergence(torch.distributions.Normal(mu, (0.5 * logvar).exp()), one)
    np.testing.assert_allclose(shown.config["mean_kl"], terms.mean(0).detach(), rtol=1e-4)
    assert sorted(shown.config["kl_order"]) == list(range(7))
    assert (np.diff(np.array(shown.config["mean_kl"])[shown.config["kl_order"]]) <= 0).all()
    assert vae_explorer(2).config["kl_order"] == [0, 1]


def test_an_autoencoder_has_no_posterior() -> None:
    assert not explorer(2).config["variational"]
    assert "mean_kl" not in explorer(2).config


def test_a_logvar_that_is_not_finite_is_refused(test_split: Split) -> None:
    model = models.VAE(2, (8,))
    with torch.no_grad():
        model.encoder[-1].bias[2:] = float("inf")
    with pytest.raises(ValueError, match="logvar of the images must be finite"):
        LatentExplorer(model, test_split, digits=10)


def test_the_decoded_map_takes_two_dimensions() -> None:
    assert explorer(2, grid=True).state["grid"] is True
    assert explorer(2).state["grid"] is False
    with pytest.raises(ValueError, match="two latent dimensions, got 3"):
        explorer(3, grid=True)
