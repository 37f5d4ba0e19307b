"""The ELBO explorer."""
