"""How many frames per second an explorer draws under a drag on a slow computer, and what a frame costs.

    python -m tests.benchmarks.explorer_frames [--rounds 3] [--slow 4] [--only LatentExplorer] [TREE ...]

Each explorer is alone in a page of 936 pixels. A pointer is pressed, or hovers, and moves once per frame, to and fro.
frames/s: with the CPU slowed by Chromium, median and best round. script, layout, all: CPU milliseconds of the page's
main thread per frame at full speed, which other work on the machine disturbs little; with the CPU slowed 4 times, 30
frames per second need `all` below 8. A TREE is a checkout with other JavaScript: it is measured in turn with this one,
on the same data.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
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

DRAG_MS = 2000
WIDTH, HEIGHT = 936, 1400

# Moves the pointer, or the slider, that is on the node once per frame; returns the frames per second.
SWEEP = """(node, [from, to, milliseconds]) => new Promise((done) => {
    const box = node.getBoundingClientRect(), slider = node.matches("input[type=range]");
    let frames = 0, start;
    const move = (share) => {
        const [u, v] = from.map((each, axis) => each + share * (to[axis] - each));
        if (slider) {
            node.value = Number(node.min) + u * (node.max - node.min);
            return node.dispatchEvent(new Event("input", { bubbles: true }));
        }
        const place = { clientX: box.x + u * box.width, clientY: box.y + v * box.height };
        const pointer = { pointerId: 1, isPrimary: true, pointerType: "mouse", buttons: 1, bubbles: true };
        return node.dispatchEvent(new PointerEvent("pointermove", { ...place, ...pointer }));
    };
    requestAnimationFrame(function step(now) {
        start ??= now;
        if (now - start > milliseconds) return done((1000 * frames) / (now - start));
        move(0.5 - 0.5 * Math.cos((now - start) / 300));
        frames += 1;
        requestAnimationFrame(step);
    });
})"""


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


def sweep(page: Page, drag: Drag, milliseconds: int = DRAG_MS) -> float:
    """Drag to and fro; return the frames per second."""
    node = page.locator(drag.node).first
    return float(node.evaluate(SWEEP, [drag.start, drag.end, milliseconds]))


def take_hold(page: Page, drag: Drag) -> None:
    box = page.locator(drag.node).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + drag.start[0] * box["width"], box["y"] + drag.start[1] * box["height"])
    if drag.held:
        page.mouse.down()


def measure(browser: Browser, path: Path, drag: Drag, slow: float, into: Measured) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(path.as_uri())
    page.locator(".vq-stage").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    if (draw := page.get_by_role("button", name="Draw", exact=True)).count():
        draw.click()
    page.wait_for_timeout(1000)
    take_hold(page, drag)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = times(session)
    frames = sweep(page, drag) * DRAG_MS / 1000
    after = times(session)
    spent = {name: 1000 * (after[name] - before[name]) / frames for name in after}
    session.send("Emulation.setCPUThrottlingRate", {"rate": slow})
    into.fps.append(sweep(page, drag))
    page.close()
    into.script.append(spent["ScriptDuration"])
    into.layout.append(spent["LayoutDuration"] + spent["RecalcStyleDuration"])
    into.all.append(spent["TaskDuration"])


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
