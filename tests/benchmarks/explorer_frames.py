"""How many frames per second an explorer draws under a drag on a slow computer, and where a frame's time goes.

    python -m tests.benchmarks.explorer_frames [--rounds 3] [--slow 4] [--only LatentExplorer] [TREE ...]

Each explorer is alone in a page of 936 pixels, its CPU slowed by Chromium. A real pointer drags or hovers to and fro for
two seconds; frames: those in which a move arrived, per second. script, layout, all: milliseconds of the page's main
thread per frame, at full speed as Chromium counts them (less disturbed by what else the machine does). A TREE is a
checkout with other JavaScript: it is run in turn with this one, on the same data, and each gets its own lines.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.conftest import REPOSITORY
from tests.page import examples
from vqedu import widgets
from vqedu.publish.browser import FLAGS, find_chromium
from vqedu.widgets import bundler, standalone
from vqedu.widgets.base import Explorer

DRAG_S = 2.0
MOVES = 50
WIDTH, HEIGHT = 936, 1400

# Counts the frames in which the pointer moved.
COUNT = """() => {
    const count = window.count = { frames: 0, first: 0, last: 0, moved: false };
    for (const kind of ["pointermove", "input"]) {
        window.addEventListener(kind, () => { count.moved = true; }, { capture: true });
    }
    requestAnimationFrame(function look(now) {
        if (count.moved) { count.frames += 1; count.first ||= now; count.last = now; count.moved = false; }
        requestAnimationFrame(look);
    });
}"""


@dataclass(frozen=True)
class Drag:
    """What the hand does: from one place on the node to another, as shares of its box; hovering where not `held`."""

    node: str
    start: tuple[float, float]
    end: tuple[float, float]
    held: bool = True


MAP = Drag(".vq-map", (0.3, 0.3), (0.7, 0.7))
BELL = Drag("canvas[role=application]", (0.35, 0.4), (0.75, 0.4))
CELLS = Drag(".vq-codemap", (0.1, 0.1), (0.9, 0.9), held=False)
CODES = Drag(".vq-codetable", (0.05, 0.1), (0.95, 0.9), held=False)


def slider(label: str) -> Drag:
    return Drag(f"input[aria-label={label!r}]", (0.2, 0.5), (0.8, 0.5))


DRAGS: dict[str, Drag] = {
    "LatentExplorer: VAE of 50 numbers": MAP,
    "LatentExplorer: VAE of 2 numbers": MAP,
    "LatentExplorer: autoencoder": MAP,
    "SideBySideExplorer": MAP,
    "ElboExplorer": BELL,
    "ReparameterizationExplorer": BELL,
    "QuantizationExplorer": Drag("canvas[role=application]", (0.32, 0.3), (0.7, 0.7)),
    "CodebookExplorer": CELLS,
    "CodebookExplorer: table": CODES,
    "TokenExplorer": slider("temperature"),
    "ResidualExplorer": slider("stages switched on"),
    "WordsAndImages": slider("temperature"),
    "Prediction: curve": Drag(".vq-q-sheet", (0.2, 0.3), (0.9, 0.7)),
}
FULL = {"VAE of 50 numbers": "vae-50d", "VAE of 2 numbers": "vae-2d", "autoencoder": "ae-2d"}


@dataclass
class Measured:
    """The rounds of one explorer of one tree."""

    fps: list[float] = field(default_factory=list)
    script: list[float] = field(default_factory=list)
    layout: list[float] = field(default_factory=list)
    all: list[float] = field(default_factory=list)


def make(name: str) -> Explorer:
    """Return an explorer as the notebooks have it: maps of 1,500 digits."""
    kind, _, which = name.partition(": ")
    if which in FULL:
        return widgets.LatentExplorer(examples.model(FULL[which]), examples.images())
    if kind == "SideBySideExplorer":
        return widgets.SideBySideExplorer(examples.model("ae-2d"), examples.model("vae-2d"), examples.images())
    return examples.make("CodebookExplorer" if kind == "CodebookExplorer" else name)


def page_of(explorer: Explorer, tree: Path) -> str:
    """Return the explorer as a page with the JavaScript of a tree."""
    form, contents = explorer.page_form()
    module = tree / f"{type(explorer).__module__.replace('.', '/')}.js"
    contents[form["module"]] = bundler.bundle(module).encode()
    contents[form["style"]] = bundler.stylesheet(module, explorer.home).encode()
    body = standalone.figure(form) + standalone.runner(contents)
    return f"<!doctype html><meta charset='utf-8'><style>body {{ margin: 0 }}</style><body>{body}</body>"


def times(session: CDPSession) -> dict[str, float]:
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def sweep(page: Page, drag: Drag) -> None:
    """Drag to and fro for DRAG_S seconds."""
    box = page.locator(drag.node).first.bounding_box()
    assert box is not None
    ends = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in (drag.start, drag.end)]
    page.mouse.move(*ends[0])
    if drag.held:
        page.mouse.down()
    page.mouse.move(*ends[1], steps=4)
    page.evaluate(COUNT)
    start = time.monotonic()
    while time.monotonic() - start < DRAG_S:
        for end in ends:
            page.mouse.move(*end, steps=MOVES)


def measure(browser: Browser, path: Path, drag: Drag, slow: float, into: Measured) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(path.as_uri())
    page.locator(".vq-stage").wait_for()
    if page.locator(".vq-draw-all, button:text-is('Draw')").count():
        page.get_by_role("button", name="Draw", exact=True).click()
        page.wait_for_timeout(1500)
    page.wait_for_timeout(500)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": slow})
    before = times(session)
    sweep(page, drag)
    after, count = times(session), page.evaluate("() => count")
    page.close()
    frames = max(count["frames"], 1)
    spent = {name: 1000 * (after[name] - before[name]) / frames for name in after}
    into.fps.append(1000 * (frames - 1) / max(count["last"] - count["first"], 1))
    into.script.append(spent["ScriptDuration"] / slow)
    into.layout.append((spent["LayoutDuration"] + spent["RecalcStyleDuration"]) / slow)
    into.all.append(spent["TaskDuration"] / slow)


def report(results: dict[tuple[str, str], Measured]) -> None:
    print(f"{'explorer':36}{'tree':12}{'frames/s':>9}{'best':>7}{'script ms':>10}{'layout ms':>10}{'all ms':>8}")
    for (name, tree), each in results.items():
        values: list[Any] = [statistics.median(part) for part in (each.script, each.layout, each.all)]
        numbers = "".join(f"{value:{width}.1f}" for value, width in zip(values, (10, 10, 8), strict=True))
        print(f"{name:36}{tree:12}{statistics.median(each.fps):9.1f}{max(each.fps):7.1f}{numbers}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", type=float, default=4)
    parser.add_argument("--only", default="")
    parser.add_argument("trees", nargs="*", type=Path)
    asked = parser.parse_args()
    trees = {tree.name: tree for tree in asked.trees} | {"here": REPOSITORY}
    results: dict[tuple[str, str], Measured] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        for name in (name for name in DRAGS if asked.only in name):
            explorer = make(name)
            for label, tree in trees.items():
                (Path(folder) / f"{label}.html").write_text(page_of(explorer, tree), encoding="utf-8")
            for _ in range(asked.rounds):
                for label in trees:
                    into = results.setdefault((name, label), Measured())
                    measure(browser, Path(folder) / f"{label}.html", DRAGS[name], asked.slow, into)
        browser.close()
    report(results)


if __name__ == "__main__":
    main()
