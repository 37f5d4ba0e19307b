"""The state of the quantization explorer, as Python may set it."""

from __future__ import annotations

from typing import Any

import pytest

from vqedu.widgets import QuantizationExplorer


@pytest.fixture
def explorer() -> QuantizationExplorer:
    return QuantizationExplorer("ring", codebook_size=3, start="wide")


def test_a_part_of_the_state_keeps_the_rest(explorer: QuantizationExplorer) -> None:
    first = explorer.state
    explorer.state = {"method": "ema", "decay": 0.5, "selected": "target", "losses": [3, 2]}
    assert explorer.state == {**first, "method": "ema", "decay": 0.5, "selected": "target", "losses": [3.0, 2.0]}


def test_codes_alone_are_a_new_start(explorer: QuantizationExplorer) -> None:
    explorer.state = {"selected": 2, "losses": [3.0], "counts": [4, 5, 6]}
    explorer.state = {"codes": [[0, 1], [2, 3]]}
    codes = [[0.0, 1.0], [2.0, 3.0]]
    begun = {"codes": codes, "counts": [1.0, 1.0], "sums": codes, "selected": 0, "losses": []}
    assert {name: explorer.state[name] for name in begun} == begun
    assert explorer.state["data"] == "ring"


def test_other_data_begin_the_losses_anew_and_keep_the_codes(explorer: QuantizationExplorer) -> None:
    explorer.state = {"losses": [3.0], "counts": [4, 5, 6]}
    explorer.state = {"data": "kinds"}
    assert (explorer.state["losses"], explorer.state["counts"]) == ([], [4.0, 5.0, 6.0])


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"data": "rings"}, "data set 'rings'"),
        ({"code": 1}, "part of the state 'code'"),
        ({"codes": []}, "codes must be 1 to 16 pairs"),
        ({"codes": [[0, 1, 2]]}, "a code must be a list of 2 finite numbers"),
        ({"codes": [[0, float("nan")]]}, "a code must be a list of 2 finite numbers"),
        ({"counts": [1, 1]}, "counts must be a list of 3 finite numbers"),
        ({"sums": [[0, 1]]}, "sums must be a list of 3 pairs"),
        ({"decay": 1}, "decay must lie"),
        ({"rate": 0}, "rate must lie"),
        ({"method": "adam"}, "method 'adam'"),
        ({"target": 1}, "target must be a list of 2"),
        ({"selected": 3}, "selected must be"),
        ({"selected": "code"}, "selected must be"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_a_wrong_state_is_refused_and_the_old_one_stays(
    explorer: QuantizationExplorer, part: dict[str, Any], words: str
) -> None:
    first = explorer.state
    with pytest.raises(ValueError, match=words):
        explorer.state = part
    assert explorer.state == first
