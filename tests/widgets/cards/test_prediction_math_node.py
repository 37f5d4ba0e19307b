"""The arithmetic of predictions in JavaScript: scales, sketches and numbers, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.page import node


def call(function: str, *given: Any) -> Any:
    return node.call("cards/prediction_math.js", function, *given)


@pytest.mark.parametrize(("low", "high", "log"), [(0, 50, False), (-3, 4, False), (1, 20000, True), (0.01, 100, True)])
def test_scales_and_steps_agree_with_numpy(low: float, high: float, log: bool) -> None:
    shares = np.linspace(0, 1, 11)
    there_and_back = """(given, shares) => {
        const scale = tested.scaleOf(given);
        return shares.map((p) => [scale.value(p), scale.share(scale.value(p))]);
    }"""
    got = np.array(call(there_and_back, {"low": low, "high": high, "log": log}, shares.tolist()))
    expected = np.geomspace(low, high, 11) if log else np.linspace(low, high, 11)
    np.testing.assert_allclose(got[:, 0], expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(got[:, 1], shares, atol=1e-9)


def test_a_slider_can_reach_every_step_and_both_ends() -> None:
    values, ends = call(
        """() => {
            const steps = tested.stepsOf({ low: 1, high: 20, step: 0.5 });
            const log = tested.stepsOf({ low: 0.0123, high: 975, log: true }); // both ends have more than two digits
            const all = Array.from({ length: steps.count + 1 }, (_, i) => i);
            const reached = all.map((i) => [steps.value(i), steps.nearest(steps.value(i)) - i]);
            return [reached, [log.value(0), log.value(log.count)]];
        }"""
    )
    np.testing.assert_allclose(np.array(values), [[1 + 0.5 * i, 0] for i in range(39)])
    assert ends == [0.0123, 975]


def test_the_line_through_points_agrees_with_numpy() -> None:
    points = [[0, 1], [0.2, 5], [0.7, -1], [1, 0]]
    x = np.concatenate([np.linspace(-0.2, 1.2, 57), [0, 0.2, 0.7, 1]])
    got = call("(points, x) => x.map(tested.lineThrough(points))", points, x.tolist())
    np.testing.assert_allclose(got, np.interp(x, *np.array(points).T), atol=1e-12)


def test_a_stroke_of_the_hand_leaves_the_rest_alone() -> None:
    long, short = call(
        """() => [
            tested.sketched(Array(11).fill(0), [0.8, 8], [0.4, 4]), tested.sketched([1, 2, 3], [0.5, 9], [0.5, 7]),
        ]"""
    )
    assert long == [0, 0, 0, 0, 4, 5, 6, 7, 8, 0, 0]
    assert short == [1, 7, 3]


def test_numbers_are_said_with_their_unit() -> None:
    said = {
        (20000, "draws"): "20,000\u00a0draws",
        (-1.8, ""): "\u22121.8",
        (15, "%"): "15%",
        (0.012345, ""): "0.01235",
        (0, ""): "0",
    }
    assert call("(all) => all.map((one) => tested.saidNumber(...one))", list(said)) == list(said.values())


def test_steps_are_round_on_a_linear_scale_and_have_two_digits_on_a_logarithmic_one() -> None:
    counts, values, nearest = call(
        """() => {
            const steps = tested.stepsOf({ low: 0, high: 1, step: 0.1 });
            const log = tested.stepsOf({ low: 1, high: 10000, log: true });
            const values = [...[3, -1, 12].map(steps.value), ...[50, 63].map(log.value)];
            const uneven = tested.stepsOf({ low: 0, high: 0.7, step: 0.1 }); // 0.7 / 0.1 is 6.999999999999999
            const nearest = [steps.nearest(0.34), ...[10, 1, 10000].map(log.nearest)];
            return [[steps.count, log.count, uneven.count], values, nearest];
        }"""
    )
    assert counts == [10, 200, 7]
    assert values == [0.3, 0, 1, 10, 18]  # 10 ** (4 * 63 / 200) = 18.2
    assert nearest == [3, 50, 0, 200]


def test_the_mean_distance_of_a_sketch_to_the_truth() -> None:
    distance = call("() => tested.meanDistance([3, 1, 1], (share) => 2 * share)")
    assert distance == pytest.approx((3 + 0 + 1) / 3)


def test_a_stroke_to_the_right_and_one_that_begins_between_two_columns() -> None:
    right, between = call(
        """() => [
            tested.sketched(Array(5).fill(0), [0.25, 1], [0.75, 3]),
            tested.sketched(Array(5).fill(9), [0.3, 2], [0.6, 4]),
        ]"""
    )
    assert right == [0, 1, 2, 3, 0]
    assert between == [9, 2, 4, 9, 9]


def test_how_near_a_guess_came() -> None:
    said = call("() => [0.019, 0.02, 0.079, 0.08, 0.249, 0.25].map(tested.nearness)")
    assert said == ["On the mark.", "Close.", "Close.", "Not far off.", "Not far off.", "Far off: worth remembering."]


def test_without_a_unit_a_number_is_said_alone() -> None:
    assert call("() => [tested.saidNumber(1234.5), tested.saidNumber(-0.0000004), tested.COLUMNS]") == [
        "1,235",
        "−0",
        49,
    ]
