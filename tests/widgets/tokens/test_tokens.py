"""The token explorers without a page: seeded drawing against brute force, states, sentences about bad input."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vqedu import pretrained
from vqedu.data import Split
from vqedu.models import VQVAE
from vqedu.models.code_prior import CodePrior, probabilities
from vqedu.models.words_and_images import MAX_WORDS
from vqedu.models.words_and_images import WordsAndImages as Model
from vqedu.widgets import TokenExplorer, WordsAndImages
from vqedu.widgets.tokens import draw as tokens_draw
from vqedu.widgets.transformer_nets import describe_transformer


def sharpened(model: Any) -> Any:
    """Give an untrained model odds that are as uneven as a trained one's, and the float16 weights of a shipped one."""
    with torch.no_grad():
        model.transformer.head.weight.mul_(4)
    return model.half().float().eval()


@cache
def small_prior() -> CodePrior:
    """A seeded prior over 128 codes that draws unlike its neighbours, in milliseconds."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return sharpened(CodePrior(128, width=32, depth=2, heads=2))


@cache
def small_model() -> Model:
    """A seeded words-and-images model over 128 codes."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return sharpened(Model(128, width=32, depth=2, heads=2))


@cache
def tokenizer() -> VQVAE:
    """The shipped VQ-VAE of 128 codes."""
    return pretrained.load("vqvae-mnist")


@cache
def digits() -> Split:
    """Twenty seeded pictures, two a class: no test here needs them to be digits."""
    grey = torch.randint(256, (20, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    return Split(grey / 255, torch.arange(20) % 10)


def explorer(**settings: Any) -> TokenExplorer:
    """A token explorer of the small prior."""
    return TokenExplorer(small_prior(), tokenizer(), **settings)


def writing(**settings: Any) -> WordsAndImages:
    """A words-and-images explorer of the small model."""
    return WordsAndImages(small_model(), tokenizer(), digits(), **settings)


def test_uniform_numbers_are_seeded_uniform_and_unlike_for_other_seeds() -> None:
    numbers = tokens_draw.uniforms(7, 20_000)
    assert numbers.min() > 0
    assert numbers.max() < 1
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # chi-square of 19 degrees: exceeded once in 1,000
    np.testing.assert_array_equal(numbers[:49], tokens_draw.uniforms(7, 49))
    first = [tokens_draw.uniforms(seed, 1)[0] for seed in range(2000)]
    assert len(set(first)) == 2000
    assert abs(np.mean(first) - 0.5) < 5 * math.sqrt(1 / 12 / 2000)


@given(st.integers(0, 10**6), st.floats(0.1, 2.0), st.integers(1, 16))
@settings(max_examples=60, deadline=None)
def test_distribution_is_the_prior_s_own(seed: int, temperature: float, top_k: int) -> None:
    logits = torch.randn(16, generator=torch.Generator().manual_seed(seed)) * 4
    expected = probabilities(logits.double()[None], temperature, top_k)[0].numpy()
    found = tokens_draw.distribution(logits.numpy(), temperature, top_k)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert np.count_nonzero(found) <= top_k


def test_pick_takes_each_token_for_its_share_of_the_numbers() -> None:
    logits = np.array([0.0, 2.0, 1.0, 2.0, -1.0])
    p = tokens_draw.distribution(logits, top_k=4)
    n = 100_000
    picked = [tokens_draw.pick(p, logits, (i + 0.5) / n) for i in range(n)]
    np.testing.assert_allclose(np.bincount(picked, minlength=5) / n, p, atol=2 / n)
    assert picked[0] == 1  # of the two likeliest the lower number comes first
    assert tokens_draw.pick(p, logits, 1 - 1e-17) == 0


def test_drawn_codes_are_those_of_a_prior_without_cache() -> None:
    shown = explorer(label=4, temperature=0.8, top_k=40, seed=3, drawn=49)
    luck, codes = tokens_draw.uniforms(3, 49), torch.zeros(1, 49, dtype=torch.int64)
    for place in range(49):
        logits = small_prior()(codes, 4)[0, place].detach().numpy()
        p = tokens_draw.distribution(logits, 0.8, 40)
        codes[0, place] = tokens_draw.pick(p, logits, luck[place])
    np.testing.assert_array_equal(shown.codes(), codes[0].numpy())
    bits = -small_prior().log_prob(codes, 4).item() / math.log(2)
    assert shown.bits().sum() == pytest.approx(bits, rel=1e-5)


def test_top_1_is_what_the_prior_calls_top_1() -> None:
    expected = small_prior().sample(1, top_k=1, labels=7)[0].numpy()
    for seed in (0, 5):
        np.testing.assert_array_equal(explorer(label=7, top_k=1, seed=seed, drawn=49).codes(), expected)


def test_codes_settled_by_hand_stand_and_the_rest_follows_from_them() -> None:
    shown = explorer(seed=2, drawn=49)
    free = shown.codes()
    held = shown.codes({"fixed": [5, 6, 7]})
    assert held[:3].tolist() == [5, 6, 7]
    assert (held[3:] != free[3:]).any()
    np.testing.assert_array_equal(shown.codes({"fixed": free[:20].tolist()}), free)
    np.testing.assert_array_equal(shown.codes({"drawn": 12}), free[:12])
    assert len(shown.codes({"drawn": 0})) == 0


def test_a_model_in_training_is_copied_and_goes_on_unchanged() -> None:
    prior = CodePrior(128, width=8, depth=1, heads=1)
    before = {name: value.clone() for name, value in prior.state_dict().items()}
    shown = TokenExplorer(prior, tokenizer(), drawn=49)
    codes = shown.codes()
    assert prior.training
    assert all(torch.equal(value, before[name]) for name, value in prior.state_dict().items())
    with torch.no_grad():
        prior.transformer.head.weight.mul_(-1)
    np.testing.assert_array_equal(shown.codes(), codes)


def test_the_upper_half_of_a_picture_can_be_given() -> None:
    half = tokenizer().encode(digits().x[:1])[0, :4]
    shown = explorer(fixed=half)
    assert shown.codes().tolist() == half.flatten().tolist()
    assert shown.codes({"drawn": 49})[:28].tolist() == half.flatten().tolist()
    assert shown.state["kept"] == 28
    assert len(explorer().codes()) == 24


def test_a_full_map_decodes_as_the_vqvae_decodes_it_and_the_odds_sum_to_1() -> None:
    shown = explorer(drawn=49, seed=1)
    expected = tokenizer().decode(torch.from_numpy(shown.codes()).view(1, 7, 7)).sigmoid().detach()
    np.testing.assert_allclose(shown.picture(), expected[0, 0].numpy(), atol=1e-6)
    assert shown.odds({"cursor": 3}).sum() == pytest.approx(1)
    assert np.count_nonzero(shown.odds({"drawn": 10, "top_k": 3})) == 3


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"temperature": 0}, "temperature must lie in"),
        ({"temperature": float("nan")}, "temperature must lie in"),
        ({"top_k": 129}, "top_k must be a whole number from 1 to 128, got 129"),
        ({"top_k": 0}, "top_k must be a whole number from 1 to 128"),
        ({"label": 10}, "label must be a whole number from 0 to 9, got 10"),
        ({"drawn": 50}, "drawn must be a whole number from 0 to 49"),
        ({"fixed": [128]}, "a code in fixed must be a whole number from 0 to 127"),
        ({"fixed": [1] * 50}, "fixed must hold at most 49 codes"),
        ({"kept": 1}, "kept must be a whole number from 0 to 0"),
        ({"sead": 1}, "Did you mean 'seed'"),
    ],
)
def test_a_state_that_cannot_be_shown_is_named(state: dict[str, Any], sentence: str) -> None:
    shown = explorer()
    with pytest.raises(ValueError, match=sentence):
        shown.state = state
    with pytest.raises(ValueError, match=sentence):
        shown.codes(state)


def test_models_that_do_not_belong_together_are_named() -> None:
    with pytest.raises(ValueError, match="knows 64 codes, the VQ-VAE has 128"):
        TokenExplorer(CodePrior(64, width=8, depth=1, heads=1), tokenizer())
    with pytest.raises(ValueError, match="priors over 49 codes, got one over 16"):
        TokenExplorer(CodePrior(128, 16, width=8, depth=1, heads=1), tokenizer())
    with pytest.raises(TypeError, match=r"must be a vqedu\.models\.CodePrior, got VQVAE"):
        TokenExplorer(tokenizer(), tokenizer())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"model must be a vqedu\.models\.VQVAE"):
        TokenExplorer(small_prior(), nn.Identity())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="knows 64 codes, the VQ-VAE has 128"):
        WordsAndImages(Model(64, width=8, depth=1, heads=1), tokenizer(), digits())
    with pytest.raises(TypeError, match=r"must be a vqedu\.models\.WordsAndImages, got CodePrior"):
        WordsAndImages(small_prior(), tokenizer(), digits())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Transformer, got Linear"):
        describe_transformer(nn.Linear(2, 2))  # type: ignore[arg-type]


def test_drawing_words_is_drawing_codes_behind_them() -> None:
    shown = writing(text="A thick three", seed=4)
    sequence = shown.sequence()
    assert sequence[:5] == ["<words>", "a", "thick", "three", "<image>"]
    assert [int(name) for name in sequence[5:]] == shown.codes().tolist()
    again = writing(text="two", seed=4).sequence()
    assert again[: 3 + MAX_WORDS] == ["<words>", "two", *["<end>"] * (MAX_WORDS - 1), "<image>", again[2 + MAX_WORDS]]
    assert shown.sequence({"drawn": None}) == ["<words>", "a", "thick", "three"]
    assert len(shown.codes({"text": "a purple three"})) == 0


def test_the_answer_is_the_model_s_own_reading() -> None:
    shown = writing(order="read", digit=3)
    codes = tokenizer().encode(digits().x[[3]])  # the first of class 3 is the fourth picture, and comes fourth
    np.testing.assert_array_equal(shown.codes({"digit": 6}), codes.flatten().numpy())
    said = " ".join(word for word, _ in shown.answer({"digit": 6}) if word != "<end>")
    assert said == small_model().read(codes)[0]
    assert all(0 < p <= 1 for _, p in shown.answer())
    assert shown.answer({"said": ["an"]})[0][0] == "an"
    assert shown.sequence({"digit": None}) == []


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"order": "sing"}, "There is no order 'sing'"),
        ({"text": 3}, "text must be a string"),
        ({"codes": [1, 2]}, "codes must be None or 49 codes, got 2"),
        ({"codes": [128] * 49}, "a code must be a whole number from 0 to 127"),
        ({"said": ["purple"]}, "There is no word 'purple'"),
        ({"digit": 20}, "digit must be None or a number from 0 to 19"),
    ],
)
def test_a_state_of_words_that_cannot_be_shown_is_named(state: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        writing().state = state
