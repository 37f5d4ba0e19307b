"""A label is text: a title, a name, a question or an axis is shown as it is, and never becomes a part of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.daily import some_daily
from tests.page import examples
from tests.page.exported import next_frame
from vqedu.widgets import standalone

HARM = "</script><script>window.ran = 1</script><img src='data:,' onerror='window.ran = 2'>\"><b class='harm'>"
# What a caller, a data set or a model may name; the other texts of a config are the explorer's own.
LABELS = (
    "title",
    "name",
    "noun",
    "axis_labels",
    "badge",
    "question",
    "sentence",
    "choices",
    "answer",
    "unit",
    "x_label",
    "y_label",
    "chips",
    "words",
)
UNLABELED = ("ElboExplorer", "ReparameterizationExplorer")  # all of their texts are their own
NAMES = [*examples.FIRST_OF_EACH, "Prediction: choice", "Prediction: curve"]
EACH = some_daily([name for name in NAMES if name not in UNLABELED])
SHOWN = """() => [...document.querySelectorAll("body *")].filter((node) => !node.matches("script")).some((node) =>
  [...node.childNodes, ...node.attributes].some((part) => part.nodeValue?.includes("window.ran = 1")))"""


def harmed(value: Any, key: str = "") -> Any:
    """Return a config whose labels hold a script."""
    if isinstance(value, dict):
        named = {name: harmed(part, name) for name, part in value.items()}
        return named | ({"names": [HARM] * examples.DIGITS} if "names" in value else {})
    if key == "recipes":
        return [[name + HARM, recipe] for name, recipe in value]
    if isinstance(value, list):
        return [harmed(part, key) for part in value]
    return value + HARM if key in LABELS and isinstance(value, str) else value


@pytest.mark.browser
@pytest.mark.parametrize("name", EACH)
def test_a_script_in_a_label_is_shown_and_not_run(page: Page, tmp_path: Path, name: str) -> None:
    form, contents = examples.make(name).page_form()
    config = harmed(form["config"])
    html = standalone.figure({**form, "config": config, "summary": HARM}, still="data:,") + standalone.runner(contents)
    (tmp_path / "page.html").write_text(f"<!doctype html><meta charset='utf-8'><body>{html}</body>", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.locator(".vqedu-export[data-alive=yes] .vq-stage").wait_for()
    for radio in page.locator("input[type=radio]").all()[:1]:
        radio.check()
    for button in page.locator("button:visible:enabled").all()[:3]:
        button.dispatch_event("click")  # what the one before did may have hidden it
    next_frame(page)
    assert page.evaluate(SHOWN)
    assert page.evaluate("window.ran") is None
    assert page.locator(".harm").count() == 0
