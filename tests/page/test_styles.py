"""Widgets beside one another: each brings its own style sheets, and none may undo another's."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.daily import some_daily
from tests.page import examples
from tests.page.test_accessibility import open_alone

pytestmark = pytest.mark.browser

# What the eye sees of each element of the first widget, and what changes once the other sheets stand below its own.
CHANGES = """(sheets) => {
  const nodes = [...document.querySelectorAll(".vq-stage, .vq-stage *")];
  const looks = () => nodes.map((node) => {
    const style = getComputedStyle(node);
    return Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]));
  });
  const before = looks();
  document.body.append(...sheets.map((text) => Object.assign(document.createElement("style"), { textContent: text })));
  const after = looks();
  return nodes.flatMap((node, i) => Object.keys(before[i])
    .filter((name) => before[i][name] !== after[i][name])
    .map((name) => `${node.tagName}.${node.className}: ${name}: ${before[i][name]} -> ${after[i][name]}`));
}"""


@pytest.mark.parametrize("name", some_daily(examples.FIRST_OF_EACH))
def test_a_widget_looks_the_same_whatever_stands_beside_it(page: Page, tmp_path: Path, name: str) -> None:
    widget = examples.make(name)
    open_alone(page, widget, tmp_path)
    others = {str(kind._css) for kind in examples.kinds().values()} - {str(widget._css)}
    assert len(others) > 8
    assert page.evaluate(CHANGES, sorted(others)) == []


def test_a_home_has_one_style_sheet() -> None:
    sheets: dict[str, set[str]] = {}
    for kind in examples.kinds().values():
        sheets.setdefault(kind.home, set()).add(str(kind._css))
    assert all(len(found) == 1 for found in sheets.values()), sheets.keys()
