"""The exercises of notebook 08: FSQ, residual levels, one vocabulary for words and codes, rates, a starved FSQ."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine import Case, Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import quarters, whole


def _bounded(z: Tensor, levels: int, half: float | None = None) -> Tensor:
    return torch.tanh(z) * ((levels - 1) / 2 if half is None else half)


def _passed(bounded: Tensor, rounded: Tensor) -> Tensor:
    return rounded.detach() + (bounded - bounded.detach())


def _fsq(z: Tensor, levels: int) -> Tensor:
    bounded = _bounded(z, levels)
    return _passed(bounded, bounded.round())


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
            lambda z, levels: _bounded(z, levels).round(),
            "The numbers are right, but rounding has the slope 0: the encoder would never learn.",
            "Use the trick of notebook 05: the value of one tensor, the gradient of another.",
        ),
        Mistake(
            "straight through the tanh as well",
            lambda z, levels: _passed(z, _bounded(z, levels).round()),
            "The gradient skips the tanh. Only the rounding should be skipped; the slope of the tanh is real.",
            "The difference that is detached should be between the rounded and the bounded number.",
        ),
        Mistake(
            "not bounded",
            lambda z, levels: _passed(z * (levels - 1) / 2, (z * (levels - 1) / 2).round()),
            "Without the tanh there are more than `levels` places.",
            "How large may |z| become, and how large the result?",
        ),
        Mistake(
            "one level too many",
            lambda z, levels: _passed(
                _bounded(z, levels, (levels + 1) / 2), _bounded(z, levels, (levels + 1) / 2).round()
            ),
            "The outermost places lie beyond (levels - 1)/2.",
            "With 3 levels the places are -1, 0 and 1. How far from 0 is the last one?",
        ),
        Mistake(
            "levels for half of levels - 1",
            lambda z, levels: _passed(_bounded(z, levels, levels / 2), _bounded(z, levels, levels / 2).round()),
            "tanh is scaled by levels / 2, so values near the edge round to a place that does not exist.",
            "With 3 levels, what should the largest bounded value be?",
        ),
        Mistake(
            "floor for round",
            lambda z, levels: _passed(_bounded(z, levels), _bounded(z, levels).floor()),
            "`floor` goes to the next place below, not to the nearest.",
            "Where should 0.9 go?",
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


def _residual(z: Tensor, codebooks: Tensor) -> Tensor:
    total = torch.zeros_like(z)
    for codebook in codebooks:
        total = total + _nearest(z - total, codebook)
    return total


def _each_alone(z: Tensor, codebooks: Tensor) -> Tensor:
    return sum((_nearest(z, codebook) for codebook in codebooks), torch.zeros_like(z))


def _residual_added(z: Tensor, codebooks: Tensor) -> Tensor:
    r, total = z, torch.zeros_like(z)
    for codebook in codebooks:
        code = _nearest(r, codebook)
        r, total = r + code, total + code
    return total


def _of_the_code(z: Tensor, codebooks: Tensor) -> Tensor:
    code, total = z, torch.zeros_like(z)
    for codebook in codebooks:
        code = _nearest(code, codebook)
        total = total + code
    return total


def _last_level(z: Tensor, codebooks: Tensor) -> Tensor:
    r, code = z, torch.zeros_like(z)
    for codebook in codebooks:
        code = _nearest(r, codebook)
        r = r - code
    return code


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
            _each_alone,
            "Each level looks for the code nearest to z itself, so the sum overshoots.",
            "What has the second level still to describe?",
        ),
        Mistake(
            "residual with plus",
            _residual_added,
            "The chosen code is added to the rest instead of taken from it.",
            "After a perfect code, what should be left over?",
        ),
        Mistake(
            "quantizes the code instead of the rest",
            _of_the_code,
            "The second level describes the first level's code.",
            "Which difference is still unsaid after the first level?",
        ),
        Mistake(
            "only the last level returned",
            _last_level,
            "The rests are right, but you return the code of the last level alone.",
            "From which codes is z put together?",
        ),
        Mistake(
            "only the first level used",
            lambda z, codebooks: _nearest(z, codebooks[0]),
            "Only the first codebook is used.",
            "Does the loop return too early?",
        ),
        Mistake(
            "rest returned",
            lambda z, codebooks: z - _residual(z, codebooks),
            "You return what is left over at the end, not what was said.",
            "z = z_q + rest. Which of the two was asked for?",
        ),
    ),
    hints=(
        "Keep two variables: what is said so far, and what is left over.",
        "At the beginning the rest is z, and what is said is zero.",
        "At each level: code = nearest to the rest; rest = rest - code; said = said + code.",
    ),
)


join = Exercise(
    name="join",
    contract="join(words, codes, num_codes): words (N, W) counted from 0, image codes (N, L) in 0 .. num_codes - 1 -> "
    "tokens (N, W + L): words first in the sequence; codes keep their numbers, words are counted on from there",
    cases=lambda: [
        {"words": whole(i, 8, n, length), "codes": whole(i + 5, k, n, places), "num_codes": k}
        for i, (n, length, places, k) in enumerate([(1, 1, 1, 3), (1, 2, 3, 5), (2, 2, 4, 11)], 1)
    ],
    reference=lambda words, codes, num_codes: torch.cat([words + num_codes, codes], 1),
    outputs=("tokens",),
    mistakes=(
        Mistake(
            "offset missing",
            lambda words, codes, num_codes: torch.cat([words, codes], 1),
            "Token 2 means word 2 and image code 2 at once.",
            "How many tokens are taken by the codes?",
        ),
        Mistake(
            "offset one too small",
            lambda words, codes, num_codes: torch.cat([words + num_codes - 1, codes], 1),
            "The last image code and the first word share a token.",
            "Codes take 0 to num_codes - 1. Which is the first free token?",
        ),
        Mistake(
            "offset one too large",
            lambda words, codes, num_codes: torch.cat([words + num_codes + 1, codes], 1),
            "One token is never used.",
            "Codes take 0 to num_codes - 1. Which is the first free token?",
        ),
        Mistake(
            "offset on the codes",
            lambda words, codes, num_codes: torch.cat([words, codes + num_codes], 1),
            "The codes are moved and the words begin at 0: that collides as soon as there are more words than codes.",
            "Which of the two kinds begins at 0?",
        ),
        Mistake(
            "image first",
            lambda words, codes, num_codes: torch.cat([codes, words + num_codes], 1),
            "The tokens are right, but the image stands first: the model would learn to describe, not to paint.",
            "What is given, and what should be continued?",
        ),
    ),
    hints=(
        "Give every word and every code a number of its own.",
        "Codes keep theirs. Words begin where the codes end.",
        "`torch.cat([...], 1)` joins along the sequence.",
    ),
)


rate = Exercise(
    name="rate",
    contract="rate(levels, places): a list with the number of levels of each FSQ dimension, a whole number of places "
    "-> bits of an image",
    cases=lambda: [
        {"levels": levels, "places": p} for levels, p in [([4], 1), ([2, 4], 3), ([8, 5, 5, 5], 49), ([3, 3], 16)]
    ],
    reference=lambda levels, places: places * math.log2(math.prod(levels)),
    mistakes=(
        Mistake(
            "levels added",
            lambda levels, places: places * math.log2(sum(levels)),
            "You added the levels. With two dimensions of 8 levels there are 64 codes, not 16.",
            "How many different vectors are there?",
        ),
        Mistake(
            "nats for bits",
            lambda levels, places: places * math.log(math.prod(levels)),
            "Your number is in nats.",
            "A choice between two is one bit.",
        ),
        Mistake(
            "one place only",
            lambda levels, places: math.log2(math.prod(levels)),
            "These are the bits of one place.",
            "Which of your two arguments do you not use?",
        ),
        Mistake(
            "number of codes",
            lambda levels, places: places * math.prod(levels),
            "You return the number of codes, times the places. Bits are its logarithm.",
            "How many bits does one of 1,000 need?",
        ),
    ),
    hints=(
        "How many codes are there? Each dimension is chosen independently.",
        "The number of codes is the product of the levels.",
        "log2 of a product is a sum of log2. Each place costs that much.",
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
            "What should happen to a token that is no word? Try the token 0.",
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
            "offset missing",
            lambda tokens, num_codes, num_words: torch.where(tokens < num_words, tokens, -1),
            "The codes' tokens are read as words: the offset is missing.",
            "Which token stands for word 0?",
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
    changed = ask(z.clone(), shape=(2000, 3)).float()
    sorted_alike = changed.gather(0, z.argsort(0)).diff(dim=0)  # where z rises, this must not fall
    order = bool((sorted_alike >= 0).all()) and len(changed.unique()) > 3000
    used, before = (len(torch.unique(_bounded(v, 5).round(), dim=0)) for v in (changed, z))
    return [
        Demand("each dimension keeps the order of its numbers, and they still differ", order, "yes" if order else "no"),
        Demand("at most 8 of the 125 codes are in use", used <= 8, f"{used}, where {before} were before"),
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
