"""The toy models that a lesson computes with in full: a latent line, a gradient, points in the plane."""
