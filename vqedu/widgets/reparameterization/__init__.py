"""The reparameterization explorer."""
