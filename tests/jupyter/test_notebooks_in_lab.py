"""The committed notebooks in a real JupyterLab, the first by default, all each night: every widget is alive.

A notebook that is opened is not marked as changed; `test_opening` shows what would mark it.
"""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.daily import daily
from tests.jupyter import lab as jupyter
from tests.jupyter.lab import Lab
from tests.page import examples

pytestmark = pytest.mark.browser
AS_OPENED = """async () => {
    const { context, sessionContext } = window.jupyterapp.shell.currentWidget;
    const { kernel } = sessionContext.session;
    await Promise.all([kernel.info, kernel.spec]);
    await new Promise((done) => setTimeout(done));
    return [context.model.dirty, context.model.getMetadata("language_info").version];
}"""
NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", daily(NAMES, NAMES[0]))
def test_run_all_brings_every_explorer_to_life(name: str, page: Page, jupyterlab: Lab) -> None:
    source = (jupyterlab.root / "source" / f"{name}.py").read_text(encoding="utf-8")
    page.set_viewport_size({"width": 1400, "height": 1000})
    jupyter.open_notebook(page, jupyterlab, name)
    assert page.evaluate(AS_OPENED) == [False, platform.python_version()]
    jupyter.run_all(page)
    stages = page.locator(".jp-OutputArea .vq-stage")
    expect(stages).to_have_count(sum(source.count(f"widgets.{widget}(") for widget in examples.kinds()))
    for stage in stages.all():
        expect(stage.locator("canvas, svg, output, input").first).to_be_visible()
    jupyter.shut_down_kernels(jupyterlab)
