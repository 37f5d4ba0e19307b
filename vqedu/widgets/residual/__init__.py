"""The residual explorer: an image rebuilt stage by stage from the codes of a residual quantizer."""
