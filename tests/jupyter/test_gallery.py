"""All widgets in one notebook of a real JupyterLab: each answers the hand, and the kernel hears what was settled."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.jupyter import gallery
from tests.jupyter import lab as jupyter
from tests.jupyter.lab import Lab
from tests.jupyter.training_lab_hand import picture, says_begun_anew, source, start, stop, wait_for_pictures
from tests.page.examples import kind
from tests.page.traffic import Traffic, watch
from vqedu import widgets
from vqedu.questions import answers

pytestmark = pytest.mark.browser
SETTLED_MS = 700  # the page waits 300 ms
LATENT, QUIZ = "LatentExplorer: autoencoder", "Quiz: one question"
# All that an eye sees of a cell: its words, its canvases, its pictures, its drawings.
LOOK = """(cell) => [cell.innerText, ...[...cell.querySelectorAll("canvas")].map((node) => node.toDataURL()),
    ...[...cell.querySelectorAll("svg, img")].map((node) => node.src ?? node.outerHTML),
    ...[...cell.querySelectorAll("input")].map((node) => [node.checked, node.value])].join()"""


class Gallery:
    """The open notebook, the messages that its page sent to widgets in the kernel, and what else the page did."""

    def __init__(self, page: Page) -> None:
        self.page, self.traffic = page, Traffic()
        self.sent: list[str] = []
        watch(page, self.traffic)
        page.on("websocket", lambda socket: socket.on("framesent", self._keep))

    def _keep(self, payload: str | bytes) -> None:
        text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        if '"comm_msg"' in text:
            self.sent.append(text)

    def cell(self, name: str) -> Locator:
        return jupyter.cell(self.page, 1 + gallery.NAMES.index(name))

    def run(self, source: str) -> str:
        """Run `source` in the last cell, and return what it prints."""
        return jupyter.run_cell(self.page, 1 + len(gallery.NAMES), source)

    def run_again(self, name: str) -> None:
        jupyter.run_cell(self.page, 1 + gallery.NAMES.index(name))

    def looks_otherwise(self, name: str, before: str) -> bool:
        """Whether the widget looks other than `before`, within half a minute."""
        for _ in range(300):
            if self.cell(name).evaluate(LOOK) != before:
                return True
            self.page.wait_for_timeout(100)
        return False


@pytest.fixture(scope="module")
def opened(browser: Browser, jupyterlab: Lab) -> Iterator[Gallery]:
    """The gallery, all of its cells run."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    answers.forget()
    shown = Gallery(page)
    jupyter.write_notebook(jupyterlab, "gallery", gallery.SOURCES)
    jupyter.open_notebook(page, jupyterlab, "gallery")
    jupyter.run_all(page)
    yield shown
    page.close()
    jupyter.shut_down_kernels(jupyterlab)


@pytest.fixture
def shown(opened: Gallery) -> Iterator[Gallery]:
    """The gallery for one test, which fails if the page logs an error during it."""
    opened.page.wait_for_timeout(SETTLED_MS)
    opened.sent.clear()
    yield opened
    errors, opened.traffic.errors = opened.traffic.errors, []
    assert not errors, "the page logged errors:\n" + "\n".join(errors)


def test_the_gallery_has_every_widget() -> None:
    assert sorted(map(kind, gallery.NAMES)) == sorted(widgets.NAMES)


def test_every_widget_answers_a_key_and_the_kernel_hears_of_it(shown: Gallery) -> None:
    for name, hand in gallery.HANDS.items():
        here = shown.cell(name)
        for selector, key in hand:
            control = here.locator(selector).first
            control.focus()
            before = here.evaluate(LOOK)
            control.press(key)
            assert shown.looks_otherwise(name, before), f"{name} looks as before {key}"
        assert here.evaluate("(node) => node.contains(document.activeElement)"), f"{name}: the notebook took the keys"
    for _ in range(30):  # until the last has settled
        if (heard := shown.run(gallery.MOVED)) == " ".join(gallery.HANDS):
            break
    assert heard == " ".join(gallery.HANDS)


def test_the_kernel_hears_one_message_after_a_drag_and_none_during_it(shown: Gallery) -> None:
    here = shown.cell(LATENT)
    here.scroll_into_view_if_needed()
    before, box = here.evaluate(LOOK), here.locator(".vq-map").bounding_box()
    assert box is not None
    shown.page.mouse.move(box["x"] + 150, box["y"] + 100)
    shown.page.mouse.down()
    for x in (200, 250):
        shown.page.mouse.move(box["x"] + x, box["y"] + 250, steps=10)
        shown.page.wait_for_timeout(SETTLED_MS)  # resting with the button down is still dragging
    assert shown.looks_otherwise(LATENT, before)
    assert shown.sent == []
    shown.page.mouse.up()
    shown.page.wait_for_timeout(2 * SETTLED_MS)
    assert len(shown.sent) == 1
    z = json.JSONDecoder().raw_decode(shown.sent[0][shown.sent[0].index('{"z"') :])[0]["z"]
    assert shown.run(f"print([f'{{v:.4f}}' for v in shown[{LATENT!r}].state['z']])") == str([f"{v:.4f}" for v in z])


def test_arrow_keys_stay_in_the_figure_and_do_not_walk_through_the_notebook(shown: Gallery) -> None:
    here = shown.cell(LATENT)
    chart = here.get_by_role("application", name="Map of the codes")
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"):
        before = here.evaluate(LOOK)
        chart.press(key)
        assert shown.looks_otherwise(LATENT, before)
        expect(chart).to_be_focused()


def test_python_moves_the_figure_and_hears_no_echo(shown: Gallery) -> None:
    shown.run(f"shown[{LATENT!r}].state = {{'z': [0.5, -0.5]}}")
    expect(shown.cell(LATENT).get_by_role("status")).to_contain_text("z = (0.50, −0.50)")
    shown.page.wait_for_timeout(SETTLED_MS)
    assert shown.sent == []


def test_the_answer_to_a_quiz_is_kept_in_the_file_and_shown_again(shown: Gallery) -> None:
    answers.forget()
    here = shown.cell(QUIZ)
    shown.run_again(QUIZ)
    here.get_by_role("radio").first.check()
    here.locator(".vq-q-commit").click()
    jupyter.wait_until_idle(shown.page)
    said = here.locator(".vq-q-said").inner_text()
    assert said
    shown.run_again(QUIZ)
    expect(here.locator(".vq-q-said")).to_have_text(said)
    assert len(answers.read_all()["autoencoder.snow"]["tries"]) == 1
    expect(here.get_by_role("button").locator("visible=true").first).to_have_css("border-radius", "5px")


@pytest.mark.nightly
def test_collapse_lab_start_move_remedy_stop_reset(shown: Gallery) -> None:
    here = shown.cell("CollapseLab")
    start(here)
    slider = here.get_by_role("slider")
    for _ in range(3):
        slider.press("ArrowRight")  # 1 -> 2 -> 5 -> 10, heard while it trains
    expect(here.locator(".widget-readout")).to_have_text("10")
    wait_for_pictures(here, 3)
    here.get_by_role("button", name="free bits").press("Enter")
    wait_for_pictures(here, 2)
    stopped = stop(here)
    shown.page.wait_for_timeout(1000)
    assert source(here) == stopped
    said = shown.run(
        "print(collapse.running, collapse.step > 0, collapse.beta.value, collapse.remedy.value, "
        "sorted(set(collapse.state.betas)))"
    )
    assert re.fullmatch(r"False True 10\.0 free bits \[1\.0, .*10\.0\]", said)
    here.get_by_role("button", name="Reset").press("Enter")
    says_begun_anew(here, stopped)


@pytest.mark.nightly
def test_codebook_lab_collapse_revive_stop_and_begin_anew(shown: Gallery) -> None:
    here = shown.cell("CodebookLab")
    box = picture(here).bounding_box()
    assert box is not None
    assert 700 < box["width"] <= 982
    start(here)
    here.get_by_role("button", name="on", exact=True).first.press("Enter")  # revival, heard while it trains
    wait_for_pictures(here, 3)
    stopped = stop(here)
    said = shown.run(
        "print(codes.running, codes.step > 0, codes.state.used[0], codes.state.used[-1] > 64, *codes.switches)"
    )
    assert said == "False True 1 True far gradient True False"
    here.get_by_role("button", name="from data").press("Enter")  # another start begins anew
    says_begun_anew(here, stopped)
