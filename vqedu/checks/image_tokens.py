"""The exercises on image tokens: FSQ, the stages of a residual VQ, a starved FSQ."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine.exercise import Challenge, Demand, Exercise, Mistake
from vqedu.checks.engine.numbers import quarters
from vqedu.checks.engine.observing import Case


def _replace_value(bounded: Tensor, rounded: Tensor) -> Tensor:
    return rounded.detach() + (bounded - bounded.detach())


def _fsq(
    z: Tensor,
    levels: int,
    *,
    bound: Callable[[Tensor], Tensor] = torch.tanh,
    half: Callable[[int], float] = lambda levels: (levels - 1) / 2,
    to_whole: Callable[[Tensor], Tensor] = torch.round,
    through: Callable[[Tensor, Tensor], Tensor] = _replace_value,
    finish: Callable[[Tensor, int], Tensor] = lambda found, levels: found,
) -> Tensor:
    bounded = bound(z) * half(levels)
    return finish(through(bounded, to_whole(bounded)), levels)


fsq = Exercise(
    name="fsq",
    contract="fsq(z, levels): (N, D), an odd number of levels -> (N, D): tanh(z) scaled to -(levels - 1)/2 .. (levels "
    "- 1)/2 and rounded to whole numbers, with the gradient of the rounding replaced by that of the identity",
    cases=lambda: [
        {"z": quarters(i, n, d, limit=10) + 0.125, "levels": levels}
        for i, (n, d, levels) in enumerate([(1, 2, 3), (2, 2, 5), (4, 3, 7), (6, 4, 5)], 1)
    ],
    reference=_fsq,
    gradients=("z",),
    mistakes=(
        Mistake(
            "no gradient through the rounding",
            partial(_fsq, through=lambda bounded, rounded: rounded),
            "The numbers are right, but rounding has slope 0, so the encoder would get no gradient.",
            "Use the straight-through trick: the value of one tensor, the gradient of another.",
        ),
        Mistake(
            "straight through the tanh as well",
            lambda z, levels: _replace_value(z, (torch.tanh(z) * ((levels - 1) / 2)).round()),
            "The gradient skips the tanh. Only the rounding should be skipped; the slope of the tanh is real.",
            "What you detach should be the difference between the rounded and the bounded number.",
        ),
        Mistake(
            "not bounded",
            partial(_fsq, bound=lambda z: z),
            "Without the tanh the result can take more than `levels` different values.",
            "How large can |z| become, and how large may the result be?",
        ),
        Mistake(
            "sigmoid for tanh",
            partial(_fsq, bound=torch.sigmoid),
            "A sigmoid lies between 0 and 1, so the negative levels are never used.",
            "Which range should the bounded value have?",
        ),
        Mistake(
            "one level too many",
            partial(_fsq, half=lambda levels: (levels + 1) / 2),
            "Your outermost levels lie beyond (levels - 1)/2.",
            "With 3 levels the values are -1, 0 and 1. How far from 0 is the last one?",
        ),
        Mistake(
            "levels for half of levels - 1",
            partial(_fsq, half=lambda levels: levels / 2),
            "You scale tanh by levels / 2, so values near the edge round to a level that does not exist.",
            "With 3 levels, what should the largest bounded value be?",
        ),
        Mistake(
            "levels - 1 without the half",
            partial(_fsq, half=lambda levels: levels - 1),
            "You scale tanh by levels - 1, which gives nearly twice as many levels as asked for.",
            "With 3 levels, what should the largest bounded value be?",
        ),
        Mistake(
            "floor for round",
            partial(_fsq, to_whole=torch.floor),
            "`floor` goes down to the next level, not to the nearest one.",
            "Where should 0.9 go?",
        ),
        Mistake(
            "scaled back to -1 .. 1",
            partial(_fsq, finish=lambda found, levels: found / ((levels - 1) / 2)),
            "The levels are right, but you divide them by (levels - 1)/2 at the end. The contract asks for whole "
            "numbers.",
            "Which values does the contract ask for with 5 levels?",
        ),
        Mistake(
            "counted from 0",
            partial(_fsq, finish=lambda found, levels: found + (levels - 1) / 2),
            "You return levels from 0 to levels - 1. The contract asks for levels around 0.",
            "Which values does the contract ask for with 5 levels?",
        ),
    ),
    hints=(
        "Three steps: bound, round, and pass the gradient.",
        "bounded = tanh(z) * (levels - 1) / 2 has the right range; `.round()` gives the levels.",
        "rounded.detach() + (bounded - bounded.detach()) has the value of one and the gradient of the other.",
    ),
)


def _nearest(r: Tensor, codebook: Tensor) -> Tensor:
    return codebook[(r[:, None] - codebook).square().sum(2).argmin(1)]


def _farthest(r: Tensor, codebook: Tensor) -> Tensor:
    return codebook[(r[:, None] - codebook).square().sum(2).argmax(1)]


def _residual(
    z: Tensor,
    codebooks: Tensor,
    *,
    rest: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda z, r, code: r - code,
    choose: Callable[[Tensor, Tensor], Tensor] = _nearest,
    answer: Callable[[Tensor, list[Tensor]], Tensor] = lambda z, codes: torch.stack(codes).sum(0),
) -> Tensor:
    r, codes = z, []
    for codebook in codebooks:
        codes.append(choose(r, codebook))
        r = rest(z, r, codes[-1])
    return answer(z, codes)


def _tables() -> list[Case]:
    sizes = [(1, 1, 2, 2), (2, 2, 3, 2), (4, 3, 4, 3), (6, 2, 8, 2)]
    offsets = [torch.arange(k)[:, None] / 64 for _, _, k, _ in sizes]  # no two codes are equally near
    return [
        {"z": quarters(i, n, d, limit=4), "codebooks": quarters(i + 20, stages, k, d) / 2 + offset}
        for i, ((n, stages, k, d), offset) in enumerate(zip(sizes, offsets, strict=True), 1)
    ]


residual = Exercise(
    name="residual",
    contract="residual(z, codebooks): vectors (n, D), codes (stages, K, D) -> z_q (n, D): each stage quantizes the "
    "residual of the stages before it, and z_q is the sum of the chosen codes. The given code contains one bug",
    cases=_tables,
    reference=_residual,
    outputs=("z_q",),
    mistakes=(
        Mistake(
            "the planted bug",
            partial(_residual, rest=lambda z, r, code: z),
            "Each stage looks for the code nearest to z itself, so the sum overshoots.",
            "What does the second stage still have to describe?",
        ),
        Mistake(
            "residual with plus",
            partial(_residual, rest=lambda z, r, code: r + code),
            "You add the chosen code to the residual instead of subtracting it.",
            "If a code fits perfectly, what should be left over?",
        ),
        Mistake(
            "quantizes the code instead of the residual",
            partial(_residual, rest=lambda z, r, code: code),
            "The second stage quantizes the code that the first stage chose, not the residual.",
            "Which difference is left after the first stage?",
        ),
        Mistake(
            "residual taken from z at every stage",
            partial(_residual, rest=lambda z, r, code: z - code),
            "Your residual is z minus the last code only. From the third stage on, the earlier codes are forgotten.",
            "What must each code be subtracted from?",
        ),
        Mistake(
            "only the last stage returned",
            partial(_residual, answer=lambda z, codes: codes[-1]),
            "The residuals are right, but you return only the code of the last stage.",
            "Which codes add up to z_q?",
        ),
        Mistake(
            "only the first stage used",
            partial(_residual, answer=lambda z, codes: codes[0]),
            "Only the first codebook is used.",
            "Does your loop return too early?",
        ),
        Mistake(
            "residual returned",
            partial(_residual, answer=lambda z, codes: z - torch.stack(codes).sum(0)),
            "You return what is left over at the end, not the sum of the codes.",
            "z = z_q + residual. Which of the two was asked for?",
        ),
        Mistake(
            "averaged over the stages",
            partial(_residual, answer=lambda z, codes: torch.stack(codes).mean(0)),
            "You average the codes. But each stage quantizes the residual of the earlier ones, so the codes add up.",
            "z = first code + second code + ... + residual.",
        ),
        Mistake(
            "the farthest code",
            partial(_residual, choose=_farthest),
            "Each stage chooses the code farthest from the residual.",
            "argmin or argmax?",
        ),
    ),
    hints=(
        "Keep two variables: the sum of the codes so far, and what is left over.",
        "At the start the residual is z and the sum is zero.",
        "At each stage: code = nearest to the residual; residual = residual - code; total = total + code.",
    ),
)


def _measure_starved(ask: Callable[..., Any]) -> list[Demand]:
    """Quantize the learner's version of some vectors with 5 levels in each of 3 dimensions, and count the codes."""
    z = torch.randn(2000, 3, generator=torch.Generator().manual_seed(0))
    changed = ask(z.clone(), shape=(2000, 3)).double()
    sorted_alike = changed.gather(0, z.argsort(0)).diff(dim=0)  # where z rises, this must not fall
    distinct = min(len(column.unique()) for column in changed.T)
    order = bool((sorted_alike >= 0).all()) and distinct > len(z) / 2
    used, before = (len(torch.unique((2 * torch.tanh(v)).round(), dim=0)) for v in (changed, z))
    return [
        Demand("along each dimension, the numbers keep their order and still differ", order, "yes" if order else "no"),
        Demand("at most 8 of the 125 codes are in use", used <= 8, f"{used}; it was {before} with z itself"),
    ]


starve_fsq = Challenge(
    name="starve_fsq",
    contract="starve_fsq(z): vectors (n, 3) -> vectors (n, 3) in the same order along each dimension, for which an FSQ "
    "with 5 x 5 x 5 levels uses at most 8 of its 125 codes",
    parameters=("z",),
    measure=_measure_starved,
    hints=(
        "FSQ has no codebook that could follow the encoder. What happens if the encoder's outputs are far too small, "
        "or far too large?",
        "Rounding sends everything between -0.5 and 0.5 to one level.",
        "Multiply z by a small number. (A large one leaves the eight corners, but also a few codes near 0.)",
    ),
    done="The grid is still there, but all outputs of the encoder fall into a few cells. FSQ has no dead codes in "
    "the sense of notebook 06, but it can still leave codes unused.",
)
