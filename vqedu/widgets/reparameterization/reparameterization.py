"""The reparameterization explorer: noise carried to z, and the gradients that two estimators compute from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets

from vqedu import validate
from vqedu.lessons import gradients
from vqedu.widgets.base import Explorer

LIMITS = {"mu": (-3.0, 3.0), "sigma": (0.1, 2.0)}  # as view.js has them
SAMPLE_COUNTS = (1, 4, 16, 64, 256)
STATE = ("f", *LIMITS, "n", "baseline", "seed")
CLOUD = 24


class ReparameterizationExplorer(Explorer):
    """z = mu + sigma eps with fixed draws of eps, and 300 estimates of the gradient of E[h(z)] by each estimator.

    f: the function h, "square", "sine", "quartic" or "step", as in `vqedu.lessons.gradients`; mu from -3 to 3; sigma
    from 0.1 to 2; n: draws per estimate, 1, 4, 16, 64 or 256; baseline: subtract E[h(z)] in the score function.

    `state` may be set from Python, whole or in part, and moves the figure; its parts have the names of the arguments,
    and seed, a whole number from 1, that of the 300 draws.

    Raises TypeError or ValueError for an unknown f or part of the state, and for a value outside its range.
    """

    summary = "Reparameterization explorer: z = μ + σε, and the variance of two gradient estimators"

    def __init__(
        self, f: str = "square", mu: float = 2.0, sigma: float = 1.0, n: int = 16, baseline: bool = False
    ) -> None:
        cloud = [round(float(eps), 3) for eps in np.random.default_rng(47).standard_normal(CLOUD)]
        state = {"f": f, "mu": mu, "sigma": sigma, "n": n, "baseline": baseline, "seed": 1}
        super().__init__(config={"cloud": cloud}, state=state)

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]})


def checked_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return `state` with its numbers as floats. Raises TypeError or ValueError as the explorer does."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    validate.known_name(state["f"], gradients.FUNCTIONS, "function")
    if state["n"] not in SAMPLE_COUNTS:
        raise ValueError(f"n must be one of {', '.join(map(str, SAMPLE_COUNTS))}, got {state['n']!r}.")
    validate.positive_int(state["seed"], "seed")
    numbers = {name: validate.between(state[name], *limits, name) for name, limits in LIMITS.items()}
    return {**state, **numbers, "baseline": bool(state["baseline"])}
