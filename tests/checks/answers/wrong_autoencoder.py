"""Wrong answers to the exercises on the autoencoder that are in no catalogue, as they turn up in code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F


def bce(logits: Any, x: Any) -> Any:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)


def trained(
    model: Any,
    batches: Any,
    lr: float,
    loss: Callable[[Any, Any], Any] = lambda y, x: (y - x).square().sum(1).mean(),
    optimizer: Callable[..., Any] = torch.optim.SGD,
    target: Callable[[Any], Any] = lambda x: x,
    after: Callable[[Any], Any] = lambda model: None,
    repeat: int = 1,
) -> Any:
    steps = optimizer(model.parameters(), lr)
    for x in [x for x in batches for _ in range(repeat)]:
        steps.zero_grad()
        loss(model(x), target(x)).backward()
        after(model)
        steps.step()
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def clipped(model: Any) -> None:
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)


def by_sign(model: Any) -> None:
    for p in model.parameters():
        p.grad.sign_()


def without_the_decoder(model: Any) -> None:
    model[1].weight.grad.zero_()


def all_batches_first(model: Any, batches: Any, lr: float) -> Any:
    """One step along the gradient of everything."""
    whole = torch.cat(list(batches))
    return trained(model, [whole], lr)


def with_old_weights(model: Any, batches: Any, lr: float) -> Any:
    """Every gradient is taken at the starting weights."""
    weights = list(model.parameters())
    slopes = [torch.autograd.grad((model(x) - x).square().sum(1).mean(), weights) for x in batches]
    return torch.cat([(w - lr * sum(s[i] for s in slopes)).detach().flatten() for i, w in enumerate(weights)])


def averaged_weights(model: Any, batches: Any, lr: float) -> Any:
    seen = [trained(model, [x], lr).clone() for x in batches]
    return torch.stack(seen).mean(0)


WRONG: list[tuple[str, Callable[..., Any]]] = [
    ("reconstruction", lambda l, x: bce(l, x).sum(1) + bce(l, x).mean(1)),
    ("reconstruction", lambda l, x: bce(l, (x > 0.5).float()).sum(1)),
    ("reconstruction", lambda l, x: bce(l / 2, x).sum(1)),
    ("reconstruction", lambda l, x: bce(l.round(), x).sum(1)),
    ("reconstruction", lambda l, x: bce(l, x * 0.9 + 0.05).sum(1)),
    ("reconstruction", lambda l, x: bce(l.transpose(2, 3), x.transpose(2, 3)).sum(1) * 1.001),
    ("reconstruction", lambda l, x: bce(l, x).square().sum(1)),
    ("reconstruction", lambda l, x: bce(l, x).norm(dim=1)),
    ("reconstruction", lambda l, x: bce(l, x).median(1).values * x[0].numel()),
    ("reconstruction", lambda l, x: -(x * F.logsigmoid(l) + (1 - x) * F.logsigmoid(l)).flatten(1).sum(1)),
    ("reconstruction", lambda l, x: -(x * l.sigmoid().log() - (1 - x) * F.logsigmoid(-l)).flatten(1).sum(1)),
    ("reconstruction", lambda l, x: bce(l, x).sum(1) - bce(torch.zeros_like(l), x).sum(1)),
    ("reconstruction", lambda l, x: F.l1_loss(l.sigmoid(), x, reduction="none").flatten(1).sum(1)),
    ("reconstruction", lambda l, x: bce(l, x).sum(1).sort().values),
    ("reconstruction", lambda l, x: F.kl_div(F.logsigmoid(l), x, reduction="none").flatten(1).sum(1)),
    ("reconstruction", lambda l, x: bce(l, x).sum(1).cumsum(0)),
    ("reconstruction", lambda l, x: (F.softplus(l) - x).flatten(1).sum(1)),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, optimizer=torch.optim.Adam)),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, after=clipped)),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, after=by_sign)),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, after=without_the_decoder)),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, repeat=2)),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, target=torch.zeros_like)),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, target=lambda x: x.flip(1))),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, target=lambda x: x.round())),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, loss=lambda y, x: (y - x).square().sum(1).mean().sqrt())),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, loss=lambda y, x: 0.5 * (y - x).square().sum(1).mean())),
    ("training_loop", lambda m, b, lr: trained(m, b, lr, optimizer=lambda p, lr: torch.optim.SGD(p, lr, weight_decay=0.3))),
    ("training_loop", all_batches_first),
    ("training_loop", with_old_weights),
    ("training_loop", averaged_weights),
    ("hole", lambda codes: codes.median(0).values),
    ("hole", lambda codes: (codes[0] + codes[1]) / 2),
    ("hole", lambda codes: codes.min(0).values),
    ("hole", lambda codes: torch.tensor([1e6, 0.0])),
    ("hole", lambda codes: codes[codes.norm(dim=1).argmax()]),
]  # fmt: skip
