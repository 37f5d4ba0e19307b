"""The arithmetic coder gives back every code, and its files are as long as the prior's surprise."""

from __future__ import annotations

import contextlib
import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vqedu import coding
from vqedu.models.code_prior import CodePrior


def prior(seed: int = 0, spread: float = 8) -> CodePrior:
    torch.manual_seed(seed)
    model = CodePrior(16, length=9, num_classes=2, width=12, depth=2, heads=3)
    with torch.no_grad():
        model.transformer.head.weight.mul_(spread)
    return model.eval()


def drawn(n: int, seed: int = 0) -> Tensor:
    return prior().sample(n, generator=torch.Generator().manual_seed(seed))


@given(n=st.integers(1, 20), seed=st.integers(0, 1000), likely=st.booleans())
@settings(max_examples=25, deadline=None)
def test_decoding_gives_back_every_code(n: int, seed: int, likely: bool) -> None:
    indices = drawn(n, seed) if likely else torch.randint(16, (n, 9), generator=torch.Generator().manual_seed(seed))
    decoded = coding.decode(prior(), coding.encode(prior(), indices))
    assert decoded.dtype == torch.int64
    assert torch.equal(decoded, indices)


def test_a_file_is_within_2_percent_of_the_bits_of_the_model() -> None:
    indices = drawn(1000)
    file, wished = coding.encode(prior(), indices), coding.bits(prior(), indices)
    assert 8 * len(file) == pytest.approx(wished, rel=0.02)
    assert wished < 0.8 * 1000 * 9 * 4  # the model does better than 4 bits a code


def test_code_maps_and_rows_make_the_same_file() -> None:
    indices = drawn(5)
    assert coding.encode(prior(), indices.view(5, 3, 3)) == coding.encode(prior(), indices)


def test_rounding_errors_of_another_machine_leave_the_probabilities_as_they_are() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 5 * torch.randn(2000, 64, generator=generator, dtype=torch.float64)
    other = logits + 1e-13 * torch.randn(2000, 64, generator=generator, dtype=torch.float64)
    assert np.array_equal(coding.probabilities(logits), coding.probabilities(other))


def test_one_pass_and_code_by_code_find_the_same_probabilities() -> None:
    model, indices = copy.deepcopy(prior()).double(), drawn(30)
    cache = model.transformer.empty_cache(30)
    seen = torch.cat([model.start(30), indices[:, :-1]], 1)
    with torch.no_grad():
        steps = [model.transformer(seen[:, [place]], cache)[..., :16] for place in range(9)]
        assert np.array_equal(coding.probabilities(torch.cat(steps, 1)), coding.probabilities(model(indices)))


def test_rounded_probabilities_cost_next_to_nothing() -> None:
    logits = 3 * torch.randn(500, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rounded = torch.from_numpy(coding.probabilities(logits))
    torch.testing.assert_close(rounded.sum(-1), torch.ones(500, dtype=torch.float64))
    lost = (logits.softmax(-1) * (logits.log_softmax(-1) - rounded.log())).sum(-1).mean() / np.log(2)
    assert 0 < lost < 1e-4


def test_a_code_of_probability_zero_can_still_be_written() -> None:
    certain = prior(spread=1000)
    indices = (certain.sample(4, top_k=1) + 1) % 16
    assert torch.equal(coding.decode(certain, coding.encode(certain, indices)), indices)


def test_another_prior_or_a_damaged_file_is_an_error_and_never_other_codes() -> None:
    indices = drawn(20)
    file = coding.encode(prior(), indices)
    with pytest.raises(ValueError, match="another prior"):
        coding.decode(prior(seed=1), file)
    for place in range(8, len(file), 7):
        damaged = bytearray(file)
        damaged[place] ^= 16
        # A bit at the end may be one that no code needed.
        with contextlib.suppress(ValueError):
            assert torch.equal(coding.decode(prior(), bytes(damaged)), indices)
    with pytest.raises(ValueError, match="damaged"):
        coding.decode(prior(), file[: len(file) // 8 * 4])


@pytest.mark.parametrize(("n", "blocks"), [(256, 1), (257, 2), (600, 3)])
def test_many_maps_are_coded_block_by_block(n: int, blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    indices, at_once = drawn(n), []
    table = coding.probabilities
    monkeypatch.setattr(coding, "probabilities", lambda logits: at_once.append(logits.numel()) or table(logits))
    file = coding.encode(prior(), indices)
    assert torch.equal(coding.decode(prior(), file), indices)
    assert max(at_once) <= 256 * 9 * 16
    assert int.from_bytes(file[:4], "little") == n
    wished = coding.bits(prior(), indices) / 8 + 4 + 4 * blocks
    assert wished * 0.99 < len(file) < wished * 1.01 + 8


def test_the_first_damaged_block_ends_the_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    damaged, tables = bytearray(coding.encode(prior(), drawn(600))), []
    damaged[4] ^= 1  # the checksum of the first of three blocks
    table = coding.probabilities
    monkeypatch.setattr(coding, "probabilities", lambda logits: tables.append(len(logits)) or table(logits))
    with pytest.raises(ValueError, match="damaged"):
        coding.decode(prior(), bytes(damaged))
    assert tables == [256] * 9


@pytest.mark.parametrize("bit", [7, 15, 31])
def test_a_header_that_names_more_maps_than_the_file_can_hold_is_an_error(bit: int) -> None:
    damaged = bytearray(coding.encode(prior(), drawn(200))[:-4])
    damaged[bit // 8] ^= 1 << bit % 8
    named = int.from_bytes(damaged[:4], "little")
    with pytest.raises(ValueError, match=f"header names {named:,} code maps" if bit > 7 else "damaged"):
        coding.decode(prior(), bytes(damaged))


@pytest.mark.parametrize(
    ("file", "error", "words"),
    [
        (b"", ValueError, "cut off"),
        (b"1234", ValueError, "cut off"),
        (b"123456789", ValueError, "got 9 bytes"),
        (bytes(8), ValueError, "damaged"),
        (bytes([0, 1, 0, 0, 1, 2, 3, 4]), ValueError, r"another prior\.$"),  # 256 maps, and a word for their checksum
        (bytes([1, 1, 0, 0, 1, 2, 3, 4]), ValueError, "header names 257 code maps, which 8 bytes cannot hold"),
        ("text", TypeError, "must be bytes"),
    ],
)
def test_what_is_no_file_is_an_error(file: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        coding.decode(prior(), file)


def test_bad_input_of_the_encoder_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"0 \.\. 15"):
        coding.encode(prior(), torch.full((1, 9), 16))
    with pytest.raises(TypeError, match="CodePrior"):
        coding.encode(torch.nn.Linear(1, 1), drawn(1))  # type: ignore[arg-type]


def test_probabilities_are_whole_weights_in_steps_of_a_64th_of_a_nat_down_to_exp_minus_20() -> None:
    logits = torch.tensor([3.0, 3 - 1 / 64, 3 - 19.5, 3 - 20, 3 - 30], dtype=torch.float64)
    # exp(-19.5) * 2^30 is 3.6, exp(-20) * 2^30 is 2.2
    weights = np.array([2**30, round(math.exp(-1 / 64) * 2**30), 4, 2, 2], np.float64)
    assert np.array_equal(coding.probabilities(logits), weights / weights.sum())


def test_neither_direction_keeps_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs, probabilities = [], coding.probabilities

    def remember(logits: Tensor) -> np.ndarray:
        graphs.append(logits.requires_grad)
        return probabilities(logits)

    monkeypatch.setattr(coding, "probabilities", remember)
    coding.decode(prior(), coding.encode(prior(), drawn(2)))
    assert graphs == [False] * 10  # all places at once, then one after the other


def test_bits_that_no_code_can_have_left_are_an_error() -> None:
    class Broken:
        def decode(self, *_: object) -> np.ndarray:
            raise AssertionError("Tried to decode from compressed data that is invalid for the employed entropy model.")

    with pytest.raises(ValueError, match="damaged"):
        coding._next_codes(Broken(), np.full((1, 2), 0.5))
