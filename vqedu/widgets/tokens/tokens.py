"""The token explorer: a prior draws a picture code by code; change one code, and draw the rest again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import traitlets

from vqedu import validate
from vqedu.models import VQVAE
from vqedu.models.code_prior import CodePrior
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.tokens.pair import paired

TITLE = "A picture is drawn code by code: each code changes the probabilities of the next"
STATE = ("label", "temperature", "top_k", "seed", "drawn", "fixed", "kept", "cursor", "by_hand")
PLACES = 49
DRAWN = 24  # codes at the beginning: half a picture
TEMPERATURES = (0.1, 2.0)  # as tokens.js has them


class TokenExplorer(Explorer):
    """The map of codes fills one by one, with the probabilities of the next code, and x_hat decoded as it fills.

    prior: a CodePrior; vqvae: the VQVAE whose codes it was trained on, with a quantizer of any kind (of a ResidualVQ
    these are the codes of the first level). Both are copied into the page as they are now.
    label: a digit, or None for any; temperature: 0.1 to 2; top_k: None for all codes; seed: of the random numbers;
    fixed: the first codes, such as the upper half of a digit; only the others are drawn.
    drawn: how many of the 49 codes are there at the beginning: by default the fixed ones, or 24.

    `state` may be set from Python, whole or in part, and moves the figure. Besides the above it contains
    kept: how many of the fixed codes stay when label or sampler change; cursor: the place in view, or None for the
    next one; by_hand: the places chosen by hand.

    The same seed and settings give the same codes.
    Raises TypeError for models of another kind, ValueError where their codebooks differ or a setting is out of range.
    """

    def __init__(
        self,
        prior: CodePrior,
        vqvae: VQVAE,
        *,
        label: int | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        drawn: int | None = None,
        fixed: Sequence[int] | torch.Tensor = (),
        title: str = TITLE,
    ) -> None:
        arrays, networks = paired(prior, CodePrior, vqvae)
        if prior.length != PLACES:
            raise ValueError(f"The explorer shows priors over {PLACES} codes, got one over {prior.length}.")
        self.codebook_size = prior.codebook_size
        blocks, table = pack(*arrays)
        # The start token of each class, and at the end that of any class.
        starts = [int(prior.start(1, label)) for label in (*range(prior.num_classes), None)]
        config: dict[str, Any] = {"title": title, "arrays": table, **networks}
        codes = torch.as_tensor(fixed).flatten().tolist()
        config |= {"starts": starts, "classes": list(range(len(starts) - 1)), "given": codes}
        begun = drawn if drawn is not None else len(codes) or DRAWN
        state = {"label": label, "temperature": temperature, "top_k": top_k, "seed": seed, "drawn": begun}
        start = {"fixed": codes, "kept": min(len(codes), PLACES), "cursor": None, "by_hand": []}
        super().__init__(blocks, config=config, state={**state, **start})

    @property
    def summary(self) -> str:  # type: ignore[override]
        return f"Token explorer: a prior draws {PLACES} codes of {self.codebook_size}, one after the other."

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]}, self.codebook_size, len(self.config["classes"]))


def checked_state(state: Mapping[str, Any], codebook_size: int, classes: int) -> dict[str, Any]:
    """Return `state` with its numbers as Python's. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    temperature = validate.between(state["temperature"], *TEMPERATURES, "temperature")
    fixed = [validate.whole(code, 0, codebook_size - 1, "a code in fixed") for code in state["fixed"]]
    if len(fixed) > PLACES:
        raise ValueError(f"fixed must contain at most {PLACES} codes, got {len(fixed)}.")
    label = None if state["label"] is None else validate.whole(state["label"], 0, classes - 1, "label")
    top_k = None if state["top_k"] is None else validate.whole(state["top_k"], 1, codebook_size, "top_k")
    cursor = None if state["cursor"] is None else validate.whole(state["cursor"], 0, PLACES - 1, "cursor")
    return {
        "label": label, "temperature": temperature, "top_k": top_k, "cursor": cursor, "fixed": fixed,
        "seed": validate.whole(state["seed"], 0, 2**31 - 1, "seed"),
        "drawn": validate.whole(state["drawn"], 0, PLACES, "drawn"),
        "kept": validate.whole(state["kept"], 0, len(fixed), "kept"),
        "by_hand": [validate.whole(place, 0, PLACES - 1, "a place in by_hand") for place in state["by_hand"]],
    }  # fmt: skip
