"""The latent explorer: a picture x, the map of its codes, the picture x_hat that any code decodes to."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from vqedu import validate
from vqedu.data import Split
from vqedu.widgets import latent_codes
from vqedu.widgets.base import HERE, Explorer, bundle, pack
from vqedu.widgets.latent_codes import Plane, Principal
from vqedu.widgets.nets import describe

VIEWS = ("all", "map")
TITLE = "Every place on this map decodes to a picture"
MODULES = (
    "kit.js", "nn.js", "latent_space.js", "latent_ink.js", "latent_map.js",
    "latent_pictures.js", "latent_controls.js", "latent.js",
)  # fmt: skip
SUBSCRIPTS = ("z₁", "z₂")


class LatentExplorer(Explorer):
    """Pick or draw a digit, drag its code z over the map, and see what z decodes to, all in the page.

    model: an Autoencoder or a VAE (whose code is mu), copied as it is now.
    images: test images and labels, of which `digits` are drawn with `seed` and encoded once.
    view: "all", or "map" for the map and x_hat alone.

    `state` may be set from Python, whole or in part, and moves the figure:
    z, a, b: lists of latent_dim numbers, the code and the two ends of the walk; t in [0, 1]: how far z went;
    digit: the number of the picked digit, or None; drawing: None, or 784 grey levels 0..255 that were drawn;
    prior: whether N(0, I) is shown; draws: how many samples of it.

    Raises TypeError or ValueError for a model without encoder and decoder, for images or labels of a wrong
    shape, dtype or range, for codes that are not finite, and for an unknown view or state.
    """

    _esm = bundle(*MODULES)
    _css = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("kit.css", "latent.css"))

    def __init__(
        self,
        model: nn.Module,
        images: Split,
        *,
        title: str = TITLE,
        digits: int = 1500,
        seed: int = 0,
        view: str = "all",
    ) -> None:
        self._model = _snapshot(model)
        validate.known_name(view, VIEWS, "view")
        self.images, self.labels = _choose(images, validate.positive_int(digits, "digits"), seed)
        self.codes = encode(self._model, self.images)
        directions = latent_codes.principal(self.codes)
        self.plane = plane = latent_codes.plane(self.codes, self.labels, directions)
        encoder, encoder_arrays = describe(self._model.encoder, "encoder")
        decoder, decoder_arrays = describe(self._model.decoder, "decoder")
        data, table = pack({**encoder_arrays, **decoder_arrays, **self._arrays(directions, plane)})
        config = {
            "title": title, "view": view, "seed": seed, "latent_dim": self.latent_dim, "arrays": table,
            "encoder": encoder, "decoder": decoder, **self._map_config(directions, plane),
        }  # fmt: skip
        super().__init__(data=data, config=config, state=self._start())

    @property
    def latent_dim(self) -> int:
        return int(self._model.latent_dim)

    @property
    def summary(self) -> str:  # type: ignore[override]
        shown = f"{min(self.latent_dim, 2)} of {self.latent_dim} dimensions shown"
        return f"Latent explorer: drag z over the map of {len(self.codes):,} test digits ({shown})."

    def picture(self, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """Return x_hat = sigmoid(f(z)), (28, 28) in [0, 1], for the z of `state` (default: the present one)."""
        z = {**self.state, **(state or {})}["z"]
        with torch.no_grad():
            return self._model.decode(torch.tensor(np.array([z]), dtype=torch.float32)).sigmoid()[0, 0].numpy()

    def shown(self, state: Mapping[str, Any] | None = None) -> np.ndarray:
        """Return x, (28, 28) in [0, 1], as `state` has it: drawn, picked, or empty paper."""
        now = {**self.state, **(state or {})}
        if now["drawing"] is not None:
            return np.reshape(now["drawing"], (28, 28)) / 255
        return np.zeros((28, 28)) if now["digit"] is None else self.images[now["digit"], 0].numpy()

    def preview(self) -> bytes:
        from vqedu.widgets.latent_preview import draw  # matplotlib only when a picture is wanted

        return draw(self).png()

    def _start(self) -> dict[str, Any]:
        a, b = latent_codes.walk_ends(self.codes, self.labels)
        z, end = ([float(v) for v in self.codes[i]] for i in (a, b))
        return {"z": z, "a": z, "b": end, "t": 0.0, "digit": a, "drawing": None, "prior": False, "draws": 0}

    def _arrays(self, directions: Principal, plane: Plane) -> dict[str, np.ndarray]:
        floats = {
            "codes": self.codes, "axes": plane.axes, "origin": plane.origin, "places": plane.places,
            "mean": directions.mean, "directions": directions.directions, "std": directions.std,
        }  # fmt: skip
        return {
            "images": (255 * self.images.flatten(1)).round().numpy().astype(np.uint8),
            "labels": self.labels.astype(np.int32),
            **{name: array.astype(np.float32) for name, array in floats.items()},
        }

    def _map_config(self, directions: Principal, plane: Plane) -> dict[str, Any]:
        from vqedu.plots import DIGIT_COLORS

        gaps = latent_codes.spacing(self.codes)
        labels = {1: (SUBSCRIPTS[0], "class"), 2: SUBSCRIPTS}
        along = [f"direction {k + 1} ({share:.0%} of the variance)" for k, share in enumerate(directions.share[:2])]
        return {
            "low": plane.low.tolist(), "high": plane.high.tolist(),
            "spacing": gaps.median, "reach": gaps.reach, "colors": list(DIGIT_COLORS),
            "axis_labels": list(labels.get(self.latent_dim, along)), "shares": directions.share.tolist(),
            "class_places": latent_codes.class_places(plane.places, self.labels),
        }  # fmt: skip

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]}, self.latent_dim, len(self.codes))


def encode(model: Any, x: Tensor) -> np.ndarray:
    """Return the codes of images, float64 (N, D): z of an autoencoder, mu of a VAE."""
    with torch.no_grad():
        codes = model.encode(x)
    codes = codes[0] if isinstance(codes, tuple) else codes
    return validate.finite(codes, "the codes of the images").numpy().astype(np.float64)


def checked_state(state: Mapping[str, Any], latent_dim: int, digits: int) -> dict[str, Any]:
    """Return `state` with its numbers as floats (a page writes 1 for 1.0).

    Raises ValueError for a name that is unknown or a value that cannot be shown.
    """
    known = ("z", "a", "b", "t", "digit", "drawing", "prior", "draws")
    for name in state:
        validate.known_name(name, known, "part of the state")
    codes = {name: _numbers(state[name], name, latent_dim) for name in ("z", "a", "b")}
    t, digit, drawing, draws = (state[name] for name in ("t", "digit", "drawing", "draws"))
    if not 0 <= t <= 1:
        raise ValueError(f"t must lie between 0 (at A) and 1 (at B), got {t}.")
    if digit is not None and not 0 <= digit < digits:
        raise ValueError(f"digit must be None or a number from 0 to {digits - 1}, got {digit}.")
    if drawing is not None and (len(drawing) != 784 or not all(0 <= v <= 255 for v in drawing)):
        raise ValueError("drawing must be None or a list of 784 grey levels from 0 to 255.")
    if not 0 <= draws <= 10_000:
        raise ValueError(f"draws must be a number from 0 to 10,000, got {draws}.")
    return {
        **codes,
        "t": float(t),
        "digit": digit,
        "drawing": drawing,
        "prior": bool(state["prior"]),
        "draws": int(draws),
    }


def _numbers(values: Any, name: str, length: int) -> list[float]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (length,) or not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be a list of {length} finite numbers, got {values!r}.")
    return [float(v) for v in numbers]


def _snapshot(model: nn.Module) -> Any:
    """Return a copy of the model for the CPU, in eval mode; the original may go on training."""
    parts = (getattr(model, "encoder", None), getattr(model, "decoder", None))
    if not (isinstance(model, nn.Module) and all(isinstance(part, nn.Sequential) for part in parts)):
        raise TypeError(
            f"model must be a vqedu.models.Autoencoder or VAE, whose encoder and decoder are nn.Sequential, "
            f"got {type(model).__name__}."
        )
    return copy.deepcopy(model).cpu().float().eval()


def _choose(images: Split, digits: int, seed: int) -> tuple[Tensor, np.ndarray]:
    """Return at most `digits` of the images and their labels, drawn without replacement."""
    if not (hasattr(images, "x") and hasattr(images, "y")):
        raise TypeError(f"images must have .x and .y, as vqedu.data.load(...).test has, got {type(images).__name__}.")
    x, y = validate.images(images.x, "images.x").cpu().float(), torch.as_tensor(images.y).cpu()
    if y.shape != (len(x),) or y.is_floating_point():
        raise ValueError(f"images.y must hold one whole number an image, got {y.dtype} {tuple(y.shape)} for {len(x)}.")
    if not (y.min() >= 0 and y.max() <= 9):
        raise ValueError(f"images.y must hold classes from 0 to 9, got {int(y.min())} to {int(y.max())}.")
    if min(digits, len(x)) < 2:
        raise ValueError(f"A map needs at least 2 images, got digits={digits} and {len(x)} images.")
    if digits < len(x):
        chosen = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))[:digits]
        x, y = x[chosen], y[chosen]
    return x, y.numpy()
