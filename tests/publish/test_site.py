"""The site of two small notebooks: one folder that needs nothing, every explorer alive, nothing half written."""

from __future__ import annotations

import http.server
import itertools
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import pytest
from nbformat.v4 import new_output
from playwright.sync_api import Browser, Page, expect

from tests.daily import daily
from tests.page import axe
from tests.page.traffic import Traffic
from tests.publish import paper, small
from vqedu import __main__
from vqedu.publish import notebooks
from vqedu.publish import site as pages
from vqedu.publish.shown import Shared
from vqedu.widgets import bundler
from vqedu.widgets.base import WIDGET_VIEW


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its site."""
    return pages.site(tmp_path_factory.mktemp("out") / "site", folder, report=lambda line: None)


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[str]:
    """The address of a static web server that shows the site, and calls every script UTF-8, as many do."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        extensions_map: ClassVar = {".html": "text/html", ".js": "text/javascript; charset=utf-8", ".css": "text/css"}

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def shorten(path: Path) -> None:
    """Cut a file in the middle, as a full disk does."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def at(site: Path, page: str) -> str:
    return (site / page).as_uri()


@pytest.mark.browser
def test_a_page_works_from_a_file_without_network(site: Path, page: Page, traffic: Traffic) -> None:
    page.context.set_offline(True)
    page.goto(at(site, "01_small.html"))
    first, second = page.locator(".vqedu-export").all()
    for home, start, after in ((first, "5", "7"), (second, "3", "7")):  # 5 + 2, 3 + 4
        home.scroll_into_view_if_needed()
        button = home.locator("button")
        assert button.text_content() == start
        button.click()
        assert button.text_content() == after
    assert page.title().startswith("A small notebook")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("math").count() == 3
    assert page.locator(".temml-error").count() == 0
    assert page.get_by_alt_text("a black <pixel>").count() == 1
    assert traffic.network == []


@pytest.mark.browser
def test_an_explorer_loads_when_it_comes_near(site: Path, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 300})
    page.goto(at(site, "01_small.html"))
    last = page.locator(".vqedu-export").last
    assert last.get_attribute("data-alive") is None
    assert last.locator("img").get_attribute("alt") == "A counter"
    last.scroll_into_view_if_needed()
    expect(last).to_have_attribute("data-alive", "yes")


@pytest.mark.browser
def test_a_page_works_from_a_web_server(server: str, page: Page, traffic: Traffic) -> None:
    page.goto(f"{server}/01_small.html")
    button = page.locator(".vqedu-export button").first
    button.click()
    assert button.text_content() == "7"
    assert {url for url in traffic.network if not url.startswith(server)} == set()


@pytest.mark.browser
def test_pages_lead_to_each_other(site: Path, page: Page) -> None:
    page.goto(at(site, "index.html"))
    page.get_by_role("link", name="Learn").click()
    page.get_by_role("link", name="second one").click()
    assert page.url.endswith("/02_next.html#its-end")
    assert page.locator("#its-end h2").text_content() == "1. Its end?#"
    page.get_by_role("link", name="back", exact=True).click()
    assert page.url.endswith("/01_small.html")
    page.locator("nav.bd-links").get_by_role("link", name="The next one").click()
    assert page.url.endswith("/02_next.html")


@pytest.mark.browser
def test_the_search_finds_a_word(site: Path, page: Page) -> None:
    page.goto(f"{at(site, 'search.html')}?q=straight-through")
    page.locator("#search-results").get_by_role("link", name="The next one").first.wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["index", "01_small", "search", "genindex"])
def test_the_scripts_of_the_theme_run_on_every_page(server: str, page: Page, name: str) -> None:
    page.goto(f"{server}/{name}.html")  # the page logs what its policy refuses, which fails the test
    assert page.locator("html").get_attribute("data-mode") == "auto"
    assert page.evaluate("DOCUMENTATION_OPTIONS.pagename") == name
    page.locator(".btn-fullscreen-button").first.click()
    page.locator("html:fullscreen").wait_for()


@pytest.mark.browser
def test_a_page_folds_and_unfolds(site: Path, page: Page) -> None:
    page.goto(at(site, "01_small.html"))
    inside = page.get_by_text("Inside the fold")
    assert not inside.is_visible()
    page.get_by_text("Folded").click()
    assert inside.is_visible()


@pytest.mark.browser
def test_a_page_holds_no_dead_control(site: Path, page: Page) -> None:
    page.goto(at(site, "01_small.html"))
    article = page.locator("article.bd-article")
    assert article.locator("input, select, .jupyter-widgets").count() == 0
    assert article.get_by_text("open 01_small.ipynb in Jupyter").count() == 1


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_a_page_fits_the_screen(site: Path, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(at(site, "01_small.html"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    size = float(page.evaluate("parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)"))
    assert 16 <= size <= 20


@pytest.mark.browser
def test_a_formula_wider_than_the_screen_can_be_scrolled_to_its_end(site: Path, page: Page) -> None:
    page.goto(at(site, "01_small.html"))
    box = page.locator("div.math").first
    box.evaluate("(box) => { box.style.width = '60px'; box.scrollLeft = 9999; }")
    end, edge = (
        float(box.evaluate(f"(box) => {part}.getBoundingClientRect().right"))
        for part in ("box.querySelector('math > :last-child')", "box")
    )
    assert end <= edge + 1


@pytest.mark.browser
def test_in_the_dark_the_code_in_an_output_has_the_color_of_its_words(site: Path, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(at(site, "01_small.html"))
    output = page.locator(".cell_output .text_html").first
    output.evaluate("(output) => { output.innerHTML = '<p>The dots <code>...</code> are still there.</p>'; }")
    colors = [output.locator(part).evaluate("(node) => getComputedStyle(node).color") for part in ("p", "code")]
    assert colors[0] == colors[1]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "scheme"),
    daily(itertools.product(("index", "01_small"), ("light", "dark")), ("index", "light"), ("01_small", "dark")),
)
def test_a_page_keeps_nobody_out(server: str, page: Page, name: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{server}/{name}.html")
    page.wait_for_load_state()
    page.add_style_tag(content="* { transition: none !important; }")  # colors on their way are nobody's colors
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")
    assert axe.faults(page) == []


@pytest.mark.browser
def test_without_javascript_the_stills_show(site: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(site, "01_small.html"))
    still = page.get_by_alt_text("A counter").first
    assert still.is_visible()
    assert still.evaluate("(image) => image.naturalWidth") == 1960
    context.close()


@pytest.mark.browser
def test_on_paper_no_line_of_code_is_cut_and_code_goes_on_on_the_next_sheet(site: Path, page: Page) -> None:
    page.goto(at(site, "01_small.html"))
    paper.put_on(page)
    assert page.locator(".bd-article pre").count() > 4
    assert paper.cut_lines(page) == []
    assert paper.undivided(page) == []


def test_nothing_is_executed_and_an_earlier_site_is_replaced(
    folder: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebooks, "execute", None)
    shutil.copytree(site, tmp_path / "site")
    (tmp_path / "site" / "old.html").write_text("old", encoding="utf-8")
    pages.site(tmp_path / "site", folder, report=lambda line: None)
    assert not (tmp_path / "site" / "old.html").exists()
    assert (tmp_path / "site" / "01_small.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_pages_share_is_there_once(site: Path) -> None:
    names = sorted(path.name.split(".", 1)[1] for path in (site / "shared").iterdir())
    assert names == ["bin.js", "bin.js", "css.js", "js.js", "webp", "webp", "webp"]
    assert not list(site.rglob("*.map"))
    assert sum(path.stat().st_size for path in (site / "_static").rglob("*.*")) < 1.1e6  # the theme brings 8.7 MB
    assert not (site / "_sources").exists()


@pytest.mark.parametrize(
    ("change", "why"), [(False, "has not been built yet"), (True, "has changed since it was built")]
)
def test_a_notebook_that_is_not_built_from_its_source_stops_the_site(
    folder: Path,
    tmp_path: Path,
    change: bool,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = small.write(tmp_path / "notebooks")
    (other / "source" / "01_small.py").write_text(f"{small.SOURCE}# changed\n", encoding="utf-8")
    if change:
        shutil.copytree(notebooks.built(folder), notebooks.built(other))
    monkeypatch.setattr(notebooks, "NOTEBOOKS", other)
    assert __main__.main(["site", str(tmp_path / "out")]) == 2
    assert f"01_small {why}. Run `python -m vqedu build 01_small` first.\n" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_explorers_of_another_version_stop_the_site(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    monkeypatch.setattr(bundler, "digest", lambda: "of a file that was edited")
    assert __main__.main(["site", str(tmp_path / "out")]) == 2
    assert "01_small shows explorers whose code has changed since it was built. Run" in capsys.readouterr().err


def test_a_folder_with_other_things_is_left_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years", encoding="utf-8")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    assert __main__.main(["site", str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_link_that_leads_nowhere_is_named_and_nothing_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = small.write(tmp_path / "notebooks")
    shutil.copytree(notebooks.built(folder), notebooks.built(other))
    path = notebooks.built(other) / "02_next.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("1. Its end?", "1. Its beginning"), encoding="utf-8")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", other)
    assert __main__.main(["site", str(tmp_path / "out")]) == 1
    assert "1.-Its-end?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("harm", "what"), [(Path.unlink, "is missing"), (shorten, "is damaged: delete it")])
def test_a_lost_or_damaged_file_of_an_explorer_is_named(
    folder: Path,
    tmp_path: Path,
    harm: Callable[[Path], object],
    what: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = small.write(tmp_path / "notebooks")
    shutil.copytree(notebooks.built(folder), notebooks.built(other))
    harmed = next((notebooks.built(other) / "files").glob("*.bin"))
    harm(harmed)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", other)
    assert __main__.main(["site", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert f"{harmed} of an explorer {what}" in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "notebooks"]


def test_a_damaged_built_notebook_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = small.write(tmp_path / "notebooks")
    shutil.copytree(notebooks.built(folder), notebooks.built(other))
    shorten(notebooks.built(other) / "02_next.ipynb")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", other)
    assert __main__.main(["site", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("vqedu: 02_next was built, but ")
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_one_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a file").write_text("text", encoding="utf-8")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    assert __main__.main(["site", str(tmp_path / "a file" / "site")]) == 2
    said = capsys.readouterr().err
    assert re.search(r"site cannot be written: [\w ]+\. Name a folder where you may write\.$", said.strip())
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"text/plain": "IntSlider(value=3)"}, []),
        ({"text/plain": "The curve, live."}, [{"text/plain": "The curve, live."}]),
    ],
)
def test_a_control_of_the_kernel_becomes_a_line(data: dict[str, str], kept: list[Any], tmp_path: Path) -> None:
    output = new_output("display_data", {**data, WIDGET_VIEW: {"model_id": "1"}})
    *shown, note = pages.in_page(output, "03_lab", Shared(tmp_path, tmp_path))
    assert [still.data for still in shown] == kept
    assert "03_lab.ipynb" in note.data["text/html"]


def test_a_cell_that_only_asks_shows_the_question_and_not_its_code(tmp_path: Path) -> None:
    for source, hidden in (('widgets.Quiz("a.b", "a.c")', True), ('x = widgets.Quiz("a.b")', False)):
        cell = nbformat.v4.new_code_cell(source)
        pages.prepare(cell, "01_small", Shared(tmp_path, tmp_path))
        assert ("remove-input" in cell.metadata.tags) is hidden


@pytest.mark.parametrize("path", pages.TEXTS.values())
def test_a_text_of_the_site_links_only_to_what_the_site_has(path: str) -> None:
    text = (notebooks.NOTEBOOKS.parent / path).read_text(encoding="utf-8")
    inside = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith(("#", "http"))]
    assert all(re.fullmatch(r"notebooks/\w+\.ipynb(#.+)?", link) for link in inside), inside
