"""Whole numbers within bounds: what is one, and what is told of what is not."""

from __future__ import annotations

import pytest

from vqedu import validate


@pytest.mark.parametrize("value", [0, 3, 3.0, 7])
def test_whole_numbers_within_their_bounds_come_back_as_ints(value: float) -> None:
    found = validate.whole(value, 0, 7, "seed")
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize("value", [-1, 8, 2.5, float("nan"), float("inf"), True, "3", None])
def test_others_are_named(value: object) -> None:
    with pytest.raises(ValueError, match="seed must be a whole number from 0 to 7, got "):
        validate.whole(value, 0, 7, "seed")  # type: ignore[arg-type]
