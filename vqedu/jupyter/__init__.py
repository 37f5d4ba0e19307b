"""An extension of the Jupyter server, installed with the package, that lets committed notebooks open unchanged.

JupyterLab writes the kernel's language_info into a notebook as soon as the kernel has started. A committed notebook
does not name the Python that ran it, so this would always be a change: JupyterLab would mark the notebook as unsaved
and save it after a while. Therefore the server fills in its own Python's version whenever it reads a notebook.
"""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Let the server's contents manager name the Python of every notebook that it reads."""
    read = server.contents_manager.get
    if not inspect.iscoroutinefunction(read):  # a manager of the site's own, from before Jupyter Server 2
        return

    @functools.wraps(read)
    async def get(*args: Any, **options: Any) -> dict[str, Any]:
        return name_python(await read(*args, **options))

    server.contents_manager.get = get


def name_python(model: dict[str, Any]) -> dict[str, Any]:
    """Write this Python's version into what the server read, in place, if that is a notebook for it; return it."""
    if model["type"] == "notebook" and model["content"]:
        metadata = model["content"]["metadata"]
        if metadata.get("kernelspec", {}).get("name") == "python3" and "language_info" in metadata:
            metadata["language_info"]["version"] = sys.version.split()[0]
    return model
