"""What the latent explorer knows of codes: spacing, a map, two ends of a walk."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vqedu.widgets.principal import Principal


class Spacing(NamedTuple):
    """Distances from a code to its nearest other code: the median, and what 99% of them stay below."""

    median: float
    reach: float


class Plane(NamedTuple):
    """The map: places = axes @ (z - origin), and the rectangle from `low` to `high` that is shown."""

    axes: np.ndarray  # (min(D, 2), D), orthonormal
    origin: np.ndarray  # (D,)
    places: np.ndarray  # (N, 2)
    low: np.ndarray  # (2,)
    high: np.ndarray  # (2,)


def spacing(codes: np.ndarray) -> Spacing:
    """Return how far the codes (N, D), N >= 2, lie from their nearest other code."""
    squares = (codes**2).sum(1)
    distances = squares[:, None] + squares[None] - 2 * codes @ codes.T  # (N, N)
    np.fill_diagonal(distances, np.inf)
    nearest = np.sqrt(np.maximum(distances.min(1), 0))
    # Codes that all coincide still need a unit of length.
    least = 1e-6 * (1 + np.sqrt(squares.max()))
    return Spacing(max(float(np.median(nearest)), least), max(float(np.quantile(nearest, 0.99)), least))


def plane(codes: np.ndarray, labels: np.ndarray, directions: Principal) -> Plane:
    """Return the map of codes (N, D): 2-D codes as they are, higher ones along two principal directions.

    A 1-D code lies along u; v is then the label, the dots of a class spread a little.
    The rectangle holds 98% of the places in each coordinate and the disc of radius 2 around z = 0.
    """
    dim = codes.shape[1]
    flat = dim <= 2
    axes = np.eye(dim) if flat else directions.directions[:2]
    origin = np.zeros(dim) if flat else directions.mean
    places = (codes - origin) @ axes.T
    zero = -origin @ axes.T
    if dim == 1:
        spread = (np.arange(len(codes)) * 0.618) % 1 - 0.5  # the golden ratio spreads evenly
        places = np.column_stack([places[:, 0], labels + 0.6 * spread])
        zero = np.array([zero[0], labels.mean()])
    low = np.minimum(np.quantile(places, 0.01, axis=0), zero - 2)
    high = np.maximum(np.quantile(places, 0.99, axis=0), zero + 2)
    margin = 0.05 * (high - low)
    return Plane(axes, origin, places, low - margin, high + margin)


def class_places(places: np.ndarray, labels: np.ndarray) -> list[tuple[int, float, float]]:
    """Return (label, u, v) for each class: the median of its places (N, 2)."""
    classes = [int(label) for label in np.unique(labels)]
    medians = [np.median(places[labels == label], axis=0) for label in classes]
    return [(label, float(u), float(v)) for label, (u, v) in zip(classes, medians, strict=True)]


def walk_ends(codes: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """Return two digits of different classes, far apart: each nearest to the median code of its class.

    With a single class they are the digit nearest to the median and the one farthest from it.
    """
    medians = {label: np.median(codes[labels == label], axis=0) for label in np.unique(labels)}
    middles = [int(_distances(codes, medians[label], labels == label).argmin()) for label in medians]
    if len(middles) == 1:
        return middles[0], int(np.linalg.norm(codes - codes[middles[0]], axis=1).argmax())
    between = np.linalg.norm(codes[middles][:, None] - codes[middles][None], axis=2)
    first, second = np.unravel_index(between.argmax(), between.shape)
    return middles[int(first)], middles[int(second)]


def _distances(codes: np.ndarray, point: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    return np.where(allowed, np.linalg.norm(codes - point, axis=1), np.inf)
