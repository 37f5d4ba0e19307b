"""The arithmetic of predictions in the page: scales, sketches and numbers, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.page import exported

pytestmark = pytest.mark.browser


@pytest.fixture
def arithmetic(page: Page) -> Page:
    exported.load_module(page, "cards/prediction_math.js")
    return page


def test_scales_and_steps_agree_with_numpy(arithmetic: Page) -> None:
    shares = np.linspace(0, 1, 11)
    for low, high, log in ((0, 50, False), (-3, 4, False), (1, 20000, True), (0.01, 100, True)):
        got = arithmetic.evaluate(
            """([low, high, log, shares]) => {
                const scale = tested.scaleOf({ low, high, log });
                return shares.map((p) => [scale.value(p), scale.share(scale.value(p))]);
            }""",
            [low, high, log, shares.tolist()],
        )
        expected = np.geomspace(low, high, 11) if log else np.linspace(low, high, 11)
        np.testing.assert_allclose(np.array(got)[:, 0], expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(np.array(got)[:, 1], shares, atol=1e-9)


def test_a_slider_can_reach_every_step_and_both_ends(arithmetic: Page) -> None:
    values = arithmetic.evaluate(
        """() => {
            const steps = tested.stepsOf({ low: 1, high: 20, step: 0.5 });
            const all = Array.from({ length: steps.count + 1 }, (_, i) => i);
            return all.map((i) => [steps.value(i), steps.nearest(steps.value(i)) - i]);
        }"""
    )
    np.testing.assert_allclose(np.array(values), [[1 + 0.5 * i, 0] for i in range(39)])
    ends = arithmetic.evaluate(
        "() => { const s = tested.stepsOf({ low: 0.01, high: 97, log: true }); return [s.value(0), s.value(s.count)]; }"
    )
    assert ends == [0.01, 97]


def test_the_line_through_points_agrees_with_numpy(arithmetic: Page) -> None:
    points = [[0, 1], [0.2, 5], [0.7, -1], [1, 0]]
    x = np.linspace(-0.2, 1.2, 57)
    got = arithmetic.evaluate("([points, x]) => x.map(tested.lineThrough(points))", [points, x.tolist()])
    np.testing.assert_allclose(got, np.interp(x, *np.array(points).T), atol=1e-12)


def test_a_stroke_of_the_hand_leaves_the_rest_alone(arithmetic: Page) -> None:
    got = arithmetic.evaluate("() => tested.sketched(Array(11).fill(0), [0.8, 8], [0.4, 4])")
    assert got == [0, 0, 0, 0, 4, 5, 6, 7, 8, 0, 0]
    assert arithmetic.evaluate("() => tested.sketched([1, 2, 3], [0.5, 9], [0.5, 7])") == [1, 7, 3]


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (20000, "draws", "20,000\u00a0draws"),
        (-1.8, "", "\u22121.8"),
        (15, "%", "15%"),
        (0.012345, "", "0.01235"),
        (0, "", "0"),
    ],
)
def test_numbers_are_said_with_their_unit(arithmetic: Page, value: float, unit: str, said: str) -> None:
    assert arithmetic.evaluate("([value, unit]) => tested.saidNumber(value, unit)", [value, unit]) == said
