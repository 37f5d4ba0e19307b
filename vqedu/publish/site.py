"""Makes one site of the built notebooks: contents, search, every explorer alive, without a kernel or a network."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
from docutils.nodes import make_id
from nbformat import NotebookNode

from vqedu import palette
from vqedu.publish import notebooks, policy, target
from vqedu.publish.shown import ASSETS, SHARED, Shared, math_css, math_script, read_built
from vqedu.widgets import standalone
from vqedu.widgets.base import EXPLORER, PAGE_HTML, WIDGET_VIEW
from vqedu.widgets.cards.overview import Overview

MARK = ".vqedu-site"  # an empty file in the folder of a site: it may be written anew
# Pages of the site that are not notebooks: name -> its Markdown in the repository.
TEXTS = {"lecturing": "LECTURING.md", "running": "docs/RUNNING.md"}
FRONT_EXPLORER = "vq-home-words-and-images"
OPTIONS: dict[str, Any] = {
    "project": "vqedu",
    "html_title": "From autoencoder to image tokens",
    "language": "en",
    "extensions": ["myst_nb"],
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "myst_enable_extensions": ["dollarmath", "amsmath"],
    "myst_heading_anchors": 4,
    "myst_heading_slug_func": "vqedu.publish.site.anchor",
    "html_theme": "sphinx_book_theme",
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_search_summary": False,  # it would fetch the pages, which no browser allows from file://
    "html_favicon": str(ASSETS / "favicon.svg"),
    "html_show_sphinx": False,
    "html_show_copyright": False,
    "html_css_files": ["site.css"],
    "html_js_files": [("mount.js", {"defer": "defer"})],
    "mathjax_path": "formulas.js",  # Sphinx adds it to the pages that have formulas; ours typesets with Temml
    "html_context": {"default_mode": "auto"},
    "html_theme_options": {
        "home_page_in_toc": True,
        "use_download_button": False,
        "use_fullscreen_button": True,
        "show_toc_level": 2,
        "toc_title": "On this page",
        "navbar_persistent": [],
        "footer_content_items": [],
    },
}
# What the theme brings for readers of source code, such as maps of its scripts, and a font of icons (see icons.css).
UNUSED = ("_static/locales", "**/*.map", "**/*.LICENSE.txt", "_static/vendor", "_sources", ".buildinfo", "objects.inv")
ICONS = "_static/scripts/fontawesome.js"  # every page loads it
SPHINX_OWN = ("search", "genindex")  # pages that show no notebook
FULL_SCREEN = "toggleFullScreen()"  # what the theme's one handler in HTML calls

_HREF = re.compile(r"""(\bhref=["'])(?![a-zA-Z][\w+.-]*:)([^"'\#]+)\.ipynb(?=["'\#])""")
_ANCHOR = re.compile(r"""(\bhref=["'][\w.-]+\.html#)([^"']+)""")  # as Jupyter makes it; docutils makes other ones
_ASKS = re.compile(r"(?:\s*widgets\.(?:Quiz|Prediction)\([^()]*\)\s*)+")
_PROGRESS_BAR = re.compile(r"\s*\d+%\||.*\bit/s\]")
_PYTHON_REPR = re.compile(r"\w+\(")


class SiteError(RuntimeError):
    """The site cannot be made from what the notebooks say; the message names the place."""


def site(to: Path, folder: Path = notebooks.NOTEBOOKS, report: Callable[[str], object] = print) -> Path:
    """Write the site of all built notebooks into the folder `to`, which is new, empty, or an earlier site; return it.

    Nothing is executed, and nothing is written into `to` before the whole site is there. Raises ValueError for a
    notebook that has not been built from its source or a folder with other things in it, SiteError for a dead link.
    """
    started = time.perf_counter()
    with target.folder(to, MARK) as made, tempfile.TemporaryDirectory() as scratch:
        built = {name: read_built(script, folder) for name, script in notebooks.sources(folder).items()}
        source = Path(scratch) / "source"
        write_source(built, source, folder)
        run_sphinx(source, made)
        for pattern in UNUSED:
            for path in made.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        (made / ICONS).write_text("// The icons are those of site.css.\n", encoding="utf-8")
        for page in made.glob("*.html"):
            protect(page)
    seconds = time.perf_counter() - started
    report(f"wrote {to / 'index.html'} and {len(built)} pages, {target.size(to) / 1e6:.1f} MB, {seconds:.0f} s")
    return to


def write_source(built: dict[str, NotebookNode], source: Path, folder: Path) -> None:
    """Write what Sphinx reads: the notebooks as pages show them, the first page, and the files that pages share."""
    shared, static = Shared(notebooks.built(folder) / "files", source / "_extra" / SHARED), source / "_static"
    shared.folder.mkdir(parents=True)
    static.mkdir()
    texts = {}
    for name, path in TEXTS.items():
        if (folder.parent / path).exists():
            texts[name] = (folder.parent / path).read_text(encoding="utf-8").replace("](notebooks/", "](")
            (source / f"{name}.md").write_text(texts[name], encoding="utf-8")
    (source / "index.md").write_text(front_page(built, list(texts), shared), encoding="utf-8")
    for name, notebook in built.items():
        for cell in notebook.cells:
            prepare(cell, name, shared)
        nbformat.write(notebook, source / f"{name}.ipynb")
    shutil.copy(standalone.MOUNT, static / "mount.js")
    (static / "formulas.js").write_text(math_script(), encoding="utf-8")
    sheets = [(ASSETS / name).read_text(encoding="utf-8") for name in ("site.css", "icons.css")]
    styles = (f":root {{ {palette.css_variables()} }}", math_css(), *sheets)
    (static / "site.css").write_text("\n".join(styles), encoding="utf-8")


def run_sphinx(source: Path, to: Path) -> None:
    """Make the pages of `source`; raises SiteError with what Sphinx warns of, such as a link that leads nowhere."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warnings = io.StringIO()
    options = {**OPTIONS, "html_static_path": [str(source / "_static")], "html_extra_path": [str(source / "_extra")]}
    trees = source.parent / "trees"
    with patch_docutils(), docutils_namespace():
        Sphinx(source, None, to, trees, "html", options, status=None, warning=warnings).build()
    if found := re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()).strip():
        raise SiteError(found.replace(f"{source}/", ""))


def front_page(built: Mapping[str, NotebookNode], texts: Sequence[str], shared: Shared) -> str:
    """Return the site's first page: the course in three sentences, its last explorer alive, three ways in."""
    outputs = (output for notebook in built.values() for cell in notebook.cells for output in cell.get("outputs", []))
    shown = [output for output in outputs if output.get("data", {}).get(EXPLORER, {}).get("home") == FRONT_EXPLORER]
    first = next(iter(built))
    values = {name: name if name in texts else first for name in TEXTS}
    values |= {"explorer": shared.explorer(shown[0]) if shown else "", "first": first}
    text = (ASSETS / "index.md").read_text(encoding="utf-8")
    for name, value in {**values, "pages": "\n".join([*built, *texts])}.items():
        text = text.replace(f"@{name}@", value)
    return text


def prepare(cell: NotebookNode, name: str, shared: Shared) -> None:
    """Change a cell, in place, into what the page of notebook `name` shows of it."""
    if cell.cell_type == "markdown":
        cell.source = _HREF.sub(r"\1\2.html", cell.source)
    elif cell.cell_type == "code":
        wide = any(EXPLORER in output.get("data", {}) for output in cell.outputs)
        added = ["remove-input"] * bool(_ASKS.fullmatch(cell.source)) + ["full-width"] * wide
        cell.metadata["tags"] = [*notebooks.tags(cell), *added]
        cell.outputs = [shown for output in cell.outputs for shown in in_page(output, name, shared)]


def in_page(output: NotebookNode, name: str, shared: Shared) -> list[NotebookNode]:
    """Return what a page shows of an output: an explorer alive, and of a control that needs the kernel its picture.

    Where a control has no picture, a line says where it works. A progress bar has nothing to say after the run, and
    goes.
    """
    data = output.get("data", {})
    if EXPLORER in data:
        return [_html(shared.explorer(output))]
    if PAGE_HTML in data:
        return [_html(_ANCHOR.sub(lambda found: found[1] + make_id(unescape(found[2])), data[PAGE_HTML]))]
    still = [_html(shared.picture(output))] if "image/png" in data else []
    if WIDGET_VIEW not in data:
        return still or [output]
    text = data.get("text/plain", "")
    if _PROGRESS_BAR.match(text):
        return []
    if not still and text and not _PYTHON_REPR.match(text):
        still = [notebooks.without_page_form(output)]
    what = "This is its last picture" if "image/png" in data else "This figure is run by Python"
    return [*still, _html(f'<p class="needs-kernel">{what}: open {name}.ipynb in Jupyter to use it.</p>')]


def protect(page: Path) -> None:
    """Write its policy into a page of Sphinx: its own scripts may run, and none that comes with a notebook."""
    html = page.read_text(encoding="utf-8")
    head, _, body = html.partition("</head>")
    _, _, main = body.partition("<main ")  # before it is the list of the notebooks, with the titles that they give
    own = head + Overview([], set()).table(page=True) + (main if page.stem in SPHINX_OWN else "")
    hashes = [*policy.inline_scripts(own), "'unsafe-hashes'", policy.digest(FULL_SCREEN)]
    page.write_text(policy.protect(html, hashes), encoding="utf-8")


def anchor(heading: str) -> str:
    """Return a heading's anchor as Jupyter makes it: spaces become hyphens, all else stays."""
    return heading.replace(" ", "-")


def _html(text: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": text})
