"""The 2-D quantization explorer in a real browser: its buttons against VectorQuantizer, and every control by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import Tensor

from tests.page import exported
from tests.page.traffic import Traffic
from tests.widgets.quantization.test_math_node import begin, quantizer
from vqedu import metrics
from vqedu.plots.plane import LIMIT
from vqedu.quantizers import kmeans
from vqedu.widgets import QuantizationExplorer

pytestmark = pytest.mark.browser


@pytest.fixture
def root(page: Page, tmp_path: Path) -> Locator:
    """An explorer of six codes on the kinds, in an exported page without network."""
    return exported.open_exported(page, QuantizationExplorer(), tmp_path)


def press(page: Page, root: Locator, name: str, times: int = 1) -> None:
    for _ in range(times):
        root.get_by_role("button", name=name, exact=True).click()
    exported.next_frame(page)


def cell(root: Locator, name: str) -> str:
    return root.locator(f"[data-cell={name}]").text_content() or ""


def check_scores(root: Locator, rows: Tensor, codes: Tensor) -> None:
    """The three numbers on show must be what Python measures."""
    measured = metrics.measure(rows, codes)
    assert float(cell(root, "loss")) == pytest.approx(measured.loss, abs=6e-5)
    assert cell(root, "used") == f"{measured.used} of {len(codes)}"
    assert float(cell(root, "perplexity")) == pytest.approx(measured.perplexity, abs=6e-3)


def test_opens_from_a_file_and_asks_the_network_for_nothing(root: Locator, traffic: Traffic) -> None:
    check_scores(root, *begin("kinds", 6, "data"))
    assert traffic.network == []
    assert exported.smallest_text(root) >= 14


def test_step_buttons_do_what_python_does(page: Page, root: Locator) -> None:
    rows, codes = begin("kinds", 6, "data")
    press(page, root, "k-means step", times=3)
    codes, _ = kmeans.kmeans(rows, codes, steps=3)
    check_scores(root, rows, codes)
    vq = quantizer(codes, update="ema", decay=0.9)
    press(page, root, "EMA step", times=2)
    vq(rows)
    vq(rows)
    check_scores(root, rows, vq.codebook)
    press(page, root, "gradient step")
    counts, sums = kmeans.cluster_sums(rows, vq.nearest(rows), 6)
    slope = 2 * (counts[:, None] * vq.codebook - sums) / len(rows)
    check_scores(root, rows, vq.codebook - 0.5 * slope)


def test_k_means_runs_until_no_code_moves_and_says_so(page: Page, root: Locator) -> None:
    run = root.locator(".vq-q2-run")
    expect(run).to_have_text("Run: k-means")
    run.click()
    expect(run).to_have_text("Stop")
    expect(root.locator(".vq-headline")).to_have_text("Every code is at the mean of its points: no step moves it")
    run.click()
    expect(run).to_have_text("Run: k-means")
    rows, codes = begin("kinds", 6, "data")
    check_scores(root, rows, kmeans.kmeans(rows, codes, steps=60)[0])


def test_the_method_of_the_last_step_is_the_one_that_runs(page: Page, root: Locator) -> None:
    for method, name in (("ema", "EMA"), ("gradient", "gradient"), ("kmeans", "k-means")):
        root.locator(f"[data-method={method}]").click()
        expect(root.locator(".vq-q2-run")).to_have_text(f"Run: {name}")


def test_every_slider_to_both_ends_and_the_middle(page: Page, root: Locator) -> None:
    for label, ends in (("EMA decay γ", (0, 0.99)), ("learning rate", (0.05, 1)), ("codes K", (1, 16))):
        assert tuple(exported.move_slider(page, label, where) for where in ("low", "high")) == ends
        middle = exported.move_slider(page, label, "middle")
        assert ends[0] < middle < ends[1]
        for method in ("k-means step", "EMA step", "gradient step"):
            press(page, root, method)
    assert cell(root, "used").endswith(f" of {middle:g}")


def test_fewer_codes_keep_their_places_and_new_ones_come_onto_points(page: Page, root: Locator) -> None:
    rows, codes = begin("kinds", 6, "data")
    slider = page.get_by_label("codes K", exact=True)
    slider.press("ArrowLeft")
    exported.next_frame(page)
    check_scores(root, rows, codes[:5])
    slider.press("End")
    exported.next_frame(page)
    assert cell(root, "used") == "16 of 16"


def test_a_killed_code_never_comes_back_until_it_is_revived(page: Page, root: Locator) -> None:
    canvas = root.locator("canvas").first
    canvas.press("2")
    press(page, root, "kill code 2")
    expect(root.locator(".vq-headline")).to_have_text("1 code has no points: no average and no gradient reaches it")
    expect(root.locator(".vq-status")).to_have_text("Code 2, off the board: 0 points (0%)")
    for method in ("k-means step", "EMA step", "gradient step"):
        press(page, root, method, times=4)
        assert cell(root, "used") == "5 of 6"
    press(page, root, "revive")
    assert cell(root, "used") == "6 of 6"
    expect(root.get_by_role("button", name="revive")).to_be_disabled()


def test_a_wide_start_collapses_and_a_start_on_points_does_not(page: Page, root: Locator) -> None:
    for data in ("ring", "uniform", "kinds"):
        press(page, root, data)
        expect(root.locator("[data-data][aria-pressed=true]")).to_have_attribute("data-data", data)
        press(page, root, "N(0, 10²) start")
        press(page, root, "k-means step", times=3)
        assert int(cell(root, "used").split()[0]) < 6
        press(page, root, "start on points")
        assert cell(root, "used") == "6 of 6"


def test_arrow_keys_digits_and_dragging_move_a_code(page: Page, root: Locator) -> None:
    rows, codes = begin("kinds", 6, "data")
    canvas = root.locator("canvas").first
    canvas.press("4")
    for key, by in (
        ("ArrowLeft", (-0.05, 0)),
        ("ArrowUp", (0, 0.05)),
        ("Shift+ArrowRight", (0.5, 0)),
        ("ArrowDown", (0, -0.05)),
    ):
        canvas.press(key)
        codes[4] += torch.tensor(by)
        exported.next_frame(page)
        check_scores(root, rows, codes)
    unit = 490 / (2 * LIMIT)
    start = (46 + (float(codes[3, 0]) + LIMIT) * unit, 8 + (LIMIT - float(codes[3, 1])) * unit)
    exported.drag_on(page, canvas, start, (start[0] + unit, start[1] + 2 * unit))
    codes[3] += torch.tensor([1.0, -2.0])
    check = metrics.measure(rows, codes).loss
    assert float(cell(root, "loss")) == pytest.approx(check, abs=0.02)
    expect(root.locator(".vq-status")).to_contain_text(f"Code 3 at ({float(codes[3, 0]):.1f}"[:12])


def test_comma_and_full_stop_go_round_the_codes_and_space_is_a_step(page: Page, root: Locator) -> None:
    rows, codes = begin("kinds", 6, "data")
    canvas, status = root.locator("canvas").first, root.locator(".vq-status")
    canvas.press(",")
    expect(status).to_contain_text("Code 5 at")
    canvas.press(".")
    expect(status).to_contain_text("Code 0 at")
    canvas.press(" ")
    exported.next_frame(page)
    check_scores(root, rows, kmeans.step(rows, codes)[0])
    canvas.press("Delete")
    expect(status).to_contain_text("Code 0, off the board")


def test_straight_through_arrows_and_their_target(page: Page, root: Locator) -> None:
    canvas = root.locator("canvas").first
    without = exported.picture(canvas)
    press(page, root, "straight-through arrows")
    expect(root.locator(".vq-headline")).to_contain_text(
        "the gradient at a code is copied to every point that chose it"
    )
    before = exported.picture(canvas)
    assert before != without
    canvas.press("t")
    canvas.press("Shift+ArrowUp")
    expect(root.locator(".vq-status")).to_contain_text("Target t at (1.20, 0.10)")
    expect(root.locator("[data-act=kill]")).to_be_disabled()
    assert exported.picture(canvas) != before
    press(page, root, "straight-through arrows")
    expect(root.locator(".vq-status")).to_contain_text("Code 0")
    assert exported.picture(canvas) == without


def test_the_kernel_hears_the_settled_state_once(page: Page) -> None:
    explorer = QuantizationExplorer(codebook_size=2)
    act = """async (el) => { for (const name of ["kmeans", "kmeans", "ema"]) {
        el.querySelector(`[data-method=${name}]`).click();
        await new Promise((done) => requestAnimationFrame(done)); } }"""
    states = exported.settled_states(page, explorer, act)
    assert len(states) == 1
    rows, codes = begin("kinds", 2, "data")
    before = [codes, *(kmeans.kmeans(rows, codes, steps=steps)[0] for steps in (1, 2))]
    vq = quantizer(before[-1], update="ema", decay=0.9)
    vq(rows)
    np.testing.assert_allclose(states[0]["codes"], vq.codebook, atol=1e-6)
    np.testing.assert_allclose(states[0]["counts"], vq.ema_counts, atol=1e-6)
    np.testing.assert_allclose(states[0]["losses"], [metrics.measure(rows, each).loss for each in before], rtol=1e-6)
    moved = ("codes", "counts", "sums", "losses", "method")
    kept = {name: value for name, value in explorer.state.items() if name not in moved}
    assert {name: value for name, value in states[0].items() if name not in moved} == kept
    assert states[0]["method"] == "ema"


def test_every_control_has_a_name(root: Locator) -> None:
    for control in root.locator("input, canvas").all():
        assert control.get_attribute("aria-label")
    for button in root.locator("button").all():
        assert (button.text_content() or "").strip()
