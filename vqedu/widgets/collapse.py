"""The collapse lab: train a VAE live, raise beta, watch its latents fall silent, and cure it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import ipywidgets
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor, nn

from vqedu import losses, metrics, models, training, validate
from vqedu.collapse import annealed, free_bits, kl_per_dimension
from vqedu.data import Images
from vqedu.plots import COLORS, TeachingFigure
from vqedu.widgets.lab import Lab, one_core

BETAS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
CURES = ("none", "KL annealing", "free bits")
ANNEALING_STEPS = 300
FLOOR = 0.5  # nats a latent that free bits leave free
MEASURED_EVERY = 10  # steps
TEST_IMAGES = 500
SHOWN_DIGITS = 5  # the first test images of MNIST: 7, 2, 1, 0 and 4
STEPS_AT_MOST = 1_000_000


class CollapseState(NamedTuple):
    """What the lab has measured on its test images; the last entry of each series is the newest."""

    kl: np.ndarray  # (D,) nats, averaged over the images
    steps: tuple[int, ...]
    active: tuple[int, ...]  # active units
    betas: tuple[float, ...]  # the weight of the KL as the loss used it
    x: np.ndarray  # (n, 28, 28)
    x_hat: np.ndarray  # (n, 28, 28)
    cure: str = "none"


def deep_vae(latent_dim: int) -> models.VAE:
    """Return the VAE of the lab: a decoder of three hidden layers without LayerNorm.

    On its way through them z's signal fades, so a heavy KL silences z before the decoder has learnt to listen.
    """
    model = models.VAE(latent_dim, hidden=(200, 200))
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((latent_dim, 200, 200, 200)):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    model.decoder = nn.Sequential(*layers, nn.Linear(200, models.PIXELS))
    return model


class CollapseLab(Lab):
    """A VAE that trains in the kernel, its beta and its cure in the reader's hand.

    images: the data set; it trains on all of `train` and measures on the first 500 of `test`. beta: one of BETAS; cure:
    "none", "KL annealing" (beta rises from 0 over 300 steps, anew whenever the cure is chosen) or "free bits" (0.5 nats
    a latent). A start ends by itself after `seconds`. build: makes the untrained model for a latent_dim.
    Raises ValueError or TypeError for an unknown cure or beta, a bad latent_dim or too few images.
    """

    summary = "Collapse lab: KL of each latent, active units and reconstructions of a VAE while it trains"

    def __init__(
        self,
        images: Images,
        latent_dim: int = 8,
        *,
        beta: float = 10.0,
        cure: str = "none",
        seconds: float = 60.0,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        build: Callable[[int], models.VAE] = deep_vae,
    ) -> None:
        validate.known_name(cure, CURES, "cure")
        if beta not in BETAS:
            raise ValueError(f"beta must be one of {', '.join(f'{b:g}' for b in BETAS)}, got {beta}.")
        self.train_images, self.test_images = images.train.x, images.test.x[:TEST_IMAGES]
        self.latent_dim = validate.positive_int(latent_dim, "latent_dim")
        self.seconds, self.batch_size, self.learning_rate = seconds, batch_size, learning_rate
        self.seed, self.build = seed, build
        labelled = [(f"{value:g}", value) for value in BETAS]
        wide = {"description_width": "3em"}
        self.beta = ipywidgets.SelectionSlider(
            options=labelled, value=beta, description="β", style=wide, layout={"width": "400px"}
        )
        self.cure = ipywidgets.ToggleButtons(options=CURES, value=cure, description="cure", style=wide)
        self.cure.style.button_width = "110px"
        self.cure.observe(self._restart_annealing, "value")
        super().__init__([self.beta, self.cure], idle="Press Start. β and the cure may be moved while it trains.")

    def begin(self) -> None:
        """Draw new weights from the seed, and measure the untrained model."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.model = self.build(self.latent_dim)
        training.start_at_mean_image(self.model, self.train_images)
        self.generator = torch.Generator(training.best_device()).manual_seed(self.seed)
        self.step = self.cured_at = 0
        self.state: CollapseState | None = None
        self._measure()

    def work(self, ending: Callable[[], bool]) -> str:
        """Train until `ending()` or for `seconds`."""
        until = time.monotonic() + self.seconds

        def on_step(_: int) -> bool:
            self.redraw()
            return ending() or time.monotonic() >= until

        self._fit(on_step)
        return f"Stopped at step {self.step}. Start goes on from here, Reset begins anew."

    def train(self, steps: int) -> None:
        """Train for a number of steps in this cell, without a thread: the same numbers on every run."""
        validate.positive_int(steps, "steps")
        self.stop()
        self._fit(lambda step: step == steps)
        self.redraw(now=True)

    def figure(self) -> TeachingFigure:
        """Return the figure of the newest measurement."""
        assert self.state is not None  # begin has measured
        return collapse_figure(self.state)

    def beta_now(self) -> float:
        """Return the weight that the loss gives the KL at this step."""
        if self.cure.value != "KL annealing":
            return float(self.beta.value)
        return annealed(self.beta.value, self.step - self.cured_at, ANNEALING_STEPS)

    def loss(self, x: Tensor) -> losses.ELBOLoss:
        """Return the loss of the present beta and cure; x (N, 1, 28, 28). Its `kl` is the true one, without a floor."""
        mu, logvar = self.model.encode(x)
        logits = self.model.decode(models.reparameterize(mu, logvar, self.generator))
        reconstruction = losses.reconstruction(logits, x).mean()
        kl = kl_per_dimension(mu, logvar)
        cost = free_bits(kl, FLOOR) if self.cure.value == "free bits" else kl.sum()
        return losses.ELBOLoss(reconstruction + self.beta_now() * cost, reconstruction, kl.sum())

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
                seed=self.seed + self.step, loss=self.loss, on_step=after, background=True,
            )  # fmt: skip

    @torch.no_grad()
    def _measure(self) -> None:
        """Add a measurement on the test images to the state; each image is decoded from its mean code."""
        device = next(self.model.parameters()).device
        mu, logvar = self.model.encode(self.test_images.to(device))
        x_hat = torch.sigmoid(self.model.decode(mu[:SHOWN_DIGITS])).squeeze(1).cpu().numpy()
        old = self.state or CollapseState(np.zeros(0), (), (), (), x_hat, x_hat)
        self.state = CollapseState(
            kl=kl_per_dimension(mu, logvar).cpu().numpy(),
            steps=(*old.steps, self.step),
            active=(*old.active, metrics.active_units(mu)),
            betas=(*old.betas, self.beta_now()),
            x=self.test_images[:SHOWN_DIGITS].squeeze(1).numpy(),
            x_hat=x_hat,
            cure=self.cure.value,
        )

    def _restart_annealing(self, _: object) -> None:
        self.cured_at = self.step


def finding(state: CollapseState) -> str:
    """Return the sentence that the figure states."""
    active, latents, nats = state.active[-1], len(state.kl), f"{state.kl.sum():.1f} nats"
    if state.steps[-1] == 0:
        return "Not trained yet"
    if active == 0:
        return f"Posterior collapse: none of the {latents} latents says anything about x"
    if active < latents:
        return f"{latents - active} of {latents} latents silent, {active} in use: {nats}"
    return f"All {latents} latents in use: {nats}"


def collapse_figure(state: CollapseState) -> TeachingFigure:
    """Return the figure of a state: KL of each latent, active units and beta over the steps, reconstructions."""
    title = finding(state)
    figure = TeachingFigure(
        9.8, 4.4, f"{title}. Step {state.steps[-1]}, beta {state.betas[-1]:.3g}, cure: {state.cure}."
    )
    figure.set_layout_engine("none")  # fixed places: nothing jumps from one frame to the next, and it draws faster
    figure.text(0.5, 0.945, title, ha="center", va="center", fontsize=15, fontweight="bold")
    _draw_kl(figure.add_axes((0.065, 0.2, 0.29, 0.6)), state)
    _draw_active(figure.add_axes((0.435, 0.47, 0.28, 0.33)), state)
    _draw_beta(figure.add_axes((0.435, 0.2, 0.28, 0.17)), state)
    _draw_digits(figure.add_axes((0.79, 0.05, 0.19, 0.79)), state)
    return figure


def _draw_kl(axis: Axes, state: CollapseState) -> None:
    latents = np.arange(1, len(state.kl) + 1)
    axis.bar(latents, state.kl, color=COLORS["prior"])
    top = max(2.0, math.ceil(1.05 * float(state.kl.max())))
    if state.cure == "free bits":
        axis.axhline(FLOOR, color=COLORS["data"], ls="--", lw=1.2)
        axis.text(len(latents) + 0.5, 0.97 * top, f"dashed: {FLOOR:g} nats are free", ha="right", va="top", fontsize=11)
    axis.set(xticks=latents, ylim=(0, top), xlabel="latent dimension", ylabel="nats, mean over test images")
    axis.yaxis.set_major_locator(MaxNLocator(4))
    axis.set_title("KL of each latent", fontsize=12, loc="left")
    axis.spines[["top", "right"]].set_visible(False)


def _draw_active(axis: Axes, state: CollapseState) -> None:
    latents = len(state.kl)
    axis.step(state.steps, state.active, where="post", color=COLORS["encoder"], lw=2.5)
    axis.set(xlim=(0, _reach(state)), ylim=(0, 1.06 * latents), yticks=[0, latents // 2, latents], xticklabels=[])
    axis.set_title("active units", fontsize=12, loc="left")
    axis.text(1, 1.02, f"{state.active[-1]} of {latents}", transform=axis.transAxes, ha="right", va="bottom",
              fontsize=28, fontweight="bold", color=COLORS["encoder"])  # fmt: skip
    axis.spines[["top", "right"]].set_visible(False)


def _draw_beta(axis: Axes, state: CollapseState) -> None:
    axis.step(state.steps, state.betas, where="post", color=COLORS["prior"], lw=2)
    top = 1.15 * max(*state.betas, 0.5)
    axis.set(xlim=(0, _reach(state)), ylim=(-0.03 * top, top), xlabel="training step", ylabel="β")
    axis.spines[["top", "right"]].set_visible(False)


def _draw_digits(axis: Axes, state: CollapseState) -> None:
    """Draw x in the left column, x_hat in the right one: one picture, which draws faster than ten."""
    axis.imshow(np.vstack([np.hstack(list(map(_framed, pair))) for pair in zip(state.x, state.x_hat, strict=True)]),
                cmap="gray_r", vmin=0, vmax=1)  # fmt: skip
    axis.axis("off")
    for place, name in ((0.25, "x"), (0.75, r"$\hat{x}$")):
        axis.text(place, 1.01, name, transform=axis.transAxes, ha="center", va="bottom", fontsize=14)


def _framed(image: np.ndarray) -> np.ndarray:
    """An image in a thin grey frame on white paper: (28, 28) -> (32, 32)."""
    return np.pad(np.pad(image, 1, constant_values=0.25), 1)


def _reach(state: CollapseState) -> int:
    """The last step of the axis: a round number, so that the axis seldom changes."""
    return max(200, -(-state.steps[-1] // 200) * 200)
