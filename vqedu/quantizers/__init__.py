"""The quantizers: each turns vectors of an encoder into entries of a finite table, and lets gradients pass.

`Quantizer` is the contract that all of them keep.
"""

from vqedu.quantizers.contract import Quantized, Quantizer
from vqedu.quantizers.fsq import FSQ
from vqedu.quantizers.residual import ResidualVQ
from vqedu.quantizers.vector import VectorQuantizer, straight_through

__all__ = ["FSQ", "Quantized", "Quantizer", "ResidualVQ", "VectorQuantizer", "straight_through"]
