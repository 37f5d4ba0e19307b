"""Wrong answers to the exercises on reparameterization that are in no catalogue, as they turn up in code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.distributions import Cauchy, Exponential, Gumbel
from torch.nn import functional as F


def with_noise(noise: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda mu, logvar: mu + torch.exp(logvar / 2) * noise(mu)


def clipped(mu: Any) -> Any:
    return torch.randn_like(mu).clamp(-1, 1)


def truncated(mu: Any) -> Any:
    return torch.nn.init.trunc_normal_(torch.empty_like(mu.detach()), a=-1.0, b=1.0)


def three_of_four(mu: Any) -> Any:
    """Noise in every row but each fourth."""
    return torch.randn_like(mu) * (torch.arange(len(mu))[:, None] % 4 > 0)


def correlated(mu: Any) -> Any:
    noise = torch.randn_like(mu)
    return (noise + noise.roll(1, 1)) / 2**0.5


def few_values(mu: Any) -> Any:
    return torch.randint(-1, 2, mu.shape) * 1.5**0.5


def wide_and_narrow(mu: Any) -> Any:
    return torch.randn_like(mu) * torch.where(torch.rand_like(mu) < 0.1, 3.0, 0.1**0.5)


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("reparameterize", with_noise(clipped)),
    ("reparameterize", with_noise(truncated)),
    ("reparameterize", with_noise(three_of_four)),
    ("reparameterize", with_noise(correlated)),
    ("reparameterize", with_noise(few_values)),
    ("reparameterize", with_noise(wide_and_narrow)),
    ("reparameterize", with_noise(lambda mu: torch.randn_like(mu).square() - 1)),
    ("reparameterize", with_noise(lambda mu: 0.5 * torch.randn_like(mu))),
    ("reparameterize", with_noise(lambda mu: torch.randn_like(mu) + torch.randn_like(mu))),
    ("reparameterize", with_noise(lambda mu: torch.randn_like(mu).tanh())),
    ("reparameterize", with_noise(lambda mu: Gumbel(0.0, 1.0).sample(mu.shape))),
    ("reparameterize", with_noise(lambda mu: Cauchy(0.0, 1.0).sample(mu.shape))),
    ("reparameterize", with_noise(lambda mu: Exponential(1.0).sample(mu.shape) - 1)),
    ("reparameterize", lambda m, v: m + (1 + v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + 2 ** (v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + torch.exp(-v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + (v.abs() + 1e-6).sqrt() * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + v.sigmoid() * torch.randn_like(m)),
    ("reparameterize", lambda m, v: 2 * m + torch.exp(v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m.flip(1) + torch.exp(v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + torch.exp(v.flip(1) / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + torch.exp(v[:1] / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + torch.exp(v / 2).clamp(max=1) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: torch.randn_like(m) + 0 * (m + v)),
    ("reparameterize", lambda m, v: m * torch.exp(v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: (m + torch.randn_like(m)) * torch.exp(v / 2)),
    ("reparameterize", lambda m, v: m + torch.exp(v / 2) * torch.randn_like(m) + v),
    ("reparameterize", lambda m, v: m + 0.5 * torch.exp(v) * torch.randn_like(m)),
    ("score_gradient", lambda h, m, s, e: h(m + s * e) * e / (2 * s)),
    ("score_gradient", lambda h, m, s, e: h(m + s * e) * m / s),
    ("score_gradient", lambda h, m, s, e: h(m - s * e) * e / s),
    ("score_gradient", lambda h, m, s, e: h(m + s**2 * e) * e / s),
    ("score_gradient", lambda h, m, s, e: (h(m + s * e) * e / s).flip(0) + 1e-2),
    ("score_gradient", lambda h, m, s, e: (h(m + s * e) - h(m + s * e).mean()) * e / s + 1),
    ("score_gradient", lambda h, m, s, e: h(m + s * e) * e.square() / s),
    ("score_gradient", lambda h, m, s, e: h(m + s * e) + e / s),
    ("score_gradient", lambda h, m, s, e: (h(m + s * e) * e / s).cumsum(0) * 1.01),
    ("mean_of_square", lambda m, s, e: (m + s.exp() * e).square().mean()),
    ("mean_of_square", lambda m, s, e: (m + s * e.clamp(max=0.5)).square().mean()),
    ("mean_of_square", lambda m, s, e: (m + s * e).pow(3).mean()),
    ("mean_of_square", lambda m, s, e: (m + s * e).square().mean().sqrt()),
    ("mean_of_square", lambda m, s, e: (m * s + e).square().mean()),
    ("mean_of_square", lambda m, s, e: (m + s * e).square().max()),
    ("mean_of_square", lambda m, s, e: (m + s * e).square().sum() / (len(e) + 1)),
    ("mean_of_square", lambda m, s, e: (m.square() + (s * e).square()).mean()),
    ("mean_of_square", lambda m, s, e: (m - s * e).square().mean()),
    ("noisy_path", lambda z: z**3),
    ("noisy_path", lambda z: torch.exp(-z.square())),
    ("noisy_path", lambda z: F.relu(z)),
    ("noisy_path", lambda z: torch.sign(z)),
]  # fmt: skip
