"""The words-and-images explorer in a real browser: both orders, every control, compared with the model in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page import exported
from tests.page.examples import x_shown
from tests.page.traffic import Traffic
from tests.widgets.tokens.test_tokens import digits, told, writing
from vqedu.models.words_and_images import WORDS
from vqedu.widgets import WordsAndImages

pytestmark = pytest.mark.browser
READY_MS = 20_000


class Hand:
    """The explorer in the page, and the state in which it must be: its ribbon is compared with Python's sequence."""

    def __init__(self, page: Page, root: Locator, shown: WordsAndImages) -> None:
        self.page, self.root, self.shown, self.state = page, root, shown, dict(shown.state)
        self.expected = told(shown)

    def press(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def type(self, text: str) -> None:
        self.root.get_by_role("textbox").fill(text)

    def check(self, **changed: Any) -> None:
        self.state |= changed
        expected = self.expected.sequence(self.state)
        codes = sum(name.isdigit() for name in expected)
        exported.next_frame(self.page)
        done = self.root.get_by_role("img", name=f"Decoded picture, {codes} of 49 codes")
        expect(done).to_have_attribute("aria-busy", "false", timeout=READY_MS)
        assert self.root.locator(".vq-wi-token").all_text_contents() == expected
        assert self.root.locator(".vq-wi-image").count() == codes
        if self.state["order"] == "read" and codes:
            said = [word for word, _ in self.expected.answer(self.state) if word != "<end>"]
            expect(self.root.locator(".vq-wi-sentence")).to_contain_text(f"“{' '.join(said)}”")


def opened(page: Page, folder: Path, **settings: Any) -> Hand:
    shown = writing(**settings)
    return Hand(page, exported.open_exported(page, shown, folder), shown)


@pytest.fixture
def writes(page: Page, tmp_path: Path) -> Hand:
    """An explorer that drew "a leaning seven"."""
    return opened(page, tmp_path)


@pytest.fixture
def reads(page: Page, tmp_path: Path) -> Hand:
    """An explorer that reads the fifth of its pictures."""
    return opened(page, tmp_path, order="read", digit=4)


def test_opens_from_a_file_and_asks_the_network_for_nothing(writes: Hand, traffic: Traffic) -> None:
    writes.check()
    said = " ".join(
        word
        for word, _ in writes.expected.answer({"order": "read", "codes": writes.expected.codes().tolist()})
        if word != "<end>"
    )
    expect(writes.root.locator(".vq-wi-back")).to_have_text(f"The same model reads its picture back as“{said}”")
    assert traffic.network == []
    assert exported.smallest_text(writes.root) >= 14
    assert len(writes.shown.to_html()) < 2_500_000


def test_what_is_written_is_drawn_as_python_draws_it(writes: Hand) -> None:
    for seed, text in enumerate(("two", "Two, plus four!", "an  eight ", "small")):
        writes.type(text)
        writes.check(text=text, drawn=None)
        writes.root.get_by_role("textbox").press("Enter")
        writes.check(drawn=49)
        writes.press("Another")
        writes.check(seed=seed + 1)


def test_step_play_and_pause(writes: Hand) -> None:
    writes.type("a three")
    writes.press("Step")
    writes.check(text="a three", drawn=0)
    writes.press("Step")
    writes.check(drawn=1)
    writes.press("Play")
    writes.press("Pause")
    drawn = writes.root.locator(".vq-wi-image").count()
    writes.check(drawn=drawn)
    writes.page.wait_for_timeout(300)
    writes.check()
    writes.press("Draw")
    writes.check(drawn=49)


def test_the_temperature_to_both_ends_and_the_middle(writes: Hand) -> None:
    for where in ("low", "high", "middle"):
        writes.check(temperature=exported.move_slider(writes.page, "temperature", where))
    ends = [exported.move_slider(writes.page, "temperature", where) for where in ("low", "high")]
    assert ends == [0.1, 2]


def test_unknown_and_too_many_words_are_answered_in_a_sentence(writes: Hand) -> None:
    problem = writes.root.get_by_role("alert")
    writes.type("a purple three")
    expect(problem).to_contain_text("“purple” is not among the model's 17 words: a, an, zero")
    for name in ("Draw", "Play", "Step", "Another"):
        expect(writes.root.get_by_role("button", name=name, exact=True)).to_be_disabled()
    writes.root.get_by_role("textbox").press("Enter")
    expect(writes.root.locator(".vq-wi-image")).to_have_count(0)
    writes.type("purple <b>zebra</b>")
    expect(problem).to_contain_text("“purple”, “<b>zebra</b>” are not among")
    writes.type("a thick thin three")
    expect(problem).to_contain_text("at most 3 words, and this one has 4")
    writes.type("")
    expect(problem).to_contain_text("Write 1 to 3 of these words")
    writes.type("three")
    expect(writes.root.locator(".vq-wi-problem")).to_have_text("")


def test_every_chip_writes_its_word(writes: Hand) -> None:
    box = writes.root.get_by_role("textbox")
    for word in WORDS:
        writes.type("")
        writes.press(f"Write {word}")
        expect(box).to_have_value(word)
    writes.press("Write a")
    writes.press("Remove the last word")
    expect(box).to_have_value(WORDS[-1])


def test_a_picked_digit_is_read_as_python_reads_it(reads: Hand) -> None:
    for page, labels in enumerate(((0, 5, 9), (0, 3, 9))):
        for label in labels:
            reads.press(f"Pick a test digit {label}")
            reads.check(digit=2 * label + page)
            np.testing.assert_array_equal(
                x_shown(reads.state, reads.shown.images), digits().x[label + 10 * page, 0].numpy()
            )
        reads.press("Other digits")
        reads.check()
        expect(reads.root.locator(".vq-pick[aria-pressed=true]")).to_have_count(0)
    for _ in range(5):
        reads.press("Other digits")
    expect(reads.root.locator(".vq-pick[aria-pressed=true]")).to_have_accessible_name("Pick a test digit 9")


def test_another_word_of_the_answer_leads_elsewhere_and_back(reads: Hand) -> None:
    reads.check()
    column = reads.root.get_by_role("group", name="Word 1 of the answer")
    first = reads.expected.answer()[0][0]
    other = column.locator(".vq-wi-bar[aria-pressed=false]").first
    word = other.locator(".vq-wi-name").inner_text()
    p = reads.expected.answer({**reads.state, "said": [word]})[0][1]
    expect(other).to_have_attribute("aria-label", f"Word 1: {word}, probability {100 * p:.{0 if p >= 0.0995 else 1}f}%")
    other.click()
    reads.check(said=[word])
    column.get_by_role("button", name=f"Word 1: {first},").click()
    reads.check(said=[first])


def test_a_drawing_by_hand_and_one_by_keyboard_are_read(reads: Hand) -> None:
    pad = reads.root.get_by_role("application")
    exported.drag_on(reads.page, pad, (60, 60), (160, 170))
    done = reads.root.get_by_role("img", name="Decoded picture, 49 of 49 codes")
    expect(done).to_have_attribute("aria-busy", "false", timeout=READY_MS)
    by_hand = reads.root.locator(".vq-wi-image").all_text_contents()
    assert by_hand != [str(code) for code in reads.expected.codes()]
    reads.root.get_by_role("checkbox", name="center and scale as MNIST").uncheck()
    expect(reads.root.locator(".vq-wi-image")).not_to_have_text(by_hand)
    reads.press("Clear")
    expect(reads.root.get_by_text("the model reads its 49 codes")).to_be_visible()
    expect(reads.root.locator(".vq-wi-token")).to_have_count(0)
    pad.focus()
    for key in (" ", *["ArrowDown"] * 6, " "):
        pad.press(key)
    expect(done).to_have_attribute("aria-busy", "false", timeout=READY_MS)
    assert reads.root.locator(".vq-wi-image").all_text_contents() != by_hand


def test_what_it_drew_is_read_and_what_it_said_is_drawn(writes: Hand) -> None:
    writes.check()
    codes = writes.expected.codes().tolist()
    writes.press("Let it read this")
    writes.check(order="read", codes=codes, digit=None)
    said = " ".join(word for word, _ in writes.expected.answer(writes.state) if word != "<end>")
    writes.press("Let it draw this")
    writes.check(order="draw", text=said, drawn=49)
    writes.press("Draw: it reads")
    writes.check(order="read")
    writes.press("Write: it draws")
    writes.check(order="draw")


def test_the_kernel_hears_the_last_state_once(page: Page, traffic: Traffic) -> None:
    act = """async (el) => {
        const box = el.querySelector("input[type=text]");
        for (const text of ["t", "tw", "two"]) { box.value = text; box.dispatchEvent(new Event("input")); }
        box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        const written = () => el.querySelector(".vq-wi-word")?.textContent;
        const full = () => el.querySelectorAll(".vq-wi-image").length === 49;
        while (written() !== "two" || !full()) await new Promise(requestAnimationFrame);
    }"""
    shown = writing()
    told = exported.settled_states(page, shown, act)
    assert [(state["text"], state["drawn"]) for state in told] == [("two", 49)]
    shown.state = told[0]  # what a page tells, Python takes
    assert shown.state == writing(text="two").state
    assert traffic.network == []
