"""What a test asks of a page on paper, A4."""

from __future__ import annotations

from playwright.sync_api import Page

WIDTH, HEIGHT = 703, 1017  # CSS pixels of a sheet within its margins
CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, div.math, table):not(.vq-stage *)")]
  .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1)
  .map((node) => node.textContent.trim().slice(0, 80))"""
# Boxes around code that a browser never divides between two sheets.
UNDIVIDED = """() => [...new Set([...document.querySelectorAll(".bd-article pre:not(.vq-stage *)")].flatMap((node) => {
  const around = [];
  for (let box = node; !box.matches(".bd-article"); box = box.parentElement) around.push(box);
  return around.filter((box) => {
    const { display, overflowX, breakInside } = getComputedStyle(box);
    return display.includes("flex") || display.includes("grid") || overflowX !== "visible" || breakInside === "avoid";
  }).map((box) => box.className);
}))]"""


def put_on(page: Page) -> None:
    """Lay the page out as for a printer."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")


def cut_lines(page: Page) -> list[str]:
    """Return the code, formulas and tables that are wider than the sheet."""
    return list(page.evaluate(CUT))


def undivided(page: Page) -> list[str]:
    """Return the classes of boxes around code that would leave a sheet half empty."""
    return list(page.evaluate(UNDIVIDED))
