"""The residual explorer in an exported page: its decoder against torch, and every control by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from tests.daily import daily
from tests.page import exported
from tests.page.traffic import Traffic
from tests.widgets.latent.latent_hand import pixels
from vqedu.data import Split
from vqedu.models import VQVAE
from vqedu.quantizers import ResidualVQ
from vqedu.widgets.residual.residual import ResidualExplorer

pytestmark = pytest.mark.browser
LEVELS = 4
LIMIT = 2.5 / 255  # two gray levels, and half a step of the canvas


@pytest.fixture(scope="module")
def explorer() -> ResidualExplorer:
    """Four levels of 8 codes, started from 60 random images; one picture of each class."""
    torch.manual_seed(0)
    model = VQVAE(8, 6, quantizer=ResidualVQ(8, 6, LEVELS))
    x = torch.rand(60, 1, 28, 28).square()
    with torch.no_grad():
        for _ in range(3):
            model.train()(x)
    return ResidualExplorer(model.eval(), Split(x, torch.arange(60) % 10), level=2, digit=3)


@pytest.fixture
def root(page: Page, tmp_path: Path, explorer: ResidualExplorer) -> Locator:
    return exported.open_exported(page, explorer, tmp_path)


@torch.no_grad()
def pictures(explorer: ResidualExplorer, digit: int) -> list[np.ndarray]:
    """What the first 1, 2, ... levels of a picture decode to, by torch: (28, 28) in [0, 1] each."""
    indices = explorer.model.encode(explorer.images[digit][None])
    decoded = [explorer.model.decode(indices[..., : count + 1]) for count in range(LEVELS)]
    return [torch.sigmoid(each)[0, 0].numpy() for each in decoded]


def shown(root: Locator) -> np.ndarray:
    """The ink of x_hat, in [0, 1]."""
    return np.asarray(pixels(root.locator(".vq-decoded"))).reshape(28, 28)


def test_the_first_view_needs_no_network(
    page: Page, root: Locator, explorer: ResidualExplorer, traffic: Traffic
) -> None:
    assert traffic.network == []
    assert np.abs(shown(root) - pictures(explorer, 3)[1]).max() <= LIMIT
    expect(root.locator(".vq-status")).to_contain_text("2 of 4 stages: 49 × 2 × 3 = 294 bits per image")
    error = np.square(pictures(explorer, 3)[1] - explorer.images[3, 0].numpy()).mean()
    expect(root.locator(".vq-status")).to_contain_text(f"squared error {error:.4f}")


@pytest.mark.parametrize("digit", daily([0, 9], 9))
def test_every_level_and_picture_decodes_as_torch_does(
    page: Page, root: Locator, explorer: ResidualExplorer, digit: int
) -> None:
    root.get_by_role("button", name=f"Pick a test digit {explorer.labels[digit]}").press("Enter")
    expected = pictures(explorer, digit)
    for level in range(1, LEVELS + 1):
        button = root.get_by_role("button", name=f"Stages 1 to {level} on")
        button.click()
        exported.next_frame(page)
        assert np.abs(shown(root) - expected[level - 1]).max() <= LIMIT
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(root.locator(".vq-level.vq-off")).to_have_count(LEVELS - level)


def test_the_slider_to_both_ends_and_the_middle(page: Page, root: Locator, explorer: ResidualExplorer) -> None:
    for where, level in (("low", 1), ("high", LEVELS), ("middle", None)):
        value = int(exported.move_slider(page, "stages switched on", where))
        assert value == (level or value)
        assert np.abs(shown(root) - pictures(explorer, 3)[value - 1]).max() <= LIMIT


def test_names_and_sizes_of_text(root: Locator) -> None:
    assert exported.smallest_text(root) >= 14
    for control in root.locator("input, button, canvas[role]").all():
        assert control.get_attribute("aria-label")


def test_nothing_is_cut_off(page: Page, root: Locator) -> None:
    for width in (1280, 980, 420):
        page.set_viewport_size({"width": width, "height": 900})
        for _ in range(3):
            exported.next_frame(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width


def test_the_kernel_hears_the_settled_state_once(page: Page, explorer: ResidualExplorer) -> None:
    act = """async (el) => { const slider = el.querySelector("input");
        for (const value of [1, 3, 4]) { slider.value = value; slider.dispatchEvent(new Event("input"));
        await new Promise((done) => requestAnimationFrame(done)); } }"""
    page.goto("about:blank")
    states = exported.settled_states(page, explorer, act)
    assert states == [{"level": 4, "digit": 3}]


# Without a browser


def test_bad_arguments(explorer: ResidualExplorer) -> None:
    with pytest.raises(TypeError, match="several stages, such as a ResidualVQ"):
        ResidualExplorer(VQVAE(8, 6))
    images = Split(explorer.images, torch.tensor(explorer.labels))
    with pytest.raises(ValueError, match="level"):
        ResidualExplorer(explorer.model, images, level=5)
    with pytest.raises(ValueError, match="digit"):
        ResidualExplorer(explorer.model, images, digit=10)


def test_the_lengths_left_over_are_those_of_the_residuals(explorer: ResidualExplorer) -> None:
    from vqedu.widgets.residual.residual import described

    with torch.no_grad():
        indices, left = described(explorer.model, explorer.images)
        z_e = explorer.model.encoder(explorer.images)
    for count, level in enumerate(explorer.model.quantizer.levels):
        torch.testing.assert_close(left[:, count], z_e.norm(dim=1).flatten(1))
        z_e = z_e - level.lookup(indices[..., count].view(-1, 7, 7))
    torch.testing.assert_close(left[:, LEVELS], z_e.norm(dim=1).flatten(1))
