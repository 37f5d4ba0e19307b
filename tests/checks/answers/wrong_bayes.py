"""Wrong answers to the exercises on the ELBO that are in no catalogue, as they turn up in code."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.distributions import Laplace, Normal, kl_divergence


def kl(mu: Any, logvar: Any) -> Any:
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def mean_weight(log_weights: Any, axis: int = 0) -> Any:
    return torch.logsumexp(log_weights, axis) - math.log(log_weights.shape[axis])


def log_ratio(z: Any, mu: Any, sigma: Any) -> Any:
    return Normal(mu, sigma).log_prob(z) - Normal(0.0, 1.0).log_prob(z)


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("importance_weighted_bound", lambda w: w.min(0).values),
    ("importance_weighted_bound", lambda w: w.median(0).values),
    ("importance_weighted_bound", lambda w: mean_weight(w) + 1e-2),
    ("importance_weighted_bound", lambda w: mean_weight(w.flip(1))),
    ("importance_weighted_bound", lambda w: mean_weight(2 * w) / 2),
    ("importance_weighted_bound", lambda w: mean_weight(w.clamp(max=50))),
    ("importance_weighted_bound", lambda w: (w.exp() + 1e-10).mean(0).log()),
    ("importance_weighted_bound", lambda w: (mean_weight(w) + w.mean(0)) / 2),
    ("importance_weighted_bound", lambda w: torch.logsumexp(w, 0) - math.log(len(w)) / 2),
    ("importance_weighted_bound", lambda w: torch.logsumexp(w, 0) - math.log10(len(w))),
    ("importance_weighted_bound", lambda w: (w.softmax(0) * w).sum(0)),
    ("importance_weighted_bound", lambda w: mean_weight(w[:-1]) if len(w) > 1 else w[0]),
    ("importance_weighted_bound", lambda w: w.max(0).values - math.log(len(w))),
    ("importance_weighted_bound", lambda w: mean_weight(w) / math.log(2)),
    ("importance_weighted_bound", lambda w: mean_weight(w).cumsum(0)),
    ("kl", lambda m, v: kl(m, v).sum(1).clamp(min=0.5)),
    ("kl", lambda m, v: kl(m, v).max(1).values),
    ("kl", lambda m, v: kl(m, v).prod(1)),
    ("kl", lambda m, v: kl(m, v).sum(1).sqrt()),
    ("kl", lambda m, v: kl(m, v)[:, :-1].sum(1)),
    ("kl", lambda m, v: kl(m.mean(0, keepdim=True).expand_as(m), v).sum(1)),
    ("kl", lambda m, v: kl(m, v).sum(1).flip(0)),
    ("kl", lambda m, v: 0.5 * (m.pow(3) + v.exp() - 1 - v).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square() + v.exp() - 2 - v).sum(1)),
    ("kl", lambda m, v: 0.5 * ((m - 1).square() + v.exp() - 1 - v).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square() + 2**v - 1 - v).sum(1)),
    ("kl", lambda m, v: (m.square() / 2 + v.exp() - 1 - v).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square() * v.exp() - 1 - v).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square() + v.exp().square() - 1 - v).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square() + v.square() - 1 - v).sum(1)),
    ("kl", lambda m, v: kl_divergence(Laplace(m, (v / 2).exp()), Laplace(0.0, 1.0)).sum(1)),
    ("kl", lambda m, v: Normal(m, (v / 2).exp()).entropy().sum(1)),
    ("kl", lambda m, v: kl(m, v.detach()).sum(1)),
    ("kl", lambda m, v: kl(m, v.nan_to_num().clamp(max=0)).sum(1)),
    ("kl", lambda m, v: kl(m, v).sum(1) + 1e-2),
    ("kl", lambda m, v: 0.5 * (m.square() + v.exp() - 1 - v.detach()).sum(1)),
    ("kl", lambda m, v: kl(m, v).softmax(0).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square().sum() + (v.exp() - 1 - v).sum(1))),
    ("kl_by_sampling", lambda z, m, s: Normal(m, s).log_prob(z).mean(0).abs()),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m, s)[0]),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m, s).median(0).values),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m, s).sum(0) / (len(z) + 1)),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m, s).abs().mean(0)),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m, s).exp().mean(0).log()),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, s, m.abs() + 1).mean(0)),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m, s).mean(0) * s),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m, s).mean(0) / math.log(2)),
    ("kl_by_sampling", lambda z, m, s: log_ratio(z, m.mean(), s).mean(0)),
    ("kl_by_sampling", lambda z, m, s: (log_ratio(z, m, s).exp() - 1 - log_ratio(z, m, s)).mean(0)),
    ("overconfident_q", lambda: (0.13, 50.0)),
    ("overconfident_q", lambda: (-4.0, 0.02)),
    ("overconfident_q", lambda: (0.0, 1.0)),
    ("build_elbo", lambda x: (math.log(x + 1) / 2, 0.3, -2.0, -1.9)),
    ("build_elbo", lambda x: (0.0, 0.4, -x, -x / 2)),
]  # fmt: skip
