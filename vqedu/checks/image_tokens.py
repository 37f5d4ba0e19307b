"""The exercises on image tokens: FSQ, residual levels, one vocabulary for words and codes, rates, a starved FSQ."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine import Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import quarters, whole
from vqedu.checks.observing import Case


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
    finish: Callable[[Tensor, int], Tensor] = lambda places, levels: places,
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
            "The numbers are right, but rounding has the slope 0: the encoder would never learn.",
            "Use the straight-through trick: the value of one tensor, the gradient of another.",
        ),
        Mistake(
            "straight through the tanh as well",
            lambda z, levels: _replace_value(z, (torch.tanh(z) * ((levels - 1) / 2)).round()),
            "The gradient skips the tanh. Only the rounding should be skipped; the slope of the tanh is real.",
            "The difference that is detached should be between the rounded and the bounded number.",
        ),
        Mistake(
            "not bounded",
            partial(_fsq, bound=lambda z: z),
            "Without the tanh there are more than `levels` places.",
            "How large may |z| become, and how large the result?",
        ),
        Mistake(
            "sigmoid for tanh",
            partial(_fsq, bound=torch.sigmoid),
            "A sigmoid lies between 0 and 1: the negative places are never used.",
            "Which range should the bounded value have?",
        ),
        Mistake(
            "one level too many",
            partial(_fsq, half=lambda levels: (levels + 1) / 2),
            "The outermost places lie beyond (levels - 1)/2.",
            "With 3 levels the places are -1, 0 and 1. How far from 0 is the last one?",
        ),
        Mistake(
            "levels for half of levels - 1",
            partial(_fsq, half=lambda levels: levels / 2),
            "You scale tanh by levels / 2, so values near the edge round to a place that does not exist.",
            "With 3 levels, what should the largest bounded value be?",
        ),
        Mistake(
            "levels - 1 without the half",
            partial(_fsq, half=lambda levels: levels - 1),
            "You scale tanh by levels - 1: there are nearly twice as many places as levels.",
            "With 3 levels, what should the largest bounded value be?",
        ),
        Mistake(
            "floor for round",
            partial(_fsq, to_whole=torch.floor),
            "`floor` goes to the next place below, not to the nearest.",
            "Where should 0.9 go?",
        ),
        Mistake(
            "scaled back to -1 .. 1",
            partial(_fsq, finish=lambda places, levels: places / ((levels - 1) / 2)),
            "The places are right, but you divide them by (levels - 1)/2 at the end. The contract asks for whole "
            "numbers.",
            "What are the values of the places with 5 levels?",
        ),
        Mistake(
            "counted from 0",
            partial(_fsq, finish=lambda places, levels: places + (levels - 1) / 2),
            "You return places from 0 to levels - 1. The contract asks for places around 0.",
            "What are the values of the places with 5 levels?",
        ),
    ),
    hints=(
        "Three steps: bound, round, and pass the gradient.",
        "bounded = tanh(z) * (levels - 1) / 2 has the right range; `.round()` gives the places.",
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


def _levels() -> list[Case]:
    sizes = [(1, 1, 2, 2), (2, 2, 3, 2), (4, 3, 4, 3), (6, 2, 8, 2)]
    offsets = [torch.arange(k)[:, None] / 64 for _, _, k, _ in sizes]  # no two codes are equally near
    return [
        {"z": quarters(i, n, d, limit=4), "codebooks": quarters(i + 20, levels, k, d) / 2 + offset}
        for i, ((n, levels, k, d), offset) in enumerate(zip(sizes, offsets, strict=True), 1)
    ]


residual = Exercise(
    name="residual",
    contract="residual(z, codebooks): vectors (n, D), codes (levels, K, D) -> z_q (n, D): each level quantizes what "
    "the levels before it have left over, and z_q is the sum of the chosen codes",
    cases=_levels,
    reference=_residual,
    outputs=("z_q",),
    mistakes=(
        Mistake(
            "every level quantizes z",
            partial(_residual, rest=lambda z, r, code: z),
            "Each level looks for the code nearest to z itself, so the sum overshoots.",
            "What does the second level still have to describe?",
        ),
        Mistake(
            "residual with plus",
            partial(_residual, rest=lambda z, r, code: r + code),
            "You add the chosen code to the rest instead of subtracting it.",
            "After a perfect code, what should be left over?",
        ),
        Mistake(
            "quantizes the code instead of the rest",
            partial(_residual, rest=lambda z, r, code: code),
            "The second level describes the first level's code.",
            "Which difference is left after the first level?",
        ),
        Mistake(
            "rest taken from z at every level",
            partial(_residual, rest=lambda z, r, code: z - code),
            "The rest is z minus the last code. From the third level on, the codes before it are forgotten.",
            "From what must each code be subtracted?",
        ),
        Mistake(
            "only the last level returned",
            partial(_residual, answer=lambda z, codes: codes[-1]),
            "The rests are right, but you return the code of the last level alone.",
            "Of which codes is z composed?",
        ),
        Mistake(
            "only the first level used",
            partial(_residual, answer=lambda z, codes: codes[0]),
            "Only the first codebook is used.",
            "Does the loop return too early?",
        ),
        Mistake(
            "rest returned",
            partial(_residual, answer=lambda z, codes: z - torch.stack(codes).sum(0)),
            "You return what is left over at the end, not the sum of the codes.",
            "z = z_q + rest. Which of the two was asked for?",
        ),
        Mistake(
            "averaged over the levels",
            partial(_residual, answer=lambda z, codes: torch.stack(codes).mean(0)),
            "You average the codes of the levels. Each one describes what the others leave over, so they add up.",
            "z = first code + second code + ... + rest.",
        ),
        Mistake(
            "the farthest code",
            partial(_residual, choose=_farthest),
            "Each level chooses the code farthest from the rest.",
            "argmin or argmax?",
        ),
    ),
    hints=(
        "Keep two variables: what has been described so far, and what is left over.",
        "At the beginning the rest is z, and the description is zero.",
        "At each level: code = nearest to the rest; rest = rest - code; description = description + code.",
    ),
)


def _join(
    words: Tensor,
    codes: Tensor,
    num_codes: int,
    *,
    to_words: Callable[[int], int] = lambda num_codes: num_codes,
    to_codes: Callable[[int], int] = lambda num_codes: 0,
    order: int = 1,
) -> Tensor:
    return torch.cat([words + to_words(num_codes), codes + to_codes(num_codes)][::order], 1)


join = Exercise(
    name="join",
    contract="join(words, codes, num_codes): words (N, W) counted from 0, image codes (N, L) in 0 .. num_codes - 1 -> "
    "tokens (N, W + L): words first in the sequence; codes keep their numbers, words are counted on from there",
    cases=lambda: [
        {"words": whole(i, 8, n, length), "codes": whole(i + 5, k, n, places), "num_codes": k}
        for i, (n, length, places, k) in enumerate([(1, 1, 1, 3), (1, 2, 3, 5), (2, 2, 4, 11)], 1)
    ],
    reference=_join,
    outputs=("tokens",),
    mistakes=(
        Mistake(
            "offset missing",
            partial(_join, to_words=lambda num_codes: 0),
            "Token 2 means word 2 and image code 2 at the same time.",
            "How many tokens are taken by the codes?",
        ),
        Mistake(
            "offset one too small",
            partial(_join, to_words=lambda num_codes: num_codes - 1),
            "The last image code and the first word share a token.",
            "Codes take 0 to num_codes - 1. Which is the first free token?",
        ),
        Mistake(
            "offset one too large",
            partial(_join, to_words=lambda num_codes: num_codes + 1),
            "One token is never used.",
            "Codes take 0 to num_codes - 1. Which is the first free token?",
        ),
        Mistake(
            "offset on the codes",
            partial(_join, to_words=lambda num_codes: 0, to_codes=lambda num_codes: num_codes),
            "You move the codes, and the words begin at 0: they collide as soon as there are more words than codes.",
            "Which of the two kinds begins at 0?",
        ),
        Mistake(
            "offset on both",
            partial(_join, to_codes=lambda num_codes: num_codes),
            "Words and codes are both moved by num_codes, so that they share tokens again.",
            "Which of the two kinds keeps its numbers?",
        ),
        Mistake(
            "image first",
            partial(_join, order=-1),
            "The tokens are right, but the image comes first: the model would learn to describe, not to paint.",
            "What is given, and what should be continued?",
        ),
    ),
    hints=(
        "Give every word and every code a number of its own.",
        "Codes keep theirs. Words begin where the codes end.",
        "`torch.cat([...], 1)` joins along the sequence.",
    ),
)


def _rate(
    levels: Sequence[int],
    places: int,
    *,
    number: Callable[[Sequence[int]], int] = math.prod,
    of_one: Callable[[float], float] = math.log2,
    count: Callable[[int], int] = lambda places: places,
) -> float:
    return count(places) * of_one(number(levels))


rate = Exercise(
    name="rate",
    contract="rate(levels, places): a list with the number of levels of each FSQ dimension, a whole number of places "
    "-> bits per image",
    cases=lambda: [
        {"levels": levels, "places": p} for levels, p in [([4], 1), ([2, 4], 3), ([8, 5, 5, 5], 49), ([3, 3], 16)]
    ],
    reference=_rate,
    mistakes=(
        Mistake(
            "levels added",
            partial(_rate, number=sum),
            "You added the levels. With two dimensions of 8 levels there are 64 codes, not 16.",
            "How many different vectors are there?",
        ),
        Mistake(
            "nats for bits",
            partial(_rate, of_one=math.log),
            "Your number is in nats.",
            "A choice between two is one bit.",
        ),
        Mistake(
            "one place only",
            partial(_rate, count=lambda places: 1),
            "These are the bits of one place.",
            "Which of your two arguments do you not use?",
        ),
        Mistake(
            "number of codes",
            partial(_rate, of_one=lambda number: number),
            "You return the number of codes, times the places. Bits are its logarithm.",
            "How many bits does one of 1,000 need?",
        ),
        Mistake(
            "rounded up to whole bits",
            partial(_rate, of_one=lambda number: math.ceil(math.log2(number))),
            "That is the size if each code is stored alone, in whole bits. What is asked for is the minimum.",
            "1,000 codes need a little less than 10 bits each.",
        ),
        Mistake(
            "rounded up to whole bits in each dimension",
            lambda levels, places: places * sum(math.ceil(math.log2(level)) for level in levels),
            "That is the size if each dimension is stored alone, in whole bits. What is asked for is the minimum.",
            "A dimension of 5 levels needs less than 3 bits.",
        ),
    ),
    hints=(
        "How many codes are there? Each dimension is chosen independently.",
        "The number of codes is the product of the levels.",
        "log2 of a product is a sum of log2. Each place needs that many bits.",
    ),
)


def _words(tokens: Tensor, num_codes: int, num_words: int) -> Tensor:
    words = tokens - num_codes
    return torch.where((words >= 0) & (words < num_words), words, -1)


def _sequences() -> list[Case]:
    sizes = [(1, 2, 2, 3), (2, 6, 4, 3), (3, 9, 8, 5)]
    return [
        {
            # an image code and a special token for certain, then any
            "tokens": torch.cat([torch.tensor([[k - 1, k + w]]).expand(n, 2), whole(i, k + w + 2, n, length)], 1),
            "num_codes": k,
            "num_words": w,
        }
        for i, (n, length, k, w) in enumerate(sizes, 1)
    ]


read_words = Exercise(
    name="read_words",
    contract="read_words(tokens, num_codes, num_words): (N, L), each an image code (0 .. num_codes - 1), a word (the "
    "next num_words) or a special token above these -> int64 (N, L): the word of each token, counted from 0, and -1 "
    "for a token that is none. One bug is planted",
    cases=_sequences,
    reference=_words,
    outputs=("words",),
    mistakes=(
        Mistake(
            "the planted bug",
            lambda tokens, num_codes, num_words: (tokens - num_codes).clamp(0, num_words - 1),
            "It never fails: an image code or a special token in the sentence is quietly taken for a word.",
            "What should happen to a token that is not a word? Try the token 0.",
        ),
        Mistake(
            "codes marked, special tokens kept",
            lambda tokens, num_codes, num_words: (tokens - num_codes).clamp(min=-1),
            "Image codes are marked now. Special tokens still come out as words that do not exist.",
            "Which range do words have, at both ends?",
        ),
        Mistake(
            "special tokens marked, codes taken for word 0",
            lambda tokens, num_codes, num_words: torch.where(
                tokens - num_codes < num_words, (tokens - num_codes).clamp(min=0), -1
            ),
            "Special tokens are marked now. An image code still comes out as word 0.",
            "Which range do words have, at both ends?",
        ),
        Mistake(
            "special tokens marked, codes negative",
            lambda tokens, num_codes, num_words: torch.where(tokens - num_codes < num_words, tokens - num_codes, -1),
            "Special tokens are marked now. An image code comes out as a negative number, not always as -1.",
            "What does `words[-2]` mean in Python?",
        ),
        Mistake(
            "offset missing",
            lambda tokens, num_codes, num_words: torch.where(tokens < num_words, tokens, -1),
            "The codes' tokens are read as words: the offset is missing.",
            "Which token means word 0?",
        ),
        Mistake(
            "one special token taken for a word",
            lambda tokens, num_codes, num_words: _words(tokens, num_codes, num_words + 1),
            "The first special token comes out as a word: the range of words is one too long.",
            "There are num_words words, counted from 0. Which is the last?",
        ),
        Mistake(
            "tokens returned, not words",
            lambda tokens, num_codes, num_words: torch.where(
                (tokens >= num_codes) & (tokens < num_codes + num_words), tokens, -1
            ),
            "The right tokens are marked, but words should be counted from 0.",
            "Which token means word 0?",
        ),
    ),
    hints=(
        "Take num_codes = 2 and num_words = 3, and write down what each of the tokens 0 to 6 means.",
        "Subtract the offset. Words are then 0 to num_words - 1.",
        "`torch.where(condition, words, -1)` keeps the valid ones. `clamp` hides the others.",
    ),
)


def _measure_starved(ask: Callable[..., Any]) -> list[Demand]:
    """Quantize the learner's version of some vectors with 5 levels in each of 3 dimensions, and count the codes."""
    z = torch.randn(2000, 3, generator=torch.Generator().manual_seed(0))
    changed = ask(z.clone(), shape=(2000, 3)).double()
    sorted_alike = changed.gather(0, z.argsort(0)).diff(dim=0)  # where z rises, this must not fall
    order = bool((sorted_alike >= 0).all()) and len(changed.unique()) > 3000
    used, before = (len(torch.unique((2 * torch.tanh(v)).round(), dim=0)) for v in (changed, z))
    return [
        Demand("each dimension keeps the order of its numbers, and they still differ", order, "yes" if order else "no"),
        Demand("at most 8 of the 125 codes are in use", used <= 8, f"{used}; it was {before} before"),
    ]


starve_fsq = Challenge(
    name="starve_fsq",
    contract="starve_fsq(z): vectors (n, 3) -> vectors (n, 3) in the same order along each dimension, for which an FSQ "
    "of 5 x 5 x 5 codes uses at most 8",
    parameters=("z",),
    measure=_measure_starved,
    hints=(
        "FSQ has no codebook that could follow the encoder. What if the encoder's numbers are far too small or too "
        "large?",
        "Rounding sends everything between -0.5 and 0.5 to one place.",
        "Multiply z by a small number. (A large one leaves only the corners, which are 8 as well, and the few near 0.)",
    ),
)
