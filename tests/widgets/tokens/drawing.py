"""What the token explorers must show, by the models themselves, without a cache; from the page come random numbers."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from tests.page import node
from tests.page.examples import x_shown
from vqedu.models import VQVAE
from vqedu.models.code_prior import CodePrior
from vqedu.models.transformer import Transformer
from vqedu.models.words_and_images import MAX_WORDS, WORDS
from vqedu.models.words_and_images import WordsAndImages as Model
from vqedu.widgets import TokenExplorer, WordsAndImages

PLACES = 49
State = Mapping[str, Any]


@functools.cache
def uniforms(seed: int) -> list[float]:
    """Return the 49 numbers in (0, 1) by which the page draws."""
    return list(node.call("tokens/math.js", f"(seed) => tested.uniforms(seed, {PLACES})", seed))


def distribution(logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None) -> np.ndarray:
    """Return softmax(logits / temperature) over the `top_k` largest logits; of equal ones the lower index is larger."""
    kept = np.argsort(-logits, kind="stable")[:top_k]
    weights = np.exp((logits[kept].astype(np.float64) - logits.max()) / temperature)
    p = np.zeros(len(logits))
    p[kept] = weights / weights.sum()
    return p


def pick(p: np.ndarray, logits: np.ndarray, u: float) -> int:
    """Return the token on which u in (0, 1) falls, when p lies side by side from 0 to 1, the most probable first."""
    order = np.argsort(-logits, kind="stable")[: np.count_nonzero(p)]
    fallen_on = int(np.searchsorted(np.cumsum(p[order]), u, side="right"))
    return int(order[min(fallen_on, len(order) - 1)])


def draw_codes(
    transformer: Transformer, prompt: Sequence[int], codebook_size: int, state: State
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the codes drawn behind a prompt, and the logits at each place up to the next one."""
    codes, found = list(state.get("fixed", ())), []
    for place in range(min(state["drawn"] + 1, PLACES)):
        logits = next_logits(transformer, (*prompt, *codes[:place]))[:codebook_size]
        found.append(logits)
        if place == len(codes) < state["drawn"]:
            p = distribution(logits, state["temperature"], state.get("top_k"))
            codes.append(pick(p, logits, uniforms(state["seed"])[place]))
    return np.array(codes[: state["drawn"]], dtype=np.int64), found


@functools.cache
@torch.no_grad()
def next_logits(transformer: Transformer, tokens: tuple[int, ...]) -> np.ndarray:
    """Return the logits of the token after these; a test asks for those of the same tokens again and again."""
    logits: np.ndarray = transformer(torch.tensor([tokens]))[0, -1].numpy()
    return logits


@torch.no_grad()
def partly_decoded(vqvae: VQVAE, codes: np.ndarray) -> np.ndarray:
    """Return x_hat of at most 49 codes, (28, 28) in [0, 1]; places without a code hold the zero vector."""
    z = torch.zeros(1, vqvae.code_dim, PLACES)
    z[0, :, : len(codes)] = vqvae.quantizer.codes()[torch.from_numpy(codes)].T
    return vqvae.decoder(z.view(1, -1, 7, 7)).sigmoid()[0, 0].numpy()


class Drawn:
    """What a TokenExplorer of this prior and VQ-VAE shows in a state; by default in the one that it has."""

    def __init__(self, shown: TokenExplorer, prior: CodePrior, vqvae: VQVAE) -> None:
        self.shown, self.prior, self.vqvae = shown, prior, vqvae

    def codes(self, state: State | None = None) -> np.ndarray:
        """Return the codes drawn: (drawn,) int64."""
        return self._draw({**self.shown.state, **(state or {})})[0]

    def bits(self, state: State | None = None) -> float:
        """Return -log2 p(code | the codes before) at temperature 1, summed over the codes drawn."""
        codes, logits = self._draw({**self.shown.state, **(state or {})})
        return float(sum(-np.log2(distribution(row)[code]) for row, code in zip(logits, codes, strict=False)))

    def picture(self, state: State | None = None) -> np.ndarray:
        """Return x_hat of the codes drawn."""
        return partly_decoded(self.vqvae, self.codes(state))

    def odds(self, state: State | None = None) -> np.ndarray:
        """Return the probabilities of the code in view: (K,)."""
        now = {**self.shown.state, **(state or {})}
        _, logits = self._draw(now)
        where = len(logits) - 1 if now["cursor"] is None else min(now["cursor"], len(logits) - 1)
        return distribution(logits[where], now["temperature"], now["top_k"])

    def _draw(self, state: State) -> tuple[np.ndarray, list[np.ndarray]]:
        start = int(self.prior.start(1, state["label"]))
        return draw_codes(self.prior.transformer, [start], self.prior.codebook_size, state)


class Told:
    """What a WordsAndImages explorer of this model and VQ-VAE shows in a state; by default in the one that it has."""

    def __init__(self, shown: WordsAndImages, model: Model, vqvae: VQVAE) -> None:
        self.shown, self.model, self.vqvae = shown, model, vqvae

    def sequence(self, state: State | None = None) -> list[str]:
        """Return the names of the tokens: words, marks, and codes as numbers."""
        now = {**self.shown.state, **(state or {})}
        codes = [str(code) for code in self.codes(now)]
        if now["order"] == "draw":
            begun = now["drawn"] is not None and can_be_drawn(now["text"])
            return [*written(now["text"]), "<image>", *codes] if begun else ["<words>", *words(now["text"])]
        return ["<image>", *codes, "<words>", *[word for word, _ in self.answer(now)]] if codes else []

    def codes(self, state: State | None = None) -> np.ndarray:
        """Return the image codes, drawn from the words or encoded from the picture: at most 49, int64."""
        now = {**self.shown.state, **(state or {})}
        if now["order"] == "draw":
            return self._drawn(now)
        if now["codes"] is not None:
            return np.array(now["codes"])
        if now["drawing"] is None and now["digit"] is None:
            return np.array([], dtype=np.int64)
        x = torch.tensor(x_shown(now, self.shown.images), dtype=torch.float32).view(1, 1, 28, 28)
        return self.vqvae.encode(x).flatten().numpy()

    @torch.no_grad()
    def answer(self, state: State | None = None) -> list[tuple[str, float]]:
        """Return what the model says of the codes, word by word with its probability, up to <end>."""
        now = {**self.shown.state, **(state or {})}
        token = self.model.token
        tokens = [token["<image>"], *self.codes(now), token["<words>"]]
        said: list[tuple[str, float]] = []
        while len(said) < MAX_WORDS and (not said or said[-1][0] != "<end>"):
            logits = self.model.transformer(torch.tensor([tokens]))[0, -1].numpy()
            chosen = now["said"][len(said) : len(said) + 1]
            word = chosen[0] if chosen else max((*WORDS, "<end>"), key=lambda name: logits[token[name]])
            tokens.append(token[word])
            said.append((word, float(distribution(logits)[tokens[-1]])))
        return said

    def _drawn(self, state: State) -> np.ndarray:
        if state["drawn"] is None or not can_be_drawn(state["text"]):
            return np.array([], dtype=np.int64)
        prompt = [self.model.token[name] for name in (*written(state["text"]), "<image>")]
        return draw_codes(self.model.transformer, prompt, self.model.codebook_size, state)[0]


def words(text: str) -> list[str]:
    """Return the words of a text as the page reads them: only letters count, so "Two, plus four!" has three."""
    return re.findall(r"[^\W\d_]+", text.lower())


def can_be_drawn(text: str) -> bool:
    """Return whether the model was taught such a request."""
    return 1 <= len(words(text)) <= MAX_WORDS and set(words(text)) <= set(WORDS)


def written(text: str) -> list[str]:
    """Return the names of the tokens of a request: its words, and <end> in the places of missing ones."""
    return ["<words>", *words(text), *["<end>"] * (MAX_WORDS - len(words(text)))]
