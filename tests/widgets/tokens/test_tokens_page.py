"""The token explorer in a real browser: its codes, bits and pictures against Python's, and every control by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page import exported
from tests.page.traffic import Traffic
from tests.widgets.tokens.drawing import uniforms
from tests.widgets.tokens.test_tokens import drawn, explorer
from vqedu.widgets import TokenExplorer

pytestmark = pytest.mark.browser
PIXEL = 2 / 255  # float16 weights of the decoder, and whole gray levels


class Hand:
    """The explorer in the page, and the state in which it must be: what is shown is compared with Python's."""

    def __init__(self, page: Page, root: Locator, shown: TokenExplorer) -> None:
        self.page, self.root, self.shown, self.state = page, root, shown, dict(shown.state)
        self.expected = drawn(shown)

    def press(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def cell(self, place: int) -> Locator:
        return self.root.locator(".vq-tok-cell").nth(place)

    def check(self, **changed: Any) -> None:
        """The codes, the bits and the picture are those that Python has for the state after these changes."""
        self.state |= changed
        codes = self.expected.codes(self.state)
        exported.next_frame(self.page)
        done = self.root.get_by_role("img", name=f"Decoded picture, {len(codes)} of 49 positions filled")
        expect(done).to_have_attribute("aria-busy", "false", timeout=20_000)
        texts = self.root.locator(".vq-tok-cell").all_text_contents()
        assert [int(text) for text in texts if text not in ("", "?")] == codes.tolist()
        assert texts.count("?") == (1 if len(codes) < 49 else 0)
        total = self.expected.bits(self.state)
        words = self.root.locator(".vq-tok-bits").text_content() or ""
        assert (
            f"so far {total:.1f} bits, against {len(codes)} × 7 = {7 * len(codes)} for uniform codes" in words
            or not len(codes)
        )
        self.check_picture(len(codes))

    def check_picture(self, filled: int) -> None:
        """Compare the middle of each place with Python's picture: 2 x 2 pixels, free of the frame around one place."""
        expected = self.expected.picture(self.state)
        side = 308 / 28
        found = np.array(
            self.root.locator(".vq-decoded").evaluate(
                """(node, side) => Array.from({ length: 784 }, (_, i) => {
                    const scale = node.width / 308, at = (v) => Math.round((v + 0.5) * side * scale);
                    const [x, y] = [at(i % 28), at(Math.floor(i / 28))];
                    return 1 - node.getContext("2d").getImageData(x, y, 1, 1).data[0] / 255;
                })""",
                side,
            )
        ).reshape(28, 28)
        middle = np.zeros((4, 4), dtype=bool)
        middle[1:3, 1:3] = True
        here = np.tile(middle, (7, 7)) & np.kron(np.arange(49).reshape(7, 7) < filled, np.ones((4, 4), dtype=bool))
        assert np.abs(found - expected)[here].max(initial=0) <= PIXEL


@pytest.fixture
def hand(page: Page, tmp_path: Path) -> Hand:
    """An explorer with 12 codes drawn for the digit 3, in an exported page without network."""
    shown = explorer(label=3, seed=1, drawn=12)
    return Hand(page, exported.open_exported(page, shown, tmp_path), shown)


def test_opens_from_a_file_and_asks_the_network_for_nothing(hand: Hand, traffic: Traffic) -> None:
    hand.check()
    assert traffic.network == []
    assert exported.smallest_text(hand.root) >= 14
    assert len(hand.shown.to_html()) < 2_000_000


def test_step_fill_start_again_and_another(hand: Hand) -> None:
    hand.press("Step")
    hand.check(drawn=13)
    hand.press("Fill the rest")
    hand.check(drawn=49)
    hand.press("Step")  # nothing is left to draw
    hand.check()
    hand.press("Start again")
    hand.check(drawn=0)
    hand.press("Fill the rest")
    hand.check(drawn=49)  # the same seed, the same picture
    hand.press("Another picture")
    hand.check(seed=2)


def test_codes_that_were_given_are_never_drawn(page: Page, tmp_path: Path) -> None:
    given = [3, 5, 8, 13, 21]
    shown = explorer(fixed=given)
    hand = Hand(page, exported.open_exported(page, shown, tmp_path), shown)
    hand.check(drawn=5)
    hand.press("Another picture")
    hand.check(drawn=49, seed=1)
    hand.press("Keep 5, resample the rest")
    hand.check(seed=2)
    hand.press("Start again")
    hand.check(drawn=5)


def test_filling_draws_one_code_a_frame(hand: Hand) -> None:
    counts = hand.page.evaluate("""async () => {
        const counts = [];
        const cells = [...document.querySelectorAll(".vq-tok-cell")];
        const filled = () => cells.filter((cell) => /[0-9]/.test(cell.textContent)).length;
        [...document.querySelectorAll("button")].find((b) => b.textContent === "Fill the rest").click();
        while (filled() < 49 && counts.length < 600) {
            await new Promise(requestAnimationFrame);
            counts.push(filled());
        }
        return counts;
    }""")
    assert set(np.diff(counts)) <= {0, 1}
    assert counts[-1] == 49


def test_play_can_be_paused_and_goes_on(hand: Hand) -> None:
    hand.press("Play")
    hand.press("Pause")
    filled = hand.root.locator(".vq-tok-cell:not(:disabled)")
    before = filled.count()
    hand.page.wait_for_timeout(400)
    assert filled.count() == before
    hand.press("Play")
    expect(hand.cell(before + 2)).to_be_enabled()
    hand.press("Pause")
    hand.press("Fill the rest")
    hand.check(drawn=49)
    hand.press("Play")  # a full map is played once more from its beginning
    expect(hand.cell(40)).to_be_disabled()
    hand.press("Fill the rest")
    hand.check()


def test_every_class_can_be_chosen(hand: Hand) -> None:
    for label in (None, *range(10)):
        choice = hand.root.locator(f"[data-label='{'any' if label is None else label}']")
        choice.click()
        expect(choice).to_have_attribute("aria-pressed", "true")
        hand.check(label=label)


def test_both_sliders_to_both_ends_and_the_middle(hand: Hand) -> None:
    counts = [1, 2, 3, 5, 10, 20, 50, 100, None]
    hand.press("Fill the rest")
    hand.check(drawn=49)
    for where in ("low", "high", "middle"):
        hand.check(temperature=exported.move_slider(hand.page, "temperature", where))
        for other in ("low", "high", "middle"):
            hand.check(top_k=counts[int(exported.move_slider(hand.page, "top-k", other))])
    assert exported.move_slider(hand.page, "temperature", "low") == 0.1
    assert exported.move_slider(hand.page, "temperature", "high") == 2


def test_another_code_is_put_the_rest_kept_then_drawn_again(hand: Hand) -> None:
    hand.press("Fill the rest")
    hand.check(drawn=49)
    codes = hand.expected.codes(hand.state).tolist()
    hand.cell(20).click()
    expect(hand.cell(20)).to_have_attribute("aria-pressed", "true")
    row = hand.root.locator(".vq-tok-candidate[aria-pressed=false]").first
    chosen = int(row.locator(".vq-tok-code").inner_text())
    row.click()
    changed = [*codes[:20], chosen, *codes[21:]]
    hand.check(fixed=changed, kept=21, cursor=20, by_hand=[20])
    hand.press("Keep 21, resample the rest")
    hand.check(fixed=changed[:21], cursor=None, seed=2)
    assert hand.expected.codes(hand.state)[:21].tolist() == changed[:21]
    hand.press("Keep 21, resample the rest")
    hand.check(seed=3)


def test_a_setting_draws_anew_what_was_not_kept(hand: Hand) -> None:
    codes = hand.expected.codes(hand.state).tolist()
    hand.cell(4).click()
    exported.next_frame(hand.page)
    row = hand.root.locator(".vq-tok-candidate[aria-pressed=false]").first
    chosen = int(row.locator(".vq-tok-code").inner_text())
    row.click()
    hand.check(fixed=[*codes[:4], chosen, *codes[5:]], kept=5, cursor=4)
    hand.root.locator("[data-label='8']").click()
    hand.check(fixed=[*codes[:4], chosen], label=8)


def test_the_map_and_the_list_by_keyboard(hand: Hand) -> None:
    hand.cell(12).focus()
    hand.page.keyboard.press("ArrowUp")
    expect(hand.cell(5)).to_be_focused()
    hand.page.keyboard.press("ArrowLeft")
    expect(hand.cell(4)).to_be_focused()
    hand.page.keyboard.press("ArrowRight")
    expect(hand.cell(5)).to_have_attribute("aria-pressed", "true")
    for _ in range(3):
        hand.page.keyboard.press("ArrowDown")  # to 12, the code to come, and no further
    expect(hand.cell(12)).to_be_focused()
    first = hand.root.locator(".vq-tok-candidate").first
    first.focus()
    hand.page.keyboard.press("ArrowDown")
    hand.page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    code = int(first.locator(".vq-tok-code").inner_text())
    hand.page.keyboard.press("Enter")
    before = hand.expected.codes(hand.state).tolist()
    hand.check(fixed=[*before, code], kept=13, drawn=13, by_hand=[12])
    second = int(hand.root.locator(".vq-tok-code").nth(1).inner_text())
    hand.page.keyboard.press("2")
    hand.check(fixed=[*before, code, second], kept=14, drawn=14)
    hand.page.keyboard.press("n")
    hand.check(drawn=15)


def test_the_odds_are_the_prior_s_and_a_candidate_in_focus_is_shown(hand: Hand) -> None:
    odds = hand.expected.odds(hand.state)
    rows = hand.root.locator(".vq-tok-candidate")
    best = [int(code) for code in hand.root.locator(".vq-tok-code").all_text_contents()]
    assert best == np.argsort(-odds, kind="stable")[:8].tolist()
    expect(rows.first).to_have_attribute(
        "aria-label", f"Put code {best[0]} here, probability {100 * odds[best[0]]:.0f}%"
    )
    luck = uniforms(1)[12]
    name = f"The probabilities side by side from 0 to 1. The random number is {luck:.3f}."
    expect(hand.root.get_by_role("img", name=name)).to_be_visible()
    before = exported.picture(hand.root.locator(".vq-decoded"))
    rows.nth(3).focus()
    exported.next_frame(hand.page)
    assert exported.picture(hand.root.locator(".vq-decoded")) != before
    hand.root.get_by_role("button", name="Step").focus()
    exported.next_frame(hand.page)
    assert exported.picture(hand.root.locator(".vq-decoded")) == before


def test_a_click_on_a_bar_of_surprise_selects_its_place(hand: Hand) -> None:
    chart = hand.root.locator(".vq-tok-surprise")
    chart.click(position={"x": 40 + (3.5 / 49) * 902, "y": 60})
    expect(hand.cell(3)).to_have_attribute("aria-pressed", "true")


def test_the_kernel_hears_the_last_state_once(page: Page, traffic: Traffic) -> None:
    act = """async (el) => {
        const press = (name) => [...el.querySelectorAll("button")].find((b) => b.textContent === name).click();
        press("Start again"); press("Fill the rest");
        while (!el.querySelector("[aria-label^='Decoded picture, 49']")) await new Promise(requestAnimationFrame);
    }"""
    shown = explorer(temperature=1, top_k=100)
    told = exported.settled_states(page, shown, act)
    assert [state["drawn"] for state in told] == [49]
    shown.state = told[0]  # what a page tells, Python takes
    assert shown.state == explorer(temperature=1, top_k=100, drawn=49).state
    assert traffic.network == []
