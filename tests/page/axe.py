"""What axe-core finds on a page that would keep somebody out."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Return what axe-core calls grave on the page, a line for each element that breaks a rule."""
    # Without `preload` it fetches no style sheet, which no browser allows from file://.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{fault['impact']}: {fault['help']}: {node['html'][:200]} {[check['message'] for check in node['any']]}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
