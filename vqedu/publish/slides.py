"""Makes the slides of a lecture from the built notebooks: a page for each route, explorers alive, nothing from outside.

A slide is a Markdown cell of a notebook's source with the tag "slide-45", "slide-90" or "slide-180": the minutes of the
shortest route that shows it. Its first line is a heading. If code follows, the slide shows the picture of that cell.
The speaker's notes are what the slide says after a line that begins with "Note: ", and the lecturer's of its section.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode

from vqedu.publish import notebooks, policy, target
from vqedu.publish.notebooks import LECTURER_TAG, SLIDE_TAGS
from vqedu.publish.shown import ASSETS, SHARED, Shared, math_css, math_script, read_built
from vqedu.widgets import standalone
from vqedu.widgets.base import EXPLORER

MARK = ".vqedu-slides"  # an empty file in the folder of slides: it may be written anew
REVEAL = ("reveal.min.js", "notes.min.js", "reveal.css", "LICENSE.txt")
SPEAKER_VIEW = (
    "'sha256-GzCveToXhSIzS3M5eQeRm3McVRB7cYneYKwTkzA3wDk='"  # of the script that notes.min.js writes into its window
)

_HEADING = re.compile(r"#{1,6} +(.+)")
_SECTION = re.compile(r"^## ", re.MULTILINE)


@dataclass(frozen=True)
class Slide:
    """One slide: what it says, what it shows, what the speaker reads."""

    notebook: str
    minutes: int  # of the shortest route that shows it
    text: str  # Markdown; the first line is the heading
    outputs: Sequence[NotebookNode]
    notes: str  # Markdown

    @property
    def title(self) -> str:
        return _HEADING.match(self.text)[1]  # type: ignore[index]


def slides(to: Path, folder: Path = notebooks.NOTEBOOKS, report: Callable[[str], object] = print) -> Path:
    """Write the slides of all routes into the folder `to`, which is new, empty, or of earlier slides; return it.

    Nothing is executed, and nothing is written into `to` before all of it is there. Raises ValueError for a notebook
    that has not been built from its source, for a route without slides, and for a slide without heading or picture.
    """
    started = time.perf_counter()
    with target.folder(to, MARK) as made:
        deck = read_deck(folder)
        shared = Shared(notebooks.built(folder) / "files", made / SHARED)
        shared.folder.mkdir()
        sections = [section(slide, shared) for slide in deck]
        for minutes in SLIDE_TAGS.values():
            chosen = [text for slide, text in zip(deck, sections, strict=True) if slide.minutes <= minutes]
            (made / f"{minutes}.html").write_text(page(minutes, chosen), encoding="utf-8")
        (made / "index.html").write_text(contents(deck), encoding="utf-8")
        write_assets(made / SHARED)
    seconds = time.perf_counter() - started
    report(f"wrote {to / 'index.html'} and {len(deck)} slides, {target.size(to) / 1e6:.1f} MB, {seconds:.0f} s")
    return to


def read_deck(folder: Path) -> list[Slide]:
    """Return the slides of all notebooks in `folder`; raises ValueError where a route has none of its own."""
    deck = [slide for script in notebooks.sources(folder).values() for slide in read_slides(script, folder)]
    for tag, minutes in SLIDE_TAGS.items():
        if not any(slide.minutes == minutes for slide in deck):
            raise ValueError(
                f"No cell of the notebooks has the tag {tag!r}, so there is no route of {minutes} minutes."
            )
    return deck


def read_slides(script: Path, folder: Path) -> list[Slide]:
    """Return the slides of a notebook's source, with the outputs of its last build."""
    cells = notebooks.read_source(script, (LECTURER_TAG, *SLIDE_TAGS)).cells
    code = iter([cell for cell in read_built(script, folder).cells if cell.cell_type == "code"])
    cells = [next(code) if cell.cell_type == "code" else cell for cell in cells]
    sections = list(_section_numbers(cells))
    found = []
    for index, cell in enumerate(cells):
        if minutes := [SLIDE_TAGS[tag] for tag in notebooks.tags(cell) if tag in SLIDE_TAGS]:
            same = [other for other, number in zip(cells, sections, strict=True) if number == sections[index]]
            text, _, own = cell.source.partition("\n\nNote: ")
            notes = [own, *(other.source for other in same if LECTURER_TAG in notebooks.tags(other))]
            following = cells[index + 1 : index + 2]
            found.append(_slide(script.stem, min(minutes), text, following, "\n\n".join(filter(None, notes))))
    return found


def _section_numbers(cells: Sequence[NotebookNode]) -> Iterator[int]:
    """Return for each cell how many sections have begun; the headings of slides begin none."""
    number = 0
    for cell in cells:
        own = not SLIDE_TAGS.keys() & set(notebooks.tags(cell))
        number += own and cell.cell_type == "markdown" and bool(_SECTION.search(cell.source))
        yield number


def _slide(name: str, minutes: int, text: str, following: Sequence[NotebookNode], notes: str) -> Slide:
    if not _HEADING.match(text):
        raise ValueError(f"{name}: a slide begins with {text[:40]!r}. Begin it with a heading, such as `## A title`.")
    outputs = [output for cell in following if cell.cell_type == "code" for output in cell.outputs]
    seen = [output for output in outputs if "image/png" in output.get("data", {})]
    if outputs and not seen:
        heading = text.splitlines()[0]
        raise ValueError(f"{name}: the slide {heading!r} is in front of a cell without a picture. Move it to one with.")
    return Slide(name, minutes, text, seen, notes)


def section(slide: Slide, shared: Shared) -> str:
    """Return a slide as an element of its page."""
    shown = "".join(_shown(output, shared) for output in slide.outputs[-1:])
    notes = f'<aside class="notes">{markdown(slide.notes)}</aside>' if slide.notes else ""
    kind = "" if shown else ' class="words"'
    return f"<section{kind}>\n{markdown(slide.text)}\n{shown}\n{notes}</section>\n"


def _shown(output: NotebookNode, shared: Shared) -> str:
    if EXPLORER in output.data:
        home = output.data[EXPLORER]["home"]
        attributes = f'class="alive" data-home="{home}" data-room="slide" data-prevent-swipe'
        return f"<div {attributes}>\n{shared.explorer(output)}</div>"
    return f'<div class="pictured">{shared.picture(output)}</div>'


def markdown(text: str) -> str:
    """Return Markdown as HTML, with formulas as math_script finds them."""
    renderer = MarkdownIt("commonmark").enable("table")
    return str(renderer.use(dollarmath_plugin, renderer=_formula, allow_space=False).render(text))


def _formula(formula: str, options: Mapping[str, Any]) -> str:
    opened, closed = ("\\[", "\\]") if options["display_mode"] else ("\\(", "\\)")
    return f"{opened}{escape(formula, quote=False)}{closed}"


def page(minutes: int, sections: Sequence[str]) -> str:
    """Return the page of a route."""
    title = f"From autoencoder to image tokens, in {minutes} minutes"
    return _filled("slides.html", title=title, minutes=str(minutes), slides="".join(sections))


def contents(deck: Sequence[Slide]) -> str:
    """Return the page that leads to the routes."""
    counts = {minutes: sum(slide.minutes <= minutes for slide in deck) + 1 for minutes in SLIDE_TAGS.values()}
    links = (f'<li><a href="{m}.html">{m} minutes</a>, {count} slides</li>\n' for m, count in counts.items())
    return _filled("slides_index.html", links="".join(links))


def write_assets(folder: Path) -> None:
    """Write what the pages load: reveal.js, the formulas, the explorers' loader, the looks."""
    for name in REVEAL:
        shutil.copy(ASSETS / "reveal" / name, folder / name)
    shutil.copy(standalone.MOUNT, folder / "mount.js")
    shutil.copy(ASSETS / "slides.js", folder / "slides.js")
    (folder / "formulas.js").write_text(math_script(), encoding="utf-8")
    styles = (math_css(), (ASSETS / "slides.css").read_text(encoding="utf-8"))
    (folder / "slides.css").write_text("\n".join(styles), encoding="utf-8")


def _filled(name: str, **values: str) -> str:
    text = policy.protect((ASSETS / name).read_text(encoding="utf-8"), [SPEAKER_VIEW], policy.FRAMES)
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
