"""The ELBO explorer: move q and watch ELBO, gap and log p(x)."""
