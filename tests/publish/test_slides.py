"""The slides of two small notebooks: three routes, every explorer alive, large type, nothing half written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.page import axe
from tests.page.traffic import Traffic
from tests.publish.deck import faults_of_layout, open_deck, turn_to
from vqedu import __main__
from vqedu.publish import lecturer, notebooks
from vqedu.publish import slides as decks

TITLES = ["From autoencoder to image tokens", "Words alone", "A black pixel", "What is five and two?"]
QUOTE = re.compile(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|```.*?```", re.DOTALL)
WORD = re.compile(r"[^\W_][\w’'-]*")
STOP = re.compile(r"^\| \[\d\d: .*?\]\(notebooks/(\w+)\.ipynb.*?\) \| *(\d*) *\| *(\d*) *\| *(\d*) *\|", re.MULTILINE)


@pytest.fixture(scope="module")
def slides(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its slides."""
    return decks.slides(tmp_path_factory.mktemp("out") / "slides", folder, report=lambda line: None)


@pytest.fixture
def copied(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder that the command line uses, and that a test may spoil."""
    other = tmp_path / "notebooks"
    shutil.copytree(folder, other)
    shutil.copytree(notebooks.built(folder), notebooks.built(other))
    monkeypatch.setattr(notebooks, "NOTEBOOKS", other)
    return other


def said(capsys: pytest.CaptureFixture[str], to: Path) -> str:
    """Run the command, which must fail with one sentence and write nothing, and return what it said."""
    before = sorted(to.parent.iterdir())
    assert __main__.main(["slides", str(to)]) == 2
    assert sorted(to.parent.iterdir()) == before
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    return message


def rewrite(folder: Path, old: str, new: str) -> None:
    script = folder / "source" / "01_small.py"
    text = script.read_text(encoding="utf-8")
    assert old in text
    script.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize(("minutes", "titles"), [(45, [0, 3]), (90, [0, 1, 3]), (180, [0, 1, 2, 3])])
def test_a_longer_route_shows_more(slides: Path, page: Page, minutes: int, titles: list[int]) -> None:
    assert open_deck(page, slides, minutes) == len(titles)
    assert page.locator("section > :is(h1, h2)").all_text_contents() == [TITLES[i] for i in titles]


@pytest.mark.browser
def test_slides_work_from_a_file_without_network(slides: Path, page: Page, traffic: Traffic) -> None:
    count = open_deck(page, slides, 180)
    for number in range(count):
        turn_to(page, number)
        assert faults_of_layout(page) == []
    button = turn_to(page, 3).locator("button")
    button.click()
    assert button.text_content() == "7"
    assert page.locator("math").count() == 3  # two in words, one in the notes
    assert page.locator(".temml-error").count() == 0
    assert page.get_by_alt_text("a black <pixel>").count() == 1
    assert page.locator("section td code").all_text_contents() == ["2 < 3"]
    assert traffic.network == []


@pytest.mark.browser
def test_an_explorer_fills_the_width_or_the_height(slides: Path, page: Page) -> None:
    open_deck(page, slides, 45)
    box = turn_to(page, 1).locator(".vqedu-export").bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(1280 - 2 * 36, abs=1)  # its paddings


@pytest.mark.browser
def test_a_clicker_turns_the_slides_wherever_the_focus_is(slides: Path, page: Page) -> None:
    open_deck(page, slides, 45)
    turn_to(page, 1).locator("button").focus()
    page.keyboard.press("PageUp")
    assert page.locator("section.present h1").count() == 1
    page.keyboard.press("PageDown")
    page.locator("section.present button").focus()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    assert not page.evaluate("Reveal.isOverview()")


@pytest.mark.browser
def test_the_notes_are_those_of_the_section(slides: Path, own_page: Page) -> None:
    open_deck(own_page, slides, 180)
    assert turn_to(own_page, 1).locator(".notes").text_content() == "Say it slowly.\n"
    assert turn_to(own_page, 2).locator(".notes").count() == 0
    assert "Ask:" in (turn_to(own_page, 3).locator(".notes").text_content() or "")
    with own_page.expect_popup() as opened:
        own_page.keyboard.press("s")
    opened.value.locator(".speaker-controls-notes .value").get_by_text("Ask:").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["index", "180"])
def test_slides_keep_nobody_out(slides: Path, page: Page, name: str) -> None:
    page.goto((slides / f"{name}.html").as_uri())
    count = int(page.evaluate("window.Reveal ? Reveal.getTotalSlides() : 1"))
    for number in range(count):
        if name != "index":
            turn_to(page, number)
        assert axe.faults(page) == []


@pytest.mark.browser
def test_the_contents_lead_to_the_routes(slides: Path, page: Page) -> None:
    page.goto((slides / "index.html").as_uri())
    assert page.locator("li").all_text_contents() == [
        "45 minutes, 2 slides",
        "90 minutes, 3 slides",
        "180 minutes, 4 slides",
    ]
    page.get_by_role("link", name="90 minutes").click()
    page.get_by_role("heading", name=TITLES[0]).wait_for()


def test_learners_and_lecturers_notebooks_hold_no_slide(folder: Path) -> None:
    script = folder / "source" / "01_small.py"
    for notebook in (notebooks.read_source(script), lecturer.read(script)):
        assert "What is five and two?" not in str(notebook)


def test_a_slide_may_change_without_a_new_build(copied: Path, tmp_path: Path) -> None:
    rewrite(copied, "What is five and two?", "How much is that?")
    assert __main__.main(["slides", str(tmp_path / "out")]) == 0
    assert __main__.main(["slides", str(tmp_path / "out")]) == 0  # over the earlier one
    assert "How much is that?" in (tmp_path / "out" / "45.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("slide-90", "slide-45", "No cell of the notebooks has the tag 'slide-90'"),
        ("slide-90", "slide-9", "01_small: a cell has the tag 'slide-9'. The tags of slides are slide-45, slide-90"),
        ("# ## A black pixel", "# A black pixel", "01_small: a slide begins with 'A black pixel'"),
        ("# ## A black pixel", "# ## A black pixel\n\n# %%\nx = 1", "01_small has changed since it was built"),
        ("import ipywidgets", "import ipywidgets  # new", "01_small has changed since it was built"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    copied: Path, tmp_path: Path, old: str, new: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(copied, old, new)
    assert message in said(capsys, tmp_path / "out")


def test_a_slide_before_a_cell_without_a_picture_is_named(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = '# %% tags=["nbval-ignore-output"]'
    rewrite(copied, cell, f'# %% [markdown] tags=["slide-45"]\n# ## Lost\n\n{cell}')
    assert "01_small: the slide '## Lost' is in front of a cell without a picture" in said(capsys, tmp_path / "out")


def test_a_notebook_that_is_not_built_and_a_lost_file_are_named(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = next((notebooks.built(copied) / "files").glob("*.bin"))
    lost.unlink()
    assert f"{lost} of an explorer is missing" in said(capsys, tmp_path / "out")
    (notebooks.built(copied) / "02_next.ipynb").unlink()
    assert "02_next has not been built yet" in said(capsys, tmp_path / "out")


def test_a_folder_with_other_things_is_left_alone(
    copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years", encoding="utf-8")
    assert "holds something else" in said(capsys, tmp_path / "out")
    assert (tmp_path / "out" / "thesis.txt").exists()


def course_slides(minutes: int) -> dict[str, list[str]]:
    """The course's own slides of a route: notebook -> what they say."""
    found: dict[str, list[str]] = {}
    for name, script in notebooks.sources().items():
        cells = notebooks.read_source(script, notebooks.SLIDE_TAGS).cells
        shown = [tag for tag, route in notebooks.SLIDE_TAGS.items() if route <= minutes]
        found[name] = [cell.source for cell in cells if set(shown) & set(notebooks.tags(cell))]
    return found


def test_a_slide_of_the_course_says_one_thing_in_few_words() -> None:
    for texts in course_slides(180).values():
        for text in texts:
            heading, *rest = text.split("\n\nNote: ")[0].splitlines()
            assert re.fullmatch(r"## \S.{0,50}", heading), heading
            assert len(WORD.findall(QUOTE.sub("", "\n".join(rest)))) <= 40, text


@pytest.mark.parametrize("minutes", notebooks.SLIDE_TAGS.values())
def test_every_stop_of_a_route_has_a_slide(minutes: int) -> None:
    column = list(notebooks.SLIDE_TAGS.values()).index(minutes)
    stops = STOP.findall((notebooks.NOTEBOOKS.parent / "LECTURING.md").read_text(encoding="utf-8"))
    assert len(stops) > 10
    assert {name for name, *times in stops if times[column]} == {
        n for n, texts in course_slides(minutes).items() if texts
    }
