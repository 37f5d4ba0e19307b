"""The reparameterization explorer: a cloud of noise carried to z, and what two gradient estimators make of it."""

from __future__ import annotations

import numpy as np

from vqedu import validate
from vqedu.lessons import gradients
from vqedu.widgets.base import Explorer

LIMITS = {"mu": (-3.0, 3.0), "sigma": (0.1, 2.0)}  # as reparameterization.js has them
SAMPLE_COUNTS = (1, 4, 16, 64, 256)
REPEATS = 300
CLOUD = 24


class ReparameterizationExplorer(Explorer):
    """z = mu + sigma eps with a fixed cloud of eps, and 300 estimates of the gradient of E[f(z)] by each estimator.

    f: "square", "sine", "quartic" or "step", as in `vqedu.gradients`; mu from -3 to 3, sigma from 0.1 to 2;
    n: samples an estimate, 1, 4, 16, 64 or 256; baseline: subtract E[f(z)] in the score function.
    Raises ValueError for a value outside its range. The page computes everything.
    """

    summary = "Reparameterization explorer: z = mu + sigma * eps, and the spread of two gradient estimators"

    def __init__(
        self, f: str = "square", mu: float = 2.0, sigma: float = 1.0, n: int = 16, baseline: bool = False
    ) -> None:
        validate.known_name(f, gradients.FUNCTIONS, "function")
        for name, value in (("mu", mu), ("sigma", sigma)):
            validate.between(value, *LIMITS[name], name)
        if n not in SAMPLE_COUNTS:
            raise ValueError(f"n must be one of {', '.join(map(str, SAMPLE_COUNTS))}, got {n}.")
        cloud = [round(float(eps), 3) for eps in np.random.default_rng(47).standard_normal(CLOUD)]
        state = {"f": f, "mu": float(mu), "sigma": float(sigma), "n": n, "baseline": bool(baseline), "seed": 1}
        super().__init__(config={"cloud": cloud}, state=state)
