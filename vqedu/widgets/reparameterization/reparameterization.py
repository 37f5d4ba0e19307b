"""The reparameterization explorer: a cloud of noise carried to z, and what two gradient estimators make of it."""

from __future__ import annotations

import numpy as np
import torch

from vqedu import plots, validate
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
    Raises ValueError for a value outside its range. The page computes everything; Python draws the preview.
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

    def preview(self) -> bytes:
        """Return a PNG: the cloud and its path to z, and the estimates in mu by both estimators."""
        f, mu, sigma, n = (self.state[name] for name in ("f", "mu", "sigma", "n"))
        eps = torch.randn(REPEATS * n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        function = gradients.FUNCTIONS[f].f
        baseline = gradients.expectation(f, mu, sigma) if self.state["baseline"] else 0.0
        both = {
            "path": gradients.reparameterized(function, mu, sigma, eps).mu,
            "score": gradients.score_function(function, mu, sigma, eps, baseline).mu,
        }
        figure = plots.TeachingFigure(9.6, 4.0, self.summary)
        left, right = figure.subplots(1, 2)
        cloud = np.array(self.config["cloud"])
        left.plot([cloud, mu + sigma * cloud], [1, 0], color=plots.COLORS["encoder"], lw=0.8, marker="o", ms=4)
        left.set(yticks=[0, 1], yticklabels=["z", "eps"], xlim=(-7, 7), title="z = mu + sigma * eps")
        colors = [plots.COLORS["encoder"], plots.COLORS["warning"]]
        estimates = [value.view(REPEATS, n).mean(1).numpy() for value in both.values()]
        right.hist(estimates, bins=31, color=colors, label=list(both), histtype="stepfilled", alpha=0.8)
        right.axvline(float(gradients.exact(f, mu, sigma).mu), color="black", ls="--", label="exact")
        right.set(xlabel=f"derivative of E[f(z)] in mu, {n} samples each", ylabel=f"count of {REPEATS}")
        right.legend(fontsize=10)
        ratio = float(np.var(estimates[1]) / max(np.var(estimates[0]), 1e-12))
        found = "the path has no slope to follow" if f == "step" else f"variance ratio {ratio:.1f} over {REPEATS} draws"
        figure.suptitle(
            f"Two estimators of one gradient, f = {gradients.FUNCTIONS[f].formula}: {found}", fontweight="bold"
        )
        return figure.png()
