"""The ELBO explorer in a real browser: what it shows against Python's, and every control by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.daily import daily
from tests.page import exported
from tests.page.traffic import Traffic
from vqedu.lessons import toy
from vqedu.publish.shown import math_css
from vqedu.widgets import ElboExplorer

pytestmark = pytest.mark.browser

NUMBER = re.compile(r"−?\d+\.\d+")
LEFT, WIDTH = 52, 472  # where densities.js draws z from -5 to 5
Q = ("mean μ of q", "width σ of q", "observed x")


@pytest.fixture
def root(page: Page, tmp_path: Path) -> Locator:
    """An explorer with the linear decoder, x = 1 and q = N(-1, 1), in an exported page without network."""
    return exported.open_exported(page, ElboExplorer(), tmp_path)


def numbers(text: str | None) -> list[float]:
    return [float(found.replace("−", "-")) for found in NUMBER.findall(text or "")]


def check_sum(page: Page, decoder: str, x: float, mu: float, sigma: float) -> None:
    """The line under the title must show Python's log p(x), ELBO and gap, to the last of its three decimals."""
    exported.next_frame(page)
    model = toy.LatentModel(decoder)
    expected = [model.log_evidence(x), float(model.elbo(x, mu, sigma)), float(model.kl_to_posterior(x, mu, sigma))]
    assert numbers(page.locator(".vq-elbo-sum").text_content()) == pytest.approx(expected, abs=0.00051)


def test_opens_from_a_file_and_asks_the_network_for_nothing(page: Page, root: Locator, traffic: Traffic) -> None:
    check_sum(page, "linear", 1.0, -1.0, 1.0)
    assert traffic.network == []
    assert exported.smallest_text(root) >= 14


@pytest.mark.parametrize("decoder", daily(sorted(toy.DECODERS), "two-sided"))
def test_every_slider_to_both_ends_and_the_middle(page: Page, root: Locator, decoder: str) -> None:
    root.locator(f"[data-decoder={decoder}]").click()
    q = dict(zip(Q, (-1.0, 1.0, 1.0), strict=True))
    for label in q:
        for where in ("low", "high", "middle"):
            q[label] = exported.move_slider(page, label, where)
            check_sum(page, decoder, q["observed x"], q["mean μ of q"], q["width σ of q"])


def test_sliders_reach_their_ends_and_say_their_value(page: Page, root: Locator) -> None:
    for label, low, high in (("mean μ of q", -4, 4), ("width σ of q", 0.05, 4), ("observed x", -2, 4)):
        assert exported.move_slider(page, label, "low") == low
        assert exported.move_slider(page, label, "high") == high
        expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-valuetext", f"{high:.2f}")


def test_only_the_chosen_decoder_is_pressed_and_the_finding_names_its_smallest_gap(page: Page, root: Locator) -> None:
    for decoder in ("curved", "two-sided", "linear"):
        root.locator(f"[data-decoder={decoder}]").click()
        exported.next_frame(page)
        expect(root.locator("[data-decoder][aria-pressed=true]")).to_have_attribute("data-decoder", decoder)
        found = root.locator(".vq-elbo-found").text_content()
        model = toy.LatentModel(decoder)
        if decoder == "linear":
            assert "gap to 0" in (found or "")
        else:
            smallest = float(model.kl_to_posterior(1.0, *model.best_gaussian(1.0)))
            assert numbers(found) == pytest.approx([smallest], abs=0.00051)


def test_dragging_the_body_moves_the_mean_and_a_shoulder_the_width(page: Page, root: Locator) -> None:
    canvas = root.locator("canvas").first
    unit = WIDTH / 10
    before = exported.picture(canvas)
    at = LEFT + 4 * unit  # z = -1, the mean
    exported.drag_on(page, canvas, (at, 220), (at + 2 * unit, 225))
    check_sum(page, "linear", 1.0, 1.0, 1.0)
    assert exported.picture(canvas) != before
    # The right shoulder of N(1, 1): z = 2, density 0.242 on an axis of height 1 from y = 230 up to y = 34.
    shoulder = (LEFT + 7 * unit, 230 - 0.242 * 196)
    exported.drag_on(page, canvas, shoulder, (shoulder[0] - 0.5 * unit, shoulder[1]))
    sigma = float(page.get_by_label("width σ of q").input_value())
    assert sigma == pytest.approx(0.5, abs=0.02)  # the pointer moves in whole pixels
    check_sum(page, "linear", 1.0, 1.0, sigma)


def test_arrow_keys_on_the_plot_move_q_and_stop_at_the_ends(page: Page, root: Locator) -> None:
    canvas = root.locator("canvas").first
    for key, mu, sigma in (("ArrowRight", -0.95, 1.0), ("ArrowUp", -0.95, 1.05), ("ArrowLeft", -1.0, 1.05)):
        canvas.press(key)
        check_sum(page, "linear", 1.0, mu, sigma)
    canvas.press("ArrowDown")
    check_sum(page, "linear", 1.0, -1.0, 1.0)
    for _ in range(9):
        canvas.press("Shift+ArrowLeft")
        canvas.press("Shift+ArrowDown")
    check_sum(page, "linear", 1.0, -4.0, 0.05)


def test_keys_of_the_browser_and_the_right_button_do_not_move_q(page: Page, root: Locator) -> None:
    canvas = root.locator("canvas").first
    for key in ("Control+ArrowRight", "Alt+ArrowUp", "Meta+ArrowRight"):
        canvas.press(key)
    canvas.click(button="right", position={"x": LEFT + 4 * WIDTH / 10, "y": 220})
    page.mouse.move(900, 300, steps=3)
    check_sum(page, "linear", 1.0, -1.0, 1.0)


BEST = [("linear", 1), ("curved", 1), ("two-sided", 1), ("two-sided", -1)]


@pytest.mark.parametrize(("decoder", "mu_sign"), daily(BEST, ("linear", 1), ("two-sided", -1)))
def test_find_the_best_q_ends_where_python_says(page: Page, tmp_path: Path, decoder: str, mu_sign: int) -> None:
    root = exported.open_exported(page, ElboExplorer(decoder, x=2.0, mu=mu_sign * 3.0), tmp_path)
    root.get_by_role("button", name="Find the best q").click()
    mu, sigma = toy.LatentModel(decoder).best_gaussian(2.0)
    expect(page.get_by_label("mean μ of q")).to_have_attribute(
        "aria-valuetext", f"{mu_sign * mu:.2f}".replace("-", "−")
    )
    expect(page.get_by_label("width σ of q")).to_have_attribute("aria-valuetext", f"{sigma:.2f}")
    check_sum(page, decoder, 2.0, mu_sign * mu, sigma)
    gap = numbers(page.locator(".vq-elbo-sum").text_content())[2]
    assert gap == 0 if decoder == "linear" else gap > 0.01


def test_the_hand_takes_over_from_the_animation(page: Page, root: Locator) -> None:
    root.get_by_role("button", name="Find the best q").click()
    assert exported.move_slider(page, "mean μ of q", "low") == -4
    page.wait_for_timeout(700)
    assert float(page.get_by_label("mean μ of q").input_value()) == -4


def shown_lines(root: Locator) -> int:
    return root.locator(".vq-elbo-line:not(.vq-elbo-hidden)").count()


def test_the_board_walks_five_lines_by_button_slider_and_keys(page: Page, root: Locator) -> None:
    walk = root.get_by_role("button", name="Next line")
    values = toy.LatentModel("linear").derivation(1.0, -1.0, 1.0)
    assert root.get_by_role("button", name="Back").is_disabled()
    for line in range(1, 6):
        exported.next_frame(page)
        assert shown_lines(root) == line
        current = root.locator(".vq-elbo-line[aria-current]")
        assert numbers(current.locator("output").text_content()) == pytest.approx([values[line - 1]], abs=5.1e-7)
        assert current.locator("[style*=background]").count() >= 1  # the term that changed is marked
        if line < 5:
            walk.click()
    root.get_by_role("button", name="Back").click()
    exported.next_frame(page)
    assert shown_lines(root) == 4
    assert [exported.move_slider(page, "line", where) for where in ("low", "middle", "high")] == [1, 3, 5]
    assert shown_lines(root) == 5
    root.get_by_role("button", name="From the top").click()
    exported.next_frame(page)
    assert shown_lines(root) == 1


def test_the_lines_follow_q(page: Page, root: Locator) -> None:
    exported.move_slider(page, "line", "high")
    mu = exported.move_slider(page, "mean μ of q", "high")
    shown = [numbers(text)[0] for text in root.locator(".vq-elbo-line output").all_text_contents()]
    assert shown == pytest.approx(toy.LatentModel("linear").derivation(1.0, mu, 1.0), abs=5.1e-7)


def test_the_kernel_hears_the_settled_state_once(page: Page) -> None:
    act = """async (el) => { for (const value of [1, 2, 3]) {
        const slider = el.querySelector("input"); slider.value = value; slider.dispatchEvent(new Event("input"));
        await new Promise((done) => requestAnimationFrame(done)); } }"""
    states = exported.settled_states(page, ElboExplorer(), act)
    assert states == [{"decoder": "linear", "x": 1, "mu": 3, "sigma": 1, "line": 1}]


def test_every_control_has_a_name(root: Locator) -> None:
    for control in root.locator("input, canvas").all():
        assert control.get_attribute("aria-label")
    for button in root.locator("button").all():
        assert (button.text_content() or "").strip()


def test_a_state_set_from_python_moves_picture_numbers_and_controls(page: Page) -> None:
    explorer = ElboExplorer()
    root = exported.open_live(page, explorer)
    pictures = [root.locator("canvas").first, root.locator("canvas").last]
    before = [exported.picture(canvas) for canvas in pictures]
    exported.set_from_python(page, explorer, {"decoder": "curved", "x": 2.5, "mu": 0.5, "sigma": 0.25, "line": 3})
    check_sum(page, "curved", 2.5, 0.5, 0.25)
    assert all(exported.picture(canvas) != old for canvas, old in zip(pictures, before, strict=True))
    shown = [page.get_by_label(label, exact=True).input_value() for label in (*Q, "line")]
    assert shown == ["0.5", "0.25", "2.5", "3"]
    expect(root.locator("[data-decoder][aria-pressed=true]")).to_have_attribute("data-decoder", "curved")
    assert shown_lines(root) == 3
    exported.set_from_python(page, explorer, {"mu": -2.0})
    check_sum(page, "curved", 2.5, -2.0, 0.25)


def test_a_state_from_python_stops_the_animation(page: Page) -> None:
    explorer = ElboExplorer()
    root = exported.open_live(page, explorer)
    root.get_by_role("button", name="Find the best q").click()
    exported.set_from_python(page, explorer, {"mu": 3.0})
    page.wait_for_timeout(700)
    check_sum(page, "linear", 1.0, 3.0, 1.0)


def test_screen_readers_hear_the_sum_once_the_hand_rests(page: Page, root: Locator) -> None:
    exported.move_slider(page, "mean μ of q", "high")
    seen = page.locator(".vq-elbo-sum").text_content() or ""
    expect(root.locator(".vq-heard")).to_contain_text(" ".join(seen.split()))


def test_nothing_is_cut_off(page: Page, tmp_path: Path) -> None:
    root = exported.open_exported(page, ElboExplorer("two-sided", x=2.0, mu=3.0, sigma=0.3, line=5), tmp_path)
    assert exported.overflow(root, 1280, 700, 390) == {1280: 0, 700: 0, 390: 0}


def test_the_bars_of_a_divergence_stand_free_of_what_is_beside_them(page: Page, tmp_path: Path) -> None:
    root = exported.open_exported(page, ElboExplorer(line=5), tmp_path)
    page.add_style_tag(content=math_css())  # a font that can stretch them, as a page of the site has
    page.evaluate("() => document.fonts.ready")
    bars = root.locator("mo", has_text="‖")
    own, before, after = bars.evaluate(
        """(bars) => [bars, bars.previousElementSibling, bars.nextElementSibling.firstElementChild]
            .map((part) => part.getBoundingClientRect().toJSON())"""
    )
    assert own["height"] < 1.5 * before["height"]
    assert before["right"] <= own["left"] + 0.1
    assert own["right"] <= after["left"] + 0.1
