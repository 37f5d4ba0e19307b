"""The latent explorers: move a code over the map and see what it decodes to, for one model or two side by side."""
