"""The challenge of notebook 04: a loss without a beta in sight that puts a small VAE to sleep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vqedu.checks import running
from vqedu.checks.engine import Challenge, Demand
from vqedu.checks.numbers import number

_STEPS, _LR = 150, 0.05


def _train(ask: Callable[..., Any]) -> tuple[float, float]:
    """Train a linear VAE of 16 pixels and 2 numbers on the learner's loss.

    Returns the largest variance of a mu over the data (0.01 is asleep), and how much the reconstruction matters.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 2, generator=generator) @ torch.randn(2, 16, generator=generator)
    encode = 0.3 * torch.randn(16, 4, generator=generator)
    decode = 0.3 * torch.randn(2, 16, generator=generator)
    weights = [encode.requires_grad_(), decode.requires_grad_()]
    momentum = [torch.zeros_like(w) for w in weights]
    eps = torch.randn(_STEPS, 64, 2, generator=generator)
    for step in range(_STEPS):
        mu, logvar = (x @ weights[0]).chunk(2, 1)
        logvar = logvar.clamp(-6, 6)
        x_hat = (mu + torch.exp(logvar / 2) * eps[step]) @ weights[1]
        loss = ask(x_hat, x, mu, logvar)
        if not isinstance(loss, Tensor) or loss.dim() or not loss.requires_grad:
            raise running.Problem("type", "The loss should be one number, a tensor with a gradient.")
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for weight, velocity, slope in zip(weights, momentum, slopes, strict=True):
                if slope is not None:
                    velocity.lerp_(slope / slope.norm().clamp(min=1e-6), 0.3)
                    weight -= _LR * velocity
    return float((x @ weights[0].detach())[:, :2].var(0).max()), _weight(ask)


def _weight(ask: Callable[..., Any]) -> float:
    """Return how much the loss rises when the reconstruction becomes worse: at most 0 if it does not matter."""
    x, zero = torch.ones(2, 16), torch.zeros(2, 2)
    worse, better = (ask((x - gap).requires_grad_(), x, zero, zero) for gap in (1.0, 0.0))
    return float(worse - better)


def _measure_collapse(ask: Callable[..., Any]) -> list[Demand]:
    activity, weight = _train(ask)
    return [
        Demand("a worse reconstruction still makes the loss larger", weight > 0, "yes" if weight > 0 else "no"),
        Demand(
            "after training, no latent number is active (variance of mu below 0.01)",
            activity < 0.01,
            "below 0.01" if activity < 0.01 else f"about {number(float(f'{activity:.1g}'))}",
        ),
    ]


collapse = Challenge(
    name="collapse",
    contract="collapse(x_hat, x, mu, logvar): (N, 16) twice, (N, 2) twice -> a loss with both terms of the ELBO and no "
    "beta in sight, on which a small linear VAE falls asleep",
    parameters=("x_hat", "x", "mu", "logvar"),
    measure=_measure_collapse,
    hints=(
        "Section 5 has codes that hide a large beta. Which reduction makes the KL heavy?",
        "The reconstruction becomes light when it is averaged. By what, at most, can you average here?",
        "Average the squared error over everything, pixels and batch, and sum the KL over everything.",
    ),
)
