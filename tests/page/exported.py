"""Explorers as they live in an exported page: opened from a file, the network cut off, driven by keys and pointer."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from vqedu.widgets.base import Explorer


def open_exported(page: Page, explorer: Explorer, folder: Path) -> Locator:
    """Write the explorer's HTML to a file, open that without any network, and return the explorer's root."""
    path = folder / "explorer.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><body>{explorer.to_html()}</body>", encoding="utf-8")
    page.context.set_offline(True)
    page.goto(path.as_uri())
    root = page.locator(".vq-stage")
    root.wait_for()
    return root


def open_live(page: Page, explorer: Explorer) -> Locator:
    """Render the explorer with a model that takes a state from Python (`set_from_python`); return its root."""
    page.set_content(f"<style>{explorer._css}</style><div id='home' class='{explorer.home}'></div>")
    traits = {"config": explorer.config, "state": explorer.state}
    page.evaluate(
        """async ([module, traits, data]) => {
            traits.data = new DataView(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
            const heard = {};
            const model = {
                get: (name) => traits[name], set: (name, value) => { traits[name] = value; },
                on: (event, act) => { (heard[event] ??= []).push(act); }, off() {}, save_changes() {},
            };
            window.inPython = () => traits.state;
            window.fromPython = (state) => { traits.state = state; for (const act of heard["change:state"]) act(); };
            const { default: widget } = await import(`data:text/javascript;base64,${module}`);
            widget.render({ model, el: document.getElementById("home") });
        }""",
        [_base64(str(explorer._esm).encode()), traits, _base64(explorer.data)],
    )
    return page.locator(".vq-stage")


def set_from_python(page: Page, explorer: Explorer, state: dict[str, Any]) -> None:
    """Set the state as a kernel does: the Python class checks and completes it, the page hears of the change."""
    explorer.state = state
    page.evaluate("(state) => fromPython(state)", explorer.state)
    next_frame(page)


def next_frame(page: Page) -> None:
    """Wait until what was asked for before has been drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def move_slider(page: Page, label: str, where: str) -> float:
    """Move a slider to its "low" end, its "high" end or, with a click, its "middle"; return the value it then has."""
    slider = page.get_by_label(label, exact=True)
    if where == "middle":
        box = slider.bounding_box()
        assert box is not None
        slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    else:
        slider.press({"low": "Home", "high": "End"}[where])
    next_frame(page)
    return float(slider.input_value())


def drag_on(page: Page, canvas: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press at `start`, move to `end` in steps, release: both in the canvas's CSS pixels."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    (x0, y0), (x1, y1) = ((box["x"] + x, box["y"] + y) for x, y in (start, end))
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=8)
    page.mouse.up()
    next_frame(page)


def picture(canvas: Locator) -> str:
    """Return what a canvas shows, to compare with what it shows later."""
    return str(canvas.evaluate("(node) => node.toDataURL()"))


def smallest_text(root: Locator) -> float:
    """Return the smallest font size, in CSS pixels, of any element inside `root` that holds text."""
    return float(
        root.evaluate("""(root) => Math.min(...[...root.querySelectorAll("*")]
            .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
            .filter((node) => node.namespaceURI !== "http://www.w3.org/1998/Math/MathML" || node.tagName === "math")
            .map((node) => parseFloat(getComputedStyle(node).fontSize)))""")
    )


# What is cut off at the right of the stage, padding of 16 pixels included, or smaller than 14 pixels.
LAYOUT = """() => {
    const stage = document.querySelector(".vq-stage"), right = stage.getBoundingClientRect().right - 16;
    const all = [...stage.querySelectorAll("*")], name = (node) => node.className || node.tagName;
    const texts = all.filter((node) => [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE));
    const small = texts.filter((node) => parseFloat(getComputedStyle(node).fontSize) < 14);
    const over = all.filter((node) => node.getBoundingClientRect().right > right);
    return [...over.map((node) => `${name(node)} is cut off`), ...small.map((node) => `${name(node)} is small`)];
}"""


def faults_of_layout(page: Page, *widths: int) -> list[str]:
    """Return what is cut off or small in a window of each of these widths, and where the page scrolls sideways."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for _ in range(3):  # one to notice the size, two to draw
            next_frame(page)
        found += [f"{width}: {fault}" for fault in page.evaluate(LAYOUT)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{width}: the page scrolls sideways")
    return found


def overflow(root: Locator, *widths: int) -> dict[int, float]:
    """Return by how many pixels the explorer is wider than its home, in a window of each of these widths."""
    found = {}
    for width in widths:
        root.page.set_viewport_size({"width": width, "height": 800})
        for _ in range(3):
            next_frame(root.page)
        found[width] = root.evaluate("(node) => Math.max(0, node.scrollWidth - node.clientWidth)")
    return found


def settled_states(page: Page, explorer: Explorer, act: str) -> list[dict[str, Any]]:
    """Render with a model that remembers, run the JavaScript `act(root)`, return the states the model was told."""
    module = _base64(str(explorer._esm).encode())
    traits = {"config": explorer.config, "state": explorer.state, "data": _base64(explorer.data)}
    return list(
        page.evaluate(
            """async ([module, traits, act]) => {
                const told = [];
                traits.data = new DataView(Uint8Array.from(atob(traits.data), (c) => c.charCodeAt(0)).buffer);
                const model = {
                    get: (name) => traits[name], set: (_, value) => told.push(value),
                    on() {}, off() {}, save_changes() {},
                };
                const el = document.createElement("div");
                document.body.append(el);
                const { default: widget } = await import(`data:text/javascript;base64,${module}`);
                widget.render({ model, el });
                await eval(act)(el);
                await new Promise((done) => setTimeout(done, 600));
                return told;
            }""",
            [module, traits, act],
        )
    )


def _base64(block: bytes) -> str:
    return base64.b64encode(block).decode()
