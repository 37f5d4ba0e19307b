"""The residual explorer."""
