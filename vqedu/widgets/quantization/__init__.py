"""The quantization explorer."""
