"""The words-and-images explorer: one model, one sequence. Write, and it draws; draw, and it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import traitlets

from vqedu import data, validate
from vqedu.models import VQVAE
from vqedu.models.transformer import generate
from vqedu.models.words_and_images import MARKS, MAX_WORDS, WORDS
from vqedu.models.words_and_images import WordsAndImages as Model
from vqedu.widgets import images as latent_state
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.images import choose, packed_images
from vqedu.widgets.tokens import draw as tokens_draw
from vqedu.widgets.tokens.draw import PLACES
from vqedu.widgets.tokens.pair import paired
from vqedu.widgets.tokens.tokens import TEMPERATURES

TITLE = "One model, one sequence of tokens: words and image codes, in either order"
ORDERS = ("draw", "read")
STATE = ("order", "text", "temperature", "seed", "drawn", "digit", "drawing", "codes", "said")
PICKS = 6  # test digits of each class to pick from


class WordsAndImages(Explorer):
    """Type words and the model draws them, code by code; draw or pick a digit and it says what it sees.

    model: a `vqedu.models.WordsAndImages`; vqvae: the VQVAE whose codes it learnt; both copied as they are.
    order: "draw" (words first) or "read" (the image first); text: what to draw; digit: the number of the digit to read.
    images: test digits to pick from; None takes MNIST's, which come with the package.

    `state` may be set from Python, whole or in part, and moves the figure. Beside the above it holds
    temperature (0.1 to 2) and seed of the drawing; drawn: how many codes are drawn, None before <image>;
    drawing: 784 grey levels 0..255 to read; codes: 49 codes to read; said: words of the answer that a hand chose.

    The same text, seed and temperature give the same picture, here (`codes`) and in the page.
    Raises TypeError for models of another kind, ValueError where their codebooks differ, for an unknown word or state.
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
        self.model, self.vqvae, arrays, networks = paired(model, Model, vqvae)
        self.images, self.labels = _picks(data.load("mnist").test if images is None else images)
        blocks, table = pack(*arrays, packed_images(self.images, self.labels))
        config: dict[str, Any] = {"title": title, "arrays": table, **networks}
        config |= {"words": list(WORDS), "marks": list(MARKS), "most_words": MAX_WORDS}
        drawing = {"order": order, "text": text, "temperature": 1.0, "seed": seed, "drawn": PLACES}
        reading: dict[str, Any] = {"digit": digit, "drawing": None, "codes": None, "said": []}
        super().__init__(blocks, config=config, state={**drawing, **reading})

    @property
    def summary(self) -> str:  # type: ignore[override]
        return f"Words and images: one model of {len(self.model.vocabulary)} tokens draws words and names pictures."

    def sequence(self, state: Mapping[str, Any] | None = None) -> list[str]:
        """Return the names of the tokens of `state` (default: the present one): words, marks, and codes as numbers."""
        now = self._whole(state)
        codes = [str(code) for code in self.codes(now)]
        if now["order"] == "draw":
            begun = now["drawn"] is not None and _can_be_drawn(now["text"])
            return [*_written(now["text"]), "<image>", *codes] if begun else ["<words>", *_words(now["text"])]
        answer = [word for word, _ in self.answer(now)]
        return ["<image>", *codes, "<words>", *answer] if codes else []

    @torch.no_grad()
    def codes(self, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """Return the image codes of `state`, drawn from its words or encoded from its picture: at most 49, int64."""
        now = self._whole(state)
        if now["order"] == "draw":
            return self._drawn(now)
        if now["codes"] is not None:
            return np.array(now["codes"])
        if not latent_state.has_picture(now):
            return np.array([], dtype=np.int64)
        x = torch.tensor(self.shown(now), dtype=torch.float32).view(1, 1, 28, 28)
        return self.vqvae.encode(x).flatten().numpy()

    def answer(self, state: Mapping[str, Any] | None = None) -> list[tuple[str, float]]:
        """Return what the model says of the codes of `state`, word by word with its probability, up to <end>."""
        now = self._whole(state)
        sayable = [self.model.token[word] for word in (*WORDS, "<end>")]
        said: list[tuple[str, float]] = []

        def say(logits: torch.Tensor) -> torch.Tensor:
            numbers = logits[0].numpy()
            chosen = now["said"][len(said) : len(said) + 1]
            token = self.model.token[chosen[0]] if chosen else max(sayable, key=lambda each: numbers[each])
            said.append((str(self.model.vocabulary[token]), float(tokens_draw.distribution(numbers)[token])))
            return torch.tensor([[token]])

        prompt = torch.tensor([[self.model.token["<image>"], *self.codes(now), self.model.token["<words>"]]])
        generate(self.model.transformer, prompt, MAX_WORDS, say, self.model.transformer.empty_cache(1))
        ends = [number for number, (word, _) in enumerate(said, start=1) if word == "<end>"]
        return said[: ends[0]] if ends else said

    def picture(self, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """Return x_hat of the codes of `state`, (28, 28) in [0, 1]; places without a code hold the zero vector."""
        return tokens_draw.partly_decoded(self.vqvae, self.codes(state))

    def shown(self, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """Return the picture x to read, (28, 28) in [0, 1], as `state` has it: drawn, picked, or empty paper."""
        return latent_state.shown(self._whole(state), self.images)

    def _drawn(self, state: Mapping[str, Any]) -> np.ndarray:
        if state["drawn"] is None or not _can_be_drawn(state["text"]):
            return np.array([], dtype=np.int64)
        prompt = [self.model.token[name] for name in (*_written(state["text"]), "<image>")]
        return tokens_draw.draw_codes(self.model.transformer, prompt, self.vqvae.codebook_size, state)[0]

    def _whole(self, state: Mapping[str, Any] | None) -> dict[str, Any]:
        return checked_state({**self.state, **(state or {})}, len(self.labels), self.vqvae.codebook_size)

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return self._whole(proposal["value"])


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


def _words(text: str) -> list[str]:
    """Return the words of a text as the page reads them: only letters count, so "Two, plus four!" has three."""
    return re.findall(r"[^\W\d_]+", text.lower())


def _can_be_drawn(text: str) -> bool:
    words = _words(text)
    return 1 <= len(words) <= MAX_WORDS and set(words) <= set(WORDS)


def _written(text: str) -> list[str]:
    """Return the names of the tokens of a request: its words, and <end> in the places of missing ones."""
    words = _words(text)
    return ["<words>", *words, *["<end>"] * (MAX_WORDS - len(words))]


def _picks(images: data.Split) -> tuple[torch.Tensor, np.ndarray]:
    """Return the first images of each class and their labels."""
    x, labels = choose(images, len(images.y), 0)
    first = np.concatenate([np.flatnonzero(labels == digit)[:PICKS] for digit in range(10)])
    return x[torch.from_numpy(first)], labels[first]
