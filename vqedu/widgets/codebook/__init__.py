"""The codebook explorer."""
