"""Right answers to the exercises on the autoencoder, in styles that nobody had in mind."""

from __future__ import annotations

import array
import functools
import itertools
import math
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributions import ContinuousBernoulli
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from tests.checks.answers import compiled


class AsModule(nn.Module):
    def forward(self, logits: Any, x: Any) -> Any:
        return nn.BCEWithLogitsLoss(reduction="none")(logits, x).sum(dim=(1, 2, 3))


class Counting:
    """A method of an object that also keeps count."""

    def __init__(self) -> None:
        self.calls = 0

    def loss(self, logits: Any, target: Any) -> Any:
        self.calls += 1
        signs = 2 * torch.tensor([0.0, 1.0]) - 1  # of "no ink" and "ink"
        chances = torch.stack([1 - target, target], -1)
        return -(chances * F.logsigmoid(logits[..., None] * signs)).sum((1, 2, 3, 4))


class WithGradient(torch.autograd.Function):
    """The loss with its derivative, sigmoid(l) - x, written out."""

    @staticmethod
    def forward(ctx: Any, logits: Any, x: Any) -> Any:
        ctx.save_for_backward(logits, x)
        return torch.logaddexp(logits, torch.zeros_like(logits)).sum((1, 2, 3)) - (logits * x).sum((1, 2, 3))

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:  # type: ignore[override]
        logits, x = ctx.saved_tensors
        return slope.view(-1, 1, 1, 1) * (logits.sigmoid() - x), None


def as_two_classes(logits: Any, x: Any) -> Any:
    both = torch.stack([torch.zeros_like(logits), logits], 1)
    return F.cross_entropy(both, torch.stack([1 - x, x], 1), reduction="none").flatten(1).sum(1)


def pixel_by_pixel(logits: Any, x: Any) -> Any:
    totals = [logits.new_zeros(()) for _ in logits]
    for n, c, h, w in itertools.product(*map(range, logits.shape)):
        totals[n] = totals[n] + torch.nn.functional.softplus(logits[n, c, h, w]) - x[n, c, h, w] * logits[n, c, h, w]
    return deque(totals)


def in_one_line_each(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.binary_cross_entropy_with_logits(logits, x, None, None, 0).flatten(1).sum(1)


def continuous_without_its_constant(logits: Any, x: Any) -> Any:
    law = ContinuousBernoulli(logits=logits.double(), validate_args=False)
    return (law._cont_bern_log_norm() - law.log_prob(x.double())).sum((1, 2, 3))


def by_parameter_vector(model: Any, batches: Any, lr: float) -> Any:
    for x in batches:
        model.zero_grad(set_to_none=False)
        nn.PairwiseDistance(p=2, eps=0.0)(model(x), x).square().mean().backward()
        slopes = parameters_to_vector([p.grad for p in model.parameters()])
        vector_to_parameters(parameters_to_vector(model.parameters()) - lr * slopes, model.parameters())
    return parameters_to_vector(model.parameters()).detach()


def with_many_optimizers(model: Any, batches: Any, lr: float) -> Any:
    optimizers = [torch.optim.SGD([p], lr=lr) for p in model.parameters()]
    for batch in iter(batches):
        loss = sum((model(row) - row) @ (model(row) - row) for row in batch) / batch.size(0)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step(closure=None)
    return array.array("d", [w.item() for p in model.parameters() for w in p.view(-1)])


def with_a_schedule_that_does_nothing(model: Any, batches: Any, lr: float) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), lr=2 * lr, foreach=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)
    for x in batches:
        optimizer.zero_grad()
        nn.MSELoss(reduction="none")(model(x), x).sum(1).mean().backward()
        optimizer.step()
        schedule.step()
    return np.concatenate([p.detach().numpy().ravel() for p in model.parameters()])[::-1][::-1]


def with_momentum_zero_and_accumulation(model: Any, batches: Any, lr: float) -> Any:
    """Each example by itself, its gradient accumulated before the step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.0, nesterov=False)
    for x in batches:
        for row in x.unbind():
            (F.mse_loss(model(row), row, reduction="sum") / len(x)).backward()
        optimizer.step()
        optimizer.zero_grad()
    return torch.hstack([p.flatten() for p in model.parameters()])


def with_vmap(model: Any, batches: Any, lr: float) -> Any:
    def loss(weights: Any, row: Any) -> Any:
        return (functional_call(model, weights, (row,)) - row).square().sum()

    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    for x in batches:
        slopes = vmap(grad(loss), (None, 0))(weights, x)
        weights = {name: w.sub(slopes[name].mean(0), alpha=lr) for name, w in weights.items()}
    return (number for w in weights.values() for number in w.flatten())


def hole_by_random_walk(codes: Any) -> Any:
    rng, low, high = np.random.default_rng(1), codes.numpy().min(0), codes.numpy().max(0)
    points = rng.uniform(low, high, (300, 2))
    for _ in range(30):
        moved = np.clip(points + rng.normal(0, 0.3, points.shape), low, high)
        far = [np.linalg.norm(p[:, None] - codes.numpy(), axis=-1).min(1) for p in (points, moved)]
        points = np.where((far[1] > far[0])[:, None], moved, points)
    return points[np.linalg.norm(points[:, None] - codes.numpy(), axis=-1).min(1).argmax()].tolist()


def hole_by_gradient(codes: Any) -> Any:
    low, high = codes.aminmax(dim=0)
    raw = torch.randn(200, 2, requires_grad=True)
    for _ in range(40):
        points = low + (high - low) * raw.sigmoid()
        (slope,) = torch.autograd.grad(torch.cdist(points, codes).min(1).values.sum(), raw)
        raw = (raw + 0.1 * slope).detach().requires_grad_()
    points = (low + (high - low) * raw.sigmoid()).detach()
    return points[torch.cdist(points, codes).min(1).values.argmax()]


def hole_on_a_histogram(codes: Any) -> Any:
    counts, xs, ys = np.histogram2d(*codes.numpy().T, bins=25)
    centers = np.stack(np.meshgrid((xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2, indexing="ij"), -1)[counts == 0]
    gaps = np.sqrt(((centers[:, None] - codes.numpy()) ** 2).sum(-1)).min(1)
    return {"x": centers[gaps.argmax()][0], "y": centers[gaps.argmax()][1]}.values()


def hole_as_complex(codes: Any) -> Any:
    points = torch.view_as_complex(codes.contiguous())
    low, high = points.real.min() + 1j * points.imag.min(), points.real.max() + 1j * points.imag.max()
    grid = (
        low + (high - low).real * torch.linspace(0, 1, 50)[:, None] + 1j * (high - low).imag * torch.linspace(0, 1, 50)
    )
    best = grid.flatten()[(grid.flatten()[:, None] - points).abs().amin(1).argmax()]
    return torch.view_as_real(best)


RIGHT: list[tuple[str, Callable[..., Any]]] = [
    ("reconstruction", AsModule()),
    ("reconstruction", Counting().loss),
    ("reconstruction", WithGradient.apply),
    ("reconstruction", as_two_classes),
    ("reconstruction", pixel_by_pixel),
    ("reconstruction", in_one_line_each),
    ("reconstruction", compiled(lambda l, x: F.binary_cross_entropy_with_logits(l, x, reduction="none").sum([1, 2, 3]))),
    ("reconstruction", continuous_without_its_constant),
    ("reconstruction", functools.partial(lambda dims, l, x: ((1 - x) * l - F.logsigmoid(l)).sum(dims), (1, 2, 3))),
    ("reconstruction", lambda l, x: torch.einsum("nchw->n", l.clamp(min=0) - l * x + (-l.abs()).exp().log1p())),
    ("reconstruction", lambda l, x: (torch.nn.functional.softplus(-l) * x + F.softplus(l) * (1 - x)).norm(p=1, dim=(2, 3))[:, 0]),
    ("reconstruction", lambda l, x: (F.binary_cross_entropy_with_logits(a, b, reduction="sum") for a, b in zip(l, x))),
    ("reconstruction", lambda l, x: F.binary_cross_entropy_with_logits(l, x, reduction="none").mean((1, 2, 3)) * math.prod(x.shape[1:])),
    ("reconstruction", lambda l, x: -(torch.logit(torch.sigmoid(l.double()), 1e-15) * x - F.softplus(l.double())).flatten(1).sum(1)),
    ("training_loop", by_parameter_vector),
    ("training_loop", with_many_optimizers),
    ("training_loop", with_a_schedule_that_does_nothing),
    ("training_loop", with_momentum_zero_and_accumulation),
    ("training_loop", with_vmap),
    ("hole", hole_by_random_walk),
    ("hole", hole_by_gradient),
    ("hole", hole_on_a_histogram),
    ("hole", hole_as_complex),
]  # fmt: skip
