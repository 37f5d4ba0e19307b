"""The collapse lab in a real JupyterLab: start, move beta while it trains, choose a cure, stop, reset."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.jupyter import lab as jupyter
from tests.jupyter.lab import Lab
from tests.jupyter.training_lab_hand import open_lab, says_begun_anew, source, start, stop, wait_for_pictures

pytestmark = pytest.mark.browser
CELLS = (
    "from vqedu import data\nfrom vqedu.widgets import CollapseLab\nlab = CollapseLab(data.load(), beta=1.0)\nlab",
    "print(lab.running, lab.step > 0, lab.beta.value, lab.cure.value, sorted(set(lab.state.betas)))",
)


def test_start_move_cure_stop_reset(page: Page, jupyterlab: Lab) -> None:
    open_lab(page, jupyterlab, "collapse_lab_under_test", CELLS)
    here = jupyter.cell(page, 0)
    start(page)
    slider = here.get_by_role("slider")
    for _ in range(3):
        slider.press("ArrowRight")  # 1 -> 2 -> 5 -> 10, heard while it trains
    expect(here.locator(".widget-readout")).to_have_text("10")
    wait_for_pictures(page, 3)
    here.get_by_role("button", name="free bits").press("Enter")
    wait_for_pictures(page, 2)
    stopped = stop(page)
    page.wait_for_timeout(1000)
    assert source(page) == stopped
    jupyter.run_cell(page, 1)
    expect(jupyter.cell(page, 1).locator(".jp-OutputArea-output")).to_contain_text(
        re.compile(r"False True 10\.0 free bits \[1\.0, .*10\.0\]"), timeout=20_000
    )
    here.get_by_role("button", name="Reset").press("Enter")
    says_begun_anew(page, stopped)
