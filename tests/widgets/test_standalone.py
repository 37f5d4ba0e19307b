"""What a page loads is what was packed, byte for byte."""

from __future__ import annotations

import base64
import codecs
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from vqedu.widgets import standalone

RANDOM = np.random.default_rng(0)
CONTENTS = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": "x ∈ ℝ, “0 ≤ t ≤ 1”\n".encode() * 40,
    "every byte": bytes(range(256)),
    "weights": RANDOM.normal(size=50_000).astype(np.float16).tobytes(),
    "wide weights": RANDOM.normal(size=50_001).astype(np.float32).tobytes(),
}
# An explorer that says what it was given.
READER = "export default { render({ model, el }) { el.data = model.get('data').buffer; } };"
IN_BASE64 = """() => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob([document.querySelector(".reader").data]));
})"""


@pytest.mark.browser
@pytest.mark.parametrize("name", CONTENTS)
def test_a_script_brings_every_byte(page: Page, tmp_path: Path, name: str) -> None:
    files = {"a.js": READER.encode(), "b.css": b"p { color: red; }", "c.bin": CONTENTS[name]}
    for file, content in files.items():
        (tmp_path / f"{file}.js").write_bytes(standalone.script(file, content))
    form = {"summary": "A reader", "home": "reader", "module": "a.js", "style": "b.css", "data": ["c.bin", "c.bin"]}
    body = standalone.figure({**form, "config": {}, "state": {}}, "", ".") + standalone.runner({})
    (tmp_path / "page.html").write_text(f"<!doctype html><meta charset='utf-8'>{body}", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.wait_for_function("() => document.querySelector('.vqedu-export').dataset.alive === 'yes'")
    assert base64.b64decode(page.evaluate(IN_BASE64)) == CONTENTS[name] * 2


def test_a_script_of_weights_is_smaller_than_they_are() -> None:
    """float16 with exponents side by side deflates to about 0.87; 16/15 of that is written."""
    weights = CONTENTS["weights"]
    assert len(standalone.script("a" * 64 + ".bin", weights)) < len(weights)


def test_a_script_is_marked_as_utf_16_and_needs_no_escape() -> None:
    script = standalone.script("a.bin", CONTENTS["every byte"])
    assert script.startswith(codecs.BOM_UTF16_LE)
    text = script.decode("utf-16")
    between = text.split('text: "', 1)[1].split('", size')[0]
    assert {"\u4000" <= character <= "\ubfff" for character in between} == {True}
