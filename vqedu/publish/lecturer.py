"""The lecturer's notebooks, from the same sources: each starter filled in by its solution, speaker notes shown."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode

from vqedu.publish import notebooks

STARTER, SOLUTION = "starter", "solution"

_CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def build(
    names: Iterable[str],
    to: Path,
    folder: Path = notebooks.NOTEBOOKS,
    report: Callable[[str], object] = print,
) -> list[Path]:
    """Execute the lecturer's version of the sources called `names` (all if empty), write to/NAME.ipynb for each.

    The learners' notebooks stay as they are. Raises CellError if a cell fails, ValueError for an unknown name or
    a starter without a solution.
    """
    written = []
    for name, script in notebooks.select(names, folder).items():
        started = time.perf_counter()
        notebook = notebooks.run(read(script), name, folder)
        to.mkdir(parents=True, exist_ok=True)
        path = to / f"{name}.ipynb"
        notebooks.write(notebooks.without_page_forms(notebook), path)
        report(f"wrote {path} in {time.perf_counter() - started:.0f} s")
        written.append(path)
    return written


def read(script: Path) -> NotebookNode:
    """Return the lecturer's notebook of a source, without outputs."""
    notebook = notebooks.read_source(script, (notebooks.LECTURER_TAG,))
    fill_in(notebook.cells, script.stem)
    notebook.cells = [cell for cell in notebook.cells if not is_folded_code(cell)]
    for cell, cell_id in zip(notebook.cells, notebooks.cell_ids(notebook.cells), strict=True):
        cell.id = cell_id
    return notebook


def fill_in(cells: Sequence[NotebookNode], name: str) -> None:
    """Put into each cell tagged "starter" the code of the next cell tagged "solution", and turn its tag into that.

    Raises ValueError if there is none before the next starter.
    """
    starters = [index for index, cell in enumerate(cells) if STARTER in notebooks.tags(cell)]
    for start, end in pairwise([*starters, len(cells)]):
        cells[start].source = solution_of(cells[start + 1 : end], f"{name}: cell {start + 1}")
        tags = notebooks.tags(cells[start])
        cells[start].metadata["tags"] = [SOLUTION if tag == STARTER else tag for tag in tags]


def is_folded_code(cell: NotebookNode) -> bool:
    """Return whether a solution holds nothing but its code in a fold: the lecturer's starter says the same already."""
    if cell.cell_type != "markdown" or SOLUTION not in notebooks.tags(cell):
        return False
    return not re.sub(r"<summary>.*?</summary>|</?details>|\s", "", _CODE.sub("", cell.source))


def solution_of(cells: Iterable[NotebookNode], where: str) -> str:
    """Return the code of the first cell tagged "solution"; raises ValueError if there is none."""
    for cell in cells:
        if SOLUTION in notebooks.tags(cell):
            blocks = _CODE.findall(cell.source)
            if blocks:
                return str("\n".join(blocks)).rstrip("\n")
    raise ValueError(
        f"{where} is a starter, and no cell tagged {SOLUTION!r} with a ```python block follows before the next "
        "starter. Write its solution, or take the tag away."
    )
