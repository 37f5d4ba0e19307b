"""What the 2-D quantization explorer shows of a state, and what a hand does to it: in Node, without a page."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tests.page import node
from vqedu import metrics
from vqedu.plots.plane import LIMIT
from vqedu.widgets.quantization import quantization as explorer

MODULES = ("quantization/view.js", "quantization/math.js")
POINTS = [[0.0, 0.0], [0.0, 5.0], [7.0, 0.0], [3.0, 3.0], [1.0, 2.0]]  # some share a coordinate


def call(function: str, *given: Any) -> Any:
    return node.call(MODULES, function, *given)


def state(codes: list[list[float]], **changes: Any) -> dict[str, Any]:
    sums = [[2 * x, 2 * y] for x, y in codes]
    usual = {"data": "some", "codes": codes, "counts": [2.0] * len(codes), "sums": sums}
    more = {"losses": [], "decay": 0.9, "rate": 0.5, "arrows": False, "target": [1.2, -0.4], "selected": 0, "seed": 4}
    return {**usual, **more, **changes}


def free(seed: int, codes: list[list[float]]) -> list[list[float]]:
    """The points on which no code lies, in the order of the seed."""
    order = call("(seed, n) => tested.shuffled(seed, n)", seed, len(POINTS))
    return [POINTS[i] for i in order if POINTS[i] not in codes]


def after(begun: dict[str, Any], *moves: str, wide: float = 0.5) -> dict[str, Any]:
    """The state after these calls of the hand."""
    script = f"""(points, state, wide) => {{
        const see = tested.viewer({{ some: points, other: [] }});
        const hand = tested.codesHand(() => state, see, (patch) => {{ state = {{ ...state, ...patch }}; }}, wide);
        {"; ".join(f"hand.{move}" for move in moves)};
        return hand.state();
    }}"""
    found: dict[str, Any] = call(script, POINTS, begun, wide)
    return found


def test_limits_are_those_of_python() -> None:
    limits = call("() => [tested.BOARD_LIMIT, tested.MOST_CODES, Object.keys(tested.METHODS)]")
    assert limits == [LIMIT, explorer.MOST_CODES, list(explorer.METHODS)]
    places = [[3.2, -3.2], [-3.2, 3.2], [3.21, 0], [-3.21, 0], [0, 3.21], [0, -3.21]]
    assert call("(places) => places.map(tested.onBoard)", places) == [True] * 2 + [False] * 4


def test_a_state_shows_what_its_codes_are_worth_and_how_the_loss_went() -> None:
    codes = [[0.0, 1.0], [4.0, 3.0]]
    view = call("(points, state) => tested.viewer({ some: points })(state)", POINTS, state(codes, losses=[9.0, 8.0]))
    expected = metrics.measure(torch.tensor(POINTS), torch.tensor(codes))
    assert view["points"] == POINTS
    assert view["indices"] == expected.indices.tolist()
    assert view["counts"] == expected.counts.tolist()
    assert view["curve"] == [9, 8, pytest.approx(expected.loss)]


FAR, NEAR = [[0.0, 0.0], [3.0, 4.0]], [[9e-5, 0.0], [3.0, 4.00009]]
AT_MEANS = "Every code is at the mean of its points: no step moves it"
EACH = "Each point takes the nearest of 2 codes"


@pytest.mark.parametrize(
    ("codes", "used", "arrows", "expected"),
    [
        (FAR, 2, False, AT_MEANS),
        (NEAR, 2, False, AT_MEANS),
        ([[1e-4, 0.0], [3.0, 4.0]], 2, False, EACH),
        ([[0.0, 0.0], [3.0, 4.0002]], 2, False, EACH),
        ([[0.0, 0.0], [-3.0, 4.0]], 2, False, EACH),
        ([[1.0, 0.0]], 1, False, "One code for all points"),
        (FAR, 1, False, "1 code has no points: no average and no gradient reaches it"),
        ([*FAR, [1.0, 1.0]], 1, False, "2 of 3 codes have no points: no average and no gradient reaches them"),
        (FAR, 1, True, "Straight-through: the gradient at a code is copied to every point that chose it"),
    ],
)
def test_the_headline(codes: list[list[float]], used: int, arrows: bool, expected: str) -> None:
    view = {"state": {"codes": codes, "arrows": arrows}, "counts": [2, 3, 1], "sums": [[0, 0], [9, 12], [0, 0]]}
    assert call("(view) => tested.headline(view)", {**view, "used": used}) == expected


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("target", "Target t at (1.20, −0.40); L = ½|z_q − t|²"),
        (0, "Code 0 at (1.00, −2.50): 1 point (33%)"),
        (1, "Code 1, off the board: 2 points (67%)"),
        (2, "Code 2 at (0.00, 0.00): 0 points (0%)"),
    ],
)
def test_the_selected_code_in_words(selected: Any, expected: str) -> None:
    codes = [[1.0, -2.5], [0.0, 3.3], [0.0, 0.0]]
    view = {"state": state(codes, selected=selected), "counts": [1, 2, 0], "indices": [0, 1, 1]}
    assert call("(view) => tested.selectedWords(view)", view) == expected
    spoken = call("(view) => tested.spoken(view)", {**view, "sums": [], "used": 2, "loss": 0.12345})
    head = "1 code has no points: no average and no gradient reaches it"
    assert spoken == f"{head}. {expected}. Mean squared distance 0.123."


def test_codes_without_points_come_onto_points_where_no_code_is() -> None:
    codes = [[0.0, 0.0], [90.0, 3.0], [80.0, 80.0]]
    revived = after(state(codes), "revive()")
    places = free(4, codes)
    assert len(places) == 4
    assert revived["codes"] == [[0, 0], places[1], places[2]]
    assert revived["counts"] == [2, 1, 1]
    assert revived["sums"] == [[0, 0], places[1], places[2]]
    assert revived["seed"] == 5  # other places the next time
    alive = state([[0.0, 0.0], [3.0, 3.0]])
    assert after(alive, "revive()") == alive


def test_another_number_of_codes_keeps_the_first_ones() -> None:
    codes = [[0.0, 0.0], [3.0, 3.0]]
    begun = state(codes, counts=[0.0, 7.0], sums=[[0.0, 0.5], [1.0, 2.0]], losses=[3.0], selected=1)
    more = after(begun, "resize(4)")
    places = free(4, codes)
    assert more["codes"] == [*codes, *places[:2]]
    assert more["counts"] == [0, 7, 1, 1]
    assert more["sums"] == [[0, 0.5], [1, 2], *places[:2]]
    assert (more["selected"], more["seed"], more["losses"]) == (1, 5, [])
    fewer = after(begun, "resize(1)")
    assert (fewer["codes"], fewer["counts"], fewer["sums"]) == ([[0, 0]], [0], [[0, 0.5]])
    assert (fewer["selected"], fewer["seed"], fewer["losses"]) == (0, 4, [])
    assert after(begun, "resize(2)")["seed"] == 4
    assert after({**begun, "selected": "target"}, "resize(1)")["selected"] == "target"


def test_a_point_is_free_unless_a_code_lies_just_on_it() -> None:
    codes = [[0.0, 0.0], [90.0, 3.0]]
    all_free = after(state(codes), "resize(6)")["codes"][2:]
    assert sorted(all_free) == sorted([[0, 5], [7, 0], [3, 3], [1, 2]])


def test_sixteen_codes_find_a_place_beside_one() -> None:
    points = [[float(number), 0.0] for number in range(20)]
    script = "(points, state) => tested.resized({ state, points }, 16).codes"
    codes = call(script, points, state([[0.0, 0.0]]))
    assert len({tuple(code) for code in codes}) == 16


def test_a_step_moves_the_codes_by_its_method_and_lengthens_the_curve() -> None:
    codes = [[0.0, 1.0], [4.0, 3.0]]
    loss = metrics.measure(torch.tensor(POINTS), torch.tensor(codes)).loss
    begun = state(codes, losses=[float(number) for number in range(250)])
    for method, name in (("kmeans", "kmeansStep"), ("ema", "emaStep"), ("gradient", "gradientStep")):
        stepped = after(begun, f'step("{method}")')
        book = call(f"(points, state) => tested.{name}(points, state, state)", POINTS, begun)
        assert {part: stepped[part] for part in book} == book
        assert stepped["codes"] != codes
        assert stepped["method"] == method
        assert stepped["losses"] == [*range(52, 250), pytest.approx(loss)]  # with the next one 200
    assert after(state(codes, losses=[5.0]), 'step("kmeans")')["losses"] == [5, pytest.approx(loss)]


def test_a_hand_selects_and_moves_a_code_or_the_target() -> None:
    begun = state([[0.0, 1.0], [4.0, 3.0]])
    moved = after(begun, "select(1)", "moveTo([1.5, 2.5])")
    assert (moved["selected"], moved["codes"]) == (1, [[0, 1], [1.5, 2.5]])
    assert (moved["counts"], moved["sums"]) == ([2, 1], [[0, 2], [1.5, 2.5]])
    assert moved["target"] == [1.2, -0.4]
    aimed = after(begun, 'select("target")', "moveTo([1.5, 2.5])")
    assert (aimed["target"], aimed["codes"]) == ([1.5, 2.5], begun["codes"])
    assert after(begun, "set({ rate: 0.1 })")["rate"] == 0.1


def test_a_code_that_is_killed_lies_far_away_in_a_direction_of_its_own() -> None:
    begun = state([[0.0, 1.0], [4.0, 3.0]], selected=1)
    killed = after(begun, "kill()", wide=2.0)
    assert killed["codes"] == [[0, 1], pytest.approx([6 * math.cos(1), 6 * math.sin(1)])]
    aiming = {**begun, "selected": "target"}
    assert after(aiming, "kill()") == aiming


def test_arrows_come_and_go_and_take_the_target_with_them() -> None:
    begun = state([[0.0, 1.0], [4.0, 3.0]], selected=1)
    shown = after(begun, "toggleArrows()")
    assert (shown["arrows"], shown["selected"]) == (True, 1)
    hidden = after({**shown, "selected": "target"}, "toggleArrows()")
    assert (hidden["arrows"], hidden["selected"]) == (False, 0)


def test_codes_start_on_points_or_far_apart_with_a_new_curve() -> None:
    codes = [[0.0, 0.0], [4.0, 3.0]]
    begun = state(codes, losses=[3.0])
    near = after(begun, "startOnPoints()")
    assert near["codes"] == free(4, codes)[:2]
    far = after(begun, "startWide()", wide=2.0)
    assert far["codes"] == call("() => tested.wideCodes(4, 2, 2)")
    for started in (near, far):
        assert (started["counts"], started["sums"]) == ([1, 1], started["codes"])
        assert (started["seed"], started["losses"]) == (5, [])
