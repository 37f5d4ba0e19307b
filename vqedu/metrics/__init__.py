"""What a trained model reaches: likelihood, use of a codebook, rate and distortion. No metric needs a gradient."""

from vqedu.metrics.codes import Measured, code_usage, measure, perplexity
from vqedu.metrics.likelihood import active_units, log_likelihood

__all__ = ["Measured", "active_units", "code_usage", "log_likelihood", "measure", "perplexity"]
