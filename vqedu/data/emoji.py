"""3,786 color pictures and what they are called: Twemoji at 32 x 32 pixels, and the two ways of leaving some out."""

from __future__ import annotations

import csv
import hashlib
import io
from importlib import resources
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vqedu import validate

SHEET = resources.files("vqedu.data") / "emoji.webp"
TABLE = resources.files("vqedu.data") / "emoji.tsv"
SHA256 = {
    "emoji.webp": "467e01a6968848ddbe51ab15787bde3db683c5dadf44e35cf97b0b53670dee2e",
    "emoji.tsv": "927b4b281013200eb37624beab689a0cea768a65d1c4188f4583ba2a395268fd",
}
SIDE, COLUMNS = 32, 64  # of a picture in pixels, and of the sheet in pictures
PEOPLE = ("person", "woman", "man")
TONES = ("", "light skin", "medium-light skin", "medium skin", "medium-dark skin", "dark skin")
SPLITS = ("train", "unseen picture", "unseen combination")


class Emoji(NamedTuple):
    """Pictures `x`, float32 (N, 3, 32, 32) in [0, 1] on white, and for each of them the following texts.

    names: "woman firefighter", "banana"; tones: "dark skin", "" for none (then people are yellow), or for two people
    "light skin and dark skin"; categories and subcategories: Unicode's. For the 78 roles that come as three people in
    six tones also people ("woman", "man" or "person") and roles ("firefighter"); "" for all other pictures.
    splits: see `part`.
    """

    x: Tensor
    names: tuple[str, ...]
    tones: tuple[str, ...]
    categories: tuple[str, ...]
    subcategories: tuple[str, ...]
    people: tuple[str, ...]
    roles: tuple[str, ...]
    splits: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """The name of each picture with its tone: "woman firefighter, dark skin"."""
        return [f"{name}, {tone}" if tone else name for name, tone in zip(self.names, self.tones, strict=True)]

    def part(self, split: str) -> Emoji:
        """Return the pictures of one split: "train", "unseen picture" or "unseen combination".

        "unseen picture" (381): nothing like it is in training. Pictures that differ only in tone, gender or direction,
        or by a squared error per channel below 0.005, were kept on one side. "unseen combination" (200): of most roles
        one woman, one man and one person, each in another tone; the role, the person and the tone are all in
        training, but never these three together. Raises ValueError for another name.
        """
        validate.known_name(split, SPLITS, "split of the emoji")
        return self.take([i for i, own in enumerate(self.splits) if own == split])

    def take(self, places: list[int]) -> Emoji:
        """Return the pictures at these places, in this order."""
        rest = (tuple(texts[i] for i in places) for texts in self[1:])
        return Emoji(self.x[torch.tensor(places, dtype=torch.int64)], *rest)


def load() -> Emoji:
    """Return all emoji in Unicode's order. Raises OSError if a file of the package is missing or damaged."""
    rows = list(csv.DictReader(io.StringIO(_content("emoji.tsv").decode(), newline=""), delimiter="\t"))
    columns = ("name", "tone", "category", "subcategory", "person", "role", "split")
    return Emoji(_pictures(len(rows)), *(tuple(row[column] for row in rows) for column in columns))


def _pictures(n: int) -> Tensor:
    """Return the first n pictures of the sheet, row by row: float32 (n, 3, 32, 32)."""
    from PIL import Image

    sheet = np.asarray(Image.open(io.BytesIO(_content("emoji.webp"))).convert("RGB"))
    tiles = sheet.reshape(-1, SIDE, COLUMNS, SIDE, 3).transpose(0, 2, 4, 1, 3)  # (rows, 64, 3, 32, 32)
    x = np.divide(tiles.reshape(-1, 3, SIDE, SIDE)[:n], np.float32(255), dtype=np.float32, order="C")
    return torch.from_numpy(x)


def _content(name: str) -> bytes:
    try:
        content = {"emoji.webp": SHEET, "emoji.tsv": TABLE}[name].read_bytes()
        if name.endswith(".tsv"):
            content = content.replace(b"\r\n", b"\n")  # as git writes text on Windows
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise OSError(f"The file {name} of this vqedu is missing or damaged. Install vqedu again.")
    return content
