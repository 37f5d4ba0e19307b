"""The words-and-images explorer: one model, one sequence. Write, and it draws; draw, and it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import traitlets

from vqedu import data, validate
from vqedu.models import VQVAE
from vqedu.models.words_and_images import MARKS, MAX_WORDS, WORDS
from vqedu.models.words_and_images import WordsAndImages as Model
from vqedu.widgets import images as latent_state
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.images import choose, packed_images
from vqedu.widgets.tokens.pair import paired
from vqedu.widgets.tokens.tokens import PLACES, TEMPERATURES

TITLE = "One model, one sequence of tokens: words and image codes, in either order"
ORDERS = ("draw", "read")
STATE = ("order", "text", "temperature", "seed", "drawn", "digit", "drawing", "codes", "said")
PICKS = 6  # test digits of each class to pick from


class WordsAndImages(Explorer):
    """Type words and the model draws them, code by code; draw or pick a digit and the model names it.

    model: a `vqedu.models.WordsAndImages`; vqvae: the VQVAE whose codes it was trained on; both copied as they are.
    order: "draw" (words first) or "read" (the image first); text: what to draw; digit: the number of the digit to read.
    images: test digits to pick from; None takes MNIST's, which come with the package.

    `state` may be set from Python, whole or in part, and moves the figure. Besides the above it has
    temperature (0.1 to 2) and seed of the drawing; drawn: how many codes are drawn, None before <image>;
    drawing: 784 gray levels 0..255 to read; codes: 49 codes to read; said: words of the answer chosen by hand.

    The same text, seed and temperature give the same picture.
    Raises TypeError for models of another kind, ValueError if their codebooks differ, or for an unknown word or state.
    """

    def __init__(
        self,
        model: Model,
        vqvae: VQVAE,
        images: data.Split | None = None,
        *,
        order: str = "draw",
        text: str = "a leaning seven",
        digit: int | None = 0,
        seed: int = 0,
        title: str = TITLE,
    ) -> None:
        arrays, networks = paired(model, Model, vqvae)
        self.codebook_size = model.codebook_size
        self.images, self.labels = _picks(data.load("mnist").test if images is None else images)
        blocks, table = pack(*arrays, packed_images(self.images, self.labels))
        config: dict[str, Any] = {"title": title, "arrays": table, **networks}
        config |= {"words": list(WORDS), "marks": list(MARKS), "most_words": MAX_WORDS}
        drawing = {"order": order, "text": text, "temperature": 1.0, "seed": seed, "drawn": PLACES}
        reading: dict[str, Any] = {"digit": digit, "drawing": None, "codes": None, "said": []}
        super().__init__(blocks, config=config, state={**drawing, **reading})

    @property
    def summary(self) -> str:  # type: ignore[override]
        tokens = self.config["transformer"]["vocabulary_size"]
        return f"Words and images: one model of {tokens} tokens draws what you write and names what you draw."

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]}, len(self.labels), self.codebook_size)


def checked_state(state: Mapping[str, Any], digits: int, codebook_size: int) -> dict[str, Any]:
    """Return `state` with its numbers as Python's. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    if not isinstance(state["text"], str):
        raise ValueError(f"text must be a string such as 'a thick three', got {state['text']!r}.")
    codes = state["codes"]
    if codes is not None:
        if len(codes) != PLACES:
            raise ValueError(f"codes must be None or {PLACES} codes, got {len(codes)}.")
        codes = [validate.whole(code, 0, codebook_size - 1, "a code") for code in codes]
    return {
        "order": validate.known_name(state["order"], ORDERS, "order"),
        "text": state["text"],
        "temperature": validate.between(state["temperature"], *TEMPERATURES, "temperature"),
        "seed": validate.whole(state["seed"], 0, 2**31 - 1, "seed"),
        "drawn": None if state["drawn"] is None else validate.whole(state["drawn"], 0, PLACES, "drawn"),
        **latent_state.picture(state, digits),
        "codes": codes,
        "said": [validate.known_name(word, (*WORDS, "<end>"), "word") for word in state["said"]],
    }


def _picks(images: data.Split) -> tuple[torch.Tensor, np.ndarray]:
    """Return the first images of each class and their labels."""
    x, labels = choose(images, len(images.y), 0)
    first = np.concatenate([np.flatnonzero(labels == digit)[:PICKS] for digit in range(10)])
    return x[torch.from_numpy(first)], labels[first]
