"""Each explorer on a slide of its own, 1280 x 720: whole, large enough for the last row, sharp, open to all."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.daily import some_daily
from tests.page import axe, examples
from tests.page.exported import next_frame
from tests.publish import deck

pytestmark = pytest.mark.browser

# The course has no slide with these.
ELSEWHERE = ("LatentExplorer: VAE of 50 numbers", "LatentExplorer: VAE of 2 numbers", "ResidualExplorer")
NAMES = [name for name in reversed(examples.EXAMPLES) if name not in ELSEWHERE and not name.startswith("Quiz")]
# Canvases with fewer pixels than the screen has in their place.
COARSE = """() => [...document.querySelectorAll(".vq-stage canvas")].filter((node) => node.clientWidth)
    .filter((node) => node.width < Math.floor(node.getBoundingClientRect().width) - 1)
    .map((node) => node.className || node.getAttribute("aria-label"))"""


@pytest.mark.parametrize("name", some_daily(NAMES))
def test_an_explorer_is_whole_and_readable_from_the_last_row(own_page: Page, tmp_path: Path, name: str) -> None:
    deck.write_slide(examples.make(name), tmp_path)
    own_page.add_init_script(deck.NOTE_LETTERS)
    deck.open_deck(own_page, tmp_path, 45)
    deck.turn_to(own_page, 1)
    for _ in range(3):  # its size is known a frame later, and drawn one after that
        next_frame(own_page)
    assert deck.faults_of_layout(own_page) == []
    assert deck.small_letters(own_page) == []
    assert own_page.evaluate(COARSE) == []
    assert axe.faults(own_page) == []
