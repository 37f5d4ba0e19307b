"""Calls the explorers' JavaScript without a browser: in the Node that Playwright brings along."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import playwright

from vqedu import widgets
from vqedu.widgets.base import pack
from vqedu.widgets.bundler import bundle

WIDGETS = Path(widgets.__file__).parent
NODE = Path(playwright.__file__).parent / "driver" / ("node.exe" if sys.platform == "win32" else "node")
SCRIPT = """
import { readFileSync } from "node:fs";
const { sources, given } = JSON.parse(readFileSync(0, "utf8"));
const modules = sources.map((source) => import(`data:text/javascript;base64,${source}`));
const tested = Object.assign({}, ...(await Promise.all(modules)));
const view = (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer);
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
console.log(JSON.stringify(await (FUNCTION)(...given), plain));
"""


def call(modules: str | tuple[str, ...], function: str, *given: Any) -> Any:
    """Return function(*given), where `tested` has all that these files of vqedu/widgets export.

    The function is JavaScript. What goes in and comes out is JSON, typed arrays come out as lists, and view(text) is
    the DataView of bytes in base64. Raises AssertionError with Node's message if it throws.
    """
    names = (modules,) if isinstance(modules, str) else modules
    sources = [base64.b64encode(bundle(WIDGETS / name).encode()).decode() for name in names]
    command = [str(NODE), "--input-type=module", "--eval", SCRIPT.replace("FUNCTION", function)]
    job = json.dumps({"sources": sources, "given": given})
    done = subprocess.run(command, input=job, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, re.sub(r"data:\S+", "the module", done.stderr)
    return json.loads(done.stdout)


def packed(arrays: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return what tested.unpack(view(text), table) needs to find the arrays again: (text, table)."""
    (data,), table = pack(arrays)
    return base64.b64encode(data).decode(), table
