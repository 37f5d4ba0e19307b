"""The prior over codes is a probability distribution, draws from it, and says what is wrong with its input."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vqedu import pretrained, training
from vqedu.models.code_prior import CodePrior, probabilities
from vqedu.publish.evaluation import summed_over_classes


def prior(codebook_size: int = 7, length: int = 6, seed: int = 0, **options: object) -> CodePrior:
    torch.manual_seed(seed)
    model = CodePrior(codebook_size, length, num_classes=3, width=12, depth=2, heads=3, **options)  # type: ignore[arg-type]
    with torch.no_grad():  # far from uniform, so that a wrong condition would show
        model.transformer.head.weight.mul_(8)
    return model.eval()


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("labels", [None, 0, 2])
def test_the_probabilities_of_all_sequences_sum_to_1(labels: int | None) -> None:
    everything = torch.tensor(list(itertools.product(range(4), repeat=5)))  # (1024, 5)
    log_prob = prior(4, 5).log_prob(everything, labels)
    assert log_prob.double().exp().sum().item() == pytest.approx(1, abs=1e-5)
    assert log_prob.std() > 0.5


def test_the_sum_over_the_classes_is_a_distribution_and_never_far_above_the_right_class() -> None:
    everything = torch.tensor(list(itertools.product(range(4), repeat=5)))  # (1024, 5)
    model = prior(4, 5)
    summed = summed_over_classes(model, everything).double()
    mean = torch.stack([model.log_prob(everything, label).double().exp() for label in range(3)]).mean(0)
    torch.testing.assert_close(summed.exp(), mean, rtol=1e-5, atol=0)
    assert summed.exp().sum().item() == pytest.approx(1, abs=1e-5)
    for label in range(3):
        assert (summed - model.log_prob(everything, label)).min() > -math.log(3) - 1e-5


def test_log_prob_is_the_product_rule_over_forward() -> None:
    model, indices = prior(), torch.randint(7, (5, 6), generator=generator())
    conditional = model(indices, 1).log_softmax(-1)
    expected = sum(conditional[:, place].gather(1, indices[:, place, None]).squeeze(1) for place in range(6))
    torch.testing.assert_close(model.log_prob(indices, 1), expected)


def test_code_maps_are_read_row_by_row() -> None:
    model, maps = prior(), torch.randint(7, (5, 2, 3), generator=generator())
    assert torch.equal(model.log_prob(maps), model.log_prob(maps.flatten(1)))


def test_a_label_changes_the_probabilities_and_minus_1_is_any_class() -> None:
    model, indices = prior(), torch.randint(7, (3, 6), generator=generator())
    given, anything = model.log_prob(indices, torch.tensor([0, 1, -1])), model.log_prob(indices)
    assert given[2].item() == pytest.approx(anything[2].item(), abs=1e-4)
    assert (given - anything)[:2].abs().min() > 1e-3


@given(
    seed=st.integers(0, 1000),
    temperature=st.floats(0.3, 2),
    top_k=st.sampled_from([None, 1, 3, 7]),
    condition=st.sampled_from([{}, {"labels": 2}, {"labels": 1, "guidance": 2.5}]),
    given_codes=st.integers(0, 6),
)
@settings(max_examples=25, deadline=None)
def test_sampling_with_the_cache_equals_sampling_without(
    seed: int, temperature: float, top_k: int | None, condition: dict[str, Any], given_codes: int
) -> None:
    prefix = torch.randint(7, (given_codes,), generator=generator(seed))
    draws = [
        prior().sample(8, temperature, generator(seed), top_k, prefix=prefix, cache=cache, **condition)
        for cache in (True, False)
    ]
    assert torch.equal(*draws)
    assert torch.equal(draws[0][:, :given_codes], prefix.expand(8, -1))


def test_samples_occur_as_often_as_log_prob_says() -> None:
    model = prior(3, 2)
    everything = torch.tensor(list(itertools.product(range(3), repeat=2)))
    drawn = model.sample(20_000, generator=generator(), labels=1)
    share = torch.bincount(drawn[:, 0] * 3 + drawn[:, 1], minlength=9) / len(drawn)
    torch.testing.assert_close(share, model.log_prob(everything, 1).exp(), atol=0.012, rtol=0)


def test_guidance_raises_the_odds_of_the_class_over_any_class() -> None:
    model = prior(3, 1)
    with torch.no_grad():
        model.transformer.head.weight.div_(10)  # every code is likely enough to be counted
    codes = torch.arange(3)[:, None]
    given, anything = model.log_prob(codes, 1), model.log_prob(codes)
    expected = (anything + 2 * (given - anything)).softmax(0)
    assert expected.min() > 0.02
    drawn = model.sample(20_000, generator=generator(), labels=1, guidance=2.0)
    torch.testing.assert_close(torch.bincount(drawn[:, 0], minlength=3) / 20_000, expected, atol=0.012, rtol=0)
    without = model.sample(50, generator=generator(), labels=1, guidance=0.0)
    assert torch.equal(without, model.sample(50, generator=generator()))


def test_the_same_generator_gives_the_same_sample() -> None:
    first, second, other = (prior().sample(4, generator=generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_top_k_1_and_a_tiny_temperature_are_the_likeliest_code() -> None:
    assert torch.equal(prior().sample(5, top_k=1), prior().sample(5, temperature=1e-6))
    assert len(prior().sample(5, top_k=1).unique(dim=0)) == 1


def test_probabilities_on_hand_worked_values() -> None:
    logits = torch.tensor([[0.0, math.log(2), math.log(4)]])
    torch.testing.assert_close(probabilities(logits), torch.tensor([[1 / 7, 2 / 7, 4 / 7]]))
    torch.testing.assert_close(probabilities(logits, 0.5), torch.tensor([[1 / 21, 4 / 21, 16 / 21]]))
    torch.testing.assert_close(probabilities(logits, 1.0, 2), torch.tensor([[0, 1 / 3, 2 / 3]]))
    assert int((probabilities(torch.zeros(1, 3), top_k=2) > 0).sum()) == 2
    tiny = 1e-37  # 40 / tiny is more than a float32 can hold
    assert probabilities(torch.tensor([[39.0, 40.0, -40.0]]), tiny).tolist() == [[0, 1, 0]]


def test_the_vocabulary_is_the_codes_then_any_class_then_the_classes() -> None:
    model = prior(7)
    assert model.transformer.head.out_features == 7 + 1 + 3
    assert model.start(2).tolist() == [[7], [7]]
    assert model.start(4, torch.tensor([0, 1, 2, -1])).tolist() == [[8], [9], [10], [7]]


def test_its_usual_sizes() -> None:
    model = CodePrior(128)
    sizes = (model.length, model.num_classes, model.width, model.depth, model.heads, model.class_dropout)
    assert sizes == (49, 10, 96, 4, 4, 0.25)


@pytest.mark.parametrize(("options", "read"), [({}, [1] * 6), ({"cache": False}, [1, 2, 3, 4, 5, 6])])
def test_with_the_cache_as_usual_a_step_reads_one_token_and_without_it_all(
    options: dict[str, bool], read: list[int]
) -> None:
    model, seen = prior(), []
    model.transformer.register_forward_hook(
        lambda _, given, __: seen.append((given[0].shape[1], torch.is_grad_enabled()))
    )
    model.sample(2, **options)  # type: ignore[arg-type]
    assert seen == [(count, False) for count in read]


def test_the_prefix_may_differ_from_sequence_to_sequence_and_may_be_all_of_it() -> None:
    prefix = torch.randint(7, (4, 6), generator=generator())
    assert torch.equal(prior().sample(4, prefix=prefix), prefix)
    assert torch.equal(prior().sample(4, prefix=prefix[:, :2])[:, :2], prefix[:, :2])
    assert torch.equal(prior().sample(4, prefix=prefix[:1, :2])[:, :2], prefix[:1, :2].expand(4, -1))


def test_loss_is_the_mean_of_minus_log_prob_with_or_without_labels() -> None:
    model, indices = prior(), torch.randint(7, (5, 6), generator=generator())
    labels = torch.tensor([0, 1, 2, 0, -1])
    plain, with_labels = model.loss(indices), model.loss(training.labelled(indices, labels))
    assert plain.total.item() == pytest.approx(-model.log_prob(indices).mean().item(), rel=1e-6)
    assert with_labels.total.item() == pytest.approx(-model.log_prob(indices, labels).mean().item(), rel=1e-6)
    assert plain.bits_per_code.item() == pytest.approx(plain.total.item() / (6 * math.log(2)), rel=1e-6)


def test_in_training_labels_are_dropped_as_often_as_asked() -> None:
    indices = torch.randint(7, (1, 6), generator=generator()).expand(4000, -1)
    model = prior(class_dropout=0.25).train()
    rows = training.labelled(indices, torch.ones(4000, dtype=torch.int64))
    torch.manual_seed(0)
    given, anything = model.log_prob(indices[:1], 1), model.log_prob(indices[:1])
    share = (-model.loss(rows).total - given) / (anything - given)
    assert share.item() == pytest.approx(0.25, abs=0.03)


def test_fit_teaches_it_what_follows_what() -> None:
    starts = torch.randint(7, (512, 1), generator=generator())
    rows = (starts + torch.arange(6)) % 7  # each code is the one before plus 1
    model = prior()
    training.fit(model, training.labelled(rows, torch.zeros(512, dtype=torch.int64)), epochs=20, batch_size=64)
    assert -model.log_prob(rows).mean() < math.log(7) + 0.3
    drawn = model.sample(50, generator=generator())
    assert ((drawn[:, 1:] - drawn[:, :-1]) % 7 == 1).float().mean() > 0.9


def test_a_checkpoint_restores_every_number(tmp_path: Path) -> None:
    model = prior(class_dropout=0.1)
    pretrained.save_checkpoint(model, tmp_path / "prior.safetensors")
    restored = pretrained.load_checkpoint(tmp_path / "prior.safetensors")
    assert isinstance(restored, CodePrior)
    assert (restored.length, restored.num_classes, restored.class_dropout) == (6, 3, 0.1)
    indices = torch.randint(7, (2, 6), generator=generator())
    assert torch.equal(model.log_prob(indices), restored.log_prob(indices))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"temperature": 0}, ValueError, "above 0, got 0"),
        ({"temperature": -1.0}, ValueError, "above 0"),
        ({"temperature": math.nan}, ValueError, "finite number"),
        ({"temperature": "hot"}, TypeError, "a number"),
        ({"top_k": 8}, ValueError, "from 1 to 7, got 8"),
        ({"top_k": 0}, ValueError, "at least 1"),
        ({"prefix": torch.zeros(7, dtype=torch.int64)}, ValueError, "at most 6 codes, got 7"),
        ({"prefix": torch.zeros(3, 2, dtype=torch.int64)}, ValueError, r"\(p,\) or \(2, p\), got \(3, 2\)"),
        ({"prefix": torch.tensor(3)}, ValueError, r"\(p,\) or \(2, p\), got \(\)"),
        ({"prefix": torch.tensor([7])}, ValueError, r"0 \.\. 6"),
        ({"prefix": torch.tensor([0.5])}, TypeError, "whole numbers"),
        ({"labels": 3}, ValueError, r"0 \.\. 2, or be -1"),
        ({"labels": torch.tensor([0, -2])}, ValueError, "-2 to 0"),
        ({"labels": torch.tensor([0, 1, 2])}, ValueError, r"one number or have shape \(2,\), got \(3,\)"),
        ({"labels": torch.tensor([0, 3])}, ValueError, "0 to 3"),
        ({"labels": torch.tensor([[0], [1]])}, ValueError, r"one number or have shape \(2,\), got \(2, 1\)"),
        ({"labels": torch.tensor([0.0, 1.0])}, TypeError, "whole numbers"),
        ({"guidance": 2.0}, ValueError, "pass labels too"),
        ({"guidance": -1.0, "labels": 0}, ValueError, "at least 0"),
        ({"n": 0}, ValueError, "n must be at least 1"),
    ],
)
def test_bad_sampling_is_an_error(options: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prior().sample(**{"n": 2, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("indices", "error", "words"),
    [
        (torch.full((2, 6), 7), ValueError, r"0 \.\. 6"),
        (torch.full((2, 6), -1), ValueError, r"0 \.\. 6"),
        (torch.zeros(2, 5, dtype=torch.int64), ValueError, r"\(N, 6\)"),
        (torch.zeros(6, dtype=torch.int64), ValueError, r"\(N, 6\)"),
        (torch.zeros(2, 6), TypeError, "whole numbers"),
    ],
)
def test_bad_codes_are_errors(indices: Tensor, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prior().log_prob(indices)


@pytest.mark.parametrize("options", [{"class_dropout": 1.0}, {"class_dropout": -0.1}])
def test_bad_class_dropout_is_an_error(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="class_dropout"):
        prior(**options)
