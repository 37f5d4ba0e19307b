"""Right answers to the exercises on the ELBO, in styles that nobody had in mind."""

from __future__ import annotations

import array
import functools
import itertools
import math
import statistics
from collections import deque, namedtuple
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import torch.fx
from torch import nn
from torch.distributions import Categorical, Normal
from torch.func import vmap
from torch.nn import functional as F

from tests.checks.answers import compiled

LOG_TAU = math.log(2 * math.pi)


# importance_weighted_bound
def streaming(log_weights: Any) -> Any:
    """One pass over the rows that keeps the largest so far and the sum relative to it."""
    top, total = torch.full((log_weights.shape[1],), -math.inf), torch.zeros(log_weights.shape[1])
    for row in log_weights:
        new = torch.maximum(top, row)
        total, top = total * (top - new).exp() + (row - new).exp(), new
    return top + (total / len(log_weights)).log()


def in_decimals(log_weights: Any) -> Any:
    return [
        float((sum((Decimal(w).exp() for w in column), Decimal()) / len(column)).ln())
        for column in log_weights.T.tolist()
    ]


def as_a_tree(log_weights: Any) -> Any:
    rows = deque(log_weights.double())
    while len(rows) > 1:
        rows.append(torch.logaddexp(rows.popleft(), rows.popleft()))
    return rows[0] - math.log(log_weights.size(dim=0))


def in_powers_of_two(log_weights: Any) -> Any:
    bits = log_weights.numpy().astype(np.float64)[:, ::-1] / np.log(2)
    return (np.logaddexp2.reduce(bits) - np.log2(len(bits)))[::-1] * np.log(2)


# kl
class Divergence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mu: Any, logvar: Any) -> Any:
        ctx.save_for_backward(mu, logvar)
        return (mu**2 + logvar.expm1() - logvar).sum(1).div(2)

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:  # type: ignore[override]
        mu, logvar = ctx.saved_tensors
        return slope[:, None] * mu, slope[:, None] * logvar.expm1() / 2


class Layer(nn.Module):
    def forward(self, mu: Any, logvar: Any, weight: float = 1.0) -> Any:
        return weight * F.gaussian_nll_loss(mu, torch.zeros_like(mu), torch.ones_like(mu), reduction="none").sum(
            1
        ) + 0.5 * (logvar.exp() - 1 - logvar).sum(1)


def kl_on_a_grid(mu: Any, logvar: Any) -> Any:
    """The integral of q log(q / p) by trapezoids, in as many sigmas to each side as matter."""
    t = torch.linspace(-12, 12, 6001, dtype=torch.float64)
    sigma = torch.exp(logvar.double() / 2)[..., None]
    z = mu.double()[..., None] + sigma * t
    log_q = -0.5 * t**2 - sigma.log()
    density = torch.exp(-0.5 * t**2) / math.sqrt(2 * math.pi)
    return torch.trapezoid(density * (log_q + 0.5 * z**2), t).sum(1)


def kl_by_hermite(mu: Any, logvar: Any) -> Any:
    nodes, weights = map(torch.tensor, np.polynomial.hermite_e.hermegauss(3))
    q = Normal(mu[..., None].double(), torch.exp(logvar[..., None].double() / 2))
    z = q.mean + q.stddev * nodes
    return ((q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)) @ (weights / weights.sum())).sum(-1)


def kl_with_matrices(mu: Any, logvar: Any) -> Any:
    cov = torch.diag_embed(logvar.exp())
    trace = cov.diagonal(dim1=1, dim2=2).sum(1)
    return 0.5 * (trace + torch.linalg.vecdot(mu, mu) - mu.shape[1] - torch.logdet(cov))


def kl_from_entropies(mu: Any, logvar: Any) -> Any:
    cross = 0.5 * (LOG_TAU + mu**2 + logvar.exp())
    return (cross - Normal(mu, torch.sqrt(logvar.exp())).entropy()).sum(-1)


def kl_recursive(mu: Any, logvar: Any) -> Any:
    if mu.shape[1] == 0:
        return mu.new_zeros(len(mu))
    m, v = mu[:, 0], logvar[:, 0]
    return 0.5 * (m * m + torch.exp(v) - 1 - v) + kl_recursive(mu[:, 1:], logvar[:, 1:])


@torch.fx.symbolic_trace
def kl_traced(mu: Any, logvar: Any) -> Any:
    return torch.mul(mu.square() + logvar.exp() - 1 - logvar, 0.5).sum(dim=1)


# kl_by_sampling
def welford(z: Any, mu: Any, sigma: Any) -> Any:
    mean = torch.zeros_like(mu)
    for count, row in enumerate(z, start=1):
        ratio = Normal(mu, sigma).log_prob(row) - Normal(torch.zeros(()), 1).log_prob(row)
        mean += (ratio - mean) / count
    return mean


def with_nll(z: Any, mu: Any, sigma: Any) -> Any:
    ones = torch.ones_like(z)
    minus_log_p = F.gaussian_nll_loss(z, 0 * ones, ones, full=True, reduction="none")
    minus_log_q = F.gaussian_nll_loss(mu * ones, z, sigma**2 * ones, full=True, reduction="none")
    return torch.mean(minus_log_p - minus_log_q, dim=0)


@np.vectorize
def log_ratio(z: float, mu: float, sigma: float) -> float:
    return math.log(statistics.NormalDist(mu, sigma).pdf(z)) - math.log(statistics.NormalDist().pdf(z))


# build_elbo
def log_joint(x: int, z: Any) -> Any:
    return x * (1 + 2 * z) - np.exp(1 + 2 * z) - math.lgamma(x + 1) - z**2 / 2 - LOG_TAU / 2


def evidence_by_legendre(x: int) -> float:
    nodes, weights = np.polynomial.legendre.leggauss(400)
    return math.log(float(7 * np.exp(log_joint(x, 7 * nodes)) @ weights))


def evidence_by_simpson(x: int) -> float:
    z = np.linspace(-8, 6, 4001)
    weights = np.where(np.arange(4001) % 2, 4.0, 2.0)
    weights[[0, -1]] = 1
    return math.log(float(weights @ np.exp(log_joint(x, z))) * (z[1] - z[0]) / 3)


def closed_elbo(x: int, mu: float, v: float) -> float:
    return x * (1 + 2 * mu) - math.exp(1 + 2 * mu + 2 * v) - math.lgamma(x + 1) - 0.5 * (mu * mu + v - 1 - math.log(v))


def best_by_bisection(x: int) -> Any:
    """Both derivatives are zero: v = 1 / (1 + 2 (2x - mu)), and then one equation in mu is left."""
    low, high = -6.0, float(min(6, 2 * x)) if x else -1e-9
    variance = lambda mu: 1 / (1 + 2 * (2 * x - mu))  # noqa: E731
    for _ in range(200):
        mu = (low + high) / 2
        rising = 2 * x - mu - 2 * math.exp(1 + 2 * mu + 2 * variance(mu)) > 0
        low, high = (mu, high) if rising else (low, mu)
    v = variance(mu)
    Answer = namedtuple("Answer", "mu sigma elbo log_px")
    return Answer(mu, math.sqrt(v), closed_elbo(x, mu, v), evidence_by_legendre(x))


def best_by_zooming(x: int) -> Any:
    center, width = np.array([0.0, -1.0]), np.array([3.0, 1.5])
    for _ in range(25):
        places = [center + width * np.array(step) for step in itertools.product(np.linspace(-1, 1, 9), repeat=2)]
        center = max(places, key=lambda p: closed_elbo(x, p[0], math.exp(2 * p[1])))
        width = width * 0.6
    mu, sigma = float(center[0]), math.exp(center[1])
    return np.array([mu, sigma, closed_elbo(x, mu, sigma**2), evidence_by_simpson(x)], dtype=object)


Gaussian = namedtuple("Gaussian", ["mu", "sigma"])
WORSE = SimpleNamespace(mu=0.13, sigma=0.02)

RIGHT: list[tuple[str, Callable[..., Any]]] = [
    ("importance_weighted_bound", streaming),
    ("importance_weighted_bound", in_decimals),
    ("importance_weighted_bound", as_a_tree),
    ("importance_weighted_bound", in_powers_of_two),
    ("importance_weighted_bound", lambda w: functools.reduce(np.logaddexp, w.double().numpy()) - np.log(w.shape[0])),
    ("importance_weighted_bound", lambda w: np.log(np.exp(w.numpy().astype(np.longdouble)).mean(axis=0))),
    ("importance_weighted_bound", lambda w: (w - Categorical(logits=w.T).logits.T)[0] - math.log(len(w))),
    ("importance_weighted_bound", lambda w: vmap(lambda c: c.logsumexp(0), in_dims=1)(w) - torch.tensor(w.shape[0]).log()),
    ("importance_weighted_bound", lambda w: [max(c) + math.log(math.fsum(math.exp(v - max(c)) for v in c) / len(c)) for c in w.T.tolist()]),
    ("importance_weighted_bound", lambda w: torch.logsumexp(w - math.log(w.shape[0]), 0, keepdim=True).squeeze(0)),
    ("importance_weighted_bound", lambda w: w[0] - F.log_softmax(w, 0)[0] + torch.full((len(w),), 1 / len(w)).log()[0]),
    ("kl", Divergence.apply),
    ("kl", Layer()),
    ("kl", kl_on_a_grid),
    ("kl", kl_by_hermite),
    ("kl", kl_with_matrices),
    ("kl", kl_from_entropies),
    ("kl", kl_recursive),
    ("kl", kl_traced),
    ("kl", compiled(lambda m, v: 0.5 * (m.square() + v.exp() - 1 - v).sum(1), fullgraph=True)),
    ("kl", lambda m, v: functools.reduce(torch.add, [(a * a + b.exp() - b - 1) / 2 for a, b in zip(m.T, v.T)])),
    ("kl", lambda m, v: (F.mse_loss(m, 0 * m, reduction="none") + torch.exp2(v / math.log(2)) - 1 - v).mean(1) * m.shape[1] / 2),
    ("kl", lambda m, v: torch.cat([m * m, v.expm1() - v], 1).view(len(m), 2, -1).permute(1, 2, 0).sum((0, 1)) / 2),
    ("kl", lambda *moments: -0.5 * torch.sum(1 + moments[1] - moments[0].pow(2) - moments[1].exp(), dim=-1)),
    ("kl", lambda m, v: (0.5 * (a @ a) + (b.exp() - 1 - b).sum() / 2 for a, b in zip(m, v))),
    ("kl", lambda m, v: {i: r for i, r in enumerate(0.5 * (m**2 + v.exp() - 1 - v).sum(1))}.values()),
    ("kl_by_sampling", welford),
    ("kl_by_sampling", with_nll),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z.numpy(), m.numpy(), s.numpy()).mean(0)),
    ("kl_by_sampling", lambda z, m, s: np.average((z**2 - ((z - m) / s) ** 2).numpy() / 2, axis=0) - np.log(s.numpy())[::-1][::-1]),
    ("kl_by_sampling", lambda z, m, s: torch.einsum("sd->d", z**2 / 2 - (z - m) ** 2 / (2 * s * s)) / len(z) - s.log()),
    ("kl_by_sampling", lambda z, m, s: torch.stack([(Normal(m[d], s[d]).log_prob(z[:, d]) + z[:, d] ** 2 / 2 + LOG_TAU / 2).mean() for d in range(len(m))])),
    ("kl_by_sampling", lambda z, m, s: torch.cumsum(Normal(m.double(), s.double()).log_prob(z) - Normal(0.0, 1.0).log_prob(z.double()), 0)[-1] / len(z)),
    ("overconfident_q", lambda: Gaussian(0.13, 0.02)),
    ("overconfident_q", lambda: deque([Decimal("0.13"), Decimal("0.02")])),
    ("overconfident_q", lambda: (number for number in (Fraction(13, 100), np.float16(0.02)))),
    ("overconfident_q", lambda: array.array("f", [0.13, 0.02])),
    ("overconfident_q", lambda: np.array([0.02, 0.13])[::-1]),
    ("overconfident_q", lambda: {"sigma": WORSE.sigma, "mu": torch.tensor([WORSE.mu])[0]}),
    ("build_elbo", best_by_bisection),
    ("build_elbo", best_by_zooming),
]  # fmt: skip
