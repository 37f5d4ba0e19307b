"""The principal directions of codes: what a map of many dimensions is drawn along."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Principal(NamedTuple):
    """The principal directions of codes, the one of the largest variance first."""

    mean: np.ndarray  # (D,), of the codes
    directions: np.ndarray  # (k, D), orthonormal
    std: np.ndarray  # (k,), of the codes along each direction
    share: np.ndarray  # (k,), of the variance of the codes


def principal(codes: np.ndarray, most: int = 8) -> Principal:
    """Return the at most `most` principal directions of codes (N, D), N >= 2, of the largest variance first.

    The sign of each direction is chosen so that its largest entry is positive.
    """
    mean = codes.mean(0)
    _, singular, directions = np.linalg.svd(codes - mean, full_matrices=False)
    largest = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1)
    variance = singular**2 / (len(codes) - 1)
    share = variance / max(variance.sum(), np.finfo(float).tiny)
    return Principal(mean, (directions * np.sign(largest))[:most], np.sqrt(variance)[:most], share[:most])
