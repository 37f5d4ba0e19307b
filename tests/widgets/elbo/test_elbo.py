"""The ELBO explorer's Python side: which states it takes."""

from __future__ import annotations

from typing import Any

import pytest

from vqedu.widgets import ElboExplorer


def test_a_part_of_the_state_leaves_the_rest_as_it_is() -> None:
    explorer = ElboExplorer("curved", x=2, line=3)
    explorer.state = {"mu": 1}
    assert explorer.state == {"decoder": "curved", "x": 2.0, "mu": 1.0, "sigma": 1.0, "line": 3}
    assert isinstance(explorer.state["mu"], float)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"mean": 1.0}, "There is no part of the state 'mean'"),
        ({"decoder": "linaer"}, "Did you mean 'linear'"),
        ({"x": 4.5}, r"x must lie in \[-2, 4\], got 4.5"),
        ({"mu": float("nan")}, r"mu must lie in \[-4, 4\], got nan"),
        ({"sigma": 0.0}, r"sigma must lie in \[0.05, 4\], got 0.0"),
        ({"sigma": "wide"}, "sigma must be a number, got 'wide'"),
        ({"line": 6}, "line must be from 1 to 5, got 6"),
        ({"line": 1.5}, "line must be a whole number, got 1.5"),
    ],
)
def test_a_wrong_state_is_refused_in_a_sentence_and_changes_nothing(state: dict[str, Any], sentence: str) -> None:
    explorer = ElboExplorer()
    before = explorer.state
    with pytest.raises((TypeError, ValueError), match=sentence):
        explorer.state = state
    assert explorer.state == before


def test_a_wrong_argument_is_refused_as_well() -> None:
    with pytest.raises(ValueError, match=r"mu must lie in \[-4, 4\], got 7"):
        ElboExplorer(mu=7)
