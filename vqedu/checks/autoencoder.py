"""The exercises of notebook 01: the loss, PCA, the share of near codes, a training loop, a hole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu.checks.engine import Case, Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import grey, number, quarters, show


def _pixels(logits: Tensor, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)


def _pictures() -> list[Case]:
    shapes = [(1, 1, 1, 1), (1, 1, 1, 2), (2, 1, 2, 2), (3, 1, 4, 3)]
    return [{"logits": quarters(i, *shape, limit=16), "x": grey(i, *shape)} for i, shape in enumerate(shapes, 1)]


reconstruction = Exercise(
    name="reconstruction",
    contract="reconstruction(logits, x): two float tensors (N, 1, H, W), x in [0, 1] -> (N,), nats per image",
    cases=_pictures,
    reference=lambda logits, x: _pixels(logits, x).sum(1),
    gradients=("logits",),
    mistakes=(
        Mistake(
            "averaged over the pixels",
            lambda logits, x: _pixels(logits, x).mean(1),
            "Your number is the price of one average pixel. For 784 pixels it is 784 times too small.",
            "What should happen to the price of an image if it had twice as many pixels?",
        ),
        Mistake(
            "summed over the batch as well",
            lambda logits, x: _pixels(logits, x).sum(),
            "You return one number for the whole batch, where each image should have its own.",
            "Which dimension is the batch? It should still be there at the end.",
        ),
        Mistake(
            "averaged over the batch as well",
            lambda logits, x: _pixels(logits, x).sum(1).mean(),
            "You return the average image's price, where each image should have its own.",
            "The contract ends in (N,). Which step took the N away?",
        ),
        Mistake(
            "averaged over everything",
            lambda logits, x: _pixels(logits, x).mean(),
            "You return one average over images and pixels. Asked for is the sum over the pixels of each image.",
            "A loss function of torch averages unless it is told otherwise. Which `reduction` keeps every pixel?",
        ),
        Mistake(
            "sigmoid taken twice",
            lambda logits, x: _pixels(torch.sigmoid(logits), x).sum(1),
            "Your numbers are those of a sigmoid applied to a sigmoid: grey levels then lie between 0.5 and 0.73.",
            "Does the function you call expect grey levels or logits?",
        ),
        Mistake(
            "sign turned",
            lambda logits, x: -_pixels(logits, x).sum(1),
            "This is the log-probability. The price is minus that, since training makes prices small.",
            "Is your number positive for every image? A price should be.",
        ),
        Mistake(
            "paper is free",
            lambda logits, x: -(x * F.logsigmoid(logits)).flatten(1).sum(1),
            "Only the ink is paid for. A network that paints everything black would then pay nothing.",
            "What is the price of a pixel that is paper, x = 0, when the network says ink?",
        ),
        Mistake(
            "squared error",
            lambda logits, x: (torch.sigmoid(logits) - x).square().flatten(1).sum(1),
            "This is the squared error of the grey levels, a good measure, but no number of nats.",
            "The price of ink is -log s(l). There should be a logarithm somewhere.",
        ),
    ),
    hints=(
        "Write the price of one pixel first, as a tensor of the shape of x; reduce afterwards.",
        "A pixel costs -x log s(l) - (1 - x) log(1 - s(l)). `F.logsigmoid(l)` is log s(l), and 1 - s(l) is s(-l).",
        "Flatten all but the batch, `.flatten(1)`, and sum over dimension 1.",
    ),
)


def _directions(seed: int, d: int, k: int) -> Tensor:
    """k orthonormal columns of length d with exact numbers: some columns of the identity, in another order."""
    order = torch.randperm(d, generator=torch.Generator().manual_seed(seed))
    return torch.eye(d)[:, order[:k]]


pca = Exercise(
    name="pca",
    contract="pca(x, mean, V): images (N, P), mean (P,), orthonormal columns V (P, k) -> reconstruction (N, P)",
    cases=lambda: [
        {"x": grey(i, n, p), "mean": grey(i + 5, p) + 0.125, "V": _directions(i, p, k)}
        for i, (n, p, k) in enumerate([(1, 2, 1), (2, 3, 2), (4, 6, 3)], 1)
    ],
    reference=lambda x, mean, V: (x - mean) @ V @ V.T + mean,
    mistakes=(
        Mistake(
            "mean not subtracted",
            lambda x, mean, V: x @ V @ V.T + mean,
            "The coordinates are taken from the origin, and then the mean comes on top.",
            "PCA describes how an image differs from the average image. Where does your code compare the two?",
        ),
        Mistake(
            "mean not added back",
            lambda x, mean, V: (x - mean) @ V @ V.T,
            "You return the difference from the mean image, not an image.",
            "What should the reconstruction be when all coordinates are zero?",
        ),
        Mistake(
            "no mean at all",
            lambda x, mean, V: x @ V @ V.T,
            "The mean image appears nowhere: this is a projection through the origin.",
            "Which of your three arguments do you not use?",
        ),
    ),
    hints=(
        "Two steps: image to code, code to image. Write down the shape after each.",
        "The code is (x - mean) @ V with the shape (N, k). The columns of V are orthonormal, so decoding uses V.T.",
        "After z @ V.T the numbers are again differences from the mean. One step is left.",
    ),
)


def _near_share(z: Tensor, codes: Tensor, r: float) -> Tensor:
    return (torch.cdist(z, codes).min(1).values <= r).float().mean()


near_share = Exercise(
    name="near_share",
    contract="near_share(z, codes, r): (M, D), (n, D), a radius -> the share of the M points that have a code within r",
    cases=lambda: [
        {"z": quarters(i, m, d), "codes": quarters(i + 20, n, d), "r": r}
        for i, (m, n, d, r) in enumerate([(2, 1, 1, 0.6), (4, 3, 2, 0.8), (30, 6, 2, 0.8), (40, 5, 3, 1.3)])
    ],
    reference=_near_share,
    mistakes=(
        Mistake(
            "far instead of near",
            lambda z, codes, r: (torch.cdist(z, codes).min(1).values > r).float().mean(),
            "You count the points that have no code within r.",
            "What should the share be when r is very large?",
        ),
        Mistake(
            "share of the pairs",
            lambda z, codes, r: (torch.cdist(z, codes) <= r).float().mean(),
            "You count pairs of a point and a code. A point is near if one single code is.",
            "Between the distances (M, n) and the comparison with r one step is missing.",
        ),
        Mistake(
            "squared distance",
            lambda z, codes, r: (torch.cdist(z, codes).square().min(1).values <= r).float().mean(),
            "A squared distance is compared with a distance.",
            "If all coordinates were doubled, by what factor should your distance grow?",
        ),
        Mistake(
            "over the wrong axis",
            lambda z, codes, r: (torch.cdist(z, codes).min(0).values <= r).float().mean(),
            "You asked each code for its nearest point. The question is asked of the points.",
            "How many answers, yes or no, should there be before the average: M or n?",
        ),
    ),
    hints=(
        "First the distance from each point to each code, a table (M, n).",
        "`torch.cdist(z, codes)` is that table. A point is near if the smallest number of its row is at most r.",
        "Compare, turn the truth values into numbers with `.float()`, and average.",
    ),
)


def _descend(model: nn.Module, batches: Sequence[Tensor], lr: float, clear: bool = True, sign: int = 1) -> Tensor:
    parameters = list(model.parameters())
    for x in batches:
        if clear:
            model.zero_grad()
        (model(x) - x).square().sum(1).mean().backward()
        with torch.no_grad():
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.sub_(sign * lr * parameter.grad)
    return torch.cat([parameter.detach().flatten() for parameter in parameters])


def _first_batch_only(model: nn.Module, batches: Sequence[Tensor], lr: float) -> Tensor:
    return _descend(model, [batches[0]] * len(batches), lr)


def _linear(d: int) -> nn.Module:
    """A linear autoencoder of d numbers through one, with weights that every machine holds exactly."""
    model = nn.Sequential(nn.Linear(d, 1, bias=False), nn.Linear(1, d, bias=False))
    with torch.no_grad():
        for seed, parameter in enumerate(model.parameters(), 1):
            parameter.copy_(quarters(seed, *parameter.shape, limit=4))
    down, up = (show(parameter) for parameter in model.parameters())
    model.formula = f"x -> (x A^T) B^T, A = {down}, B = {up}"  # type: ignore[assignment]
    return model


training_loop = Exercise(
    name="training_loop",
    contract="training_loop(model, batches, lr): trains the model by plain gradient steps on the squared error, one a "
    "batch (N, D), and returns its weights in one row: torch.cat([p.detach().flatten() for p in model.parameters()])",
    cases=lambda: [
        {"model": _linear(d), "batches": [grey(10 * d + i, n, d) for i in range(count)], "lr": 0.125}
        for d, n, count in [(2, 1, 1), (2, 2, 2), (3, 4, 5)]
    ],
    reference=_descend,
    mistakes=(
        Mistake(
            "gradients pile up",
            lambda model, batches, lr: _descend(model, batches, lr, clear=False),
            "The first step is right, the second is not: it moves along the sum of both gradients.",
            "`backward()` adds to `.grad`. What does the second batch find there?",
        ),
        Mistake(
            "uphill",
            lambda model, batches, lr: _descend(model, batches, lr, sign=-1),
            "Each step goes along the gradient, so the loss grows.",
            "In which direction does the loss fall?",
        ),
        Mistake(
            "the same batch again and again",
            _first_batch_only,
            "Every step uses the first batch. The others are never seen.",
            "Which name does the loop give to the batch, and which name does the loss use?",
        ),
        Mistake(
            "never moves",
            lambda model, batches, lr: torch.cat([p.detach().flatten() for p in model.parameters()]),
            "The weights are those of the start.",
            "Which line changes the weights, and is it reached?",
        ),
    ),
    hints=(
        "Follow one weight through two steps. What is its `.grad` at the beginning of the second?",
        "A step has four parts: clear the gradients, compute the loss, `backward()`, move. Which part is missing?",
        "The usual loop calls `optimizer.zero_grad()`. Without an optimizer, `model.zero_grad()` does the same.",
    ),
)


def _measure_hole(ask: Callable[..., Any]) -> list[Demand]:
    """Ask for a hole in three clouds of codes, and compare its distance with what is usual between codes."""
    ratios, inside = [], True
    for seed, centres in enumerate([[(0, 0), (6, 0)], [(0, 0), (4, 4), (0, 5)], [(-3, 0), (3, 0), (0, 3), (0, -3)]]):
        noise = torch.randn(len(centres), 40, 2, generator=torch.Generator().manual_seed(seed)) / 2
        codes = (torch.tensor(centres, dtype=torch.float32)[:, None] + noise).flatten(0, 1)
        hole = ask(codes.clone(), shape=(2,))
        inside &= bool(((hole >= codes.min(0).values) & (hole <= codes.max(0).values)).all())
        usual = (torch.cdist(codes, codes) + 99 * torch.eye(len(codes))).min(1).values.quantile(0.95)
        ratios.append(float(torch.cdist(hole[None].float(), codes).min() / usual))
    return [
        Demand("inside the range of the codes, in both coordinates", inside, "yes" if inside else "no"),
        Demand(
            "at least twice as far from every code as 95% of the codes are from their nearest one",
            min(ratios) >= 2,
            f"{number(round(min(ratios), 1))} times in the worst of 3 clouds",
        ),
    ]


hole = Challenge(
    name="hole",
    contract="hole(codes): a cloud of codes (n, 2) -> a point (2,) inside the cloud's range and far from every code",
    parameters=("codes",),
    measure=_measure_hole,
    hints=(
        "You need not be clever: many random candidates in the right box will do.",
        "`low + (high - low) * torch.rand(1000, 2)` fills the box between the smallest and the largest coordinates.",
        "`torch.cdist(candidates, codes).min(1).values` is the distance to the nearest code. Take the largest.",
    ),
)
