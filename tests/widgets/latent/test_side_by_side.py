"""The autoencoder and the VAE side by side, without a browser: what both show for one state."""

from __future__ import annotations

import pytest

from tests.widgets.latent.latent_hand import side_by_side, split, trained
from vqedu import models
from vqedu.widgets.latent.side_by_side import SideBySideExplorer


def test_both_maps_show_the_same_rectangle_that_holds_both() -> None:
    shown = side_by_side()
    windows = shown.config["windows"]
    for space in shown.spaces:
        assert (windows["all"]["low"] <= space.plane.low).all()
        assert (space.plane.high <= windows["all"]["high"]).all()
    assert windows["zoom"] == {"low": [-3.5, -3.5], "high": [3.5, 3.5]}


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
        ({"drawing": [0] * 3}, "784 gray levels"),
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
