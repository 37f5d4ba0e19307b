"""Words that explorers write on their canvases are whole: on a phone, in a notebook, on a slide's width."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.page import examples
from tests.page.exported import next_frame, open_exported

pytestmark = pytest.mark.browser

# Notes for each canvas the words that it cuts off; a new drawing begins with a cleared canvas. Two pixels are the rims
# of letters, and a word that is all outside is of something outside, such as a class of digits.
NOTE_CUT = """(() => {
  window.cut = new Map();
  for (const { prototype } of [CanvasRenderingContext2D, OffscreenCanvasRenderingContext2D]) {
    const { fillText, clearRect } = prototype;
    prototype.clearRect = function (...box) {
      cut.delete(this.canvas);
      return clearRect.apply(this, box);
    };
    prototype.fillText = function (text, x, y) {
      const size = this.measureText(text), { width, height } = this.canvas;
      const corners = [-size.actualBoundingBoxLeft, size.actualBoundingBoxRight].flatMap((dx) =>
        [-size.actualBoundingBoxAscent, size.actualBoundingBoxDescent].map((dy) =>
          this.getTransform().transformPoint({ x: x + dx, y: y + dy })));
      const inside = ({ x, y }) => x > -2 && y > -2 && x < width + 2 && y < height + 2;
      const cuts = text && corners.some(inside) && !corners.every(inside);
      if (cuts) cut.set(this.canvas, [...cut.get(this.canvas) ?? [], text]);
      return fillText.call(this, text, x, y);
    };
  }
})();"""


@pytest.mark.parametrize("width", [324, 936])
@pytest.mark.parametrize("name", examples.some_daily([*examples.FIRST_OF_EACH, "Prediction: curve"]))
def test_no_word_on_a_canvas_is_cut_off(own_page: Page, tmp_path: Path, name: str, width: int) -> None:
    own_page.add_init_script(NOTE_CUT)
    own_page.set_viewport_size({"width": width + 16, "height": 844})  # a page has margins of 8 pixels
    open_exported(own_page, examples.make(name), tmp_path)
    for _ in range(3):
        next_frame(own_page)
    assert own_page.evaluate("[...cut.values()].flat()") == []
