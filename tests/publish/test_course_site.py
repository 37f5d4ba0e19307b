"""Every page of the whole course, once its notebooks are built: open to all in light and dark, whole on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, TimeoutError

from tests import conftest
from tests.page import axe
from tests.page.exported import next_frame
from tests.publish import paper
from vqedu.publish import notebooks
from vqedu.publish import site as pages

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

NAMES = ["index", *notebooks.sources(), *pages.TEXTS]
PHONE = 390  # CSS pixels
WIDE = """[...document.querySelectorAll(".vqedu-export")].filter((home) => home.scrollWidth > home.clientWidth)
    .map((home) => home.innerText)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the course; skipped where its notebooks are not built."""
    try:
        return pages.site(tmp_path_factory.mktemp("out") / "site", report=lambda line: None)
    except ValueError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=NAMES)
def shown(request: pytest.FixtureRequest, site: Path, browser: Browser) -> Iterator[Page]:
    """A page of the site with each explorer alive, nothing folded, and no color on its way to another."""
    page = conftest.new_page(browser)
    page.emulate_media(reduced_motion="reduce")
    page.goto((site / f"{request.param}.html").as_uri())
    page.add_style_tag(content="* { transition: none !important; }")
    for home in page.locator(".vqedu-export").all():
        home.scroll_into_view_if_needed()
        page.wait_for_function("(home) => home.dataset.alive === 'yes'", arg=home.element_handle())
    page.evaluate("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    yield page
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_keeps_nobody_out(shown: Page, scheme: Any) -> None:
    shown.emulate_media(color_scheme=scheme)
    next_frame(shown)
    assert axe.faults(shown) == []


def test_a_page_fits_a_phone(shown: Page) -> None:
    shown.set_viewport_size({"width": PHONE, "height": 844})
    try:  # an explorer lays itself out once it has heard of its new size
        shown.wait_for_function(f"() => {WIDE}.length === 0", timeout=10_000)
    except TimeoutError:
        assert shown.evaluate(WIDE) == []
    assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_a_page_is_whole_on_paper(shown: Page) -> None:
    paper.put_on(shown)
    assert paper.cut_lines(shown) == []
    assert paper.undivided(shown) == []
