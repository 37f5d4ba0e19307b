"""Explorers in a page without a kernel, as HTML that needs no network: in one file, or with files that pages share."""

from __future__ import annotations

import base64
import codecs
import json
import zlib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

BITS, FIRST = 15, 0x4000  # a character from U+4000 to U+BFFF carries 15 bits; no escape, no half of a pair is there
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


def script(name: str, content: bytes) -> bytes:
    """Return a classic script that hands a file to the page: unlike anything else, it loads from file:// as well.

    The content is deflated, and written 15 bits to a character of UTF-16, whose mark at the start of the file counts
    for more than what a server says: 1.07 bytes for one, where base64 takes 1.33. Before that its bytes are sorted by
    their place in a number of `width` bytes: the exponents of weights are alike, and side by side they deflate better.
    """
    candidates = {width: zlib.compress(_planes(content, width), 9) for width in (1, 2, 4) if len(content) % width == 0}
    width, packed = min(candidates.items(), key=lambda item: len(item[1]))
    call = f'vqedu.keep("{name}", {{ text: "{characters(packed)}", size: {len(packed)}, width: {width} }});\n'
    return codecs.BOM_UTF16_LE + call.encode("utf-16-le")


def characters(content: bytes) -> str:
    """Return bytes as text, 15 bits to a character, zeros after the last bit."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    groups = np.pad(bits, (0, -len(bits) % BITS)).reshape(-1, BITS)  # (n, 15), the highest bit first
    values = groups @ (1 << np.arange(BITS - 1, -1, -1, dtype=np.uint16))
    return (values + FIRST).astype("<u2").tobytes().decode("utf-16-le")


def _planes(content: bytes, width: int) -> bytes:
    """Return the first byte of every number of `width` bytes, then the second of every one, and so on."""
    return np.frombuffer(content, np.uint8).reshape(-1, width).T.tobytes()


def _json(value: Any, kind: str = "vqedu-form") -> str:
    """Return a script element that holds `value`; a "<" in it could close the element."""
    text = json.dumps(value).replace("<", "\\u003c")
    return f'<script type="application/json" class="{kind}">{text}</script>'
