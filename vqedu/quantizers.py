"""The quantizers: each turns vectors of an encoder into entries of a finite table, and lets gradients pass."""

from vqedu.finite_scalar import FSQ
from vqedu.residual import ResidualVQ
from vqedu.vector_quantizer import Quantized, VectorQuantizer, straight_through

__all__ = ["FSQ", "Quantized", "ResidualVQ", "VectorQuantizer", "straight_through"]
