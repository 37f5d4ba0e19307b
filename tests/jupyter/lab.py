"""A real JupyterLab for the tests: start one, write and open a notebook, run its cells, wait until done."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import cast

import nbformat
from playwright.sync_api import Locator, Page

REPOSITORY = Path(__file__).parents[2]
START_TIMEOUT_S = 180
RUN_TIMEOUT_S = 300
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    # Every cell in the page from the start, so that a test can look at any of them.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


@dataclass(frozen=True)
class Lab:
    """A running server: its address, its token, and the folder it serves."""

    url: str
    token: str
    root: Path


@contextlib.contextmanager
def running_lab(home: Path, notebooks: Path) -> Iterator[Lab]:
    """Serve a copy of the folder `notebooks` on a free loopback port; JupyterLab's own files go to `home`."""
    root = home / "notebooks"
    shutil.copytree(notebooks, root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for plugin, settings in SETTINGS.items():
        path = home / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    lab = Lab(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(16), root)
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(_command(lab), env=_environment(home), stdout=log, stderr=log)
        try:
            _wait_until_ready(lab, server, home / "server.log")
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def write_notebook(lab: Lab, name: str, sources: Sequence[str]) -> None:
    """Write NAME.ipynb of code cells into the folder that `lab` serves; its kernel finds this repository."""
    first, *others = sources
    find_repository = f"import sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
    cells = [nbformat.v4.new_code_cell(source) for source in (find_repository + first, *others)]
    content = nbformat.v4.new_notebook(cells=cells)
    content.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(content, lab.root / f"{name}.ipynb")


def open_notebook(page: Page, lab: Lab, name: str) -> None:
    """Open NAME.ipynb alone in `page`, and wait until its kernel is ready for work."""
    workspace = secrets.token_hex(4)  # a new one, so that no notebook of another test comes back
    page.goto(f"{lab.url}/lab/workspaces/{workspace}/tree/{name}.ipynb?token={lab.token}")
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=1000 * RUN_TIMEOUT_S)
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Wait until the kernel of the open notebook has nothing to do."""
    page.wait_for_function(
        """() => {
            const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
            return kernel?.connectionStatus === "connected" && kernel.status === "idle";
        }""",
        timeout=1000 * RUN_TIMEOUT_S,
    )


def run_all(page: Page, timeout_s: float = RUN_TIMEOUT_S) -> None:
    """Do what Run > Run All Cells does, and wait until the last cell is done.

    Raises AssertionError with the text of the first error that a cell shows: the cells after it do not run.
    """
    page.evaluate(
        """() => {
            window.allRan = false;
            const done = () => { window.allRan = true; };
            window.jupyterapp.commands.execute("notebook:run-all-cells").then(done, done);
        }"""
    )
    page.wait_for_function("() => window.allRan", timeout=timeout_s * 1000)
    errors = page.evaluate(
        """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
            .flatMap((cell) => (cell.type === "code" ? cell.outputs.toJSON() : []))
            .filter((output) => output.output_type === "error")
            .map((output) => `${output.ename}: ${output.evalue}`)"""
    )
    assert not errors, f"a cell raised {errors[0]}"


def shut_down_kernels(lab: Lab) -> None:
    """End every kernel of the server, so that a test leaves its memory to the next."""
    for kernel in json.load(_ask(lab, "/api/kernels")):
        _ask(lab, f"/api/kernels/{kernel['id']}", "DELETE").close()


def _ask(lab: Lab, path: str, method: str = "GET") -> HTTPResponse:
    request = urllib.request.Request(f"{lab.url}{path}", headers={"Authorization": f"token {lab.token}"}, method=method)
    return cast(HTTPResponse, urllib.request.urlopen(request, timeout=20))


def cell(page: Page, index: int) -> Locator:
    """Return the cell at `index`, counted from 0 over text and code, of the open notebook."""
    return page.locator(".jp-NotebookPanel .jp-Notebook .jp-Cell").nth(index)


def run_cell(page: Page, index: int, source: str | None = None) -> str:
    """Run the code cell at `index`, with another `source` if one is given; wait for it, and return what it prints."""
    page.evaluate(
        """async ([index, source]) => {
            const { shell, commands } = window.jupyterapp;
            const notebook = shell.currentWidget.content;
            notebook.activeCellIndex = index;
            notebook.deselectAll();
            if (source !== null) notebook.activeCell.model.sharedModel.setSource(source);
            await commands.execute("notebook:run-cell");
        }""",
        [index, source],
    )
    printed = page.evaluate(
        """(index) => window.jupyterapp.shell.currentWidget.content.model.cells.get(index).outputs.toJSON()
            .map((output) => output.text ?? output.evalue ?? "").join("")""",
        index,
    )
    return str(printed).strip()


def _command(lab: Lab) -> list[str]:
    port = lab.url.rsplit(":", 1)[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": "0",
        "ServerApp.root_dir": str(lab.root),
        "ServerApp.open_browser": "False",
        "IdentityProvider.token": lab.token,
        "LabApp.check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
        "LabApp.expose_app_in_browser": "True",  # window.jupyterapp, which knows when a kernel is ready
    }
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        *(f"--{key}={value}" for key, value in options.items()),
        *as_root,
    ]


def _environment(home: Path) -> dict[str, str]:
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    kept = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    return kept | {key: str(home / folder) for key, folder in own.items()}


def _wait_until_ready(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{lab.url}/api/status?token={lab.token}", timeout=2).close()
            return
        time.sleep(0.2)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"JupyterLab was not ready within {START_TIMEOUT_S} s. The end of its log:\n{tail}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
