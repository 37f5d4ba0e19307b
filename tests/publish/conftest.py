"""Each of these tests takes a page of its own: the site keeps its theme in the browser."""

import pytest
from playwright.sync_api import Page


@pytest.fixture
def page(own_page: Page) -> Page:
    return own_page
