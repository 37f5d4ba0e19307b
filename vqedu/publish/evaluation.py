"""What a card says of a model: measured on all test images, with seed 0, rounded to five digits."""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vqedu import data, losses, metrics, models, pretrained
from vqedu.data import styles, tokenizer
from vqedu.models import causal_vae, words_and_images

DRAWING = {"temperature": 0.7, "guidance": 2.0}  # how the names-and-images model is asked to draw
CHOOSING = {"tries": 8, "temperature": 1.0, "guidance": 2.0}  # more varied drawings leave it more to choose from
PARTS = ("role", "person", "tone")


@torch.no_grad()
def evaluate(model: Any, test: data.Split, likelihood_samples: Sequence[int] = ()) -> dict[str, float]:
    """Return the numbers of a card for a model that decodes images.

    `test_squared_error` is per pixel; `test_total_nats`, `test_reconstruction_nats` and `test_kl_nats` are per image.
    For a VQ-VAE also the share of the codebook in use and its perplexity over the test images, and `test_commitment`,
    the squared distance of z_e to its codes, summed over one image. `log_p_k` is the estimate with k samples an image
    on images that were binarized once, each pixel 1 with its gray level as probability.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if isinstance(model, models.VQVAE):
            terms = _codes(model, test)
        else:
            terms = {f"test_{name}_nats": value.item() for name, value in model.loss(test.x)._asdict().items()}
        x_hat = torch.sigmoid(model(test.x).logits)
        terms["test_squared_error"] = (x_hat - test.x).square().mean().item()
        binary = torch.bernoulli(test.x)
        for k in likelihood_samples:
            terms[f"log_p_{k}"] = metrics.log_likelihood(model, binary, k).mean().item()
    return rounded(terms)


@torch.no_grad()
def evaluate_causal_vae(model: Any, x: Tensor) -> dict[str, float]:
    """Return the two terms of a CausalVAE's bound on small images x (N, 14, 14), and their sum, in nats per image.

    `test_swapped_nats`: the reconstruction term with the code of the next image in place of the image's own.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        logits, mu, logvar, z = model(x)
        kl = losses.kl_to_standard_normal(mu, logvar).mean().item()
        own = causal_vae.pixel_losses(logits, x).mean().item()
        other = causal_vae.pixel_losses(model.decode(z.roll(1, 0), x), x).mean().item()
    names = ("test_total_nats", "test_kl_nats", "test_reconstruction_nats", "test_swapped_nats")
    return rounded(dict(zip(names, (own + kl, kl, own, other), strict=True)))


@torch.no_grad()
def evaluate_classifier(model: Any, test: data.Split) -> dict[str, float]:
    """Return the share of test images whose class a DigitClassifier finds."""
    right = torch.cat([model.predict(part) for part in test.x.split(1000)]) == test.y
    return rounded({"test_accuracy": right.float().mean().item()})


@torch.no_grad()
def evaluate_prior(model: Any, rows: Tensor, tokenizer: Any, samples_a_class: int = 100) -> dict[str, float]:
    """Return the bits per code of a CodePrior on labeled code maps `rows` (N, 1 + length), without and with the label.

    `test_bits_per_code_summed`: of p(indices) = mean over the classes of p(indices | class), without the label.
    `class_agreement`: the share of samples, temperature 1, to whose image `classifier-mnist` gives the asked class;
    `class_agreement_guided`: the same with guidance 2.
    """
    unlabelled = torch.stack([model.loss(part).bits_per_code for part in rows[:, 1:].split(1000)]).mean()
    labelled = torch.stack([model.loss(part).bits_per_code for part in rows.split(1000)]).mean()
    summed = torch.cat([summed_over_classes(model, part) for part in rows[:, 1:].split(1000)])
    asked = torch.arange(model.num_classes).repeat(samples_a_class)
    judge: Any = pretrained.load("classifier-mnist")

    def agreement(guidance: float) -> float:
        generator = torch.Generator().manual_seed(0)
        samples = model.sample(len(asked), generator=generator, labels=asked, guidance=guidance)
        images = torch.sigmoid(tokenizer.decode(samples.view(-1, 7, 7)))
        return (judge.predict(images) == asked).float().mean().item()

    return rounded(
        {
            "test_bits_per_code": unlabelled.item(),
            "test_bits_per_code_summed": -summed.mean().item() / (model.length * math.log(2)),
            "test_bits_per_code_given_class": labelled.item(),
            "class_agreement": agreement(1.0),
            "class_agreement_guided": agreement(2.0),
        }
    )


def summed_over_classes(model: Any, indices: Tensor) -> Tensor:
    """Return log sum_c p(c) p(indices | c), all classes equally likely: (N, length) -> (N,) nats."""
    given = torch.stack([model.log_prob(indices, label) for label in range(model.num_classes)])
    return given.logsumexp(0) - math.log(model.num_classes)


@torch.no_grad()
def evaluate_words_and_images(model: Any, test: data.Split, tokenizer: Any) -> dict[str, float]:
    """Return how well a WordsAndImages reads all test images, and draws what it is asked for, at temperature 1 or 0.6.

    `test_reading`: share of plain images whose digit it says; `test_captions`: of 1,000 images in each of the four
    styles, those whose caption it says word for word. By `classifier-mnist`: `drawing_agreement` of 100 drawings a
    digit, `sum_agreement` of 20 a sum. `style_agreement`: of 25 drawings a digit and style, those where it shows.
    """
    digits = [text.split()[-1] for part in test.x.split(1000) for text in model.read(tokenizer.encode(part))]
    read = [said == words_and_images.DIGITS[y] for said, y in zip(digits, test.y.tolist(), strict=True)]
    judge: Any = pretrained.load("classifier-mnist")
    generator = torch.Generator().manual_seed(0)
    sums = [(a, b) for a in range(10) for b in range(10 - a)]
    names = words_and_images.DIGITS

    def agreement(texts: list[str], right: list[int], n: int, temperature: float = 1.0) -> float:
        seen = _seen(judge, tokenizer, model.draw(texts, n, temperature, generator))
        return (seen == torch.tensor(right).repeat_interleave(n)).float().mean().item()

    captions = [words_and_images.caption(digit) for digit in range(10)]
    return rounded(
        {
            "test_reading": sum(read) / len(read),
            "test_captions": _captions(model, test, tokenizer),
            "drawing_agreement": agreement(captions, list(range(10)), 100),
            "drawing_agreement_at_0.6": agreement(captions, list(range(10)), 100, 0.6),
            "sum_agreement": agreement([f"{names[a]} plus {names[b]}" for a, b in sums], [a + b for a, b in sums], 20),
            "style_agreement": _styles(model, test, tokenizer, generator),
        }
    )


@torch.no_grad()
def evaluate_emoji(model: Any, emoji: data.Emoji) -> dict[str, float]:
    """Return what a VQVAE reaches on emoji: `unseen_squared_error` per channel of a pixel on the pictures unlike all of
    training, `train_squared_error`, and the share of the codes in use and their perplexity, both on the training set.
    """
    unseen, train = (metrics.reached(model, emoji.part(split).x) for split in ("unseen picture", "train"))
    return rounded(
        {
            "unseen_squared_error": unseen.squared_error,
            "train_squared_error": train.squared_error,
            "code_usage": metrics.code_usage(train.indices, model.codebook_size).item(),
            "perplexity": metrics.perplexity(train.indices, model.codebook_size).item(),
        }
    )


@torch.no_grad()
def judged(judge: Any, x: Tensor, people: data.Emoji, n: int = 1) -> dict[str, float]:
    """Return the shares of pictures in which a PeopleJudge sees the role, the person and the tone of `people`, and all.

    x (N * n, 3, 32, 32): n pictures for each of the N people, side by side.
    """
    seen = [torch.cat(parts) for parts in zip(*(judge.predict(part) for part in x.split(500)), strict=True)]
    asked = judge.numbers(people.roles, people.people, people.tones)
    right = torch.stack([a == b.repeat_interleave(n) for a, b in zip(seen, asked, strict=True)]).float()
    names = (*PARTS, "all")
    return dict(zip(names, [*right.mean(1).tolist(), right.prod(0).mean().item()], strict=True))


@torch.no_grad()
def evaluate_judge(model: Any, emoji: data.Emoji, vqvae: Any) -> dict[str, float]:
    """Return how often a PeopleJudge is right about real pictures of combinations that it has not seen.

    `judge_again_all`: all three parts, of the reconstructions of these pictures by the VQVAE. No drawing of the same
    codes can be expected to do better.
    """
    people = emoji.part("unseen combination")
    again = judged(model, torch.sigmoid(vqvae(people.x).logits), people)
    shares = {f"judge_{name}": share for name, share in judged(model, people.x, people).items()}
    return rounded({**shares, "judge_again_all": again["all"]})


@torch.no_grad()
def evaluate_names(model: Any, emoji: data.Emoji, vqvae: Any, judge: Any, n: int = 4) -> dict[str, float]:
    """Return how well a NamesAndImages draws and reads, at the temperature and guidance of DRAWING.

    `drawn_role`, `drawn_person`, `drawn_tone`, `drawn_all`: of n drawings of each unseen combination, the shares in
    which the judge sees what was asked for; `drawn_seen_...`: the same of combinations in training, every sixth;
    `best_...`: of unseen combinations, that drawing of CHOOSING which the model itself reads best.
    `read_...`: the share of pictures named word for word, and the mean F1 of the words, on both kinds of unseen
    pictures and on seen ones.
    """
    train, unseen, combination = (emoji.part(split) for split in data.emoji.SPLITS)
    known = train.take([i for i, role in enumerate(train.roles) if role][::6])
    terms: dict[str, float] = {}
    for prefix, people in (("drawn", combination), ("drawn_seen", known)):
        generator = torch.Generator().manual_seed(0)
        codes = model.draw(people.sentences, n, generator=generator, **DRAWING)
        pictures = torch.cat([torch.sigmoid(vqvae.decode(part)) for part in codes.split(400)])
        terms |= {f"{prefix}_{name}": share for name, share in judged(judge, pictures, people, n).items()}
    codes = model.draw_best(combination.sentences, generator=torch.Generator().manual_seed(0), **CHOOSING)
    best = judged(judge, torch.sigmoid(vqvae.decode(codes)), combination)
    terms |= {f"best_{name}": share for name, share in best.items()}
    some = train.take(list(range(0, len(train.names), 8)))
    for name, part in (("combinations", combination), ("pictures", unseen), ("seen", some)):
        scores = [
            reading_score(said, right) for said, right in zip(_read(model, vqvae, part.x), part.sentences, strict=True)
        ]
        exact, f1 = (sum(column) / len(scores) for column in zip(*scores, strict=True))
        terms |= {f"read_{name}_exact": exact, f"read_{name}_f1": f1}
    return rounded(terms)


def reading_score(said: str, right: str) -> tuple[float, float]:
    """Return whether a name was read word for word, 0 or 1, and the F1 of its words: 2 common / (said + right)."""
    a, b = (
        collections.Counter(tokenizer.words(text)) if text.strip() else collections.Counter() for text in (said, right)
    )
    return float(" ".join(tokenizer.words(right)) == said), 2 * (a & b).total() / (a.total() + b.total())


def _read(model: Any, vqvae: Any, x: Tensor) -> list[str]:
    return [said for part in x.split(200) for said in model.read(vqvae.encode(part))]


def _seen(judge: Any, tokenizer: Any, codes: Tensor) -> Tensor:
    """Return the class that the judge sees in each decoded code map."""
    return torch.cat([judge.predict(torch.sigmoid(tokenizer.decode(part))) for part in codes.split(1000)])


def _captions(model: Any, test: data.Split, tokenizer: Any, each: int = 1000) -> float:
    right = []
    for style in styles.STYLES:
        said = model.read(tokenizer.encode(styles.apply(style, test.x[:each])))
        wanted = [words_and_images.caption(y, style) for y in test.y[:each].tolist()]
        right += [a == b for a, b in zip(said, wanted, strict=True)]
    return sum(right) / len(right)


def _styles(model: Any, test: data.Split, tokenizer: Any, generator: torch.Generator, n: int = 25) -> float:
    shares = []
    for style in styles.STYLES:
        for digit in range(10):
            codes = model.draw(words_and_images.caption(digit, style), n, generator=generator)
            real = test.x[test.y == digit][:300]
            shown = styles.shows(style, torch.sigmoid(tokenizer.decode(codes)), real, styles.apply(style, real))
            shares.append(shown.float().mean())
    return torch.stack(shares).mean().item()


def rounded(terms: dict[str, float]) -> dict[str, float]:
    """Return the numbers with five digits each."""
    return {name: float(f"{value:.5g}") for name, value in terms.items()}


def _codes(model: models.VQVAE, test: data.Split) -> dict[str, float]:
    found = metrics.reached(model, test.x)
    return {
        "test_reconstruction_nats": found.reconstruction,
        "test_commitment": found.commitment,
        "code_usage": metrics.code_usage(found.indices, model.codebook_size).item(),
        "perplexity": metrics.perplexity(found.indices, model.codebook_size).item(),
    }
