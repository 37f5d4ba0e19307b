"""Explorers as they live in an exported page: opened from a file, the network cut off, driven by keys and pointer."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from vqedu import widgets
from vqedu.widgets.base import Explorer
from vqedu.widgets.bundler import bundle

WIDGETS = Path(widgets.__file__).parent


def open_exported(page: Page, explorer: Explorer, folder: Path) -> Locator:
    """Write the explorer's HTML to a file, open that without any network, and return the explorer's root."""
    path = folder / "explorer.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><body>{explorer.to_html()}</body>", encoding="utf-8")
    page.context.set_offline(True)
    page.goto(path.as_uri())
    root = page.locator(".vq-stage")
    root.wait_for()
    return root


def load_module(page: Page, *names: str) -> None:
    """Make what these files of vqedu/widgets export reachable in the page as `window.tested`."""
    sources = [base64.b64encode(bundle(WIDGETS / name).encode()).decode() for name in names]
    page.evaluate(
        """async (sources) => {
            const modules = sources.map((source) => import(`data:text/javascript;base64,${source}`));
            window.tested = Object.assign({}, ...(await Promise.all(modules)));
        }""",
        sources,
    )


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


def settled_states(page: Page, explorer: Explorer, act: str) -> list[dict[str, Any]]:
    """Render with a model that remembers, run the JavaScript `act(root)`, return the states the model was told."""
    module = base64.b64encode(str(explorer._esm).encode()).decode()
    data = base64.b64encode(explorer.data).decode()
    traits = {"config": explorer.config, "state": explorer.state, "data": data}
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
