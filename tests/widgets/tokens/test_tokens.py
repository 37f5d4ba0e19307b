"""The token explorers without a page: seeded drawing against brute force, states, sentences about bad input."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.widgets.tokens.drawing import Drawn, Told
from vqedu import pretrained
from vqedu.data import Split
from vqedu.models import VQVAE
from vqedu.models.code_prior import CodePrior
from vqedu.models.words_and_images import MAX_WORDS
from vqedu.models.words_and_images import WordsAndImages as Model
from vqedu.widgets import TokenExplorer, WordsAndImages
from vqedu.widgets.transformer_nets import describe_transformer


def sharpened(model: Any) -> Any:
    """Give an untrained model odds that are as uneven as a trained one's, and the float16 weights of a shipped one."""
    with torch.no_grad():
        model.transformer.head.weight.mul_(4)
    return model.half().float().eval()


@cache
def small_prior() -> CodePrior:
    """A seeded prior over 128 codes that draws unlike its neighbors, in milliseconds."""
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
    gray = torch.randint(256, (20, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    return Split(gray / 255, torch.arange(20) % 10)


def explorer(**settings: Any) -> TokenExplorer:
    """A token explorer of the small prior."""
    return TokenExplorer(small_prior(), tokenizer(), **settings)


def writing(**settings: Any) -> WordsAndImages:
    """A words-and-images explorer of the small model."""
    return WordsAndImages(small_model(), tokenizer(), digits(), **settings)


def drawn(shown: TokenExplorer) -> Drawn:
    """What an explorer of the small prior must show."""
    return Drawn(shown, small_prior(), tokenizer())


def told(shown: WordsAndImages) -> Told:
    """What an explorer of the small model must show."""
    return Told(shown, small_model(), tokenizer())


def test_a_model_in_training_is_copied_and_goes_on_unchanged() -> None:
    prior = CodePrior(128, width=8, depth=1, heads=1)
    before = {name: value.clone() for name, value in prior.state_dict().items()}
    shown = TokenExplorer(prior, tokenizer(), drawn=49)
    assert prior.training
    assert all(torch.equal(value, before[name]) for name, value in prior.state_dict().items())
    packed = shown.data
    with torch.no_grad():
        prior.transformer.head.weight.mul_(-1)
    assert shown.data == packed
    assert TokenExplorer(prior, tokenizer(), drawn=49).data != packed


def test_the_upper_half_of_a_picture_can_be_given() -> None:
    half = tokenizer().encode(digits().x[:1])[0, :4]
    shown = explorer(fixed=half)
    assert shown.state["fixed"] == half.flatten().tolist()
    assert (shown.state["kept"], shown.state["drawn"]) == (28, 28)
    assert drawn(shown).codes({"drawn": 49})[:28].tolist() == half.flatten().tolist()
    assert explorer().state["drawn"] == 24


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
        ({"fixed": [1] * 50}, "fixed must contain at most 49 codes"),
        ({"kept": 1}, "kept must be a whole number from 0 to 0"),
        ({"sead": 1}, "Did you mean 'seed'"),
    ],
)
def test_a_state_that_cannot_be_shown_is_named(state: dict[str, Any], sentence: str) -> None:
    shown = explorer()
    with pytest.raises(ValueError, match=sentence):
        shown.state = state


def test_models_that_do_not_belong_together_are_named() -> None:
    with pytest.raises(ValueError, match="has 64 codes, but the VQ-VAE has 128"):
        TokenExplorer(CodePrior(64, width=8, depth=1, heads=1), tokenizer())
    with pytest.raises(ValueError, match="a picture of 49 codes, the CodePrior has 16"):
        TokenExplorer(CodePrior(128, 16, width=8, depth=1, heads=1), tokenizer())
    with pytest.raises(TypeError, match=r"must be a vqedu\.models\.CodePrior or NamesAndImages, got VQVAE"):
        TokenExplorer(tokenizer(), tokenizer())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"model must be a vqedu\.models\.VQVAE"):
        TokenExplorer(small_prior(), nn.Identity())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has 64 codes, but the VQ-VAE has 128"):
        WordsAndImages(Model(64, width=8, depth=1, heads=1), tokenizer(), digits())
    with pytest.raises(TypeError, match=r"must be a vqedu\.models\.WordsAndImages or NamesAndImages, got CodePrior"):
        WordsAndImages(small_prior(), tokenizer(), digits())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Transformer, got Linear"):
        describe_transformer(nn.Linear(2, 2))  # type: ignore[arg-type]


def test_drawing_words_is_drawing_codes_behind_them() -> None:
    shown = told(writing(text="A thick three", seed=4))
    sequence = shown.sequence()
    assert sequence[:5] == ["<words>", "a", "thick", "three", "<image>"]
    assert [int(name) for name in sequence[5:]] == shown.codes().tolist()
    again = told(writing(text="two", seed=4)).sequence()
    assert again[: 3 + MAX_WORDS] == ["<words>", "two", *["<end>"] * (MAX_WORDS - 1), "<image>", again[2 + MAX_WORDS]]
    assert shown.sequence({"drawn": None}) == ["<words>", "a", "thick", "three"]
    assert len(shown.codes({"text": "a purple three"})) == 0


def test_the_answer_is_the_model_s_own_reading() -> None:
    shown = told(writing(order="read", digit=3))
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
