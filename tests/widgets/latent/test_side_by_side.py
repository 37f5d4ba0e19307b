"""The autoencoder and the VAE side by side, without a browser: what both show for one state."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.widgets.latent.latent_hand import side_by_side, split, trained
from vqedu import losses, models
from vqedu.widgets.latent.side_by_side import SideBySideExplorer


def torch_pictures(z: np.ndarray) -> list[np.ndarray]:
    """What both models themselves decode the rows of `z` (2, 2) to."""
    both = (trained(2), trained(2, models.VAE))
    return [m.decode(torch.tensor(row[None]).float()).sigmoid()[0, 0].detach().numpy() for m, row in zip(both, z)]  # noqa: B905


def test_a_picked_digit_stands_at_its_own_code_in_each_model() -> None:
    shown = side_by_side()
    shown.state = {"digit": 11}
    x = shown.images[11:12]
    mu, logvar = trained(2, models.VAE).encode(x)
    expected = np.stack([trained(2).encode(x)[0].detach(), mu[0].detach()])
    np.testing.assert_allclose(shown.places(), expected, atol=1e-5)
    np.testing.assert_allclose(shown.pictures(), torch_pictures(expected), atol=1e-6)
    assert shown.posterior().kl.sum() == pytest.approx(losses.kl_to_standard_normal(mu, logvar).item(), rel=1e-5)


def test_a_z_of_the_hand_is_the_same_in_both_models() -> None:
    shown = side_by_side()
    shown.state = {"z": [1, -0.5]}
    np.testing.assert_array_equal(shown.places(), [[1.0, -0.5], [1.0, -0.5]])
    np.testing.assert_allclose(shown.pictures(), torch_pictures(np.array([[1, -0.5]] * 2)), atol=1e-6)
    assert np.abs(shown.pictures().ae - shown.pictures().vae).max() > 0.2


def test_a_drawing_has_a_code_in_each_model() -> None:
    shown = side_by_side()
    drawing = (255 * shown.images[5].flatten()).round().int().tolist()
    of_digit, of_drawing = shown.places({"digit": 5}), shown.places({"digit": None, "drawing": drawing})
    np.testing.assert_allclose(of_drawing, of_digit, atol=1e-5)


def test_without_a_picture_z_stands_at_the_origin() -> None:
    np.testing.assert_array_equal(side_by_side().places({"digit": None}), np.zeros((2, 2)))


def test_both_maps_show_the_same_rectangle_that_holds_both() -> None:
    shown = side_by_side()
    shown.state = {"zoom": False}
    low, high = shown.window()
    for space in shown.spaces:
        assert (low <= space.plane.low).all()
        assert (space.plane.high <= high).all()
    shown.state = {"zoom": True}
    np.testing.assert_array_equal(shown.window(), [[-3.5, -3.5], [3.5, 3.5]])


def test_images_cross_once() -> None:
    shown = side_by_side()
    tables = [each["arrays"] for each in shown.config["models"]]
    assert tables[0]["images"] == tables[1]["images"]
    assert tables[0]["codes"]["offset"] != tables[1]["codes"]["offset"]
    assert shown.data.count(shown.images[3].mul(255).round().byte().numpy().tobytes()) == 1


def test_the_summary_never_varies() -> None:
    assert side_by_side().summary == "Autoencoder and VAE side by side: one z on the maps of 300 test digits."


def test_models_of_another_kind_or_size_are_refused() -> None:
    ae, vae = trained(2), trained(2, models.VAE)
    with pytest.raises(TypeError, match="first model must be an Autoencoder"):
        SideBySideExplorer(vae, ae, split(), digits=10)
    with pytest.raises(TypeError, match="second a VAE"):
        SideBySideExplorer(ae, ae, split(), digits=10)
    with pytest.raises(ValueError, match="latent_dim 2, got 5 and 2"):
        SideBySideExplorer(trained(5), vae, split(), digits=10)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"z": [1.0]}, "list of 2 finite numbers"),
        ({"z": [float("inf"), 0.0]}, "list of 2 finite numbers"),
        ({"digit": 300}, "from 0 to 299"),
        ({"drawing": [0] * 3}, "784 grey levels"),
        ({"draws": -1}, "draws"),
        ({"zooom": True}, "Did you mean 'zoom'"),
    ],
)
def test_a_state_that_cannot_be_shown_is_refused(state: dict[str, object], says: str) -> None:
    shown = side_by_side()
    before = dict(shown.state)
    with pytest.raises(ValueError, match=says):
        shown.state = state
    assert shown.state == before
