"""The miniature omni-modal model: its tokens, its two orders, its loss, drawing and reading, the styles."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from vqedu import models, pretrained, training
from vqedu.data import styles
from vqedu.models import WordsAndImages, words_and_images
from vqedu.models.words_and_images import DIGITS, STYLES, caption, requests

K, CODES, LENGTH = 5, 49, 54


@pytest.fixture
def model() -> WordsAndImages:
    torch.manual_seed(0)
    return WordsAndImages(K, width=16, depth=2, heads=2).eval()


@pytest.fixture(scope="module")
def shipped() -> WordsAndImages:
    return pretrained.load("words-and-images")


def example(digit: int = 3, style: int = 1) -> list[int]:
    return [digit, style, *torch.randint(K, (CODES,), generator=torch.Generator().manual_seed(1)).tolist()]


# Words


def test_captions_and_requests() -> None:
    assert [caption(3), caption(8), caption(8, "thick")] == ["a three", "an eight", "a thick eight"]
    assert requests(8, "thin") == [["a thin eight"], ["thin eight"], ["a thin eight"]]
    assert requests(2)[:2] == [["a two"], ["two"]]
    assert sum(len(requests(digit)[2]) for digit in range(10)) == 55
    assert all(DIGITS.index(t.split()[0]) + DIGITS.index(t.split()[2]) == d for d in range(10) for t in requests(d)[2])


def test_every_request_and_caption_can_be_written_in_tokens(model: WordsAndImages) -> None:
    for digit in range(10):
        for style in STYLES:
            texts = [caption(digit, style), *(text for texts in requests(digit, style) for text in texts)]
            for text in texts:
                assert [model.vocabulary[token] for token in model.tokens(text)] == text.split()
    assert model.tokens("A  Thick THREE") == model.tokens("a thick three")


def test_an_unknown_word_names_the_known_ones(model: WordsAndImages) -> None:
    with pytest.raises(ValueError, match=r"no word 'blue'.*Known: .*thick.*three"):
        model.draw("a blue three")
    with pytest.raises(ValueError, match="Did you mean 'three'"):
        model.draw("a thre")


@pytest.mark.parametrize("text", ["", "  ", "a thick leaning three"])
def test_no_word_or_too_many(model: WordsAndImages, text: str) -> None:
    with pytest.raises(ValueError, match="1 to 3 words"):
        model.draw(text)


def test_no_text_at_all(model: WordsAndImages) -> None:
    with pytest.raises(TypeError, match="string"):
        model.tokens(3)


def test_the_usual_model_is_as_large_as_it_says() -> None:
    usual = WordsAndImages()
    assert (usual.codebook_size, len(usual.words), len(usual.vocabulary)) == (128, 17, 148)
    assert usual.transformer.length == LENGTH == 54
    assert sum(weight.numel() for weight in usual.parameters()) == pytest.approx(481_000, rel=0.001)


# The loss


def by_hand(model: WordsAndImages, tokens: list[int], places: range) -> float:
    """-log p of the tokens at `places`, each from a pass of its own over what comes before it."""
    with torch.no_grad():
        logs = [model.transformer(torch.tensor([tokens[:i]]))[0, -1].log_softmax(0)[tokens[i]] for i in places]
    return -float(sum(logs))


def test_the_loss_is_the_two_conditional_probabilities(model: WordsAndImages, monkeypatch) -> None:
    monkeypatch.setattr(words_and_images, "_pick", lambda choices: choices[0])
    digit, style, *codes = example()
    t, end = model.token, model.token["<end>"]
    words = [t["a"], t[STYLES[style]], t[DIGITS[digit]]]
    to_draw, to_read = [t["<words>"], *words, t["<image>"], *codes], [t["<image>"], *codes, t["<words>"], *words]
    assert len(to_draw) == len(to_read) == LENGTH
    loss = model.loss(torch.tensor([example()]))
    image, said = by_hand(model, to_draw, range(5, 54)), by_hand(model, to_read, range(51, 54))
    assert loss.image.item() == pytest.approx(image, rel=1e-5)
    assert loss.words.item() == pytest.approx(said, rel=1e-5)
    assert loss.total.item() == pytest.approx(image + 8 * said, rel=1e-5)
    plain = model.loss(torch.tensor([[digit, 0, *codes]])).words.item()
    to_read[-3:] = [t["a"], t[DIGITS[digit]], end]
    assert plain == pytest.approx(by_hand(model, to_read, range(51, 54)), rel=1e-5)


def test_what_is_asked_for_may_be_worded_unlike_what_is_read(model: WordsAndImages, monkeypatch) -> None:
    monkeypatch.setattr(words_and_images, "_pick", lambda choices: choices[-1])  # the last sum
    _, _, *codes = example()
    t = model.token
    asked, said = [t["three"], t["plus"], t["zero"]], [t["a"], t["three"], t["<end>"]]
    loss = model.loss(torch.tensor([[3, 0, *codes]]))
    image = by_hand(model, [t["<words>"], *asked, t["<image>"], *codes], range(5, 54))
    words = by_hand(model, [t["<image>"], *codes, t["<words>"], *said], range(51, 54))
    assert (loss.image.item(), loss.words.item()) == pytest.approx((image, words), rel=1e-5)


def test_the_loss_of_a_batch_is_the_mean(model: WordsAndImages, monkeypatch) -> None:
    monkeypatch.setattr(words_and_images, "_pick", lambda choices: choices[-1])
    rows = torch.tensor([example(3, 1), example(8, 0), example(0, 4)])
    each = torch.stack([model.loss(row[None]).total for row in rows])
    torch.testing.assert_close(model.loss(rows).total, each.mean())


def test_it_learns_two_images_by_heart_and_says_which_is_which(model: WordsAndImages) -> None:
    codes = torch.stack([torch.zeros(CODES), torch.ones(CODES)]).long()
    rows = torch.cat([torch.tensor([[3, 0], [8, 2]]), codes], 1).repeat(50, 1)
    training.fit(model, rows, epochs=8, batch_size=20, learning_rate=2e-2, background=True)
    assert model.read(codes.view(2, 7, 7)) == ["a three", "a thin eight"]
    drawn = model.draw(["three", "a thin eight"], n=3, temperature=0.3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(drawn.flatten(1), codes.repeat_interleave(3, 0))


def test_the_share_of_sums(model: WordsAndImages) -> None:
    torch.manual_seed(0)
    assert all("plus" in words_and_images._wording(3, None, 1.0) for _ in range(20))
    assert not any("plus" in words_and_images._wording(3, None, 0.0) for _ in range(20))
    assert words_and_images._wording(3, "thin", 1.0) in ("a thin three", "thin three")


# Drawing and reading


def test_drawing_with_a_cache_equals_drawing_without(model: WordsAndImages) -> None:
    texts = ["a thick three", "eight", "two plus four"]
    drawn = model.draw(texts, n=2, generator=torch.Generator().manual_seed(3))
    assert drawn.shape == (6, 7, 7)
    generator = torch.Generator().manual_seed(3)
    tokens = torch.tensor([[model.token["<words>"], *model._slot(t), model.token["<image>"]] for t in texts])
    tokens = tokens.repeat_interleave(2, 0)
    for _ in range(CODES):
        with torch.no_grad():
            shares = model.transformer(tokens)[:, -1, :K].softmax(1)
        tokens = torch.cat([tokens, torch.multinomial(shares, 1, generator=generator)], 1)
    assert torch.equal(drawn.flatten(1), tokens[:, 5:])


@pytest.mark.parametrize("guidance", [0.5, 2.0, 3.0])
def test_guidance_moves_the_logits_away_from_those_without_words(model: WordsAndImages, guidance: float) -> None:
    drawn = model.draw("a thick three", temperature=1e-5, guidance=guidance)
    given, none = model.prompt("a thick three"), model.prompt(None)
    for place in range(CODES):
        with torch.no_grad():
            with_words, without = model.transformer(torch.cat([given, none]))[:, -1, :K]
        code = (without + guidance * (with_words - without)).argmax().view(1, 1)
        assert drawn.flatten(1)[0, place] == code
        given, none = torch.cat([given, code], 1), torch.cat([none, code], 1)
    assert drawn.shape == (1, 7, 7)  # one drawing, where no number is given


def test_the_likeliest_word_is_neither_a_code_nor_a_mark_but_the_end(model: WordsAndImages) -> None:
    logits = torch.zeros(2, len(model.vocabulary))
    for name, logit in (("<words>", 8.0), ("<image>", 9.0), ("three", 5.0), ("<end>", 4.0)):
        logits[:, model.token[name]] = logit
    logits[:, 0] = 10.0
    logits[1, model.token["three"]] = 3.0
    before = logits.clone()
    assert model._likeliest_word(logits).tolist() == [[model.token["three"]], [model.token["<end>"]]]
    assert torch.equal(logits, before)


def test_nothing_that_is_drawn_or_read_keeps_a_graph(model: WordsAndImages, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, tries = set(), []
    model.transformer.blocks[0].register_forward_hook(lambda *_: seen.add(torch.is_grad_enabled()))
    draw = model.draw
    monkeypatch.setattr(model, "draw", lambda texts, n, *given: tries.append(n) or draw(texts, n, *given))
    model.read(model.draw_best("a three"))
    assert seen == {False}
    assert tries == [8]

    def encode(x: Tensor) -> Tensor:
        seen.add(torch.is_grad_enabled())
        return torch.zeros(len(x), 7, 7, dtype=torch.int64)

    words_and_images.examples(digits(2), torch.tensor([3, 4]), SimpleNamespace(encode=encode))
    assert seen == {False}


def test_only_a_subclass_knows_what_a_text_is_in_tokens() -> None:
    base = words_and_images.WordsAndCodes(["a"], 1, (1, 1), {"width": 4, "depth": 1, "heads": 1}, 2)
    with pytest.raises(NotImplementedError):
        base.tokens("a")


def test_only_codes_are_drawn_and_only_words_are_said(model: WordsAndImages) -> None:
    with torch.no_grad():
        model.transformer.head.weight[K:] *= 50  # words and marks now look far more likely than codes
        drawn = model.draw("a three", 20, generator=torch.Generator().manual_seed(0))
        assert drawn.max() < K
        model.transformer.head.weight[:K] *= 5000
        said = model.read(drawn)
    assert all(word in words_and_images.WORDS for text in said for word in text.split())


def test_a_low_temperature_draws_the_likeliest_codes(model: WordsAndImages) -> None:
    drawings = [model.draw("a three", 4, 1e-4, torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    assert torch.equal(*drawings)


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf")])
def test_a_temperature_that_is_none(model: WordsAndImages, temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature"):
        model.draw("a three", temperature=temperature)


@pytest.mark.parametrize(
    ("codes", "words"), [(torch.full((1, 7, 7), K), r"0 \.\. 4"), (torch.zeros(1, 49, dtype=torch.int64), "7, 7")]
)
def test_codes_that_are_none(model: WordsAndImages, codes: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.read(codes)


# Styles and examples


def digits(n: int = 40) -> Tensor:
    """Images with one upright stroke each, 3 pixels wide, 16 high."""
    x = torch.zeros(n, 1, 28, 28)
    x[:, :, 6:22, 12:15] = 1
    return x


def test_styles_by_hand_on_a_stroke() -> None:
    x = digits(1)
    assert styles.ink(x).item() == 48
    assert styles.ink(styles.thick(x)).item() == 18 * 5
    assert styles.ink(styles.thin(x)).item() == pytest.approx(2 * 15, abs=3)
    assert styles.slant(x).item() == pytest.approx(0, abs=1e-5)
    assert styles.slant(styles.leaning(x)).item() == pytest.approx(styles.SHEAR, abs=0.05)
    assert (styles.size(x) / styles.size(styles.small(x))).item() == pytest.approx(styles.SHRINK, rel=0.05)


@pytest.mark.parametrize("style", [style for style in STYLES if style])
def test_a_style_keeps_images_images_and_shows(style: str) -> None:
    x = digits() * torch.linspace(0.6, 1, 40).view(-1, 1, 1, 1)
    styled = styles.apply(style, x)
    assert styled.shape == x.shape
    assert 0 <= styled.min() <= styled.max() <= 1
    assert styles.shows(style, styled, x, styled).float().mean() > 0.7
    assert styles.shows(style, x, x, styled).float().mean() < 0.3


def test_no_style_and_an_unknown_one() -> None:
    assert torch.equal(styles.apply(None, digits()), digits())
    with pytest.raises(ValueError, match="thick"):
        styles.apply("thik", digits())


def test_white_paper_has_numbers_too() -> None:
    x = torch.zeros(1, 1, 28, 28)
    assert all(measure(x).isfinite().all() for measure in (styles.ink, styles.slant, styles.size))


def test_examples_hold_digit_style_and_codes() -> None:
    tokenizer = SimpleNamespace(encode=lambda x: x.flatten(1).sum(1).long().view(-1, 1, 1).expand(-1, 7, 7))
    x, y = digits(16), torch.arange(16) % 10
    rows = words_and_images.training_examples(x, y, tokenizer)
    assert rows.shape == (24, 51)
    assert rows[:, 1].bincount().tolist() == [16, 2, 2, 2, 2]
    assert torch.equal(rows[:16, 0], y)
    assert rows[16:, 0].tolist() == [0, 8, 1, 9, 2, 0, 3, 1]  # thick: the first and the ninth image, and so on
    assert rows[16, 2:].tolist() == [90] * 49


# The shipped weights


def test_the_shipped_model_reads_test_digits(shipped: WordsAndImages) -> None:
    from vqedu import data

    x, y = data.load("mnist").test
    vqvae: models.VQVAE = pretrained.load("vqvae-mnist")
    with torch.no_grad():
        said = shipped.read(vqvae.encode(x[5000:5500]))
    assert sum(text.split()[-1] == DIGITS[label] for text, label in zip(said, y[5000:5500], strict=True)) >= 475


def test_a_judge_sees_what_was_asked_for(shipped: WordsAndImages) -> None:
    vqvae, judge = pretrained.load("vqvae-mnist"), pretrained.load("classifier-mnist")
    drawn = shipped.draw([caption(digit) for digit in range(10)], 20, 0.6, torch.Generator().manual_seed(0))
    with torch.no_grad():
        seen = judge.predict(torch.sigmoid(vqvae.decode(drawn)))
    assert (seen == torch.arange(10).repeat_interleave(20)).float().mean() >= 0.88
