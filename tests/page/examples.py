"""Examples of every explorer and card, for the tests that look at all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from torch import Tensor

from vqedu import data, pretrained, widgets
from vqedu.widgets.base import Explorer

DIGITS = 300


@cache
def images() -> data.Split:
    return data.load("mnist").test


@cache
def model(name: str) -> Any:
    return pretrained.load(name)


def latent(name: str) -> Explorer:
    return widgets.LatentExplorer(model(name), images(), digits=DIGITS)


def side_by_side() -> Explorer:
    return widgets.SideBySideExplorer(model("ae-2d"), model("vae-2d"), images(), digits=DIGITS)


def codebook() -> Explorer:
    x, y = images()
    return widgets.CodebookExplorer(model("vqvae-mnist"), data.Split(x[:1000], y[:1000]), digits=DIGITS)


def quiz() -> Explorer:
    return widgets.Quiz("autoencoder.pca", "autoencoder.decoder-output", "autoencoder.junk")


# By the name of the class, and after a colon what sets an example of it apart from the others.
EXAMPLES: dict[str, Callable[[], Explorer]] = {
    "LatentExplorer: VAE of 50 numbers": lambda: latent("vae-50d"),
    "LatentExplorer: VAE of 2 numbers": lambda: latent("vae-2d"),
    "LatentExplorer: autoencoder": lambda: latent("ae-2d"),
    "SideBySideExplorer": side_by_side,
    "ElboExplorer": lambda: widgets.ElboExplorer(),
    "ReparameterizationExplorer": lambda: widgets.ReparameterizationExplorer(),
    "BetaCalculator": lambda: widgets.BetaCalculator(),
    "QuantizationExplorer": lambda: widgets.QuantizationExplorer(),
    "CodebookExplorer": codebook,
    "TokenExplorer": lambda: widgets.TokenExplorer(model("prior-mnist"), model("vqvae-mnist")),
    "ResidualExplorer": lambda: widgets.ResidualExplorer(model("residual-mnist"), images()),
    "WordsAndImages": lambda: widgets.WordsAndImages(model("words-and-images"), model("vqvae-mnist"), images()),
    "Prediction: number": lambda: widgets.Prediction("autoencoder.factor"),
    "Prediction: choice": lambda: widgets.Prediction("autoencoder.threes"),
    "Prediction: curve": lambda: widgets.Prediction("elbo.samples"),
    "Quiz: three questions": quiz,
    "Quiz: one question": lambda: widgets.Quiz("autoencoder.snow"),
}
CARDS = ("Prediction", "Quiz")


def kind(name: str) -> str:
    """Return the name of an example's class."""
    return name.split(":")[0]


FIRST_OF_EACH = list({kind(name): name for name in reversed(EXAMPLES)}.values())[::-1]


def make(name: str) -> Explorer:
    """Return a new example."""
    made = EXAMPLES[name]()
    assert type(made).__name__ == kind(name)
    return made


def kinds() -> dict[str, type[Explorer]]:
    """Return all explorers and cards there are, by name."""
    found = {name: getattr(widgets, name) for name in widgets.NAMES}
    return {name: each for name, each in found.items() if isinstance(each, type) and issubclass(each, Explorer)}


def x_shown(state: Mapping[str, Any], x: Tensor) -> np.ndarray:
    """Return x, (28, 28) in [0, 1], as the state of an explorer of the images `x` has it: drawn, picked, or empty."""
    if state["drawing"] is not None:
        return np.reshape(state["drawing"], (28, 28)) / 255
    return np.zeros((28, 28)) if state["digit"] is None else x[state["digit"], 0].numpy()
