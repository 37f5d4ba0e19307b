"""The reparameterization explorer in a real browser: its numbers against Python's, and every control by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.daily import daily
from tests.page import exported
from tests.page.traffic import Traffic
from tests.widgets.reparameterization.test_math_node import REPEATS, page_noise
from vqedu.lessons import gradients
from vqedu.widgets import ReparameterizationExplorer

pytestmark = pytest.mark.browser


@pytest.fixture
def root(page: Page, tmp_path: Path) -> Locator:
    """An explorer with f = z^2, mu = 2, sigma = 1, n = 16, in an exported page without network."""
    return exported.open_exported(page, ReparameterizationExplorer(), tmp_path)


def cell(root: Locator, name: str) -> float:
    text = root.locator(f"[data-cell='{name}']").text_content() or ""
    return float(text.replace("−", "-").replace("×", "").strip())


def check_table(root: Locator, f: str, mu: float, sigma: float, n: int, baseline: bool, seed: int) -> None:
    """Every number of the table must be what vqedu.lessons.gradients makes of the page's own noise."""
    eps = page_noise(seed)[:, :n].reshape(-1)
    function = gradients.FUNCTIONS[f].h
    offset = gradients.expectation(f, mu, sigma) if baseline else 0.0
    both = {
        "path": gradients.reparameterized(function, mu, sigma, eps),
        "score": gradients.score_function(function, mu, sigma, eps, offset),
    }
    for name in ("mu", "sigma"):
        exact = float(getattr(gradients.exact(f, mu, sigma), name))
        assert cell(root, f"exact.{name}.mean") == pytest.approx(exact, abs=6e-4)
        spread = {}
        for row, gradient in both.items():
            estimates = getattr(gradient, name).view(REPEATS, n).mean(1)
            spread[row] = float(estimates.std())
            assert cell(root, f"{row}.{name}.mean") == pytest.approx(float(estimates.mean()), abs=6e-4)
            assert cell(root, f"{row}.{name}.sd") == pytest.approx(spread[row], abs=6e-4)
        if spread["path"] > 0:
            ratio = (spread["score"] / spread["path"]) ** 2
            assert cell(root, f"ratio.{name}.sd") == pytest.approx(ratio, abs=0.051)


def test_opens_from_a_file_and_asks_the_network_for_nothing(page: Page, root: Locator, traffic: Traffic) -> None:
    check_table(root, "square", 2.0, 1.0, 16, False, 1)
    assert cell(root, "ratio.mu.sd") >= 10
    assert traffic.network == []
    assert exported.smallest_text(root) >= 14


@pytest.mark.parametrize("f", daily(sorted(gradients.FUNCTIONS), "square"))
def test_every_slider_to_both_ends_and_the_middle(page: Page, root: Locator, f: str) -> None:
    root.locator(f"[data-f={f}]").click()
    expect(root.locator("[data-f][aria-pressed=true]")).to_have_attribute("data-f", f)
    state = {"shift μ": 2.0, "scale σ": 1.0, "draws n": 2.0}
    for label in state:
        for where in ("low", "high", "middle"):
            state[label] = exported.move_slider(page, label, where)
            n = 4 ** int(state["draws n"])
            check_table(root, f, state["shift μ"], state["scale σ"], n, False, 1)
    ends = {label: [exported.move_slider(page, label, where) for where in ("low", "high")] for label in state}
    assert ends == {"shift μ": [-3, 3], "scale σ": [0.1, 2], "draws n": [0, 4]}


def test_baseline_and_a_new_draw_change_what_they_should(page: Page, root: Locator) -> None:
    before = cell(root, "score.mu.sd"), cell(root, "path.mu.sd")
    baseline = root.get_by_role("button", name="Baseline")
    baseline.click()
    check_table(root, "square", 2.0, 1.0, 16, True, 1)
    expect(baseline).to_have_attribute("aria-pressed", "true")
    assert cell(root, "score.mu.sd") < before[0]
    assert cell(root, "path.mu.sd") == before[1]
    baseline.click()
    root.get_by_role("button", name="again").click()
    exported.next_frame(page)
    check_table(root, "square", 2.0, 1.0, 16, False, 2)
    assert cell(root, "path.mu.sd") != before[1]


def test_a_step_gives_the_path_no_signal_and_the_title_says_so(page: Page, root: Locator) -> None:
    root.locator("[data-f=step]").click()
    exported.next_frame(page)
    assert cell(root, "path.mu.mean") == cell(root, "path.mu.sd") == 0
    expect(root.locator("[data-cell='ratio.mu.sd']")).to_have_text("no signal")
    truth = float(gradients.exact("step", 2.0, 1.0).mu)
    expect(root.locator(".vq-headline")).to_contain_text(f"returns 0, and the exact gradient is {truth:.3f}")


def test_the_title_states_the_measured_ratio(page: Page, root: Locator) -> None:
    expect(root.locator(".vq-headline")).to_contain_text(f"has {cell(root, 'ratio.mu.sd'):.1f} times")


def test_arrow_keys_and_dragging_move_the_cloud(page: Page, root: Locator) -> None:
    canvas = root.locator("canvas").first
    before = exported.picture(canvas)
    for key, mu, sigma in (
        ("ArrowLeft", 1.95, 1.0),
        ("ArrowDown", 1.95, 0.95),
        ("ArrowRight", 2.0, 0.95),
        ("ArrowUp", 2.0, 1.0),
    ):
        canvas.press(key)
        exported.next_frame(page)
        check_table(root, "square", mu, sigma, 16, False, 1)
    assert exported.picture(canvas) == before
    unit = 526 / 14  # CSS pixels a unit of z
    exported.drag_on(page, canvas, (58 + 9 * unit, 180), (58 + 6 * unit, 180))
    assert exported.picture(canvas) != before
    assert float(page.get_by_label("shift μ").input_value()) == pytest.approx(-1.0, abs=0.03)
    for _ in range(8):
        canvas.press("Shift+ArrowRight")
        canvas.press("Shift+ArrowDown")
    exported.next_frame(page)
    check_table(root, "square", 3.0, 0.1, 16, False, 1)


def test_the_kernel_hears_the_settled_state_once(page: Page) -> None:
    act = """async (el) => { for (const value of [1, 2, 3]) {
        const slider = el.querySelector("input"); slider.value = value; slider.dispatchEvent(new Event("input"));
        await new Promise((done) => requestAnimationFrame(done)); } }"""
    states = exported.settled_states(page, ReparameterizationExplorer(), act)
    assert states == [{"f": "square", "mu": 3, "sigma": 1, "n": 16, "baseline": False, "seed": 1}]


def test_every_control_has_a_name(root: Locator) -> None:
    for control in root.locator("input, canvas").all():
        assert control.get_attribute("aria-label")
    for button in root.locator("button").all():
        assert (button.text_content() or "").strip()


def test_a_state_set_from_python_moves_picture_numbers_and_controls(page: Page) -> None:
    explorer = ReparameterizationExplorer()
    root = exported.open_live(page, explorer)
    pictures = [root.locator("canvas").first, root.locator("canvas").last]
    before = [exported.picture(canvas) for canvas in pictures]
    state = {"f": "sine", "mu": -1.0, "sigma": 0.5, "n": 64, "baseline": True, "seed": 3}
    exported.set_from_python(page, explorer, state)
    check_table(root, "sine", -1.0, 0.5, 64, True, 3)
    assert all(exported.picture(canvas) != old for canvas, old in zip(pictures, before, strict=True))
    shown = [page.get_by_label(label, exact=True).input_value() for label in ("shift μ", "scale σ", "draws n")]
    assert shown == ["-1", "0.5", "3"]
    expect(root.locator("[data-f][aria-pressed=true]")).to_have_attribute("data-f", "sine")
    expect(root.get_by_role("button", name="Baseline")).to_have_attribute("aria-pressed", "true")
    exported.set_from_python(page, explorer, {"f": "step"})
    check_table(root, "step", -1.0, 0.5, 64, True, 3)
    expect(root.locator(".vq-headline")).to_contain_text("A step has no slope")


def test_screen_readers_hear_the_finding_once_the_hand_rests(page: Page, root: Locator) -> None:
    exported.move_slider(page, "shift μ", "low")
    expect(root.locator(".vq-heard")).to_have_text(root.locator(".vq-headline").text_content() or "")


def test_nothing_is_cut_off(page: Page, tmp_path: Path) -> None:
    root = exported.open_exported(page, ReparameterizationExplorer("quartic", mu=-2.0, n=1), tmp_path)
    assert exported.overflow(root, 1280, 700, 390) == {1280: 0, 700: 0, 390: 0}
