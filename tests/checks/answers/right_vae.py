"""Right answers to the exercises on the VAE and on what is inside it, in styles that nobody had in mind."""

from __future__ import annotations

import functools
import math
import operator
from collections import OrderedDict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal, kl_divergence
from torch.nn import functional as F

from tests.checks.answers import compiled

LOG_TAU = math.log(2 * math.pi)


def bce(logits: Any, x: Any) -> Any:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def terms(mu: Any, logvar: Any) -> Any:
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


class Loss(nn.Module):
    """As in a package: a module with settings, which returns a dictionary elsewhere and a number here."""

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta, self.reconstruction = beta, nn.BCEWithLogitsLoss(reduction="sum")

    def forward(self, logits: Any, x: Any, mu: Any, logvar: Any) -> Any:
        found = OrderedDict(reconstruction=self.reconstruction(logits, x), kl=self.beta * terms(mu, logvar).sum())
        return functools.reduce(operator.add, found.values()) / x.size(0)


def as_two_classes(logits: Any, x: Any, mu: Any, logvar: Any) -> Any:
    both = torch.stack([torch.zeros_like(logits), logits], 1)
    rec = F.cross_entropy(both, torch.stack([1 - x, x], 1), reduction="sum")
    q = MultivariateNormal(mu, scale_tril=torch.diag_embed(torch.exp(0.5 * logvar)))
    p = MultivariateNormal(torch.zeros_like(mu), torch.eye(mu.shape[1]).expand(len(mu), -1, -1))
    return rec / len(x) + kl_divergence(q, p).mean()


def by_quadrature(logits: Any, x: Any, mu: Any, logvar: Any) -> Any:
    """The KL as an average over Gauss-Hermite nodes, which is exact for a quadratic."""
    nodes, weights = (torch.tensor(values, dtype=torch.float32) for values in np.polynomial.hermite_e.hermegauss(4))
    q = Normal(mu[..., None], (logvar / 2).exp()[..., None])
    z = q.loc + q.scale * nodes
    kl = ((q.log_prob(z) + 0.5 * z**2 + 0.5 * LOG_TAU) * weights / weights.sum()).sum()
    return (F.softplus(logits).sum() - torch.dot(x.flatten(), logits.flatten()) + kl) / logits.shape[0]


def split_in_two(logits: Any, x: Any, mu: Any, logvar: Any) -> Any:
    """The mean over the batch as a weighted mean over two halves of it."""
    if len(x) == 1:
        return bce(logits, x).sum() + terms(mu, logvar).sum()
    first = len(x) // 2
    parts = [slice(None, first), slice(first, None)]
    each = [bce(logits[s], x[s]).sum() + terms(mu[s], logvar[s]).sum() for s in parts]
    return torch.stack(each).sum().div(len(x))


def in_one_line_each(logits: torch.Tensor, x: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    rec = torch.binary_cross_entropy_with_logits(logits, x, None, None, 0).flatten(1).sum(1)
    kl = -0.5 * torch.sum(1 + logvar - mu * mu - torch.exp(logvar), dim=1)
    return torch.mean(rec + kl)


ELBOS: list[Callable[..., Any]] = [
    Loss(),
    as_two_classes,
    by_quadrature,
    split_in_two,
    in_one_line_each,
    compiled(lambda l, x, m, v: (bce(l, x).flatten(1).sum(1) + terms(m, v).sum(1)).mean()),
    lambda l, x, m, v: torch.cat([bce(l, x).flatten(1), terms(m, v)], 1).sum(1).mean(),
    lambda l, x, m, v: -torch.mean(Independent(Bernoulli(logits=l, validate_args=False), 3).log_prob(x) - terms(m, v).sum(-1)),
    lambda l, x, m, v: (bce(l.double(), x.double()).sum() + kl_divergence(Normal(m, (v / 2).exp()), Normal(0.0, 1.0)).sum()) / len(x),
    lambda l, x, m, v: bce(l, x).mean() * x[0].numel() + terms(m, v).mean(0).sum(),
    lambda *a: sum((bce(l, x).sum() + terms(m, v).sum()) / len(a[0]) for l, x, m, v in zip(*a)),
]  # fmt: skip


def gaussian_by_square(x_hat: Any, x: Any, variance: float) -> Any:
    gap = (x - x_hat).flatten(1)
    return torch.linalg.vecdot(gap, gap) / variance / 2 + gap.shape[1] / 2 * (LOG_TAU + math.log(variance))


def gaussian_as_one_density(x_hat: Any, x: Any, variance: float) -> Any:
    flat = x_hat.flatten(1)
    law = MultivariateNormal(flat, variance * torch.eye(flat.shape[1]))
    return -law.log_prob(x.flatten(1))


def gaussian_from_energy(x_hat: Any, x: Any, variance: float) -> Any:
    """minus log of the product of the pixels' densities, in float64."""
    density = torch.exp(-((x - x_hat).double() ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)
    return -density.flatten(1).prod(1).log()


def free_by_sorting(kl: Any, floor: float) -> Any:
    means = kl.mean(dim=0).sort().values
    low = int((means < floor).sum())
    return low * floor + means[low:].sum()


def free_by_subgradient(kl: Any, floor: float) -> Any:
    means = torch.ones(len(kl)) @ kl / len(kl)
    return torch.stack([m if m > floor else m.detach() * 0 + floor for m in means]).sum()


def explained(loss: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(loss)
    def loud(*arguments: Any, **keywords: Any) -> Any:
        return loss(*arguments, **keywords)

    return loud


RIGHT: list[tuple[str, Callable[..., Any]]] = [
    *(("elbo", right) for right in ELBOS),
    *(("corrected_loss", right) for right in ELBOS),
    ("gaussian_loss", gaussian_by_square),
    ("gaussian_loss", gaussian_as_one_density),
    ("gaussian_loss", gaussian_from_energy),
    ("gaussian_loss", lambda h, x, v: (F.mse_loss(a, b, reduction="sum") / (2 * v) + 0.5 * b.numel() * np.log(2 * np.pi * v) for a, b in zip(h, x))),
    ("gaussian_loss", lambda h, x, v: torch.func.vmap(lambda a, b: -Normal(a, math.sqrt(v), validate_args=False).log_prob(b).sum())(h, x)),
    ("gaussian_loss", explained(lambda h, x, v: nn.GaussianNLLLoss(full=True, reduction="none")(x, h, v * torch.ones_like(x)).sum((1, 2, 3)))),
    ("effective_beta", lambda b, p, d: np.float64(b) * np.int32(p) / np.uint8(d)),
    ("effective_beta", lambda b, p, d: float(Fraction(b).limit_denominator() / Fraction(d, p))),
    ("effective_beta", lambda b, p, d: math.exp(math.log(b) + math.log(p) - math.log(d))),
    ("effective_beta", lambda b, p, d: torch.ones(p).sum() / torch.ones(d).sum() * b),
    ("effective_beta", lambda b, p, d: np.divide(b, np.true_divide(d, p)).astype(object)),
    ("effective_beta", lambda beta, pixels, latents: beta * (1 / latents) * pixels + 0j),
    ("effective_beta", lambda b, p, d: np.longdouble(b) * p / d),
    ("free_bits", free_by_sorting),
    ("free_bits", free_by_subgradient),
    ("free_bits", lambda kl, f: torch.maximum(kl.mean(0), torch.full(kl.shape[1:], f)).sum()),
    ("free_bits", lambda kl, f: F.hardtanh(kl.mean(0), f, 1e9).sum()),
    ("free_bits", lambda kl, f: torch.cat([kl.mean(0, keepdim=True), torch.full_like(kl[:1], f)]).amax(0).sum()),
    ("free_bits", lambda kl, f: sum((c.mean() + f + (c.mean() - f).abs()) / 2 for c in kl.unbind(dim=-1))),
    ("free_bits", lambda kl, f: nn.Threshold(f, f)(torch.einsum("nd->d", kl) / kl.size(0)).sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) + kl_divergence(Normal(m, (v / 2).exp()), Normal(0.0, 1.0)).sum(1).sum(0)),
    ("collapse", lambda h, x, m, v: nn.MSELoss()(h, x) / 2 + torch.linalg.vecdot(torch.ones_like(m), terms(m, v)).sum()),
    ("collapse", lambda h, x, m, v: np.float32(0.5) * torch.mean((h - x) ** 2, dim=(0, 1)) + sum(terms(a, b).sum() for a, b in zip(m.T, v.T))),
]  # fmt: skip
