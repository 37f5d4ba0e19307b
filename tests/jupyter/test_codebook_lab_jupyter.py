"""The codebook lab in a real JupyterLab: collapse, revival while it trains, stop, another start."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.jupyter import lab as jupyter
from tests.jupyter.lab import Lab
from tests.jupyter.training_lab_hand import open_lab, says_begun_anew, start, stop, wait_for_pictures

pytestmark = pytest.mark.browser
CELLS = (
    "from vqedu import data\nfrom vqedu.widgets import CodebookLab\n"
    "lab = CodebookLab(data.load(), start='far', update='gradient', revive=False, normalize=False, batch_size=16)\nlab",
    "print(lab.running, lab.step > 0, lab.state.used[0], lab.state.used[-1] > 64, *lab.switches)",
)


def test_collapse_revive_stop_and_begin_anew(page: Page, jupyterlab: Lab) -> None:
    open_lab(page, jupyterlab, "codebook_lab_under_test", CELLS)
    here = jupyter.cell(page, 0)
    start(page)
    here.get_by_role("button", name="on", exact=True).first.press("Enter")  # revival, heard while it trains
    wait_for_pictures(page, 3)
    stopped = stop(page)
    jupyter.run_cell(page, 1)
    expect(jupyter.cell(page, 1).locator(".jp-OutputArea-output")).to_contain_text(
        "False True 1 True far gradient True False", timeout=20_000
    )
    here.get_by_role("button", name="from data").press("Enter")  # another start begins anew
    says_begun_anew(page, stopped)
