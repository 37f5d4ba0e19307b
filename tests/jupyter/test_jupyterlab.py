"""The JupyterLab of the tests: a notebook opens, runs, and shows what it printed."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page, expect

from tests.jupyter.lab import Lab, cell, open_notebook, run_all
from tests.page.traffic import Traffic
from vqedu.publish import notebooks

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


def test_a_notebook_opens_and_runs(jupyterlab: Lab, page: Page, traffic: Traffic) -> None:
    cells = [
        new_markdown_cell("# A notebook of the tests"),
        new_code_cell("import ipywidgets, os\nprint(6 * 7)"),
        new_code_cell("ipywidgets.IntSlider(value=3, description='beta')"),
        new_code_cell("print(os.path.basename(os.getcwd()))"),
    ]
    notebook = new_notebook(cells=cells, metadata=notebooks.METADATA)
    nbformat.write(notebook, jupyterlab.root / "test_opens.ipynb")
    open_notebook(page, jupyterlab, "test_opens")
    run_all(page)
    expect(cell(page, 1).locator(".jp-OutputArea")).to_contain_text("42")
    expect(cell(page, 2).locator(".widget-slider")).to_be_visible()
    expect(cell(page, 3).locator(".jp-OutputArea")).to_contain_text(jupyterlab.root.name)
    assert [url for url in traffic.network if not url.startswith((jupyterlab.url, "ws://127.0.0.1"))] == []


def test_a_cell_that_raises_ends_the_wait(jupyterlab: Lab, page: Page) -> None:
    cells = [new_code_cell("raise ValueError('no luck')"), new_code_cell("1")]
    nbformat.write(new_notebook(cells=cells, metadata=notebooks.METADATA), jupyterlab.root / "test_raises.ipynb")
    open_notebook(page, jupyterlab, "test_raises")
    with pytest.raises(AssertionError, match="no luck"):
        run_all(page, timeout_s=20)
