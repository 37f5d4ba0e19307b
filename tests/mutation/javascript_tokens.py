"""The tokens of a JavaScript file: enough of the language to tell an operator from a sign, and code from text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

OPERATORS = (
    ">>>= ... === !== **= <<= >>= >>> &&= ||= ??= => == != <= >= && || ?? ?. ++ -- += -= *= /= %= &= |= ^= ** << >>"
)
_SYMBOLS = "|".join(map(re.escape, [*OPERATORS.split(), *"{}()[];,<>+-*/%&|^!~?:=.#@"]))
TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"""|(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"|(?P<number>0[xX][\da-fA-F]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    rf"|(?P<name>[A-Za-z_$][\w$]*)|(?P<symbol>{_SYMBOLS})",
    re.DOTALL,
)
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/\w*")
KEYWORDS = "await break case const continue delete do else export for function if import in instanceof let new of"
KEYWORDS += " return throw typeof var void while yield"
CLOSING = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    """A piece of code: its kind (name, keyword, number, string or symbol), its text, and where the text begins."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def is_operand(self) -> bool:
        """Whether a value ends here, so that an operator, not a sign, comes next."""
        return self.kind in ("name", "number", "string") or self.text in (")", "]")


def tokens(source: str) -> list[Token]:
    """Return the tokens of a file, without comments. A template or a regular expression is one string."""
    found: list[Token] = []
    at = 0
    while at < len(source):
        kind, end = _next(source, at, found)
        if kind != "space":
            found.append(Token(kind, source[at:end], at))
        at = end
    return found


def _next(source: str, at: int, found: list[Token]) -> tuple[str, int]:
    """Return the kind of the token that begins here, and where it ends."""
    if source[at] == "`":
        return "string", _template_end(source, at + 1)
    token = TOKEN.match(source, at)
    if token is None or token.lastgroup is None:
        raise ValueError(f"No token of JavaScript: {source[at : at + 20]!r}")
    if token["symbol"] in ("/", "/=") and not (found and found[-1].is_operand):
        pattern = REGEX.match(source, at)
        assert pattern
        return "string", pattern.end()
    return "keyword" if token["name"] in KEYWORDS.split() else token.lastgroup, token.end()


def _template_end(source: str, at: int) -> int:
    while source[at] != "`":
        if source.startswith("${", at):
            at = _hole_end(source, at + 2)
        else:
            at += 2 if source[at] == "\\" else 1
    return at + 1


def _hole_end(source: str, at: int) -> int:
    """Return the place after the brace that closes a ${ ... } of a template."""
    while source[at] != "}":
        token = TOKEN.match(source, at)
        if source[at] == "`":
            at = _template_end(source, at + 1)
        elif source[at] == "{":
            at = _hole_end(source, at + 1)
        else:
            at = token.end() if token else at + 1
    return at + 1


def partners(found: list[Token]) -> dict[int, int]:
    """Return the number of the bracket that closes each one, and of the one that it closes."""
    open_now, pairs = [], {}
    for i, token in enumerate(found):
        if token.kind == "symbol" and token.text in CLOSING:
            open_now.append(i)
        elif token.kind == "symbol" and token.text in CLOSING.values():
            first = open_now.pop()
            pairs |= {first: i, i: first}
    return pairs


def scopes(found: list[Token]) -> Iterator[str]:
    """Yield for each token the name that the function or constant at the top of the file gives it, or ""."""
    depth, name = 0, ""
    for i, token in enumerate(found):
        if token.kind == "keyword" and token.text in ("function", "const", "let") and depth == 0:
            name = next((each.text for each in found[i + 1 :] if each.kind == "name"), "")
        yield name
        if token.kind == "symbol":
            depth += (token.text in CLOSING) - (token.text in CLOSING.values())
