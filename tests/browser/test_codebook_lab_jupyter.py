"""The codebook lab in a real JupyterLab: collapse, revival while it trains, stop, another start."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import lab as jupyter
from tests.browser.lab import Lab

pytestmark = pytest.mark.browser
NAME = "codebook_lab_under_test"
CELLS = (
    "from vqedu import data\nfrom vqedu.widgets import CodebookLab\n"
    "lab = CodebookLab(data.load(), start='far', update='gradient', revive=False, normalize=False, batch_size=16)\nlab",
    "print(lab.running, lab.step > 0, lab.state.used[0], lab.state.used[-1] > 64, *lab.switches)",
)


@pytest.fixture
def notebook(page: Page, jupyterlab: Lab) -> Page:
    """A notebook with a lab, its first cell run."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    cells[0].source = f"import sys\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})\n{CELLS[0]}"
    content = nbformat.v4.new_notebook(cells=cells)
    content.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(content, jupyterlab.root / f"{NAME}.ipynb")
    page.set_viewport_size({"width": 1400, "height": 1000})
    jupyter.open_notebook(page, jupyterlab, NAME)
    run(page, 0)
    expect(picture(page)).to_be_visible(timeout=60_000)
    return page


def run(page: Page, index: int) -> None:
    jupyter.cell(page, index).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def picture(page: Page) -> Locator:
    return jupyter.cell(page, 0).locator("img.widget-image")


def wait_for_pictures(page: Page, count: int) -> None:
    """Wait until the figure has changed `count` times."""
    for _ in range(count):
        now = str(picture(page).get_attribute("src"))
        expect(picture(page)).not_to_have_attribute("src", now, timeout=15_000)


def test_collapse_revive_stop_and_begin_anew(notebook: Page) -> None:
    page, here = notebook, jupyter.cell(notebook, 0)
    box = picture(page).bounding_box()
    assert box is not None
    assert 700 < box["width"] <= 982
    expect(here.get_by_role("status")).to_contain_text("Press Start")
    here.get_by_role("button", name="Start").press("Enter")
    expect(here.get_by_role("status")).to_contain_text("Training")
    wait_for_pictures(page, 2)
    here.get_by_role("button", name="on", exact=True).first.press("Enter")  # revival, heard while it trains
    wait_for_pictures(page, 3)
    here.get_by_role("button", name="Stop").press("Enter")
    expect(here.get_by_role("status")).to_contain_text(re.compile(r"Stopped at step \d+"), timeout=15_000)
    run(page, 1)
    expect(jupyter.cell(page, 1).locator(".jp-OutputArea-output")).to_contain_text(
        "False True 1 True far gradient True False", timeout=20_000
    )
    stopped = str(picture(page).get_attribute("src"))
    here.get_by_role("button", name="from data").press("Enter")  # another start begins anew
    expect(here.get_by_role("status")).to_contain_text("Press Start")
    expect(picture(page)).not_to_have_attribute("src", stopped)
    expect(here.locator("img")).to_have_count(1)  # the live figure, not a still beside it
