"""Wrong answers to the exercise on color that are in no catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch


def bits(x_hat: Any, x: Any, variance: float) -> Any:
    squares = (x - x_hat).square().flatten(1).mean(1)
    return (squares / (2 * variance) + 0.5 * math.log(2 * math.pi * variance)) / math.log(2) + math.log2(255)


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("gaussian_bits", lambda m, x, v: bits(m, x, v) + 1),
    ("gaussian_bits", lambda m, x, v: -bits(m, x, v)),
    ("gaussian_bits", lambda m, x, v: bits(m.flip(0), x, v) + 0.01),
    ("gaussian_bits", lambda m, x, v: bits(m * 255, x * 255, v)),
    ("gaussian_bits", lambda m, x, v: bits(m, x, v) - math.log2(255) + 8.1),
    ("gaussian_bits", lambda m, x, v: bits(m.clamp(0.2, 0.8), x, v) * 1.01),
    ("keep_best", lambda codes, log_p, tries: codes[tries - 1 :: tries]),
    (
        "keep_best",
        lambda codes, log_p, tries: codes[
            log_p.view(-1, tries).argmin(1) + tries * torch.arange(len(log_p) // tries)
        ].flip(0),
    ),
    ("keep_best", lambda codes, log_p, tries: codes.unflatten(0, (-1, tries)).amax(1)),
    ("keep_best", lambda codes, log_p, tries: codes.flip(0)[log_p.view(-1, tries).argmax(1)]),
    ("keep_best", lambda codes, log_p, tries: codes[log_p.argmax()].expand(len(codes) // tries, -1, -1)),
]
