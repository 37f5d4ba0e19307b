"""The exercise on compression: an arithmetic coder in exact fractions, which must decode what it encodes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from vqedu.checks.engine import running
from vqedu.checks.engine.exercise import Challenge, Demand, Diagnosis

Model = Callable[[Sequence[int]], "list[Fraction]"]


def _shares(*weights: int) -> list[Fraction]:
    return [Fraction(weight, sum(weights)) for weight in weights]


MODELS: dict[str, Model] = {
    "four equally likely codes": lambda codes: _shares(1, 1, 1, 1),
    "one code with probability 13/16": lambda codes: _shares(1, 13, 2),
    "probabilities that depend on the codes before": lambda codes: _shares(
        *(1 + (5 * sum(codes[-2:]) + 3 * k + len(codes)) % 11 for k in range(6))
    ),
}
LENGTHS = (1, 2, 3, 7, 20, 60, 400)
LONG = 20  # floats and Decimals tell the intervals of shorter sequences apart
TINY = 550  # codes of 2 bits: 2^-1100 is 0 as a float


class _Asked:
    """A model that remembers what it was asked for."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.prefixes: list[list[int]] = []

    def __call__(self, codes: Sequence[int]) -> list[Fraction]:
        self.prefixes.append([int(code) for code in codes])
        return self.model(self.prefixes[-1])


class _Coded(NamedTuple):
    """One sequence that went through the coder: what came back, the string in between, what the model was asked."""

    model: str
    codes: list[int]
    back: list[int]
    bits: str
    encoder_asked: list[list[int]]
    decoder_asked: list[list[int]]

    @property
    def right(self) -> bool:
        return self.back == self.codes

    @property
    def surprises(self) -> list[Fraction]:
        """The probability of each code, given those before it."""
        return [MODELS[self.model](self.codes[:i])[code] for i, code in enumerate(self.codes)]

    @property
    def most(self) -> int:
        """The most characters that the string may have: -log2 p, rounded up, and one more."""
        return _whole_bits(math.prod(self.surprises, start=Fraction(1))) + 1

    @property
    def over(self) -> int:
        """How many characters the string has beyond those allowed; negative where it is shorter."""
        return len(self.bits) - self.most

    @property
    def asked(self) -> list[list[int]]:
        return self.encoder_asked + (self.decoder_asked if self.right else [])

    @property
    def not_before(self) -> list[int] | None:
        """A list that the model was asked about and that no code of the sequence has before it."""
        odd = [prefix for prefix in self.asked if prefix == self.codes or prefix != self.codes[: len(prefix)]]
        return odd[0] if odd else None


def _whole_bits(p: Fraction) -> int:
    """Return the smallest n with 2^-n <= p."""
    n = 0
    while p * 2**n < 1:
        n += max(1, (p.denominator // p.numerator).bit_length() - 1 - n)
    return n


def _measure_coder(ask: Callable[..., Any]) -> list[Demand]:
    generator = random.Random(0)
    done = []
    for name, model in MODELS.items():
        for length in LENGTHS:
            codes: list[int] = []
            for _ in range(length):
                shares = model(codes)
                codes.append(generator.choices(range(len(shares)), [float(share) for share in shares])[0])
            done.append(_through(ask, name, codes))
    if all(one.right for one in done):  # floats have failed by now, and here they might loop forever
        done.append(_through(ask, "four equally likely codes", generator.choices(range(4), k=TINY)))
    likely = [_through(ask, "one code with probability 13/16", [1] * length) for length in (100, 200)]
    return _coder_demands([*done, *likely])


def _through(ask: Callable[..., Any], name: str, codes: list[int]) -> _Coded:
    """Send codes through an encoder and a decoder that were built apart."""
    first, second = _Asked(MODELS[name]), _Asked(MODELS[name])
    encode, decode = _two(ask(first))[0], _two(ask(second))[1]
    first.prefixes.clear()
    second.prefixes.clear()
    bits = running.call(encode, (list(codes),))
    if not isinstance(bits, str) or set(bits) - {"0", "1"}:
        raise running.Problem("type", f'`encode` must return a string of "0" and "1"; yours returned {bits!r:.60}.')
    back = running.call(decode, (bits, len(codes)))
    if not isinstance(back, (list, tuple)):
        raise running.Problem("type", f"`decode` must return a list of codes; yours returned {back!r:.60}.")
    return _Coded(name, codes, [int(code) for code in back], bits, first.prefixes, second.prefixes)


def _two(answer: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    if not isinstance(answer, (tuple, list)) or len(answer) != 2 or not all(map(callable, answer)):
        raise running.Problem("type", "Return two functions: `return encode, decode`.")
    return answer[0], answer[1]


def _coder_demands(done: Sequence[_Coded]) -> list[Demand]:
    wrong, peeked = [one for one in done if not one.right], [one for one in done if one.not_before is not None]
    worst = max(done, key=lambda one: one.over)
    return [
        Demand(f"all {len(done)} sequences come back", not wrong, _back(done, wrong), _why_not_back(done)),
        Demand(
            "at most -log2 p bits, rounded up, plus one",
            worst.over <= 0,
            f"{len(worst.codes)} codes: {len(worst.bits)} bits; allowed {worst.most}",
            _why_long(done),
        ),
        Demand(
            "the model is given only the codes that come before",
            not peeked,
            f"asked with {peeked[0].not_before} while coding {peeked[0].codes}"[:120] if peeked else "yes",
            _why_not_before(peeked),
        ),
    ]


def _back(done: Sequence[_Coded], wrong: Sequence[_Coded]) -> str:
    """Say how many sequences came back, and the shortest that did not."""
    if not wrong:
        return "all of them"
    one = min(wrong, key=lambda one: len(one.codes))
    came = f": {one.codes} came back as {one.back}" if len(one.codes) <= 7 else ""
    return f"{len(done) - len(wrong)} of {len(done)}; not {len(one.codes)} codes of “{one.model}”{came}"


def _why_not_back(done: Sequence[_Coded]) -> Diagnosis | None:
    """Return the mistake behind sequences that do not come back, if it can be seen for sure."""
    if found := _same_throughout(done):
        return found
    return _NO_DIGITS if all(one.right for one in done if len(one.codes) < LONG) else None


def _why_long(done: Sequence[_Coded]) -> Diagnosis | None:
    """Return the mistake behind strings that are too long, if it can be seen for sure."""
    half, whole = done[-2:]  # 100 and 200 times the same code
    return _WHOLE_BITS if whole.bits == 2 * half.bits else _same_throughout(done)


def _same_throughout(done: Sequence[_Coded]) -> Diagnosis | None:
    several = [one for one in done if len(one.codes) > 1]
    for side, asked in (("decoder", lambda one: one.decoder_asked), ("encoder", lambda one: one.encoder_asked)):
        if all(asked(one) and not any(asked(one)) for one in several):
            return Diagnosis(
                "the same probabilities throughout",
                f"Your {side} asks the model only for the first code and uses those probabilities for every code.",
                "What does the model need to know before it can predict the third code?",
            )
    return None


def _why_not_before(peeked: Sequence[_Coded]) -> Diagnosis | None:
    if any(one.not_before == one.codes for one in peeked):
        return _ASKS_TOO_MUCH
    return _NOT_THE_BEGINNING if peeked else None


_WHOLE_BITS = Diagnosis(
    "every code takes whole bits",
    "Every code adds at least one bit to the string, but a code with probability 13/16 should cost only 0.3 bits.",
    "Do not write anything while the interval narrows. One number at the end stands for all codes.",
)
_NO_DIGITS = Diagnosis(
    "it runs out of digits",
    "Short sequences come back and long ones do not. The interval has become narrower than your numbers can "
    "resolve: a float has 53 bits, and a `Decimal` has 28 digits unless you ask for more.",
    "Which Python numbers are never rounded? Use only those, from start to end.",
)
_NOT_THE_BEGINNING = Diagnosis(
    "not all of the codes before",
    "You ask the model with a list that is not the beginning of the sequence, so it answers for another sequence.",
    "The model takes all codes that precede the one being coded, in their order. Which slice of `codes` is that?",
)
_ASKS_TOO_MUCH = Diagnosis(
    "the model sees what it predicts",
    "You pass the model more codes than come before the one to be coded. The decoder does not have them yet.",
    "For the code at index i, pass `codes[:i]`.",
)

build_coder = Challenge(
    name="build_coder",
    contract="build_coder(probabilities): a function, list of the codes so far -> list of K fractions.Fraction that "
    'sum to 1 -> two functions: encode(codes) -> a string of "0" and "1", and decode(bits, length) -> the codes',
    parameters=("probabilities",),
    measure=_measure_coder,
    hints=(
        "Keep two Fractions, `low` and `width`. For each code, `low` moves up by the parts before it and `width` "
        "shrinks to its own part.",
        "The string: with n bits you can write every multiple of 1/2^n. Which n is large enough for one of them to lie "
        "in [low, low + width)?",
        "The decoder turns the string into a Fraction and narrows the same interval: at each step, which part contains "
        "the number?",
    ),
    done="Every sequence comes back, and none takes more than one bit beyond -log2 p rounded up. Exact "
    "arithmetic makes this possible. `vqedu.coding` computes with rounded numbers, so it needs a checksum.",
)
