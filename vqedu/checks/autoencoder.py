"""The exercises on the autoencoder: the loss, a training loop, a hole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu.checks.engine.exercise import Challenge, Demand, Exercise, Mistake
from vqedu.checks.engine.numbers import gray, number, quarters, show
from vqedu.checks.engine.observing import Case


def bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """Return -log p of each pixel, (N, pixels) in nats."""
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)


def naive_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """The same through the sigmoid, which float32 rounds to 1 from about 17 on: NaN at logit 20."""
    p = torch.sigmoid(logits)
    return -(x * torch.log(p) + (1 - x) * torch.log(1 - p)).flatten(1)


def confident(seed: int) -> Case:
    """Return logits and x of two pixels that a trained network is sure of, among others."""
    logits = quarters(seed, 2, 1, 2, 2)
    logits[0, 0, 0], x = torch.tensor([20.0, -20.0]), gray(seed, 2, 1, 2, 2)
    x[0, 0, 0] = torch.tensor([1.0, 0.0])
    return {"logits": logits, "x": x}


def _reconstruction(
    logits: Tensor,
    x: Tensor,
    *,
    pixel: Callable[[Tensor, Tensor], Tensor] = bernoulli,
    reduce: Callable[[Tensor], Tensor] = lambda pixels: pixels.sum(1),
    sign: int = 1,
) -> Tensor:
    return sign * reduce(pixel(logits, x))


def _pictures() -> list[Case]:
    shapes = [(1, 1, 1, 1), (1, 1, 1, 2), (2, 1, 2, 2), (3, 1, 4, 3)]
    pictures = [{"logits": quarters(i, *shape, limit=16), "x": gray(i, *shape)} for i, shape in enumerate(shapes, 1)]
    return [*pictures, confident(9)]


reconstruction = Exercise(
    name="reconstruction",
    contract="reconstruction(logits, x): two float tensors (N, 1, H, W), x in [0, 1] -> (N,), nats per image",
    cases=_pictures,
    reference=_reconstruction,
    gradients=("logits",),
    mistakes=(
        Mistake(
            "averaged over the pixels",
            partial(_reconstruction, reduce=lambda pixels: pixels.mean(1)),
            "Your number is the average loss per pixel. For an image of 784 pixels it is 784 times too small.",
            "What should happen to the loss of an image that has twice as many pixels?",
        ),
        Mistake(
            "summed over the batch as well",
            partial(_reconstruction, reduce=torch.sum),
            "You return one number for the whole batch, but each image should have its own.",
            "Which dimension is the batch? It should still be there at the end.",
        ),
        Mistake(
            "averaged over the batch as well",
            partial(_reconstruction, reduce=lambda pixels: pixels.sum(1).mean()),
            "You return the average over the images, but each image should have its own number.",
            "The contract ends in (N,). Which step removed the N?",
        ),
        Mistake(
            "averaged over everything",
            partial(_reconstruction, reduce=torch.mean),
            "You return one average over images and pixels. The contract asks for the sum over the pixels of each "
            "image.",
            "A loss function of torch averages unless you tell it otherwise. Which `reduction` keeps every pixel?",
        ),
        Mistake(
            "sigmoid taken twice",
            partial(_reconstruction, pixel=lambda logits, x: bernoulli(torch.sigmoid(logits), x)),
            "Your numbers are those of a sigmoid applied to a sigmoid: all gray levels then lie between 0.5 and 0.73.",
            "Does the function you call expect gray levels or logits?",
        ),
        Mistake(
            "log of a rounded sigmoid",
            partial(_reconstruction, pixel=naive_bernoulli),
            "This is the right formula, but at logit 20 float32 rounds the sigmoid to 1, and 0 times log(0) is NaN. "
            "A trained network outputs many such logits.",
            "Use a function that takes logits: `F.logsigmoid`, or a cross-entropy `with_logits`.",
        ),
        Mistake(
            "arguments exchanged",
            partial(_reconstruction, pixel=lambda logits, x: bernoulli(x, logits)),
            "Your arguments are swapped: you use the image as the logits, and the logits as the image.",
            "In which order does the cross-entropy expect prediction and target?",
        ),
        Mistake(
            "sign flipped",
            partial(_reconstruction, sign=-1),
            "This is the log-probability. The loss is minus that, because training makes the loss small.",
            "Is your number positive for every image? It should be.",
        ),
        Mistake(
            "only the ink counts",
            partial(_reconstruction, pixel=lambda logits, x: -(x * F.logsigmoid(logits)).flatten(1)),
            "Pixels with x = 0 cost nothing. A network that predicts ink everywhere would then have a loss near 0.",
            "What is the loss of a pixel with x = 0 if the network predicts 1?",
        ),
        Mistake(
            "squared error",
            partial(_reconstruction, pixel=lambda logits, x: (torch.sigmoid(logits) - x).square().flatten(1)),
            "This is the squared error of the gray levels: a useful measure, but it is not in nats.",
            "The loss of a pixel with x = 1 is -log s(l). There should be a logarithm somewhere.",
        ),
    ),
    hints=(
        "First compute the loss of each pixel, as a tensor with the shape of x, and then sum.",
        "A pixel's loss is -x log s(l) - (1 - x) log(1 - s(l)). `F.logsigmoid(l)` is log s(l), and 1 - s(l) is s(-l).",
        "Flatten everything but the batch, `.flatten(1)`, and sum over dimension 1.",
    ),
)


def _per_example(errors: Tensor) -> Tensor:
    return errors.sum(1).mean()


def _descend(
    model: nn.Module,
    batches: Sequence[Tensor],
    lr: float,
    *,
    clear: bool = True,
    sign: int = 1,
    reduce: Callable[[Tensor], Tensor] = _per_example,
    pick: Callable[[Sequence[Tensor]], Sequence[Tensor]] = lambda batches: batches,
) -> Tensor:
    parameters = list(model.parameters())
    for x in pick(batches):
        if clear:
            model.zero_grad()
        reduce((model(x) - x).square()).backward()
        with torch.no_grad():
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.sub_(sign * lr * parameter.grad)
    return torch.cat([parameter.detach().flatten() for parameter in parameters])


def _linear(d: int) -> nn.Module:
    """Return a linear autoencoder of d numbers through one, with weights that every machine represents exactly."""
    model = nn.Sequential(nn.Linear(d, 1, bias=False), nn.Linear(1, d, bias=False))
    with torch.no_grad():
        for seed, parameter in enumerate(model.parameters(), 1):
            parameter.copy_(quarters(seed, *parameter.shape, limit=4))
    down, up = (show(parameter) for parameter in model.parameters())
    model.formula = f"x -> (x A^T) B^T, A = {down}, B = {up}"  # type: ignore[assignment]
    return model


training_loop = Exercise(
    name="training_loop",
    contract="training_loop(model, batches, lr): trains the model by plain gradient steps on the squared error, summed "
    "over the elements of an example and averaged over the batch, one step per batch (N, D), and returns its weights "
    "in one row: torch.cat([p.detach().flatten() for p in model.parameters()])",
    cases=lambda: [
        {"model": _linear(d), "batches": [gray(10 * d + i, n, d) for i in range(count)], "lr": 0.125}
        for d, n, count in [(2, 1, 1), (2, 2, 2), (3, 4, 5)]
    ],
    reference=_descend,
    mistakes=(
        Mistake(
            "gradients pile up",
            partial(_descend, clear=False),
            "The first step is right, but the second moves along the sum of both gradients.",
            "`backward()` adds to `.grad`. What does the second batch find there?",
        ),
        Mistake(
            "uphill",
            partial(_descend, sign=-1),
            "Each step goes along the gradient, so the loss grows.",
            "In which direction does the loss fall?",
        ),
        Mistake(
            "averaged over the elements",
            partial(_descend, reduce=torch.mean),
            "Your steps are D times too small, because you average the squared error over the D numbers of an example.",
            "What does `mse_loss` do by default?",
        ),
        Mistake(
            "summed over the batch",
            partial(_descend, reduce=torch.sum),
            "Your steps grow with the batch size, because you sum the squared error over the examples as well.",
            "If a batch contained every example twice, should the step change?",
        ),
        Mistake(
            "the same batch again and again",
            partial(_descend, pick=lambda batches: [batches[0]] * len(batches)),
            "Every step uses the first batch, and the others are never used.",
            "Which name does the loop give to the batch, and which name does the loss use?",
        ),
        Mistake(
            "only one step",
            partial(_descend, pick=lambda batches: batches[:1]),
            "Only the first batch moves the weights.",
            "Does the loop return too early?",
        ),
        Mistake(
            "never moves",
            partial(_descend, pick=lambda batches: []),
            "The weights have not changed since the start.",
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
    for seed, centers in enumerate([[(0, 0), (6, 0)], [(0, 0), (4, 4), (0, 5)], [(-3, 0), (3, 0), (0, 3), (0, -3)]]):
        noise = torch.randn(len(centers), 40, 2, generator=torch.Generator().manual_seed(seed)) / 2
        codes = (torch.tensor(centers, dtype=torch.float32)[:, None] + noise).flatten(0, 1)
        hole = ask(codes.clone(), shape=(2,))
        inside &= bool(((hole >= codes.min(0).values) & (hole <= codes.max(0).values)).all())
        usual = (torch.cdist(codes, codes) + 99 * torch.eye(len(codes))).min(1).values.quantile(0.95)
        ratios.append(float(torch.cdist(hole[None].float(), codes).min() / usual))
    return [
        Demand("inside the range of the codes, in both coordinates", inside, "yes" if inside else "no"),
        Demand(
            "at least 2 r away from every code, where r is the distance within which 95% of the codes have a neighbor",
            min(ratios) >= 2,
            f"{number(round(min(ratios), 1))} r in the worst of 3 clouds",
        ),
    ]


hole = Challenge(
    name="hole",
    contract="hole(codes): a cloud of codes (n, 2) -> a point (2,) inside the cloud's range and far from every code",
    parameters=("codes",),
    measure=_measure_hole,
    hints=(
        "You do not have to be clever: many random candidates in the right box will do.",
        "`low + (high - low) * torch.rand(1000, 2)` fills the box between the smallest and the largest coordinates.",
        "`torch.cdist(candidates, codes).min(1).values` is the distance to the nearest code. Make it large.",
    ),
    done="You found a hole. The decoder was never trained there, so nothing determines what it draws.",
)
