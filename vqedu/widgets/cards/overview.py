"""Where the learner is: the questions and exercises done of each notebook, and where the next question is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from vqedu import questions
from vqedu.questions import answers
from vqedu.widgets.base import BUILD_VARIABLE, PAGE_HTML

_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_FENCE = re.compile(r"```.*?```", re.DOTALL)


class Cell(NamedTuple):
    kind: str  # "markdown" or "code"
    source: str


@dataclass(frozen=True)
class Row:
    """One notebook: its title, its file ("" where it is not at hand), key -> anchor of its questions in order, and the
    keys of its exercises."""

    title: str
    file: str
    places: dict[str, str]
    exercises: tuple[str, ...] = ()

    def link(self, suffix: str, key: str | None = None) -> str:
        """Return the address of the notebook, or of the section with the question `key`."""
        anchor = self.places.get(key or "", "")
        return f"{Path(self.file).stem}{suffix}" + (f"#{anchor}" if anchor else "") if self.file else ""


def progress(folder: Path | str = ".") -> Overview:
    """Return the progress through the notebooks in `folder`, to be shown as the last line of a cell.

    Where there are no notebooks, as in a copy of one cell elsewhere, the questions are listed by topic.
    """
    rows = [row(path) for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))]
    shown = [row for row in rows if row.places or row.exercises] or list(map(topic_row, questions.TOPICS))
    return Overview(shown, {key for key, answer in answers.read_all().items() if is_answered(answer)})


def is_answered(answer: dict[str, Any]) -> bool:
    """Return whether a question is done: a guess is committed, or the right answer of a quiz found."""
    return "guess" in answer or bool(answer.get("solved"))


def row(path: Path) -> Row:
    """Return the row of a notebook."""
    cells = read(path)
    return Row(title(cells, path.name[:2]), path.name, places(cells), exercises(cells))


def read(path: Path) -> list[Cell]:
    """Return the cells of a notebook. It is JSON, and nbformat takes as long to import as torch does."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [Cell(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def topic_row(topic: str) -> Row:
    """Return the row of a topic whose notebook is not at hand: its questions, which then have no places."""
    return Row(topic.replace("_", " ").capitalize(), "", dict.fromkeys(questions.of_topic(topic), ""))


def title(cells: list[Cell], number: str) -> str:
    """Return the first heading of a notebook, with its number in front, up to a colon."""
    text = next((cell.source for cell in cells if cell.kind == "markdown"), "")
    heading = _HEADING.search(text)
    name = heading[1].split(" · ")[-1].split(":")[0] if heading else "Notebook"
    return f"{number} {name}"


def places(cells: list[Cell]) -> dict[str, str]:
    """Return key -> anchor of the heading above it, for each question that a notebook asks."""
    anchor = ""
    found: dict[str, str] = {}
    for cell in cells:
        if cell.kind == "markdown":
            headings = _HEADING.findall(_FENCE.sub("", cell.source))
            anchor = re.sub(r"[*`]", "", headings[-1]).replace(" ", "-") if headings else anchor
        for _, keys in asked(cell.source):
            found |= dict.fromkeys(keys, anchor)
    return found


def exercises(cells: list[Cell]) -> tuple[str, ...]:
    """Return the keys of the exercises that a notebook checks."""
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    return tuple(map(answers.exercise_key, re.findall(r"^checks\.(\w+)\(", code, re.MULTILINE)))


def asked(source: str) -> list[tuple[str, list[str]]]:
    """Return the widget ("Prediction" or "Quiz") and the keys of each question card in a cell's source."""
    calls = re.findall(r"widgets\.(Prediction|Quiz)\(([^)]*)\)", source)
    return [(kind, re.findall(r'"(\w+\.[^"]+)"', arguments)) for kind, arguments in calls]


@dataclass(frozen=True)
class Overview:
    """A table of the notebooks. A page, which has no kernel, fills it in from what its browser has kept, and counts no
    exercises."""

    rows: list[Row]
    done: set[str]

    def table(self, page: bool = False) -> str:
        """Return the table as HTML, with links to notebooks or, for a page, to pages."""
        body = "".join(self._line(row, page) for row in self.rows)
        names = ("notebook", "questions answered", *([] if page else ["exercises passed"]), "next question")
        head = "".join(f'<th scope="col">{name}</th>' for name in names)
        table = f'<table class="vq-progress"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        script = f'<script type="module">\n{_asset(".js")}</script>' if page else ""
        return f"<style>\n{_asset('.css')}</style>{table}{script}"

    def _repr_html_(self) -> str:
        return self.table()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        shown = {"text/html": self.table(), "text/plain": repr(self)}
        return shown | ({PAGE_HTML: self.table(page=True)} if BUILD_VARIABLE in os.environ else {})

    def __repr__(self) -> str:
        asked = f"{_share(self.done, [key for row in self.rows for key in row.places])} questions answered"
        tried = f"{_share(self.done, [key for row in self.rows for key in row.exercises])} exercises passed"
        lines = [
            f"{row.title}: {_share(self.done, row.places)}"
            + (f", exercises {_share(self.done, row.exercises)}" if row.exercises else "")
            for row in self.rows
        ]
        return "\n".join([f"{asked}, {tried}", *lines])

    def _line(self, row: Row, page: bool) -> str:
        suffix = ".html" if page else ".ipynb"
        count, total = len(self.done & row.places.keys()), len(row.places)
        nearest = next((key for key in row.places if key not in self.done), None)
        name = f'<a href="{escape(row.link(suffix))}">{escape(row.title)}</a>' if row.file else escape(row.title)
        words = "all answered" if nearest is None else "go on" if count else "start"
        there = f'<a href="{escape(row.link(suffix, nearest))}">{words}</a>' if nearest and row.file else words
        links = escape(json.dumps([[key, row.link(suffix, key)] for key in row.places]))
        filled = f'<span style="width:{100 * count / total:.0f}%"></span>'
        bar = f'<span class="vq-progress-bar" aria-hidden="true">{filled}</span>'
        passed = _share(self.done, row.exercises) if row.exercises else ""
        cells = [f"{bar}<span>{count} of {total}</span>", *([] if page else [passed]), there]
        return (
            f'<tr data-links="{links}"><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        )


def _share(done: set[str], keys: Collection[str]) -> str:
    """Return such as "2 of 5": how many of the keys are done."""
    return f"{len(done.intersection(keys))} of {len(keys)}"


def _asset(suffix: str) -> str:
    return Path(__file__).with_suffix(suffix).read_text(encoding="utf-8")
