"""Maps of codes, and the map of the course: every code in its place, and nothing clipped."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Rectangle

from vqedu import plots
from vqedu.plots import diagrams

CODES, DIGITS = np.random.default_rng(0).normal(size=(300, 2)), np.arange(300) % 10


def test_class_maps_show_each_digit_in_a_panel_of_its_own_before_all_others() -> None:
    figure = plots.class_maps(CODES, DIGITS, "Title")
    assert [axis.get_title() for axis in figure.axes] == [f"the {digit}s" for digit in range(10)]
    for digit, axis in enumerate(figure.axes):
        rest, own = (np.asarray(points.get_offsets()) for points in axis.collections)
        np.testing.assert_allclose(own, CODES[digit == DIGITS])
        assert len(rest) + len(own) == len(CODES)


def test_the_close_up_shows_its_box_and_says_how_many_codes_are_inside() -> None:
    figure = plots.map_and_closeup(CODES, DIGITS, (-1, 1, -0.5, 0.5), "Title")
    whole, near = figure.axes
    assert near.get_xlim() == (-1, 1)
    assert near.get_ylim() == (-0.5, 0.5)
    inside = (np.abs(CODES) < [1, 0.5]).all(1).mean()
    assert f"{inside:.0%} of the codes" in near.get_title()
    (box,) = whole.patches
    assert isinstance(box, Rectangle)
    assert box.get_bbox().bounds == (-1, -0.5, 2, 1)


def test_nothing_of_the_course_map_is_clipped() -> None:
    figure = diagrams.course_map()
    figure.canvas.draw()
    for axis in figure.axes:
        for patch in axis.patches:
            box = patch.get_window_extent()
            assert box.x0 > 1
            assert box.x1 < figure.bbox.width - 1
            assert not patch.get_clip_on()


def test_the_course_map_shows_the_prior_of_the_vae_and_both_directions_of_the_last_row() -> None:
    axes = diagrams.course_map().axes
    texts = [[text.get_text() for text in axis.texts] for axis in axes]
    assert any("p(z)" in text for text in texts[1])
    styles = [
        type(a.arrow_patch.get_arrowstyle()).__name__
        for a in axes[3].texts
        if hasattr(a, "arrow_patch") and a.arrow_patch
    ]
    assert set(styles) == {"CurveFilledAB"}
