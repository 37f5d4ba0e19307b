"""Canvases have the pixels of their screen: none is scaled in a narrow page, none blurred in one that is zoomed."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image
from playwright.sync_api import Browser, Page

from tests.daily import some_daily
from tests.page import examples
from tests.page.exported import next_frame, open_exported

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 1280, 800
DRAWN = [*examples.FIRST_OF_EACH, "Prediction: curve"]
DRAWN.remove("Quiz: three questions")  # has no canvas
# The pixels of each canvas, and those that the screen has in its place. A digit to pick is a scaled picture on purpose.
PIXELS = """() => [...document.querySelectorAll(".vq-stage canvas:not(.vq-pick canvas)")]
    .filter((node) => node.clientWidth).map((node) => [node.width, node.height, node.clientWidth, node.clientHeight])"""
PICTURES = """() => [...document.querySelectorAll(".vq-stage canvas:is([tabindex], [role=img]):not(.vq-seen canvas)")]
    .filter((node) => node.clientWidth).map((node) => node.toDataURL())"""


def different_pixels(one: str, other: str) -> float:
    """Return the share of the pixels of two PNGs, as data URLs of one size, that differ by more than 40 gray levels."""
    a, b = (decoded_png(url) for url in (one, other))
    return float((np.abs(a - b).max(2) > 40 / 255).mean())


def decoded_png(url: str) -> np.ndarray:
    """Return the picture in a data URL, (height, width, 4) in [0, 1]."""
    return image.imread(io.BytesIO(base64.b64decode(url.split(",")[1])))


def pixels_lacking(page: Page, ratio: float) -> list[list[float]]:
    """Return the canvases whose own pixels are not those of the screen."""
    found = page.evaluate(PIXELS)
    assert found
    return [one for one in found if max(abs(one[0] - one[2] * ratio), abs(one[1] - one[3] * ratio)) > 1]


@pytest.mark.nightly
@pytest.mark.parametrize("name", DRAWN)
def test_a_page_that_is_zoomed_shows_what_a_sharp_screen_shows(
    browser: Browser, own_page: Page, tmp_path: Path, name: str
) -> None:
    explorer, page = examples.make(name), own_page
    page.set_viewport_size({"width": WIDTH + 20, "height": HEIGHT})  # a zoom changes the size of the page, too
    open_exported(page, explorer, tmp_path)
    next_frame(page)
    assert pixels_lacking(page, 1) == []
    screen = {"width": WIDTH, "height": HEIGHT, "mobile": False, "deviceScaleFactor": 2}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", screen)
    for _ in range(2):  # one to notice, one to draw
        next_frame(page)
    assert pixels_lacking(page, 2) == []
    sharp = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=2)
    sharp.goto(page.url)
    sharp.locator(".vq-stage").wait_for()
    next_frame(sharp)
    for zoomed, wanted in zip(page.evaluate(PICTURES), sharp.evaluate(PICTURES), strict=True):
        # Letters may be fitted to the pixels a little differently; a picture that was only enlarged differs everywhere.
        assert different_pixels(zoomed, wanted) < 0.015
    sharp.close()


@pytest.mark.parametrize("name", some_daily(DRAWN))
def test_in_a_narrow_part_of_a_wide_window_nothing_is_scaled_or_cut_off(page: Page, tmp_path: Path, name: str) -> None:
    """As in a notebook beside an open side bar: 700 pixels, where the letters of a scaled canvas would be too small."""
    root = open_exported(page, examples.make(name), tmp_path)
    page.add_style_tag(content="body { width: 700px; margin: 0; }")
    for _ in range(2):
        next_frame(page)
    assert pixels_lacking(page, 1) == []
    assert root.evaluate("(node) => node.scrollWidth - node.clientWidth") <= 0
