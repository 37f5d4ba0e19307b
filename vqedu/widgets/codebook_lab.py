"""The codebook lab: train a VQ-VAE live, kill its codebook, and bring it back to life."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import ipywidgets
import numpy as np
import torch
from torch import Tensor

from vqedu import metrics, models, training, validate
from vqedu.data import Images
from vqedu.plots import TeachingFigure
from vqedu.widgets.codebook_figure import CodebookState, codebook_figure
from vqedu.widgets.lab import Lab, one_core

STARTS = {"from data": "data", "uniform ±1/K": "uniform", "N(0, 10²)": "far"}
UPDATES = {"EMA": "ema", "gradient": "gradient"}
ON_OFF = {"on": True, "off": False}
DIMENSIONS = (16, 2)
REVIVE_AFTER = 20  # steps
FAR = 10.0  # the standard deviation of the start far from all z_e
MEASURED_EVERY = 25  # steps
DRAWN_EVERY = 50  # steps; a drawing takes as long as a dozen of them
TEST_IMAGES = 500
SHOWN_DIGITS = 5  # the first test images of MNIST: 7, 2, 1, 0 and 4
SHOWN_VECTORS = 1000
SETTLING_BATCHES = 30
STEPS_AT_MOST = 1_000_000


class Switches(NamedTuple):
    """How the lab's quantizer begins and learns."""

    start: str = "data"
    update: str = "ema"
    revive: bool = True
    normalize: bool = True


class CodebookLab(Lab):
    """A VQ-VAE that trains in the kernel, the switches of its codebook in the reader's hand.

    images: the data set; it trains on all of `train` and measures on the first 500 of `test`. start: "data", "uniform"
    (+-1/K) or "far" (N(0, 10^2)); update: "ema" or "gradient"; revive: a code unused for 20 steps moves onto a vector
    of the batch; normalize: z_e has mean 0 and variance 1 before the quantizer. code_dim: 16, or 2, where the map of
    codes is no projection. A start ends by itself after `seconds`. Only `revive` may change while it trains; any other
    switch begins anew.
    Raises ValueError or TypeError for an unknown start, update or code_dim, or a bad codebook_size.
    """

    summary = "Codebook lab: codes and z_e on a map, codes in use, perplexity and reconstructions of a VQ-VAE"

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
        self.train_images, self.test_images = images.train.x, images.test.x[:TEST_IMAGES]
        self.codebook_size = validate.positive_int(codebook_size, "codebook_size")
        self.seconds, self.batch_size, self.learning_rate, self.seed = seconds, batch_size, learning_rate, seed
        self.start_from = _toggle("start", STARTS, start, "118px")
        self.update = _toggle("codebook", UPDATES, update, "84px")
        self.revive = _toggle("revival", ON_OFF, revive, "52px")
        self.normalize = _toggle("normalized z_e", ON_OFF, normalize, "52px")
        self.code_dim = _toggle("D", {str(d): d for d in DIMENSIONS}, code_dim, "52px")
        for control in (self.start_from, self.update, self.normalize, self.code_dim):
            control.observe(self._begin_anew, "value")
        self.revive.observe(self._set_revival, "value")
        super().__init__(
            [self.start_from, self.update],
            [self.revive, self.normalize, self.code_dim],
            idle="Press Start. Revival may be switched while it trains; every other switch begins anew.",
        )

    @property
    def switches(self) -> Switches:
        """The controls as they stand."""
        return Switches(self.start_from.value, self.update.value, self.revive.value, self.normalize.value)

    def begin(self) -> None:
        """Draw new weights and codes from the seed, and measure the untrained model."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.model = build(self.codebook_size, self.code_dim.value, self.switches)
            z_e = settle(self.model, self.train_images, self.batch_size)
        self.plane = plane(z_e)
        self.step = 0
        self.state: CodebookState | None = None
        self._measure()

    def work(self, ending: Callable[[], bool]) -> str:
        """Train until `ending()` or for `seconds`."""
        until = time.monotonic() + self.seconds

        def on_step(_: int) -> bool:
            if self.step % DRAWN_EVERY == 0:
                self.redraw()
            return ending() or time.monotonic() >= until

        self._fit(on_step)
        return f"Stopped at step {self.step}. Start goes on from here, Reset begins anew."

    def train(self, steps: int) -> None:
        """Train for a number of steps in this cell, without a thread: the same numbers on every run."""
        validate.positive_int(steps, "steps")
        self.stop()
        with torch.random.fork_rng():
            torch.manual_seed(self.seed + self.step)
            self._fit(lambda step: step == steps)
        self.redraw(now=True)

    def figure(self) -> TeachingFigure:
        """Return the figure of the newest measurement."""
        assert self.state is not None  # begin has measured
        return codebook_figure(self.state)

    def _fit(self, on_step: Callable[[int], bool]) -> None:
        def after(step: int) -> bool:
            self.step += 1
            if self.step % MEASURED_EVERY == 0:
                self._measure()
            return on_step(step)

        batches = len(self.train_images) // self.batch_size
        with one_core():
            training.fit(
                self.model, self.train_images, epochs=max(1, STEPS_AT_MOST // max(1, batches)),
                batch_size=self.batch_size, learning_rate=self.learning_rate, schedule="constant",
                seed=self.seed + self.step, on_step=after, background=True,
            )  # fmt: skip

    @torch.no_grad()
    def _measure(self) -> None:
        """Add a measurement on the test images to the state; the model learns nothing from it."""
        training_mode = self.model.training
        x = self.test_images.to(next(self.model.parameters()).device)
        out = self.model.eval()(x)
        self.model.train(training_mode)
        x_hat = out.logits.sigmoid()
        counts = torch.bincount(out.indices.flatten(), minlength=self.codebook_size).cpu().numpy()
        old = self.state or CodebookState()
        self.state = CodebookState(
            steps=(*old.steps, self.step),
            used=(*old.used, int((counts > 0).sum())),
            perplexity=(*old.perplexity, metrics.perplexity(out.indices, self.codebook_size).item()),
            squared_error=(x_hat - x).square().mean().item(),
            shares=counts / counts.sum(),
            codes=self._on_plane(self.model.quantizer.codebook),
            z_e=self._on_plane(spread_rows(out.z_e, SHOWN_VECTORS)),
            projected=self.code_dim.value > 2,
            x=self.test_images[:SHOWN_DIGITS].squeeze(1).numpy(),
            x_hat=x_hat[:SHOWN_DIGITS].squeeze(1).cpu().numpy(),
        )

    def _on_plane(self, rows: Tensor) -> np.ndarray:
        """Return vectors as points of the map: (n, D) -> (n, 2)."""
        return (rows.detach().cpu() @ self.plane).numpy()

    def _begin_anew(self, _: object) -> None:
        self.reset()

    def _set_revival(self, _: object) -> None:
        self.model.quantizer.revive_after = REVIVE_AFTER if self.revive.value else None


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
        model.quantizer.set_codebook(FAR * torch.randn(codebook_size, code_dim))
    return model


@torch.no_grad()
def settle(model: models.VQVAE, x: Tensor, batch_size: int) -> Tensor:
    """Let BatchNorm's averages settle on a few batches and the codebook start, weights untouched; return z_e as rows.

    The first picture then shows what training begins with.
    """
    model.train()
    with one_core():
        for _ in range(SETTLING_BATCHES):
            z_e = model.encoder(x[torch.randperm(len(x))[:batch_size]])
        if not model.quantizer.started:
            model.quantizer(z_e)
    return z_e.movedim(1, -1).flatten(0, -2)  # (N, D, 7, 7) -> (N, 7, 7, D) -> (N * 49, D)


def plane(rows: Tensor) -> Tensor:
    """Return the two directions along which the rows vary most: (n, D) -> (D, 2); for D = 2 the axes themselves."""
    if rows.shape[1] == 2:
        return torch.eye(2)
    _, vectors = torch.linalg.eigh(torch.cov(rows.T))  # columns sorted by variance, largest last
    return vectors[:, -2:].flip(1)


def spread_rows(z_e: Tensor, count: int) -> Tensor:
    """Return at most `count` vectors of z_e, evenly spread over images and positions: (N, D, 7, 7) -> (n, D)."""
    rows = z_e.movedim(1, -1).flatten(0, -2)
    return rows[:: max(1, len(rows) // count)][:count]


def _toggle(name: str, options: dict[str, Any], value: Any, width: str) -> ipywidgets.ToggleButtons:
    toggle = ipywidgets.ToggleButtons(options=list(options.items()), value=value, description=name)
    toggle.style.button_width, toggle.style.description_width = width, "initial"
    return toggle
