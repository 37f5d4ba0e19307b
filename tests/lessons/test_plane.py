"""Points, codes and cells in the plane against brute force, and the Python side of their explorer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vqedu import metrics
from vqedu.lessons import plane
from vqedu.plots import plane as plane_plots
from vqedu.plots.plane import LIMIT, cells
from vqedu.quantizers import VectorQuantizer
from vqedu.widgets import QuantizationExplorer
from vqedu.widgets.base import WIDGET_VIEW

coordinates = st.tuples(*[st.integers(-40, 40).map(lambda v: v / 10)] * 2)


@pytest.mark.parametrize("name", plane.DATA_SETS)
def test_points_repeat_for_a_seed_and_stay_on_the_board(name: str) -> None:
    rows = plane.points(name, 20_000, seed=3)
    assert rows.shape == (20_000, 2)
    assert torch.equal(rows, plane.points(name, 20_000, seed=3))
    assert not torch.equal(rows, plane.points(name, 20_000, seed=4))
    assert rows.abs().max() < LIMIT


def test_each_start_lies_where_it_says() -> None:
    rows = plane.points("kinds")
    codes = plane.start_codes(rows, 16)
    assert (codes[:, None] == rows[None]).all(2).any(1).all()
    assert len(torch.unique(codes, dim=0)) == 16
    far = torch.cat([plane.start_codes(rows, 16, "wide", seed) for seed in range(100)])
    assert far.std().item() == pytest.approx(10, rel=0.05)


def test_measure_agrees_with_the_quantizer_and_with_counting_by_hand() -> None:
    rows, codes = plane.points("kinds").double(), plane.start_codes(plane.points("kinds"), 5).double()
    vq = VectorQuantizer(5, 2, "gradient", start="uniform", revive_after=None).double()
    vq.set_codebook(codes)
    out, measured = vq(rows), metrics.measure(rows, codes)
    assert torch.equal(measured.indices, out.indices)
    assert measured.loss == pytest.approx(out.codebook_loss.item(), rel=1e-12)
    assert measured.counts.tolist() == [int((out.indices == k).sum()) for k in range(5)]
    shares = [count / 240 for count in measured.counts.tolist()]
    assert measured.perplexity == pytest.approx(math.exp(-sum(s * math.log(s) for s in shares if s)))
    assert measured.used == sum(s > 0 for s in shares)


def inside(point: np.ndarray, polygon: np.ndarray) -> bool:
    """Whether a convex polygon, its corners counterclockwise, holds a point."""
    edges, spokes = np.roll(polygon, -1, axis=0) - polygon, point - polygon
    return bool((edges[:, 0] * spokes[:, 1] - edges[:, 1] * spokes[:, 0] >= -1e-9).all())


def area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(coordinates, min_size=1, max_size=9))
def test_cells_tile_the_square_and_hold_the_points_nearest_to_their_code(codes: list[tuple[float, float]]) -> None:
    array = np.array(codes)
    polygons = cells(array)
    assert sum(area(cell) for cell in polygons if len(cell)) == pytest.approx((2 * LIMIT) ** 2, rel=1e-6)
    for point in np.random.default_rng(0).uniform(-LIMIT, LIMIT, (20, 2)):
        nearest = int(np.argmin(((array - point) ** 2).sum(1)))
        assert inside(point, polygons[nearest])


def test_of_equal_codes_the_first_has_the_cell() -> None:
    polygons = cells(np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]))
    assert [len(cell) > 0 for cell in polygons] == [True, True, False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": "rings"}, "There is no data set 'rings'. Did you mean 'ring'"),
        ({"codebook_size": 17}, "at most 16, got 17"),
        ({"codebook_size": 0}, "at least 1, got 0"),
        ({"start": "far"}, "There is no start 'far'"),
        ({"decay": 1.0}, r"decay must lie in \[0, 0.99\], got 1.0"),
        ({"learning_rate": 0.0}, "learning_rate must lie in"),
    ],
)
def test_the_explorer_says_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        QuantizationExplorer(**arguments)  # type: ignore[arg-type]


def test_more_codes_than_points_cannot_begin_on_points() -> None:
    with pytest.raises(ValueError, match="at most the number of points, 3, got 4"):
        plane.start_codes(torch.zeros(3, 2), 4)


@pytest.mark.parametrize(
    "arguments", [{}, {"start": "wide", "codebook_size": 16}, {"data": "ring", "codebook_size": 1}]
)
def test_the_explorers_display_is_stable_and_whole(arguments: dict[str, object]) -> None:
    data, _ = QuantizationExplorer(**arguments)._repr_mimebundle_()  # type: ignore[arg-type]
    assert data["text/plain"] == QuantizationExplorer.summary
    assert WIDGET_VIEW in data


def test_figures_can_be_drawn_with_codes_far_away_and_without_points() -> None:
    rows, codes = plane.points("ring").numpy(), np.array([[0.0, 0.0], [50.0, -3.0]])
    indices = np.zeros(len(rows), dtype=np.int64)
    figure = plane_plots.codebooks(rows, {"a": (codes, indices), "b": (codes[:1], indices)}, "A finding")
    assert figure.png().startswith(b"\x89PNG")
    arrows = plane_plots.straight_through(rows, codes, indices, codes, codes[indices], "A finding")
    assert arrows.png().startswith(b"\x89PNG")
