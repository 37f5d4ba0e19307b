"""axe-core looks at each widget alone: no fault that it calls serious or critical."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from tests.daily import some_daily
from tests.page import axe, examples
from vqedu import widgets
from vqedu.widgets.base import Explorer

pytestmark = pytest.mark.browser


def open_alone(page: Page, explorer: Explorer, folder: Path) -> Locator:
    """Open a page that holds the explorer and otherwise only what every page must have; return its root."""
    head = "<!doctype html><html lang='en'><meta charset='utf-8'><title>One explorer</title>"
    path = folder / "explorer.html"
    path.write_text(f"{head}<main><h1>One explorer</h1>{explorer.to_html()}</main>", encoding="utf-8")
    page.goto(path.as_uri())
    root = page.locator(".vq-stage")
    root.wait_for()
    return root


@pytest.mark.parametrize("name", some_daily(examples.EXAMPLES, 1))
def test_a_widget_alone(page: Page, tmp_path: Path, name: str) -> None:
    open_alone(page, examples.make(name), tmp_path)
    assert axe.faults(page) == []


@pytest.mark.parametrize(
    ("key", "first"), [("autoencoder.threes", "input"), ("autoencoder.factor", None), ("autoencoder.sum", "input")]
)
def test_a_question_that_is_answered(page: Page, tmp_path: Path, key: str, first: str | None) -> None:
    make = widgets.Quiz if key == "autoencoder.sum" else widgets.Prediction
    root = open_alone(page, make(key), tmp_path)
    if first:
        root.locator(first).first.check()
    root.locator(".vq-q-commit").click()
    assert axe.faults(page) == []
