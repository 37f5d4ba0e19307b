"""What every explorer shares: the JavaScript beside it, arrays that cross once as bytes, the ways to show it."""

from __future__ import annotations

import base64
import inspect
import json
import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from vqedu.widgets import bundler

EXPORT_VARIABLE = "VQEDU_EXPORT"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def pack(arrays: Mapping[str, np.ndarray]) -> tuple[bytes, dict[str, Any]]:
    """Return the arrays as one block of bytes and a table name -> {dtype, shape, offset} to find them again.

    dtypes: float16, float32, uint8, uint16, int32. Each array starts at a multiple of 4 bytes.
    """
    table: dict[str, Any] = {}
    block = bytearray()
    for name, array in arrays.items():
        block += bytes(-len(block) % 4)
        little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        table[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": len(block)}
        block += little_endian.tobytes()
    return bytes(block), table


class Explorer(anywidget.AnyWidget):
    """A figure that runs in the page: the kernel sends its arrays once and hears the settled `state`.

    Shown in a notebook it is the live widget with a PNG preview and a stable line of text beside it. While a notebook
    is exported (environment variable VQEDU_EXPORT=1) it is self-contained HTML: the same module, a stand-in for the
    kernel.
    The module and the style sheet are the .js and .css files beside the file of the class, and whatever they import;
    `home`, the class of the element that holds the widget and to which its style sheet keeps, is named after them too.
    A subclass sets `config`, `data`, `state` and `summary`, and defines `preview`.
    """

    home = ""
    data = traitlets.Bytes().tag(sync=True)  # the arrays, packed
    config = traitlets.Dict().tag(sync=True)  # everything else the page needs, and the table of the arrays
    state = traitlets.Dict().tag(sync=True)  # what the hand has set; the page writes it once it has settled
    summary: str = "Explorer"  # text/plain of the display: the same in every run

    def __init_subclass__(cls, **options: Any) -> None:
        module = Path(inspect.getfile(cls)).with_suffix(".js")
        made_by_anywidget = isinstance(getattr(cls, "_esm", None), traitlets.TraitType)  # the class of one instance
        if module.exists() and not made_by_anywidget:
            cls.home = f"vq-home-{module.stem.replace('_', '-')}"
            cls._esm = bundler.bundle(module)
            cls._css = bundler.stylesheet(module, cls.home)
        super().__init_subclass__(**options)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class(self.home)

    def preview(self) -> bytes:
        """Return a PNG of the explorer in its present state, for pages without JavaScript or kernel."""
        raise NotImplementedError

    def to_html(self) -> str:
        """Return the explorer as HTML that works from a file, without kernel, network, or any other part."""
        module = base64.b64encode(str(self._esm).encode()).decode()
        traits = {
            "config": self.config,
            "state": self.state,
            "data": base64.b64encode(self.data).decode(),
        }
        # "<" inside the JSON could close the script element that holds it.
        payload = json.dumps(traits).replace("<", "\\u003c")
        image = base64.b64encode(self.preview()).decode()
        return _PAGE.format(
            css=self._css, home=self.home, module=module, payload=payload, image=image, alt=escape(self.summary)
        )

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        if os.environ.get(EXPORT_VARIABLE) == "1":
            return {"text/html": self.to_html(), "text/plain": self.summary}, {}
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        image = base64.b64encode(self.preview()).decode()
        shown = {WIDGET_VIEW: view, "image/png": image, "text/plain": self.summary}
        return shown, {"image/png": {"alt": self.summary}}


# Module scripts run in the order of the page, so each takes the first container that is not taken yet.
# The stand-in answers what anywidget's model answers; nobody listens at the other end.
_PAGE = """<style>{css}</style>
<div class="vqedu-export">
<script type="application/json">{payload}</script>
<img src="data:image/png;base64,{image}" alt="{alt}" style="max-width:100%">
</div>
<script type="module">
const home = document.querySelector(".vqedu-export:not([data-taken])");
home.dataset.taken = "";
const traits = JSON.parse(home.querySelector("script").textContent);
const bytes = Uint8Array.from(atob(traits.data), (c) => c.charCodeAt(0));
traits.data = new DataView(bytes.buffer);
const model = {{
  get: (name) => traits[name],
  set: (name, value) => {{ traits[name] = value; }},
  on() {{}}, off() {{}}, save_changes() {{}}, send() {{}},
}};
const {{ default: widget }} = await import("data:text/javascript;base64,{module}");
const el = document.createElement("div");
el.className = "{home}";
home.replaceChildren(el);
widget.render({{ model, el }});
</script>"""
