"""What the tests share: one thread a process, no network, the order of the files, a browser that reports, a real
JupyterLab."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from xdist.scheduler import LoadFileScheduling

from tests.jupyter.lab import Lab, running_lab
from tests.offline import sitecustomize as offline
from tests.page.traffic import Traffic, watch
from vqedu import data
from vqedu.data import unpacked
from vqedu.publish.browser import FLAGS, NO_BROWSER, find_chromium
from vqedu.questions import answers

REPOSITORY = Path(__file__).parent.parent
OFFLINE = str(Path(offline.__file__).parent)  # the import alone has cut this process off

PATIENCE_MS = 60_000  # a machine that does other work, too, may be slow
SIZE = ViewportSize(width=1280, height=800)
LONGEST_FIRST = (
    "tests/publish/",
    "tests/jupyter/",
    "notebooks/",
    "tests/page/",
    "tests/widgets/",
    "tests/checks/",
    "tests/notebooks/",
    "tests/training/",
    "tests/engines/",
    "tests/data/",
    "tests/models/",
    "tests/test_",
)
TOGETHER = ("tests/jupyter/", "tests/publish/")  # share a server, and a course that is built

os.environ.pop("MPLBACKEND", None)  # where set, the kernels that nbval starts would show no figures
# For those kernels and the other workers: sums have one order, numbers repeat. Set it to try other thread counts.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [OFFLINE, os.environ.get("PYTHONPATH")]))
expect.set_options(timeout=PATIENCE_MS)
# No test, and no kernel that a test starts, reads or writes the answers of whoever runs the tests.
_no_answers = tempfile.TemporaryDirectory()
os.environ[answers.VARIABLE] = _no_answers.name


class ByFile(LoadFileScheduling):
    """Gives each worker the next file; those of a folder in `TOGETHER` go to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))


def new_page(browser: Browser) -> Page:
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


# A document without an origin of its own, such as about:blank, has no storage.
FORGET = "() => { try { localStorage.clear(); sessionStorage.clear(); } catch {} }"


def clean(page: Page) -> None:
    """Undo what a test did to its page: storage, document, network, window, media, pointer."""
    page.evaluate(FORGET)
    page.goto("about:blank")
    page.context.set_offline(False)
    page.set_viewport_size(SIZE)
    page.emulate_media(media="null", color_scheme="null", reduced_motion="null", forced_colors="null")
    page.mouse.up()
    page.mouse.move(0, 0)


def fail_on_errors(traffic: Traffic) -> None:
    assert not traffic.errors, "the page logged errors:\n" + "\n".join(traffic.errors)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first: the workers then end together."""
    ranks = {folder: rank for rank, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: min((r for f, r in ranks.items() if item.nodeid.startswith(f)), default=len(ranks)))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt, also where the tests run as a background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def unpacked_digits() -> Iterator[Path]:
    """The digits of the package, unpacked for this process and what it starts: that takes half a second each time."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps a file that is mapped
        yield data.unpack(folder).parent


@pytest.fixture(autouse=True)
def _unpacked(unpacked_digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test but those of the notebooks, and those that take the variable away, reads the unpacked digits."""
    monkeypatch.setenv(unpacked.VARIABLE, str(unpacked_digits))


@pytest.fixture
def answer_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a learner's answers, in a directory of this test alone; it does not exist yet."""
    monkeypatch.setenv(answers.VARIABLE, str(tmp_path / "answers"))
    return answers.path()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Without one the tests fail where CI=true, and are skipped elsewhere."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium.executable_path)
        if executable is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_BROWSER)
        chromium = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def traffic() -> Traffic:
    """What the page of this test did: its console errors, its exceptions, its requests."""
    return Traffic()


@pytest.fixture
def own_page(browser: Browser, traffic: Traffic) -> Iterator[Page]:
    """A page of 1280 x 800 with a context and a storage of its own; fails its test if it logged an error."""
    opened = new_page(browser)
    watch(opened, traffic)
    yield opened
    opened.context.close()
    fail_on_errors(traffic)


@pytest.fixture(scope="session")
def kept_pages() -> list[Page]:
    """The page that the next test takes over, if the last one left it whole."""
    return []


@pytest.fixture
def page(browser: Browser, traffic: Traffic, kept_pages: list[Page]) -> Iterator[Page]:
    """Like `own_page`, but one page serves all tests of a process, cleaned in between: starting it costs half a second.

    A test that changes its page for good, by a script that runs in every document or by a second window, takes
    `own_page`.
    """
    used = kept_pages.pop() if kept_pages else new_page(browser)
    stop = watch(used, traffic)
    yield used
    stop()
    fail_on_errors(traffic)
    clean(used)
    kept_pages.append(used)


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab server of its own on copies of the notebooks, ended with the tests."""
    home = tmp_path_factory.mktemp("jupyterlab")
    with running_lab(home, REPOSITORY / "notebooks") as lab:
        yield lab
