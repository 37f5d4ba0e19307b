"""The codebook lab driven without a browser, collapse and remedy on three seeds, and its figure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.daily import daily
from tests.widgets.labs.training_labs import tiny_codebook_lab as tiny_lab
from tests.widgets.labs.training_labs import wait_until
from vqedu import data
from vqedu.data import Images
from vqedu.widgets import CodebookLab
from vqedu.widgets.labs.codebook_figure import CodebookState, codebook_figure, finding
from vqedu.widgets.labs.codebook_lab import plane, spread_rows

SICK = {"start": "far", "update": "gradient", "revive": False, "normalize": False}


@pytest.fixture(scope="module")
def mnist() -> Images:
    return data.load()


@pytest.mark.parametrize("seed", daily(range(3), 0))
def test_a_far_start_uses_exactly_one_code_after_300_steps_and_the_remedy_at_least_95_percent(
    mnist: Images, seed: int
) -> None:
    sick, well = (CodebookLab(mnist, batch_size=16, seed=seed, **switches) for switches in (SICK, {}))
    sick.train(300)
    well.train(300)
    assert sick.state.used[-1] == 1
    assert well.state.used[-1] >= 0.95 * 128
    assert well.state.squared_error < 0.3 * sick.state.squared_error


def test_revival_saves_a_collapsed_codebook_while_it_trains(mnist: Images) -> None:
    lab = CodebookLab(mnist, batch_size=16, **SICK)
    lab.train(50)
    assert lab.state.used[-1] == 1
    lab.revive.value = True
    lab.train(100)
    assert lab.step == 150
    assert lab.state.used[-1] >= 0.75 * 128


SWITCHES: list[tuple[str, object, Callable[[CodebookLab], bool]]] = [
    ("start_from", "far", lambda lab: lab.model.quantizer.codebook.norm(dim=1).mean() > 20),
    ("start_from", "uniform", lambda lab: lab.model.quantizer.codebook.abs().max() <= 1 / 8),
    ("update", "gradient", lambda lab: lab.model.quantizer.update == "gradient"),
    ("normalize", False, lambda lab: not lab.model.normalize),
    ("code_dim", 2, lambda lab: lab.model.code_dim == 2 and not lab.state.projected),
]


@pytest.mark.parametrize(("control", "value", "shown"), daily(SWITCHES, SWITCHES[0], SWITCHES[-1]))
def test_a_switch_begins_anew_even_while_it_trains(
    control: str, value: object, shown: Callable[[CodebookLab], bool]
) -> None:
    lab = tiny_lab()
    lab.start_button.click()
    wait_until(lambda: lab.step >= 5)
    getattr(lab, control).value = value
    assert not lab.running
    assert (lab.step, lab.state.steps) == (0, (0,))
    assert shown(lab)
    lab.train(1)


def test_revival_may_be_switched_without_a_new_beginning() -> None:
    lab = tiny_lab()
    lab.train(5)
    lab.revive.value = False
    assert (lab.step, lab.model.quantizer.revive_after) == (5, None)
    lab.revive.value = True
    assert lab.model.quantizer.revive_after == 20


def test_with_normalization_the_first_picture_shows_codes_among_the_vectors() -> None:
    state = tiny_lab().state
    assert np.abs(state.z_e).max() < 10
    assert np.abs(state.codes).max() < 10
    assert state.shares.sum() == pytest.approx(1)


def test_the_plane_holds_the_two_directions_of_largest_variance() -> None:
    rows = torch.randn(500, 5, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 9.0, 0.1, 5.0, 0.2])
    axes = plane(rows)
    torch.testing.assert_close(axes.T @ axes, torch.eye(2), atol=1e-5, rtol=0)
    assert axes[1, 0].abs() > 0.99
    assert axes[3, 1].abs() > 0.99
    assert torch.equal(plane(torch.randn(9, 2)), torch.eye(2))


def test_vectors_keep_their_numbers_together() -> None:
    z_e = torch.arange(2 * 3 * 49.0).view(2, 3, 7, 7)
    rows = spread_rows(z_e, 98)
    assert rows.shape == (98, 3)
    assert torch.equal(rows[50], z_e[1, :, 0, 1])
    assert len(spread_rows(z_e, 10)) == 10


def state(used: int, size: int = 100, step: int = 25) -> CodebookState:
    shares = np.zeros(size)
    shares[:used] = 1 / used
    images, points = np.zeros((5, 28, 28)), np.random.default_rng(0).normal(size=(size, 2))
    return CodebookState((0, step), (size, used), (float(size), float(used)), 0.0042, shares, points, points, True,
                         images, images)  # fmt: skip


@pytest.mark.parametrize(
    ("used", "sentence"),
    [
        (1, "Collapse: one code of 100 is at every position of every image"),
        (40, "60 of 100 codes are dead, squared error 0.0042"),
        (97, "97 of 100 codes in use, squared error 0.0042"),
    ],
)
def test_the_figure_states_its_finding_and_draws_what_came_in(used: int, sentence: str) -> None:
    shown = state(used)
    assert finding(shown) == sentence
    figure = codebook_figure(shown)
    assert sentence in [text.get_text() for text in figure.texts]
    assert f"{used} of 100" in [text.get_text() for axis in figure.axes for text in axis.texts]
    assert figure.alt.startswith(sentence)
    z_e, alive, dead = figure.axes[0].collections[:3]
    assert [len(points.get_offsets()) for points in (z_e, alive, dead)] == [100, used, 100 - used]
    np.testing.assert_array_equal(alive.get_offsets(), shown.codes[:used])
    assert figure.png() == codebook_figure(shown).png()


def test_every_control_says_what_it_is() -> None:
    lab = tiny_lab()
    controls = (lab.start_from, lab.update, lab.revive, lab.normalize, lab.code_dim)
    assert [c.description for c in controls] == ["start", "codebook", "revival", "normalized z_e", "D"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"start": "fare"}, ValueError, "Did you mean 'far'"),
        ({"update": "adam"}, ValueError, "Known: ema, gradient"),
        ({"code_dim": 3}, ValueError, "code_dim must be 16 or 2 in this lab, got 3"),
        ({"codebook_size": 0}, ValueError, "codebook_size must be at least 1"),
    ],
)
def test_says_what_is_wrong(options: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tiny_lab(**options)
