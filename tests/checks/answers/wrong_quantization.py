"""Wrong answers to the exercises on vector quantization and the VQ-VAE that are in no catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F


def nearest(z: Any, codebook: Any, distance: Callable[[Any, Any], Any] = torch.cdist) -> Any:
    """The code of each vector, chosen by any distance (rows, D), (K, D) -> (rows, K)."""
    rows = z.movedim(1, -1).flatten(0, 2)
    return codebook[distance(rows, codebook).argmin(1)].view(*z.movedim(1, -1).shape).movedim(-1, 1)


def cosine(rows: Any, codebook: Any) -> Any:
    return -F.normalize(rows, dim=1) @ F.normalize(codebook, dim=1).T


def square(a: Any, b: Any) -> Any:
    return (a - b).square().sum() / len(a)


def entropy(indices: Any, K: int) -> Any:
    p = torch.bincount(indices.flatten(), minlength=K) / indices.numel()
    return torch.special.entr(p).sum()


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("vq_loss", lambda e, q, c: square(e.detach(), q) + square(e, q.detach()) + c),
    ("vq_loss", lambda e, q, c: square(e.detach(), q) - c * square(e, q.detach())),
    ("vq_loss", lambda e, q, c: square(e.detach(), q) * c * square(e, q.detach())),
    ("vq_loss", lambda e, q, c: square(e.detach(), q) + c / 2 * square(e, q.detach())),
    ("vq_loss", lambda e, q, c: square(e.detach(), q) + c * (e - q.detach()).abs().sum() / len(e)),
    ("vq_loss", lambda e, q, c: square(e.detach(), q).sqrt() + c * square(e, q.detach()).sqrt()),
    ("vq_loss", lambda e, q, c: (square(e.detach(), q) + c * square(e, q.detach())) / 2),
    ("vq_loss", lambda e, q, c: square(e.detach(), q) + c * square(e, 0 * q)),
    ("vq_loss", lambda e, q, c: square(e.detach().flip(0), q) + c * square(e, q.detach()) + 1e-2),
    ("vq_loss", lambda e, q, c: square(e.detach()[:1], q[:1]) + c * square(e, q.detach()) + 1e-2),
    ("vq_loss", lambda e, q, c: F.smooth_l1_loss(e.detach(), q, reduction="sum") + c * square(e, q.detach())),
    ("vq_loss", lambda e, q, c: square(e.detach(), q) + c * (1 - F.cosine_similarity(e, q.detach(), dim=1)).sum()),
    ("quantize", lambda z, e: nearest(z, e, lambda r, k: (r[:, None] - k).abs().amax(2))),
    ("quantize", lambda z, e: nearest(z, e, cosine)),
    ("quantize", lambda z, e: nearest(z, e, lambda r, k: torch.cdist(r, k).roll(1, 1))),
    ("quantize", lambda z, e: nearest(z, e, lambda r, k: (r.norm(dim=1, keepdim=True) - k.norm(dim=1)).abs())),
    ("quantize", lambda z, e: nearest(z, e, lambda r, k: torch.cdist(r, k).mean(0, keepdim=True).expand(len(r), -1))),
    ("quantize", lambda z, e: nearest(z, e[:-1])),
    ("quantize", lambda z, e: nearest(z - z.mean((0, 2, 3), keepdim=True), e)),
    ("quantize", lambda z, e: nearest(z.flip(0), e) + 1e-2),
    ("quantize", lambda z, e: (nearest(z, e) + z) / 2),
    ("quantize", lambda z, e: nearest(z, e.sort(0).values)),
    ("quantize", lambda z, e: torch.einsum("nkhw,kd->ndhw", (-torch.cdist(z.movedim(1, -1), e)).softmax(-1).movedim(-1, 1), e)),
    ("quantize", lambda z, e: nearest(z, e, lambda r, k: torch.cdist(r, k) + 0.3 * k.norm(dim=1))),
    ("quantize", lambda z, e: z.round()),
    ("dead_codes", lambda z, K: z[torch.randperm(len(z))[:K]]),
    ("dead_codes", lambda z, K: z.mean(0) + 0.01 * torch.randn(K, 2)),
    ("dead_codes", lambda z, K: torch.full((K, 2), 99.0)),
    ("perplexity", lambda i, K: entropy(i, K).exp() - 1),
    ("perplexity", lambda i, K: entropy(i, K).exp().round()),
    ("perplexity", lambda i, K: entropy(i, K).exp().clamp(min=2)),
    ("perplexity", lambda i, K: entropy(i, K).square().exp()),
    ("perplexity", lambda i, K: entropy(i, K).exp() / math.log(K)),
    ("perplexity", lambda i, K: 10 ** entropy(i, K)),
    ("perplexity", lambda i, K: 1 + entropy(i, K)),
    ("perplexity", lambda i, K: entropy(i[:, :, :1], K).exp()),
    ("perplexity", lambda i, K: entropy(i[..., 1:] if i.shape[-1] > 1 else i, K).exp() * 1.001),
    ("perplexity", lambda i, K: entropy(i // 2, K).exp() + 0.01),
    ("perplexity", lambda i, K: entropy(i, K).exp() / len(i.unique()) * K),
    ("lookup", lambda i, e: e[i.flip(2)].movedim(-1, 1) + 1e-2),
    ("lookup", lambda i, e: e[(i + 1) % len(e)].movedim(-1, 1)),
    ("lookup", lambda i, e: e[i.clamp(max=len(e) - 2)].movedim(-1, 1) * 1.01),
    ("lookup", lambda i, e: F.normalize(e, dim=1)[i].movedim(-1, 1)),
    ("lookup", lambda i, e: -e[i].movedim(-1, 1)),
    ("lookup", lambda i, e: e[i].movedim(-1, 1).cumsum(1)),
    ("lookup", lambda i, e: e[i].movedim(-1, 1).round()),
    ("lookup", lambda i, e: e[i[:1].expand_as(i)].movedim(-1, 1) + 0.02),
    ("scramble", lambda i: i.sort(2).values),
    ("scramble", lambda i: i.transpose(1, 2)),
    ("scramble", lambda i: (i + 1) % 8),
    ("scramble", lambda i: i.flip(2).roll(3, 1)),
    ("scramble", lambda i: i[torch.randperm(len(i))]),
    ("scramble", lambda i: i.flatten()[torch.randperm(i.numel())].view_as(i)),
]  # fmt: skip
