"""One transformer, one vocabulary of words and image codes: it draws what is written and says what is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import joint, validate
from vqedu.data import styles
from vqedu.models.transformer import Transformer, generate

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = ("a", "an", *DIGITS, *styles.STYLES, "plus")
MARKS = ("<words>", "<image>", "<end>")
STYLES = (None, *styles.STYLES)  # a style's number in `examples` is its place here
MAX_WORDS = 3
WORD_WEIGHT = 8.0  # in the loss: three words would weigh little beside 49 codes
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
    """`total` = `image` + WORD_WEIGHT * `words`.

    `image`: -log p(image | words), `words`: -log p(words | image), nats averaged over the batch.
    """

    total: Tensor
    image: Tensor
    words: Tensor


class WordsAndCodes(nn.Module):
    """p(t_1, t_2, ...) = product of p(t_i | t_1 .. t_i-1), whatever the tokens stand for. Two orders are taught:

    drawing  <words> w_1 ... w_M <image> c_1 ... c_P      the image given the words
    reading  <image> c_1 ... c_P <words> w_1 ... w_M      the words given the image

    The vocabulary: the K codes of a VQ-VAE are tokens 0 .. K - 1, then come the words and 3 marks. M places are kept
    for words, and those that stay empty are <end>. What a text is in tokens, and back, is for a subclass to say.
    """

    codebook_size: int

    def __init__(
        self, words: Sequence[str], places: int, code_map: tuple[int, int], transformer: dict[str, Any], codes: int
    ) -> None:
        super().__init__()
        self.codebook_size, self.words, self.places = codes, tuple(words), places
        self.code_map_shape = code_map
        self.codes = code_map[0] * code_map[1]  # of an image, row by row
        self.vocabulary = (*range(codes), *self.words, *MARKS)
        self.token = {name: codes + i for i, name in enumerate((*self.words, *MARKS))}
        self.transformer = Transformer(len(self.vocabulary), 1 + self.codes + 1 + places, **transformer)

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of words, at most `places` of them."""
        raise NotImplementedError

    def nats(self, asked: Tensor, said: Tensor, codes: Tensor, word_weight: float) -> WordsAndImagesLoss:
        """Return the loss of images `codes` (N, P) that are drawn from words `asked` and read as `said`, both (N, M).

        Only what comes after the second mark counts: the codes in one order, the words in the other.
        """
        before, after = (self._column([self.token[mark]], len(codes)) for mark in ("<words>", "<image>"))
        to_draw = torch.cat([before, asked, after, codes], 1)
        tokens = torch.cat([to_draw, torch.cat([after, codes, before, said], 1)])  # (2 N, 2 + M + P)
        drawing, reading = self.transformer.hidden(tokens[:, :-1]).chunk(2)  # each (N, 1 + M + P, width)
        image = self._nats(drawing[:, -self.codes :], codes)
        words = self._nats(reading[:, -self.places :], said)
        return WordsAndImagesLoss(image + word_weight * words, image, words)

    def _nats(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """Return -log p of tokens (N, t), summed over each row and averaged over the rows."""
        logits = self.transformer.head(hidden)  # (N, t, width) -> (N, t, vocabulary)
        return F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum") / len(tokens)

    def _slot(self, text: str) -> list[int]:
        """Return the tokens of words, with <end> in the places that stay empty: always as many."""
        tokens = self.tokens(text)
        return tokens + [self.token["<end>"]] * (self.places - len(tokens))

    def draw(
        self,
        text: str | Sequence[str],
        n: int = 1,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        guidance: float = 1.0,
    ) -> Tensor:
        """Return the codes of n drawings of what each text asks for, those of one text side by side.

        One text or m of them -> int64 (m * n, 7, 7), or another code map, for the VQ-VAE to decode. Each code is drawn
        from softmax(logits / temperature) over the K codes. guidance g: the logits are none + g (words - none), with
        those given no words at all; see `CodePrior.sample`. It asks for a model that was taught without words too.
        Raises TypeError or ValueError for a text that the model cannot write, a temperature that is not above 0, an n
        below 1, guidance below 0.
        """
        validate.above_zero(temperature, "temperature")
        guided = validate.at_least_zero(guidance, "guidance") != 1
        texts = [text] if isinstance(text, str) else list(text)
        prompt = self._prompt([self._slot(each) for each in texts])  # (m, 2 + M)
        prompt = prompt.repeat_interleave(validate.positive_int(n, "n"), 0)
        if guided:
            prompt = torch.cat([prompt, self.prompt(None).expand_as(prompt)])

        def draw_code(logits: Tensor) -> Tensor:
            logits = logits[:, : self.codebook_size]  # words have no place in an image
            if guided:
                given, none = logits.chunk(2)
                logits = none + guidance * (given - none)
            shares = (logits / temperature).softmax(1)
            return torch.multinomial(shares, 1, generator=generator).repeat(1 + guided, 1)

        codes = generate(self.transformer, prompt, self.codes, draw_code, self.transformer.empty_cache(len(prompt)))
        return codes[: len(texts) * n].view(-1, *self.code_map_shape)

    def draw_best(
        self,
        text: str | Sequence[str],
        tries: int = 8,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        guidance: float = 1.0,
    ) -> Tensor:
        """Return, for each text, that one of `tries` drawings from which the model is likeliest to read the text.

        One text or m of them -> int64 (m, 7, 7), or another code map. The other arguments are those of `draw`.
        Source: reranking (Ramesh et al. 2021), where a network of its own, CLIP, is the reader.
        Raises TypeError or ValueError as `draw` does.
        """
        texts = [text] if isinstance(text, str) else list(text)
        codes = self.draw(texts, tries, temperature, generator, guidance)
        log_p = self.log_prob([each for each in texts for _ in range(tries)], codes)
        best = log_p.view(len(texts), tries).argmax(1)
        return codes.unflatten(0, (len(texts), tries))[torch.arange(len(texts)), best]

    def prompt(self, text: str | None) -> Tensor:
        """Return what a drawing of a text begins with, or of no text at all: (1, 2 + M) int64."""
        return self._prompt([[self.token["<end>"]] * self.places if text is None else self._slot(text)])

    def _prompt(self, slots: list[list[int]]) -> Tensor:
        """Return what a drawing begins with: m slots of words -> (m, 2 + M)."""
        before, after = self.token["<words>"], self.token["<image>"]
        return torch.tensor([[before, *slot, after] for slot in slots], device=self.transformer.positions.device)

    def read(self, indices: Tensor) -> list[str]:
        """Return what the model says of code maps (N, 7, 7): the likeliest word, and again, until it says <end>.

        Raises TypeError or ValueError for bad code maps.
        """
        checked = validate.code_map(indices, self.codebook_size, shape=self.code_map_shape)
        codes = checked.flatten(1)  # (N, 7, 7) -> (N, 49)
        n = len(codes)
        first, last = (self._column([self.token[mark]], n) for mark in ("<image>", "<words>"))
        prompt, cache = torch.cat([first, codes, last], 1), self.transformer.empty_cache(n)
        said = generate(self.transformer, prompt, self.places, self._likeliest_word, cache)
        return [self._text(row) for row in said.tolist()]

    @torch.no_grad()
    def log_prob(self, texts: Sequence[str], indices: Tensor) -> Tensor:
        """Return log p(text | codes), in nats, of each text and the code map beside it: texts (N), (N, 7, 7) -> (N,).

        Raises TypeError or ValueError for bad code maps, a text that the model cannot write, or another number of them.
        """
        codes = validate.code_map(indices, self.codebook_size, shape=self.code_map_shape).flatten(1)
        if len(texts) != len(codes):
            raise ValueError(
                f"There must be one text for each code map, got {len(texts)} texts, {len(codes)} code maps."
            )
        said = torch.tensor([self._slot(text) for text in texts], device=codes.device)
        before, after = (self._column([self.token[mark]], len(codes)) for mark in ("<image>", "<words>"))
        hidden = self.transformer.hidden(torch.cat([before, codes, after, said], 1)[:, :-1])
        log_p = self.transformer.head(hidden[:, -self.places :]).log_softmax(2)  # (N, M, vocabulary)
        return log_p.gather(2, said[:, :, None]).sum((1, 2))

    def _likeliest_word(self, logits: Tensor) -> Tensor:
        """Return the likeliest token that is a word or <end>: (N, vocabulary) -> (N, 1)."""
        words = logits[:, self.codebook_size :].clone()
        words[:, len(self.words) : len(self.words) + 2] = -math.inf  # <words> and <image> have no place in a sentence
        return words.argmax(1, keepdim=True) + self.codebook_size

    def _text(self, tokens: Iterable[int]) -> str:
        """Return the words of tokens up to <end>."""
        words = [str(self.vocabulary[token]) for token in tokens]
        return self._joined(words[: words.index("<end>")] if "<end>" in words else words)

    def _joined(self, words: list[str]) -> str:
        return " ".join(words)

    def _column(self, tokens: list[int], n: int) -> Tensor:
        """Return the same tokens n times: (n, len(tokens))."""
        return torch.tensor(tokens, device=self.transformer.positions.device).expand(n, -1)


class WordsAndImages(WordsAndCodes):
    """The model of digits and four styles; three places are kept for words: "a three" is "a three <end>".

    drawing  <words> a thick three <image> c_1 ... c_49      the image given the words
    reading  <image> c_1 ... c_49 <words> a thick three      the words given the image

    Worked shape: K = 128 and 17 words: 148 tokens, sequences of 54, 481,000 weights.

    Source of the idea: Chameleon (Chameleon Team 2024), Emu3 (Wang et al. 2024), and DALL-E before them (Ramesh et al.
    2021), which taught one order. Ours are 10,000 times smaller, and know ten digits, four styles and 55 sums.
    Raises TypeError or ValueError for a size below 1.
    """

    def __init__(self, codebook_size: int = 128, width: int = 96, depth: int = 4, heads: int = 4) -> None:
        sizes = {"width": width, "depth": depth, "heads": heads}
        codes = validate.positive_int(codebook_size, "codebook_size")
        super().__init__(WORDS, MAX_WORDS, validate.CODE_MAP_SHAPE, sizes, codes)
        self.width, self.depth, self.heads = width, depth, heads

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

    def loss(self, rows: Tensor, sum_share: float | None = None) -> WordsAndImagesLoss:
        """Return the loss on rows of `examples`, each both drawn and read; the wording of a request is drawn anew.

        sum_share: how many of the plain digits are asked for as sums, from 0 to 1; None is a third.
        """
        listed = rows[:, :2].tolist()
        everyone = joint.gather(rows[:, :2]).tolist()  # several processes make the same draws, and each keeps its own
        asked = joint.part([self._slot(_wording(digit, STYLES[style], sum_share)) for digit, style in everyone])
        said = [self._slot(caption(digit, STYLES[style])) for digit, style in listed]
        slots = torch.tensor([asked, said], device=rows.device)  # (2, N, 3)
        return self.nats(slots[0], slots[1], rows[:, 2:], WORD_WEIGHT)


@torch.no_grad()
def examples(images: Tensor, digits: Tensor, vqvae: Any, style: str | None = None) -> Tensor:
    """Return one row for each image in a style: its digit, the style's number, 49 codes; (N, 51) int64.

    images (N, 1, 28, 28), digits (N,); `vqvae` has `encode`, as models.VQVAE.
    """
    codes = torch.cat([vqvae.encode(styles.apply(style, part)) for part in images.split(2000)]).flatten(1)
    return torch.cat([digits[:, None], torch.full_like(digits, STYLES.index(style))[:, None], codes], 1)


def training_examples(images: Tensor, digits: Tensor, vqvae: Any) -> Tensor:
    """Return what the model learns from: each image plain, half of them in a style too; (1.5 N, 51) int64.

    Of eight images that follow one another the first four come again, each in another style.
    """
    rows = [examples(images, digits, vqvae)]
    for number, style in enumerate(styles.STYLES):
        part = slice(number, None, 2 * len(styles.STYLES))
        rows.append(examples(images[part], digits[part], vqvae, style))
    return torch.cat(rows)


def _wording(digit: int, style: str | None, sum_share: float | None) -> str:
    """Return one way to ask for an image, drawn by torch's random numbers."""
    ways = requests(digit, style)
    if style is None and sum_share is not None:
        ways = ways[2:] if torch.rand((), device="cpu") < sum_share else ways[:2]
    return _pick(_pick(ways))


def _pick(choices: Sequence[T]) -> T:
    """Return one of the choices, each as likely as the others, by torch's random numbers."""
    return choices[int(torch.randint(len(choices), (), device="cpu"))]
