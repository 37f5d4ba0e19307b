"""The ELBO explorer: drag q over the true posterior, and watch log p(x) split into the ELBO and the gap."""

from __future__ import annotations

import numpy as np

from vqedu import plots, validate
from vqedu.lessons import toy
from vqedu.widgets.base import Explorer

LIMITS = {"x": (-2.0, 4.0), "mu": (-4.0, 4.0), "sigma": (0.05, 4.0)}  # as elbo.js has them
LINES = 5


class ElboExplorer(Explorer):
    """log p(x) = ELBO + KL(q(z|x) || p(z|x)) in the model of `vqedu.toy`, exact at every place of the hand.

    decoder: "linear", "curved" or "two-sided"; x: the observed number, -2 to 4; mu and sigma: where q starts,
    -4 to 4 and 0.05 to 4; line: how many of the derivation's five lines stand on the board.
    Raises ValueError for a value outside its range. The page computes everything; Python draws the preview.
    """

    summary = "ELBO explorer: log p(x) = ELBO + KL(q(z|x) || p(z|x)) for every q"

    def __init__(
        self, decoder: str = "linear", x: float = 1.0, mu: float = -1.0, sigma: float = 1.0, line: int = 1
    ) -> None:
        for name, value in (("x", x), ("mu", mu), ("sigma", sigma)):
            validate.between(value, *LIMITS[name], name)
        if validate.positive_int(line, "line") > LINES:
            raise ValueError(f"line must be from 1 to {LINES}, got {line}.")
        self.model = toy.LatentModel(decoder)
        state = {"decoder": decoder, "x": float(x), "mu": float(mu), "sigma": float(sigma), "line": line}
        super().__init__(config={"noise": self.model.noise}, state=state)

    def preview(self) -> bytes:
        """Return a PNG: the densities over z, and the levels of log p(x) and of the ELBO in nats."""
        x, mu, sigma = (self.state[name] for name in ("x", "mu", "sigma"))
        model = toy.LatentModel(self.state["decoder"], self.model.noise)
        figure = plots.TeachingFigure(9.6, 4.2, self.summary)
        left, right = figure.subplots(1, 2, width_ratios=(2, 1))
        z = np.linspace(-5, 5, 1001)
        posterior = np.exp(model.log_posterior(x, z))
        left.fill_between(z, posterior, color="#dddddd", ec="black", label="true posterior p(z|x)")
        left.plot(z, np.exp(model.log_prior(z)), "--", color=plots.COLORS["prior"], label="prior p(z)")
        left.plot(z, np.exp(toy.log_normal(z, mu, sigma)), color=plots.COLORS["encoder"], lw=2.5, label="q(z|x)")
        left.set(xlabel="latent z", ylabel="density", xlim=(-5, 5), ylim=(0, None))
        left.legend(fontsize=10)
        elbo, gap = float(model.elbo(x, mu, sigma)), float(model.kl_to_posterior(x, mu, sigma))
        likelihood, prior = float(model.reconstruction(x, mu, sigma)), float(toy.kl_to_prior(mu, sigma))
        colors = ["#9a9a9a", *(plots.COLORS[name] for name in ("warning", "decoder", "prior"))]
        names = ["ELBO", "+ gap", "recon-\nstruction", "\u2212 KL to\nthe prior"]
        right.bar(names, [elbo, gap, likelihood, -prior], bottom=[0, elbo, 0, likelihood], color=colors)
        right.axhline(elbo + gap, color="black", lw=2.5)
        right.set(ylabel="nats", title="black line: log p(x)")
        result = f"log p(x) {elbo + gap:.3f} = ELBO {elbo:.3f} + gap {gap:.3f} nats".replace("-", "\u2212")
        figure.suptitle(f"Whatever q is, ELBO and gap add up: {result}", fontsize=13, fontweight="bold")
        return figure.png()
