"""The residual explorer: an image rebuilt level by level from the codes of a residual quantizer."""
