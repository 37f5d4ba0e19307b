"""Figures against the arrays they were given: what is drawn is what came in."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

from vqedu import plots
from vqedu.plots import diagrams

BUILDERS = {
    "image_grid": lambda: plots.image_grid({"x": np.zeros((3, 1, 28, 28))}, "Three images"),
    "latent_maps": lambda: plots.latent_maps({"AE": (np.eye(40)[:, :2], np.arange(40) % 10)}, "A map", True),
    "lines": lambda: plots.lines({"a": ([1, 2], [3, 4])}, "A line", "x", "nats", notes={"here": (1, 3)}),
    "bars": lambda: plots.bars(np.arange(5.0), "Bars", "number", "nats"),
    "histograms": lambda: plots.histograms({"a": np.arange(9.0)}, "Counts", "distance", mark=("r", 2.0)),
    "course_map": diagrams.course_map,
    "decoded_plane": lambda: plots.decoded_plane(np.zeros((4, 4, 28, 28)), [-1, -0.3, 0.3, 1], "Sixteen codes"),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_every_figure_is_a_png_with_an_alt_text_and_one_stable_line(name: str) -> None:
    data, metadata = BUILDERS[name]()._repr_mimebundle_()
    again, _ = BUILDERS[name]()._repr_mimebundle_()
    assert data["text/plain"] == again["text/plain"] == f"Figure: {metadata['image/png']['alt']}"
    assert metadata["image/png"]["width"] >= 300


@pytest.mark.parametrize("name", BUILDERS)
def test_no_title_is_wider_than_its_figure(name: str) -> None:
    figure = BUILDERS[name]()
    long = "A finding that needs so many words that no figure of this course could ever hold them in one line"
    figure.headline(long)
    figure.canvas.draw()
    assert figure._suptitle is not None
    box = figure._suptitle.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


def test_image_grid_draws_each_image_in_its_place() -> None:
    images = np.random.default_rng(0).random((2, 3, 28, 28))
    figure = plots.image_grid({"a": images[0], "b": images[1][:2]}, "Title", columns=["1", "2", "3"])
    axes = np.array(figure.axes).reshape(2, 3)
    for row, column in [(0, 0), (0, 2), (1, 1)]:
        np.testing.assert_array_equal(axes[row, column].images[0].get_array(), images[row, column])
        assert axes[row, column].images[0].get_clim() == (0, 1)
    assert not axes[1, 2].get_visible()


def test_latent_maps_scatter_each_code_in_the_colour_of_its_digit() -> None:
    codes, digits = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 10
    figure = plots.latent_maps({"m": (codes, digits)}, "Title")
    points = figure.axes[0].collections[0]
    np.testing.assert_allclose(points.get_offsets(), codes)
    np.testing.assert_array_equal(points.get_array(), digits)


def test_the_prior_circle_holds_the_share_it_states() -> None:
    figure = plots.latent_maps({"m": (np.zeros((10, 2)), np.arange(10))}, "Title", prior_circle=True)
    line = figure.axes[0].lines[0]
    radius = np.hypot(*line.get_data())
    np.testing.assert_allclose(radius, 2.0)
    draws = np.random.default_rng(0).normal(size=(100_000, 2))
    share = (np.hypot(*draws.T) < 2).mean()
    assert f"{share:.0%}" in str(line.get_label())


def test_lines_draw_what_they_were_given() -> None:
    figure = plots.lines({"a": ([1, 2, 3], [9, 8, 7]), "b": ([1, 3], [0, 0])}, "T", "x", "y", dashed=["b"], xlim=(0, 4))
    axis = figure.axes[0]
    np.testing.assert_array_equal(axis.lines[0].get_xydata(), [[1, 9], [2, 8], [3, 7]])
    assert axis.lines[1].get_linestyle() == "--"
    assert axis.get_xlim() == (0, 4)


def test_png_is_the_same_each_time() -> None:
    first, second = (plots.bars(np.arange(4.0), "T", "x", "y").png() for _ in range(2))
    assert first == second
    assert imread(io.BytesIO(first)).shape[2] == 4


def test_a_decoded_plane_has_small_z_at_the_lower_left() -> None:
    images = np.zeros((3, 3, 28, 28))
    images[0, 1] = 1  # the smallest z_2, the middle z_1
    (drawn,) = plots.decoded_plane(images, [-1.0, 0.0, 1.0], "Title").axes[0].images
    sheet = np.asarray(drawn.get_array())
    assert sheet.shape == (84, 84)
    assert sheet[56:, 28:56].min() == 1
    assert sheet.sum() == 28 * 28


def test_a_wider_map_shows_the_frame_of_a_narrower_one() -> None:
    codes = {name: (np.zeros((10, 2)), np.arange(10)) for name in ("wide", "narrow")}
    wide, narrow = plots.latent_maps(codes, "Title", limit=(9, 3)).axes
    assert wide.get_xlim() == (-9, 9)
    assert narrow.get_xlim() == (-3, 3)
    assert [patch.get_bbox().bounds for patch in wide.patches] == [(-3, -3, 6, 6)]
    assert not narrow.patches
