"""The exercises on color and words: bits per dimension, the best of several drawings, a VQ-VAE of emoji."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vqedu import data
from vqedu.checks.engine import comparing, observing, running
from vqedu.checks.engine.exercise import Challenge, Demand, Diagnosis, Exercise, Mistake
from vqedu.checks.engine.running import Problem

LEVELS = 255
MOST_CODES, FEWEST_USED, COLLAPSED = 512, 100, 16
MAP = (8, 8)
ERROR = 0.012  # squared error per channel on the unseen pictures


def _gaussian_bits(
    x_hat: Tensor,
    x: Tensor,
    variance: float,
    *,
    half: float = 0.5,
    constant: bool = True,
    width: float = LEVELS,
    base: float = math.log(2),
    per: Callable[[Tensor], int] = lambda x: x[0].numel(),
    spread: Callable[[float], float] = lambda variance: variance,
) -> Tensor:
    squares = (x - x_hat).square().flatten(1).sum(1)  # (N,)
    count = x[0].numel()
    nats = half * squares / spread(variance) + constant * 0.5 * count * math.log(2 * math.pi * variance)
    return nats / (per(x) * base) + math.log(width) / base


def _pictures(seed: int, *shape: int) -> tuple[Tensor, Tensor]:
    """Return reconstructions and the pictures near them, in steps of 1/64, which every machine holds exactly."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(65, shape, generator=generator) / 64
    return (x + torch.randint(-9, 10, shape, generator=generator) / 64).clamp(0, 1), x


gaussian_bits = Exercise(
    name="gaussian_bits",
    contract="gaussian_bits(x_hat, x, variance): two tensors (N, C, H, W) in [0, 1] whose levels are 1/255 apart, a "
    "number -> (N,): -log2 p(x|z) of each picture per dimension, with p(level) = N(x; x_hat, variance) / 255",
    cases=lambda: [
        {"x_hat": x_hat, "x": x, "variance": variance}
        for (x_hat, x), variance in (
            (_pictures(1, 1, 3, 1, 2), 0.04),
            (_pictures(2, 3, 3, 4, 4), 0.01),
            (_pictures(3, 4, 1, 6, 5), 0.02),
        )
    ],
    reference=_gaussian_bits,
    outputs=("bits",),
    mistakes=(
        Mistake(
            "the width of a level is left out",
            partial(_gaussian_bits, width=1.0),
            "This is minus the logarithm of a density, which is too small by log2 255 = 7.99 bits per dimension. It "
            "can even become negative.",
            "A density becomes a probability when it is multiplied by a width. Which width does a level have?",
        ),
        Mistake(
            "nats, not bits",
            partial(_gaussian_bits, base=1.0),
            "Your numbers are in nats per dimension.",
            "How many nats is one bit?",
        ),
        Mistake(
            "per pixel",
            partial(_gaussian_bits, per=lambda x: x[0, 0].numel()),
            "You divided by the number of pixels. A dimension is one channel of one pixel.",
            "How many numbers does a picture of 3 x 32 x 32 have?",
        ),
        Mistake(
            "the factor 1/2 is missing",
            partial(_gaussian_bits, half=1.0),
            "You divided the squared error by the variance. The density divides it by twice the variance.",
            "Write down the density of a normal distribution. What is in its exponent?",
        ),
        Mistake(
            "the constant is left out",
            partial(_gaussian_bits, constant=False),
            "You left out 1/2 log(2 pi variance). Without it, a larger variance always looks better.",
            "What does a density integrate to? Which factor in front of the exponential ensures that?",
        ),
        Mistake(
            "the standard deviation for the variance",
            partial(_gaussian_bits, spread=math.sqrt),
            "The squared error is divided by the standard deviation where the variance belongs.",
            "Which of the two has the unit of a squared error?",
        ),
        Mistake(
            "one number for the whole batch",
            lambda x_hat, x, variance: _gaussian_bits(x_hat, x, variance).mean(),
            "You averaged over the batch. Each picture should have its own number.",
            "Which dimension has to stay?",
        ),
    ),
    hints=(
        "Write -log N(x; x_hat, variance) for one number, sum it over a picture, and convert at the end.",
        "For one number it is (x - x_hat)^2 / (2 variance) + 1/2 log(2 pi variance), in nats. A level is 1/255 wide, "
        "so its probability is the density divided by 255.",
        "bits = nats / (C H W log 2) + log2 255, where nats is the sum over the C H W numbers of a picture.",
    ),
)


def _keep_best(
    codes: Tensor, log_p: Tensor, tries: int, *, choose: Callable[[Tensor], Tensor] = lambda log_p: log_p.argmax(1)
) -> Tensor:
    best = choose(log_p.view(-1, tries))  # (m,)
    return codes.unflatten(0, (-1, tries))[torch.arange(len(best)), best]


def _drawings(seed: int, names: int, tries: int, size: int) -> dict[str, Any]:
    """Return code maps that all differ, and as many log-probabilities, near 0 and far below, in an order of chance."""
    generator = torch.Generator().manual_seed(seed)
    n = names * tries
    codes = torch.randperm(n * size * size, generator=generator).view(n, size, size)
    return {"codes": codes, "log_p": -1.5 * (torch.randperm(n, generator=generator) + 1), "tries": tries}


def _not_side_by_side(codes: Tensor, log_p: Tensor, tries: int) -> Tensor:
    best = log_p.view(tries, -1).argmax(0)
    return codes.view(tries, -1, *codes.shape[1:])[best, torch.arange(len(best))]


keep_best = Exercise(
    name="keep_best",
    contract="keep_best(codes, log_p, tries): code maps (m * tries, h, w), `tries` consecutive ones for each of m "
    "names, and log p(name | codes) of each map (m * tries,) -> (m, h, w): for each name, the map with the "
    "largest log_p",
    cases=lambda: [_drawings(6, 1, 3, 2), _drawings(5, 3, 4, 2), _drawings(9, 4, 2, 3), _drawings(4, 2, 5, 2)],
    reference=_keep_best,
    outputs=("code maps",),
    mistakes=(
        Mistake(
            "the drawings of one name are not consecutive",
            _not_side_by_side,
            "You compared drawings of different names with each other.",
            "The first `tries` maps belong to the first name. Which shape for `view` keeps them in one row?",
        ),
        Mistake(
            "an index within a row used for the whole batch",
            lambda codes, log_p, tries: codes[log_p.view(-1, tries).argmax(1)],
            "`argmax` counts from the start of each row, and you used its result to index all maps at once. So you "
            "took drawings of the first name only.",
            "At which index of `codes` does the row of the second name begin?",
        ),
        Mistake(
            "the least likely is kept",
            partial(_keep_best, choose=lambda log_p: log_p.argmin(1)),
            "You kept the map with the smallest log-probability. The closer log p is to 0, the likelier the name.",
            "Is -2 or -10 the logarithm of the larger probability?",
        ),
        Mistake(
            "the first of each name",
            partial(_keep_best, choose=lambda log_p: torch.zeros(len(log_p), dtype=torch.int64)),
            "You kept the first drawing of each name, whatever `log_p` says.",
            "Which function returns the index of the largest number in each row?",
        ),
        Mistake(
            "the best of all names together",
            lambda codes, log_p, tries: codes[log_p.topk(len(log_p) // tries).indices],
            "You kept the best maps of the whole batch. Some names then get several maps and others none.",
            "Which numbers belong to the first name? Compare only those with each other.",
        ),
    ),
    hints=(
        "With one row of `log_p` for each name, find the index of the largest number in each row.",
        "`log_p.view(-1, tries).argmax(1)` says which drawing of each name is the best. How do you pick these maps?",
        "Give `codes` the shape (m, tries, h, w), and index it with two tensors: `torch.arange(m)` and the best "
        "drawing of each.",
    ),
)


def _measure(ask: Callable[..., Any]) -> list[Demand]:
    """Train the learner's model on the training pictures, and judge it on those that are like none of them."""
    emoji = data.load("emoji")
    return judge(ask(emoji.part("train").x), emoji.part("unseen picture").x)


def judge(model: Any, x: Tensor) -> list[Demand]:
    """Return what is asked of a trained VQ-VAE of emoji, and what this one reaches on pictures (n, 3, 32, 32)."""
    _must_fit(model)
    model.eval()
    with torch.no_grad():
        maps = _maps(model, x)
        (logits,) = observing.as_tensors(running.call(model.decode, (maps,)), ("logits",))
    if logits.shape != x.shape:
        raise Problem("shape", comparing.wrong_shape("logits", tuple(logits.shape), tuple(x.shape)))
    low, high, used = int(maps.min()), int(maps.max()), len(maps.unique())
    error, raw = ((picture - x).square().mean().item() for picture in (logits.sigmoid(), logits))
    return [
        Demand(
            f"whole numbers from 0 to {MOST_CODES - 1}, so that a picture takes at most 576 bits",
            low >= 0 and high < MOST_CODES,
            f"{low} to {high}",
        ),
        Demand(f"squared error at most {ERROR} per channel", error <= ERROR, f"{error:.4f}", _why(model, error, raw)),
        Demand(
            f"at least {FEWEST_USED} codes in use",
            used >= FEWEST_USED,
            f"{used}",
            COLLAPSE if used <= COLLAPSED else None,
        ),
    ]


def _must_fit(model: Any) -> None:
    if not isinstance(model, nn.Module):
        kind = type(model).__name__
        raise Problem("type", f"Your function should return the trained model, an `nn.Module`; it returns a {kind}.")
    if missing := [name for name in ("encode", "decode") if not hasattr(model, name)]:
        raise Problem(
            "type", f"Your model has no `{missing[0]}`. It needs `encode` and `decode`, as in `models.VQVAE`."
        )


def _maps(model: Any, x: Tensor) -> Tensor:
    (maps,) = observing.as_tensors(running.call(model.encode, (x,)), ("encode(x)",))
    if maps.shape != (len(x), *MAP):
        raise Problem("shape", comparing.wrong_shape("encode(x)", tuple(maps.shape), (len(x), *MAP)))
    if maps.is_floating_point():
        raise Problem("type", "`encode` returns floats. It should return the indices of the codes, whole numbers.")
    return maps.long()


def _why(model: Any, error: float, raw: float) -> Diagnosis | None:
    """Return what explains an error that is too large, if it is known."""
    if raw < error and raw <= 1.5 * ERROR:
        return COLORS
    if getattr(model, "likelihood", None) == "gaussian" and model.variance >= HEAVY:
        return VARIANCE
    return None


HEAVY = 0.2  # a variance from which on the commitment outweighs the squared error
COLORS = Diagnosis(
    "colors for logits",
    "`decode` returns colors. It should return logits, to which the checker applies the sigmoid.",
    "Where is the sigmoid in your code?",
)
VARIANCE = Diagnosis(
    "the variance is too large",
    "With this variance the squared error hardly counts relative to the commitment loss, so the pictures stay blurred.",
    "By which factor is the squared error multiplied in the loss? Compare it with the error that you hope to reach.",
)
COLLAPSE = Diagnosis(
    "codebook collapse",
    "Nearly all codes are dead, so nearly every position of every picture gets the same code.",
    "How are your codes initialized, and what happens to one that no vector chooses?",
)

build_emoji = Challenge(
    name="build_emoji",
    contract="my_emoji(x): training pictures (3205, 3, 32, 32) -> a trained module with encode(x) -> whole numbers "
    "below 512 (N, 8, 8), decode(indices) -> logits (N, 3, 32, 32)",
    parameters=("x",),
    measure=_measure,
    hints=(
        "`models.VQVAE` takes `image_shape=(3, 32, 32)`. Measure how long an epoch takes before you choose how many.",
        'A Gaussian with variance 0.01 makes the squared error count: `likelihood="gaussian", variance=0.01`.',
        "Width 32 without residual blocks, batches of 32 and a learning rate of 4e-3 reach 0.008 in twelve epochs of "
        "`training.fit`.",
    ),
    done="Your own VQ-VAE in color. Ours, twice as wide and trained for ten minutes, reaches 0.0062 per channel.",
    seconds=240,
)
