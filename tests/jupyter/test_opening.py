"""The committed notebooks as JupyterLab opens them: none is marked as changed before anything is run.

By default `test_notebooks_in_lab` looks at the first of them.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_notebook
from playwright.sync_api import Page

from tests.jupyter.lab import Lab, shut_down_kernels
from vqedu import jupyter
from vqedu.publish.notebooks import METADATA

NOTEBOOKS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

# JupyterLab writes what it knows of the kernel into a notebook as soon as the kernel has answered.
# One kernel serves all notebooks here.
OPEN = """async (paths) => {
    const { commands, restored, serviceManager } = window.jupyterapp;
    await restored;
    const { id } = await serviceManager.kernels.startNew({ name: "python3" });
    const opened = {};
    for (const path of paths) {
        const panel = await commands.execute("docmanager:open", { path, kernel: { id } });
        await panel.context.ready;
        await panel.sessionContext.ready;
        const kernel = panel.sessionContext.session.kernel;
        await Promise.all([kernel.info, kernel.spec]);
        await new Promise((done) => setTimeout(done));
        const { model } = panel.context;
        opened[path] = [model.dirty, model.getMetadata("language_info").version];
    }
    return opened;
}"""


@pytest.mark.browser
@pytest.mark.nightly
def test_opening_changes_no_notebook_but_one_that_names_its_kernel_otherwise(page: Page, jupyterlab: Lab) -> None:
    kernelspec = {**METADATA["kernelspec"], "display_name": "Another name"}
    nbformat.write(new_notebook(metadata={**METADATA, "kernelspec": kernelspec}), jupyterlab.root / "test_name.ipynb")
    page.goto(f"{jupyterlab.url}/lab/workspaces/opening?token={jupyterlab.token}")
    page.wait_for_function("() => window.jupyterapp?.serviceManager.isReady")
    opened = page.evaluate(OPEN, [*NOTEBOOKS, "test_name.ipynb"])
    page.goto("about:blank")  # JupyterLab logs an error for every kernel that ends before its page
    shut_down_kernels(jupyterlab)
    python = platform.python_version()
    assert opened == {name: [False, python] for name in NOTEBOOKS} | {"test_name.ipynb": [True, python]}


@pytest.mark.parametrize(("kernel", "version"), [("python3", platform.python_version()), ("julia-1.11", "3.0")])
def test_the_server_names_its_python_in_a_notebook_for_it(kernel: str, version: str) -> None:
    metadata = {"kernelspec": {"name": kernel}, "language_info": {"name": "python", "version": "3.0"}}
    model = jupyter.name_python({"type": "notebook", "content": {"metadata": metadata}})
    assert model["content"]["metadata"]["language_info"] == {"name": "python", "version": version}


@pytest.mark.parametrize("model", [{"type": "file", "content": "text"}, {"type": "notebook", "content": None}])
def test_what_else_the_server_reads_stays_as_it_is(model: dict[str, Any]) -> None:
    assert jupyter.name_python(dict(model)) == model
