"""The transformer: no token looks ahead, and the cache changes nothing but the time."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vqedu.models.transformer import Block, SelfAttention, Transformer, generate

VOCABULARY, LENGTH = 11, 9


def model(seed: int = 0, depth: int = 2) -> Transformer:
    torch.manual_seed(seed)
    return Transformer(VOCABULARY, LENGTH, width=12, depth=depth, heads=3).eval()


def tokens(n: int = 4, t: int = LENGTH, seed: int = 1) -> Tensor:
    return torch.randint(VOCABULARY, (n, t), generator=torch.Generator().manual_seed(seed))


def test_shapes() -> None:
    assert model()(tokens()).shape == (4, LENGTH, VOCABULARY)
    assert model()(tokens(t=3)).shape == (4, 3, VOCABULARY)


@pytest.mark.parametrize("changed", range(LENGTH))
def test_a_changed_token_changes_no_earlier_logit_and_its_own(changed: int) -> None:
    before = tokens()
    after = before.clone()
    after[:, changed] = (after[:, changed] + 1) % VOCABULARY
    old, new = model()(before), model()(after)
    assert torch.equal(old[:, :changed], new[:, :changed])
    assert (old[:, changed:] - new[:, changed:]).abs().amax((0, 2)).min() > 1e-6


@given(cuts=st.sets(st.integers(1, LENGTH - 1)), seed=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_with_a_cache_pieces_of_any_length_give_the_logits_of_the_whole(cuts: set[int], seed: int) -> None:
    whole = tokens(seed=seed)
    ends = [*sorted(cuts), LENGTH]
    transformer = model(seed)
    cache = transformer.empty_cache(len(whole))
    pieces = [transformer(whole[:, start:end], cache) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    torch.testing.assert_close(torch.cat(pieces, 1), transformer(whole), atol=1e-5, rtol=1e-5)
    assert cache.filled == LENGTH


@pytest.mark.parametrize("count", [0, 1, 5])
def test_generated_tokens_are_those_chosen_from_the_logits_of_all_before(count: int) -> None:
    transformer, prompt = model(), tokens(t=3)
    expected = prompt
    for _ in range(count):
        expected = torch.cat([expected, transformer(expected)[:, -1].argmax(1, keepdim=True)], 1)

    def likeliest(logits: Tensor) -> Tensor:
        return logits.argmax(1, keepdim=True)

    for past in (transformer.empty_cache(len(prompt)), None):
        assert torch.equal(generate(transformer, prompt, count, likeliest, past), expected[:, 3:])


def test_attention_is_the_equation_of_the_paper() -> None:
    torch.manual_seed(0)
    attention = SelfAttention(6, 2).double()
    x = torch.randn(1, 4, 6, dtype=torch.float64)
    q, k, v = attention.query_key_value(x[0]).split(6, dim=1)
    expected = torch.zeros(4, 6, dtype=torch.float64)
    for i in range(4):
        for head in (slice(0, 3), slice(3, 6)):
            scores = torch.stack([q[i, head] @ k[j, head] / math.sqrt(3) for j in range(i + 1)])
            expected[i, head] = scores.softmax(0) @ v[: i + 1, head]
    torch.testing.assert_close(attention(x)[0], attention.output(expected))


def test_a_block_adds_attention_then_mlp_and_drops_nothing_unless_told_to() -> None:
    torch.manual_seed(0)
    block, x = Block(6, 2).double(), torch.randn(2, 4, 6, dtype=torch.float64)
    between = x + block.attention(block.attention_norm(x))
    torch.testing.assert_close(block(x), between + block.mlp(block.mlp_norm(between)))


def test_what_enters_the_first_block_is_token_plus_place() -> None:
    transformer, row = model(), tokens(t=5)
    x = transformer.tokens.weight[row] + transformer.positions[:5]
    for block in transformer.blocks:
        x = block(x)
    torch.testing.assert_close(transformer(row), transformer.norm(x) @ transformer.head.weight.T)


def test_weights_as_many_as_the_docstring_says_and_tables_that_begin_small() -> None:
    torch.manual_seed(0)
    transformer = Transformer(139, 49, width=96, depth=4, heads=4)
    assert round(sum(weight.numel() for weight in transformer.parameters()), -3) == 479_000
    assert transformer.head.bias is None
    for table in (transformer.tokens.weight, transformer.positions):
        assert table.std().item() == pytest.approx(0.1, rel=0.1)


def test_generating_keeps_no_graph() -> None:
    kept = []

    def first(logits: Tensor) -> Tensor:
        kept.append(logits.requires_grad)
        return torch.zeros(len(logits), 1, dtype=torch.int64)

    generate(model(), tokens(t=3), 2, first)
    assert kept == [False, False]


def test_the_order_of_earlier_tokens_matters() -> None:
    a = torch.tensor([[1, 2, 3]])
    b = torch.tensor([[2, 1, 3]])
    assert (model()(a)[0, -1] - model()(b)[0, -1]).abs().max() > 1e-4


def test_it_learns_to_copy_the_token_before() -> None:
    transformer = model(depth=1).train()
    optimizer = torch.optim.Adam(transformer.parameters(), lr=2e-2)
    for step in range(80):
        x = tokens(16, seed=step)
        loss = torch.nn.functional.cross_entropy(transformer(x)[:, 1:].flatten(0, 1), x[:, :-1].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5  # a guess costs 2.4


def test_too_many_tokens_are_an_error_with_and_without_a_cache() -> None:
    with pytest.raises(ValueError, match="9 places, but 10 tokens"):
        model()(tokens(t=10))
    transformer = model()
    cache = transformer.empty_cache(4)
    transformer(tokens(), cache)
    with pytest.raises(ValueError, match="9 places, but 10 tokens"):
        transformer(tokens(t=1), cache)


@pytest.mark.parametrize(
    ("sizes", "error", "words"),
    [
        ({"width": 10, "heads": 3}, ValueError, "multiple of heads"),
        ({"depth": 0}, ValueError, "depth must be at least 1"),
        ({"length": 4.0}, TypeError, "whole number"),
        ({"vocabulary_size": 0}, ValueError, "vocabulary_size"),
    ],
)
def test_bad_sizes_are_errors(sizes: dict[str, int], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Transformer(**{"vocabulary_size": 5, "length": 4, "width": 6, "depth": 1, "heads": 3, **sizes})
