"""What the tests of the explorers in color share: a small model of names, the shipped VQ-VAE, and torch's answers."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
import torch

from tests.page import node
from tests.page.conv_nets import shipped
from tests.widgets.tokens.drawing import distribution, pick
from tests.widgets.tokens.test_tokens import sharpened
from vqedu import data
from vqedu.data import tokenizer
from vqedu.models import NamesAndImages
from vqedu.widgets import CodebookExplorer, TokenExplorer, WordsAndImages

NAME = "woman firefighter, dark skin"
PLACES = 64


@cache
def emoji() -> data.Emoji:
    """Forty real pictures that the VQ-VAE has not seen."""
    return data.load("emoji").part("unseen combination").take(list(range(40)))


@cache
def names() -> NamesAndImages:
    """A seeded model of names, small enough to run in milliseconds."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        pieces = tokenizer.vocabulary(data.load("emoji").sentences)
        small: NamesAndImages = sharpened(NamesAndImages(512, pieces, width=32, depth=2, heads=2))
        return small


def words_explorer(**settings: Any) -> WordsAndImages:
    settings = {"text": NAME, "guidance": 2.0, "temperature": 0.7, "chips": ("woman", "dark skin"), **settings}
    return WordsAndImages(names(), shipped("vqvae-emoji"), emoji(), **settings)


def token_explorer(**settings: Any) -> TokenExplorer:
    return TokenExplorer(names(), shipped("vqvae-emoji"), ("red heart", NAME), **{"label": 1, **settings})


def codebook_explorer() -> CodebookExplorer:
    return CodebookExplorer(shipped("vqvae-emoji"), emoji(), digits=30)


def uniforms(seed: int) -> list[float]:
    return list(node.call("tokens/math.js", f"(seed) => tested.uniforms(seed, {PLACES})", seed))


@torch.no_grad()
def drawn(text: str | None, seed: int, temperature: float, guidance: float, count: int = PLACES) -> list[int]:
    """Return the codes that the page must draw, without a cache."""
    model = names()
    prompts, codes = torch.cat([model.prompt(text), model.prompt(None)]), torch.empty(2, 0, dtype=torch.int64)
    for u in uniforms(seed)[:count]:
        asked, none = model.transformer(torch.cat([prompts, codes], 1))[:, -1, :512]
        logits = (none + guidance * (asked - none)).numpy()
        code = pick(distribution(logits, temperature), logits, u)
        codes = torch.cat([codes, torch.full((2, 1), code)], 1)
    return [int(code) for code in codes[0]]


@torch.no_grad()
def decoded(codes: Any) -> np.ndarray:
    """Return the picture of 64 codes, (3, 32, 32) in [0, 1]."""
    model = shipped("vqvae-emoji")
    picture: np.ndarray = model.decode(torch.as_tensor(codes).view(1, 8, 8)).sigmoid()[0].numpy()
    return picture


def in_words_model(explorer: WordsAndImages, function: str, *given: Any) -> Any:
    """Return function(model, *given) in Node, the model being that of the explorer's page."""
    script = f"""(text, config, ...given) =>
        ({function})(tested.wordsModel(view(text), config), ...given)"""
    text = base64.b64encode(explorer.data).decode()
    return node.call("tokens/words_view.js", script, text, explorer.config, *given)
