"""Words as whole numbers: frequent words whole, rare ones letter by letter."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Sequence

END = " "  # ends a word: "cook " is a whole word or the end of one, "c" is a letter before others
MARKS = re.compile(r"[,:;.!?()\"“”]")


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation: "Cook, dark skin" -> ["cook", "dark", "skin"].

    Raises TypeError for no string, ValueError if there is no word in it.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string such as 'woman cook, dark skin', got {text!r} ({type(text).__name__}).")
    found = MARKS.sub(" ", text.lower()).split()
    if not found:
        raise ValueError(f"text must hold at least one word, such as 'woman cook, dark skin', got {text!r}.")
    return found


def vocabulary(texts: Iterable[str], least: int = 2) -> tuple[str, ...]:
    """Return the pieces that texts are written in: words that `least` different texts hold, then all letters.

    Each letter comes twice, within a word and as its end: "k" and "k ".
    """
    counts = collections.Counter(word for text in set(texts) for word in set(words(text)))
    frequent = sorted(word for word, count in counts.items() if count >= least and len(word) > 1)
    letters = sorted({letter for word in counts for letter in word})
    return (*(word + END for word in frequent), *letters, *(letter + END for letter in letters))


def pieces(text: str, vocabulary: Sequence[str]) -> list[str]:
    """Return a text as pieces of the vocabulary, taking the longest that fits each time.

    "woman farrier" -> ["woman ", "f", "a", "r", "r", "i", "e", "r "], where "farrier" is rare.
    Raises ValueError for a letter that is not in the vocabulary.
    """
    known = set(vocabulary)
    longest = max(map(len, known))
    found = []
    for word in words(text):
        rest = word + END
        while rest:
            fits = (rest[:n] for n in range(min(longest, len(rest)), 0, -1) if rest[:n] in known)
            piece = next(fits, None)
            if piece is None:
                raise ValueError(f"The letter {rest[0]!r} of {word!r} is not in the vocabulary, so it has no token.")
            found.append(piece)
            rest = rest[len(piece) :]
    return found


def text(pieces: Iterable[str]) -> str:
    """Return the text that pieces stand for: ["woman ", "c", "o", "o", "k "] -> "woman cook"."""
    return "".join(pieces).strip()
