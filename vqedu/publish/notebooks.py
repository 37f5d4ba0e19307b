"""Builds the notebooks: a percent-format script in, an executed .ipynb and what its page needs out, always the same."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from vqedu import files, validate
from vqedu.publish import stills
from vqedu.questions import answers
from vqedu.widgets import bundler
from vqedu.widgets.base import BUILD_VARIABLE, EXPLORER, PAGE_HTML, WIDGET_VIEW

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CELL_TIMEOUT_S = 300
LECTURER_TAG = "lecturer"
SLIDE_TAGS = {"slide-45": 45, "slide-90": 90, "slide-180": 180}  # -> minutes of the shortest route that shows the slide
UNDIAGNOSED_TAG = "undiagnosed"  # of a bug hunt's check: its answer names the bug, so it is not kept
FOR_PAGES = (EXPLORER, PAGE_HTML, WIDGET_VIEW)  # kinds of output that a committed notebook lacks

# What a notebook says about its kernel: enough for every front end, nothing that differs between machines.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
# jupytext's notes to itself on how to write the script again.
SCRIPT_ONLY = ("lines_to_next_cell", "lines_to_end_of_cell_marker")

_REWRITTEN = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)  # a progress bar goes back to the start of its line
_BAR_TIMES = re.compile(r" ?\[\d\d:\d\d(?::\d\d)?<[^\]\n]*\]")  # tqdm's [elapsed<left, rate]


class CellError(RuntimeError):
    """A cell of a notebook failed; the message names the notebook and the cell."""


def sources(folder: Path = NOTEBOOKS) -> dict[str, Path]:
    """Return name -> script of every notebook source in `folder`, in the order of their numbers.

    Raises FileNotFoundError if there is no such folder, as in an installation without the repository.
    """
    scripts = folder / "source"
    if not scripts.is_dir():
        raise FileNotFoundError(
            f"There is no folder {scripts}. Building and the site need the repository: "
            "clone it, and install the package from there with `pip install -e .`."
        )
    return {path.stem: path for path in sorted(scripts.glob("*.py"))}


def select(names: Iterable[str], folder: Path = NOTEBOOKS) -> dict[str, Path]:
    """Return the sources called `names`, all of them if empty; raises ValueError for an unknown name."""
    known = sources(folder)
    chosen = [validate.known_name(name, known, "notebook") for name in names] or list(known)
    return {name: known[name] for name in chosen}


def build(names: Iterable[str] = (), folder: Path = NOTEBOOKS, report: Callable[[str], object] = print) -> list[Path]:
    """Execute the sources called `names` (all if empty), write folder/NAME.ipynb for each, return the files.

    The same run gives `built(folder)`/NAME.ipynb, from which the site makes its page. Two builds on one machine
    give the same bytes. A notebook's file is replaced only after all of its cells have run.
    Raises CellError if a cell or an explorer fails, ValueError for an unknown name, FileNotFoundError where there is no
    browser.
    """
    chosen = select(names, folder)
    stills.check()
    written = []
    for name, script in chosen.items():
        started = time.perf_counter()
        notebook = run(read_source(script), name, folder)
        notebook.metadata["vqedu"] = {"source": digest(script), "explorers": bundler.digest()}
        write(notebook, built(folder) / f"{name}.ipynb")
        path = folder / f"{name}.ipynb"
        write(without_page_forms(notebook), path)
        report(f"built {path.name} in {time.perf_counter() - started:.0f} s")
        written.append(path)
    return written


def built(folder: Path = NOTEBOOKS) -> Path:
    """Return the folder of what `build` keeps for the pages of the notebooks in `folder`; its files/ are shared."""
    return folder.parent / "build"


def digest(script: Path) -> str:
    """Return what tells one version of a source from another, as far as learners see it.

    Speaker notes and slides may change without a new run.
    """
    seen = [[cell.cell_type, cell.source, tags(cell)] for cell in read_source(script).cells]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def run(notebook: NotebookNode, name: str, folder: Path) -> NotebookNode:
    """Execute a notebook, and return it with the same outputs as on any other run, and a still of each explorer."""
    shared = built(folder) / "files"
    shared.mkdir(parents=True, exist_ok=True)
    execute(notebook, name, folder, {BUILD_VARIABLE: str(shared.resolve())})
    clean(notebook)
    explorers = [o for cell in notebook.cells for o in cell.get("outputs", []) if EXPLORER in o.get("data", {})]
    try:
        pictures = stills.take([output.data[EXPLORER] for output in explorers], shared)
    except stills.PageError as error:
        raise CellError(f"{name}: {error}") from None
    for output, png in zip(explorers, pictures, strict=True):
        output.data["image/png"] = base64.b64encode(png).decode()
        output.metadata["image/png"] = {"alt": output.data[EXPLORER]["summary"], "width": stills.WIDTH}
    return notebook


def without_page_forms(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of a notebook as it is committed: without what its page alone needs."""
    kept = copy.deepcopy(notebook)
    kept.metadata.pop("vqedu", None)
    for cell in kept.cells:
        if cell.cell_type == "code":
            outputs = map(without_page_form, cell.outputs)
            cell.outputs = [output for output in outputs if output.get("data", True)]
    return kept


def without_page_form(output: NotebookNode) -> NotebookNode:
    """Return an output without the kinds that its page alone needs."""
    if "data" not in output:
        return output
    data = {kind: content for kind, content in output.data.items() if kind not in FOR_PAGES}
    return NotebookNode({**output, "data": NotebookNode(data)})


def read_source(script: Path, kept: Collection[str] = ()) -> NotebookNode:
    """Return the notebook that a percent-format script describes, without outputs, each cell with its id.

    kept: which of the tags "lecturer", the speaker notes, and "slide-45" and so on, the slides, to keep the cells of; a
    learner's notebook lacks them all. Raises ValueError for a tag that begins like those of slides and is none.
    """
    left_out = {LECTURER_TAG, *SLIDE_TAGS}.difference(kept)
    notebook = jupytext.read(script, fmt="py:percent")
    for tag in {tag for cell in notebook.cells for tag in tags(cell) if tag.startswith("slide-")} - SLIDE_TAGS.keys():
        raise ValueError(f"{script.stem}: a cell has the tag {tag!r}. The tags of slides are {', '.join(SLIDE_TAGS)}.")
    notebook.cells = [cell for cell in notebook.cells if left_out.isdisjoint(tags(cell))]
    for cell in notebook.cells:
        for key in SCRIPT_ONLY:
            cell.metadata.pop(key, None)
    for cell, cell_id in zip(notebook.cells, cell_ids(notebook.cells), strict=True):
        cell.id = cell_id
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def cell_ids(cells: Iterable[NotebookNode]) -> list[str]:
    """Return one id a cell, made from its type and text: an unchanged cell keeps its id wherever it moves.

    Of several cells with the same text, the second gets the suffix -2, the third -3.
    """
    ids: list[str] = []
    seen: dict[str, int] = {}
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        ids.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return ids


def execute(
    notebook: NotebookNode, name: str, folder: Path, extra_environment: Mapping[str, str] | None = None
) -> NotebookNode:
    """Run every cell in a fresh kernel that works in `folder`, and return the notebook with its outputs.

    The kernel finds no answers of a learner: it looks for them in an empty directory.
    Raises CellError if a cell raises, takes more than CELL_TIMEOUT_S, or takes the kernel with it.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],  # it warns that it listens without encryption, to this machine alone
    )
    client.reset_execution_trackers()
    with (
        tempfile.TemporaryDirectory() as no_answers,
        client.setup_kernel(env=_environment({answers.VARIABLE: no_answers, **(extra_environment or {})})),
    ):
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
            except CellExecutionError as error:
                raise CellError(_message(name, index, cell, f"raised {error.ename}: {error.evalue}")) from None
            except CellTimeoutError:
                raise CellError(_message(name, index, cell, f"took more than {CELL_TIMEOUT_S} s")) from None
            except DeadKernelError:
                raise CellError(_message(name, index, cell, "ended the kernel (out of memory?)")) from None
    return notebook


def clean(notebook: NotebookNode) -> None:
    """Remove from the outputs of an executed notebook, in place, what another run would not give again.

    The ids of widgets' models are random. Streams are joined, and show what a terminal would have shown, without the
    times of a progress bar. The answer to a bug hunt's starter is removed too: it would name the bug.
    """
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            for output in cell.outputs:
                _forget_run(output.get("data", {}))
            cell.outputs = [] if UNDIAGNOSED_TAG in tags(cell) else joined_streams(cell.outputs)
    notebook.metadata = nbformat.from_dict(METADATA)
    nbformat.validate(notebook)


def _forget_run(data: dict[str, Any]) -> None:
    if WIDGET_VIEW in data:
        data[WIDGET_VIEW] = {"model_id": ""}
        data["text/plain"] = _BAR_TIMES.sub("", data.get("text/plain", ""))


def joined_streams(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with each stream (stdout, stderr) in one piece, at the place of its first part."""
    joined: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in streams:
            streams[output.name].text += output.text
            continue
        if output.output_type == "stream":
            streams[output.name] = output
        joined.append(output)
    for stream in streams.values():
        stream.text = _BAR_TIMES.sub("", _REWRITTEN.sub("", stream.text))
    return joined


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook to `path`, whole or not at all."""
    files.atomic_write(path, (nbformat.writes(notebook) + "\n").encode("utf-8"))


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would change the outputs from one caller to the next."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("VQEDU_")}
    kept.pop("MPLBACKEND", None)  # set by some editors and CI systems, it would suppress the figures
    return {**kept, "PYTHONHASHSEED": "0", **extra}


def _message(name: str, index: int, cell: NotebookNode, what: str) -> str:
    text: Any = cell.source.strip().splitlines()
    return f"{name}: cell {index + 1} {what}\nThe cell begins: {text[0] if text else '(empty)'}"
