"""Figures of codes, sweeps and bits against the arrays they were given."""

from __future__ import annotations

import numpy as np
import pytest

from vqedu.plots import codes as codes_plots

RANDOM = np.random.default_rng(0)
CURVES = {"a": ([50.0, 100.0], [0.02, 0.01]), "b": ([400.0], [0.00005])}
BUILDERS = {
    "code_maps": lambda: codes_plots.code_maps(
        np.zeros((2, 1, 28, 28)), RANDOM.normal(size=(2, 5, 7, 7)), np.zeros((2, 7, 7), int), np.zeros((2, 28, 28)), "T"
    ),
    "panels": lambda: codes_plots.panels({"K": {"one": ([2, 8], [0.1, 0.05])}, "D": {"one": ([1], [0.1])}}, "T", "y"),
    "rate_distortion": lambda: codes_plots.rate_distortion(
        CURVES, "T", {"a": "red", "b": "blue"}, ["b"], {"raw": 6272}
    ),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_every_figure_is_a_png_with_an_alt_text_and_one_stable_line(name: str) -> None:
    data, metadata = BUILDERS[name]()._repr_mimebundle_()
    assert data["text/plain"] == f"Figure: {metadata['image/png']['alt']}"
    assert metadata["image/png"]["width"] >= 300


def test_a_code_map_holds_its_indices_and_leaves_the_commonest_white() -> None:
    indices = np.full((1, 7, 7), 94)
    indices[0, 2, 3], indices[0, 6, 0] = 5, 17
    z_e = RANDOM.normal(size=(1, 5, 7, 7))
    x, x_hat = RANDOM.random((2, 1, 28, 28))
    figure = codes_plots.code_maps(x, z_e, indices, x_hat, "T")
    left, channels, codes, right = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), x[0])
    np.testing.assert_array_equal(right.images[0].get_array(), x_hat[0])
    written = {tuple(map(int, text.get_position()[::-1])): text.get_text() for text in codes.texts}
    assert (written[2, 3], written[6, 0], written[0, 0], len(written)) == ("5", "17", "94", 49)
    np.testing.assert_array_equal(codes.images[0].get_array(), indices[0] != 94)
    sheet = np.asarray(channels.images[0].get_array().filled(np.nan))
    np.testing.assert_array_equal(sheet[:7, :7], z_e[0, 0])
    np.testing.assert_array_equal(sheet[8:15, 8:15], z_e[0, 4])  # three channels a row: the fifth is second in row two


def test_panels_draw_each_curve_with_its_values_as_ticks() -> None:
    figure = codes_plots.panels(
        {"cost": {"one": ([0, 0.25, 5], [0.1, 0.05, 0.2])}}, "T", "y", xscales={"cost": "symlog"}
    )
    (axis,) = figure.axes
    np.testing.assert_array_equal(axis.lines[0].get_xydata(), [[0, 0.1], [0.25, 0.05], [5, 0.2]])
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0", "0.25", "5"]


def test_rate_distortion_draws_each_curve_and_writes_plain_numbers() -> None:
    figure = BUILDERS["rate_distortion"]()
    (axis,) = figure.axes
    np.testing.assert_array_equal(axis.lines[0].get_xydata(), [[50, 0.02], [100, 0.01]])
    assert axis.lines[1].get_linestyle() == "--"
    assert [text.get_text() for text in axis.texts] == ["raw: 6,272 bits"]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels[0] == "0.00005"
    assert labels[-1] == "0.02"


def test_rate_distortion_of_values_close_together_is_linear_from_zero_with_a_text_beside_each_point() -> None:
    points = {"VQ": ([441.0, 588.0], [0.0026, 0.002])}
    figure = codes_plots.rate_distortion(points, "T", {"VQ": "red"}, notes={"VQ": ["K = 512", "K = 4,096"]})
    (axis,) = figure.axes
    assert (axis.get_xscale(), axis.get_yscale(), axis.get_ylim()[0]) == ("linear", "linear", 0)
    assert [(text.get_text(), text.xy) for text in axis.texts] == [
        ("K = 512", (441, 0.0026)),
        ("K = 4,096", (588, 0.002)),
    ]
    assert axis.lines[0].get_linestyle() == "None"
