"""Right solutions as other people write them: loops, einsum, torch.distributions, float64, another order of sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.distributions import Categorical, Normal, kl_divergence
from torch.nn import functional as F


def kl_loops(mu: Any, logvar: Any) -> Any:
    rows = []
    for m, v in zip(mu, logvar, strict=True):
        total = torch.zeros(())
        for d in range(len(m)):
            total = total + (m[d] ** 2 + math.e ** v[d] - 1 - v[d]) / 2
        rows.append(total)
    return torch.stack(rows)


def kl_distributions(mu: Any, logvar: Any) -> Any:
    return kl_divergence(Normal(mu, torch.exp(0.5 * logvar)), Normal(torch.zeros_like(mu), 1.0)).sum(-1)


def perplexity_loops(indices: Any, K: int) -> float:
    flat = indices.flatten().tolist()
    shares = [flat.count(k) / len(flat) for k in range(K)]
    return 2 ** -sum(p * math.log2(p) for p in shares if p)


def ema_index_add(counts: Any, sums: Any, z: Any, indices: Any, decay: float, epsilon: float) -> Any:
    n = torch.bincount(indices, minlength=len(counts)).double()
    m = torch.zeros_like(sums).double().index_add_(0, indices, z.double())
    counts, sums = torch.lerp(n, counts.double(), decay), torch.lerp(m, sums.double(), decay)
    smooth = (counts + epsilon) * counts.sum() / (counts.sum() + epsilon * len(counts))
    return [counts, sums, sums / smooth.unsqueeze(1)]


def quantize_einsum(z_e: Any, codebook: Any) -> Any:
    products = torch.einsum("ndhw,kd->nkhw", z_e, codebook)
    best = (products - codebook.square().sum(1).view(1, -1, 1, 1) / 2).argmax(1)
    return torch.einsum("nhwk,kd->ndhw", F.one_hot(best, len(codebook)).float(), codebook)


def loop_with_module_step(model: Any, batches: Any, lr: float) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), lr)
    for x in batches:
        optimizer.zero_grad()
        (nn.functional.mse_loss(model(x), x, reduction="sum") / len(x)).backward()
        optimizer.step()
    return nn.utils.parameters_to_vector(model.parameters())


def residual_recursive(z: Any, codebooks: Any) -> Any:
    if not len(codebooks):
        return torch.zeros_like(z)
    code = codebooks[0][torch.cdist(z.double(), codebooks[0].double()).min(1).indices]
    return code + residual_recursive(z - code, codebooks[1:])


def bits_of_categoricals(logits: Any, tokens: Any) -> Any:
    return -Categorical(logits=logits[:, :-1]).log_prob(tokens[:, 1:]).sum() / len(tokens)


def reconstruction_by_hand(logits: Any, x: Any) -> Any:
    return -(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum((1, 2, 3))


def reconstruction_in_float64(logits: Any, x: Any) -> Any:
    return F.binary_cross_entropy(logits.double().sigmoid(), x.double(), reduction="none").sum((-1, -2, -3))


def near_share_in_python(z: Any, codes: Any, r: float) -> float:
    return sum(any(math.dist(a, b) <= r for b in codes.tolist()) for a in z.tolist()) / len(z)


def bound_column_by_column(log_weights: Any) -> Any:
    return torch.stack([c.max() + (c - c.max()).exp().mean().log() for c in log_weights.T])


def draw_in_float64(mu: Any, logvar: Any) -> Any:
    return mu.double() + torch.randn(mu.shape).double() * math.e ** (logvar.double() / 2)


def elbo_summed_then_divided(logits: Any, x: Any, mu: Any, logvar: Any) -> Any:
    total = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl_loops(mu, logvar).sum()
    return total / len(x)


def gaussian_by_distribution(x_hat: Any, x: Any, variance: float) -> Any:
    return -Normal(x_hat, variance**0.5).log_prob(x).sum(dim=(1, 2, 3))


def free_bits_number_by_number(kl: Any, floor: float) -> Any:
    return torch.stack([torch.maximum(column.mean(), torch.tensor(floor)) for column in kl.T]).sum()


def distances_by_einsum(z: Any, codebook: Any) -> Any:
    return z.pow(2).sum(1)[:, None] - 2 * torch.einsum("nd,kd->nk", z, codebook) + codebook.pow(2).sum(1)


def vq_loss_in_one_sum(z_e: Any, z_q: Any, cost: float) -> Any:
    return ((z_e.detach() - z_q) ** 2 + cost * (z_e - z_q.detach()) ** 2).flatten(1).sum(1).mean()


def perplexity_by_distribution(indices: Any, K: int) -> Any:
    return Categorical(probs=torch.bincount(indices.view(-1), minlength=K)).entropy().exp()


def top_k_by_scatter(logits: Any, temperature: float, top_k: int) -> Any:
    values, places = logits.topk(top_k)
    return torch.zeros_like(logits).scatter(1, places, (values / temperature).softmax(-1))


def kl_in_float64(mu: Any, logvar: Any) -> Any:
    return torch.einsum("nd->n", mu.double() ** 2 + logvar.double().exp() - logvar - 1) / 2


def kl_backwards(mu: Any, logvar: Any) -> Any:
    return -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).flip(1).cumsum(1)[:, -1]


def draw_by_addcmul(mu: Any, logvar: Any) -> Any:
    return torch.addcmul(mu, logvar.exp().sqrt(), torch.normal(0.0, 1.0, mu.shape))


def score_draw_by_draw(f: Any, mu: float, sigma: float, eps: Any) -> Any:
    return torch.stack([f(mu + sigma * e) * e / sigma for e in eps])


RIGHT: list[tuple[str, Callable[..., Any]]] = [
    ("kl", kl_loops),
    ("kl", kl_distributions),
    ("kl", kl_in_float64),
    ("kl", kl_backwards),
    ("reconstruction", reconstruction_by_hand),
    ("reconstruction", reconstruction_in_float64),
    ("pca", lambda x, mean, V: torch.einsum("np,pk,qk->nq", x - mean, V, V) + mean),
    ("near_share", near_share_in_python),
    ("training_loop", loop_with_module_step),
    ("importance_weighted_bound", bound_column_by_column),
    ("reparameterize", lambda mu, logvar: Normal(mu, (logvar / 2).exp()).rsample()),
    ("reparameterize", draw_by_addcmul),
    ("reparameterize", draw_in_float64),
    ("score_gradient", score_draw_by_draw),
    ("elbo", elbo_summed_then_divided),
    ("gaussian_loss", gaussian_by_distribution),
    ("free_bits", free_bits_number_by_number),
    ("squared_distances", lambda z, codebook: torch.cdist(z, codebook) ** 2),
    ("squared_distances", distances_by_einsum),
    ("straight_through", lambda z_e, z_q: z_e + (z_q - z_e).detach()),
    ("vq_loss", vq_loss_in_one_sum),
    ("ema", ema_index_add),
    ("quantize", quantize_einsum),
    ("perplexity", perplexity_loops),
    ("perplexity", perplexity_by_distribution),
    ("lookup", lambda indices, codebook: F.embedding(indices, codebook).permute(0, 3, 1, 2)),
    ("causal_mask", lambda length: torch.arange(length)[:, None] >= torch.arange(length)),
    ("next_probabilities", top_k_by_scatter),
    ("prior_loss", bits_of_categoricals),
    ("residual", residual_recursive),
    ("rate", lambda levels, places: places * sum(math.log2(level) for level in levels)),
]
