"""Ties every number in a text to what computes it.

A number is tied if its own section prints it, or sets it in code, and fewer than one in ten of the numbers that differ
from it by a digit are found there too. Any other number needs a row in `numbers/NAME.txt`:

    fragment of the text, with its numbers <- expression

The expression gives one value for each number of the fragment, in their order. It may use the functions of `sources`,
the names of `math`, and `about(x)` for what the text rounds more coarsely than it says. A row that nothing computes
says why: `plain` (a task, a made-up example, a count in the text), `cited` (a paper's number), `asserted` (by a test
beside this file) or `measured` (by a command, or a run, that leaves no file). `near` and `here` mean that the section
or the notebook prints or sets the numbers.
"""

from __future__ import annotations

import ast
import functools
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.notebooks import prose
from tests.notebooks.prose import REPOSITORY, Passage

ROWS = Path(__file__).parent / "numbers"
PINNED = ("plain", "cited", "measured", "asserted")
LOOSE = 0.1
ARROW = " <- "
PRETRAINED = REPOSITORY / "vqedu" / "pretrained"


@dataclass(frozen=True)
class Row:
    """A fragment of a text, and the expression for its numbers."""

    document: str
    fragment: str
    expression: str

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the text has the fragment, whatever its spaces and ends of lines."""
        words = self.fragment.split()
        if all(word in text for word in words):
            pattern = r"\s+".join(map(re.escape, words))
            yield from (found.span() for found in re.finditer(rf"(?<![\w.]){pattern}(?!\w|[.,]\d)", text))


@functools.cache
def rows(document: str) -> tuple[Row, ...]:
    path = ROWS / f"{Path(document).stem}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return tuple(Row(document, *line.split(ARROW)) for line in lines if line and not line.startswith("# "))


def problems(document: str, passages: list[Passage] | None = None) -> list[str]:
    """A sentence for each number that is tied to nothing, and for each row that does not hold."""
    passages = prose.passages(document) if passages is None else passages
    return [sentence for passage in passages for sentence in untied(passage, document)] + [
        sentence for row in rows(document) for sentence in broken(row, passages)
    ]


def untied(passage: Passage, document: str) -> Iterator[str]:
    for number in passage.numbers():
        if not is_covered(passage, number, document):
            yield (
                f"{passage.place} says {context(passage.text, number)!r}, and nothing in its section computes "
                f"{number[0]}. Correct the text, or add a row to tests/notebooks/numbers/{Path(document).stem}.txt."
            )


def is_covered(passage: Passage, number: re.Match[str], document: str) -> bool:
    """Whether a row has the number, or its section does."""
    spans = (span for row in rows(document) for span in row.spans(passage.text))
    return is_tied(passage, number) or any(a <= number.start() and number.end() <= b for a, b in spans)


def is_tied(passage: Passage, number: re.Match[str]) -> bool:
    """Whether the passage's section has the number, and hardly any that differs from it by a digit."""
    percent = prose.is_percent(passage.text, number)
    others = prose.changed(number[0])
    strays = sum(passage.finds(other, percent) for other in others)
    return passage.finds(number[0], percent) and strays <= LOOSE * len(others)


def context(text: str, number: re.Match[str]) -> str:
    return " ".join(text[max(0, number.start() - 40) : number.end() + 20].split())


def broken(row: Row, passages: list[Passage]) -> Iterator[str]:
    """Why a row does not hold: its fragment is gone, or what computes its numbers gives others."""
    found = [(passage, span) for passage in passages for span in row.spans(passage.text)]
    if not found:
        yield f"No text of {row.document} says {row.fragment!r}. Correct or remove its row in tests/notebooks/numbers."
    elif row.expression not in PINNED:
        passage, (start, end) = found[0]
        numbers = [n[0] for n in prose.NUMBER.finditer(prose.blank(passage.text), start, end)]
        try:
            values = computed(row, passage, numbers)
        except ValueError as error:
            yield f"The row of {row.fragment!r} computes nothing: {error}"
            return
        if len(values) != len(numbers) or not all(map(agrees, numbers, values)):
            yield f"{passage.place} says {row.fragment!r}, but `{row.expression}` gives {show(values)}."


def show(values: tuple[Any, ...]) -> str:
    return ", ".join(f"{value:.6g}" if isinstance(value, float) else str(value) for value in values)


# What a row may use -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class about:
    """A value that a text rounds: within a tenth of it."""

    value: float


def agrees(number: str, value: Any) -> bool:
    stated = prose.as_float(number)
    if isinstance(value, about):
        return abs(stated - abs(value.value)) <= 0.1 * abs(value.value)
    return abs(stated - abs(value)) <= 0.5 * 10.0 ** -prose.decimals(number) + 1e-9


def computed(row: Row, passage: Passage, numbers: list[str]) -> tuple[Any, ...]:
    """The values of a row's expression; for `near` and `here`, the numbers that are there."""
    if row.expression in ("near", "here"):
        at = passage if row.expression == "near" else Passage("", "", whole(row.document))
        return tuple(prose.as_float(n) if at.finds(n, True) else math.nan for n in numbers)
    value = eval(row.expression, vars(math) | sources(row.document) | {"about": about, "__builtins__": BUILTINS})
    return value if isinstance(value, tuple) else (value,)


BUILTINS = {function.__name__: function for function in (abs, len, max, min, range, round, sum)}


@functools.cache
def whole(document: str) -> tuple[str, ...]:
    return tuple({value for section in prose.sections(document) for value in section.near})


def sources(document: str) -> dict[str, Callable[..., Any]]:
    """What expressions call: printed, constant, card, run, weights, size, count."""
    return {
        "printed": functools.partial(printed, document),
        **{function.__name__: function for function in (constant, card, run, weights, size, count)},
    }


def printed(document: str, pattern: str, of: str = "") -> float:
    """The group of a regular expression in what this notebook, or notebook `of`, printed."""
    name = next(name for name in prose.names() if name.startswith(of or document))
    found = re.search(pattern, "\n".join(prose.printed(name)))
    if not found:
        raise ValueError(f"{name} prints nothing like {pattern!r}.")
    return prose.as_float(found[1])


def constant(path: str, name: str) -> Any:
    """The literal that a module of vqedu assigns to `name`."""
    tree = ast.parse((REPOSITORY / "vqedu" / path).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise ValueError(f"vqedu/{path} sets no {name}.")


def card(model: str, metric: str) -> float:
    """A number on the card of a shipped model: measured, the minutes, or what its training was asked for.

    Of a list, such as the classes of a judge, it is the length.
    """
    content = json.loads(header(model)["__metadata__"]["vqedu-card"])
    value = (content | content["arguments"] | content["recipe"]["fit"] | content["metrics"])[metric]
    return float(len(value) if isinstance(value, list) else value)


def weights(model: str) -> int:
    """How many weights a shipped model has."""
    return sum(math.prod(entry["shape"]) for name, entry in header(model).items() if name != "__metadata__")


def size(model: str) -> int:
    """The bytes of a shipped model's file."""
    return (PRETRAINED / "weights" / f"{model}.safetensors").stat().st_size


@functools.cache
def header(model: str) -> dict[str, Any]:
    with (PRETRAINED / "weights" / f"{model}.safetensors").open("rb") as file:
        found: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return found


def run(results: str, metric: str, **settings: object) -> float:
    """What the run with these settings measured, in a file of vqedu/pretrained/results."""
    runs = json.loads((PRETRAINED / "results" / f"{results}.json").read_text(encoding="utf-8"))["runs"]
    return float(next(one[metric] for one in runs if settings.items() <= one.items()))


def count(files: str, pattern: str) -> int:
    """How often a regular expression is found in files of the repository."""
    return sum(len(re.findall(pattern, path.read_text(encoding="utf-8"))) for path in REPOSITORY.glob(files))
