"""Right answers to the exercises on the prior over codes and on image tokens, in styles that nobody had in mind."""

from __future__ import annotations

import functools
import itertools
import math
from collections import namedtuple
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical, Independent
from torch.func import vmap
from torch.nn import functional as F

from tests.checks.answers import compiled


def by_index(logits: Any, tokens: Any) -> Any:
    rows, places = torch.tensor(np.indices(tokens[:, 1:].shape))
    log_p = logits - torch.logsumexp(logits, dim=-1, keepdim=True)
    return -log_p[rows, places, tokens[:, 1:]].sum() / len(tokens)


def by_one_hot(logits: Any, tokens: Any) -> Any:
    wanted = F.one_hot(tokens[:, 1:], logits.shape[-1]).to(logits.dtype)
    return -torch.einsum("nlk,nlk->n", wanted, logits[:, :-1].log_softmax(-1)).mean()


def by_ignored_index(logits: Any, tokens: Any) -> Any:
    """The target of the last place is ignored, not cut off."""
    target = tokens.roll(-1, 1).clone()
    target[:, -1] = -100
    return nn.CrossEntropyLoss(ignore_index=-100, reduction="sum")(logits.transpose(1, 2), target) / len(tokens)


def by_margin(logits: Any, tokens: Any) -> Any:
    chosen = logits[:, :-1].gather(-1, tokens[:, 1:].unsqueeze(-1))
    return (logits[:, :-1] - chosen).logsumexp(-1).sum(dim=1).mean()


def position_by_position(logits: Any, tokens: Any) -> Any:
    return sum(F.cross_entropy(logits[:, i], tokens[:, i + 1]) for i in range(tokens.shape[1] - 1))


# build_coder
def coder_in_integers(probabilities: Any) -> Any:
    """Integer arithmetic over one common denominator per step, in place of fractions."""

    def interval(codes: list[int]) -> tuple[int, int, int]:
        low, width, below = 0, 1, 1
        for i, code in enumerate(codes):
            p = probabilities(codes[:i])
            unit = math.lcm(*(part.denominator for part in p))
            parts = [part.numerator * (unit // part.denominator) for part in p]
            low, width, below = low * unit + width * sum(parts[:code]), width * parts[code], below * unit
        return low, width, below

    def encode(codes: Any) -> str:
        low, width, below = interval(list(codes))
        bits = 0
        while (number := -(-(low << bits) // below)) * below >= (low + width) << bits:
            bits += 1
        return f"{number:0{bits}b}" if bits else ""

    def decode(bits: str, length: int) -> list[int]:
        value, codes = Fraction(int(bits or "0", 2), 1 << len(bits)), []  # type: ignore[var-annotated]
        low, width = Fraction(0), Fraction(1)
        for _ in range(length):
            edges = [low, *itertools.accumulate((width * p for p in probabilities(codes)), initial=low)][1:]
            code = max(k for k in range(len(edges) - 1) if edges[k] <= value and edges[k] < edges[k + 1])
            codes = [*codes, code]
            low, width = edges[code], edges[code + 1] - edges[code]
        return codes

    return namedtuple("Coder", "encode decode")(encode, decode)


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Any) -> Any:
        return torch.round(value)

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:  # type: ignore[override]
        return slope


class Grid(nn.Module):
    def forward(self, z: Any, levels: int) -> Any:
        bounded = torch.tanh(z) * ((levels - 1) // 2)
        places = torch.arange(-(levels // 2), levels // 2 + 1)
        nearest = places[(bounded.detach()[..., None] - places).abs().argmin(-1)]
        return bounded + (nearest - bounded).detach()


def by_hook(z: Any, levels: int) -> Any:
    """The rounded number times a factor of 1 that carries the gradient of the bounded one."""
    bounded = z.tanh() * (levels - 1) / 2
    return bounded.round().detach() + (bounded - bounded.detach())


def by_sigmoid(z: Any, levels: int) -> Any:
    bounded = (2 * torch.sigmoid(2 * z) - 1) * levels.__floordiv__(2)
    with torch.no_grad():
        step = bounded.sign() * torch.floor(bounded.abs() + 0.5) - bounded
    return bounded + step


def by_products(z: Any, codebooks: Any) -> Any:
    total = torch.zeros_like(z)
    for e in codebooks.unbind():
        rest = z - total
        total = torch.add(total, e[(rest @ e.T - e.pow(2).sum(1) / 2).argmax(dim=-1)])
    return total


def by_one_hots(z: Any, codebooks: Any) -> Any:
    rest, chosen = z.clone(), []
    for e in codebooks:
        pick = F.one_hot(torch.cdist(rest, e).argmin(1), len(e)).to(e.dtype)
        chosen.append(pick @ e)
        rest = rest - chosen[-1]
    return torch.stack(chosen).sum(dim=0)


def by_accumulation(z: Any, codebooks: Any) -> Any:
    step = lambda rest, e: rest - e[((rest[:, None] - e) ** 2).sum(-1).argmin(1)]  # noqa: E731
    *_, last = itertools.accumulate(codebooks, step, initial=z)
    return z - last


def in_lists(z: Any, codebooks: Any) -> Any:
    def one(vector: list[float]) -> list[float]:
        rest, total = vector, [0.0] * len(vector)
        for book in codebooks.tolist():
            code = min(book, key=lambda c: math.dist(c, rest))
            rest, total = [r - c for r, c in zip(rest, code)], [t + c for t, c in zip(total, code)]
        return total

    return map(one, z.tolist())


RIGHT: list[tuple[str, Callable[..., Any]]] = [
    ("prior_loss", by_index),
    ("prior_loss", by_one_hot),
    ("prior_loss", by_ignored_index),
    ("prior_loss", by_margin),
    ("prior_loss", position_by_position),
    ("prior_loss", compiled(lambda l, t: F.cross_entropy(l[:, :-1].mT, t[:, 1:], reduction="none").sum(1).mean())),
    ("prior_loss", lambda l, t: -Independent(Categorical(logits=l[:, :-1]), 1).log_prob(t[:, 1:]).mean()),
    ("prior_loss", lambda l, t: vmap(lambda a, b: F.cross_entropy(a[:-1], b[1:], reduction="sum"))(l, t).mean()),
    ("prior_loss", lambda l, t: [F.cross_entropy(l[:, :-1].permute(0, 2, 1), t[:, 1:], reduction="sum") / t.size(0)][0]),
    ("prior_loss", lambda l, t: F.nll_loss(F.log_softmax(l, -1)[:, :-1].reshape(-1, l.shape[-1]), t[:, 1:].reshape(-1)) * (t.shape[1] - 1)),
    ("noise_temperature", lambda logits: Fraction(2000)),
    ("noise_temperature", lambda logits: torch.tensor([700.0]).squeeze()),
    ("noise_temperature", lambda logits: np.int64(800)),
    ("noise_temperature", lambda logits: next(t for t in (10.0**k for k in range(9)) if (logits / t).softmax(0).max() * len(logits) < 1.01)),
    ("build_coder", coder_in_integers),
    ("fsq", lambda z, n: Rounded.apply(torch.tanh(z) * (n - 1) / 2)),
    ("fsq", Grid()),
    ("fsq", by_hook),
    ("fsq", by_sigmoid),
    ("fsq", compiled(lambda z, n: (b := z.tanh() * (n // 2)) + (b.round() - b).detach())),
    ("fsq", lambda z, n: (lambda b: torch.lerp(b, b + (b.round() - b).detach(), 1.0))(torch.tanh(z) * (n - 1) / 2)),
    ("fsq", lambda z, n: (lambda b: b - torch.remainder(b + 0.5, 1).detach() + 0.5)(torch.tanh(z.double()) * ((n - 1) / 2))),
    ("starve_fsq", lambda z: torch.tanh(z / 50).numpy()[::-1][::-1]),
    ("starve_fsq", lambda z: z.argsort(0).argsort(0) * 1e-5 - 1e-3),
    ("starve_fsq", lambda z: [[float(v) / 1000 for v in row] for row in z]),
    ("starve_fsq", lambda z: (z - z.mean(0)) / z.abs().max() * 0.01),
    ("residual", by_products),
    ("residual", by_one_hots),
    ("residual", by_accumulation),
    ("residual", in_lists),
    ("residual", lambda z, books: functools.reduce(lambda q, e: q + e[torch.cdist((z - q).double(), e.double()).min(1)[1]], books, torch.zeros_like(z))),
    ("residual", compiled(lambda z, books: z - functools.reduce(lambda r, e: r - e[((r[:, None] - e) ** 2).sum(-1).argmin(1)], list(books), z))),
    ("residual", lambda z, books: np.array([[float(v) for v in row] for row in by_products(z, books)], order="F")),
]  # fmt: skip
