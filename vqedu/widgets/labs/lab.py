"""What every lab shares: controls over a figure, and work that goes on in a thread so that the controls are heard."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets
import torch

from vqedu.plots import TeachingFigure
from vqedu.widgets.base import WIDGET_VIEW

REDRAW_SECONDS = 0.2
RUN_TO_USE = "A still of a lab: open this notebook in Jupyter and run the cell to train it live."


class Lab:
    """A figure run by Python: start, stop, reset, and the controls of a subclass, which act while the work goes on.

    A subclass sets `summary`, and defines `begin`, `work` and `figure`. Shown in a notebook it is the live
    widget, with a still of its present figure and a stable line of text beside it; a page keeps the still.
    """

    summary: str = "Lab"  # text/plain of the display: the same in every run

    def __init__(self, *rows: Sequence[ipywidgets.Widget], idle: str) -> None:
        self.start_button = ipywidgets.Button(description="Start", icon="play", tooltip="Start, or go on")
        self.stop_button = ipywidgets.Button(description="Stop", icon="stop", tooltip="Stop, and keep the model")
        self.reset_button = ipywidgets.Button(description="Reset", icon="undo", tooltip="Begin anew")
        self.status = ipywidgets.HTML()
        self.picture = ipywidgets.Image(format="png", layout={"width": "100%", "max_width": "980px"})
        self.idle = idle
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._drawn = -REDRAW_SECONDS
        for button, action in (
            (self.start_button, self.start),
            (self.stop_button, self.stop),
            (self.reset_button, self.reset),
        ):
            button.layout.width = "104px"
            button.on_click(_ignoring_the_button(action))
        buttons = [self.start_button, self.stop_button, self.reset_button, self.status]
        self.view = lay_out(*rows, buttons, [self.picture])
        self.reset()

    def begin(self) -> None:
        """Go back to the beginning: a new model, nothing measured."""
        raise NotImplementedError

    def work(self, ending: Callable[[], bool]) -> str:
        """Train until done or until `ending()` is true, call `redraw` on the way, and return a sentence on the end."""
        raise NotImplementedError

    def figure(self) -> TeachingFigure:
        """Return the figure of the present state."""
        raise NotImplementedError

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin the work in a thread, or go on with it; does nothing while it runs."""
        if self.running:
            return
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self.say("Training: move a control and watch.")
        self._thread.start()

    def stop(self) -> None:
        """End the work after its present step, and wait until it has ended."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def reset(self) -> None:
        """Stop, and begin anew with the controls as they are."""
        self.stop()
        self.begin()
        self.redraw(now=True)
        self.say(self.idle)

    def redraw(self, now: bool = False) -> None:
        """Show the present figure; at most about three times per second unless `now` is true."""
        if now or time.monotonic() - self._drawn >= REDRAW_SECONDS:
            self.picture.value = self.figure().png()
            self._drawn = time.monotonic()  # from the end of the drawing: the work gets its share of the time

    def say(self, sentence: str) -> None:
        """Set the line beside the buttons, which a screen reader reads aloud."""
        self.status.value = f'<span role="status" style="font-size: 15px">{escape(sentence)}</span>'

    def _run(self) -> None:
        try:
            sentence = self.work(self._ending.is_set)
        except Exception as error:  # an exception in a thread would be seen by nobody
            sentence = f"Stopped by an error: {error}"
        self.redraw(now=True)
        self.say(sentence)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        still = self.figure()
        still.text(0.01, 0.012, RUN_TO_USE, fontsize=10, color="#555555")
        view = {"version_major": 2, "version_minor": 0, "model_id": self.view.model_id}
        image = base64.b64encode(still.png()).decode()
        shown = {WIDGET_VIEW: view, "image/png": image, "text/plain": self.summary}
        return shown, {"image/png": {"alt": f"{still.alt} {RUN_TO_USE}"}}


def lay_out(*rows: Sequence[ipywidgets.Widget]) -> ipywidgets.VBox:
    """Return the rows one below the other, each with its widgets side by side, at most 980 pixels wide."""
    row = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "4px 16px"}
    boxes = [ipywidgets.HBox(list(widgets), layout=row) for widgets in rows]
    return ipywidgets.VBox(boxes, layout={"max_width": "1000px", "grid_gap": "6px"})


@contextmanager
def one_core() -> Iterator[None]:
    """Let torch compute on one core inside the block: the other is for the drawing, the notebook and the browser.

    A small network gains little from a second thread, and loses tenfold where that thread has to wait for its core.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _ignoring_the_button(action: Callable[[], None]) -> Callable[[ipywidgets.Button], None]:
    return lambda button: action()
