"""The ELBO explorer: drag q over the true posterior, and watch log p(x) split into the ELBO and the gap."""

from __future__ import annotations

from vqedu import validate
from vqedu.lessons import toy
from vqedu.widgets.base import Explorer

LIMITS = {"x": (-2.0, 4.0), "mu": (-4.0, 4.0), "sigma": (0.05, 4.0)}  # as elbo.js has them
LINES = 5


class ElboExplorer(Explorer):
    """log p(x) = ELBO + KL(q(z|x) || p(z|x)) in the model of `vqedu.toy`, exact at every place of the hand.

    decoder: "linear", "curved" or "two-sided"; x: the observed number, -2 to 4; mu and sigma: where q starts,
    -4 to 4 and 0.05 to 4; line: how many of the derivation's five lines stand on the board.
    Raises ValueError for a value outside its range. The page computes everything.
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
