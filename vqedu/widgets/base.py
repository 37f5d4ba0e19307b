"""What every explorer shares: the JavaScript beside it, arrays that cross once as bytes, the ways to show it."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from vqedu import files
from vqedu.widgets import bundler, standalone

BUILD_VARIABLE = "VQEDU_BUILD"  # while a notebook is built: the folder for what its pages need
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
EXPLORER = "application/vnd.vqedu.explorer+json"  # what a page needs of an explorer; in a build alone
PAGE_HTML = "application/vnd.vqedu.page+html"  # what a page shows in place of text/html; in a build alone


def pack(*groups: Mapping[str, np.ndarray]) -> tuple[list[bytes], dict[str, Any]]:
    """Return one block of bytes per group of arrays, and a table name -> {dtype, shape, offset} of all arrays.

    The offsets count from the start of the first block, the others behind it. A group is what several explorers may
    share, such as the weights of a network: equal groups give equal blocks, and a page stores a block once.
    dtypes: float16, float32, uint8, uint16, int32. Each array starts at a multiple of 4 bytes, and so does each block.
    """
    table: dict[str, Any] = {}
    blocks: list[bytes] = []
    for arrays in groups:
        before, block = sum(map(len, blocks)), bytearray()
        for name, array in arrays.items():
            little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            table[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": before + len(block)}
            block += little_endian.tobytes()
            block += bytes(-len(block) % 4)
        blocks.append(bytes(block))
    return blocks, table


class Explorer(anywidget.AnyWidget):
    """A figure that runs in the page: the kernel sends its arrays once and receives the settled `state`.

    Shown in a notebook it is the live widget with a stable line of text beside it. While a notebook is built
    (environment variable VQEDU_BUILD) it also carries what a page without a kernel needs; the builder has a browser
    take a still of that.
    The module and the style sheet are the .js and .css files beside the file of the class, and whatever they import;
    `home`, the class of the element that holds the widget and to which its style sheet keeps, is named after them too.
    A subclass sets `config`, `state` and `summary`, and passes the `blocks` of its arrays as `pack` returns them.
    """

    home = ""
    data = traitlets.Bytes().tag(sync=True)  # the blocks, one after the other
    config = traitlets.Dict().tag(sync=True)  # everything else the page needs, and the table of the arrays
    state = traitlets.Dict().tag(sync=True)  # what the hand has set; the page writes it once it has settled
    summary: str = "Explorer"  # text/plain of the display: the same in every run

    def __init_subclass__(cls, **options: Any) -> None:
        file = getattr(sys.modules[cls.__module__], "__file__", None)  # a class of a notebook has none
        module = Path(file or "").with_suffix(".js") if file else None
        made_by_anywidget = isinstance(getattr(cls, "_esm", None), traitlets.TraitType)  # the class of one instance
        if module and module.exists() and not made_by_anywidget:
            cls.home = f"vq-home-{module.stem.replace('_', '-')}"
            cls._esm = bundler.bundle(module)
            cls._css = bundler.stylesheet(module, cls.home)
        super().__init_subclass__(**options)

    def __init__(self, blocks: Sequence[bytes] = (), **traits: Any) -> None:
        self.blocks = tuple(blocks)
        super().__init__(data=b"".join(blocks), **traits)
        self.add_class(self.home)

    def page_form(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what a page without a kernel needs: a description as JSON, and the files it names by their content."""
        contents: dict[str, bytes] = {}

        def named(content: bytes, suffix: str) -> str:
            name = hashlib.sha256(content).hexdigest() + suffix
            contents[name] = content
            return name

        form = {
            "summary": self.summary,
            "home": self.home,
            "module": named(str(self._esm).encode(), ".js"),
            "style": named(str(getattr(self, "_css", "")).encode(), ".css"),
            "data": [named(block, ".bin") for block in self.blocks],
            "config": self.config,
            "state": self.state,
        }
        return form, contents

    def to_html(self) -> str:
        """Return the explorer as HTML that works from a file, without kernel, network, or any other part."""
        form, contents = self.page_form()
        return standalone.figure(form) + standalone.runner(contents)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        shown: dict[str, Any] = {WIDGET_VIEW: view, "text/plain": self.summary}
        if folder := os.environ.get(BUILD_VARIABLE):
            shown[EXPLORER] = self._stored(Path(folder))
        return shown, {}

    def _stored(self, folder: Path) -> dict[str, Any]:
        """Return the page form, with its files in `folder`."""
        form, contents = self.page_form()
        for name, content in contents.items():
            if not (folder / name).exists():
                files.atomic_write(folder / name, content)
        return form
