"""A lab of ours in a cell of JupyterLab, and what its tests watch: the picture and how often it changes."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect


def picture(here: Locator) -> Locator:
    return here.locator("img.widget-image")


def source(here: Locator) -> str:
    return str(picture(here).get_attribute("src"))


def wait_for_pictures(here: Locator, count: int) -> None:
    """Wait until the figure has changed `count` times."""
    for _ in range(count):
        expect(picture(here)).not_to_have_attribute("src", source(here))


def start(here: Locator) -> None:
    """Press Start, and wait until the figure has changed twice."""
    expect(here.get_by_role("status")).to_contain_text("Press Start")
    here.get_by_role("button", name="Start").press("Enter")
    expect(here.get_by_role("status")).to_contain_text("Training")
    wait_for_pictures(here, 2)


def stop(here: Locator) -> str:
    """Press Stop, wait until the lab says that it has stopped, and return the source of its picture."""
    here.get_by_role("button", name="Stop").press("Enter")
    expect(here.get_by_role("status")).to_contain_text(re.compile(r"Stopped at step \d+"))
    return source(here)


def says_begun_anew(here: Locator, stopped: str) -> None:
    """Check that the lab waits for a start with another picture than `stopped`, and that no still stands beside it."""
    expect(here.get_by_role("status")).to_contain_text("Press Start")
    expect(picture(here)).not_to_have_attribute("src", stopped)
    expect(here.locator("img")).to_have_count(1)
