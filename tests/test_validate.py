"""Whole numbers within bounds: what is one, and what is told of what is not."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from vqedu import validate


@pytest.mark.parametrize("value", [0, 3, 3.0, 7, np.int64(5), np.uint8(3), np.float32(2.0)])
def test_whole_numbers_within_their_bounds_come_back_as_ints(value: float) -> None:
    found = validate.whole(value, 0, 7, "seed")
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize("value", [-1, 8, 2.5, float("nan"), float("inf"), True, "3", None])
def test_others_are_named(value: object) -> None:
    with pytest.raises(ValueError, match="seed must be a whole number from 0 to 7, got "):
        validate.whole(value, 0, 7, "seed")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [np.int64(3), np.uint8(3), np.prod((1, 3)), 3])
def test_numpys_whole_numbers_are_whole_numbers(value: int) -> None:
    found = validate.positive_int(value, "epochs")
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.float16(0.5)])
def test_numpys_numbers_are_numbers(value: float) -> None:
    for check in (validate.fraction, validate.at_least_zero, validate.above_zero):
        found = check(value, "beta")
        assert (found, type(found)) == (0.5, float)


@pytest.mark.parametrize("value", [True, np.bool_(True), 3.0, np.float64(3), "3", None, Decimal(3), np.array([3])])
def test_other_things_are_no_whole_numbers(value: object) -> None:
    with pytest.raises(TypeError, match="epochs must be a whole number, got "):
        validate.positive_int(value, "epochs")  # type: ignore[arg-type]
