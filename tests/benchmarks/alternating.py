"""Timing that a busy machine disturbs least: the candidates take turns, and each round gives one sample of each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def alternating(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of each candidate in each round, after one round that is not counted."""
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, function in candidates.items():
            begin = time.perf_counter()
            function()
            if number:
                samples[name].append(1000 * (time.perf_counter() - begin))
    return samples


def table(samples: dict[str, list[float]], ours: str) -> str:
    """Return a table of medians and minima, and how many times as long as `ours` each candidate takes."""
    medians = {name: statistics.median(values) for name, values in samples.items()}
    minima = {name: min(values) for name, values in samples.items()}
    lines = [f"{'':34s}{'median ms':>11s}{'least ms':>11s}{'median / ours':>15s}{'least / ours':>14s}"]
    for name in samples:
        ratio, least = medians[name] / medians[ours], minima[name] / minima[ours]
        lines.append(f"{name:34s}{medians[name]:11.2f}{minima[name]:11.2f}{ratio:14.2f}x{least:13.2f}x")
    return "\n".join(lines)
