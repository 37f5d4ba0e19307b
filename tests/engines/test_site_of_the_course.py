"""The site of the whole course, once its notebooks are built, in every engine: each explorer of each page is alive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import hands
from tests.engines.engine import Engine
from tests.engines.test_engines import start
from vqedu.publish import notebooks
from vqedu.publish import site as pages

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

PAGES = ["index", *notebooks.sources()]
LISTEN = """(() => {
  window.faults = [];
  addEventListener("error", ({ message }) => faults.push(message));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    faults.push(`${violatedDirective} ${blockedURI}`));
  return true;
})()"""
# Each explorer comes near the screen, one after the other, as when a reader scrolls.
NEXT = """(() => {
  document.querySelector(".vqedu-export:not([data-alive])")?.scrollIntoView();
  return !document.querySelector(".vqedu-export:not([data-alive=yes]), [aria-busy=true]");
})()"""
STAGES = '[...document.querySelectorAll(".vqedu-export")].map((home) => home.querySelectorAll(".vq-stage").length)'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the course; skipped where its notebooks are not built."""
    try:
        return pages.site(tmp_path_factory.mktemp("out") / "site", report=lambda line: None)
    except ValueError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=["Chromium", "Firefox", "WebKit"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    started = start(request.param, request)
    yield started
    started.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_explorer_of_a_page_is_alive_and_its_formulas_are_set(site: Path, engine: Engine, name: str) -> None:
    page = site / f"{name}.html"
    engine.open(page.as_uri())
    engine.run(LISTEN)
    assert engine.wait_for(NEXT, 90)
    stages = engine.run(STAGES)
    assert len(stages) == page.read_text(encoding="utf-8").count('class="vqedu-export')
    assert all(stages)
    assert engine.wait_for(f"({hands.BLANK}).length === 0")
    assert engine.run('[...document.querySelectorAll(".math")].every((each) => each.querySelector("math"))')
    assert engine.run("faults") == []
