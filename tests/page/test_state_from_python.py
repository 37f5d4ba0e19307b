"""`explorer.state = {...}` in Python moves the picture and the spoken line of every explorer, and moves them back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.daily import some_daily
from tests.page import examples
from tests.page.exported import move_slider, open_live, set_from_python

pytestmark = pytest.mark.browser

PARTS: dict[str, dict[str, Any]] = {
    "LatentExplorer: VAE of 50 numbers": {"digit": 5, "prior": True, "draws": 3},
    "LatentExplorer: autoencoder": {"z": [1.0, -1.0]},
    "SideBySideExplorer": {"digit": 7, "zoom": False},
    "ElboExplorer": {"decoder": "curved", "mu": 0.5},
    "ReparameterizationExplorer": {"mu": 1.5},
    "BetaCalculator": {"beta": 4.0},
    "QuantizationExplorer": {"data": "ring", "codes": [[0.0, 1.0], [2.0, 0.0]]},
    "CodebookExplorer": {"cell": 3, "swaps": [[3, 7], [10, 0]]},
    "TokenExplorer": {"drawn": 40, "temperature": 0.5},
    "ResidualExplorer": {"level": 4, "digit": 7},
    "WordsAndImages": {"text": "a thick three", "seed": 3},
}

# What the figure shows and says once two looks, further apart than a line takes to speak, find the same. Each look
# waits for two frames: a busy machine may not draw one in all the time between.
AT_REST = """async () => {
    const now = () => [[...document.querySelectorAll("canvas")].map((node) => node.toDataURL()),
        [...document.querySelectorAll("[role=status]")].map((node) => node.textContent)];
    const frame = () => new Promise(requestAnimationFrame);
    let shown, before;
    for (let looks = 0; looks < 30; looks++) {
        await frame();
        await frame();
        [before, shown] = [shown, now()];
        if (String(shown) === String(before) && !document.querySelector("[aria-busy=true]")) return shown;
        await new Promise((done) => setTimeout(done, 400));
    }
    throw new Error("The figure does not come to rest.");
}"""

SAYS_OTHER_THAN = """(lines) =>
    String([...document.querySelectorAll("[role=status]")].map((node) => node.textContent)) !== String(lines)"""


def at_rest(page: Page) -> tuple[list[str], list[str]]:
    """Return the pictures of all canvases and the spoken lines."""
    pictures, lines = page.evaluate(AT_REST)
    return pictures, lines


@pytest.mark.parametrize("name", some_daily(PARTS, 1))
def test_a_state_set_from_python_moves_the_figure_and_back(page: Page, name: str) -> None:
    explorer = examples.make(name)
    open_live(page, explorer)
    first_state, first = explorer.state, at_rest(page)
    set_from_python(page, explorer, PARTS[name])
    assert PARTS[name].items() <= explorer.state.items()
    assert explorer.state.keys() == first_state.keys()
    page.wait_for_function(SAYS_OTHER_THAN, arg=first[1])
    pictures, lines = at_rest(page)
    assert pictures != first[0]
    set_from_python(page, explorer, first_state)
    page.wait_for_function(SAYS_OTHER_THAN, arg=lines)
    assert at_rest(page) == first


def test_a_state_from_python_is_not_overwritten_by_what_a_hand_did_just_before(page: Page) -> None:
    explorer = examples.make("TokenExplorer")
    open_live(page, explorer)
    move_slider(page, "temperature", "high")
    set_from_python(page, explorer, {"temperature": 0.5})
    page.wait_for_timeout(600)  # longer than a figure waits before it tells the kernel
    assert page.evaluate("() => inPython().temperature") == 0.5


def test_every_explorer_is_in_the_table() -> None:
    explorers = set(examples.kinds()) - set(examples.CARDS)
    assert {examples.kind(name) for name in PARTS} == explorers
