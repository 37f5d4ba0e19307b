"""The latent explorer: a picture x, the map of its codes, the picture x_hat that any code decodes to."""

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

VIEWS = ("all", "map")
TITLE = "Every place on this map decodes to an image"
STATE = ("z", "a", "b", "t", "digit", "drawing", "prior", "draws", "eps", "grid")


class LatentExplorer(Explorer):
    """Pick or draw a digit, drag its code z over the map, and see what z decodes to, all in the page.

    A VAE also shows q(z|x): its ellipse, z = mu + sigma * eps at the press of a key, and its KL by dimension.

    model: an Autoencoder or a VAE (whose code is mu), copied as it is now.
    images: test images and labels, of which `digits` are drawn with `seed` and encoded once.
    view: "all", or "map" for the map and x_hat alone.
    grid: with two latent dimensions, begin with the decoded map: a picture at every place instead of the codes.

    `state` may be set from Python, whole or in part, and moves the figure:
    z, a, b: lists of latent_dim numbers, the code and the two ends of the walk; t in [0, 1]: how far z went;
    digit: the number of the picked digit, or None; drawing: None, or 784 gray levels 0..255 that were drawn;
    prior: whether N(0, I) is shown; draws: how many samples of it; eps: how many draws from q(z|x);
    grid: whether the map shows decoded pictures, which takes two latent dimensions.

    Raises TypeError or ValueError for a model without encoder and decoder, for images or labels of a wrong
    shape, dtype or range, for codes that are not finite, and for an unknown view or state.
    """

    def __init__(
        self,
        model: nn.Module,
        images: Split,
        *,
        title: str = TITLE,
        digits: int = 1500,
        seed: int = 0,
        view: str = "all",
        grid: bool = False,
    ) -> None:
        validate.known_name(view, VIEWS, "view")
        self.images, self.labels = choose(images, digits, seed)
        self.space = LatentSpace(model, self.images, self.labels)
        networks, weights = self.space.network()
        blocks, table = pack(weights, packed_images(self.images, self.labels), self.space.arrays())
        page = {"title": title, "view": view, "seed": seed, "arrays": table}
        super().__init__(blocks, config={**page, **networks, **self.space.config()}, state=self._start(grid))

    @property
    def latent_dim(self) -> int:
        return self.space.latent_dim

    @property
    def codes(self) -> np.ndarray:
        """The codes of the digits on the map, float64 (N, D)."""
        return self.space.codes

    @property
    def plane(self) -> latent_codes.Plane:
        """The map."""
        return self.space.plane

    @property
    def summary(self) -> str:  # type: ignore[override]
        shown = f"{min(self.latent_dim, 2)} of {self.latent_dim} dimensions shown"
        return f"Latent explorer: drag z over the map of {len(self.codes):,} test digits ({shown})."

    def _start(self, grid: bool) -> dict[str, Any]:
        a, b = latent_codes.walk_ends(self.codes, self.labels)
        z, end = ([float(v) for v in self.codes[i]] for i in (a, b))
        picked = {"digit": a, "drawing": None}
        return {"z": z, "a": z, "b": end, "t": 0.0, **picked, "prior": False, "draws": 0, "eps": 0, "grid": grid}

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]}, self.latent_dim, len(self.codes))


def checked_state(state: Mapping[str, Any], latent_dim: int, digits: int) -> dict[str, Any]:
    """Return `state` with its numbers as floats. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    codes = {name: latent_state.numbers(state[name], name, latent_dim) for name in ("z", "a", "b")}
    if not 0 <= state["t"] <= 1:
        raise ValueError(f"t must lie between 0 (at A) and 1 (at B), got {state['t']}.")
    draws = {name: latent_state.count(state, name) for name in ("draws", "eps")}
    if state["grid"] and latent_dim != 2:
        raise ValueError(f"grid: a map of decoded pictures needs two latent dimensions, got {latent_dim}.")
    picture = latent_state.picture(state, digits)
    return {
        **codes,
        "t": float(state["t"]),
        **picture,
        "prior": bool(state["prior"]),
        "grid": bool(state["grid"]),
        **draws,
    }
