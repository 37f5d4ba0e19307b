"""Explorers on a phone, 390 x 844: nothing beyond its edge, targets for a finger, and a page that still scrolls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.daily import some_daily
from tests.engines import hands
from tests.engines.chromium import Chromium
from tests.page import examples

pytestmark = pytest.mark.browser

MARGIN = 24  # CSS pixels, as on a page of the site
TARGET = 24  # CSS pixels, as the WCAG 2.2 ask for (2.5.8)
BEYOND = """[...document.querySelectorAll(".vq-stage *")].filter((node) => {
  const { width, right } = node.getBoundingClientRect(), edge = node.closest(".vq-stage").getBoundingClientRect().right;
  return width && right > edge + 0.5 && !node.closest(".vq-heard, .vq-scroll");
}).map((node) => node.outerHTML.slice(0, 80))"""
# What can be pressed; a box or a choice is as large as its label.
TARGETS = """[...document.querySelectorAll(".vq-stage :is(button, input, select, textarea, summary, [tabindex='0'])")]
  .map((node) => (node.matches("[type=checkbox], [type=radio]") && node.closest("label")) || node)
  .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
  .filter(([, { width, height }]) => width).map(([words, { width, height }]) => [words, width, height])"""
# Canvases that are touched, and a place on each that is none of its handles.
SWIPED = {
    "LatentExplorer": [(".vq-map", (0.92, 0.85))],
    "SideBySideExplorer": [(".vq-map", (0.92, 0.85))],
    "ElboExplorer": [(hands.APPLICATION, (0.92, 0.55))],
    "ReparameterizationExplorer": [(hands.APPLICATION, (0.2, 0.55))],
    "QuantizationExplorer": [(hands.APPLICATION, (0.2, 0.9))],
    "CodebookExplorer": [(".vq-codemap", (0.5, 0.6)), (".vq-codetable", (0.5, 0.6)), (".vq-usage", (0.5, 0.6))],
    "TokenExplorer": [(".vq-tok-surprise", (0.5, 0.5))],
    "Prediction: curve": [(".vq-q-sheet", (0.5, 0.8))],
}
HELD = ("LatentExplorer", "SideBySideExplorer", "ElboExplorer", "ReparameterizationExplorer", "QuantizationExplorer")


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Chromium]:
    opened = Chromium(browser, 390, 844, phone=True)
    yield opened
    opened.close()


def example(name: str) -> str:
    """Return the first example whose name begins like this."""
    return next(each for each in examples.EXAMPLES if each.startswith(name))


def open_on(phone: Chromium, name: str, folder: Path) -> hands.Hand:
    explorer = examples.make(name)
    hands.write_page(explorer, folder / "explorer.html", below=2000, margin=MARGIN)
    phone.open((folder / "explorer.html").as_uri())
    assert phone.wait_for(hands.READY)
    phone.run("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    return hands.hand_of(name, explorer)


@pytest.mark.parametrize("name", some_daily([*examples.FIRST_OF_EACH, "Prediction: curve"]))
def test_all_of_it_is_on_the_screen_and_large_enough_for_a_finger(phone: Chromium, tmp_path: Path, name: str) -> None:
    open_on(phone, name, tmp_path)
    assert phone.wait_for(f"({BEYOND}).length === 0", 5), phone.run(BEYOND)
    assert [each for each in phone.run(TARGETS) if min(each[1:]) < TARGET] == []


def seen_at_rest(phone: Chromium) -> int:
    """What is seen, once it stays the same: a figure takes its size from the page some frames after it is there."""
    seen = []
    while len(seen) < 3 or len(set(seen[-3:])) > 1:
        seen.append(phone.run(hands.SEEN))
        phone.run("new Promise((done) => setTimeout(done, 100))")
    return seen[-1]


@pytest.mark.parametrize("name", some_daily(SWIPED, 1))
def test_a_swipe_that_begins_beside_the_handles_scrolls_the_page(phone: Chromium, tmp_path: Path, name: str) -> None:
    open_on(phone, example(name), tmp_path)
    for node, place in SWIPED[name]:
        (x, y), *_ = hands.places(phone, node, [place])
        before, seen = phone.run("scrollY"), seen_at_rest(phone)
        phone.drag([(x, y - 20 * step) for step in range(9)], "touch")
        assert phone.wait_for(f"scrollY > {before} + 40", 5), node
        assert phone.run(hands.SEEN) == seen, node


@pytest.mark.parametrize("name", some_daily(HELD))
def test_a_finger_that_begins_at_a_handle_moves_it_and_not_the_page(phone: Chromium, tmp_path: Path, name: str) -> None:
    hand = open_on(phone, example(name), tmp_path)
    hands.places(phone, hand.node, [hand.start])  # scrolls it into view
    before = phone.run("scrollY")
    assert hands.by_touch(phone, hand)
    assert phone.run("scrollY") == before


def test_a_finger_puts_z_where_it_taps(phone: Chromium, tmp_path: Path) -> None:
    open_on(phone, "LatentExplorer: autoencoder", tmp_path)
    seen = seen_at_rest(phone)
    phone.drag(hands.places(phone, ".vq-map", [(0.85, 0.3)]), "touch")
    assert hands.changes(phone, seen)
