"""Calls the explorers' JavaScript without a browser: in the Node that Playwright brings along."""

from __future__ import annotations

import base64
import functools
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
# One line comes in for each call, one line goes out. Every call has modules of its own: the number tells them apart.
SERVER = """
const view = (text) => new DataView(Uint8Array.from(Buffer.from(text, "base64")).buffer);
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
let calls = 0;

async function answer({ sources, code, given }) {
  calls += 1;
  const address = (source) => `data:text/javascript;base64,${source}#${calls}`;
  const modules = await Promise.all(sources.map((source) => import(address(source))));
  const run = new Function("tested", "view", `return (${code})`);
  return { value: await run(Object.assign({}, ...modules), view)(...given) };
}

const line = [];
for await (const chunk of process.stdin.setEncoding("utf8")) {
  line.push(chunk);
  if (!chunk.endsWith("\\n")) continue;
  const found = await answer(JSON.parse(line.splice(0).join(""))).catch((error) => ({ error: String(error.stack) }));
  process.stdout.write(`${JSON.stringify(found, plain)}\\n`);
}
"""


@functools.cache
def server() -> subprocess.Popen[str]:
    """Return the Node of this process, which ends with it: starting one takes longer than most calls."""
    command = [str(NODE), "--input-type=module", "--eval", SERVER]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


def call(modules: str | tuple[str, ...], function: str, *given: Any) -> Any:
    """Return function(*given), where `tested` has all that these files of vqedu/widgets export.

    The function is JavaScript. What goes in and comes out is JSON, typed arrays come out as lists, and view(text) is
    the DataView of bytes in base64. Raises AssertionError with Node's message if it throws.
    """
    names = (modules,) if isinstance(modules, str) else modules
    sources = [base64.b64encode(bundle(WIDGETS / name).encode()).decode() for name in names]
    node = server()
    assert node.stdin
    assert node.stdout
    node.stdin.write(json.dumps({"sources": sources, "code": function, "given": given}) + "\n")
    node.stdin.flush()
    line = node.stdout.readline()
    if not line:
        server.cache_clear()
        raise AssertionError("Node ended before it answered.")
    answer = json.loads(line)
    assert "error" not in answer, re.sub(r"data:\S+", "the module", answer["error"])
    return answer.get("value")


def packed(arrays: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return what tested.unpack(view(text), table) needs to find the arrays again: (text, table)."""
    (data,), table = pack(arrays)
    return base64.b64encode(data).decode(), table
