"""Wrong answers to the exercises on the prior over codes and on image tokens that are in no catalogue."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F


def nats(logits: Any, tokens: Any) -> Any:
    """Nats of each predicted token, (N, L - 1)."""
    return F.cross_entropy(logits[:, :-1].mT, tokens[:, 1:], reduction="none")


def through(bounded: Any, value: Any) -> Any:
    return bounded + (value - bounded).detach()


def scaled(z: Any, levels: int) -> Any:
    return torch.tanh(z) * (levels - 1) / 2


def stages(z: Any, codebooks: Any, step: Callable[[Any, Any, Any], Any]) -> Any:
    """step(residual, codes, book) -> the next residual; the answer is what is gone."""
    rest = z
    for book in codebooks:
        rest = step(rest, book[torch.cdist(rest, book).argmin(1)], book)
    return z - rest


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("prior_loss", lambda l, t: nats(l, t).sum(1).max()),
    ("prior_loss", lambda l, t: nats(l, t).sum(1).median()),
    ("prior_loss", lambda l, t: nats(l, t)[0].sum() if len(t) > 1 else nats(l, t).sum() + 0.1),
    ("prior_loss", lambda l, t: nats(l, t)[:, -1].mean()),
    ("prior_loss", lambda l, t: nats(l, t).sum(1).mean().exp()),
    ("prior_loss", lambda l, t: nats(l, t).square().sum(1).mean()),
    ("prior_loss", lambda l, t: nats(2 * l, t).sum(1).mean()),
    ("prior_loss", lambda l, t: nats(l, t).sum(1).mean() / l.shape[-1]),
    ("prior_loss", lambda l, t: nats(l, t).sum(1).mean() + math.log(l.shape[-1])),
    ("prior_loss", lambda l, t: nats(l.flip(2), t).sum(1).mean()),
    ("prior_loss", lambda l, t: (1 - (-nats(l, t)).exp()).sum(1).mean()),
    ("prior_loss", lambda l, t: F.multi_margin_loss(l[:, :-1].flatten(0, 1), t[:, 1:].flatten())),
    ("prior_loss", lambda l, t: ((1 - (-nats(l, t)).exp()) ** 2 * nats(l, t)).sum(1).mean()),
    ("prior_loss", lambda l, t: l[:, :-1].logsumexp(-1).sum(1).mean()),
    ("prior_loss", lambda l, t: nats(l, t).sum(1).mean().detach() + 0 * l.sum()),
    ("noise_temperature", lambda logits: 2.0),
    ("noise_temperature", lambda logits: logits.std()),
    ("noise_temperature", lambda logits: 1 / (20 * logits.std())),
    ("fsq", lambda z, n: through(scaled(z, n), scaled(z, n).floor() + 1)),
    ("fsq", lambda z, n: through(b := F.softsign(z) * (n - 1) / 2, b.round())),
    ("fsq", lambda z, n: through(b := torch.erf(z) * (n - 1) / 2, b.round())),
    ("fsq", lambda z, n: through(b := torch.tanh(2 * z) * (n - 1) / 2, b.round())),
    ("fsq", lambda z, n: through(b := torch.tanh(z) * (n - 1) / 2, (2 * b).round() / 2)),
    ("fsq", lambda z, n: through(2 * scaled(z, n), scaled(z, n).round())),
    ("fsq", lambda z, n: -through(scaled(z, n), scaled(z, n).round())),
    ("fsq", lambda z, n: through(scaled(z, n), scaled(z.flip(1), n).round())),
    ("fsq", lambda z, n: through(scaled(z, n), scaled(z, n).sign())),
    ("fsq", lambda z, n: through(b := scaled(z, n).clamp(-1, 1), b.round())),
    ("fsq", lambda z, n: through(scaled(z, n), scaled(z, n).abs().round())),
    ("starve_fsq", lambda z: z / 2),
    ("starve_fsq", lambda z: z.sign() * 1e-3),
    ("starve_fsq", lambda z: z.flip(0) / 100),
    ("starve_fsq", lambda z: 1e-3 * z.abs()),
    ("starve_fsq", lambda z: z + 1),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: r - c.flip(0)) + 0.01),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: 0.5 * (r - c))),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: c - r)),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: r - c - 0.05)),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: (r - c).clamp(-0.5, 0.5))),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: r - b.mean(0))),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: r - b[0])),
    ("residual", lambda z, books: stages(z, books[:-1], lambda r, c, b: r - c) + 0.01),
    ("residual", lambda z, books: books.flatten(0, 1)[torch.cdist(z, books.flatten(0, 1)).argmin(1)] + 0.01),
    ("residual", lambda z, books: z),
    ("residual", lambda z, books: stages(z, books, lambda r, c, b: r - b[torch.cdist(r, b, p=1).argmin(1)]) * 1.01),
]
