"""What a trained model reaches: likelihood, use of a codebook, rate and distortion. No metric needs a gradient."""

from vqedu.metrics.codes import Measured, Reached, code_usage, counts, measure, nearest_pictures, perplexity, reached
from vqedu.metrics.likelihood import active_units, log_likelihood

__all__ = [
    "Measured",
    "Reached",
    "active_units",
    "code_usage",
    "counts",
    "log_likelihood",
    "measure",
    "nearest_pictures",
    "perplexity",
    "reached",
]
