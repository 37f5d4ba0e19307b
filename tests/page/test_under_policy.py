"""Every explorer and card runs in a page with the policy of the site, which refuses whatever a page need not do."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.daily import some_daily
from tests.page import examples
from tests.page.exported import next_frame
from vqedu.publish import policy


@pytest.mark.browser
@pytest.mark.parametrize("name", some_daily(examples.FIRST_OF_EACH))
def test_an_explorer_needs_nothing_that_the_policy_refuses(page: Page, tmp_path: Path, name: str) -> None:
    html = examples.make(name).to_html()
    whole = policy.protect(f'<!doctype html><meta charset="utf-8"><body>{html}</body>', policy.inline_scripts(html))
    assert "Content-Security-Policy" in whole
    (tmp_path / "page.html").write_text(whole, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.locator(".vqedu-export[data-alive=yes] .vq-stage").wait_for()
    buttons = page.locator("button:visible:enabled")
    for i in range(min(3, buttons.count())):
        buttons.nth(i).click()
        next_frame(page)  # it may show other buttons; what the policy refuses is an error, which fails the test
