"""Looks at the machine a learner sits at, and says in plain words whether the course will run on it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

OLDEST_PYTHON = (3, 10)
CELL = "padding:2px 8px;text-align:left;vertical-align:top"


@dataclass(frozen=True)
class Verdict:
    """One thing that was looked at: `fine` or not, and a sentence that says what it means or what to do."""

    topic: str
    fine: bool
    sentence: str


class Report(list[Verdict]):
    """The verdicts, shown as a table in a notebook and as lines elsewhere."""

    def __repr__(self) -> str:
        return "\n".join(f"{'fine' if v.fine else 'LOOK'}  {v.topic}: {v.sentence}" for v in self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='{CELL};white-space:nowrap'>{'✔ fine' if v.fine else '⚠ look'}</td>"
            f"<td style='{CELL}'>{escape(v.topic)}</td><td style='{CELL}'>{escape(v.sentence)}</td></tr>"
            for v in self
        )
        heads = "".join(f"<th style='{CELL}'>{head}</th>" for head in ("", "What", "Verdict"))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def check() -> Report:
    """Return the verdicts on Python, torch, accelerator, cores, data, widgets and weights. Never raises."""
    looks: dict[str, Callable[[], Verdict]] = {
        "Python": _python, "torch": _torch, "GPU": _gpu, "Cores": _cores,
        "Data": _data, "Widgets": _widgets, "Weights": _weights,
    }  # fmt: skip
    return Report(_safely(topic, look) for topic, look in looks.items())


def _safely(topic: str, look: Callable[[], Verdict]) -> Verdict:
    try:
        return look()
    except Exception as error:  # a broken installation is a verdict, not a crash
        return Verdict(topic, False, str(error) or type(error).__name__)


def _python() -> Verdict:
    version = platform.python_version()
    if tuple(map(int, version.split(".")[:2])) < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return Verdict("Python", False, f"{version} is older than {oldest}. Install a newer Python.")
    return Verdict("Python", True, f"{version} will do.")


def _torch() -> Verdict:
    import torch

    return Verdict("torch", True, f"{torch.__version__} works.")


def _gpu() -> Verdict:
    from vqedu import training

    device = training.best_device().type
    if device == "cpu":
        return Verdict("GPU", True, "None found, and none needed: every figure is alive within seconds on the CPU.")
    return Verdict("GPU", True, f"Training will use {device.upper()} by itself.")


def _cores() -> Verdict:
    cores = os.cpu_count() or 1
    pace = "as fast as the notebooks say" if cores >= 2 else "about half as fast as the notebooks say"
    return Verdict("Cores", True, f"{cores}: training runs {pace}." if cores < 4 else f"{cores}: plenty.")


def _data() -> Verdict:
    from vqedu import data

    images = data.load("mnist")
    return Verdict("Data", True, f"{len(images.train.x):,} training and {len(images.test.x):,} test digits are here.")


def _widgets() -> Verdict:
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("ipywidgets", "anywidget")]
    return Verdict("Widgets", True, f"{' and '.join(versions)} are installed.")


def _weights() -> Verdict:
    from vqedu import pretrained

    names = pretrained.names()
    if not names:
        return Verdict("Weights", False, "No trained model came with the package. Install vqedu again.")
    return Verdict("Weights", True, f"{len(names)} trained models came with the package: {', '.join(names)}.")
