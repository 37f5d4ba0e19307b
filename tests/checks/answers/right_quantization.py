"""Right answers to the exercises on vector quantization and the VQ-VAE, in styles that nobody had in mind."""

from __future__ import annotations

import collections
import functools
import itertools
import math
import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical
from torch.func import vmap
from torch.nn import functional as F

from tests.checks.answers import compiled


class Losses(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.distance = nn.MSELoss(reduction="sum")

    def forward(self, z_e: Any, z_q: Any, cost: float) -> Any:
        return self.distance(z_q, z_e.clone().detach()).div(len(z_e)) + cost * self.distance(z_e, z_q.data) / len(z_e)


class TwoGradients(torch.autograd.Function):
    """The value counts the distance once and cost times more; each side has a derivative of its own."""

    @staticmethod
    def forward(ctx: Any, z_e: Any, z_q: Any, cost: float) -> Any:
        ctx.save_for_backward(z_e - z_q)
        ctx.cost = cost
        return (1 + cost) * (z_e - z_q).square().sum() / len(z_e)

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:  # type: ignore[override]
        (gap,) = ctx.saved_tensors
        return slope * 2 * ctx.cost * gap / len(gap), -slope * 2 * gap / len(gap), None


def by_scaled_gradients(z_e: Any, z_q: Any, cost: float) -> Any:
    """One distance whose gradient is scaled on the way back to the encoder."""
    z_e = z_e.clone()
    if z_e.requires_grad:
        z_e.register_hook(lambda slope: slope * cost)
    once = (z_e - z_q).flatten(1).square().sum(1).mean()
    return once + cost * once.detach()


def by_product_search(z_e: Any, codebook: Any) -> Any:
    scores = F.conv2d(z_e, codebook[:, :, None, None], bias=-codebook.square().sum(1) / 2)
    chosen = F.one_hot(scores.argmax(1), len(codebook)).movedim(-1, 1).float()
    return F.conv2d(chosen, codebook.T[:, :, None, None])


def by_sorting(z_e: Any, codebook: Any) -> Any:
    rows = z_e.permute(0, 2, 3, 1).reshape(-1, z_e.shape[1])
    order = (rows[:, None] - codebook).pow(2).sum(2).argsort(dim=1, stable=True)
    return codebook[order[:, 0]].reshape(*z_e.shape[:1], *z_e.shape[2:], -1).permute(0, 3, 1, 2)


def by_numpy_views(z_e: Any, codebook: Any) -> Any:
    z = np.rollaxis(z_e.numpy(), 1, 4)
    nearest = np.linalg.norm(z[..., None, :] - codebook.numpy(), axis=-1).argmin(-1)
    return np.rollaxis(codebook.numpy()[::-1][len(codebook) - 1 - nearest], 3, 1)


def by_running_minimum(z_e: Any, codebook: Any) -> Any:
    best, least = torch.zeros_like(z_e), torch.full_like(z_e[:, :1], math.inf)
    for code in codebook:
        gap = (z_e - code.view(1, -1, 1, 1)).square().sum(1, keepdim=True)
        best = torch.where(gap < least, code.view(1, -1, 1, 1), best)
        least = torch.minimum(least, gap)
    return best


def nested_lists(z_e: Any, codebook: Any) -> Any:
    n, _, height, width = z_e.shape
    codes = [tuple(code) for code in codebook.tolist()]
    near = lambda place: min(codes, key=lambda c: math.dist(c, place))  # noqa: E731
    maps = [[[near(z_e[i, :, h, w].tolist()) for w in range(width)] for h in range(height)] for i in range(n)]
    return [
        [[[maps[i][h][w][d] for w in range(width)] for h in range(height)] for d in range(z_e.shape[1])]
        for i in range(n)
    ]


def shares(indices: Any, K: int) -> Any:
    return torch.histc(indices.float(), K, 0, K - 1) / indices.numel()


def by_run_lengths(indices: Any, K: int) -> Any:
    counts = [len(list(run)) for _, run in itertools.groupby(sorted(indices.flatten().tolist()))]
    return math.exp(math.log(sum(counts)) - sum(n * math.log(n) for n in counts) / sum(counts))


def by_cross_entropy(indices: Any, K: int) -> Any:
    """The entropy as the cross-entropy of the codes under their own shares."""
    logits = shares(indices, K).log()
    return F.cross_entropy(logits.expand(indices.numel(), -1), indices.flatten()).exp()


def lookup_with_grid(indices: Any, codebook: Any) -> Any:
    channels = torch.arange(codebook.shape[1])[None, :, None, None]
    return codebook[indices[:, None], channels]


def lookup_by_layer(indices: Any, codebook: Any) -> Any:
    layer = nn.Embedding.from_pretrained(codebook, freeze=False)
    return torch.func.functional_call(layer, {"weight": codebook}, (indices,)).permute(0, 3, 1, 2)


def lookup_by_gather(indices: Any, codebook: Any) -> Any:
    n, h, w = indices.shape
    table = codebook.T[None].expand(n, -1, -1)
    return table.gather(2, indices.flatten(1)[:, None].expand(-1, table.shape[1], -1)).view(n, -1, h, w)


def lookup_row_by_row(indices: Any, codebook: Any) -> Any:
    return torch.stack([torch.stack([codebook[row].T for row in image], 1) for image in indices])


def derangement(indices: Any) -> Any:
    order = np.random.default_rng(3).permutation(indices[0].numel())
    return np.take(indices.numpy().reshape(len(indices), -1), order, axis=1).reshape(indices.shape)[:, ::-1, ::-1]


def sorted_in_a_checkerboard(indices: Any) -> Any:
    """Sort the codes, and deal them out in big steps, so that neighbors come from far apart."""
    flat = indices.flatten(1).sort(1).values
    return flat[:, (torch.arange(49) * 18) % 49].reshape(indices.shape)


def by_swaps(indices: Any) -> Any:
    maps = indices.clone().flatten(1)
    for image in maps:
        for i in range(len(image) - 1, 0, -1):
            j = random.randint(0, i)
            image[[i, j]] = image[[j, i]]
    return list(maps.view_as(indices).int())


def far_away(z: Any, K: int) -> Any:
    """Three codes at data points, and all others on a circle around everything."""
    angles = np.linspace(0, 2 * np.pi, K - 3, endpoint=False)
    circle = 1000 * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.vstack([z.numpy()[:3], circle])


RIGHT: list[tuple[str, Callable[..., Any]]] = [
    ("vq_loss", Losses()),
    ("vq_loss", TwoGradients.apply),
    ("vq_loss", by_scaled_gradients),
    ("vq_loss", compiled(lambda e, q, c: ((e.detach() - q) ** 2 + c * (e - q.detach()) ** 2).flatten(1).sum(1).mean())),
    ("vq_loss", lambda e, q, c: torch.cdist(e.detach().flatten(1), q.flatten(1)).diagonal().square().mean() + c * torch.cdist(e.flatten(1), q.detach().flatten(1)).diagonal().square().mean()),
    ("vq_loss", lambda e, q, c: (e.detach() - q).norm() ** 2 / e.shape[0] + (e - q.detach()).mul(math.sqrt(c)).norm() ** 2 / e.shape[0]),
    ("vq_loss", lambda e, q, c: torch.mean(torch.stack([(a.detach() - b).square().sum() + c * (a - b.detach()).square().sum() for a, b in zip(e, q)]))),
    ("vq_loss", lambda e, q, c: functools.reduce(torch.add, [w * F.mse_loss(a, b) for w, a, b in [(1, q, e.detach()), (c, e, q.detach())]]) * e[0].numel()),
    ("quantize", by_product_search),
    ("quantize", by_sorting),
    ("quantize", by_numpy_views),
    ("quantize", by_running_minimum),
    ("quantize", nested_lists),
    ("quantize", lambda z, e: vmap(vmap(vmap(lambda v: e.index_select(0, (e - v).square().sum(1).argmin()[None])[0])))(z.movedim(1, -1)).movedim(-1, 1)),
    ("quantize", lambda z, e: torch.nn.functional.embedding((z.unsqueeze(1) - e[None, :, :, None, None]).norm(dim=2).argmin(1), e).movedim(3, 1).to_sparse()),
    ("quantize", lambda z, e: F.one_hot(torch.cdist(z.movedim(1, 3), e).topk(1, largest=False).indices[..., 0], len(e)).double().matmul(e.double()).movedim(3, 1)),
    ("dead_codes", far_away),
    ("dead_codes", lambda z, K: [[1e4 * k, -1e4 * k] for k in range(1, K + 1)]),
    ("dead_codes", lambda z, K: (z.mean(0) + torch.tensor([500.0, 0.0]) * (k > 0) + k for k in range(K))),
    ("dead_codes", lambda z, K: np.random.default_rng(0).normal(1e3, 1, (K, 2)).astype(object)),
    ("perplexity", by_run_lengths),
    ("perplexity", by_cross_entropy),
    ("perplexity", lambda i, K: torch.special.entr(shares(i, K)).sum().exp()),
    ("perplexity", lambda i, K: torch.prod(shares(i, K) ** -shares(i, K))),
    ("perplexity", lambda i, K: Categorical(torch.eye(K)[i].mean((0, 1, 2))).perplexity()),
    ("perplexity", lambda i, K: np.exp2(-(p := np.unique(i.numpy(), return_counts=True)[1] / i.numel()) @ np.log2(p))),
    ("perplexity", lambda i, K: Decimal(math.prod(Fraction(n, i.numel()) ** -(n / i.numel()) for n in collections.Counter(i.flatten().tolist()).values()))),
    ("perplexity", lambda i, K: torch.logsumexp(torch.nan_to_num(-torch.xlogy(shares(i, K), shares(i, K))).sum()[None], 0).exp()),
    ("lookup", lookup_with_grid),
    ("lookup", lookup_by_layer),
    ("lookup", lookup_by_gather),
    ("lookup", lookup_row_by_row),
    ("lookup", lambda i, e: F.conv2d(F.one_hot(i, len(e)).movedim(-1, 1).float(), e.T[:, :, None, None])),
    ("lookup", lambda i, e: e.take_along_dim(i.flatten()[:, None], 0).unflatten(0, i.shape).movedim((0, 1, 2), (0, 2, 3))),
    ("lookup", compiled(lambda i, e: torch.permute(e[i], (0, 3, 1, 2)))),
    ("lookup", lambda i, e: vmap(lambda column: column[i], in_dims=1, out_dims=1)(e)),
    ("scramble", derangement),
    ("scramble", sorted_in_a_checkerboard),
    ("scramble", by_swaps),
    ("scramble", lambda i: i.flatten(1).gather(1, torch.rand(len(i), 49).argsort(1)).unflatten(1, (7, 7)).numpy().astype(object)),
]  # fmt: skip
