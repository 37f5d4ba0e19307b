"""Chromium, by Playwright, and for a finger by its own protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser

from tests.engines.engine import STEP_MS, Engine, Place


class Chromium(Engine):
    """A window of a Chromium that runs already."""

    name = "Chromium"

    def __init__(self, browser: Browser, width: int = 936, height: int = 900, phone: bool = False) -> None:
        size = {"width": width, "height": height}
        self._context = browser.new_context(viewport=size, has_touch=True, is_mobile=phone)
        self._page = self._context.new_page()
        self._session = self._context.new_cdp_session(self._page)

    def open(self, address: str) -> None:
        self._page.goto(address)

    def run(self, script: str) -> Any:
        return self._page.evaluate(f"() => ({script})")

    def drag(self, places: Sequence[Place], kind: str = "mouse") -> None:
        if kind == "touch":
            return self._swipe(places)
        self._page.mouse.move(*places[0])
        self._page.mouse.down()
        for place in places[1:]:
            self._page.mouse.move(*place)
        self._page.mouse.up()

    def _swipe(self, places: Sequence[Place]) -> None:
        for kind, place in zip(("touchStart", *["touchMove"] * (len(places) - 1)), places, strict=True):
            points = [{"x": place[0], "y": place[1]}]
            self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            self._page.wait_for_timeout(STEP_MS)
        self._session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def close(self) -> None:
        self._context.close()
