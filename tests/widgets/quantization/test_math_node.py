"""The arithmetic of the 2-D quantization explorer in JavaScript: its steps against VectorQuantizer's, and its cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.page import mulberry, node
from vqedu import metrics
from vqedu.lessons import plane
from vqedu.plots.plane import LIMIT, cells
from vqedu.quantizers import VectorQuantizer, kmeans

MODULE = "quantization/math.js"
CASES = [("kinds", 6, "data"), ("ring", 16, "data"), ("uniform", 1, "data"), ("kinds", 8, "wide")]
each_case = pytest.mark.parametrize("case", CASES)


def begin(data: str, size: int, start: Any) -> tuple[Tensor, Tensor]:
    """Points and codes as the page has them: float32 numbers in float64."""
    rows = plane.points(data)
    return rows.double(), plane.start_codes(rows, size, start).double()


def quantizer(codes: Tensor, **settings: Any) -> VectorQuantizer:
    vq = VectorQuantizer(len(codes), 2, start="uniform", revive_after=None, **settings).double()
    vq.set_codebook(codes)
    return vq


def steps_in_node(step: str, rows: Tensor, codes: Tensor, options: dict[str, float]) -> Tensor:
    """The codes after each of five steps: (5, K, 2)."""
    five = """(step, rows, codes, options) => {
        let book = tested.freshBook(codes);
        return [1, 2, 3, 4, 5].map(() => (book = tested[step](rows, book, options)).codes);
    }"""
    found = node.call(MODULE, five, step, rows.tolist(), codes.tolist(), options)
    return torch.tensor(found, dtype=torch.float64)


@each_case
def test_k_means_steps_agree_with_python(case: tuple[str, int, str]) -> None:
    rows, codes = begin(*case)
    for found in steps_in_node("kmeansStep", rows, codes, {}):
        codes, _ = kmeans.step(rows, codes)
        torch.testing.assert_close(found, codes, atol=1e-9, rtol=0)


@each_case
@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_ema_steps_agree_with_python(decay: float, case: tuple[str, int, str]) -> None:
    rows, codes = begin(*case)
    vq = quantizer(codes, update="ema", decay=decay)
    for found in steps_in_node("emaStep", rows, codes, {"decay": decay}):
        vq(rows)
        torch.testing.assert_close(found, vq.codebook, atol=1e-6, rtol=0)


@each_case
@pytest.mark.parametrize("rate", [0.05, 1.0])
def test_gradient_steps_agree_with_python(rate: float, case: tuple[str, int, str]) -> None:
    rows, codes = begin(*case)
    vq = quantizer(codes, update="gradient")
    optimizer = torch.optim.SGD(vq.parameters(), lr=rate)
    for found in steps_in_node("gradientStep", rows, codes, {"rate": rate}):
        optimizer.zero_grad()
        vq(rows).codebook_loss.backward()
        optimizer.step()
        torch.testing.assert_close(found, vq.codebook.data, atol=1e-6, rtol=0)


def test_cells_and_measures_agree_with_python() -> None:
    rows = plane.points("uniform").double()
    codes = torch.cat([plane.start_codes(rows, 9), rows.new_tensor([[9.0, -4.0]])])
    both = "(rows, codes, limit) => [tested.voronoiCells(codes, limit), tested.measureCodes(rows, codes)]"
    polygons, measured = node.call(MODULE, both, rows.tolist(), codes.tolist(), LIMIT)
    for found, expected in zip(polygons, cells(codes.numpy()), strict=True):
        np.testing.assert_allclose(np.array(found).reshape(-1, 2), expected, atol=1e-9)
    python = metrics.measure(rows, codes)
    assert measured["indices"] == python.indices.tolist()
    assert measured["counts"] == python.counts.tolist()
    assert (measured["loss"], measured["perplexity"]) == pytest.approx((python.loss, python.perplexity), rel=1e-6)


def test_of_equal_codes_the_first_has_the_points_and_the_cell() -> None:
    occupied, counts = node.call(
        MODULE,
        """() => { const codes = [[1, 1], [0, 0], [1, 1]], points = [[2, 2], [0.9, 1], [0, -1]];
            const cells = tested.voronoiCells(codes, 3).map((cell) => cell.length > 0);
            return [cells, tested.measureCodes(points, codes).counts]; }""",
    )
    assert occupied == [True, True, False]
    assert counts == [2, 1, 0]


def test_the_toy_gradient_is_torchs() -> None:
    code, target = torch.tensor([0.3, -1.2], dtype=torch.float64, requires_grad=True), torch.tensor([1.2, -0.4])
    ((code - target).square().sum() / 2).backward()
    found = node.call(MODULE, "(a, b) => tested.toyGradient(a, b)", code.tolist(), target.double().tolist())
    assert code.grad is not None
    assert found == pytest.approx(code.grad.tolist())


def test_a_book_by_hand() -> None:
    fresh, placed, measured = node.call(
        MODULE,
        """() => {
            const book = tested.freshBook([[1, 2], [3, 4]]);
            const later = { codes: book.codes, counts: [5, 6], sums: [[7, 8], [9, 10]] };
            const points = [[0, 0], [2, 0], [10, 0]];
            return [book, tested.placeCode(later, 1, [0, -1]), tested.measureCodes(points, [[1, 0], [10, 1], [50, 0]])];
        }""",
    )
    assert fresh == {"codes": [[1, 2], [3, 4]], "counts": [1, 1], "sums": [[1, 2], [3, 4]]}
    assert placed == {"codes": [[1, 2], [0, -1]], "counts": [5, 1], "sums": [[7, 8], [0, -1]]}
    assert measured["sums"] == [[2, 0], [10, 0], [0, 0]]
    assert (measured["loss"], measured["used"]) == (pytest.approx(1), 2)
    assert measured["perplexity"] == pytest.approx(np.exp(-2 / 3 * np.log(2 / 3) - 1 / 3 * np.log(1 / 3)))


def test_random_orders_and_codes_are_those_of_their_seed() -> None:
    both = "(seed) => [tested.shuffled(seed, 9), tested.wideCodes(seed, 4, 2.5)]"
    order, codes = node.call(MODULE, both, 3)
    assert order == np.argsort(mulberry.normals(3, 9)).tolist()
    np.testing.assert_allclose(codes, 2.5 * mulberry.normals(3, 8).reshape(4, 2), rtol=1e-12)


def test_cells_of_codes_on_a_grid_are_its_squares() -> None:
    grid = [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]
    polygons = node.call(MODULE, "(codes) => tested.voronoiCells(codes, 2)", grid)
    for found, (x, y) in zip(polygons, grid, strict=True):
        assert {tuple(corner) for corner in found} == {(a, b) for a in (0, 2 * x) for b in (0, 2 * y)}


@pytest.mark.parametrize("codes", [[[0.0, 0.0], [4.0, 4.0]], [[-1.0, -1.0], [1.0, 1.0]], [[0.0, 0.0], [4.0, 0.0]]])
def test_a_border_through_a_corner_cuts_nothing_off(codes: list[list[float]]) -> None:
    polygons = node.call(MODULE, "(codes) => tested.voronoiCells(codes, 2)", codes)
    for found, expected in zip(polygons, cells(np.array(codes), 2.0), strict=True):
        np.testing.assert_array_equal(np.array(found).reshape(-1, 2), expected)
    corners = {(-2, -2), (2, -2), (-2, 2)} | ({(2, 2)} if codes[0] == [0, 0] else set())
    assert {tuple(corner) for corner in polygons[0]} == corners
