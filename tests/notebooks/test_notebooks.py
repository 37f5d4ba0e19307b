"""The committed notebooks: executed, in step with their scripts, readable; each night, green twice in one kernel."""

from __future__ import annotations

import copy
import re
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbval.plugin import coalesce_streams, find_comment_markers, find_metadata_tags, get_sanitize_patterns

from tests.notebooks import notebook_checks as checks
from vqedu.publish import notebooks

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "notebooks"
NAMES = sorted({path.stem for path in [*FOLDER.glob("*.ipynb"), *FOLDER.glob("source/*.py")]})
NOT_COMPARED = ("image/png", "image/jpeg", notebooks.WIDGET_VIEW)  # as in nbval
SANITIZERS = get_sanitize_patterns((REPOSITORY / "tests/nbval_sanitize.cfg").read_text(encoding="utf-8"))

each_notebook = pytest.mark.parametrize("name", NAMES)


def committed(name: str) -> NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def test_there_are_notebooks_and_each_has_its_script() -> None:
    assert NAMES
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == {path.stem for path in FOLDER.glob("source/*.py")}


@each_notebook
def test_script_and_notebook_agree(name: str) -> None:
    source = notebooks.read_source(FOLDER / "source" / f"{name}.py")
    assert not checks.disagreements(source, committed(name))


@each_notebook
def test_is_committed_executed(name: str) -> None:
    assert not checks.not_executed(committed(name))


@each_notebook
def test_holds_no_error(name: str) -> None:
    assert not checks.errors(committed(name))


@each_notebook
def test_keeps_to_the_budgets(name: str) -> None:
    assert not checks.over_budget(committed(name), (FOLDER / f"{name}.ipynb").stat().st_size)


@each_notebook
def test_holds_no_local_path(name: str) -> None:
    assert not checks.local_paths(committed(name))


@each_notebook
def test_defines_names_before_their_use(name: str) -> None:
    assert not checks.undefined_names(committed(name))


@each_notebook
def test_links_are_alive(name: str) -> None:
    headings = {f"{other}.ipynb": checks.anchors(committed(other)) for other in NAMES}
    assert not checks.dead_links(committed(name), f"{name}.ipynb", FOLDER, headings)


@each_notebook
def test_holds_nothing_that_changes_with_every_build(name: str) -> None:
    notebook = committed(name)
    cleaned = copy.deepcopy(notebook)
    notebooks.clean(cleaned)
    assert cleaned == notebook


@pytest.mark.nightly
@each_notebook
def test_runs_twice_in_one_kernel_with_the_same_outputs(name: str) -> None:
    notebook = committed(name)
    client = NotebookClient(
        notebook,
        timeout=notebooks.CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
    )
    client.reset_execution_trackers()
    passes = []
    with client.setup_kernel():
        for _ in range(2):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
            passes.append([comparable(cell) for cell in checks.code_cells(notebook)])
    for position, (first, second) in enumerate(zip(*passes, strict=True), start=1):
        assert first == second, f"code cell {position} gave another output in the second pass"


def comparable(cell: NotebookNode) -> list[tuple[str, str]]:
    """What nbval would compare of a cell's outputs: its texts by kind, or nothing where a tag says so."""
    marks = dict(find_metadata_tags(cell.metadata)) | dict(find_comment_markers(cell.source))
    if not marks.get("check", True):
        return []
    found = []
    for output in coalesce_streams(cell.outputs):
        texts = {output.name: output.text} if output.output_type == "stream" else output.get("data", {})
        found += [(kind, sanitized(text)) for kind, text in texts.items() if kind not in NOT_COMPARED]
    return sorted(found)


def sanitized(text: str) -> str:
    for pattern, replacement in SANITIZERS:
        text = re.sub(pattern, replacement, text)
    return text


# The checks themselves, on notebooks made to break them.


def notebook_of(*sources: str) -> NotebookNode:
    """An executed notebook: every source that prints has a line of output."""
    cells = []
    for position, source in enumerate(sources, start=1):
        outputs = [new_output("stream", text="1\n")] if checks.speaks(source) else []
        cells.append(new_code_cell(source, execution_count=position, outputs=outputs))
    return new_notebook(cells=cells)


def test_a_stripped_notebook_is_caught() -> None:
    whole = notebook_of("x = 1", "print(x)", "x")
    assert not checks.not_executed(whole)

    without_outputs = copy.deepcopy(whole)
    for cell in without_outputs.cells:
        cell.outputs = []
    assert len(checks.not_executed(without_outputs)) == 2

    without_counts = copy.deepcopy(whole)
    without_counts.cells[0].execution_count = None
    assert len(checks.not_executed(without_counts)) == 1

    out_of_order = copy.deepcopy(whole)
    out_of_order.cells[0].execution_count = 4
    assert len(checks.not_executed(out_of_order)) == 1


@each_notebook
def test_a_stripped_copy_of_a_real_notebook_is_caught(name: str) -> None:
    notebook = committed(name)
    for cell in checks.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    assert len(checks.not_executed(notebook)) >= len(checks.code_cells(notebook))


def test_script_and_notebook_that_disagree_are_caught(tmp_path: Path) -> None:
    script = tmp_path / "sample.py"
    script.write_text('# %% [markdown]\n# # Text\n\n# %% tags=["a"]\nx = 1\n\n# %%\ny = 2\n', encoding="utf-8")
    source = notebooks.read_source(script)
    assert not checks.disagreements(source, source)

    text, tag, order, number = (copy.deepcopy(source) for _ in range(4))
    text.cells[1].source = "x = 2"
    tag.cells[1].metadata = NotebookNode(tags=["b"])
    order.cells[1], order.cells[2] = order.cells[2], order.cells[1]
    number.cells.pop()
    assert [len(checks.disagreements(source, other)) for other in (text, tag, number)] == [1, 1, 1]
    assert checks.disagreements(source, order)


def test_an_error_is_caught_unless_it_is_announced() -> None:
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    notebook = new_notebook(cells=[new_code_cell("raise ValueError('no')", outputs=[error])])
    assert checks.errors(notebook)
    notebook.cells[0].metadata["tags"] = ["raises-exception"]
    assert not checks.errors(notebook)


def test_long_cells_and_large_files_are_caught() -> None:
    line = "x = 1\n"
    assert not checks.over_budget(notebook_of(line * 25, line, line), 3_000_000)
    assert len(checks.over_budget(notebook_of(line * 26, line, line), 1)) == 1
    assert len(checks.over_budget(notebook_of(line * 9), 1)) == 1
    assert len(checks.over_budget(notebook_of(*[line * 8] * 44), 1)) == 1
    assert len(checks.over_budget(notebook_of(line), 3_000_001)) == 1
    assert not checks.over_budget(notebook_of("# a comment\n\n" * 30 + line), 1)


@pytest.mark.parametrize(
    "text", ["/home/ada/data", "see /" + "root/x", "(/tmp/ipykernel_1/2.py)", r"C:\Users\ada", '"/Users/ada/x"']
)
def test_a_local_path_is_caught_in_text_and_output(text: str) -> None:
    in_output = notebook_of("print(1)")
    in_output.cells[0].outputs[0].text = text
    assert checks.local_paths(new_notebook(cells=[new_markdown_cell(text)]))
    assert checks.local_paths(in_output)


def test_a_web_address_is_not_a_local_path() -> None:
    text = "https://example.org/home/ada and ../data/x and a/b and 1/2"
    assert not checks.local_paths(new_notebook(cells=[new_markdown_cell(text)]))


@pytest.mark.parametrize(
    "sources",
    [
        ["y = x", "x = 1"],
        ["x = x + 1"],
        ["x += 1"],
        ["x = 1", "del x", "print(x)"],
        ["def f():\n    return later", "later = 1"],
        ["[z for z in values]"],
        ["class A:\n    size = width"],
        ["f = lambda: absent"],
        ["for i in range(n):\n    print(i)"],
    ],
)
def test_a_name_used_before_its_definition_is_caught(sources: list[str]) -> None:
    assert len(checks.undefined_names(notebook_of(*sources))) == 1


@pytest.mark.parametrize(
    "sources",
    [
        ["x = 1", "y = x"],
        ["def f():\n    return g()\ndef g():\n    return f"],
        ["import numpy as np\nfrom os import path", "np.zeros(3), path, display"],
        ["for i in range(3):\n    total = i\nprint(total, i)"],
        ["with open('a') as stream:\n    text = stream.read()", "text"],
        ["[a + b for a in range(3) for b in range(a)]"],
        ["def f(n):\n    s = [i * n for i in range(n)]\n    return s"],
        ["%matplotlib inline\nx = 1", "x"],
        ["y = (n := 3) + n"],
        ["class A:\n    def f(self):\n        return super().__init__()"],
        ["try:\n    x = 1\nexcept ValueError as error:\n    print(error)"],
    ],
)
def test_names_defined_in_time_pass(sources: list[str]) -> None:
    assert not checks.undefined_names(notebook_of(*sources))


def test_dead_links_are_caught(tmp_path: Path) -> None:
    (tmp_path / "b.ipynb").touch()
    text = (
        "# My *own* heading\n[a](b.ipynb#Its-heading) <a href='b.ipynb'>b</a> [c](#My-own-heading) [d](https://x.org/y)"
    )
    live = new_notebook(cells=[new_markdown_cell(text)])
    headings = {"a.ipynb": checks.anchors(live), "b.ipynb": {"Its-heading"}}
    assert not checks.dead_links(live, "a.ipynb", tmp_path, headings)

    dead = new_notebook(cells=[new_markdown_cell("[a](absent.ipynb) ![p](p.png) [b](b.ipynb#x) [c](#y) `[d](e.md)`")])
    assert len(checks.dead_links(dead, "a.ipynb", tmp_path, headings)) == 4


def test_repository_holds_no_forbidden_string() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    forbidden = {
        "a home directory": re.compile(rb"/(?:home|Users)/[a-z]\w+/|/roo" + rb"t/\w"),
        "this checkout": re.compile(re.escape(str(REPOSITORY).encode() + b"/")),
        "code that unpickles": re.compile(rb"\b(?:pickle\.loads?|(?<!safetensors\.)torch\.load|weights_only=False)\("),
        "a package index": re.compile(rb"(?:extra-)?index-url"),
        "an unfinished line": re.compile(rb"\b(?:TO" + rb"DO|FIX" + rb"ME)\b"),
    }
    this_file = Path(__file__).relative_to(REPOSITORY).as_posix()
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = REPOSITORY / name
        if name == this_file or path.suffix == ".npz" or not path.is_file():
            continue
        content = path.read_bytes()
        for what, pattern in forbidden.items():
            assert not pattern.search(content), f"{name} holds {what}: {pattern.search(content)}"
