"""What a test asks of a page of slides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page, expect

from tests.publish.small import PIXEL
from vqedu.publish import slides as decks
from vqedu.publish.shown import SHARED, Shared
from vqedu.widgets.base import EXPLORER, Explorer

WIDTH, HEIGHT = 1280, 720
SMALLEST = 28  # CSS pixels of type
SMALLEST_OF_EXPLORERS = 18
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
# Notes how large the letters are that each canvas has been given, in its own pixels.
NOTE_LETTERS = """(() => {
  window.letters = new Map();
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    const size = parseFloat(/([\\d.]+)px/.exec(this.font)[1]), noted = letters.get(this.canvas) ?? new Map();
    letters.set(this.canvas, noted.set(text, size));
    return fillText.call(this, text, ...place);
  };
})();"""
# Every word that the explorer of the slide in view shows, with the size of its type on the screen. An index in a
# formula is smaller than the formula, and a picture to pick has none.
LETTERS = """() => {
  const home = Reveal.getCurrentSlide().querySelector(".vqedu-export"), found = [];
  const scale = home.getBoundingClientRect().width / home.offsetWidth;
  const seen = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".vq-heard, script");
  for (const node of [...home.querySelectorAll("*")].filter(seen)) {
    const inFormula = node.closest("math") && node.tagName !== "math";
    const typed = node.matches("select, input:not([type=range], [type=checkbox], [type=radio])") ? node.value : "";
    const own = [...node.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data).join("").trim();
    const text = node.tagName === "math" ? node.textContent : own || typed;
    if (text && !inFormula) found.push([text, scale * parseFloat(getComputedStyle(node).fontSize)]);
    for (const [word, size] of letters.get(node) ?? []) found.push([word, scale * size]);
  }
  return found;
}"""
# By how much each picture of the slide in view is larger than in its notebook.
PICTURES = """() => [...Reveal.getCurrentSlide().querySelectorAll(".pictured img")].map((node) => {
  const [width, height] = ["width", "height"].map((side) => Number(node.getAttribute(side)));
  return [node.alt, Math.min(node.clientWidth / width, node.clientHeight / height)];
})"""
WAITING = "section.present .vqedu-export:not([data-alive=yes])"


def open_deck(page: Page, slides: Path, minutes: int) -> int:
    """Open a route from its file, the network cut off, and return how many slides it has."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.context.set_offline(True)
    page.goto((slides / f"{minutes}.html").as_uri())
    return int(page.evaluate("Reveal.getTotalSlides()"))


def write_slide(explorer: Explorer, folder: Path) -> None:
    """Write a route of 45 minutes that has one slide, with the explorer on it."""
    (folder / "files").mkdir()
    (folder / SHARED).mkdir()
    contents = explorer.page_form()[1]
    for name, content in contents.items():
        (folder / "files" / name).write_bytes(content)
    shown = {EXPLORER: explorer.page_form()[0], "image/png": PIXEL}
    output = nbformat.v4.new_output("display_data", shown)
    slide = decks.Slide("01_small", 45, "## An explorer", [output], "")
    section = decks.section(slide, Shared(folder / "files", folder / SHARED))
    (folder / "45.html").write_text(decks.page(45, [section]), encoding="utf-8")
    decks.write_assets(folder / SHARED)


def turn_to(page: Page, number: int) -> Locator:
    """Show a slide, wait until its explorer is alive, and return the slide."""
    page.evaluate("(number) => Reveal.slide(number)", number)
    expect(page.locator(WAITING)).to_have_count(0)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator("section.present")


def small_letters(page: Page) -> list[str]:
    """Return the words of the slide in view that its explorer shows smaller than anybody in the last row can read.

    The page has been opened with NOTE_LETTERS, so that words on a canvas count as well.
    """
    found: list[tuple[str, float]] = page.evaluate(LETTERS)
    return [f"{size:.1f} px: {text[:40]}" for text, size in found if size < SMALLEST_OF_EXPLORERS]


def small_pictures(page: Page) -> list[str]:
    """Return the pictures of the slide in view whose words are smaller than in the notebook."""
    found: list[tuple[str, float]] = page.evaluate(PICTURES)
    return [f"{scale:.2f} of its size: {alt[:60]}" for alt, scale in found if scale < 1]


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
