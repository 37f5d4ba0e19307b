"""The slides of the whole course, once its notebooks are built: nothing cut, every explorer answers a hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.page import axe
from tests.page.traffic import Traffic
from tests.publish.deck import NOTE_LETTERS, faults_of_layout, open_deck, small_letters, small_pictures, turn_to
from vqedu.publish import slides as decks

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

LONGEST = 180  # minutes of the route that shows every slide
# What a hand takes first: a figure that is dragged, a choice, a slider, a button.
HANDLES = (
    "canvas[role=application]",
    "input[type=radio]",
    "input[type=range]",
    "select",
    "button:not([aria-pressed=true])",
)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slides of the course; skipped where its notebooks are not built."""
    try:
        return decks.slides(tmp_path_factory.mktemp("out") / "slides", report=lambda line: None)
    except ValueError as error:
        pytest.skip(str(error))


def handles(home: Locator) -> list[Locator]:
    """What a hand may take of an explorer, at most one of a kind."""
    return [found for found in (home.locator(f"{kind}:visible").first for kind in HANDLES) if found.count()]


def changed(page: Page, home: Locator, before: bytes) -> bool:
    """Whether the explorer's picture differs from `before`, now or soon."""
    for _ in range(20):
        if home.screenshot() != before:
            return True
        page.wait_for_timeout(50)
    return False


def answers_pointer(page: Page, home: Locator) -> bool:
    for taken in handles(home):
        before, box = home.screenshot(), taken.bounding_box()
        assert box is not None
        across = 0.5 if taken.evaluate("(node) => node.matches('canvas')") else 0.2
        page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * 0.5)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * across + 24, box["y"] + box["height"] * 0.5 + 6, steps=4)
        page.mouse.up()
        if changed(page, home, before):
            return True
    return False


def answers_keys(page: Page, home: Locator) -> bool:
    handles(home)[0].focus()
    before = home.screenshot()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
        if changed(page, home, before):
            return True
    return False


def test_every_slide_fits_and_every_explorer_answers(slides: Path, own_page: Page, traffic: Traffic) -> None:
    page = own_page
    page.add_init_script(NOTE_LETTERS)
    page.emulate_media(reduced_motion="reduce")
    count = open_deck(page, slides, LONGEST)
    assert count > 50
    faults = []
    for number in range(count):
        slide = turn_to(page, number)
        title = slide.locator("h1, h2").first.text_content()
        faults += [f"{title}: {fault}" for fault in faults_of_layout(page) + small_pictures(page)]
        for home in slide.locator(".vqedu-export").all():
            faults += [f"{title}: {fault}" for fault in small_letters(page)]
            faults += [f"{title}: deaf to the pointer"] * (not answers_pointer(page, home))
            faults += [f"{title}: deaf to the keys"] * (not answers_keys(page, home))
        faults += [f"{title}: {fault}, after a hand" for fault in faults_of_layout(page)]
    assert faults == []
    assert traffic.network == []


def test_no_slide_keeps_anybody_out(slides: Path, page: Page) -> None:
    faults = set()
    for number in range(open_deck(page, slides, LONGEST)):
        turn_to(page, number)
        faults |= {f"{number}: {fault}" for fault in axe.faults(page)}
    assert faults == set()
