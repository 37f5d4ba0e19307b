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
            const log = tested.stepsOf({ low: 0.01, high: 97, log: true });
            const all = Array.from({ length: steps.count + 1 }, (_, i) => i);
            const reached = all.map((i) => [steps.value(i), steps.nearest(steps.value(i)) - i]);
            return [reached, [log.value(0), log.value(log.count)]];
        }"""
    )
    np.testing.assert_allclose(np.array(values), [[1 + 0.5 * i, 0] for i in range(39)])
    assert ends == [0.01, 97]


def test_the_line_through_points_agrees_with_numpy() -> None:
    points = [[0, 1], [0.2, 5], [0.7, -1], [1, 0]]
    x = np.linspace(-0.2, 1.2, 57)
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
