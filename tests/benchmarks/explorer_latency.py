"""How soon a picture follows the hand in JupyterLab: the latent explorer, `interact` and ipympl, alternating.

    python -m pip install ipympl
    python -m tests.benchmarks.explorer_latency [rounds]

`interact` draws a matplotlib figure anew for each value; with ipympl one live figure gets new pixels. Without that
package its figure is left out. It stands in a notebook of its own, since matplotlib has one way of drawing at a time.
All decode with one network (2 -> 400 -> 400 -> 784). A step is one pointer or key event; its time runs until the page
shows other pixels. A drag is two seconds of pointer moves; settle is the time from its last move to the last change of
pixels.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page, WebSocket, sync_playwright

from tests.conftest import REPOSITORY
from tests.jupyter import lab as jupyter
from vqedu.publish.browser import FLAGS, find_chromium

STEPS = 20
DRAG_S = 2.0
MOVES = 60
MODEL = """import sys; sys.path.insert(0, {repository!r})
import matplotlib.pyplot as plt, torch
from ipywidgets import FloatSlider, interact
from vqedu import data, models
from vqedu.widgets import LatentExplorer
torch.manual_seed(0)
model = models.Autoencoder(2)
optimizer = torch.optim.Adam(model.parameters(), 3e-3)
for batch in data.load().train.x.split(256):
    optimizer.zero_grad(); model.loss(batch).total.backward(); optimizer.step()
"""
EXPLORER = "LatentExplorer(model, data.load().test)"
INTERACT = """@interact(z1=FloatSlider(min=-4, max=4, step=0.1), z2=FloatSlider(min=-4, max=4, step=0.1))
def show(z1, z2):
    with torch.no_grad():
        picture = model.decode(torch.tensor([[z1, z2]])).sigmoid()[0, 0]
    plt.figure(figsize=(3, 3)); plt.imshow(picture, cmap="gray_r", vmin=0, vmax=1); plt.axis("off"); plt.show()"""
IPYMPL = """%matplotlib widget
figure, axes = plt.subplots(figsize=(3, 3)); axes.axis("off")
shown = axes.imshow(torch.zeros(28, 28), cmap="gray_r", vmin=0, vmax=1); plt.show()
@interact(z1=FloatSlider(min=-4, max=4, step=0.1), z2=FloatSlider(min=-4, max=4, step=0.1))
def move(z1, z2):
    with torch.no_grad():
        shown.set_data(model.decode(torch.tensor([[z1, z2]])).sigmoid()[0, 0])
    figure.canvas.draw_idle()"""

# Looks after each frame, when its pixels are on their way to the screen, and notes when they are others.
PROBE = """(read) => {
    window.probe?.stop();
    let last = read(), going = true;
    const probe = window.probe = { events: [], changes: [], stop: () => { going = false; } };
    for (const kind of ["pointermove", "keydown"]) {
        window.addEventListener(kind, (event) => going && probe.events.push(event.timeStamp), { capture: true });
    }
    const after = new MessageChannel();
    after.port1.onmessage = () => {
        const now = read();
        if (now !== last) { last = now; probe.changes.push(performance.now()); }
        if (going) requestAnimationFrame(() => after.port2.postMessage(0));
    };
    after.port2.postMessage(0);
}"""
READ_CANVAS = """() => {
    const node = document.querySelector("SELECTOR");
    const { data } = node.getContext("2d").getImageData(0, 0, node.width, node.height);
    let hash = 0;
    for (let i = 16; i < data.length; i += 32) hash = (Math.imul(hash, 31) + data[i]) | 0;
    return hash;
}"""
READ_IMAGE = """() => {
    const image = document.querySelector(".jupyter-widgets img");
    // Between two pictures the output is empty: the last one counts until the next is there.
    return image?.complete && image.naturalWidth ? (window.seen = image.src) : (window.seen ?? "");
}"""


@dataclass
class Figure:
    """One of the figures, and what was measured on it."""

    name: str
    page: Page
    read: str
    step: Callable[[int], None]
    handle: Callable[[], tuple[float, float, float, float]]  # where a drag starts, and how far it goes right and down
    steps_ms: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    settle_ms: list[float] = field(default_factory=list)
    messages: int = 0


def measure_steps(figure: Figure) -> None:
    """Make single steps, each after the last has been drawn. The first one only takes hold of the figure."""
    page = figure.page
    for index in range(STEPS):
        page.evaluate(f"() => ({PROBE})({figure.read})")
        page.wait_for_timeout(60)
        figure.step(index)
        page.wait_for_timeout(300)
        events, changes = page.evaluate("() => { probe.stop(); return [probe.events, probe.changes]; }")
        if index and events and changes:
            figure.steps_ms.append(changes[0] - events[0])


def measure_drag(figure: Figure, sent: list[str]) -> None:
    """Drag to and fro, and count the pictures that appear."""
    page = figure.page
    x, y, reach, down = figure.handle()
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(f"() => ({PROBE})({figure.read})")
    sent.clear()
    start = time.monotonic()
    while time.monotonic() - start < DRAG_S:
        # Many steps in one call: the driver sends one as soon as the page has taken the last, about one a frame.
        for share in (1, 0):
            page.mouse.move(x + reach * share, y + down * share, steps=MOVES)
    figure.messages += len(sent)
    page.wait_for_timeout(800)
    page.mouse.up()
    events, changes = page.evaluate("() => { probe.stop(); return [probe.events, probe.changes]; }")
    during = [time for time in changes if time <= events[-1]]
    figure.frames.append(1000 * len(during) / (events[-1] - events[0]))
    figure.settle_ms.append(max(0.0, changes[-1] - events[-1]))


def canvas_read(selector: str) -> str:
    return READ_CANVAS.replace("SELECTOR", selector)


def explorer_figure(page: Page) -> Figure:
    chart = jupyter.cell(page, 1).locator(".vq-map")

    def place() -> dict[str, float]:
        box = chart.bounding_box()
        assert box is not None
        return dict(box)

    def step(index: int) -> None:
        box = place()
        if index == 0:
            page.mouse.move(box["x"] + 120, box["y"] + 120)
            page.mouse.down()
        page.mouse.move(box["x"] + 130 + 10 * index, box["y"] + 120 + 7 * index)
        if index == STEPS - 1:
            page.mouse.up()

    def handle() -> tuple[float, float, float, float]:
        box = place()
        return box["x"] + 0.25 * box["width"], box["y"] + 0.3 * box["height"], 0.6 * box["width"], 0.3 * box["height"]

    return Figure("latent explorer", page, canvas_read(".vq-decoded"), step, handle)


def slider_figure(page: Page, name: str, number: int, read: str) -> Figure:
    """Return the figure of cell `number`, moved by the first of its sliders."""
    knob: Locator = jupyter.cell(page, number).locator(".noUi-handle").first

    def step(index: int) -> None:
        if index == 0:
            knob.focus()
        page.keyboard.press("ArrowRight")

    def handle() -> tuple[float, float, float, float]:
        box = knob.bounding_box()
        assert box is not None
        knob.focus()
        page.keyboard.press("Home")
        page.wait_for_timeout(300)
        box = knob.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 130.0, 0.0

    return Figure(name, page, read, step, handle)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(figures: list[Figure]) -> None:
    print(f"{'figure':24}{'step p50 ms':>12}{'p95 ms':>8}{'frames/s':>10}{'settle ms':>11}{'messages':>10}")
    for each in figures:
        middle, late = statistics.median(each.steps_ms), quantile(each.steps_ms, 0.95)
        frames, settle = statistics.median(each.frames), statistics.median(each.settle_ms)
        print(f"{each.name:24}{middle:12.1f}{late:8.1f}{frames:10.1f}{settle:11.0f}{each.messages:10d}")
    ours, *others = figures
    for each in others:
        ratio = statistics.median(each.steps_ms) / statistics.median(ours.steps_ms)
        frames = statistics.median(ours.frames) / statistics.median(each.frames)
        print(f"beside {each.name} the explorer answers {ratio:.1f} times as fast, with {frames:.1f} times the frames")


def write_notebook(path: Path, *sources: str) -> None:
    model = MODEL.replace("{repository!r}", repr(str(REPOSITORY)))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (model, *sources)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def opened(browser: Browser, lab: jupyter.Lab, name: str, shown: str, sent: list[str]) -> Page:
    """Return a page in which the notebook has run, and shows something at `shown`."""
    page = browser.new_page(viewport={"width": 1400, "height": 1400})
    page.on("websocket", lambda socket: listen(socket, sent))
    jupyter.open_notebook(page, lab, name)
    jupyter.run_all(page)
    page.locator(shown).first.wait_for()
    return page


def measure(figures: list[Figure], sent: list[str], rounds: int) -> list[Figure]:
    for _ in range(rounds):
        for figure in figures:
            figure.page.bring_to_front()
            measure_steps(figure)
            measure_drag(figure, sent)
    return figures


def listen(socket: WebSocket, sent: list[str]) -> None:
    def keep(payload: str | bytes) -> None:
        text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        if '"comm_msg"' in text:
            sent.append(text)

    socket.on("framesent", keep)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    sent: list[str] = []
    with (
        tempfile.TemporaryDirectory() as home,
        sync_playwright() as playwright,
        jupyter.running_lab(Path(home), REPOSITORY / "notebooks") as lab,
    ):
        executable = find_chromium(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        write_notebook(lab.root / "latency.ipynb", EXPLORER, INTERACT)
        page = opened(browser, lab, "latency", ".vq-decoded", sent)
        figures = [explorer_figure(page), slider_figure(page, "interact + matplotlib", 2, READ_IMAGE)]
        if importlib.util.find_spec("ipympl"):
            write_notebook(lab.root / "ipympl.ipynb", IPYMPL)
            canvas = ".jupyter-matplotlib-canvas-container canvas"
            page = opened(browser, lab, "ipympl", canvas, sent)
            figures.append(slider_figure(page, "interact + ipympl", 1, canvas_read(canvas)))
        report(measure(figures, sent, rounds))
        browser.close()


if __name__ == "__main__":
    main()
