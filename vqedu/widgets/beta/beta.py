"""The effective-beta calculator: choose how a VAE's loss is written, read which beta that code really uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from vqedu import validate
from vqedu.losses import KL_REDUCTIONS, REDUCTIONS, effective_beta, reduction_name
from vqedu.widgets.base import Explorer

RECONSTRUCTION = {
    "bernoulli": "F.binary_cross_entropy_with_logits(logits, x",
    "gaussian": "F.mse_loss(x_hat, x",
    "laplace": "F.l1_loss(x_hat, x",
}
SUMMED = {"image": ', reduction="sum") / len(x)', "element": ")", "total": ', reduction="sum")'}
KL = "-0.5 * (1 + logvar - mu**2 - logvar.exp())"
KL_SUMMED = {
    "image": ".sum(1).mean()", "element": ".mean()", "total": ".sum()",
    "pixel": ".sum() / x.numel()", "dataset": ".sum(1).mean() * len(x) / len(x_train)",
}  # fmt: skip

_ELBO = {
    "likelihood": "bernoulli", "reconstruction": "image", "kl": "image", "beta": 1.0, "weight": 1.0, "half": True,
    "learned": False, "variance": 1.0, "pixels": 784, "latents": 20, "batch_size": 128,
    "examples": 60_000,
}  # fmt: skip
_SIZES = ("pixels", "latents", "batch_size", "examples")
# Three recipes from public code.
RECIPES = {
    "Squared error averaged over 28×28 pixels, KL over 5 dimensions, β = 0.1": _ELBO
    | {
        "likelihood": "gaussian",
        "half": False,
        "reconstruction": "element",
        "kl": "element",
        "beta": 0.1,
        "latents": 5,
    },
    "Bernoulli loss averaged over 32×32 pixels, times 500": _ELBO
    | {"reconstruction": "element", "pixels": 1024, "weight": 500.0},
    "Squared error summed, without the ½": _ELBO | {"likelihood": "gaussian", "half": False},
}


class BetaCalculator(Explorer):
    """Which beta a VAE's code really uses: beta_eff = beta b / (weight a), with the numbers of the reader's own code.

    The arguments are those of `vqedu.losses.effective_beta`, and so are the errors. They start at the first of three
    recipes from public code. `variance` is that of the Gaussian decoder with whose ELBO the code is compared; the scale
    of a Laplace decoder is 1.

    `state` may be set from Python, whole or in part, and moves the figure; its parts have the names of the arguments,
    and `learned` says whether `variance` counts, or 1.
    """

    summary = "Effective-beta calculator: beta_eff = beta * b / (weight * a) for the loss as it is written"

    def __init__(
        self,
        beta: float = 0.1,
        *,
        likelihood: str = "gaussian",
        reconstruction: str = "element",
        kl: str = "element",
        pixels: int = 784,
        latents: int = 5,
        batch_size: int = 128,
        examples: int = 60_000,
        weight: float = 1.0,
        half: bool = False,
        variance: float = 1.0,
    ) -> None:
        state = {
            "likelihood": likelihood, "reconstruction": reconstruction, "kl": kl, "beta": beta, "weight": weight,
            "half": half, "variance": variance, "pixels": pixels, "latents": latents, "batch_size": batch_size,
            "examples": examples,
        }  # fmt: skip
        code = {"reconstruction": RECONSTRUCTION, "summed": SUMMED, "kl": KL, "klSummed": KL_SUMMED}
        recipes = [list(each) for each in RECIPES.items()]  # a file of JSON may sort the keys of an object
        super().__init__(config={"recipes": recipes, "code": code}, state=state | {"learned": variance != 1})

    def effective_beta(self) -> float:
        """Return the effective beta of the present state."""
        return effective_beta(**_arguments(self.state))

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]})


def checked_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return `state` with its numbers as Python's. Raises TypeError or ValueError as effective_beta does."""
    for name in state:
        validate.known_name(name, _ELBO, "part of the state")
    effective_beta(**_arguments(state))
    sizes = {name: validate.positive_int(state[name], name) for name in _SIZES}
    numbers = {name: validate.above_zero(state[name], name) for name in ("weight", "variance")}
    numbers["beta"] = validate.at_least_zero(state["beta"], "beta")
    names = {
        "reconstruction": reduction_name(state["reconstruction"], REDUCTIONS),
        "kl": reduction_name(state["kl"], KL_REDUCTIONS),
    }
    return {**state, **sizes, **numbers, **names, "half": bool(state["half"]), "learned": bool(state["learned"])}


def _arguments(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of effective_beta of a state."""
    arguments = {name: value for name, value in state.items() if name != "learned"}
    return arguments | {"variance": state["variance"] if state["learned"] else 1.0}
