"""Wrong answers to the exercises on the VAE and on what is inside it that are in no catalogue, as they turn up in code."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.distributions import Laplace, Normal
from torch.nn import functional as F


def bce(logits: Any, x: Any) -> Any:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)


def kl(mu: Any, logvar: Any) -> Any:
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def loss(
    logits: Any,
    x: Any,
    mu: Any,
    logvar: Any,
    pixels: Callable[[Any, Any], Any] = bce,
    latents: Callable[[Any, Any], Any] = kl,
    beta: float = 1.0,
) -> Any:
    return pixels(logits, x).sum(1).mean() + beta * latents(mu, logvar).sum(1).mean()


def normal(x_hat: Any, x: Any, variance: float) -> Any:
    return -Normal(x_hat, variance**0.5).log_prob(x).flatten(1)


ELBOS: list[Callable[..., Any]] = [
    lambda *a: loss(*a, beta=0.5 + 1e-2),
    lambda *a: loss(*a, beta=10.0),
    lambda *a: loss(*a) + 1e-1,
    lambda *a: loss(*a).sqrt(),
    lambda *a: loss(*a).log(),
    lambda *a: loss(*a) / math.log(2),
    lambda *a: loss(*a, pixels=lambda l, x: bce(l, x.round())),
    lambda *a: loss(*a, pixels=lambda l, x: bce(l.clamp(-1, 1), x)),
    lambda *a: loss(*a, pixels=lambda l, x: (l.sigmoid() - x).abs().flatten(1)),
    lambda *a: loss(*a, pixels=lambda l, x: bce(l, x) - bce(torch.logit(x.clamp(0.01, 0.99)), x)),
    lambda *a: loss(*a, latents=lambda m, v: kl(m, v.clamp(min=0))),
    lambda *a: loss(*a, latents=lambda m, v: kl(m, v).clamp(min=0.5)),
    lambda *a: loss(*a, latents=lambda m, v: kl(m, v) ** 2),
    lambda *a: loss(*a, latents=lambda m, v: kl(m, v).detach()),
    lambda *a: loss(*a, latents=lambda m, v: 0.5 * (m.square() + v.exp() - 1)),
    lambda *a: loss(*a, latents=lambda m, v: 0.5 * (m.abs() + v.exp() - 1 - v)),
    lambda l, x, m, v: bce(l, x).sum(1).max() + kl(m, v).sum(1).max(),
    lambda l, x, m, v: loss(l, x.flip(0), m, v) if len(x) > 1 else loss(l, x, m, v) + 1,
    lambda l, x, m, v: torch.maximum(bce(l, x).sum(1).mean(), 3 * kl(m, v).sum(1).mean()),
    lambda l, x, m, v: loss(l, x, m, v) + 0.01 * (m.square().sum() + l.abs().sum()),
    lambda l, x, m, v: bce(l, x).sum(1).mean() + (kl(m, v).sum(1).mean() - 2).abs(),
]

WRONG: list[tuple[str, Callable[..., Any]]] = [
    *(("elbo", wrong) for wrong in ELBOS),
    *(("corrected_loss", wrong) for wrong in ELBOS),
    ("gaussian_loss", lambda h, x, v: normal(h, x, 1.0).sum(1)),
    ("gaussian_loss", lambda h, x, v: normal(h, x, v + 0.1).sum(1)),
    ("gaussian_loss", lambda h, x, v: -Laplace(h, v**0.5).log_prob(x).flatten(1).sum(1)),
    ("gaussian_loss", lambda h, x, v: normal(h.clamp(0.1, 0.9), x, v).sum(1)),
    ("gaussian_loss", lambda h, x, v: normal(h.sigmoid(), x, v).sum(1)),
    ("gaussian_loss", lambda h, x, v: normal(h, x, v).max(1).values),
    ("gaussian_loss", lambda h, x, v: normal(h, x, v).sum(1) / math.log(2)),
    ("gaussian_loss", lambda h, x, v: normal(h, x, v).sum(1).exp()),
    ("gaussian_loss", lambda h, x, v: 0.5 * ((h - x).square() / v + math.log(v) + math.pi).flatten(1).sum(1)),
    ("gaussian_loss", lambda h, x, v: 0.5 * ((h - x) / v + math.log(2 * math.pi * v)).flatten(1).sum(1)),
    ("gaussian_loss", lambda h, x, v: 0.5 * ((h - x).square() + v + math.log(2 * math.pi)).flatten(1).sum(1)),
    ("gaussian_loss", lambda h, x, v: normal(h, x, v).sum(1).sort().values),
    ("effective_beta", lambda b, p, d: b * p / d**2),
    ("effective_beta", lambda b, p, d: b * math.log(p / d)),
    ("effective_beta", lambda b, p, d: b * (p / d - 1)),
    ("effective_beta", lambda b, p, d: b**2 * p / d),
    ("effective_beta", lambda b, p, d: b * p / (p + d)),
    ("effective_beta", lambda b, p, d: b * max(p, d)),
    ("effective_beta", lambda b, p, d: b * -(-p // d)),
    ("effective_beta", lambda b, p, d: 784 * b / d),
    ("free_bits", lambda k, f: k.mean(0).clamp(min=f).sum() - f),
    ("free_bits", lambda k, f: k.mean(0).clamp(min=2 * f).sum()),
    ("free_bits", lambda k, f: k.mean(0).clamp(min=f * math.log(2)).sum()),
    ("free_bits", lambda k, f: k.max(0).values.clamp(min=f).sum()),
    ("free_bits", lambda k, f: k[0].clamp(min=f).sum()),
    ("free_bits", lambda k, f: k.mean(0).clamp(min=f).prod()),
    ("free_bits", lambda k, f: (k.mean(0) - f).abs().sum() + f),
    ("free_bits", lambda k, f: k.mean(0).clamp(min=f).sum() * len(k)),
    ("free_bits", lambda k, f: torch.logaddexp(k.mean(0), torch.tensor(f)).sum()),
    ("free_bits", lambda k, f: (k.mean(0) + (f - k.mean(0)).clamp(min=0).detach()).sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) - kl(m, v).sum()),
    ("collapse", lambda h, x, m, v: F.l1_loss(h, x) + kl(m, v).sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x).sqrt() + kl(m, v).sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) + kl(m, v).sum().sqrt()),
    ("collapse", lambda h, x, m, v: F.mse_loss(0 * h, 0 * x) + kl(m, v).sum()),
    ("collapse", lambda h, x, m, v: 1e-4 * F.mse_loss(h, x) + kl(m, v).sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x, reduction="sum") + kl(m, v).mean()),
]
