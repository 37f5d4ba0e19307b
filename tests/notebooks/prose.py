"""The texts of the course as passages: which numbers they state, and what their sections print or set.

Texts are the prose and the titles of the notebooks, with their speaker notes; their questions with all feedback; and
the pages around them.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vqedu import questions

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "notebooks"
PAGES = ("README.md", "LECTURING.md", "docs/BENCHMARKS.md", "docs/MODELS.md")

NUMBER = re.compile(r"(?<![\w.,/^_])(?<!\w-)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\w|\.\d|,\d)")
UNIT = re.compile(r" ?%| (?:per ?cent|percentage points|times|nats|bits|[kM]B|seconds)\b")
IN_OUTPUT = re.compile(r"\d[\d,]*(?:\.\d*)?(?:e-?\d+)?")
IN_CARDS = re.compile(r"^\| `[\w-]+` \|.*$", re.MULTILINE)  # made from the cards, and compared by another test
TEXT_IN_OUTPUT = re.compile(r"^(?:Figure|Guess first|From memory): .*$", re.MULTILINE)  # titles and questions again
# What is notation, a reference or a promise that another test keeps (the minutes), by its form.
NOTATION = re.compile(
    r"""```.*?```|\$\$.*?\$\$|\$[^$]*\$|`[^`\n]*`           # code and formulas
    |\[\d\d\b[^\]]*\](?:\([^)\s]*\))?|\]\([^)\s]*\)|<[^>\n]+>|arXiv:\S+|<!--.*?-->  # links
    |\b(?:19|20)\d\d\b                                      # years
    |\|\ \d+(?:\ \+\ \d+)?\ \|$|\d+(?:,\ \d+)*\ (?:and\ \d+\ )?minutes\b           # minutes of notebooks and lectures
    |\b(?:notebooks?|sections?|exercises?|steps?|figures?|tables?|seed|block|head|slot|position)
     \ \d+(?:(?:,|\ and|\ to)\ \d+)*
    |^\#+\ (?:\d+\.)?|\*\*Time:.*|★\W*\d+\ minutes|\(\d+\ minutes\)|For\ the\ lecturer\ ·\ \d+\ minutes""",
    re.DOTALL | re.MULTILINE | re.IGNORECASE | re.VERBOSE,
)  # fmt: skip


@dataclass(frozen=True)
class Passage:
    """A text and the numbers that its section prints or sets."""

    place: str
    text: str
    near: tuple[str, ...] = ()

    def numbers(self) -> Iterator[re.Match[str]]:
        """Each number that is a claim; whole numbers below 20 count only with a unit."""
        bare = blank(self.text)
        for found in NUMBER.finditer(bare):
            if not found[0].isdigit() or int(found[0]) >= 20 or UNIT.match(bare, found.end()):
                yield found

    def finds(self, number: str, percent: bool) -> bool:
        places = decimals(number)
        return round(as_float(number) * 10**places) in roundings(self.near, places, percent)


def blank(text: str) -> str:
    """The text with spaces in place of notation and of line ends."""
    return NOTATION.sub(lambda found: " " * len(found[0]), text).replace("\n", " ")


@functools.cache
def roundings(values: tuple[str, ...], places: int, percent: bool) -> frozenset[int]:
    """The values that have `places` decimals or more, rounded to them, without the point; 0.12 is also 12%."""
    exact = [float(value) * 10**places for value in values if decimals(value) >= places]
    if percent:
        exact += [float(value) * 10 ** (places + 2) for value in values if decimals(value) >= places + 2]
    return frozenset(rounded for value in exact for rounded in (round(value + 1e-6), round(value - 1e-6)))


def is_percent(text: str, number: re.Match[str]) -> bool:
    return text.startswith(("%", " %", " per cent"), number.end())


def as_float(number: str) -> float:
    return float(number.replace(",", ""))


def decimals(number: str) -> int:
    mantissa, _, exponent = number.partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def changed(number: str) -> list[str]:
    """Every number with one digit of `number` changed."""
    return [
        number[:at] + other + number[at + 1 :]
        for at, digit in enumerate(number)
        for other in "0123456789"
        if digit.isdigit() and other != digit and not (at == 0 and other == "0" and number[1:2].isdigit())
    ]


# Where the texts are ---------------------------------------------------------------------------------------------


@dataclass
class Section:
    """A section of a notebook: its texts by place, its code, and what it printed."""

    texts: dict[str, str] = field(default_factory=dict)
    code: str = ""
    printed: str = ""

    @functools.cached_property
    def near(self) -> tuple[str, ...]:
        found = IN_OUTPUT.findall(TEXT_IN_OUTPUT.sub("", self.printed))
        nodes = (node.value for node in ast.walk(ast.parse(self.code)) if isinstance(node, ast.Constant))
        found += [f"{value}" for value in nodes if type(value) in (int, float)]
        return tuple({number.replace(",", "").rstrip(".") for number in found})


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("source/*.py"))


@functools.cache
def sections(name: str) -> list[Section]:
    """A notebook by its headings of the second level: texts and code from the script, outputs as committed."""
    found = [Section()]
    for position, (header, body) in enumerate(cells(name), start=1):
        markdown = "[markdown]" in header
        if markdown and body.startswith("## ") and "slide-" not in header:
            found.append(Section())
        texts = {f"cell {position}": body} if markdown else titles(body, position)
        found[-1].texts |= texts
        found[-1].code += "" if markdown else body + "\n"
    for section, text in zip(found, printed(name), strict=False):
        section.printed = text
    return found


def cells(name: str) -> Iterator[tuple[str, str]]:
    source = (FOLDER / "source" / f"{name}.py").read_text(encoding="utf-8")
    for cell in re.split(r"^# %%", source, flags=re.MULTILINE)[1:]:
        header, _, body = cell.partition("\n")
        yield header, re.sub(r"^# ?", "", body, flags=re.MULTILINE) if "[markdown]" in header else body


def titles(code: str, position: int) -> dict[str, str]:
    """The sentences in the code of a cell: titles of figures, names of rows, what is printed."""
    strings = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    found = [node for node in strings if isinstance(node.value, str) and node.value.count(" ") >= 3]
    return {f"cell {position}, line {node.lineno}": node.value for node in found}


@functools.cache
def printed(name: str) -> list[str]:
    """What the committed notebook printed, one text per section."""
    path = FOLDER / f"{name}.ipynb"
    found = [""]
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else []:
        if cell["cell_type"] == "markdown" and "".join(cell["source"]).startswith("## "):
            found.append("")
        for output in cell.get("outputs", []):
            found[-1] += "".join(output.get("text") or output.get("data", {}).get("text/plain", "")) + "\n"
    return found


def passages(document: str) -> list[Passage]:
    """The texts of a notebook, with its questions, or of a page; pages print nothing themselves."""
    if document in PAGES:
        text = (REPOSITORY / document).read_text(encoding="utf-8")
        return [Passage(document, IN_CARDS.sub("", text))]
    parts = sections(document)
    found = [Passage(f"{document}, {place}", text, part.near) for part in parts for place, text in part.texts.items()]
    for key, text in asked(document):
        near = next((part.near for part in parts if f'"{key}"' in part.code), ())
        found.append(Passage(f"question {key}", text, near))
    return found


def asked(document: str) -> Iterator[tuple[str, str]]:
    """Key and all sentences of each question of a notebook's topic."""
    topic = dict(zip(names(), questions.TOPICS, strict=False)).get(document)
    for key, question in questions.of_topic(topic).items() if topic else ():
        yield key, "\n".join(sentences(list(vars(question).values())))


def sentences(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from sentences(part)
