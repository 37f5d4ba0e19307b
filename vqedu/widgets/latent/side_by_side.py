"""An autoencoder and a VAE side by side: the same digit and the same z on two maps with the same axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets
from torch import nn

from vqedu import validate
from vqedu.data import Split
from vqedu.widgets import images as latent_state
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.images import choose, packed_images
from vqedu.widgets.latent import codes as latent_codes
from vqedu.widgets.latent.space import LatentSpace

TITLE = "One z on two maps: the autoencoder leaves holes and rays, the VAE fills the disk of N(0,\N{NO-BREAK SPACE}I)"
NAMES = ("Autoencoder", "VAE")
STATE = ("z", "digit", "drawing", "prior", "draws", "zoom")
CLOSE_UP = 3.5  # the half width of the close-up on N(0, I): beyond it lie 0.2% of its draws


class SideBySideExplorer(Explorer):
    """Pick or draw a digit and see its code in both models; drag z and see what the same z decodes to in each.

    ae: an Autoencoder, vae: a VAE, both with two latent dimensions, copied as they are now.
    images: test images and labels, of which `digits` are drawn with `seed` and encoded once by each.

    `state` may be set from Python, whole or in part, and moves the figure:
    z: None, where each model decodes its own code of x, or two numbers that both decode;
    digit: the number of the picked digit, or None; drawing: None, or 784 gray levels 0..255 that were drawn;
    prior: whether N(0, I) is shown; draws: how many samples of it; zoom: whether the maps show N(0, I) close up.

    Raises TypeError or ValueError for models of another kind or another latent_dim, for images or labels of a
    wrong shape, dtype or range, for codes that are not finite, and for an unknown state.
    """

    def __init__(
        self, ae: nn.Module, vae: nn.Module, images: Split, *, title: str = TITLE, digits: int = 1500, seed: int = 0
    ) -> None:
        self.images, self.labels = choose(images, digits, seed)
        self.spaces = [LatentSpace(model, self.images, self.labels) for model in (ae, vae)]
        _check_kinds(*self.spaces)
        parts = [(space, *space.network()) for space in self.spaces]
        groups = [
            _prefixed(i, part) for i, (space, _, weights) in enumerate(parts) for part in (weights, space.arrays())
        ]
        blocks, table = pack(packed_images(self.images, self.labels), *groups)
        each = [
            {"name": name, "arrays": _own(table, i), **networks, **space.config()}
            for i, (name, (space, networks, _)) in enumerate(zip(NAMES, parts, strict=True))
        ]
        config = {"title": title, "view": "side", "seed": seed, "models": each, "windows": self._windows()}
        super().__init__(blocks, config=config, state=self._start())

    @property
    def summary(self) -> str:  # type: ignore[override]
        return f"Autoencoder and VAE side by side: one z on the maps of {len(self.labels):,} test digits."

    def _windows(self) -> dict[str, Any]:
        planes = [space.plane for space in self.spaces]
        low, high = np.min([p.low for p in planes], axis=0), np.max([p.high for p in planes], axis=0)
        near = {"low": [-CLOSE_UP] * 2, "high": [CLOSE_UP] * 2}
        return {"all": {"low": low.tolist(), "high": high.tolist()}, "zoom": near}

    def _start(self) -> dict[str, Any]:
        digit, _ = latent_codes.walk_ends(self.spaces[1].codes, self.labels)
        return {"z": None, "digit": digit, "drawing": None, "prior": True, "draws": 0, "zoom": True}

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]}, len(self.labels))


def checked_state(state: Mapping[str, Any], digits: int) -> dict[str, Any]:
    """Return `state` with its numbers as floats. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    z = None if state["z"] is None else latent_state.numbers(state["z"], "z", 2)
    picture = latent_state.picture(state, digits)
    draws = latent_state.count(state, "draws")
    return {"z": z, **picture, "prior": bool(state["prior"]), "draws": draws, "zoom": bool(state["zoom"])}


def _prefixed(index: int, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return one model's arrays under names that no array of the other model has."""
    return {f"{index}/{name}": array for name, array in arrays.items()}


def _own(table: Mapping[str, Any], index: int) -> dict[str, Any]:
    """Return the table of one model's arrays under their plain names; images and labels belong to both."""
    own = f"{index}/"
    return {name.removeprefix(own): entry for name, entry in table.items() if name.startswith(own) or "/" not in name}


def _check_kinds(ae: LatentSpace, vae: LatentSpace) -> None:
    if ae.variational or not vae.variational:
        raise TypeError("The first model must be an Autoencoder and the second a VAE.")
    if (ae.latent_dim, vae.latent_dim) != (2, 2):
        raise ValueError(f"Both models need latent_dim 2, got {ae.latent_dim} and {vae.latent_dim}.")
