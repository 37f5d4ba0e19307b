"""The reparameterization explorer's Python side: which states it takes."""

from __future__ import annotations

from typing import Any

import pytest

from vqedu.widgets import ReparameterizationExplorer


def test_a_part_of_the_state_leaves_the_rest_as_it_is() -> None:
    explorer = ReparameterizationExplorer("sine", sigma=0.5)
    explorer.state = {"mu": 1, "seed": 2}
    assert explorer.state == {"f": "sine", "mu": 1.0, "sigma": 0.5, "n": 16, "baseline": False, "seed": 2}
    assert isinstance(explorer.state["mu"], float)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"epsilon": 1.0}, "There is no part of the state 'epsilon'"),
        ({"f": "squared"}, "Did you mean 'square'"),
        ({"mu": 3.5}, r"mu must lie in \[-3, 3\], got 3.5"),
        ({"sigma": None}, "sigma must be a number, got None"),
        ({"n": 5}, "n must be one of 1, 4, 16, 64, 256, got 5"),
        ({"seed": 0}, "seed must be at least 1, got 0"),
    ],
)
def test_a_wrong_state_is_refused_in_a_sentence_and_changes_nothing(state: dict[str, Any], sentence: str) -> None:
    explorer = ReparameterizationExplorer()
    before = explorer.state
    with pytest.raises((TypeError, ValueError), match=sentence):
        explorer.state = state
    assert explorer.state == before
