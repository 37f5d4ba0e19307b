"""The latent explorers."""
