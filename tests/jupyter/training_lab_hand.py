"""A lab of ours in a notebook of JupyterLab, and what its tests watch: the picture and how often it changes."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.jupyter import lab as jupyter
from tests.jupyter.lab import Lab


def open_lab(page: Page, jupyterlab: Lab, name: str, sources: tuple[str, ...]) -> None:
    """Write and open a notebook whose first cell shows a lab, run that cell, and wait for a picture of good size."""
    jupyter.write_notebook(jupyterlab, name, sources)
    page.set_viewport_size({"width": 1400, "height": 1000})
    jupyter.open_notebook(page, jupyterlab, name)
    jupyter.run_cell(page, 0)
    expect(picture(page)).to_be_visible(timeout=60_000)
    box = picture(page).bounding_box()
    assert box is not None
    assert 700 < box["width"] <= 982


def picture(page: Page) -> Locator:
    return jupyter.cell(page, 0).locator("img.widget-image")


def source(page: Page) -> str:
    return str(picture(page).get_attribute("src"))


def wait_for_pictures(page: Page, count: int) -> None:
    """Wait until the figure has changed `count` times."""
    for _ in range(count):
        now = source(page)
        expect(picture(page)).not_to_have_attribute("src", now, timeout=15_000)


def start(page: Page) -> None:
    """Press Start, and wait until the figure has changed twice."""
    here = jupyter.cell(page, 0)
    expect(here.get_by_role("status")).to_contain_text("Press Start")
    here.get_by_role("button", name="Start").press("Enter")
    expect(here.get_by_role("status")).to_contain_text("Training")
    wait_for_pictures(page, 2)


def stop(page: Page) -> str:
    """Press Stop, wait until the lab says that it has stopped, and return the source of its picture."""
    here = jupyter.cell(page, 0)
    here.get_by_role("button", name="Stop").press("Enter")
    expect(here.get_by_role("status")).to_contain_text(re.compile(r"Stopped at step \d+"), timeout=15_000)
    return source(page)


def says_begun_anew(page: Page, stopped: str) -> None:
    """Check that the lab waits for a start with another picture than `stopped`, and that no still stands beside it."""
    here = jupyter.cell(page, 0)
    expect(here.get_by_role("status")).to_contain_text("Press Start")
    expect(picture(page)).not_to_have_attribute("src", stopped)
    expect(here.locator("img")).to_have_count(1)
