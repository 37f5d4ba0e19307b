"""Right answers to the exercises on reparameterization, in styles that nobody had in mind."""

from __future__ import annotations

import array
import functools
import math
import random
import statistics
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributions import (
    AffineTransform,
    Gamma,
    Independent,
    LogNormal,
    LowRankMultivariateNormal,
    MultivariateNormal,
    Normal,
    TransformedDistribution,
)
from torch.func import grad, jacfwd, vmap
from torch.nn import functional as F

from tests.checks.answers import compiled


# reparameterize: the noise may come from anywhere
class Sampler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(11)

    def forward(self, mu: Any, logvar: Any) -> Any:
        noise = torch.empty_like(mu, requires_grad=False).normal_(generator=self.generator)
        return torch.addcmul(mu, noise, (0.5 * logvar).exp())


class Draw(torch.autograd.Function):
    """z with its two derivatives, 1 and half of z - mu, written out."""

    @staticmethod
    def forward(ctx: Any, mu: Any, logvar: Any) -> Any:
        noise = torch.randn_like(mu) * torch.exp(logvar / 2)
        ctx.save_for_backward(noise)
        return mu + noise

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:  # type: ignore[override]
        return slope, slope * ctx.saved_tensors[0] / 2


def in_one_line_each(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    return torch.randn(mu.size(0), mu.size(1)) * torch.exp(0.5 * logvar) + mu


def in_pairs(mu: Any, logvar: Any) -> Any:
    """Antithetic noise: every number comes with both signs."""
    half = torch.randn((len(mu) + 1) // 2, mu.shape[1])
    return mu + torch.exp(logvar / 2) * torch.cat([half, -half])[: len(mu)]


def by_the_polar_method(mu: Any, logvar: Any) -> Any:
    accepted: list[float] = []
    while len(accepted) < mu.numel():
        u, v = random.uniform(-1, 1), random.uniform(-1, 1)
        if 0 < (s := u * u + v * v) < 1:
            accepted += [u * math.sqrt(-2 * math.log(s) / s), v * math.sqrt(-2 * math.log(s) / s)]
    return mu + logvar.mul(0.5).exp() * torch.tensor(accepted[: mu.numel()]).reshape(mu.shape)


def by_rejection(mu: Any, logvar: Any) -> Any:
    """Candidates from an exponential with a random sign, accepted with the ratio of the densities."""
    rng, kept = np.random.default_rng(5), np.zeros(0)
    while len(kept) < mu.numel():
        x = rng.exponential(size=4 * mu.numel() + 100)
        kept = np.append(kept, x[rng.random(len(x)) < np.exp(-((x - 1) ** 2) / 2)])
    signs = rng.choice([-1.0, 1.0], mu.numel())
    return mu + torch.exp(logvar / 2) * torch.as_tensor((signs * kept[: mu.numel()]).reshape(mu.shape))


def evenly_spread(mu: Any, logvar: Any) -> Any:
    """Quasi-random points, scrambled anew at each call."""
    u = torch.quasirandom.SobolEngine(mu.shape[1], scramble=True, seed=random.randrange(10**6)).draw(len(mu))
    return mu + torch.exp(logvar / 2) * torch.special.ndtri(u.clamp(1e-6, 1 - 1e-6))


def by_table(mu: Any, logvar: Any) -> Any:
    """The inverse of the distribution function, read off a fine table."""
    law, grid = statistics.NormalDist(), np.linspace(1e-5, 1 - 1e-5, 20_001)
    table = np.array([law.inv_cdf(p) for p in grid])
    u = np.random.RandomState(4).random_sample(tuple(mu.shape))
    return mu + torch.exp(logvar / 2) * torch.tensor(np.interp(u, grid, table), dtype=torch.float32)


def by_gamma(mu: Any, logvar: Any) -> Any:
    """A chi-squared number with one degree of freedom is the square of a normal one."""
    square = Gamma(0.5, 0.5).sample(mu.shape)
    return mu + torch.exp(logvar / 2) * square.sqrt() * (2 * torch.randint(0, 2, mu.shape) - 1)


def by_a_rotation(mu: Any, logvar: Any) -> Any:
    """Normal noise stays normal when it is rotated."""
    q, _ = torch.linalg.qr(torch.randn(mu.shape[1], mu.shape[1]))
    return mu + (logvar / 2).exp() * (torch.randn(mu.shape) @ q)


def with_gradients_set_back(mu: Any, logvar: Any) -> Any:
    with torch.no_grad():
        eps = torch.normal(mean=torch.zeros(mu.shape), std=1.0)
    with torch.enable_grad():
        return torch.stack([a + e * b for a, b, e in zip(mu.unbind(1), (logvar / 2).exp().unbind(1), eps.unbind(1))], 1)


# score_gradient
def score_by_func(h: Any, mu: float, sigma: float, eps: Any) -> Any:
    z = mu + sigma * eps
    score = vmap(grad(lambda m, value: Normal(m, sigma, validate_args=False).log_prob(value)), (None, 0))
    return h(z) * score(torch.tensor(mu), z)


def score_by_jacobian(h: Any, mu: float, sigma: float, eps: Any) -> Any:
    z = (mu + sigma * eps).double()
    return jacfwd(lambda m: -((z - m) ** 2) / (2 * sigma**2) * h(z))(torch.tensor(mu).double())


def score_by_difference(h: Any, mu: float, sigma: float, eps: Any) -> Any:
    """A central difference, which is exact for the quadratic log q."""
    z, step = (mu + sigma * eps).numpy().astype(np.float64), 0.5
    log_q = lambda m: -((z - m) ** 2) / 2 / sigma**2  # noqa: E731
    return h(z) * (log_q(mu + step) - log_q(mu - step)) / (2 * step)


# mean_of_square
class MeanOfSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mu: Any, sigma: Any, eps: Any) -> Any:
        z = mu + sigma * eps
        ctx.save_for_backward(z, eps)
        return z.square().mean()

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:  # type: ignore[override]
        z, eps = ctx.saved_tensors
        return slope * 2 * z.mean(), slope * 2 * (z * eps).mean(), None


def running_mean(mu: Any, sigma: Any, eps: Any) -> Any:
    total = torch.zeros((), dtype=torch.float64)
    for count, e in enumerate(eps.tolist(), 1):
        total = total + ((mu + sigma * e) ** 2 - total) / count
    return total


# build_fit
def fit_by_quadrature(log_joint: Any, n: int) -> Any:
    """Gauss-Hermite nodes in the place of draws: the ELBO without any noise."""
    nodes, weights = (torch.tensor(values)[:, None] for values in np.polynomial.hermite_e.hermegauss(12))
    theta = torch.zeros(2, n, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([theta], 0.1)
    for step in range(300):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 300)
        elbo = (weights / weights.sum() * log_joint(theta[0] + theta[1].exp() * nodes)).sum(0) + theta[1]
        optimizer.zero_grad()
        (-elbo.sum()).backward()
        optimizer.step()
    return (part for part in (theta[0].detach().float(), theta[1].detach().exp()))


RIGHT: list[tuple[str, Callable[..., Any]]] = [
    ("reparameterize", Sampler()),
    ("reparameterize", Draw.apply),
    ("reparameterize", in_one_line_each),
    ("reparameterize", in_pairs),
    ("reparameterize", by_the_polar_method),
    ("reparameterize", by_rejection),
    ("reparameterize", evenly_spread),
    ("reparameterize", by_table),
    ("reparameterize", by_gamma),
    ("reparameterize", by_a_rotation),
    ("reparameterize", with_gradients_set_back),
    ("reparameterize", compiled(lambda m, v: torch.randn_like(m) * torch.exp(0.5 * v) + m)),
    ("reparameterize", lambda m, v: LogNormal(m, torch.exp(v / 2)).rsample().log()),
    ("reparameterize", lambda m, v: TransformedDistribution(Normal(0.0, 1.0), AffineTransform(m, (v / 2).exp())).rsample()),
    ("reparameterize", lambda m, v: LowRankMultivariateNormal(m, torch.zeros(*m.shape, 1), v.exp()).rsample()),
    ("reparameterize", lambda m, v: MultivariateNormal(m, covariance_matrix=torch.diag_embed(v.exp())).rsample()),
    ("reparameterize", lambda m, v: Independent(Normal(m, v.exp().sqrt()), 1).rsample((1,)).squeeze(0)),
    ("reparameterize", lambda m, v: m + torch.exp(v / 2) * torch.randn(m.shape[::-1]).T),
    ("reparameterize", lambda m, v: m + torch.exp(v / 2) * torch.tensor([[random.normalvariate() for _ in r] for r in m])),
    ("reparameterize", lambda m, v: m + torch.exp(v / 2) * torch.tensor(random.SystemRandom().choices([-1, 1], k=1)) * torch.randn(m.shape)),
    ("reparameterize", lambda m, v: m + torch.exp(v / 2) * torch.tensor(np.random.Generator(np.random.Philox()).standard_normal(m.shape)[::-1].copy())),
    ("reparameterize", lambda m, v: m + (v / 2).exp() * torch.tensor(statistics.NormalDist().samples(m.numel())).view(m.shape)),
    ("reparameterize", lambda m, v: m + (v / 2).exp() * torch.randn(m.shape[0], 1, m.shape[1]).mean(1)),
    ("reparameterize", lambda m, v: m + (v / 2).exp() * nn.init.normal_(torch.empty(m.shape))),
    ("reparameterize", lambda m, v: m + (v / 2).exp() * (torch.randn(9, *m.shape).sum(0) / 3)),
    ("score_gradient", score_by_func),
    ("score_gradient", score_by_jacobian),
    ("score_gradient", score_by_difference),
    ("score_gradient", lambda h, m, s, eps: map(lambda e: h(m + s * e) * e / s, eps.tolist())),
    ("score_gradient", lambda h, m, s, eps: deque(h(z) * (z - m) / s**2 for z in (m + s * eps).double())),
    ("score_gradient", lambda h, m, s, eps: array.array("d", [float(h(Fraction(m + s * e))) * e / s for e in eps.tolist()])),
    ("score_gradient", lambda h, m, s, eps: np.einsum("i,i->i", np.vectorize(h)(m + s * eps.numpy()), eps.numpy() / s)),
    ("score_gradient", lambda h, m, s, eps: torch.diag(torch.outer(h(m + s * eps), eps / s))),
    ("mean_of_square", MeanOfSquare.apply),
    ("mean_of_square", running_mean),
    ("mean_of_square", lambda m, s, eps: Normal(0.0, 1.0).log_prob(m + s * eps).add(0.5 * math.log(2 * math.pi)).mean().mul(-2)),
    ("mean_of_square", lambda m, s, eps: torch.stack([m, s]) @ (lambda a: a.T @ a / len(a))(torch.stack([torch.ones_like(eps), eps], 1)) @ torch.stack([m, s])),
    ("mean_of_square", lambda m, s, eps: torch.linalg.vector_norm(m + s * eps) ** 2 / eps.numel()),
    ("mean_of_square", lambda m, s, eps: (m + s * eps).var(correction=0) + (m + s * eps).mean() ** 2),
    ("mean_of_square", lambda m, s, eps: F.avg_pool1d((m + s * eps).square()[None], len(eps))[0, 0]),
    ("mean_of_square", lambda m, s, eps: functools.reduce(lambda t, e: t + (m + s * e).pow(2) / len(eps), eps, 0)),
    ("noisy_path", lambda z: np.float32(1e-2) * torch.cos(45 * z + 1) ** 3),
    ("noisy_path", lambda z: sum(torch.sin(k * z) / k for k in (25, 50))),
    ("noisy_path", lambda z: (z * 40).sin().mul(z.new_tensor(2.0))),
    ("build_fit", fit_by_quadrature),
]  # fmt: skip
