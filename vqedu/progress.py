"""How a training shows itself: a tqdm bar on a terminal, a bar with a live loss curve in a notebook, nothing in CI."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from vqedu.palette import COLORS

REDRAW_SECONDS = 0.25


class Curve(Protocol):
    """What a bar shows of a training: its steps so far, and the loss at each."""

    @property
    def steps(self) -> Sequence[int]: ...
    @property
    def total(self) -> Sequence[float]: ...


class Bar:
    """A progress bar: `show` moves it, `say` leaves a sentence under it; a `quiet` one shows no bar, but speaks."""

    def __init__(self, total_steps: int, quiet: bool = False) -> None:
        from tqdm.auto import tqdm

        quiet = quiet or (not in_notebook() and (bool(os.environ.get("CI")) or not sys.stderr.isatty()))
        self.tqdm = tqdm(total=total_steps, unit="step", desc="training", disable=quiet, leave=True)
        self.curve = _live_curve() if in_notebook() and not quiet else None
        self.redrawn = -REDRAW_SECONDS

    def show(self, history: Curve, learning_rate: float) -> None:
        """Show the newest row of the history: loss, learning rate, time left, and in a notebook the curve."""
        self.tqdm.n = history.steps[-1]
        due = time.monotonic() - self.redrawn >= REDRAW_SECONDS or self.tqdm.n == self.tqdm.total
        if self.tqdm.disable or not due:
            return
        self.redrawn = time.monotonic()
        self.tqdm.set_postfix_str(f"loss {history.total[-1]:.4g}, rate {learning_rate:.1e}")
        if self.curve:
            self.curve.value = curve_svg(history.steps, history.total)

    def say(self, sentence: str) -> None:
        """Print a sentence where the bar is."""
        self.tqdm.write(sentence)


@contextmanager
def bar(total_steps: int, quiet: bool = False) -> Iterator[Bar]:
    """Yield a Bar that is closed at the end of the block."""
    shown = Bar(total_steps, quiet)
    try:
        yield shown
    finally:
        shown.tqdm.close()


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config


def curve_svg(steps: Sequence[int], values: Sequence[float], width: int = 480, height: int = 150) -> str:
    """Return an SVG of a loss curve: `values` over `steps`, with the extremes and the last value written out."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    left, right, top, bottom = 60, width - 70, 12, height - 26

    def x(step: int) -> float:
        return left + (right - left) * step / steps[-1]

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / span

    points = " ".join(f"{x(s):.1f},{y(v):.1f}" for s, v in zip(steps, values, strict=True))
    text = 'font-family="system-ui, sans-serif" font-size="13" fill="#1a1a1a"'
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="loss curve, now {values[-1]:.4g}" style="background:#fff">'
        f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#767676"/>'
        f'<polyline points="{points}" fill="none" stroke="{COLORS["decoder"]}" stroke-width="2"/>'
        f'<text x="{left - 6}" y="{top + 5}" text-anchor="end" {text}>{high:.4g}</text>'
        f'<text x="{left - 6}" y="{bottom + 4}" text-anchor="end" {text}>{low:.4g}</text>'
        f'<text x="{right + 6}" y="{y(values[-1]) + 4:.1f}" {text}>{values[-1]:.4g}</text>'
        f'<text x="{(left + right) / 2:.0f}" y="{height - 6}" text-anchor="middle" {text}>step {steps[-1]}</text>'
        "</svg>"
    )


def _live_curve() -> Any:
    """Display an empty HTML widget for the curve, with a text that is the same in every run, and return it."""
    import ipywidgets
    from IPython.display import display

    curve = ipywidgets.HTML()
    view = {"version_major": 2, "version_minor": 0, "model_id": curve.model_id}
    display(
        {
            "application/vnd.jupyter.widget-view+json": view,
            "text/plain": "The loss curve, live while the cell runs.",
        },
        raw=True,
    )
    return curve
