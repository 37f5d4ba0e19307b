"""The figures of the course in one style: arrays in, a Figure out. Title and alt text state the finding."""

from vqedu.plots.bounds import bounds, captioned_images, climbs
from vqedu.plots.codes import code_maps, panels, rate_distortion
from vqedu.plots.color import code_patches, sentences
from vqedu.plots.diagrams import course_map, pipelines, quantizer_gradients
from vqedu.plots.image_tokens import equal_bits, networks, sequences, two_gradients, two_tables
from vqedu.plots.latent import class_maps, map_and_closeup
from vqedu.plots.plane import codebooks, straight_through
from vqedu.plots.style import (
    COLORS,
    DIGIT_COLORS,
    TeachingFigure,
    add_prior_circle,
    bars,
    decoded_plane,
    histograms,
    image_grid,
    latent_maps,
    lines,
    scatter_codes,
    spread,
    write_numerals,
)
from vqedu.plots.tokens import attention_maps, bit_maps, intervals, named_bars, surprise

__all__ = [
    "COLORS",
    "DIGIT_COLORS",
    "TeachingFigure",
    "add_prior_circle",
    "attention_maps",
    "bars",
    "bit_maps",
    "bounds",
    "captioned_images",
    "class_maps",
    "climbs",
    "code_maps",
    "code_patches",
    "codebooks",
    "course_map",
    "decoded_plane",
    "equal_bits",
    "histograms",
    "image_grid",
    "intervals",
    "latent_maps",
    "lines",
    "map_and_closeup",
    "named_bars",
    "networks",
    "panels",
    "pipelines",
    "quantizer_gradients",
    "rate_distortion",
    "scatter_codes",
    "sentences",
    "sequences",
    "spread",
    "straight_through",
    "surprise",
    "two_gradients",
    "two_tables",
    "write_numerals",
]
