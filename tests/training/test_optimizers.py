"""Adam and Muon: who moves which weights, by how much, and at which rate."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from vqedu.models.transformer import Transformer
from vqedu.training import optimizers

needs_muon = pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch is older than 2.9")


def transformer() -> Transformer:
    torch.manual_seed(0)
    return Transformer(20, 12, width=16, depth=2, heads=2)


def one_step(model: nn.Module, name: str, learning_rate: float = 0.01) -> dict[str, torch.Tensor]:
    """Take one step at a constant rate; return how far each parameter moved."""
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    steps = optimizers.build(model, name, "constant", learning_rate, 10)
    tokens = torch.randint(20, (8, 12), generator=torch.Generator().manual_seed(1))
    logits = model(tokens)
    nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).backward()
    steps.step()
    return {key: value.detach() - before[key] for key, value in model.named_parameters()}


def test_the_first_step_of_adam_moves_each_weight_by_the_rate() -> None:
    for name, moved in one_step(transformer(), "adam").items():
        assert moved.abs().max() <= 0.01 * (1 + 1e-4), name
        assert moved.abs().max() > 0.005, name


def test_gradients_are_gone_after_zero_grad() -> None:
    model = transformer()
    steps = optimizers.build(model, "adam", "constant", 0.01, 10)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    steps.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_adam_is_fused_where_torch_has_it() -> None:
    (adam,) = optimizers.build(transformer(), "adam", "constant", 0.01, 10).parts
    assert adam.defaults["fused"]


def test_an_unknown_schedule_is_named() -> None:
    with pytest.raises(ValueError, match="no schedule 'one-circle'"):
        optimizers.build(transformer(), "adam", "one-circle", 0.01, 10)


@needs_muon
def test_muon_moves_hidden_matrices_by_the_same_length_in_every_direction() -> None:
    model = transformer()
    weights = {key: value.detach().clone() for key, value in model.named_parameters()}
    hidden = {id(matrix) for matrix in optimizers.hidden_matrices(model)}
    names = {key for key, value in model.named_parameters() if id(value) in hidden}
    assert len(names) == 8  # two blocks of four
    assert all(name.startswith("blocks.") for name in names)
    for name, moved in one_step(model, "muon").items():
        if name in names:
            update = moved + 0.01 * optimizers.DECAY * weights[name]
            lengths = torch.linalg.svdvals(update)
            # Five Newton-Schulz steps bring all but the shortest directions of a gradient to 0.7 .. 1.2.
            assert lengths.max() / lengths.quantile(0.2) < 2, name
            assert update.square().mean().sqrt() == pytest.approx(0.2 * 0.01, rel=0.25), name
        else:
            assert 0.005 < moved.abs().max() <= 0.01 * (1 + 1e-4), name  # Adam's first step


@needs_muon
def test_both_parts_follow_one_schedule() -> None:
    model = transformer()
    steps = optimizers.build(model, "muon", "one-cycle", 0.02, 50)
    seen = []
    for _ in range(50):
        rates = {group["lr"] for part in steps.parts for group in part.param_groups}
        assert len(rates) == 1
        seen.append(rates.pop())
        assert steps.learning_rate == seen[-1]
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        steps.step()
    assert max(seen) == pytest.approx(0.02, rel=0.01)
    assert 3 <= seen.index(max(seen)) <= 5
    assert seen[-1] < 0.01 * max(seen)


@pytest.mark.parametrize("count", [1, 2, 8, 9, 10, 19])
def test_one_cycle_rises_and_falls_in_a_training_of_any_length(count: int) -> None:
    steps = optimizers.build(nn.Linear(2, 2), "adam", "one-cycle", 0.02, count)
    seen = []
    for _ in range(count):
        seen.append(steps.learning_rate)
        steps.step()
    assert all(0 < rate <= 0.02 for rate in seen)
    assert seen.index(max(seen)) <= 1
    assert count == 1 or seen[0] < max(seen)


def test_muon_asks_for_a_torch_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.optim, "Muon", raising=False)
    with pytest.raises(ValueError, match=r"needs torch 2\.9 or newer"):
        optimizers.build(transformer(), "muon", "constant", 0.01, 10)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_a_rate_that_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="finite number above 0"):
        optimizers.build(transformer(), "adam", "constant", rate, 10)
