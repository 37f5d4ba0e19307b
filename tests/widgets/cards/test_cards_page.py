"""Predictions and quizzes in a real browser: hidden truths, every control by hand and key, answers that stay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.daily import daily
from tests.page import exported
from tests.page.traffic import Traffic
from vqedu import questions
from vqedu.publish import notebooks
from vqedu.widgets import Prediction, Quiz
from vqedu.widgets.cards import overview
from vqedu.widgets.cards.question import Question

pytestmark = pytest.mark.browser

COMMIT = ".vq-q-commit"
AGAIN = ".vq-q-again"
SAID = ".vq-q-said"


def choice(key: str = "t.choice") -> Prediction:
    return Prediction(key, "Which?", choices=("red", "green", "blue"), answer="green", sentence="Leaves are.")


def number(key: str = "t.number", **settings: Any) -> Prediction:
    given = {"low": 0, "high": 50, "truth": 37, "unit": "units", "sentence": "Thirty-seven live."} | settings
    return Prediction(key, "How many?", kind="number", **given)


def curve(key: str = "t.curve", **settings: Any) -> Prediction:
    given = {
        "x": (1, 10, 100, 1000), "truth": (1, 0.5, 0.25, 0.25), "y": (0, 1), "x_label": "samples k", "y_label": "error",
        "log": True, "sentence": "It levels off.",
    } | settings  # fmt: skip
    return Prediction(key, "How does it fall?", kind="curve", **given)


def quiz(key: str = "t.quiz") -> Quiz:
    feedback = {"1": "One is the count of means.", "2": "Mean and `logvar`.", "784": "That is the image."}
    return Quiz(key, question="How many outputs a latent?", choices=feedback, answer="2")


ALL: dict[str, Callable[..., Question]] = {"choice": choice, "number": number, "curve": curve, "quiz": quiz}


def opened(page: Page, folder: Path, question: Question) -> Locator:
    return exported.open_exported(page, question, folder)


def everything_said(root: Locator) -> str:
    """All text of a card, and all that a screen reader would hear of its elements."""
    spoken = root.evaluate("""(root) => [...root.querySelectorAll("*")].flatMap((node) =>
        ["aria-label", "aria-valuetext", "title", "value"].map((name) => node.getAttribute(name))).join(" ")""")
    return f"{root.inner_text()} {spoken}"


# Before the answer.


@pytest.mark.parametrize("kind", ALL)
def test_the_truth_is_hidden_until_an_answer_is_given(page: Page, tmp_path: Path, kind: str, traffic: Traffic) -> None:
    root = opened(page, tmp_path, ALL[kind]())
    for secret in (
        "what we find",
        "Leaves are",
        "37",
        "Thirty-seven",
        "levels off",
        "0.25",
        "One is",
        "logvar",
        "right",
    ):
        if secret not in ("right",) or kind != "curve":  # the arrow keys are named left and right
            assert secret not in everything_said(root), secret
    assert exported.smallest_text(root) >= 14
    assert traffic.network == []


@pytest.mark.parametrize(
    ("make", "asks"),
    [(choice, "Pick an answer first."), (quiz, "Pick an answer first."), (curve, "Draw your curve first.")],
)
def test_without_an_answer_nothing_is_committed(page: Page, tmp_path: Path, make: Any, asks: str) -> None:
    root = opened(page, tmp_path, make())
    root.locator(COMMIT).click()
    expect(root.locator(SAID)).to_have_text(asks)
    expect(root.locator(COMMIT)).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


# A choice.


def test_a_choice_by_keyboard_alone(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, choice())
    for key in ("Tab", "Space", "ArrowDown", "ArrowDown", "Tab", "Enter"):
        page.keyboard.press(key)
    rows = root.locator(".vq-q-row")
    expect(rows.nth(2).locator(".vq-q-mark")).to_have_text("your guess")
    expect(rows.nth(1).locator(".vq-q-mark")).to_have_text("what we find")
    expect(root.locator(SAID)).to_have_text("Not what you said. Leaves are.")
    expect(root.locator("input:not(:disabled)")).to_have_count(0)
    expect(root.locator(AGAIN)).to_be_focused()
    page.keyboard.press("Enter")
    expect(root.locator(COMMIT)).to_be_focused()
    expect(root.locator("input:checked")).to_have_count(0)
    assert "Leaves are" not in everything_said(root)


def test_a_right_choice_is_said_to_be_right(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, choice())
    root.get_by_label("green").check()
    root.locator(COMMIT).click()
    expect(root.locator(".vq-q-mark").nth(1)).to_have_text("your guess, what we find")
    expect(root.locator(SAID)).to_have_text("As you said. Leaves are.")


# A number.


@pytest.mark.parametrize(("where", "value"), daily([("low", 0), ("middle", 25), ("high", 50)], ("middle", 25)))
def test_a_number_is_marked_beside_the_truth(page: Page, tmp_path: Path, where: str, value: float) -> None:
    root = opened(page, tmp_path, number())
    assert exported.move_slider(page, "Your guess", where) == pytest.approx(value, abs=1)
    shown = root.locator("output").inner_text()
    before = exported.picture(root.locator("canvas"))
    root.locator(COMMIT).click()
    label = root.locator("canvas").get_attribute("aria-label") or ""
    assert f"Your guess: {shown}, what we find: 37\u00a0units." in label
    assert exported.picture(root.locator("canvas")) != before
    expect(root.locator("input")).to_be_hidden()
    expect(root.locator(SAID)).to_contain_text("Thirty-seven live.")


def test_a_logarithmic_slider_takes_equal_factors(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, number(low=1, high=20000, truth=37, log=True, unit="draws"))
    ends = []
    for where in ("low", "middle", "high"):
        exported.move_slider(page, "Your guess", where)
        ends.append(root.locator("output").inner_text())
    assert (ends[0], ends[2]) == ("1\u00a0draws", "20,000\u00a0draws")
    assert float(ends[1].split("\u00a0")[0]) == pytest.approx(20000**0.5, rel=0.06)


# A curve.


def test_a_curve_by_pointer(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, curve())
    canvas = root.locator("canvas")
    before = exported.picture(canvas)
    exported.drag_on(page, canvas, (84, 40), (716, 248))  # from the top left of the axes to the bottom right
    assert exported.picture(canvas) != before
    root.locator(COMMIT).click()
    heights = json.loads(page.evaluate("localStorage['vqedu:t.curve']"))["guess"]
    np.testing.assert_allclose(heights, np.linspace(1, 0, 49), atol=0.03)
    truth = np.interp(np.linspace(0, 1, 49), np.arange(4) / 3, (1, 0.5, 0.25, 0.25))
    off = np.abs(np.array(heights) - truth).mean()
    expect(root.locator(SAID)).to_contain_text(f"On average your sketch is {float(f'{off:.2g}'):g} off.")
    expect(root.locator(SAID)).to_contain_text("It levels off.")
    label = canvas.get_attribute("aria-label") or ""
    assert "1: 1; 10: 0.5; 100: 0.25; 1,000: 0.25" in label
    exported.drag_on(page, canvas, (84, 40), (716, 100))  # what is committed stays
    assert json.loads(page.evaluate("localStorage['vqedu:t.curve']"))["guess"] == heights


def test_a_curve_by_keyboard_alone(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, curve())
    page.keyboard.press("Tab")
    expect(root.locator("canvas")).to_be_focused()
    for key, times in (
        ("Shift+ArrowUp", 5),
        ("Shift+ArrowRight", 5),
        ("ArrowRight", 2),
        ("ArrowLeft", 3),
        ("ArrowDown", 20),
    ):
        for _ in range(times):
            page.keyboard.press(key)
    expect(root.locator(".vq-note").first).to_have_text("samples k 31.62: error 0.6")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    heights = json.loads(page.evaluate("localStorage['vqedu:t.curve']"))["guess"]
    np.testing.assert_allclose(heights, [1.0] * 24 + [0.6] * 25, atol=1e-9)


def test_a_sketch_stays_inside_its_axes(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, curve())
    exported.drag_on(page, root.locator("canvas"), (10, 299), (739, 1))
    root.locator(COMMIT).click()
    heights = json.loads(page.evaluate("localStorage['vqedu:t.curve']"))["guess"]
    assert min(heights) >= 0
    assert max(heights) <= 1


# A quiz.


def test_a_quiz_says_why_and_lets_try_again(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, quiz())
    rows = root.locator(".vq-q-row")
    for index, mark, feedback, said in (
        (2, "✗ not this one", "That is the image.", "Try again."),
        (0, "✗ not this one", "One is the count of means.", "Try again."),
        (1, "✓ right", "Mean and logvar.", "Right at attempt 3."),
    ):
        rows.nth(index).locator("input").check()
        root.locator(COMMIT).click()
        expect(rows.nth(index).locator(".vq-q-mark")).to_have_text(mark)
        expect(rows.nth(index).locator(".vq-q-feedback")).to_have_text(feedback)
        expect(rows.nth(index).locator("input")).to_be_disabled()
        expect(root.locator(SAID)).to_have_text(said)
    expect(rows.nth(1).locator("code")).to_have_text("logvar")
    expect(rows.nth(2).locator(".vq-q-feedback")).to_be_visible()  # what was learned stays
    expect(root.locator(COMMIT)).to_be_hidden()
    root.locator(AGAIN).click()
    assert "logvar" not in everything_said(root)
    expect(root.locator("input:disabled")).to_have_count(0)


def test_a_quiz_by_keyboard_alone(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, quiz())
    for key in ("Tab", "Space", "Tab", "Enter"):  # the first answer, which is wrong
        page.keyboard.press(key)
    expect(root.locator(SAID)).to_have_text("Try again.")
    expect(root.locator(COMMIT)).to_be_focused()
    for key in ("Shift+Tab", "Space", "Tab", "Enter"):  # the browser goes to the last open answer, and on from there
        page.keyboard.press(key)
    for key in ("Shift+Tab", "Space", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(root.locator(SAID)).to_contain_text("Right at")
    expect(root.locator(AGAIN)).to_be_focused()


# Several questions in one card.

THREE = {"autoencoder.pca": 0, "autoencoder.decoder-output": 1, "autoencoder.junk": 2}  # key -> place in the card


def right(key: str) -> str:
    question = questions.find(key)
    assert isinstance(question, questions.Recall)
    return question.answer


def test_three_questions_one_after_another_by_keyboard_alone(page: Page, tmp_path: Path, traffic: Traffic) -> None:
    root = opened(page, tmp_path, Quiz(*THREE))
    for key, place in THREE.items():
        card = root.locator(f'[data-key="{key}"]')
        expect(root.locator(".vq-q-card:visible")).to_have_count(1)
        expect(root.locator(".vq-q-step").nth(place)).to_have_attribute("aria-current", "step")
        card.get_by_label(right(key).replace("`", "")).focus()
        page.keyboard.press("Space")
        card.locator(COMMIT).first.focus()
        page.keyboard.press("Enter")
        expect(card.locator(SAID)).to_have_text("Right at once.")
        expect(root.locator(".vq-q-step").nth(place)).to_have_accessible_name(f"Question {place + 1} of 3, answered")
        if place < 2:
            expect(card.get_by_role("button", name="Next question")).to_be_focused()
            page.keyboard.press("Enter")
            expect(root.locator(".vq-q-card:visible").locator("input").first).to_be_focused()
        else:
            expect(card.locator(AGAIN)).to_be_focused()
    assert exported.smallest_text(root) >= 14
    assert traffic.network == []


def test_three_questions_in_any_order_open_at_the_first_that_is_not_answered(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, Quiz(*THREE))
    for key in ("autoencoder.junk", "autoencoder.pca"):
        root.locator(".vq-q-step").nth(THREE[key]).click()
        card = root.locator(f'[data-key="{key}"]')
        card.get_by_label(right(key).replace("`", "")).check()
        card.locator(COMMIT).first.click()
    reload_until(page, root, root.locator('.vq-q-card[data-key="autoencoder.decoder-output"]'))
    expect(root.locator(".vq-q-card:visible")).to_have_attribute("data-key", "autoencoder.decoder-output")
    expect(root.locator(".vq-q-step")).to_have_text(["1 ✓", "2", "3 ✓"])
    root.locator(".vq-q-step").first.click()
    root.locator(".vq-q-card:visible").locator(AGAIN).click()
    expect(root.locator(".vq-q-step")).to_have_text(["1", "2", "3 ✓"])
    assert page.evaluate("Object.keys(localStorage)") == ["vqedu:autoencoder.junk"]


# Where answers stay.


def reload_until(page: Page, root: Locator, shown: Locator) -> None:
    """Reload the page until `shown` is visible: Chromium hands on what a page has kept when it finds the time."""
    for _ in range(20):
        page.reload()
        root.wait_for()
        if shown.is_visible():
            return
        page.wait_for_timeout(250)
    expect(shown).to_be_visible()


@pytest.mark.parametrize("kind", daily(ALL, "curve", "quiz"))
def test_a_page_keeps_the_answer_and_forgets_it_when_asked(page: Page, tmp_path: Path, kind: str) -> None:
    root = opened(page, tmp_path, ALL[kind]())
    if kind == "curve":
        exported.drag_on(page, root.locator("canvas"), (84, 60), (716, 200))
    elif kind != "number":
        root.locator("input").nth(1).check()
    root.locator(COMMIT).click()
    said = root.inner_text()
    reload_until(page, root, root.locator(AGAIN))
    assert root.inner_text() == said
    root.locator(AGAIN).click()
    reload_until(page, root, root.locator(COMMIT))
    assert page.evaluate("localStorage.length") == 0


OLDER = ('{"guess": "mauve", "tries": ["mauve"]}', '{"guess": 99}', '{"guess": [1, 2]}', "{", "null", "3")


def test_an_answer_to_an_older_question_is_passed_over(own_page: Page, tmp_path: Path) -> None:
    kept = {f"t.{kind}-{i}": answer for kind in ALL for i, answer in enumerate(OLDER)}
    for key, answer in kept.items():
        own_page.add_init_script(f"localStorage.setItem('vqedu:{key}', {json.dumps(answer)});")
    cards = "".join(ALL[key[2:].split("-")[0]](key).to_html() for key in kept)
    (tmp_path / "cards.html").write_text(f"<!doctype html><meta charset='utf-8'>{cards}", encoding="utf-8")
    own_page.goto((tmp_path / "cards.html").as_uri())
    expect(own_page.locator(".vq-q-card")).to_have_count(len(kept))
    for key in kept:
        expect(own_page.locator(f'[data-key="{key}"]').locator(COMMIT), key).to_be_visible()


@pytest.mark.parametrize("kind", ["number", "quiz"])
def test_a_browser_that_keeps_nothing_still_answers(own_page: Page, tmp_path: Path, kind: str) -> None:
    refuse = "() => { throw new DOMException('no', 'SecurityError'); }"
    own_page.add_init_script(f"Object.defineProperty(window, 'localStorage', {{ get: {refuse} }});")
    root = opened(own_page, tmp_path, ALL[kind]())
    if kind == "quiz":
        root.get_by_label("2", exact=True).check()
    root.locator(COMMIT).click()
    expect(root.locator(AGAIN)).to_be_visible()


def test_the_kernel_hears_each_answer_once(page: Page) -> None:
    act = """async (el) => { const [commit, again] = el.querySelectorAll("button");
        commit.click(); el.querySelectorAll("input")[2].click(); commit.click();
        el.querySelectorAll("input")[1].click(); commit.click(); again.click(); }"""
    assert exported.settled_states(page, quiz(), act) == [
        {"t.quiz": {"tries": ["784"], "solved": False}},
        {"t.quiz": {"tries": ["784", "2"], "solved": True}},
        {"t.quiz": {}},
    ]


def test_one_page_counts_what_another_has_asked(page: Page, tmp_path: Path) -> None:
    start = tmp_path / "00_start_here.html"
    table = overview.progress(notebooks.NOTEBOOKS).table(page=True)
    start.write_text(f"<meta charset='utf-8'>{table}", encoding="utf-8")
    page.goto(start.as_uri())
    line = page.locator("tr", has_text="01 The autoencoder")
    expect(line).to_contain_text("start")
    places = overview.row(notebooks.NOTEBOOKS / "01_autoencoder.ipynb").places
    answered = [key for key, place in places.items() if place.startswith(("1.", "2."))]
    assert answered == ["autoencoder.snow", "autoencoder.factor"]  # the questions of sections 1 and 2
    cards = Quiz(answered[0]).to_html() + Prediction(answered[1]).to_html()
    (tmp_path / "cards.html").write_text(f"<!doctype html><meta charset='utf-8'>{cards}", encoding="utf-8")
    page.goto((tmp_path / "cards.html").as_uri())
    card = page.locator(f'[data-key="{answered[0]}"]')
    card.get_by_label(right(answered[0]).replace("`", ""), exact=True).check()
    card.locator(COMMIT).first.click()
    page.locator(f'[data-key="{answered[1]}"]').locator(COMMIT).click()
    wanted = re.compile("2 of ")
    for _ in range(20):  # Chromium hands on what one page has kept to the next page's process when it finds the time
        page.goto(start.as_uri())
        if wanted.search(line.inner_text()):
            break
        page.wait_for_timeout(250)
    expect(line).to_contain_text(wanted)
    expect(line.get_by_role("link", name="go on")).to_have_attribute(
        "href", re.compile(r"01_autoencoder\.html#Against-PCA")
    )
