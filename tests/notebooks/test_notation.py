"""The page of symbols: each name in the code exists, each link leads somewhere, every notebook links to it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks import notebook_checks as checks
from vqedu.publish import notebooks

FOLDER = Path(__file__).parents[2] / "notebooks"
REPOSITORY = FOLDER.parent
PAGE = "11_glossary"
OTHERS = sorted(name for name in notebooks.sources(FOLDER) if name != PAGE)
TEXTS = [*sorted((FOLDER / "source").glob("*.py")), REPOSITORY / "README.md", REPOSITORY / "LECTURING.md"]


def tables() -> list[list[list[str]]]:
    """The tables of the page: rows of cells, the first row the heading."""
    text = (FOLDER / "source" / f"{PAGE}.py").read_text(encoding="utf-8").replace("# ", "", 0)
    lines = [line.removeprefix("#").strip() for line in text.splitlines()]
    found: list[list[list[str]]] = [[]]
    for line in lines:
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif found[-1]:
            found.append([])
    return [[rows[0], *rows[2:]] for rows in found if rows]


def code_names() -> list[str]:
    named = [table for table in tables() if "code name" in table[0]]
    return sorted({row[3].strip("`") for table in named for row in table[1:] if row[3] != "–"})


def resolve(dotted: str) -> object:
    """What a name such as models.VAEOutput.mu stands for inside vqedu; raises AttributeError if nothing does."""
    module, *names = dotted.split(".")
    if module == "lessons":  # its modules are imported one by one
        module, names = f"{module}.{names[0]}", names[1:]
    value: object = importlib.import_module(f"vqedu.{module}")
    for name in names:
        # a buffer of a module is only announced in its class
        value = value.__annotations__[name] if name in getattr(value, "__annotations__", {}) else getattr(value, name)
    return value


def test_the_page_has_its_tables() -> None:
    assert len(tables()) == 7
    assert len(code_names()) >= 25


@pytest.mark.parametrize("dotted", code_names())
def test_a_name_in_the_code_exists(dotted: str) -> None:
    assert resolve(dotted) is not None


def test_a_name_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(AttributeError):
        resolve("models.VAEOutput.sigma")


def test_every_row_is_whole() -> None:
    for table in tables():
        for row in table[1:]:
            assert len(row) == len(table[0]), row
            assert all(row[:-1]), row


def test_every_symbol_and_word_says_where_it_first_appears() -> None:
    headings = {
        f"{name}.ipynb": checks.anchors(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)) for name in OTHERS
    }
    for table in tables():
        if table[0][-1] != "first in":
            continue
        for row in table[1:]:
            (target,) = re.findall(r"\]\(([^)]+)\)", row[-1])
            file, _, anchor = target.partition("#")
            assert file in headings, row
            assert not anchor or anchor in headings[file], row


@pytest.mark.parametrize("name", OTHERS)
def test_every_notebook_links_to_the_page(name: str) -> None:
    assert f"({PAGE}.ipynb" in (FOLDER / "source" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["README.md", "LECTURING.md"])
def test_the_links_of_the_readme_and_the_lecture_map_are_alive(file: str) -> None:
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    readme = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    headings = {
        path.relative_to(REPOSITORY).as_posix(): checks.anchors(nbformat.read(path, as_version=4))
        for path in FOLDER.glob("*.ipynb")
    }
    # GitHub's anchors: lower case, without punctuation.
    own = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in checks.HEADING.findall(text)}
    assert not checks.dead_links(readme, file, REPOSITORY, headings | {file: own})
    assert f"notebooks/{PAGE}.ipynb" in text


def test_a_dead_link_of_the_readme_would_be_noticed() -> None:
    readme = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("[a](notebooks/absent.ipynb) [b](#nowhere)")]
    )
    assert len(checks.dead_links(readme, "README.md", REPOSITORY, {"README.md": set()})) == 2


def test_the_routes_of_the_lecture_map_take_the_minutes_they_say() -> None:
    text = (REPOSITORY / "LECTURING.md").read_text(encoding="utf-8")
    section = text.split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    assert rows[0][1:4] == ["45", "90", "180"]
    for column in (1, 2, 3):
        assert sum(int(row[column] or 0) for row in rows[2:]) == int(rows[0][column])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_link_names_the_notebook_and_the_section_that_it_leads_to(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\u00a0", " ")
    named = re.findall(r"\[(\d\d)(?: § (\d+))?\b[^\]]*\]\((?:notebooks/)?(\w+)\.ipynb(?:#(\d+)\.)?", text)
    wrong = [link for link in named if link[0] != link[2][:2] or (link[1] and link[1] != link[3])]
    assert not wrong


@pytest.mark.parametrize(
    "path", [FOLDER / "source" / "00_start_here.py", REPOSITORY / "README.md"], ids=lambda p: p.name
)
def test_the_minutes_of_a_table_are_those_of_the_notebooks(path: Path) -> None:
    rows = re.findall(
        r"\| \[\d\d [^\]]*\]\((?:notebooks/)?(\w+)\.ipynb\) \|.*\| (\d+)(?: \+ (\d+))? \|$",
        path.read_text("utf-8"),
        re.M,
    )
    assert len(rows) >= 9
    for name, reading, exercises in rows:
        source = (FOLDER / "source" / f"{name}.py").read_text(encoding="utf-8")
        said = re.search(r"\*\*Time:\*\* (\d+) minutes(?:, and (\d+) for the exercises)?", source)
        assert said
        assert reading == said[1], name
        assert not exercises or exercises == said[2], name
