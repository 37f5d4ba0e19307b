"""The figures of the course in one style: arrays in, a Figure out. Title and alt text state the finding."""

from vqedu.plots.codes import code_maps, panels, rate_distortion
from vqedu.plots.diagrams import course_map, pipelines, quantizer_gradients
from vqedu.plots.image_tokens import sequences, two_gradients, two_tables
from vqedu.plots.plane import codebooks, straight_through
from vqedu.plots.style import (
    COLORS,
    DIGIT_COLORS,
    TeachingFigure,
    add_prior_circle,
    bars,
    histograms,
    image_grid,
    latent_maps,
    lines,
    scatter_codes,
    spread,
    write_numerals,
)
from vqedu.plots.tokens import bit_maps, intervals, named_bars, surprise

__all__ = [
    "COLORS",
    "DIGIT_COLORS",
    "TeachingFigure",
    "add_prior_circle",
    "bars",
    "bit_maps",
    "code_maps",
    "codebooks",
    "course_map",
    "histograms",
    "image_grid",
    "intervals",
    "latent_maps",
    "lines",
    "named_bars",
    "panels",
    "pipelines",
    "quantizer_gradients",
    "rate_distortion",
    "scatter_codes",
    "sequences",
    "spread",
    "straight_through",
    "surprise",
    "two_gradients",
    "two_tables",
    "write_numerals",
]
