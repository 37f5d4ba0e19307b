"""The quantizers: each turns vectors of an encoder into entries of a finite table, and lets gradients pass."""

from vqedu.quantizers.fsq import FSQ
from vqedu.quantizers.residual import ResidualVQ
from vqedu.quantizers.vector import Quantized, VectorQuantizer, straight_through

__all__ = ["FSQ", "Quantized", "ResidualVQ", "VectorQuantizer", "straight_through"]
