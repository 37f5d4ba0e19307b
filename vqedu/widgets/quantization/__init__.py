"""The quantization explorer: points and codes in the plane, k-means and the straight-through gradient step by step."""
