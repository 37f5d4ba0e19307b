"""The latent explorer in a real JupyterLab: every control, no word to the kernel while the hand moves, one after."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.jupyter import lab as jupyter
from tests.jupyter.lab import Lab
from tests.page.exported import next_frame
from tests.widgets.latent.latent_hand import differ, drag, pixels

pytestmark = pytest.mark.browser
NAME = "latent_explorer_under_test"
SETTLED_MS = 700  # the page waits 300 ms
CELLS = (
    "import torch\nfrom tests.widgets.latent.latent_hand import explorer\nflat = explorer(2)\nflat",
    "deep = explorer(32)\ndeep",
    "flat.state = {'z': [0.5, -0.5]}",
    "print(flat.state['t'], len(deep.state['z']), float(flat.picture().sum()) > 0)",
)


class Comm:
    """The messages that the page sent to the kernel's widgets."""

    def __init__(self, page: Page) -> None:
        self.sent: list[str] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._keep)

    def _keep(self, payload: str | bytes) -> None:
        text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        if '"comm_msg"' in text:
            self.sent.append(text)


@pytest.fixture
def comm(page: Page) -> Comm:
    """Listens from before the page opens."""
    return Comm(page)


@pytest.fixture
def notebook(page: Page, comm: Comm, jupyterlab: Lab) -> Page:
    """A notebook with a 2-D and a 32-D explorer, its first two cells run."""
    jupyter.write_notebook(jupyterlab, NAME, CELLS)
    page.set_viewport_size({"width": 1400, "height": 1000})
    jupyter.open_notebook(page, jupyterlab, NAME)
    for index in range(2):
        jupyter.run_cell(page, index)
        jupyter.cell(page, index).locator(".vq-decoded").wait_for(timeout=60_000)
    page.wait_for_timeout(SETTLED_MS)
    comm.sent.clear()
    return page


def picture(page: Page, index: int) -> np.ndarray:
    next_frame(page)
    return pixels(jupyter.cell(page, index).locator(".vq-decoded"))


def test_the_kernel_hears_one_message_after_a_drag_and_none_during_it(notebook: Page, comm: Comm) -> None:
    page, chart = notebook, jupyter.cell(notebook, 0).locator(".vq-map")
    before = picture(page, 0)
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 100)
    page.mouse.down()
    for x in (200, 250, 300):
        page.mouse.move(box["x"] + x, box["y"] + 250, steps=10)
        page.wait_for_timeout(500)  # resting with the button down is still dragging
    assert comm.sent == []
    assert differ(picture(page, 0), before)
    page.mouse.up()
    page.wait_for_timeout(2 * SETTLED_MS)
    assert len(comm.sent) == 1
    assert '"state"' in comm.sent[0]


def test_every_control_of_the_flat_explorer(notebook: Page, comm: Comm) -> None:
    page, here = notebook, jupyter.cell(notebook, 0)
    walk = here.get_by_role("slider", name="from A to B")
    ends = []
    for key in ("End", "Home"):
        walk.press(key)
        ends.append(picture(page, 0))
    walk.click()
    middle = picture(page, 0)
    assert differ(ends[0], ends[1])
    assert differ(middle, ends[0])
    chart = here.get_by_role("application", name="Map of the codes")
    chart.focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
        before = picture(page, 0)
        for _ in range(4):
            chart.press(f"Shift+{key}")
        assert not np.array_equal(picture(page, 0), before), key
    expect(chart).to_be_focused()  # the notebook's own arrow keys did not take over
    chart.press("Home")
    here.get_by_role("button", name="Sample z").click()
    here.get_by_role("checkbox", name="show N(0, I)").uncheck()
    here.get_by_role("button", name="Pick a test digit 4").click()
    here.get_by_role("button", name="B = here").click()
    here.get_by_role("button", name="Other digits").click()
    here.get_by_role("button", name="A = here").click()
    here.get_by_role("button", name="Show only class 4").click()
    drag(page, here.locator(".vq-ink"), (0.3, 0.2), (0.7, 0.8))
    here.get_by_role("checkbox", name="centre and scale as MNIST").uncheck()
    here.get_by_role("button", name="Clear").click()
    here.get_by_role("button", name="Play").click()
    expect(here.get_by_text("t = 1.00")).to_be_visible(timeout=10_000)
    page.wait_for_timeout(2 * SETTLED_MS)
    jupyter.run_cell(page, 3)
    expect(jupyter.cell(page, 3)).to_contain_text("1.0 32 True", timeout=20_000)


def test_every_direction_of_the_deep_explorer(notebook: Page, comm: Comm) -> None:
    page, here = notebook, jupyter.cell(notebook, 1)
    for number in range(1, 9):
        control = here.get_by_role("slider", name=f"direction {number} ")
        control.focus()
        pictures = []
        for key in ("Home", "End"):
            control.press(key)
            pictures.append(picture(page, 1))
        control.click()
        assert differ(pictures[0], pictures[1]), number
        assert not np.array_equal(picture(page, 1), pictures[0]), number
    page.wait_for_timeout(2 * SETTLED_MS)
    assert len(state_of(comm.sent[-1])["z"]) == 32


def state_of(frame: str) -> dict[str, list[float]]:
    """Cut the state out of a frame, whatever stands around it."""
    state, _ = json.JSONDecoder().raw_decode(frame[frame.index('{"z"') :])
    return state


def test_python_moves_the_figure(notebook: Page, comm: Comm) -> None:
    page = notebook
    before = picture(page, 0)
    jupyter.run_cell(page, 2)
    status = jupyter.cell(page, 0).get_by_role("status")
    expect(status).to_contain_text("z = (0.50, −0.50)", timeout=20_000)
    assert differ(picture(page, 0), before)
    page.wait_for_timeout(SETTLED_MS)
    assert comm.sent == []  # what came from the kernel is not sent back
