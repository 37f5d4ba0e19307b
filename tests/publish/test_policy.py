"""A published page sends nothing to another place, and runs no script that came with a notebook's text or output."""

from __future__ import annotations

import http.server
import itertools
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.daily import daily
from tests.publish import small
from tests.publish.deck import open_deck
from vqedu.publish import notebooks, policy
from vqedu.publish import site as pages
from vqedu.publish import slides as decks

HARM = "<script>window.ran = 1</script><img src='data:,' onerror='window.ran = 2'><b class='harm'>harm</b>"
HOSTILE = f'''\
# %% [markdown]
# # A title {HARM}
#
# [a link](javascript:window.ran=3) and raw {HARM}
#
# ## A heading {HARM}
#
# <iframe srcdoc="<script>parent.ran = 4</script>"></iframe><object data="data:text/html,harm"></object>
#
# <script src="data:text/javascript,window.ran=5"></script><svg onload="window.ran=6"></svg>

# %% tags=["hide-input"]
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display

harm = """{HARM}"""
print(harm)
harm

# %%
display(HTML(harm), Javascript("window.ran = 7"), Markdown(harm), Latex(harm))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='window.ran = 8'><script>window.ran = 9</script></svg>"))

# %%
from vqedu.plots.style import TeachingFigure

TeachingFigure(2, 2, 'A figure">' + harm)

# %% [markdown] tags=["slide-45"]
# ## A slide {HARM}
#
# And {HARM}
#
# Note: {HARM}

# %%
from vqedu import widgets

widgets.Quiz("my.quiz", question="Why? </script>" + harm, choices={{harm: harm, "no": "No."}}, answer=harm)

# %%
from vqedu.widgets.cards.overview import progress

progress()
'''
ELEMENTS = {
    "img": "src",
    "script": "src",
    "iframe": "src",
    "video": "src",
    "object": "data",
    "link": "rel: 'stylesheet', href",
}
TRIES = {
    "fetch": "(to) => fetch(to, { mode: 'no-cors' }).catch(() => 0)",
    "beacon": "(to) => { navigator.sendBeacon(to, 'x'); }",
    "XMLHttpRequest": "(to) => { const r = new XMLHttpRequest(); r.open('GET', to); r.send(); }",
    "socket": "(to) => { new WebSocket(to.replace('http', 'ws')); }",
    "event source": "(to) => { new EventSource(to); }",
    "background": "(to) => { document.body.style.background = `url(${to})`; }",
    "form": """(to) => {
      document.body.append(Object.assign(document.createElement("iframe"), { name: "aside" }));
      const form = Object.assign(document.createElement("form"), { action: to, target: "aside", method: "post" });
      document.body.append(form);
      form.submit();
    }""",
} | {
    tag: f"(to) => document.body.append(Object.assign(document.createElement('{tag}'), {{ {attribute}: to }}))"
    for tag, attribute in ELEMENTS.items()
}


class Heard(http.server.SimpleHTTPRequestHandler):
    """Answers from a folder, and keeps what was asked for."""

    def log_message(self, *_: Any) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        self.do_GET()


class Server(http.server.ThreadingHTTPServer):
    """A web server at an address of its own: another origin for every page that is not its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Heard, directory=str(folder)))
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


def serving(folder: Path) -> Iterator[Server]:
    with Server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """A folder like notebooks/, built: the small course, and a notebook that is full of scripts."""
    made = small.write(tmp_path_factory.mktemp("repository") / "notebooks")
    (made / "source" / "03_hostile.py").write_text(HOSTILE, encoding="utf-8")
    notebooks.build([], made, report=lambda line: None)
    return made


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its site and its slides."""
    made = tmp_path_factory.mktemp("out")
    pages.site(made / "site", folder, report=lambda line: None)
    decks.slides(made / "slides", folder, report=lambda line: None)
    return made


@pytest.fixture(scope="module")
def server(out: Path) -> Iterator[Server]:
    """The server of the pages."""
    yield from serving(out)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Server]:
    """A server of someone else."""
    yield from serving(tmp_path)


@pytest.fixture
def bases(out: Path, server: Server) -> dict[str, str]:
    """Where the pages are."""
    return {"a file": out.as_uri(), "a server": server.address}


@pytest.fixture
def loose_page(browser: Browser) -> Iterator[Page]:
    """A page whose errors are no fault of the test: the browser logs what it refuses."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def attempt(page: Page, to: Server) -> list[str]:
    """Try every way out of a page to a server; return what has reached it."""
    for way, act in TRIES.items():
        page.evaluate(act, f"{to.address}/{way.replace(' ', '-')}")
    page.wait_for_timeout(1000)
    return sorted({path[1:].replace("-", " ") for path in to.asked})


PAGES = ("site/01_small", "site/index", "site/search", "slides/45", "slides/index")
PLACES = [*itertools.product(("a file", "a server"), PAGES)]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("base", "name"),
    daily(PLACES, ("a file", "site/01_small"), ("a server", "site/search"), ("a file", "slides/45")),
)
def test_no_request_leaves_a_page(bases: dict[str, str], other: Server, loose_page: Page, base: str, name: str) -> None:
    loose_page.goto(f"{bases[base]}/{name}.html")
    assert attempt(loose_page, other) == []


@pytest.mark.browser
def test_without_the_policy_each_of_these_requests_would_leave(
    out: Path, other: Server, loose_page: Page, tmp_path: Path
) -> None:
    html = (out / "slides" / "index.html").read_text(encoding="utf-8")
    start = html.index('<meta http-equiv="Content-Security-Policy"')
    (tmp_path / "open.html").write_text(html[:start] + html[html.index(">", start) + 1 :], encoding="utf-8")
    loose_page.goto((tmp_path / "open.html").as_uri())
    assert attempt(loose_page, other) == sorted(TRIES)


RUNS = [*itertools.product(("a file", "a server"), ("index", "03_hostile", "search"))]


@pytest.mark.browser
@pytest.mark.parametrize(("base", "name"), daily(RUNS, ("a file", "03_hostile"), ("a server", "search")))
def test_no_script_of_a_notebook_runs_in_the_site(
    bases: dict[str, str], loose_page: Page, base: str, name: str
) -> None:
    loose_page.goto(f"{bases[base]}/site/{name}.html?q=title")
    if name == "03_hostile":
        quiz = loose_page.locator(".vqedu-export")
        quiz.scroll_into_view_if_needed()
        quiz.get_by_role("radio", name="<script>").check()
        quiz.get_by_role("button", name="Check").click()
        assert quiz.locator(".harm").count() == 0
        assert loose_page.locator(".vq-progress").count() == 1
    for link in loose_page.locator("a[href^='javascript:']").all():
        link.click()
    loose_page.wait_for_timeout(500)
    assert loose_page.evaluate("window.ran") is None


@pytest.mark.browser
def test_no_script_of_a_notebook_runs_in_the_slides(out: Path, loose_page: Page) -> None:
    open_deck(loose_page, out / "slides", 45)
    for _ in range(3):
        loose_page.keyboard.press("PageDown")
    assert loose_page.evaluate("window.ran") is None


@pytest.mark.parametrize("page", ["site/index", "site/03_hostile", "site/search", "slides/45", "slides/index"])
def test_the_policy_is_the_first_line_of_a_page_after_its_encoding(out: Path, page: str) -> None:
    html = (out / f"{page}.html").read_text(encoding="utf-8")
    head = html.partition("<head>")[2].split("\n", 3)
    lines = [line.strip() for line in head if line.strip()]
    assert lines[0].startswith('<meta charset="utf-8"')
    assert lines[1].startswith('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; ')
    assert "<script" not in html.partition("Content-Security-Policy")[0]


def test_a_script_with_an_address_or_of_data_has_no_hash() -> None:
    html = '<script src=\'a.js\'></script><script type="application/json">{}</script><script type="module">\n1</script>'
    assert policy.inline_scripts(html) == [policy.digest("\n1")]
