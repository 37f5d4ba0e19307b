"""A small course to publish, built once for the tests of this folder, which run in one process."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.publish import small
from vqedu.publish import notebooks


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """A folder like notebooks/, built; whoever changes it takes a copy."""
    made = small.write(tmp_path_factory.mktemp("repository") / "notebooks")
    notebooks.build([], made, report=lambda line: None)
    return made
