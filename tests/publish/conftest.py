"""A small course to publish. Each test takes a page of its own: the site keeps its theme in the browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.publish import small
from vqedu.publish import notebooks


@pytest.fixture
def page(own_page: Page) -> Page:
    return own_page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """A folder like notebooks/, built."""
    made = small.write(tmp_path_factory.mktemp("repository") / "notebooks")
    notebooks.build([], made, report=lambda line: None)
    return made
