"""Formulas of a page: set by its own font, drawn whole, and kept with their punctuation."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

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
    return shown(page, tmp_path, "".join(f"{place}\\[{formula}\\]</p>" for formula in FORMULAS for place in places))


def shown(page: Page, folder: Path, body: str) -> Page:
    path = folder / "formulas.html"
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
@pytest.mark.parametrize("forced", ["none", "active"])
def test_a_brace_is_as_wide_as_what_it_embraces(formulas: Page, forced: Literal["none", "active"]) -> None:
    formulas.emulate_media(forced_colors=forced)  # high contrast, which takes shadows away
    braces = formulas.locator("mo[stretchy=true]").all()
    assert len(braces) == len(FORMULAS) * len(LEFT)
    for brace in braces:
        box, own = brace.locator("xpath=..").bounding_box(), brace.bounding_box()
        assert box is not None
        assert own is not None
        picture = formulas.screenshot(clip={**box, "y": own["y"], "height": own["height"]})
        ink = np.asarray(Image.open(io.BytesIO(picture)).convert("L")).min(0) < 160  # of each column
        assert ink[2:-2].mean() > 0.97


@pytest.mark.browser
def test_a_line_never_begins_with_the_comma_after_a_formula(tmp_path: Path, page: Page) -> None:
    shown(page, tmp_path, '<p>The code <span class="math">\\(z_e\\)</span>, and more words.</p>')
    paragraph = page.locator("p")
    assert paragraph.inner_text().endswith(", and more words.")
    for width in range(40, 200):  # pixels
        paragraph.evaluate("(node, width) => { node.style.width = `${width}px`; }", width)
        formula, comma = paragraph.evaluate(
            """(node) => {
                const range = document.createRange();
                range.selectNodeContents(node.querySelector(".math").lastChild);
                return [node.querySelector("math").getBoundingClientRect().right, range.getBoundingClientRect().left];
            }"""
        )
        assert abs(comma - formula) < 2


@pytest.mark.browser
def test_a_prime_is_as_large_as_its_letter_and_no_higher_than_a_square(tmp_path: Path, page: Page) -> None:
    shown(page, tmp_path, '<p class="math">\\(h\' + h^2\\)</p>')
    prime, letter, square = page.locator(".tml-prime"), page.locator("mi").first, page.locator("mn")
    sizes = [part.evaluate("(part) => getComputedStyle(part).fontSize") for part in (prime, letter)]
    assert sizes[0] == sizes[1]
    tops = [part.evaluate("(part) => part.getBoundingClientRect().top") for part in (prime, square)]
    assert tops[0] >= tops[1]


@pytest.mark.browser
def test_a_bracket_does_not_lie_on_the_letter_before_it(tmp_path: Path, page: Page) -> None:
    shown(page, tmp_path, r'<p class="math">\[S\!\left(\frac{a}{b}\right)\]</p>')
    letter, bracket = page.locator("mi").first.bounding_box(), page.locator("mo").first.bounding_box()
    assert letter is not None
    assert bracket is not None
    assert letter["x"] + letter["width"] <= bracket["x"] + 0.1


@pytest.mark.browser
def test_a_formula_that_scrolls_can_be_reached_by_keys(tmp_path: Path, page: Page) -> None:
    style = "overflow-x: auto; font-size: 20px"
    places = (f'<div class="math" style="{style}; width: {width}px">\\[{FORMULAS[0]}\\]</div>' for width in (150, 500))
    formulas = shown(page, tmp_path, "".join(places)).locator("div.math")
    expect(formulas.first).to_have_attribute("tabindex", "0")
    assert formulas.last.get_attribute("tabindex") is None
    formulas.first.evaluate("(node) => { node.style.width = '600px'; }")
    expect(formulas.first).not_to_have_attribute("tabindex", "0")
