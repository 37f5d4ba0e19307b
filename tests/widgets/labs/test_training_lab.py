"""What all labs share, driven without a browser on each of them: start, stop, reset, train, and the display."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch

from tests.widgets.labs.training_labs import tiny_codebook_lab, tiny_collapse_lab, tiny_images, wait_until, weights
from vqedu import models, training
from vqedu.publish import notebooks, site
from vqedu.publish.shown import Shared
from vqedu.widgets.base import WIDGET_VIEW

TinyLab = Callable[..., Any]


@pytest.fixture(params=[tiny_codebook_lab, tiny_collapse_lab], ids=["codebook", "collapse"])
def tiny_lab(request: pytest.FixtureRequest) -> TinyLab:
    """What makes a new small lab, its options as keywords."""
    made: TinyLab = request.param
    return made


def test_start_trains_stop_stops_and_start_goes_on(tiny_lab: TinyLab) -> None:
    lab = tiny_lab()
    before, first_picture = weights(lab), lab.picture.value
    lab.start_button.click()
    wait_until(lambda: lab.step >= 30)
    lab.stop_button.click()
    assert not lab.running
    assert not torch.equal(weights(lab), before)
    assert lab.picture.value != first_picture
    step, stopped = lab.step, weights(lab)
    assert f"Stopped at step {step}" in lab.status.value
    time.sleep(0.3)
    assert (lab.step, torch.equal(weights(lab), stopped)) == (step, True)
    lab.start_button.click()
    lab.start_button.click()  # a second start changes nothing
    wait_until(lambda: lab.step > step)
    lab.stop_button.click()
    assert list(lab.state.steps) == sorted(set(lab.state.steps))


def test_reset_begins_anew_even_while_it_trains(tiny_lab: TinyLab) -> None:
    lab = tiny_lab()
    before, first_picture = weights(lab), lab.picture.value
    lab.start_button.click()
    wait_until(lambda: lab.step >= 10)
    lab.reset_button.click()
    assert not lab.running
    assert (lab.step, lab.state.steps) == (0, (0,))
    assert torch.equal(weights(lab), before)
    assert lab.picture.value == first_picture


def test_a_start_ends_by_itself(tiny_lab: TinyLab) -> None:
    lab = tiny_lab(seconds=0.3)
    lab.start()
    wait_until(lambda: not lab.running)
    assert "Start goes on" in lab.status.value


def test_an_error_in_the_thread_is_said(tiny_lab: TinyLab) -> None:
    lab = tiny_lab(learning_rate=-1.0)
    lab.start()
    wait_until(lambda: not lab.running)
    assert "Stopped by an error: learning_rate must be" in lab.status.value


def test_train_gives_the_same_numbers_twice_and_leaves_the_random_state_alone(tiny_lab: TinyLab) -> None:
    runs = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        lab = tiny_lab()
        lab.train(50)
        assert torch.equal(torch.rand(3), torch.rand(3, generator=torch.Generator().manual_seed(seed)))
        runs.append(lab)
    assert torch.equal(weights(runs[0]), weights(runs[1]))
    assert runs[0].state.steps == tuple(range(0, 51, runs[0].measured_every))


def test_measuring_teaches_the_model_nothing(tiny_lab: TinyLab) -> None:
    lab = tiny_lab()
    before = weights(lab)
    with torch.no_grad():
        lab.measured(lab.state)
    assert torch.equal(weights(lab), before)


def test_fit_in_the_background_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("vqedu.progress.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *args, **_: shown.append(args))
    training.fit(models.VAE(2, hidden=(8,)), tiny_images().train, epochs=1, batch_size=64, background=True)
    assert shown == []


def test_the_display_is_a_still_and_a_stable_line_and_never_a_dead_slider(tiny_lab: TinyLab, tmp_path: Path) -> None:
    lab = tiny_lab()
    data, metadata = lab._repr_mimebundle_()
    assert data["text/plain"] == type(lab).summary
    assert data[WIDGET_VIEW]["model_id"] == lab.view.model_id
    alt = metadata["image/png"]["alt"]
    assert alt.startswith("Not trained yet")
    assert alt.endswith("open this notebook in Jupyter and run the cell to train it live.")
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    assert set(notebooks.without_page_form(output).data) == {"image/png", "text/plain"}
    still, note = site.in_page(output, "05_inside_the_vae", Shared(tmp_path, tmp_path))
    assert still.data["text/html"].startswith('<img src="shared/')
    assert "open 05_inside_the_vae.ipynb in Jupyter" in note.data["text/html"]


def test_every_button_says_what_it_does(tiny_lab: TinyLab) -> None:
    lab = tiny_lab()
    buttons = (lab.start_button, lab.stop_button, lab.reset_button)
    assert [button.description for button in buttons] == ["Start", "Stop", "Reset"]
