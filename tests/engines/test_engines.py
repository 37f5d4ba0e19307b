"""Every explorer in Chromium, Firefox and WebKit: drawn, and moved by mouse, by keys and by a finger.

One explorer runs by default wherever an engine is installed, all of them with `-m nightly`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daily import daily
from tests.engines import chromium, firefox, hands, webkit
from tests.engines.engine import Engine, Unsupported
from tests.page import examples

pytestmark = pytest.mark.browser


def start(name: str, request: pytest.FixtureRequest) -> Engine:
    """Start an engine; skip where it is not installed, or fail where VQEDU_ENGINES=all says that it must be."""
    if name == "Chromium":
        return chromium.Chromium(request.getfixturevalue("browser"))
    module, make = {"Firefox": (firefox, firefox.Firefox), "WebKit": (webkit, webkit.WebKit)}[name]
    if (executable := module.find()) is None:
        (pytest.fail if os.environ.get("VQEDU_ENGINES") == "all" else pytest.skip)(module.MISSING)
    return make(executable)


@pytest.fixture(scope="module", params=["Chromium", "Firefox", "WebKit"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    started = start(request.param, request)
    yield started
    started.close()


def open_page(engine: Engine, folder: Path) -> bool:
    """Open the explorer anew; return whether it is there."""
    engine.open((folder / "explorer.html").as_uri())
    return engine.wait_for(hands.READY)


@pytest.mark.parametrize("name", daily(examples.EXAMPLES, "QuantizationExplorer"))
def test_an_explorer_is_drawn_and_answers_mouse_keys_and_finger(engine: Engine, tmp_path: Path, name: str) -> None:
    explorer = examples.make(name)
    hand = hands.hand_of(name, explorer)
    hands.write_page(explorer, tmp_path / "explorer.html")
    open_page(engine, tmp_path)
    found = {"drawn": hands.is_drawn(engine)}
    for way, act in (("keys", hands.by_key), ("pointer", hands.by_pointer), ("touch", hands.by_touch)):
        open_page(engine, tmp_path)
        try:
            found[way] = act(engine, hand)
        except Unsupported as reason:
            print(f"{engine.name}, {way}: {reason}")
    cells = {
        way: {True: "yes", False: "NO", None: "-"}[found.get(way)] for way in ("drawn", "pointer", "keys", "touch")
    }
    print(f"{engine.name:10}{name:36}" + "  ".join(f"{way} {cell}" for way, cell in cells.items()))
    assert found == dict.fromkeys(found, True)
    assert engine.run("faults") == []
