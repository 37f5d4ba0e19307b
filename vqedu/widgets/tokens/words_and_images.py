"""The words-and-images explorer: one model, one sequence. Write, and it draws; draw, and it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import traitlets

from vqedu import data, validate
from vqedu.data import tokenizer
from vqedu.models import VQVAE
from vqedu.models.names_and_images import NamesAndImages
from vqedu.models.words_and_images import MARKS
from vqedu.models.words_and_images import WordsAndImages as Model
from vqedu.widgets import images as latent_state
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.images import Pictures, choose, packed_images, pictures
from vqedu.widgets.tokens.pair import paired
from vqedu.widgets.tokens.tokens import TEMPERATURES

TITLE = "One model, one sequence of tokens: words and image codes, in either order"
ORDERS = ("draw", "read")
STATE = ("order", "text", "temperature", "seed", "drawn", "digit", "drawing", "codes", "said")
PICKS = 6  # test digits of each class to pick from
MOST_PICKS = 120  # of other pictures


class WordsAndImages(Explorer):
    """Type words and the model draws them, code by code; draw or pick a digit and the model names it.

    model: a `vqedu.models.WordsAndImages` or `NamesAndImages`; vqvae: the VQVAE whose codes it was trained on; both
    copied as they are. images: test digits or emoji to pick from; None takes MNIST's, which come with the package.
    order: "draw" (words first) or "read" (the image first); text: what to draw; digit: the number of the picture to
    read; guidance: as in the model's `draw`; chips: words for a button each, by default all of them for digits.

    `state` may be set from Python, whole or in part, and moves the figure. Besides the above it has
    temperature (0.1 to 2) and seed of the drawing; drawn: how many codes are drawn, None before <image>;
    drawing: 784 gray levels 0..255 to read; codes: all codes to read; said: words of the answer chosen by hand.

    The same text, seed and temperature give the same picture.
    Raises TypeError for models of another kind, ValueError if their codebooks differ, or for an unknown word or state.
    """

    def __init__(
        self,
        model: Model | NamesAndImages,
        vqvae: VQVAE,
        images: data.Split | data.Emoji | None = None,
        *,
        order: str = "draw",
        text: str = "a leaning seven",
        digit: int | None = 0,
        seed: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        chips: Sequence[str] | None = None,
        title: str = TITLE,
    ) -> None:
        arrays, networks = paired(model, (Model, NamesAndImages), vqvae)
        self.codebook_size, self.codes, self.words = model.codebook_size, model.codes, model.words
        shape = (networks["vqvae"]["channels"], *[networks["vqvae"]["side"]] * 2)
        self.pictures = _picks(data.load("mnist").test if images is None else images, shape)
        self.images, self.labels = self.pictures.x, self.pictures.labels
        blocks, table = pack(*arrays, packed_images(self.images, self.labels))
        config: dict[str, Any] = {"title": title, "arrays": table, **networks, **self.pictures.config}
        config |= {"guidance": validate.at_least_zero(guidance, "guidance"), "most_words": model.places}
        config |= {**_vocabulary(model), "chips": list(model.words if chips is None else chips)}
        drawing = {"order": order, "text": text, "temperature": temperature, "seed": seed, "drawn": self.codes}
        reading: dict[str, Any] = {"digit": digit, "drawing": None, "codes": None, "said": []}
        super().__init__(blocks, config=config, state={**drawing, **reading})

    @property
    def summary(self) -> str:  # type: ignore[override]
        tokens = self.config["transformer"]["vocabulary_size"]
        return f"Words and images: one model of {tokens} tokens draws what you write and names what you draw."

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return self._checked({**self.state, **proposal["value"]})

    def _checked(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return `state` with its numbers as Python's; raises ValueError for an unknown name or a bad value."""
        for name in state:
            validate.known_name(name, STATE, "part of the state")
        if not isinstance(state["text"], str):
            raise ValueError(f"text must be a string such as 'a thick three', got {state['text']!r}.")
        codes = state["codes"]
        if codes is not None:
            if len(codes) != self.codes:
                raise ValueError(f"codes must be None or {self.codes} codes, got {len(codes)}.")
            codes = [validate.whole(code, 0, self.codebook_size - 1, "a code") for code in codes]
        return {
            "order": validate.known_name(state["order"], ORDERS, "order"),
            "text": state["text"],
            "temperature": validate.between(state["temperature"], *TEMPERATURES, "temperature"),
            "seed": validate.whole(state["seed"], 0, 2**31 - 1, "seed"),
            "drawn": None if state["drawn"] is None else validate.whole(state["drawn"], 0, self.codes, "drawn"),
            **latent_state.picture(state, len(self.labels), self.pictures.size),
            "codes": codes,
            "said": [validate.known_name(word, (*self.words, "<end>"), "word") for word in state["said"]],
        }


def _vocabulary(model: Model | NamesAndImages) -> dict[str, list[str]]:
    """Return the words by which the model knows its tokens, the same as pieces of a text, and the marks.

    A word of the digits' model is written as a whole; the other one's pieces say themselves where a word ends.
    """
    whole = isinstance(model, Model)
    pieces = [word + tokenizer.END if whole else word for word in model.words]
    return {"words": list(model.words), "pieces": pieces, "marks": list(MARKS)}


def _picks(images: data.Split | data.Emoji, shape: validate.Shape) -> Pictures:
    """Return the first digits of each class, or of other pictures at most 120."""
    if shape != validate.IMAGE_SHAPE or isinstance(images, data.Emoji):
        return pictures(images, shape, MOST_PICKS, 0)
    x, labels = choose(images, len(images.x), 0)
    first = np.concatenate([np.flatnonzero(labels == digit)[:PICKS] for digit in range(10)])
    return Pictures(x[torch.from_numpy(first)], labels[first], None)
