"""WebKit as GTK has it, over the W3C's WebDriver, in a screen that only exists in memory."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from glob import glob
from typing import Any

from tests.engines.engine import Unsupported, W3CEngine

MISSING = "no WebKit: `apt-get install webkit2gtk-driver xvfb`"
BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
SOFTWARE = {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "LIBGL_ALWAYS_SOFTWARE": "1", "GDK_BACKEND": "x11"}


def find() -> str | None:
    browsers = sorted(glob(BROWSERS))
    tools = all(map(shutil.which, ("WebKitWebDriver", "xvfb-run")))
    return browsers[-1] if browsers and tools else None


class WebKit(W3CEngine):
    """WebKitGTK's MiniBrowser, behind its driver."""

    name = "WebKit"

    def __init__(self, executable: str) -> None:
        port = _free_port()
        command = ["xvfb-run", "-a", "-s", "-screen 0 1400x1200x24", "WebKitWebDriver", f"--port={port}"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, env={**os.environ, **SOFTWARE}, start_new_session=True, **quiet)
        self._root = f"http://127.0.0.1:{port}"
        options = {"webkitgtk:browserOptions": {"binary": executable, "args": ["--automation"]}}
        asked = {"capabilities": {"alwaysMatch": {"browserName": "MiniBrowser", **options}}}
        self._session = f"/session/{self._send('POST', '/session', asked, tries=60)['sessionId']}"
        self._send("POST", f"{self._session}/timeouts", {"script": 60_000, "pageLoad": 120_000})
        self._send("POST", f"{self._session}/window/rect", {"x": 0, "y": 0, "width": 960, "height": 1000})

    def _send(self, method: str, path: str, body: Any = None, tries: int = 1) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data, {"Content-Type": "application/json"}, method=method)
        for left in reversed(range(tries)):
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    return json.load(answer)["value"]
            except urllib.error.HTTPError as error:
                fault = json.load(error)["value"]
                kind = Unsupported if "unsupported" in fault["error"] or "invalid" in fault["error"] else RuntimeError
                raise kind(f"{path}: {fault['error']}: {fault['message']}") from None
            except urllib.error.URLError:
                if not left:
                    raise
                time.sleep(0.5)
        raise AssertionError

    def open(self, address: str) -> None:
        self._send("POST", f"{self._session}/url", {"url": address})

    def run(self, script: str) -> Any:
        wrapped = (
            f"const done = arguments[0]; Promise.resolve({script}).then(done, (e) => done({{ fault: String(e) }}));"
        )
        answer = self._send("POST", f"{self._session}/execute/async", {"script": wrapped, "args": []})
        if isinstance(answer, dict) and "fault" in answer:
            raise RuntimeError(answer["fault"])
        return answer

    def act(self, sources: Sequence[dict[str, Any]]) -> None:
        self._send("POST", f"{self._session}/actions", {"actions": list(sources)})

    def close(self) -> None:
        self._send("DELETE", self._session)
        os.killpg(self._process.pid, 15)
        self._process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
