"""The two larger tasks of notebook 08: what is right passes, what is wrong is named or measured."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import checks, models, pretrained
from vqedu.checks import code_prior, coder
from vqedu.checks.code_prior import code_maps
from vqedu.pretrained import checkpoints

# The prior. Training takes 20 seconds; the judge is tried on tables and on the shipped prior instead.

Predict = Callable[[Tensor, Tensor], Tensor]


def verdict(predict: Predict, count: int = 1000) -> checks.Result:
    maps = code_maps()
    demands = code_prior.judge_prior(predict, maps.test_codes[:count], maps.test_labels[:count])
    return code_prior.build_prior._judge(demands)


def shipped() -> Any:
    return pretrained.load("prior-mnist")


def test_the_code_maps_are_those_of_the_shipped_tokenizer() -> None:
    from vqedu import data

    vqvae: Any = pretrained.load("vqvae-mnist")
    images = data.load("mnist")
    assert torch.equal(code_maps().test_codes, vqvae.encode(images.test.x[:1000]).flatten(1))
    assert code_maps().codes.shape == (20_000, 49)
    assert torch.equal(code_maps().labels, images.train.y[:20_000])


def test_the_numbers_in_the_message_are_those_of_the_card() -> None:
    reached = checkpoints.read_card(checkpoints.path_of("prior-mnist"))["metrics"]
    assert f"needs {reached['test_bits_per_code_given_class']:.2f}." in code_prior.build_prior.done


def test_the_shipped_prior_passes() -> None:
    result = verdict(shipped())
    assert result.passed, result


def by_position(codes: Tensor, labels: Tensor) -> Tensor:
    """Codes counted at each position for each digit."""
    counts = torch.zeros(10, 49, 128)
    for digit in range(10):
        of = code_maps().codes[code_maps().labels == digit]
        counts[digit] = torch.stack([torch.bincount(column, minlength=128) for column in of.T])
    return (counts + 0.1).log()[labels]


class Mixed(nn.Module):
    """The shipped prior with something wrong on the way in or out."""

    def __init__(self, change: Callable[[Any, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.prior, self.change = shipped(), change

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        return self.change(self.prior, codes, labels)


def next_to_last(prior: Any, codes: Tensor, labels: Tensor) -> Tensor:
    """Each position sees all codes but the one before it."""
    logits = prior(torch.cat([torch.zeros_like(codes[:, :1]), codes[:, :-1]], 1), labels)
    return torch.cat([prior(codes, labels)[:, :1], logits[:, 1:]], 1)


WRONG: dict[str, Callable[[Any, Tensor, Tensor], Tensor]] = {
    "it looks ahead": lambda prior, codes, labels: prior(codes, labels) + prior(codes, labels).roll(-3, 1),
    "each position is given its own answer": lambda prior, codes, labels: (
        prior(codes, labels) + 9 * nn.functional.one_hot(codes, 128)
    ),
    "the label is never used": lambda prior, codes, labels: prior(codes),
    "probabilities in place of logits": lambda prior, codes, labels: prior(codes, labels).softmax(-1),
    "no position looks back": lambda prior, codes, labels: by_position(codes, labels),
    "one code late": next_to_last,
    "the answer is not a function of its input": lambda prior, codes, labels: nn.functional.dropout(
        prior(codes, labels), 0.2
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_prior_is_named(name: str) -> None:
    result = verdict(Mixed(WRONG[name]), count=100)
    assert not result.passed
    assert result.mistake == name, result


def test_a_bag_of_codes_is_named() -> None:
    table = torch.randn(128, 128, generator=torch.Generator().manual_seed(0))

    def bag(codes: Tensor, labels: Tensor) -> Tensor:
        before = torch.cat([torch.zeros(len(codes), 1, 128), table[codes].cumsum(1)[:, :-1]], 1)
        return 0.01 * before + by_position(codes, labels)

    assert verdict(bag).mistake == "the order of the codes does not matter"


def test_a_table_of_pairs_is_measured_and_not_named() -> None:
    """It sees the code before and no other, so an exchange of two codes moves nothing that comes much later."""
    pairs = torch.zeros(128, 128)
    before, after = code_maps().codes[:, :-1].flatten(), code_maps().codes[:, 1:].flatten()
    pairs.index_put_((before, after), torch.tensor(1.0), accumulate=True)

    def after_one(codes: Tensor, labels: Tensor) -> Tensor:
        return by_position(codes, labels) / 2 + (pairs + 0.1).log()[F.pad(codes[:, :-1], (1, 0))]

    result = verdict(after_one)
    assert (result.kind, result.mistake) == ("not met", None), result


def test_a_prior_that_is_only_weak_gets_its_number() -> None:
    result = verdict(Mixed(lambda prior, codes, labels: prior(codes, labels) / 4))
    assert (result.kind, result.mistake) == ("not met", None)
    assert float(dict(result.facts)["✗ at most 3.30 bits per code on 1,000 test maps"]) > 3.3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda codes, labels: torch.zeros(len(codes), 49, 138), "shape"),
        (lambda codes, labels: torch.zeros(len(codes), 49, 128).log() * 0, "nan"),
        (lambda codes, labels: torch.zeros(len(codes), 49, 128).log(), "nan"),
        (lambda codes, labels: codes, "type"),
        (lambda codes, labels: None, "nothing"),
        (lambda codes, labels: codes.undefined, "exception"),
    ],
)
def test_an_answer_that_is_no_prediction_is_a_problem_with_a_name(answer: Predict, kind: str) -> None:
    assert checks.build_prior(lambda codes, labels: answer).kind == kind


@pytest.mark.parametrize(
    ("compute", "found"),
    [
        (lambda x: x.matmul(x.mT).softmax(-1).matmul(x), ""),
        (nn.GRU(8, 8), ""),
        (lambda x: nn.functional.scaled_dot_product_attention(x, x, x), "attention"),
        (lambda x: nn.MultiheadAttention(8, 2).eval()(x, x, x), "attention"),
        (nn.TransformerEncoderLayer(8, 2).eval(), "attention"),
        (lambda x: models.CodePrior(128)(code_maps().codes[:1]), "vqedu.models"),
    ],
)
def test_attention_that_is_not_ones_own_is_noticed(compute: Callable[[Tensor], Any], found: str) -> None:
    with torch.no_grad(), code_prior._Borrowed() as borrowed:
        compute(torch.zeros(1, 3, 8))
    assert found in borrowed.found
    assert bool(found) == bool(borrowed.found)


def test_a_module_is_asked_in_eval_mode() -> None:
    class Dropping(nn.Dropout):
        def forward(self, codes: Tensor, labels: Tensor) -> Tensor:  # type: ignore[override]
            return super().forward(by_position(codes, labels))

    result = checks.build_prior(lambda codes, labels: Dropping().train())
    assert result.mistake == "no position looks back", result


def test_a_tensor_in_place_of_a_function_is_refused() -> None:
    assert checks.build_prior(lambda codes, labels: torch.zeros(2)).kind == "type"


# The coder.

Build = Callable[[Any], tuple[Callable[..., str], Callable[..., list[int]]]]


def narrowing(
    probabilities: Callable[[Sequence[int]], list[Fraction]],
    number: Callable[[Any], Any] = Fraction,
    before: Callable[[Sequence[int], int], Sequence[int]] = lambda codes, i: codes[:i],
) -> tuple[Callable[..., str], Callable[..., list[int]]]:
    """The coder of the solution, with its numbers and what it asks for to be exchanged."""

    def parts(codes: Sequence[int]) -> list[tuple[Any, Any]]:
        shares = [number(share) for share in probabilities(codes)]
        return [(sum(shares[:k], number(0)), share) for k, share in enumerate(shares)]

    def encode(codes: list[int]) -> str:
        low, width = number(0), number(1)
        for i, code in enumerate(codes):
            start, share = parts(before(codes, i))[code]
            low, width = low + width * start, width * share
        n = 0
        while -(-low * 2**n // 1) >= (low + width) * 2**n and (n < 1020 or number is Fraction):  # 2^1024 is no float
            n += 1
        return format(int(-(-low * 2**n // 1)), f"0{n}b") if n else ""

    def decode(bits: str, length: int) -> list[int]:
        value = number(int(bits or "0", 2)) / 2 ** len(bits)
        codes: list[int] = []
        low, width = number(0), number(1)
        for i in range(length):
            inside = [part for part in parts(before(codes, i)) if low + width * part[0] <= value]
            codes.append(len(inside) - 1)
            low, width = low + width * inside[-1][0], width * inside[-1][1]
        return codes

    return encode, decode


def rescaling(probabilities: Any) -> Any:
    """The decoder widens the number instead of narrowing the interval; the encoder fills from the other end."""

    def encode(codes: list[int]) -> str:
        low, high = Fraction(0), Fraction(1)
        for i, code in enumerate(codes):
            shares = probabilities(codes[:i])
            high, low = high - (high - low) * sum(shares[:code]), high - (high - low) * sum(shares[: code + 1])
        n = 0
        while math.ceil(low * 2**n) + 1 > high * 2**n:  # until a whole cell of width 2^-n fits
            n += 1
        bits = format(math.ceil(low * 2**n), f"0{n}b") if n else ""
        return bits

    def decode(bits: str, length: int) -> list[int]:
        value = sum((Fraction(int(bit), 2 ** (i + 1)) for i, bit in enumerate(bits)), Fraction(0))
        codes: list[int] = []
        for _ in range(length):
            top = Fraction(1)
            for code, share in enumerate(probabilities(tuple(codes))):
                if value >= top - share:
                    value = (value - top + share) / share
                    codes.append(code)
                    break
                top -= share
        return codes

    return encode, decode


def midpoint(probabilities: Any) -> Any:
    """Recursive; the string is the middle of the interval, cut off after -log2 p, rounded up, and one more digit."""

    def inside(codes: Sequence[int], before: tuple[int, ...] = ()) -> tuple[Fraction, Fraction]:
        if not codes:
            return Fraction(0), Fraction(1)
        shares = probabilities(list(before))
        low, width = inside(codes[1:], (*before, codes[0]))
        return sum(shares[: codes[0]], Fraction(0)) + shares[codes[0]] * low, shares[codes[0]] * width

    def encode(codes: list[int]) -> str:
        low, width = inside(codes)
        n = 1 + math.ceil(-math.log2(width.numerator) + math.log2(width.denominator))
        return f"{int((low + width / 2) * 2**n):0{n}b}"

    def decode(bits: str, length: int) -> list[int]:
        number, codes = Fraction(int(bits, 2), 1 << len(bits)), []
        for _ in range(length):
            ends = list(itertools.accumulate(probabilities(codes), initial=Fraction(0)))
            codes.append(bisect.bisect_right(ends, number) - 1)
            number = (number - ends[codes[-1]]) / (ends[codes[-1] + 1] - ends[codes[-1]])
        return codes

    return encode, decode


def whole_numbers(probabilities: Any) -> Any:
    """The interval is [low, low + width) / unit, without a Fraction."""

    def cut(before: list[int]) -> tuple[int, list[int]]:
        shares = probabilities(before)
        scale = math.lcm(*(share.denominator for share in shares))
        return scale, [0, *itertools.accumulate(int(share * scale) for share in shares)]

    def encode(codes: list[int]) -> str:
        low, width, unit = 0, 1, 1
        for i, code in enumerate(codes):
            scale, starts = cut(codes[:i])
            low, width = low * scale + width * starts[code], width * (starts[code + 1] - starts[code])
            unit *= scale
        n = next(n for n in itertools.count() if -(-(low << n) // unit) * unit < (low + width) << n)
        return "".join(str(-(-(low << n) // unit) >> k & 1) for k in reversed(range(n)))

    def decode(bits: str, length: int) -> list[int]:
        up, down = int("0" + bits, 2), 1 << len(bits)
        codes: list[int] = []
        while len(codes) < length:
            scale, starts = cut(codes)
            code = bisect.bisect_right([start * down for start in starts], up * scale) - 1
            up, down = up * scale - starts[code] * down, down * (starts[code + 1] - starts[code])
            codes.append(code)
        return codes

    return encode, decode


@pytest.mark.parametrize("build", [narrowing, rescaling, midpoint, whole_numbers])
def test_a_coder_in_fractions_passes(build: Build) -> None:
    result = checks.build_coder(build)
    assert result.passed, result


def whole_bits(probabilities: Any) -> Any:
    def encode(codes: list[int]) -> str:
        width = (len(probabilities([])) - 1).bit_length()
        return "".join(format(code, f"0{width}b") for code in codes)

    def decode(bits: str, length: int) -> list[int]:
        width = (len(probabilities([])) - 1).bit_length()
        return [int(bits[i * width : (i + 1) * width], 2) for i in range(length)]

    return encode, decode


def bits_per_code(probabilities: Any) -> Any:
    """A prefix code for each code: its own share of [0, 1), cut off after its own number of digits."""

    def word(shares: list[Fraction], code: int) -> str:
        n = coder._whole_bits(shares[code]) + 1
        return f"{int((sum(shares[:code]) + shares[code] / 2) * 2**n):0{n}b}"

    def encode(codes: list[int]) -> str:
        return "".join(word(probabilities(codes[:i]), code) for i, code in enumerate(codes))

    def decode(bits: str, length: int) -> list[int]:
        codes: list[int] = []
        for _ in range(length):
            words = [word(shares, code) for shares in [probabilities(codes)] for code in range(len(shares))]
            codes.append(next(code for code, start in enumerate(words) if bits.startswith(start)))
            bits = bits[len(words[codes[-1]]) :]
        return codes

    return encode, decode


def both_numbers(probabilities: Any) -> Any:
    """The string is the numerator and the denominator of a number in the interval."""
    encode, decode = narrowing(probabilities)

    def written(codes: list[int]) -> str:
        bits = encode(codes)
        return f"{int('0' + bits, 2):0{len(bits) + 1}b}{2 ** len(bits):b}"

    return written, lambda bits, length: decode(bits[1 : len(bits) // 2], length)


def peeking(probabilities: Any) -> Any:
    encode, decode = narrowing(probabilities)
    return lambda codes: (probabilities(codes), encode(codes))[1], decode


SEES = "the model sees what it predicts"


@pytest.mark.parametrize(
    ("build", "mistake"),
    [
        (lambda p: narrowing(p, float), "it runs out of digits"),
        (lambda p: (narrowing(p)[0], narrowing(p, before=lambda codes, i: [])[1]), "the same probabilities throughout"),
        (lambda p: narrowing(p, before=lambda codes, i: []), "the same probabilities throughout"),
        (whole_bits, "every code takes whole bits"),
        (bits_per_code, "every code takes whole bits"),
        (lambda p: narrowing(p, before=lambda codes, i: codes[:i][-1:]), "not all of the codes before"),
        (lambda p: (narrowing(p, before=lambda codes, i: codes[: i + 1])[0], narrowing(p)[1]), SEES),
        (peeking, SEES),
    ],
)
def test_a_wrong_coder_is_named(build: Build, mistake: str) -> None:
    result = checks.build_coder(build)
    assert result.mistake == mistake, result


@pytest.mark.parametrize(
    "build",
    [
        lambda p: (lambda codes: narrowing(p)[0](codes)[:-1], narrowing(p)[1]),  # one bit short
        lambda p: (lambda codes: narrowing(p)[0](codes) + "0" * 9, narrowing(p)[1]),  # padded
        lambda p: (narrowing(p)[0], lambda bits, n: [0] * n),
        lambda p: (lambda codes: narrowing(p)[0](codes).lstrip("0"), narrowing(p)[1]),  # leading zeros lost
        lambda p: (lambda codes: (bits := narrowing(p)[0](codes)) + "0" * (-len(bits) % 8), narrowing(p)[1]),  # bytes
        both_numbers,
    ],
)
def test_another_wrong_coder_is_measured(build: Build) -> None:
    result = checks.build_coder(build)
    assert (result.kind, result.mistake) == ("not met", None), result
    assert any(name.startswith("✗") for name, _ in result.facts)


def test_floats_anywhere_are_noticed() -> None:
    """The number of digits comes from a float, which is 0 for an interval of 1,100 bits."""

    def almost(probabilities: Any) -> Any:
        encode, decode = narrowing(probabilities)

        def encode_and_measure(codes: list[int]) -> str:
            width = math.prod((probabilities(codes[:i])[code] for i, code in enumerate(codes)), start=Fraction(1))
            return encode(codes).ljust(math.ceil(-math.log2(float(width))), "0")

        return encode_and_measure, decode

    result = checks.build_coder(almost)
    assert result.kind == "exception"
    assert "float(width)" in result.message


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (lambda p: narrowing(p)[0], "type"),
        (lambda p: (lambda codes: 5, narrowing(p)[1]), "type"),
        (lambda p: (narrowing(p)[0], lambda bits, n: 5), "type"),
        (lambda p: None, "nothing"),
    ],
)
def test_what_is_no_coder_is_a_problem(build: Any, kind: str) -> None:
    assert checks.build_coder(build).kind == kind


@pytest.mark.parametrize("p", [Fraction(1), Fraction(1, 2), Fraction(3, 8), Fraction(1, 3), Fraction(1, 1025)])
def test_whole_bits_are_the_logarithm_rounded_up(p: Fraction) -> None:
    assert coder._whole_bits(p) == math.ceil(-math.log2(p))
