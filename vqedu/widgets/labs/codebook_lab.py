"""The codebook lab: train a VQ-VAE live, kill its codebook, and bring it back to life."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from vqedu import metrics, models, validate
from vqedu.data import Images
from vqedu.plots import TeachingFigure
from vqedu.quantizers import VectorQuantizer
from vqedu.widgets.labs.codebook_figure import CodebookState, codebook_figure
from vqedu.widgets.labs.lab import one_core
from vqedu.widgets.labs.training_lab import TrainingLab, shown
from vqedu.widgets.principal import principal

STARTS = {"from data": "data", "uniform ±1/K": "uniform", "N(0, 10²)": "far"}
UPDATES = {"EMA": "ema", "gradient": "gradient"}
ON_OFF = {"on": True, "off": False}
DIMENSIONS = (16, 2)
REVIVE_AFTER = 20  # steps
FAR = 10.0  # the standard deviation of the start far from all z_e
SHOWN_VECTORS = 1000
SETTLING_BATCHES = 30


class Switches(NamedTuple):
    """How the lab's quantizer begins and learns."""

    start: str = "data"
    update: str = "ema"
    revive: bool = True
    normalize: bool = True


class CodebookLab(TrainingLab[CodebookState]):
    """A VQ-VAE that trains in the kernel, the switches of its codebook in the reader's hand.

    images: the data set; it trains on all of `train` and measures on the first 500 of `test`. start: "data", "uniform"
    (+-1/K) or "far" (N(0, 10^2)); update: "ema" or "gradient"; revive: a code unused for 20 steps moves onto a vector
    of the batch; normalize: z_e has mean 0 and variance 1 before the quantizer. code_dim: 16, or 2, where the map of
    codes is no projection. A start ends by itself after `seconds`. Only `revive` may change while it trains; any other
    switch begins anew.
    Raises ValueError or TypeError for an unknown start, update or code_dim, or a bad codebook_size.
    """

    summary = "Codebook lab: codes and z_e on a map, codes in use, perplexity and reconstructions of a VQ-VAE"
    measured_every = 25
    drawn_every = 50  # a drawing takes as long as a dozen steps
    model: models.VQVAE

    def __init__(
        self,
        images: Images,
        codebook_size: int = 128,
        code_dim: int = 16,
        *,
        start: str = "data",
        update: str = "ema",
        revive: bool = True,
        normalize: bool = True,
        seconds: float = 45.0,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        seed: int = 0,
    ) -> None:
        validate.known_name(start, STARTS.values(), "start of the codebook")
        validate.known_name(update, UPDATES.values(), "codebook update")
        if code_dim not in DIMENSIONS:
            raise ValueError(f"code_dim must be 16 or 2 in this lab, got {code_dim!r}.")
        self.codebook_size = validate.positive_int(codebook_size, "codebook_size")
        self.start_from = _toggle("start", STARTS, start, "118px")
        self.update = _toggle("codebook", UPDATES, update, "84px")
        self.revive = _toggle("revival", ON_OFF, revive, "52px")
        self.normalize = _toggle("normalized z_e", ON_OFF, normalize, "52px")
        self.code_dim = _toggle("D", {str(d): d for d in DIMENSIONS}, code_dim, "52px")
        for control in (self.start_from, self.update, self.normalize, self.code_dim):
            control.observe(self._begin_anew, "value")
        self.revive.observe(self._set_revival, "value")
        super().__init__(
            images,
            [self.start_from, self.update],
            [self.revive, self.normalize, self.code_dim],
            idle="Press Start. Revival may be switched while it trains; every other switch begins anew.",
            seconds=seconds,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
        )

    @property
    def switches(self) -> Switches:
        """The controls as they stand."""
        return Switches(self.start_from.value, self.update.value, self.revive.value, self.normalize.value)

    def new_model(self) -> models.VQVAE:
        """Draw weights and codes, and the plane of the map from the z_e of the untrained model."""
        model = build(self.codebook_size, self.code_dim.value, self.switches)
        self.plane = plane(settle(model, self.train_images, self.batch_size))
        return model

    def measured(self, before: CodebookState | None) -> CodebookState:
        """Measure usage, perplexity and squared error on the test images; the model learns nothing from it."""
        training_mode = self.model.training
        x = self.test_images.to(next(self.model.parameters()).device)
        out = self.model.eval()(x)
        self.model.train(training_mode)
        x_hat = out.logits.sigmoid()
        counts = torch.bincount(out.indices.flatten(), minlength=self.codebook_size).cpu().numpy()
        old = before or CodebookState()
        return CodebookState(
            steps=(*old.steps, self.step),
            used=(*old.used, int((counts > 0).sum())),
            perplexity=(*old.perplexity, metrics.perplexity(out.indices, self.codebook_size).item()),
            squared_error=(x_hat - x).square().mean().item(),
            shares=counts / counts.sum(),
            codes=self._on_plane(self.model.quantizer.codes()),
            z_e=self._on_plane(spread_rows(out.z_e, SHOWN_VECTORS)),
            projected=self.code_dim.value > 2,
            x=shown(self.test_images),
            x_hat=shown(x_hat),
        )

    def figure(self) -> TeachingFigure:
        """Return the figure of the newest measurement."""
        return codebook_figure(self.state)

    def _on_plane(self, rows: Tensor) -> np.ndarray:
        """Return vectors as points of the map: (n, D) -> (n, 2)."""
        return (rows.detach().cpu() @ self.plane).numpy()

    def _begin_anew(self, _: object) -> None:
        self.reset()

    def _set_revival(self, _: object) -> None:
        quantizer_of(self.model).revive_after = REVIVE_AFTER if self.revive.value else None


def build(codebook_size: int, code_dim: int, switches: Switches) -> models.VQVAE:
    """Return the untrained VQ-VAE of these switches, its weights and codes drawn from torch's random state."""
    settings: dict[str, Any] = {
        "update": switches.update,
        "start": "data" if switches.start == "data" else "uniform",
        "revive_after": REVIVE_AFTER if switches.revive else None,
        "normalize": switches.normalize,
    }
    model = models.VQVAE(codebook_size, code_dim, **settings)
    if switches.start == "far":
        quantizer_of(model).set_codebook(FAR * torch.randn(codebook_size, code_dim))
    return model


def quantizer_of(model: models.VQVAE) -> VectorQuantizer:
    """Return the quantizer that `build` gave the model, whose learning this lab is about."""
    return cast("VectorQuantizer", model.quantizer)


@torch.no_grad()
def settle(model: models.VQVAE, x: Tensor, batch_size: int) -> Tensor:
    """Let BatchNorm's averages settle on a few batches and the codebook start, weights untouched; return z_e as rows.

    The first picture then shows what training begins with.
    """
    model.train()
    with one_core():
        for _ in range(SETTLING_BATCHES):
            z_e = model.encoder(x[torch.randperm(len(x))[:batch_size]])
        if not quantizer_of(model).started:
            model.quantizer(z_e)
    return z_e.movedim(1, -1).flatten(0, -2)  # (N, D, 7, 7) -> (N, 7, 7, D) -> (N * 49, D)


def plane(rows: Tensor) -> Tensor:
    """Return the two directions along which the rows vary most: (n, D) -> (D, 2); for D = 2 the axes themselves."""
    if rows.shape[1] == 2:
        return torch.eye(2)
    return torch.from_numpy(principal(rows.numpy(), most=2).directions.T)


def spread_rows(z_e: Tensor, count: int) -> Tensor:
    """Return at most `count` vectors of z_e, evenly spread over images and positions: (N, D, 7, 7) -> (n, D)."""
    rows = z_e.movedim(1, -1).flatten(0, -2)
    return rows[:: max(1, len(rows) // count)][:count]


def _toggle(name: str, options: dict[str, Any], value: Any, width: str) -> ipywidgets.ToggleButtons:
    toggle = ipywidgets.ToggleButtons(options=list(options.items()), value=value, description=name)
    toggle.style.button_width, toggle.style.description_width = width, "initial"
    return toggle
