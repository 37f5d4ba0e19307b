"""A small wrong change to a file."""

from __future__ import annotations

from typing import NamedTuple

Span = tuple[int, int]


class Mutant(NamedTuple):
    """A changed file: `source` is its text; `before` and `after` are the lines that differ, `line` the first of them.

    scope: the function it is in, or "". span: the first and last line that a test must reach to see the change; None if
    every test may see it.
    """

    source: str
    line: int
    before: str
    after: str
    scope: str
    span: Span | None


def changed(data: bytes, place: Span, text: bytes, scope: str, span: Span | None = None) -> Mutant:
    """Return the file with `text` in the place of its bytes first .. last - 1."""
    first, last = place
    start, end = data.rfind(b"\n", 0, first) + 1, data.find(b"\n", last)
    before, after = data[start:end], data[start:first] + text + data[last:end]
    one_line = [" ".join(part.decode().split()) for part in (before, after)]
    return Mutant((data[:first] + text + data[last:]).decode(), data[:first].count(b"\n") + 1, *one_line, scope, span)
