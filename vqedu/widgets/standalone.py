"""Explorers in a page without a kernel, as HTML that needs no network and no other file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

MOUNT = Path(__file__).parent / "page" / "mount.js"


def figure(form: Mapping[str, Any], still: str = "") -> str:
    """Return the place of an explorer in a page, from its `page_form`.

    still: a PNG in base64, which shows where scripts do not run.
    """
    image = f'<img src="data:image/png;base64,{still}" alt="{escape(form["summary"])}" style="max-width:100%">'
    return f'<div class="vqedu-export">\n{_json(form)}\n{image if still else ""}</div>\n'


def names(form: Mapping[str, Any]) -> list[str]:
    """Return the names of the files that an explorer needs."""
    return [form["module"], form["style"], *form["data"]]


def runner(contents: Mapping[str, bytes]) -> str:
    """Return what brings the figures above it to life; `contents` are the files that they name."""
    encoded = {name: base64.b64encode(content).decode() for name, content in contents.items()}
    script = MOUNT.read_text(encoding="utf-8")
    return f'{_json(encoded, "vqedu-files")}\n<script type="module">\n{script}</script>\n'


def _json(value: Any, kind: str = "vqedu-form") -> str:
    """Return a script element that holds `value`; a "<" in it could close the element."""
    text = json.dumps(value).replace("<", "\\u003c")
    return f'<script type="application/json" class="{kind}">{text}</script>'
