"""The colors of the ten classes: told apart by every eye, and from the colors that mean something else."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from vqedu.plots import COLORS, DIGIT_COLORS, TeachingFigure, scatter_codes, spread

# Machado, Oliveira and Fernandes 2009, severity 1; they act on linear RGB.
SIGHT = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
ON_A_MAP = ("encoder", "decoder", "prior", "warning")


def oklab(colors: list[str], sight: np.ndarray) -> np.ndarray:
    """Return colors as that sight sees them in OKLab (Ottosson 2020), where distance is difference to the eye."""
    rgb = np.array([to_rgb(color) for color in colors])
    linear = np.clip(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ sight.T, 0, 1)
    to_cones = [
        [0.41222147, 0.53633254, 0.05144599],
        [0.21190350, 0.68069955, 0.10739696],
        [0.08830246, 0.28171884, 0.62997870],
    ]
    to_lab = [
        [0.21045426, 0.79361779, -0.00407205],
        [1.97799850, -2.42859221, 0.45059371],
        [0.02590404, 0.78277177, -0.80867577],
    ]
    return np.cbrt(linear @ np.array(to_cones).T) @ np.array(to_lab).T


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_classes_look_alike(sight: str) -> None:
    seen = oklab(list(DIGIT_COLORS), SIGHT[sight])
    distance = np.linalg.norm(seen[:, None] - seen[None], axis=2) + np.eye(10)
    assert len(set(DIGIT_COLORS)) == 10
    assert distance.min() > 0.07  # the set before this one fell to 0.02


@pytest.mark.parametrize("sight", SIGHT)
def test_no_class_looks_like_a_mark_on_the_map(sight: str) -> None:
    seen, marks = (oklab(c, SIGHT[sight]) for c in (list(DIGIT_COLORS), [COLORS[name] for name in ON_A_MAP]))
    distance = np.linalg.norm(seen[:, None] - marks[None], axis=2)
    assert distance.min() > 0.06  # the set before this one fell to 0.004


def test_spread_parts_what_overlaps_and_leaves_the_rest() -> None:
    points = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [50.0, 50.0]])
    placed = spread(points, 10)
    distance = np.linalg.norm(placed[:, None] - placed[None], axis=2) + 1e9 * np.eye(4)
    assert distance.min() >= 10
    np.testing.assert_allclose(placed[3], points[3], atol=1e-3)
    assert np.abs(placed[:3] - points[:3]).max() < 15


def test_numerals_on_a_map_do_not_overlap() -> None:
    figure = TeachingFigure(5, 5, "map")
    axis = figure.subplots()
    axis.set(xlim=(-10, 10), ylim=(-10, 10))
    digits = np.repeat(np.arange(10), 20)
    codes = np.random.default_rng(0).normal(size=(200, 2)) * 0.3
    scatter_codes(axis, codes, digits)
    figure.canvas.draw()
    boxes = [text.get_bbox_patch().get_window_extent() for text in axis.texts]
    assert len(boxes) == 10
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
