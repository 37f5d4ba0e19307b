"""One transformer, one vocabulary of words and image codes: it draws what is written and says what is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import styles, validate
from vqedu.transformer import Transformer

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = ("a", "an", *DIGITS, *styles.STYLES, "plus")
MARKS = ("<words>", "<image>", "<end>")
STYLES = (None, *styles.STYLES)  # a style's number in `examples` is its place here
CODES = 49  # of an image, row by row
MAX_WORDS = 3
LENGTH = 1 + CODES + 1 + MAX_WORDS  # of every sequence; missing words are <end>
T = TypeVar("T")


def caption(digit: int, style: str | None = None) -> str:
    """Return how the model is taught to name an image: (8, None) -> "an eight", (8, "thick") -> "a thick eight"."""
    noun = DIGITS[digit]
    return f"a {style} {noun}" if style else f"{'an' if noun == 'eight' else 'a'} {noun}"


def requests(digit: int, style: str | None = None) -> list[list[str]]:
    """Return the ways in which an image may be asked for: three lists of texts, each list as likely as the others.

    With the article, without it, and (for a plain digit) as a sum of two digits.
    """
    with_article = caption(digit, style)
    sums = [f"{DIGITS[a]} plus {DIGITS[digit - a]}" for a in range(digit + 1)]
    return [[with_article], [with_article.split(" ", 1)[1]], [with_article] if style else sums]


class WordsAndImagesLoss(NamedTuple):
    """-log p of a sequence, nats averaged over the batch: `total` = `words` + `image`, by what the tokens are."""

    total: Tensor
    words: Tensor
    image: Tensor


class WordsAndImages(nn.Module):
    """p(t_1, t_2, ...) = product of p(t_i | t_1 .. t_i-1), whatever the tokens stand for. Two orders are taught:

    drawing  <words> a thick three <image> c_1 ... c_49      the image given the words
    reading  <image> c_1 ... c_49 <words> a thick three      the words given the image

    Three places are kept for words; "a three" is "a three <end>". The vocabulary: the K codes of a VQ-VAE are tokens
    0 .. K - 1, then come 17 words and 3 marks. Worked shape: K = 128: 148 tokens, sequences of 54, 647,000 weights.

    Source of the idea: Chameleon (Chameleon Team 2024), Emu3 (Wang et al. 2024), and DALL-E before them (Ramesh et al.
    2021), which taught one order. Ours are 10,000 times smaller, and know ten digits, four styles and 55 sums.
    Raises TypeError or ValueError for a size below 1.
    """

    def __init__(self, codebook_size: int = 128, width: int = 112, depth: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.codebook_size = validate.positive_int(codebook_size, "codebook_size")
        self.width, self.depth, self.heads = width, depth, heads
        self.vocabulary = (*range(codebook_size), *WORDS, *MARKS)
        self.token = {name: codebook_size + i for i, name in enumerate((*WORDS, *MARKS))}
        self.transformer = Transformer(len(self.vocabulary), LENGTH, width, depth, heads)

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of words: "a thick three" -> [128, 140, 133] for K = 128. Upper case reads as lower case.

        Raises TypeError for no string, ValueError for an unknown word, no word, or more than three.
        """
        if not isinstance(text, str):
            raise TypeError(f"text must be a string such as 'a thick three', got {text!r} ({type(text).__name__}).")
        words = text.lower().split()
        if not 1 <= len(words) <= MAX_WORDS:
            raise ValueError(f"text must hold 1 to {MAX_WORDS} words, such as 'a thick three', got {text!r}.")
        return [self.token[validate.known_name(word, WORDS, "word")] for word in words]

    def loss(self, rows: Tensor) -> WordsAndImagesLoss:
        """Return -log p of one sequence for each row of `examples`, every second one for reading, its wording drawn."""
        sequences = torch.tensor([self._sequence(row, i % 2 == 1) for i, row in enumerate(rows.tolist())])
        sequences = sequences.to(rows.device)  # (N, 54)
        logits = self.transformer(sequences[:, :-1])  # (N, 53, vocabulary): for all tokens but the first mark
        nats = F.cross_entropy(logits.flatten(0, 1), sequences[:, 1:].flatten(), reduction="none").view(len(rows), -1)
        is_code = sequences[:, 1:] < self.codebook_size
        image, words = (nats * is_code).sum(1).mean(), (nats * ~is_code).sum(1).mean()
        return WordsAndImagesLoss(words + image, words, image)

    def _sequence(self, row: list[int], reads: bool) -> list[int]:
        """Return 54 tokens for one row of `examples`: the image, then its caption; or a request, then the image."""
        digit, style, *codes = row
        if reads:
            return [self.token["<image>"], *codes, self.token["<words>"], *self._slot(caption(digit, STYLES[style]))]
        wanted = _pick(_pick(requests(digit, STYLES[style])))
        return [self.token["<words>"], *self._slot(wanted), self.token["<image>"], *codes]

    def _slot(self, text: str) -> list[int]:
        """Return the tokens of words, with <end> in the places that stay empty: always three."""
        tokens = self.tokens(text)
        return tokens + [self.token["<end>"]] * (MAX_WORDS - len(tokens))

    @torch.no_grad()
    def draw(
        self,
        text: str,
        n: int = 1,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return the codes of n drawings of what `text` asks for: int64 (n, 7, 7), for the VQ-VAE to decode.

        Each code is drawn from softmax(logits / temperature) over the K codes. Raises ValueError for an unknown word, a
        temperature that is not above 0, an n below 1.
        """
        if not (math.isfinite(temperature) and temperature > 0):
            raise ValueError(f"temperature must be a finite number above 0, got {temperature}.")
        start = [self.token["<words>"], *self._slot(text), self.token["<image>"]]
        cache = self.transformer.empty_cache(validate.positive_int(n, "n"))
        logits = self.transformer(self._column(start, n), cache)[:, -1]
        codes: list[Tensor] = []
        while True:
            shares = (logits[:, : self.codebook_size] / temperature).softmax(1)  # words have no place in an image
            codes.append(torch.multinomial(shares, 1, generator=generator))  # (n, 1)
            if len(codes) == CODES:
                return torch.cat(codes, 1).view(n, 7, 7)
            logits = self.transformer(codes[-1], cache)[:, -1]

    @torch.no_grad()
    def read(self, indices: Tensor) -> list[str]:
        """Return what the model says of code maps (N, 7, 7): the likeliest word, and again, until it says <end>.

        Raises TypeError or ValueError for bad code maps.
        """
        codes = validate.code_map(indices, self.codebook_size).flatten(1)  # (N, 7, 7) -> (N, 49)
        n = len(codes)
        first, last = (self._column([self.token[mark]], n) for mark in ("<image>", "<words>"))
        cache = self.transformer.empty_cache(n)
        logits = self.transformer(torch.cat([first, codes, last], 1), cache)[:, -1]
        said = []
        for place in range(MAX_WORDS):
            said.append(self._likeliest_word(logits))
            if place < MAX_WORDS - 1:
                logits = self.transformer(said[-1], cache)[:, -1]
        return [self._text(row) for row in torch.cat(said, 1).tolist()]

    def _likeliest_word(self, logits: Tensor) -> Tensor:
        """Return the likeliest token that is a word or <end>: (N, vocabulary) -> (N, 1)."""
        words = logits[:, self.codebook_size :].clone()
        words[:, len(WORDS) : len(WORDS) + 2] = -math.inf  # <words> and <image> have no place in a sentence
        return words.argmax(1, keepdim=True) + self.codebook_size

    def _text(self, tokens: Iterable[int]) -> str:
        """Return the words of tokens up to <end>."""
        words = [str(self.vocabulary[token]) for token in tokens]
        return " ".join(words[: words.index("<end>")] if "<end>" in words else words)

    def _column(self, tokens: list[int], n: int) -> Tensor:
        """Return the same tokens n times: (n, len(tokens))."""
        return torch.tensor(tokens, device=self.transformer.positions.device).expand(n, -1)


def examples(images: Tensor, digits: Tensor, vqvae: Any) -> Tensor:
    """Return one row for each image in each of the five styles, plain first: digit, style's number, 49 codes.

    (N, 1, 28, 28), (N,) -> (5 N, 51) int64. `vqvae` has `encode`, as models.VQVAE.
    """
    rows = []
    with torch.no_grad():
        for number, style in enumerate(STYLES):
            for x, y in zip(images.split(2000), digits.split(2000), strict=True):
                codes = vqvae.encode(styles.apply(style, x)).flatten(1)  # (n, 7, 7) -> (n, 49)
                rows.append(torch.cat([y[:, None], torch.full_like(y, number)[:, None], codes], 1))
    return torch.cat(rows)


def _pick(choices: Sequence[T]) -> T:
    """Return one of the choices, each as likely as the others, by torch's random numbers."""
    return choices[int(torch.randint(len(choices), ()))]
