"""Firefox over WebDriver BiDi, which it speaks itself: no driver beside it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.engines.engine import W3CEngine

NAMES = ("firefox-esr", "firefox")
MISSING = "no Firefox: `apt-get install firefox-esr`, or any firefox on the PATH"
PREFERENCES = {
    "dom.w3c_touch_events.enabled": 1,  # as on a phone
    # A finger that is down for 300 ms makes no click in Firefox; on a busy machine the driver keeps it down for longer.
    "apz.max_tap_time": 60_000,
    "ui.click_hold_context_menus.delay": 60_000,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "app.update.enabled": False,
}
ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


def find() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Firefox(W3CEngine):
    """A headless Firefox with a profile of its own."""

    name = "Firefox"

    def __init__(self, executable: str) -> None:
        import websocket

        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items())
        (Path(self._profile.name) / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [
            executable,
            "--headless",
            "--no-remote",
            "--profile",
            self._profile.name,
            "--remote-debugging-port=0",
        ]
        self._process = subprocess.Popen(
            [*command, "about:blank"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        address = self._address()
        self._socket = websocket.create_connection(f"{address}/session", timeout=120, suppress_origin=True)
        self._count = 0
        self._send("session.new", capabilities={})
        self._context = self._send("browsingContext.getTree")["contexts"][0]["context"]
        self._send("browsingContext.setViewport", context=self._context, viewport={"width": 936, "height": 900})

    def _address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := ADDRESS.search(line):
                return found[1]
        raise RuntimeError("Firefox ended before it was ready.")

    def _send(self, method: str, **params: Any) -> Any:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._count:
            pass  # an event
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def open(self, address: str) -> None:
        self._send("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def run(self, script: str) -> Any:
        wrapped = f"Promise.resolve({script}).then((value) => JSON.stringify(value ?? null))"
        answer = self._send("script.evaluate", expression=wrapped, target={"context": self._context}, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def act(self, sources: Sequence[dict[str, Any]]) -> None:
        self._send("input.performActions", context=self._context, actions=list(sources))

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(30)
        self._profile.cleanup()
