"""The ELBO explorer: drag q over the true posterior, and watch log p(x) split into the ELBO and the gap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from vqedu import validate
from vqedu.lessons import toy
from vqedu.widgets.base import Explorer

LIMITS = {"x": (-2.0, 4.0), "mu": (-4.0, 4.0), "sigma": (0.05, 4.0)}  # as view.js has them
LINES = 5
STATE = ("decoder", *LIMITS, "line")


class ElboExplorer(Explorer):
    """log p(x) = ELBO + KL(q(z|x) || p(z|x)) in the model of `vqedu.lessons.toy`, exact for every q.

    decoder: "linear", "curved" or "two-sided"; x: the observed number, -2 to 4; mu and sigma: those of q, -4 to 4 and
    0.05 to 4; line: how many of the derivation's five lines are on the board.

    `state` may be set from Python, whole or in part, and moves the figure; its parts have the names of the arguments.

    Raises TypeError or ValueError for an unknown decoder or part of the state, and for a value outside its range.
    """

    summary = "ELBO explorer: log p(x) = ELBO + KL(q(z|x) || p(z|x)) for every q"

    def __init__(
        self, decoder: str = "linear", x: float = 1.0, mu: float = -1.0, sigma: float = 1.0, line: int = 1
    ) -> None:
        self.model = toy.LatentModel(decoder)
        state = {"decoder": decoder, "x": x, "mu": mu, "sigma": sigma, "line": line}
        super().__init__(config={"noise": self.model.noise}, state=state)

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]})


def checked_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return `state` with its numbers as floats. Raises TypeError or ValueError as the explorer does."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    validate.known_name(state["decoder"], toy.DECODERS, "decoder")
    if validate.positive_int(state["line"], "line") > LINES:
        raise ValueError(f"line must be from 1 to {LINES}, got {state['line']}.")
    return {**state, **{name: validate.between(state[name], *limits, name) for name, limits in LIMITS.items()}}
