"""Explorers in a page without a kernel, as HTML that needs no network: in one file, or with files that pages share."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

MOUNT = Path(__file__).parent / "page" / "mount.js"


def figure(form: Mapping[str, Any], still: str = "", files: str = "") -> str:
    """Return the place of an explorer in a page, from its `page_form`.

    still: the address of a picture, which shows until the explorer is alive, and where scripts do not run.
    files: the address of the folder with the explorer's files as `script` writes them; if empty, they are in the page.
    """
    image = f'<img src="{escape(still)}" alt="{escape(form["summary"])}" style="max-width:100%">' if still else ""
    folder = f' data-files="{escape(files)}"' if files else ""
    return f'<div class="vqedu-export"{folder}>\n{_json(form)}\n{image}</div>\n'


def names(form: Mapping[str, Any]) -> list[str]:
    """Return the names of the files that an explorer needs."""
    return [form["module"], form["style"], *form["data"]]


def runner(contents: Mapping[str, bytes]) -> str:
    """Return what brings the figures above it to life; `contents` are the files that they name."""
    encoded = {name: base64.b64encode(content).decode() for name, content in contents.items()}
    return f"{_json(encoded, 'vqedu-files')}\n<script>\n{MOUNT.read_text(encoding='utf-8')}</script>\n"


def script(name: str, content: bytes) -> str:
    """Return a classic script that hands a file to the page: unlike anything else, it loads from file:// as well."""
    return f'vqedu.keep("{name}", "{base64.b64encode(content).decode()}");\n'


def _json(value: Any, kind: str = "vqedu-form") -> str:
    """Return a script element that holds `value`; a "<" in it could close the element."""
    text = json.dumps(value).replace("<", "\\u003c")
    return f'<script type="application/json" class="{kind}">{text}</script>'
