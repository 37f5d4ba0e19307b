"""Writes the rows that a text still needs: `python -m tests.notebooks.draft 08_prior_over_codes README.md`.

A row says `near` or `here` where the section or the notebook has the number, and `?` where an expression is to be
found.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from tests.notebooks import prose, ties
from tests.notebooks.prose import Passage


def draft(document: str) -> Iterator[str]:
    """The place of each passage that needs rows, then its rows."""
    whole = ties.whole(document) if document in prose.names() else ()
    for passage in prose.passages(document):
        found = [
            row(passage, number, whole)
            for number in passage.numbers()
            if not ties.is_covered(passage, number, document)
        ]
        yield from [f"# {passage.place}", *dict.fromkeys(found)] if found else []


def row(passage: Passage, number: re.Match[str], whole: tuple[str, ...]) -> str:
    """The number with up to three words on each side, and where it is computed."""
    percent = prose.is_percent(passage.text, number)
    near, here = (Passage("", "", values).finds(number[0], percent) for values in (passage.near, whole))
    before = re.search(r"(?:\S+[ ]){0,3}\S*$", passage.text[: number.start()])
    after = re.match(r"\S*(?:[ ]\S+){0,3}", passage.text[number.end() :])
    fragment = (before[0] if before else "") + number[0] + (after[0] if after else "")
    return fragment.strip(" .,;:()*") + ties.ARROW + ("near" if near else "here" if here else "?")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print("\n".join(draft(name)))
