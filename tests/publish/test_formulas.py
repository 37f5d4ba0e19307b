"""Formulas of a page: set by its own font, and their braces drawn whole."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from vqedu.publish.shown import math_css, math_script

FORMULAS = (
    r"\underbrace{\int q(z \mid x) \log \frac{p(x, z)}{q(z \mid x)} dz}_{\text{ELBO}}",
    r"\overbrace{a + b + c + d + e + f + g + h}^{\text{eight}}",
)
LEFT = (0, 50, 100, 150, 200)


@pytest.fixture
def formulas(tmp_path: Path, page: Page) -> Page:
    # Where there is no GPU, Chromium draws in tiles of 256 pixels, and missed the parts of a brace in other tiles.
    places = [f'<p class="math" style="width: 300px; margin-left: {left}px">' for left in LEFT]
    body = "".join(f"{place}\\[{formula}\\]</p>" for formula in FORMULAS for place in places)
    path = tmp_path / "formulas.html"
    path.write_text(
        f"<!DOCTYPE html><meta charset=utf-8><title>a</title><style>{math_css()}</style>{body}"
        f"<script>{math_script()}</script>",
        encoding="utf-8",
    )
    page.goto(path.as_uri())
    page.evaluate("() => document.fonts.ready")
    return page


@pytest.mark.browser
def test_the_font_comes_with_the_page(formulas: Page) -> None:
    found = formulas.evaluate("() => [...document.fonts].map((font) => [font.family, font.status])")
    assert found == [["STIX2", "loaded"]]


@pytest.mark.browser
def test_a_brace_is_as_wide_as_what_it_embraces(formulas: Page) -> None:
    braces = formulas.locator("mo[stretchy=true]").all()
    assert len(braces) == len(FORMULAS) * len(LEFT)
    for brace in braces:
        box, own = brace.locator("xpath=..").bounding_box(), brace.bounding_box()
        assert box is not None
        assert own is not None
        picture = formulas.screenshot(clip={**box, "y": own["y"], "height": own["height"]})
        ink = np.asarray(Image.open(io.BytesIO(picture)).convert("L")).min(0) < 160  # of each column
        assert ink[2:-2].mean() > 0.97
