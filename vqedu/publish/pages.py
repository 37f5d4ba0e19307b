"""Exports a notebook as one HTML file that works anywhere: no kernel, no network, the explorers alive."""

from __future__ import annotations

import base64
import mimetypes
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from vqedu import files
from vqedu.publish import notebooks
from vqedu.widgets.base import EXPORT_VARIABLE

ASSETS = Path(__file__).parent
TEMML = ASSETS / "page" / "temml"

_LINK = re.compile(
    r"""(\]\(|\bhref=["']|^\[[^\]\n]+\]:[ ]*)  # [text](target), href="target", [label]: target
        (?![a-zA-Z][\w+.-]*:)([^)\s"'\#]+)\.ipynb(?=[)\s"'\#]|$)  # a target without a scheme
    """,
    re.MULTILINE | re.VERBOSE,
)
_PICTURE = re.compile(r"""(!\[[^\]]*\]\(|<img\b[^>]*?\bsrc=["'])(?![a-zA-Z][\w+.-]*:)([^)\s"']+)""")
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_PROGRESS_BAR = re.compile(r"\s*\d+%\||.*\bit/s\]")
_PYTHON_REPR = re.compile(r"\w+\(")


def export(
    names: Iterable[str],
    to: Path,
    folder: Path = notebooks.NOTEBOOKS,
    report: Callable[[str], object] = print,
) -> list[Path]:
    """Execute the sources called `names` (all if empty), write to/NAME.html for each, return the files.

    The notebooks stay as they are. Raises CellError if a cell fails, ValueError for an unknown name.
    """
    written = []
    for name, script in notebooks.select(names, folder).items():
        started = time.perf_counter()
        notebook = notebooks.read_source(script)
        notebooks.execute(notebook, name, folder, {EXPORT_VARIABLE: "1"})
        page = render(notebook, name, folder)
        to.mkdir(parents=True, exist_ok=True)
        path = to / f"{name}.html"
        files.atomic_write(path, page.encode("utf-8"))
        report(f"exported {path} ({path.stat().st_size / 1e6:.1f} MB) in {time.perf_counter() - started:.0f} s")
        written.append(path)
    return written


def render(notebook: NotebookNode, name: str, folder: Path) -> str:
    """Return the page of an executed notebook; `folder` is where the pictures of its text are looked up."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = embed_pictures(link_pages(cell.source), folder)
        elif cell.cell_type == "code":
            cell.outputs = [still for output in cell.outputs for still in without_kernel(output, name)]
    notebooks.clean(notebook)
    notebook.metadata["title"] = title(notebook, name)
    exporter = HTMLExporter(
        template_name="page",
        extra_template_basedirs=[str(ASSETS)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    resources = {"metadata": {"name": name}, "math_css": _math_css()}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return str(page)


def link_pages(markdown: str) -> str:
    """Return the text with its links to other notebooks leading to their pages, as X.html#y."""
    return _LINK.sub(r"\1\2.html", markdown)


def embed_pictures(markdown: str, folder: Path) -> str:
    """Return the text with the pictures it takes from files under `folder` inside it, as data URLs.

    (nbconvert's own embedding closes a <details> before its content.) Raises OSError for a missing picture.
    """

    def embedded(found: re.Match[str]) -> str:
        kind = mimetypes.guess_type(found[2])[0]
        return f"{found[1]}data:{kind};base64,{base64.b64encode((folder / found[2]).read_bytes()).decode()}"

    return _PICTURE.sub(embedded, markdown)


def title(notebook: NotebookNode, name: str) -> str:
    """Return the first heading of a notebook, or its name."""
    for cell in notebook.cells:
        found = _HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        if found:
            return re.sub(r"[*`$\\]", "", found[1]).strip()
    return name


def without_kernel(output: NotebookNode, name: str) -> list[NotebookNode]:
    """Return what a page shows of an output: a control that needs the kernel becomes a picture and a line.

    A progress bar has nothing to say after the run, and goes.
    """
    if notebooks.WIDGET_VIEW not in output.get("data", {}):
        return [output]
    still = notebooks.without_widget_view(output)
    text = output.data.get("text/plain", "")
    if _PROGRESS_BAR.match(text):
        return []
    only_repr = still is not None and set(still.data) == {"text/plain"} and _PYTHON_REPR.match(text)
    shown = [still] if still is not None and not only_repr else []
    sentence = f"This figure is run by Python: open {name}.ipynb in Jupyter to use it."
    note = nbformat.v4.new_output(
        "display_data", {"text/html": f'<p class="needs-kernel">{sentence}</p>', "text/plain": sentence}
    )
    return [*shown, note]


def _math_css() -> str:
    """Temml's style sheet with its one font inside."""
    font = base64.b64encode((TEMML / "Temml.woff2").read_bytes()).decode()
    css = (TEMML / "Temml-Local.css").read_text(encoding="utf-8")
    return css.replace("url('Temml.woff2')", f"url('data:font/woff2;base64,{font}')")
