"""Names and color pictures in one sequence: the transformer of words and images, with an open vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vqedu import validate
from vqedu.data import tokenizer
from vqedu.models.words_and_images import WordsAndCodes, WordsAndImagesLoss


class NamesAndImages(WordsAndCodes):
    """p(codes | name) and p(name | codes) of pictures with names such as "woman firefighter, dark skin".

    A name is written in `pieces` (see `data.tokenizer`): frequent words whole, rare ones letter by letter. It has
    `places` places, empty ones are <end>, and a longer name is cut. In training a request loses its name with
    probability `name_dropout`, which `draw` needs for its guidance. Worked shape: K = 512, 600 pieces, 16 places and
    8 x 8 codes: 1,115 tokens, sequences of 82.

    Source: as WordsAndImages; the dropped names are Ho and Salimans' (2022) classifier-free guidance.
    Raises TypeError or ValueError for a size below 1 or a share outside [0, 1).
    """

    def __init__(
        self,
        codebook_size: int,
        pieces: Sequence[str],
        places: int = 16,
        code_map_shape: Sequence[int] = (8, 8),
        *,
        width: int = 128,
        depth: int = 4,
        heads: int = 4,
        dropout: float = 0.1,
        name_dropout: float = 0.1,
        word_weight: float = 4.0,
    ) -> None:
        sizes = {"width": width, "depth": depth, "heads": heads, "dropout": dropout}
        height, across = (validate.positive_int(side, "a side of the code map") for side in code_map_shape)
        codes = validate.positive_int(codebook_size, "codebook_size")
        super().__init__(pieces, validate.positive_int(places, "places"), (height, across), sizes, codes)
        self.pieces = self.words
        self.width, self.depth, self.heads, self.dropout = width, depth, heads, dropout
        self.name_dropout = validate.fraction(name_dropout, "name_dropout")
        self.word_weight = validate.at_least_zero(word_weight, "word_weight")

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a name, at most `places`.

        Raises TypeError for no string, ValueError for no word or a letter that has no token.
        """
        return [self.token[piece] for piece in tokenizer.pieces(text, self.pieces)][: self.places]

    def loss(self, rows: Tensor) -> WordsAndImagesLoss:
        """Return the loss on rows of `examples`, (N, places + codes), each both drawn and read."""
        said, codes = rows[:, : self.places], rows[:, self.places :]
        asked = said
        if self.training and self.name_dropout:
            dropped = torch.rand(len(rows), 1, device=rows.device) < self.name_dropout
            asked = said.masked_fill(dropped, self.token["<end>"])
        return self.nats(asked, said, codes, self.word_weight)

    def examples(self, names: Sequence[str], indices: Tensor) -> Tensor:
        """Return one row for each picture: the tokens of its name, then its codes: (N, places + codes) int64."""
        slots = torch.tensor([self._slot(name) for name in names])
        return torch.cat([slots, indices.flatten(1).cpu()], 1)

    def _joined(self, words: list[str]) -> str:
        return tokenizer.text(words)
