"""What the tests ask of a browser engine, whatever speaks to it: a page, a script in it, a pointer, a finger, a key."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

Place = tuple[float, float]  # CSS pixels of the window
PATIENCE_S = 30.0
STEP_MS = 20  # between two moves of a drag

# Keys that have no letter, as the W3C's WebDriver writes them.
KEYS = {"Enter": "\ue007", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}


class Unsupported(RuntimeError):
    """The engine, or its driver, has no such thing; the message says what."""


class Engine(ABC):
    """One window of 936 x 900 pixels of a browser."""

    name: str

    @abstractmethod
    def open(self, address: str) -> None:
        """Go to an address and wait until the page is loaded."""

    @abstractmethod
    def run(self, script: str) -> Any:
        """Return what a JavaScript expression gives, or its promise, as JSON has it."""

    @abstractmethod
    def drag(self, places: Sequence[Place], kind: str = "mouse") -> None:
        """Press at the first place, go through the others, release. kind: mouse or touch. Raises Unsupported."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press and release a key where the focus is."""

    @abstractmethod
    def close(self) -> None:
        """End the browser."""

    def wait_for(self, condition: str, seconds: float = PATIENCE_S) -> bool:
        """Wait until a JavaScript condition holds; return whether it does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run(condition):
                return True
            time.sleep(0.1)
        return False


class W3CEngine(Engine):
    """An engine that performs actions as the W3C's WebDriver describes them."""

    @abstractmethod
    def act(self, sources: Sequence[dict[str, Any]]) -> None:
        """Perform the actions of each source at the same time. Raises Unsupported."""

    def drag(self, places: Sequence[Place], kind: str = "mouse") -> None:
        (x, y), *rest = [(round(x), round(y)) for x, y in places]
        moves = [{"type": "pointerMove", "duration": STEP_MS, "x": x, "y": y} for x, y in rest]
        press, release = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        actions = [{"type": "pointerMove", "duration": 0, "x": x, "y": y}, press, *moves, release]
        self.act([{"type": "pointer", "id": kind, "parameters": {"pointerType": kind}, "actions": actions}])

    def press(self, key: str) -> None:
        value = KEYS.get(key, key)
        strokes = [{"type": f"key{way}", "value": value} for way in ("Down", "Up")]
        self.act([{"type": "key", "id": "keys", "actions": strokes}])
