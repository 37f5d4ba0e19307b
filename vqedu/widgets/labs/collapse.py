"""The collapse lab: train a VAE live, watch its latent dimensions become inactive, and apply a remedy."""

from __future__ import annotations

import math
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
from vqedu.data import Images
from vqedu.losses import annealed, free_bits, kl_per_dimension
from vqedu.plots import COLORS, TeachingFigure
from vqedu.widgets.labs.figure import axis_end, draw_digits
from vqedu.widgets.labs.training_lab import SHOWN_DIGITS, TrainingLab, shown

BETAS = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
REMEDIES = ("none", "KL annealing", "free bits")
ANNEALING_STEPS = 300
FLOOR = 0.5  # nats per latent dimension that free bits leave free
DEPTH = 12  # hidden layers of the decoder


class CollapseState(NamedTuple):
    """What the lab has measured on its test images; the last entry of each series is the newest."""

    kl: np.ndarray  # (D,) nats, averaged over the images
    steps: tuple[int, ...]
    active: tuple[int, ...]  # active units
    betas: tuple[float, ...]  # the weight of the KL as the loss used it
    x: np.ndarray  # (n, 28, 28)
    x_hat: np.ndarray  # (n, 28, 28)
    remedy: str = "none"


def deep_vae(latent_dim: int) -> models.VAE:
    """Return the VAE of the lab: a decoder of twelve hidden layers without LayerNorm.

    The signal of z fades on its way through them, so the KL term makes z useless before the decoder can use it.
    Measured with beta = 1 and seeds 0, 1 and 2, after 400 steps: a KL of 0.0 nats without a remedy, 2.6 to 2.9 with
    annealing, 6.1 to 6.7 with free bits. With 8 layers a plain training finds its way out before that; with 14
    annealing does not help any more.
    """
    model = models.VAE(latent_dim, hidden=(200, 200))
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((latent_dim, *[200] * DEPTH)):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    model.decoder = nn.Sequential(*layers, nn.Linear(200, math.prod(model.image_shape)))
    return model


class CollapseLab(TrainingLab[CollapseState]):
    """A VAE that trains in the kernel while the reader moves beta and chooses a remedy.

    images: the data set; it trains on all of `train` and measures on the first 500 of `test`. beta: one of BETAS;
    remedy: "none", "KL annealing" (beta rises from 0 over 300 steps, anew whenever it is chosen) or "free bits" (0.5
    nats per latent dimension). A start ends by itself after `seconds`. build: makes the untrained model for a
    latent_dim.
    Raises ValueError or TypeError for an unknown remedy or beta, a bad latent_dim or too few images.
    """

    summary = "Collapse lab: KL per latent dimension, active units and reconstructions of a VAE while it trains"
    measured_every = 10
    model: models.VAE

    def __init__(
        self,
        images: Images,
        latent_dim: int = 8,
        *,
        beta: float = 1.0,
        remedy: str = "none",
        seconds: float = 60.0,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        build: Callable[[int], models.VAE] = deep_vae,
    ) -> None:
        validate.known_name(remedy, REMEDIES, "remedy")
        if beta not in BETAS:
            raise ValueError(f"beta must be one of {', '.join(f'{b:g}' for b in BETAS)}, got {beta}.")
        self.latent_dim = validate.positive_int(latent_dim, "latent_dim")
        self.build = build
        labelled = [(f"{value:g}", value) for value in BETAS]
        wide = {"description_width": "3em"}
        self.beta = ipywidgets.SelectionSlider(
            options=labelled, value=beta, description="β", style=wide, layout={"width": "400px"}
        )
        self.remedy = ipywidgets.ToggleButtons(options=REMEDIES, value=remedy, description="remedy", style=wide)
        self.remedy.style.button_width = "110px"
        self.remedy.observe(self._restart_annealing, "value")
        super().__init__(
            images,
            [self.beta, self.remedy],
            idle="Press Start. You can change β and the remedy while it trains.",
            seconds=seconds,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
        )

    def new_model(self) -> models.VAE:
        """Draw new weights, and restart the noise and the annealing."""
        model = self.build(self.latent_dim)
        training.start_at_mean_image(model, self.train_images)
        self.generator = torch.Generator(training.best_device()).manual_seed(self.seed)
        self.cured_at = 0
        return model

    def measured(self, before: CollapseState | None) -> CollapseState:
        """Measure the KL per latent dimension and the active units; each image is decoded from its mean code."""
        mu, logvar = self.model.encode(self.test_images.to(next(self.model.parameters()).device))
        x_hat = shown(torch.sigmoid(self.model.decode(mu[:SHOWN_DIGITS])))
        old = before or CollapseState(np.zeros(0), (), (), (), x_hat, x_hat)
        return CollapseState(
            kl=kl_per_dimension(mu, logvar).cpu().numpy(),
            steps=(*old.steps, self.step),
            active=(*old.active, metrics.active_units(mu)),
            betas=(*old.betas, self.beta_now()),
            x=shown(self.test_images),
            x_hat=x_hat,
            remedy=self.remedy.value,
        )

    def figure(self) -> TeachingFigure:
        """Return the figure of the newest measurement."""
        return collapse_figure(self.state)

    def beta_now(self) -> float:
        """Return the weight that the loss gives the KL at this step."""
        if self.remedy.value != "KL annealing":
            return float(self.beta.value)
        return annealed(self.beta.value, self.step - self.cured_at, ANNEALING_STEPS)

    def loss(self, x: Tensor) -> losses.ELBOLoss:
        """Return the loss with the current beta and remedy; Its `kl` is the true one, without floor."""
        mu, logvar = self.model.encode(x)
        logits = self.model.decode(models.reparameterize(mu, logvar, self.generator))
        reconstruction = losses.reconstruction(logits, x).mean()
        kl = kl_per_dimension(mu, logvar)
        cost = free_bits(kl, FLOOR) if self.remedy.value == "free bits" else kl.sum()
        return losses.ELBOLoss(reconstruction + self.beta_now() * cost, reconstruction, kl.sum())

    def _restart_annealing(self, _: object) -> None:
        self.cured_at = self.step


def finding(state: CollapseState) -> str:
    """Return the sentence that the figure states."""
    active, latents, nats = state.active[-1], len(state.kl), f"{state.kl.sum():.1f} nats"
    if state.steps[-1] == 0:
        return "Not trained yet"
    if active == 0:
        return f"Posterior collapse: all {latents} latent dimensions are inactive"
    if active < latents:
        return f"{active} of {latents} latent dimensions are active: {nats} of KL"
    return f"All {latents} latent dimensions are active: {nats} of KL"


def collapse_figure(state: CollapseState) -> TeachingFigure:
    """Return the figure of a state: KL per latent dimension, active units and beta over the steps, reconstructions."""
    title = finding(state)
    figure = TeachingFigure(
        9.8, 4.4, f"{title}. Step {state.steps[-1]}, beta {state.betas[-1]:.3g}, remedy: {state.remedy}."
    )
    figure.set_layout_engine("none")  # fixed places: nothing jumps from one frame to the next, and it draws faster
    figure.text(0.5, 0.945, title, ha="center", va="center", fontsize=15, fontweight="bold")
    _draw_kl(figure.add_axes((0.065, 0.2, 0.29, 0.6)), state)
    _draw_active(figure.add_axes((0.435, 0.47, 0.28, 0.33)), state)
    _draw_beta(figure.add_axes((0.435, 0.2, 0.28, 0.17)), state)
    draw_digits(figure.add_axes((0.79, 0.05, 0.19, 0.79)), state.x, state.x_hat)
    return figure


def _draw_kl(axis: Axes, state: CollapseState) -> None:
    latents = np.arange(1, len(state.kl) + 1)
    axis.bar(latents, state.kl, color=COLORS["prior"])
    top = max(2.0, math.ceil(1.05 * float(state.kl.max())))
    if state.remedy == "free bits":
        axis.axhline(FLOOR, color=COLORS["data"], ls="--", lw=1.2)
        axis.text(len(latents) + 0.5, 0.97 * top, f"dashed: {FLOOR:g} nats are free", ha="right", va="top", fontsize=11)
    axis.set(xticks=latents, ylim=(0, top), xlabel="latent dimension", ylabel="KL, nats (mean over test images)")
    axis.yaxis.set_major_locator(MaxNLocator(4))
    axis.set_title("KL per latent dimension", fontsize=12, loc="left")
    axis.spines[["top", "right"]].set_visible(False)


def _draw_active(axis: Axes, state: CollapseState) -> None:
    latents = len(state.kl)
    axis.step(state.steps, state.active, where="post", color=COLORS["encoder"], lw=2.5)
    axis.set(
        xlim=(0, axis_end(state.steps[-1])), ylim=(0, 1.06 * latents), yticks=[0, latents // 2, latents], xticklabels=[]
    )
    axis.set_title("active units", fontsize=12, loc="left")
    axis.text(1, 1.02, f"{state.active[-1]} of {latents}", transform=axis.transAxes, ha="right", va="bottom",
              fontsize=28, fontweight="bold", color=COLORS["encoder"])  # fmt: skip
    axis.spines[["top", "right"]].set_visible(False)


def _draw_beta(axis: Axes, state: CollapseState) -> None:
    axis.step(state.steps, state.betas, where="post", color=COLORS["prior"], lw=2)
    top = 1.15 * max(*state.betas, 0.5)
    axis.set(xlim=(0, axis_end(state.steps[-1])), ylim=(-0.03 * top, top), xlabel="training step", ylabel="β")
    axis.spines[["top", "right"]].set_visible(False)
