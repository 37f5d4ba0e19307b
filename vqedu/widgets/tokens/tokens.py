"""The token explorer: a prior draws a picture code by code; change one code, and draw the rest again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import traitlets

from vqedu import validate
from vqedu.models import VQVAE
from vqedu.models.code_prior import CodePrior
from vqedu.models.names_and_images import NamesAndImages
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.tokens.pair import paired

TITLE = "A picture is drawn code by code: each code changes the probabilities of the next"
STATE = ("label", "temperature", "top_k", "seed", "drawn", "fixed", "kept", "cursor", "by_hand")
TEMPERATURES = (0.1, 2.0)  # as tokens.js has them


class TokenExplorer(Explorer):
    """The map of codes fills one by one, with the probabilities of the next code, and x_hat decoded as it fills.

    prior: a CodePrior, or a NamesAndImages with the names to choose from in `texts`; vqvae: the VQVAE whose codes it
    was trained on, with a quantizer of any kind (of a ResidualVQ these are the codes of the first level). Both are
    copied into the page as they are now.
    label: a digit or the place of a name in `texts`, or None for any; temperature: 0.1 to 2; top_k: None for all codes;
    seed: of the random numbers; fixed: the first codes, such as the upper half of a digit; only the others are drawn.
    drawn: how many of the codes are there at the beginning: by default the fixed ones, or half of all.

    `state` may be set from Python, whole or in part, and moves the figure. Besides the above it contains
    kept: how many of the fixed codes stay when label or sampler change; cursor: the place in view, or None for the
    next one; by_hand: the places chosen by hand.

    The same seed and settings give the same codes.
    Raises TypeError for models of another kind, ValueError where their codebooks differ or a setting is out of range.
    """

    def __init__(
        self,
        prior: CodePrior | NamesAndImages,
        vqvae: VQVAE,
        texts: Sequence[str] = (),
        *,
        label: int | None = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        drawn: int | None = None,
        fixed: Sequence[int] | torch.Tensor = (),
        title: str = TITLE,
    ) -> None:
        arrays, networks = paired(prior, (CodePrior, NamesAndImages), vqvae)
        self.codebook_size, self.places = prior.codebook_size, networks["vqvae"]["columns"] ** 2
        blocks, table = pack(*arrays)
        config: dict[str, Any] = {"title": title, "arrays": table, **networks}
        codes = torch.as_tensor(fixed).flatten().tolist()
        config |= {**_choices(prior, texts), "given": codes}
        begun = drawn if drawn is not None else len(codes) or self.places // 2
        state = {"label": label, "temperature": temperature, "top_k": top_k, "seed": seed, "drawn": begun}
        start = {"fixed": codes, "kept": min(len(codes), self.places), "cursor": None, "by_hand": []}
        super().__init__(blocks, config=config, state={**state, **start})

    @property
    def summary(self) -> str:  # type: ignore[override]
        return f"Token explorer: a prior draws {self.places} codes of {self.codebook_size}, one after the other."

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        classes = len(self.config["classes"])
        return checked_state({**self.state, **proposal["value"]}, self.codebook_size, classes, self.places)


def _choices(prior: CodePrior | NamesAndImages, texts: Sequence[str]) -> dict[str, Any]:
    """Return the classes to choose from, and the tokens that a picture of each begins with, at the end those of any."""
    if isinstance(prior, NamesAndImages):
        starts = [prior.prompt(text)[0].tolist() for text in (*texts, None)]
        return {"starts": starts, "classes": list(texts), "noun": "picture"}
    labels = (*range(prior.num_classes), None)
    starts = [prior.start(1, label).flatten().tolist() for label in labels]
    return {"starts": starts, "classes": list(labels[:-1]), "noun": "digit"}


def checked_state(state: Mapping[str, Any], codebook_size: int, classes: int, places: int) -> dict[str, Any]:
    """Return `state` with its numbers as Python's. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    temperature = validate.between(state["temperature"], *TEMPERATURES, "temperature")
    fixed = [validate.whole(code, 0, codebook_size - 1, "a code in fixed") for code in state["fixed"]]
    if len(fixed) > places:
        raise ValueError(f"fixed must contain at most {places} codes, got {len(fixed)}.")
    label = None if state["label"] is None else validate.whole(state["label"], 0, classes - 1, "label")
    top_k = None if state["top_k"] is None else validate.whole(state["top_k"], 1, codebook_size, "top_k")
    cursor = None if state["cursor"] is None else validate.whole(state["cursor"], 0, places - 1, "cursor")
    return {
        "label": label, "temperature": temperature, "top_k": top_k, "cursor": cursor, "fixed": fixed,
        "seed": validate.whole(state["seed"], 0, 2**31 - 1, "seed"),
        "drawn": validate.whole(state["drawn"], 0, places, "drawn"),
        "kept": validate.whole(state["kept"], 0, len(fixed), "kept"),
        "by_hand": [validate.whole(place, 0, places - 1, "a place in by_hand") for place in state["by_hand"]],
    }  # fmt: skip
