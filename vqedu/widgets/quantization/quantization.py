"""The quantization explorer: points and codes in the plane, to drag and to move by k-means, averages or gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import traitlets

from vqedu import validate
from vqedu.lessons import plane
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.images import numbers

TITLE = "Quantization explorer"
MOST_CODES = 16  # as quantization/view.js has it
LEARNING_RATES = (0.05, 1.0)
TARGET = (1.2, -0.4)  # what the decoder of the toy loss wants
METHODS = ("kmeans", "ema", "gradient")
BOOK = ("codes", "counts", "sums")  # the codes, and what the moving averages remember of each
STATE = ("data", *BOOK, "losses", "decay", "rate", "method", "arrows", "target", "selected", "seed")


class QuantizationExplorer(Explorer):
    """K codes among 240 points: their cells and assignments; a step of k-means, EMA or gradient moves them.

    data: "kinds", "ring" or "uniform" of `vqedu.lessons.plane`; codebook_size: 1 to 16; start: "data" (random points)
    or "wide" (N(0, 10^2)); decay: of the moving averages, 0 to 0.99; learning_rate: 0.05 to 1; arrows: show the
    gradient of a toy loss at the codes and its straight-through copies at the points; seed: of the start.
    A step is one of `VectorQuantizer` on all points at once: loss and gradient are averages over the points.
    The page computes everything.

    `state` may be set from Python, whole or in part, and moves the figure:
    data, decay, arrows and seed as above; rate: the learning rate; codes: 1 to 16 pairs of numbers;
    counts, sums: what the moving averages remember of each code; losses: the mean squared distance before each step so
    far; method: "kmeans", "ema" or "gradient", the one that runs; target: the two numbers that the decoder of the toy
    loss wants; selected: the number of a code, or "target".
    Codes without counts and sums count as just placed: averages, losses and selection begin anew.

    Raises ValueError or TypeError for a value out of range, and for an unknown or impossible state.
    """

    summary = "Quantization explorer: K codes among points in the plane, their cells, and the steps that move them"

    def __init__(
        self,
        data: Literal["kinds", "ring", "uniform"] = "kinds",
        codebook_size: int = 6,
        start: Literal["data", "wide"] = "data",
        *,
        decay: float = 0.9,
        learning_rate: float = 0.5,
        arrows: bool = False,
        seed: int = 0,
    ) -> None:
        points = {name: plane.points(name) for name in plane.DATA_SETS}
        validate.known_name(data, points, "data set")
        validate.between(learning_rate, *LEARNING_RATES, "learning_rate")
        if validate.positive_int(codebook_size, "codebook_size") > MOST_CODES:
            raise ValueError(f"codebook_size must be at most {MOST_CODES}, got {codebook_size}.")
        codes = plane.start_codes(points[data], codebook_size, start, seed).tolist()
        settings = {"decay": decay, "rate": learning_rate, "method": "kmeans", "arrows": arrows, "target": TARGET}
        blocks, table = pack({name: rows.numpy() for name, rows in points.items()})
        config = {"title": TITLE, "table": table, "wide": plane.WIDE}
        super().__init__(blocks, config=config, state={"data": data, "codes": codes, **settings, "seed": seed + 1})

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **begun(proposal["value"])})


def begun(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a state, with a new start where it says what to begin with and no more: codes, or other data."""
    start: dict[str, Any] = {"losses": []} if "data" in state or "codes" in state else {}
    if "codes" in state:
        start |= {"counts": [1.0] * len(state["codes"]), "sums": state["codes"], "selected": 0}
    return {**start, **state}


def checked_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return `state` with its numbers as Python's. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    if not 1 <= len(state["codes"]) <= MOST_CODES:
        raise ValueError(f"codes must be 1 to {MOST_CODES} pairs of numbers, got {len(state['codes'])} of them.")
    size = len(state["codes"])
    if len(state["sums"]) != size:
        raise ValueError(f"sums must be a list of {size} pairs of numbers, one per code, got {len(state['sums'])}.")
    return {
        "data": validate.known_name(state["data"], plane.DATA_SETS, "data set"),
        "codes": [numbers(code, "a code", 2) for code in state["codes"]],
        "counts": numbers(state["counts"], "counts", size),
        "sums": [numbers(each, "the sum of a code", 2) for each in state["sums"]],
        "losses": numbers(state["losses"], "losses", len(state["losses"])),
        "decay": validate.between(state["decay"], 0, 0.99, "decay"),
        "rate": validate.between(state["rate"], *LEARNING_RATES, "rate"),
        "method": validate.known_name(state["method"], METHODS, "method"),
        "arrows": bool(state["arrows"]),
        "target": numbers(state["target"], "target", 2),
        "selected": _selected(state["selected"], size),
        "seed": validate.whole(state["seed"], 0, 2**31 - 1, "seed"),
    }


def _selected(value: Any, codebook_size: int) -> int | str:
    if value == "target" or value in range(codebook_size):
        return value if isinstance(value, str) else int(value)
    raise ValueError(f'selected must be "target" or the number of a code, 0 to {codebook_size - 1}, got {value!r}.')
