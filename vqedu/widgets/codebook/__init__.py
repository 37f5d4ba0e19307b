"""The codebook explorer: the code map of an image; swap a code and see which pixels change."""
