"""Explorers on a projector, 1280 x 720, in a page 936 pixels wide: all that is not folded away is seen at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.daily import some_daily
from tests.page import examples
from tests.page.exported import next_frame, open_exported

pytestmark = pytest.mark.browser

WIDTH, SCREEN = 936, 720


@pytest.mark.parametrize("name", some_daily(list(examples.EXAMPLES)))
def test_all_of_it_fits_the_screen(page: Page, tmp_path: Path, name: str) -> None:
    page.set_viewport_size({"width": 1280, "height": SCREEN})
    root = open_exported(page, examples.make(name), tmp_path)
    page.add_style_tag(content=f"body {{ width: {WIDTH}px; margin: 0; }}")
    for _ in range(3):
        next_frame(page)
    box = root.bounding_box()
    assert box is not None
    assert box["height"] <= SCREEN


@pytest.mark.parametrize("name", some_daily(examples.FIRST_OF_EACH, 1))
def test_a_window_that_changes_its_width_raises_no_error(page: Page, tmp_path: Path, name: str) -> None:
    """Browsers report a figure that changes its size while sizes are told, as "ResizeObserver loop"."""
    open_exported(page, examples.make(name), tmp_path)
    page.evaluate("() => { window.told = []; addEventListener('error', ({ message }) => told.push(message)); }")
    for width in (700, 390, 1000, 500, 1280):
        page.set_viewport_size({"width": width, "height": SCREEN})
        for _ in range(3):
            next_frame(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("told") == []


@pytest.mark.parametrize("name", some_daily(examples.FIRST_OF_EACH, 2))
def test_a_contrast_theme_leaves_the_figures_their_paper(page: Page, tmp_path: Path, name: str) -> None:
    page.emulate_media(forced_colors="active", color_scheme="dark")
    root = open_exported(page, examples.make(name), tmp_path)
    adjust = "(nodes) => nodes.map((node) => getComputedStyle(node).forcedColorAdjust)"
    drawn = root.locator("canvas, .vq-bar, .vq-dot, .vq-tok-bar, .vq-tok-cell, .vq-wi-fill, .vq-wi-token")
    assert set(drawn.evaluate_all(adjust)) <= {"none"}
    paper = "(nodes) => nodes.map((node) => getComputedStyle(node).backgroundColor)"
    sheets = root.locator("canvas:not(.vq-overlay)").evaluate_all(paper)
    assert set(sheets) <= {"rgb(255, 255, 255)"}
    grounds = [root.locator(f".vq-button[aria-pressed={on}]").evaluate_all(paper) for on in ("true", "false")]
    assert not set(grounds[0]) & set(grounds[1])
