"""What notebook 07 writes out equals what the module ships: same weights, same inputs, same numbers."""

from __future__ import annotations

import math

import pytest
import torch

from tests.notebooks.test_definitions import definitions
from vqedu.models.code_prior import CodePrior, probabilities
from vqedu.models.transformer import Transformer

NOTEBOOK = "07_prior_over_codes"


def test_the_transformer() -> None:
    given = {"math": math}
    theirs = definitions(NOTEBOOK, "SelfAttention", "Block", "Transformer", **given)[-1]
    torch.manual_seed(0)
    ours, copy = Transformer(11, 9, 12, 2, 3), theirs(11, 9, 12, 2, 3)
    copy.load_state_dict(ours.state_dict())
    tokens = torch.randint(11, (4, 9))
    torch.testing.assert_close(copy(tokens), ours(tokens), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(copy(tokens[:, :5]), ours(tokens[:, :5]), atol=1e-6, rtol=1e-5)


def test_the_loss_in_bits_per_code() -> None:
    prior = CodePrior(11, 9, num_classes=2, width=12, depth=1, heads=3)
    (bits_per_code,) = definitions(NOTEBOOK, "bits_per_code", math=math, K=11)
    codes = torch.randint(11, (5, 9))
    torch.testing.assert_close(bits_per_code(prior.transformer, codes), prior.loss(codes).bits_per_code)


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 11), (0.5, 11), (2.0, 3), (1.0, 1)])
def test_the_next_probabilities(temperature: float, top_k: int) -> None:
    (next_probabilities,) = definitions(NOTEBOOK, "next_probabilities", math=math, K=11)
    logits = 3 * torch.randn(6, 11, generator=torch.Generator().manual_seed(0))
    expected = probabilities(logits, temperature, top_k)
    torch.testing.assert_close(next_probabilities(logits, temperature, top_k), expected)


@torch.no_grad()
def test_sampling() -> None:
    torch.manual_seed(0)
    prior = CodePrior(11, 49, num_classes=2, width=12, depth=1, heads=3).eval()
    _, sample = definitions(NOTEBOOK, "next_probabilities", "sample", math=math, K=11, prior=prior)
    draws = [f(3, 0.8, top_k=5, generator=torch.Generator().manual_seed(1)) for f in (sample, prior.sample)]
    assert torch.equal(*draws)


def test_the_surprise() -> None:
    prior = CodePrior(11, 49, num_classes=2, width=12, depth=1, heads=3).eval()
    (surprise,) = definitions(NOTEBOOK, "surprise", math=math, prior=prior)
    codes = torch.randint(11, (3, 7, 7))
    torch.testing.assert_close(surprise(codes).flatten(1).sum(1) * math.log(2), -prior.log_prob(codes))
