"""What a browser lets a page do: load what is beside it, run the scripts it was made with, and send nothing anywhere.

A page that shows the output of code may show a script that nobody wrote into the course. The page names its own
scripts, by their file or their hash, and the browser refuses every other script and every request to another place.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

# default-src refuses what has no line of its own: fetch, beacons, sockets, frames, workers, sound, plugins.
SOURCES = {
    "default-src": "'none'",
    "script-src": "'self' blob:",  # mount.js makes a blob of an explorer's module; an address in HTML cannot name one
    "style-src": "'self' 'unsafe-inline'",  # explorers and figures size themselves
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'self'",  # the field of the search
}
FRAMES = {"frame-src": "'self'"}

# A script element with neither an address nor the type of data.
_INLINE = re.compile(r"<script(?![^>]*(?:\bsrc=|application/json))[^>]*>(.*?)</script>", re.DOTALL)
_CHARSET = re.compile(r'<meta charset="utf-8"\s*/?>')


def protect(page: str, hashes: Iterable[str] = (), more: dict[str, str] | None = None) -> str:
    """Return the page with its policy, which comes before anything that loads or runs.

    hashes: those of the scripts inside the page that may run; more: directives beside SOURCES.
    """
    sources = {**SOURCES, **(more or {})}
    sources["script-src"] = " ".join([sources["script-src"], *hashes])
    content = "; ".join(f"{name} {value}" for name, value in sources.items())
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{content}">'
    return _CHARSET.sub(lambda charset: charset[0] + meta, page, count=1)


def inline_scripts(html: str) -> list[str]:
    """Return the hashes of the scripts that are written into `html`."""
    return [digest(script) for script in _INLINE.findall(html)]


def digest(script: str) -> str:
    """Return the hash of a script, as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
