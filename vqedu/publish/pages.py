"""Exports a built notebook as one HTML file that works anywhere: no kernel, no network, the explorers alive."""

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

from vqedu import files, palette
from vqedu.publish import notebooks
from vqedu.widgets import standalone
from vqedu.widgets.base import EXPLORER, PAGE_HTML, WIDGET_VIEW

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
    """Write to/NAME.html for each of the built notebooks called `names` (all if empty), and return the files.

    Nothing is executed. Raises ValueError for an unknown name, or a notebook that has not been built from its source.
    """
    chosen = notebooks.select(names, folder)
    built = {name: read_built(script, folder) for name, script in chosen.items()}
    to.mkdir(parents=True, exist_ok=True)
    written = []
    for name, notebook in built.items():
        started = time.perf_counter()
        path = to / f"{name}.html"
        files.atomic_write(path, render(notebook, name, folder).encode("utf-8"))
        report(f"exported {path} ({path.stat().st_size / 1e6:.1f} MB) in {time.perf_counter() - started:.0f} s")
        written.append(path)
    return written


def read_built(script: Path, folder: Path) -> NotebookNode:
    """Return what `notebooks.build` kept of a source; raises ValueError where that is absent or of another source."""
    name, path = script.stem, notebooks.built(folder) / f"{script.stem}.ipynb"
    notebook = nbformat.read(path, as_version=4) if path.exists() else None
    if notebook is None or notebook.metadata["vqedu"]["source"] != notebooks.digest(script):
        why = "has not been built yet" if notebook is None else "has changed since it was built"
        raise ValueError(f"{name} {why}. Run `python -m vqedu build {name}` first.")
    return notebook


def render(notebook: NotebookNode, name: str, folder: Path) -> str:
    """Return the page of a built notebook; `folder` is where the pictures of its text are looked up."""
    contents: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = embed_pictures(link_pages(cell.source), folder)
        elif cell.cell_type == "code":
            contents |= contents_of(cell.outputs, notebooks.built(folder) / "files")
            cell.outputs = [shown for output in cell.outputs for shown in in_page(output, name)]
    notebook.metadata["title"] = title(notebook, name)
    exporter = HTMLExporter(
        template_name="page",
        extra_template_basedirs=[str(ASSETS)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    explorers = standalone.runner(contents) if contents else ""
    styles = {"math_css": _math_css(), "palette": palette.css_variables()}
    resources = {"metadata": {"name": name}, "explorers": explorers, **styles}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return str(page)


def contents_of(outputs: Iterable[NotebookNode], shared: Path) -> dict[str, bytes]:
    """Return the files that the explorers among `outputs` name, from the folder `shared`."""
    forms = [output.data[EXPLORER] for output in outputs if EXPLORER in output.get("data", {})]
    return {name: (shared / name).read_bytes() for form in forms for name in standalone.names(form)}


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


def in_page(output: NotebookNode, name: str) -> list[NotebookNode]:
    """Return what a page shows of an output: an explorer alive, and of a control that needs the kernel its picture.

    Where a control has no picture, a line says where it works. A progress bar has nothing to say after the run, and
    goes.
    """
    data = output.get("data", {})
    if EXPLORER in data:
        return [_html(standalone.figure(data[EXPLORER], data["image/png"]))]
    if PAGE_HTML in data:
        return [_html(data[PAGE_HTML])]
    if WIDGET_VIEW not in data:
        return [output]
    still, text = notebooks.without_page_form(output), data.get("text/plain", "")
    if "image/png" in data:
        return [still]
    if _PROGRESS_BAR.match(text):
        return []
    sentence = f"This figure is run by Python: open {name}.ipynb in Jupyter to use it."
    note = _html(f'<p class="needs-kernel">{sentence}</p>')
    return [note] if not text or _PYTHON_REPR.match(text) else [still, note]


def _html(text: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": text})


def _math_css() -> str:
    """Temml's style sheet with its one font inside."""
    font = base64.b64encode((TEMML / "Temml.woff2").read_bytes()).decode()
    css = (TEMML / "Temml-Local.css").read_text(encoding="utf-8")
    return css.replace("url('Temml.woff2')", f"url('data:font/woff2;base64,{font}')")
