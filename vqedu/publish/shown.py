"""What pages and slides show of a notebook's outputs: explorers alive, pictures, and the files they share."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from vqedu.publish import notebooks
from vqedu.widgets import bundler, standalone
from vqedu.widgets.base import EXPLORER

ASSETS = Path(__file__).parent / "assets"
SHARED = "shared"  # the folder beside the pages for what they show: pictures, weights, the code of the explorers


@dataclass(frozen=True)
class Shared:
    """The files that pages share, each once, named by its content.

    store: the folder of what the builds kept for the explorers; folder: where the files go.
    """

    store: Path
    folder: Path

    def explorer(self, output: NotebookNode) -> str:
        """Return the place of an explorer in a page. Raises ValueError where one of its files is missing or damaged."""
        form = output.data[EXPLORER]
        for name in standalone.names(form):
            if not (path := self.folder / f"{name}.js").exists():
                path.write_bytes(standalone.script(name, self._kept(name)))
        return standalone.figure(form, self.address(output), SHARED)

    def picture(self, output: NotebookNode) -> str:
        """Return the picture of an output as an image with its text and its size."""
        about, address = output.metadata.get("image/png", {}), self.address(output)
        wide, high = Image.open(self.folder / Path(address).name).size
        width = int(about.get("width", wide))
        alt = escape(about.get("alt", ""))
        return f'<img src="{address}" alt="{alt}" width="{width}" height="{high * width // wide}" loading="lazy">'

    def address(self, output: NotebookNode) -> str:
        """Store the picture of an output, the same pixels in half the bytes of its PNG; return its address."""
        png = base64.b64decode(output.data["image/png"])
        path = self.folder / f"{hashlib.sha256(png).hexdigest()}.webp"
        if not path.exists():
            Image.open(io.BytesIO(png)).save(path, "webp", lossless=True, quality=30, method=2)
        return f"{SHARED}/{path.name}"

    def _kept(self, name: str) -> bytes:
        path = self.store / name
        content = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(content).hexdigest() != path.stem:
            what = "is damaged: delete it" if path.exists() else "is missing"
            raise ValueError(f"The file {path} of an explorer {what}. Run `python -m vqedu build` again.")
        return content


def read_built(script: Path, folder: Path) -> NotebookNode:
    """Return what `notebooks.build` kept of a source; raises ValueError where that is absent or of another source."""
    name, path = script.stem, notebooks.built(folder) / f"{script.stem}.ipynb"
    why = "has not been built yet"
    if path.exists():
        try:
            notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
            of = notebook.metadata["vqedu"]
            if of["source"] != notebooks.digest(script):
                why = "has changed since it was built"
            elif of.get("explorers") != bundler.digest():
                why = "shows explorers whose code has changed since it was built"
            else:
                return notebook
        except Exception:  # nbformat passes on whatever it meets in other JSON
            why = f"was built, but {path} is damaged"
    raise ValueError(f"{name} {why}. Run `python -m vqedu build {name}` first.")


def math_script() -> str:
    """Return the script that typesets a page's formulas, Temml inside."""
    scripts = (ASSETS / "temml" / "temml.min.js", ASSETS / "formulas.js")
    return "\n".join(path.read_text(encoding="utf-8") for path in scripts)


def math_css() -> str:
    """Return Temml's style sheet with its one font inside, so that formulas look the same on every machine."""
    font = base64.b64encode((ASSETS / "temml" / "STIXTwoMath.woff2").read_bytes()).decode()
    css = (ASSETS / "temml" / "Temml-STIX2.css").read_text(encoding="utf-8")
    css = css.replace("local('STIXTwoMath'),", "").replace("./STIXTwoMath.woff2", f"data:font/woff2;base64,{font}")
    return css + (ASSETS / "formulas.css").read_text(encoding="utf-8")
