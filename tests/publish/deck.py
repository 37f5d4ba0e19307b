"""What a test asks of a page of slides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

WIDTH, HEIGHT = 1280, 720
SMALLEST = 28  # CSS pixels of type
# Every element of the slide in view that holds words of its own, outside of figures and formulas (whose indices are
# smaller), with its box and the size of its type.
WORDS = """() => [...Reveal.getCurrentSlide().querySelectorAll("*")]
  .filter((node) => !node.closest(".notes, .alive, math, script"))
  .filter(({ childNodes }) => [...childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim()))
  .concat([...Reveal.getCurrentSlide().querySelectorAll(".pictured img, :is(h2, p, li, td, div) > math, span > math")])
  .filter((node) => !node.closest(".notes, .alive"))
  .map((node) => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    const size = node.matches("img, math") ? 99 : parseFloat(getComputedStyle(node).fontSize);
    return { text: node.textContent.slice(0, 40), left, top, right, bottom, size };
  })"""
WAITING = "section.present .vqedu-export:not([data-alive=yes])"


def open_deck(page: Page, slides: Path, minutes: int) -> int:
    """Open a route from its file, the network cut off, and return how many slides it has."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.context.set_offline(True)
    page.goto((slides / f"{minutes}.html").as_uri())
    return int(page.evaluate("Reveal.getTotalSlides()"))


def turn_to(page: Page, number: int) -> Locator:
    """Show a slide, wait until its explorer is alive, and return the slide."""
    page.evaluate("(number) => Reveal.slide(number)", number)
    expect(page.locator(WAITING)).to_have_count(0)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator("section.present")


def faults_of_layout(page: Page) -> list[str]:
    """Return what of the slide in view is cut, too small, or over something else."""
    boxes: list[dict[str, Any]] = page.evaluate(WORDS)
    for home in page.locator("section.present .vqedu-export").all():
        box = home.bounding_box() or {"x": -1, "y": -1, "width": 0, "height": 0}
        right, bottom = box["x"] + box["width"], box["y"] + box["height"]
        boxes.append(
            {"text": "explorer", "left": box["x"], "top": box["y"], "right": right, "bottom": bottom, "size": 99}
        )
    cut = [b["text"] for b in boxes if b["left"] < 0 or b["top"] < 0 or b["right"] > WIDTH or b["bottom"] > HEIGHT]
    return [f"cut: {text}" for text in cut] + [f"small: {b['text']}" for b in boxes if b["size"] < SMALLEST]
