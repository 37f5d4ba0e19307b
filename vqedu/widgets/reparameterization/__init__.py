"""The reparameterization explorer: z = mu + sigma * eps, and the spread of two gradient estimators."""
