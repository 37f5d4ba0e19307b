"""The quantization explorer: points and codes in the plane, to drag and to move by k-means, averages or gradients."""

from __future__ import annotations

from typing import Literal

from vqedu import validate
from vqedu.lessons import plane
from vqedu.widgets.base import Explorer, pack

MOST_CODES = 16  # as quantization.js has it
LEARNING_RATES = (0.05, 1.0)
TARGET = (1.2, -0.4)  # what the decoder of the toy loss wants


class QuantizationExplorer(Explorer):
    """K codes among 240 points: their cells and assignments; a step of k-means, EMA or gradient moves them.

    data: "kinds", "ring" or "uniform" of `vqedu.quantization_2d`; codebook_size: 1 to 16; start: "data" (random points)
    or "wide" (N(0, 10^2)); decay: of the moving averages, 0 to 0.99; learning_rate: 0.05 to 1; arrows: show the
    gradient of a toy loss at the codes and its straight-through copies at the points; seed: of the start.
    A step is one of `VectorQuantizer` on all points at once: loss and gradient are averages over the points.
    The page computes everything. Raises ValueError or TypeError for a value out of range.
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
        if validate.positive_int(codebook_size, "codebook_size") > MOST_CODES:
            raise ValueError(f"codebook_size must be at most {MOST_CODES}, got {codebook_size}.")
        codes = plane.start_codes(points[data], codebook_size, start, seed).tolist()
        state = {
            "data": data,
            "codes": codes,
            "counts": [1.0] * codebook_size,
            "sums": codes,
            "decay": validate.between(decay, 0, 0.99, "decay"),
            "rate": validate.between(learning_rate, *LEARNING_RATES, "learning_rate"),
            "method": "kmeans",
            "arrows": bool(arrows),
            "target": list(TARGET),
            "selected": 0,
            "seed": seed + 1,
        }
        blocks, table = pack({name: rows.numpy() for name, rows in points.items()})
        super().__init__(blocks, config={"table": table, "wide": plane.WIDE}, state=state)
