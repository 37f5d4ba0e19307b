"""The small wrong changes to a JavaScript file: other operators, signs, numbers, functions of Math; parts left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from tests.mutation.javascript_tokens import Token, partners, scopes, tokens
from tests.mutation.mutant import Mutant, changed

Edit = tuple[int, int, str]  # what comes in the place of the characters first .. last - 1

COMPARISONS = {"<": "<= >=", "<=": "< >", ">": ">= <=", ">=": "> <", "===": "!==", "!==": "==="}
OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "&&": "||", "||": "&&", "??": "||"}
OPERATORS |= COMPARISONS | {"&": "|", "|": "&", "^": "|", ">>": "<<", "<<": ">>", ">>>": "<<"}
COMPOUND = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "??=": "="}
PAIRS = "min max,floor ceil,exp expm1,log log1p,sin cos,PI E"
SWAPPED = {a: b for pair in PAIRS.split(",") for a, b in (pair.split(), pair.split()[::-1])}
SWAPPED |= {"log2": "log"}
REMOVED = {"exp", "expm1", "log", "log1p", "sqrt", "abs", "tanh", "round", "floor", "sign"}
# Where an operand of a sum ends, to either side; where an operand of what is weaker still ends.
WEAKEST = {",", ";", "=", "=>", "?", ":", "...", *COMPOUND}
WEAKER = WEAKEST | {"&&", "||", "??", "&", "|", "^", ">>", "<<", ">>>", *COMPARISONS}
LOGIC = {"!", "&&", "||", *COMPARISONS}
PREFIXES = {"await", "new", "typeof"}  # the keywords that may begin an operand


class Code:
    """The tokens of a file, their brackets, and which of them are never changed."""

    def __init__(self, source: str) -> None:
        self.source, self.tokens = source, tokens(source)
        self.partner, self.scopes = partners(self.tokens), list(scopes(self.tokens))
        self.fixed: set[int] = set()  # what is imported; messages
        for i, token in enumerate(self.tokens):
            if token.text in ("import", "throw") and token.kind == "keyword":
                self.fixed |= set(range(i, self.right(i, {";"})))

    def text(self, first: int, last: int) -> str:
        """Return the text of the tokens first .. last - 1."""
        return self.source[self.tokens[first].start : self.tokens[last - 1].end]

    def is_symbol(self, i: int, *texts: str) -> bool:
        return self.tokens[i].kind == "symbol" and self.tokens[i].text in texts

    def ends(self, i: int, stops: set[str]) -> bool:
        token = self.tokens[i]
        return (token.kind == "symbol" and token.text in stops) or (
            token.kind == "keyword" and token.text not in PREFIXES
        )

    def right(self, i: int, stops: set[str], terms: bool = False) -> int:
        """Return the number of the first token after what begins at token i; with `terms`, a + or - ends it, too."""
        first = i
        while not (self.is_symbol(i, ")", "]", "}") or (i > first and self.ends(i, stops))):
            if terms and i > first and self.is_symbol(i, "+", "-") and self.tokens[i - 1].is_operand:
                break
            i = self.partner.get(i, i) + 1
        return i

    def left(self, i: int, stops: set[str]) -> int:
        """Return the number of the first token of what ends before token i."""
        while not (self.is_symbol(i - 1, "(", "[", "{") or self.ends(i - 1, stops)):
            i = self.partner.get(i - 1, i - 1)
        return i

    def outside(self, first: int, last: int) -> set[str]:
        """Return the symbols of the tokens first .. last - 1 that are not within brackets of their own."""
        found, i = set(), first
        while i < last:
            found |= {self.tokens[i].text} if self.tokens[i].kind == "symbol" else set()
            i = self.partner.get(i, i) + 1
        return found

    def steps_a_loop(self, i: int) -> bool:
        """Whether token i is in the last part of a for (...; ...; ...), which then would not end."""
        begun = [a for a, b in self.partner.items() if a < i < b and self.tokens[a].text == "("]
        headers = [a for a in begun if self.tokens[a - 1].text == "for"]
        return any(sum(self.is_symbol(k, ";") for k in range(a, i)) == 2 for a in headers)


def of_javascript(source: str) -> Iterator[Mutant]:
    """Yield the mutants of a file. Imports, texts, templates, regular expressions and messages are left alone."""
    code = Code(source)
    places = [0, *accumulate(len(character.encode()) for character in source)]
    for i, token in enumerate(code.tokens):
        for first, last, text in edits(code, i, token) if i not in code.fixed else ():
            place = places[first], places[last]
            yield changed(source.encode(), place, text.encode(), code.scopes[i])


def edits(code: Code, i: int, token: Token) -> Iterator[Edit]:
    """Yield what may change at one token."""
    if token.kind == "symbol":
        for rule in SYMBOL_RULES:
            yield from rule(code, i, token)
    elif token.kind == "number":
        yield token.start, token.end, other_number(token.text)
    elif token.kind == "name":
        yield from _names(code, i, token)
        yield from _left_out(code, i, token)
    elif token.text == "if":
        yield from _negated(code, i + 2, code.partner[i + 1])


def other_number(text: str) -> str:
    digits = text.replace("_", "").lower()
    if digits.startswith("0x") or digits.isdigit():
        return str(int(digits, 0) + 1)
    return repr(2 * float(digits) or 1.0)


def _operators(code: Code, i: int, token: Token) -> Iterator[Edit]:
    if token.text not in OPERATORS or not code.tokens[i - 1].is_operand:
        return
    others = code.outside(code.left(i, WEAKEST), i) | code.outside(i + 1, code.right(i + 1, WEAKEST))
    if token.text != "??" or "??" not in others:  # ?? and || are not allowed side by side
        for other in OPERATORS[token.text].split():
            yield token.start, token.end, other


def _signs(code: Code, i: int, token: Token) -> Iterator[Edit]:
    if token.text == "!" or (token.text == "-" and not code.tokens[i - 1].is_operand):
        yield token.start, token.end, ""


def _terms(code: Code, i: int, token: Token) -> Iterator[Edit]:
    """One of the terms of a sum is left out."""
    if token.text not in ("+", "-") or not code.tokens[i - 1].is_operand:
        return
    first, last = code.left(i, WEAKER), code.right(i + 1, WEAKER, terms=True)
    right = code.text(i + 1, last)
    yield code.tokens[i - 1].end, code.tokens[last - 1].end, ""
    yield code.tokens[first].start, code.tokens[last - 1].end, right if token.text == "+" else f"-({right})"


def _assignments(code: Code, i: int, token: Token) -> Iterator[Edit]:
    """What is added to a variable is subtracted, or nothing is; an element or a field is not set."""
    if token.text in COMPOUND:
        if not code.steps_a_loop(i):
            yield token.start, token.end, COMPOUND[token.text]
            yield code.tokens[i - 1].end, code.tokens[code.right(i + 1, {",", ";"}) - 1].end, ""
    elif token.text == "=" and (code.is_symbol(i - 2, ".") or _is_element(code, i - 1)):
        yield code.tokens[i - 1].end, code.tokens[code.right(i + 1, {",", ";"}) - 1].end, ""


def _is_element(code: Code, i: int) -> bool:
    return code.is_symbol(i, "]") and code.tokens[code.partner[i] - 1].is_operand


def _choices(code: Code, i: int, token: Token) -> Iterator[Edit]:
    if token.text == "?":
        yield from _negated(code, code.left(i, WEAKEST), i)


def _negated(code: Code, first: int, last: int) -> Iterator[Edit]:
    """A condition that is a value alone is negated; comparisons and `!` are changed where they are."""
    if not code.outside(first, last) & LOGIC:
        yield code.tokens[first].start, code.tokens[last - 1].end, f"!({code.text(first, last)})"


def _names(code: Code, i: int, token: Token) -> Iterator[Edit]:
    if token.text in ("true", "false"):
        yield token.start, token.end, "false" if token.text == "true" else "true"
    if i > 1 and code.text(i - 2, i) == "Math.":
        if token.text in SWAPPED:
            yield token.start, token.end, SWAPPED[token.text]
        if token.text in REMOVED and code.is_symbol(i + 1, "("):
            yield code.tokens[i - 2].start, token.end, ""


def _left_out(code: Code, i: int, token: Token) -> Iterator[Edit]:
    """A statement that is only a call is left out."""
    if i == 0 or not _begins_statement(code, i):
        return
    last = code.right(i, {";"})
    if code.is_symbol(last, ";") and code.is_symbol(last - 1, ")") and code.outside(i, last) <= {".", "?.", "(", "["}:
        yield token.start, code.tokens[last - 1].end, ""


def _begins_statement(code: Code, i: int) -> bool:
    before = code.tokens[i - 1]
    if before.text == ")":
        return code.tokens[code.partner[i - 1] - 1].text in ("if", "for", "while")
    return before.text in (";", "{", "}", "else")


SYMBOL_RULES: tuple[Callable[[Code, int, Token], Iterator[Edit]], ...]
SYMBOL_RULES = (_operators, _signs, _terms, _assignments, _choices)
