"""The toy models that a lesson computes in full: a latent variable on a line, a gradient, points in the plane."""
