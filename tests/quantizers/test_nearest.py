"""Nearest-code search against brute force in float64, in tiles of bounded size."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vqedu.quantizers import nearest
from vqedu.quantizers.nearest import TILE, nearest_code


def brute_force(rows: Tensor, codebook: Tensor) -> Tensor:
    """The squared distance to every code in float64, and the first of the least."""
    distances = (rows[:, None].double() - codebook[None].double()).square().sum(2)
    return distances.min(1).indices


@settings(max_examples=100, deadline=None)
@given(n=st.integers(1, 300), d=st.integers(1, 70), k=st.integers(1, 300), seed=st.integers(0, 2**31))
def test_lookup_equals_brute_force_where_ties_are_many(n: int, d: int, k: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    # Small whole numbers: every distance is exact, ties and equal codes abound.
    codebook = torch.randint(-2, 3, (k, d), generator=generator).float()
    rows = torch.randint(-2, 3, (n, d), generator=generator).float()
    assert torch.equal(nearest_code(rows, codebook), brute_force(rows, codebook))


@settings(max_examples=100, deadline=None)
@given(n=st.integers(1, 300), d=st.integers(1, 70), k=st.integers(1, 300), seed=st.integers(0, 2**31))
def test_lookup_equals_brute_force_with_equal_codes(n: int, d: int, k: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    distinct = torch.randn(k, d, generator=generator, dtype=torch.float64)
    codebook = distinct[torch.randint(0, k, (k,), generator=generator)]  # about a third are copies
    rows = torch.randn(n, d, generator=generator, dtype=torch.float64)
    assert torch.equal(nearest_code(rows, codebook), brute_force(rows, codebook))


def test_equal_codes_go_to_the_lowest_index_whatever_the_product_rounds() -> None:
    # One row makes the product a matrix-vector product, which rounds equal columns differently.
    torch.manual_seed(0)
    for k in range(2, 120):
        codebook = torch.randn(1, 64).expand(k, 64)
        assert nearest_code(torch.randn(1, 64), codebook).tolist() == [0]


def test_a_far_offset_does_not_change_the_code() -> None:
    torch.manual_seed(0)
    rows, codebook = torch.randn(500, 8) + 1000, torch.randn(64, 8) + 1000
    assert torch.equal(nearest_code(rows, codebook), brute_force(rows, codebook))


def test_tiles_join_to_the_whole() -> None:
    torch.manual_seed(0)
    rows, codebook = torch.randn(700, 4), torch.randn(TILE // 256, 4)  # tiles of 256 rows
    assert torch.equal(nearest_code(rows, codebook), brute_force(rows, codebook))


def test_lookup_is_exact_under_autocast() -> None:
    torch.manual_seed(0)
    rows, codebook = torch.randn(300, 16), torch.randn(100, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        indices = nearest_code(rows, codebook)
    assert torch.equal(indices, brute_force(rows, codebook))


@pytest.mark.parametrize(("n", "k", "heights"), [(250, 10, [100, 100, 50]), (3, 2000, [1, 1, 1]), (7, 10, [7])])
def test_no_more_scores_are_held_than_a_tile_has_but_those_of_one_row(
    n: int, k: int, heights: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, product = [], torch.mm

    def remember(rows: torch.Tensor, weights: torch.Tensor, out: torch.Tensor) -> None:
        held.append(len(out))
        product(rows, weights, out=out)

    monkeypatch.setattr(nearest, "TILE", 1000)
    monkeypatch.setattr(torch, "mm", remember)
    torch.manual_seed(0)
    rows, codebook = torch.randn(n, 2), torch.randn(k, 2)
    indices = nearest_code(rows, codebook)
    assert held == heights
    assert torch.equal(indices, brute_force(rows, codebook))


def test_rows_that_carry_a_gradient_are_looked_up_as_others_are() -> None:
    rows, codebook = torch.tensor([[0.1, 0.9]], requires_grad=True), torch.eye(2, requires_grad=True)
    assert nearest_code(rows, codebook).tolist() == [1]
