"""Building and exporting a small notebook: the same bytes twice, nothing half done, a page that needs nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.page.traffic import Traffic
from vqedu import __main__
from vqedu.publish import notebooks, pages, stills
from vqedu.questions import answers
from vqedu.widgets.base import WIDGET_VIEW

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
SOURCE = f"""\
# %% [markdown]
# # A *small* notebook
#
# The density $p(x) < 1$ and a [second one](02_next.ipynb#Its-end).
#
# $$\\log p(x) \\ge \\operatorname*{{arg\\,max}}_z \\begin{{aligned}} a &= b \\\\ c &= d \\end{{aligned}}$$
#
# <details>
# <summary>Folded</summary>
#
# Inside the fold, $\\sigma$.
#
# </details>

# %% tags=["nbval-ignore-output"]
import sys

print("out", 1)
print("err", file=sys.stderr)
print("out", 2)

# %%
import ipywidgets

ipywidgets.IntSlider(value=3)

# %%
from tqdm.auto import tqdm

for _ in tqdm(range(3)):
    pass

# %%
from IPython.display import display

alt = {{"image/png": {{"alt": "a black <pixel>"}}}}
display({{"image/png": "{PIXEL}", "text/plain": "a pixel"}}, metadata=alt, raw=True)

# %%
import numpy as np

from vqedu.questions import answers
from vqedu.widgets.base import Explorer, pack


class Counter(Explorer):
    _esm = '''export default {{ render({{ model, el }}) {{
      const button = document.createElement("button");
      button.onclick = () => {{ button.textContent = Number(button.textContent) + model.get("config").step; }};
      button.textContent = model.get("data").getUint8(4);
      el.append(button);
    }} }};'''
    _css = "button {{ width: 200px; height: 50px; }}"
    summary = "A counter"


first, second = ({{"count": np.array([count], dtype=np.uint8)}} for count in (3, 5))
print(answers.read_all())
Counter(pack(first, second)[0], config={{"step": 2}})

# %%
Counter(pack(second, first)[0], config={{"step": 4}})

# %% [markdown]
# Twice.

# %% [markdown]
# Twice.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like notebooks/, with one script."""
    made = tmp_path_factory.mktemp("repository") / "notebooks"
    (made / "source").mkdir(parents=True)
    (made / "source" / "01_small.py").write_text(SOURCE, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def built(folder: Path, browser: Browser) -> bytes:
    """The bytes of the first build."""
    (path,) = notebooks.build([], folder, report=lambda line: None)
    return path.read_bytes()


@pytest.fixture(scope="module")
def exported(folder: Path, built: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the notebook."""
    (path,) = pages.export(["01_small"], tmp_path_factory.mktemp("out"), folder, report=lambda line: None)
    return path


def test_two_builds_give_the_same_bytes(folder: Path, built: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VQEDU_BUILD", "/nowhere")  # what the caller has set does not reach the notebook
    answers.write("my.key", {"guess": 1})
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    kept = notebooks.built(folder) / "01_small.ipynb"
    before = kept.read_bytes()
    (path,) = notebooks.build(["01_small"], folder, report=lambda line: None)
    assert path.read_bytes() == built
    assert kept.read_bytes() == before
    answers.forget()


def test_built_notebook_is_valid_executed_and_tagged(built: bytes) -> None:
    notebook = nbformat.reads(built.decode(), as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4, 5, 6]
    assert code[0].metadata == {"tags": ["nbval-ignore-output"]}
    assert all(not cell.metadata for cell in notebook.cells if cell is not code[0])
    assert notebook.metadata == notebooks.METADATA


def test_built_notebook_holds_no_widget_view_and_no_times(built: bytes) -> None:
    assert WIDGET_VIEW.encode() not in built
    assert b"00:00" not in built
    notebook = nbformat.reads(built.decode(), as_version=4)
    slider, bar, picture, (answered, first), (second,) = [
        cell.outputs for cell in notebook.cells if cell.cell_type == "code"
    ][1:]
    assert [output.data for output in slider] == [{"text/plain": "IntSlider(value=3)"}]
    assert [set(output.data) for output in bar] == [{"text/plain"}]
    assert picture[0].metadata == {"image/png": {"alt": "a black <pixel>"}}
    assert answered.text == "{}\n"
    for explorer in (first, second):
        assert set(explorer.data) == {"image/png", "text/plain"}
        assert explorer.metadata == {"image/png": {"alt": "A counter", "width": 980}}


def test_a_still_is_the_explorer_as_the_browser_shows_it(built: bytes) -> None:
    notebook = nbformat.reads(built.decode(), as_version=4)
    outputs = [output for cell in notebook.cells[-4:-2] for output in cell.outputs if "data" in output]
    pictures = [Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("L") for output in outputs]
    assert [still.size for still in pictures] == [(2 * 980, 2 * 50)] * 2
    greys = [np.asarray(still) for still in pictures]
    assert all(grey[:, 450:].min() == 255 for grey in greys)  # paper beside the button, which is 400 pixels wide
    assert (greys[0] != greys[1]).any()  # the one counts from 5, the other from 3


def test_a_still_in_few_colours_keeps_its_light_greys_and_hardly_changes_the_others() -> None:
    generator = np.random.default_rng(0)
    pixels = np.full((300, 300, 3), 255, dtype=np.uint8)
    pixels[:100], pixels[100:120] = (246, 246, 244), (239, 239, 239)
    pixels[200:] = generator.integers(0, 256, (100, 300, 3)) // 32 * 32  # 512 colours
    original = io.BytesIO()
    Image.fromarray(pixels).save(original, "png")
    small = stills.smaller(original.getvalue())
    found = np.asarray(Image.open(io.BytesIO(small)).convert("RGB"))
    np.testing.assert_array_equal(found[:200], pixels[:200])
    assert np.abs(found.astype(int) - pixels).max() <= 64
    assert len(Image.open(io.BytesIO(small)).getcolors() or []) <= 256


def test_what_explorers_share_is_kept_once(folder: Path, built: bytes) -> None:
    kept = sorted((notebooks.built(folder) / "files").iterdir())
    assert sorted(path.suffix for path in kept) == [".bin", ".bin", ".css", ".js"]
    assert all(path.stem == hashlib.sha256(path.read_bytes()).hexdigest() for path in kept)


def test_streams_are_in_one_piece_each(built: bytes) -> None:
    notebook = nbformat.reads(built.decode(), as_version=4)
    assert [(output.name, output.text) for output in notebook.cells[1].outputs] == [
        ("stdout", "out 1\nout 2\n"),
        ("stderr", "err\n"),
    ]


def test_a_rewritten_line_shows_what_a_terminal_shows() -> None:
    parts = ["  0%|     | 0/3 [00:00<?, ?it/s]", "\r100%|#####| 3/3 [00:00<00:00, 99.1it/s]\n"]
    (joined,) = notebooks.joined_streams([new_output("stream", name="stderr", text=part) for part in parts])
    assert joined.text == "100%|#####| 3/3\n"


def test_unchanged_cells_keep_their_ids() -> None:
    cells = [new_markdown_cell("a"), new_code_cell("a"), new_markdown_cell("a"), new_markdown_cell("b")]
    ids = notebooks.cell_ids(cells)
    assert len(set(ids)) == 4
    assert ids[2] == f"{ids[0]}-2"
    assert notebooks.cell_ids([cells[3], *cells[:2]]) == [ids[3], *ids[:2]]


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("raise RuntimeError('no luck')", "01_small: cell 2 raised RuntimeError: no luck"),
        ("import os\nos._exit(1)", "01_small: cell 2 ended the kernel"),
        ("import time\ntime.sleep(60)", "01_small: cell 2 took more than 2 s"),
        (
            "from vqedu.widgets.base import Explorer\n"
            "class Broken(Explorer):\n    _esm = 'export default { render() { throw Error(`no luck`); } }'\nBroken()",
            "01_small: Explorer: this explorer fails in the page: no luck",
        ),
    ],
)
def test_a_failing_cell_is_named_and_the_old_file_stays(
    browser: Browser,
    tmp_path: Path,
    code: str,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "notebooks"
    monkeypatch.setattr(notebooks, "CELL_TIMEOUT_S", 2)
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "01_small.py").write_text(f"# %%\nx = 1\n\n# %%\n{code}\n", encoding="utf-8")
    (folder / "01_small.ipynb").write_bytes(b"old")
    assert __main__.main(["build"]) == 1
    assert complaint in capsys.readouterr().err
    assert (folder / "01_small.ipynb").read_bytes() == b"old"
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["01_small.ipynb"]


def test_without_a_browser_the_command_says_how_to_get_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    monkeypatch.setattr("vqedu.publish.browser.find_chromium", lambda own: None)
    assert __main__.main(["build"]) == 2
    said = capsys.readouterr().err
    assert "python -m playwright install chromium" in said
    assert said.count("\n") == 1


def test_exporting_executes_nothing(
    folder: Path, built: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notebooks, "execute", None)
    assert pages.export([], tmp_path, folder, report=lambda line: None) == [tmp_path / "01_small.html"]


@pytest.mark.parametrize(
    ("change", "why"), [(False, "has not been built yet"), (True, "has changed since it was built")]
)
def test_a_notebook_that_is_not_built_from_its_source_is_not_exported(
    folder: Path,
    built: bytes,
    tmp_path: Path,
    change: bool,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / "notebooks"
    (other / "source").mkdir(parents=True)
    (other / "source" / "01_small.py").write_text(f"{SOURCE}# changed\n", encoding="utf-8")
    if change:
        shutil.copytree(notebooks.built(folder), notebooks.built(other))
    monkeypatch.setattr(notebooks, "NOTEBOOKS", other)
    assert __main__.main(["export", "--to", str(tmp_path / "out")]) == 2
    assert f"01_small {why}. Run `python -m vqedu build 01_small` first.\n" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["build", "export"])
def test_an_unknown_name_is_one_sentence(command: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "vqedu", command, "00_no_such_notebook"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("vqedu: There is no notebook '00_no_such_notebook'")
    assert run.stderr.count("\n") == 1


def test_without_the_repository_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path / "absent")
    assert __main__.main(["build"]) == 2
    assert "need the repository" in capsys.readouterr().err


def test_links_between_notebooks_lead_to_pages() -> None:
    text = (
        "[a](02_elbo.ipynb) [b](02_elbo.ipynb#Part-2) <a href='03_x.ipynb'>c</a> [d](http://x.y/y.ipynb)\n[e]: z.ipynb"
    )
    assert pages.link_pages(text) == (
        "[a](02_elbo.html) [b](02_elbo.html#Part-2) <a href='03_x.html'>c</a> [d](http://x.y/y.ipynb)\n[e]: z.html"
    )


def test_pictures_of_the_text_are_embedded(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(b"png")
    text = "![alt](p.png) <img alt='x' src='p.png'> ![far](https://x.org/p.png)"
    assert pages.embed_pictures(text, tmp_path) == (
        "![alt](data:image/png;base64,cG5n) <img alt='x' src='data:image/png;base64,cG5n'> ![far](https://x.org/p.png)"
    )
    with pytest.raises(OSError, match=r"absent\.png"):
        pages.embed_pictures("![alt](absent.png)", tmp_path)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"text/plain": "IntSlider(value=3)"}, []),
        ({"text/plain": "The curve, live."}, [{"text/plain": "The curve, live."}]),
    ],
)
def test_a_control_of_the_kernel_becomes_a_line(data: dict[str, str], kept: list[Any]) -> None:
    output = new_output("display_data", {**data, WIDGET_VIEW: {"model_id": "1"}})
    *shown, note = pages.in_page(output, "03_lab")
    assert [still.data for still in shown] == kept
    assert "03_lab.ipynb" in note.data["text/html"]


@pytest.mark.browser
def test_page_works_from_a_file_without_network(exported: Path, page: Page, traffic: Traffic) -> None:
    page.context.set_offline(True)
    page.goto(exported.as_uri())
    first, second = page.locator(".vqedu-export button").all()
    first.click()
    second.click()
    assert (first.text_content(), second.text_content()) == ("7", "7")  # 5 + 2, 3 + 4
    assert page.title() == "A small notebook"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("math").count() == 3
    assert page.locator(".temml-error").count() == 0
    assert page.locator("h1").get_attribute("id") == "A-small-notebook"
    assert page.get_by_role("link", name="second one").get_attribute("href") == "02_next.html#Its-end"
    assert page.get_by_alt_text("a black <pixel>").count() == 1
    assert traffic.network == []
    assert traffic.requests[0] == exported.as_uri()


@pytest.mark.browser
def test_page_folds_and_unfolds(exported: Path, page: Page) -> None:
    page.goto(exported.as_uri())
    inside = page.get_by_text("Inside the fold")
    assert not inside.is_visible()
    page.get_by_text("Folded").click()
    assert inside.is_visible()


@pytest.mark.browser
def test_page_holds_no_dead_control(exported: Path, page: Page) -> None:
    page.goto(exported.as_uri())
    assert page.locator("input, select, .jupyter-widgets").count() == 0
    assert page.get_by_text("open 01_small.ipynb in Jupyter").count() == 1
    assert "IntSlider(value" not in page.locator(".jp-OutputArea").all_inner_texts()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 1920])
def test_page_fits_the_screen(exported: Path, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(exported.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["x"] == pytest.approx(width - box["x"] - box["width"], abs=16)  # central, but for a scroll bar
    size = float(page.evaluate("parseFloat(getComputedStyle(document.querySelector('p')).fontSize)"))
    assert 16 <= size <= 20


@pytest.mark.browser
def test_without_javascript_the_previews_show(exported: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(exported.as_uri())
    preview = page.get_by_alt_text("A counter").first
    assert preview.is_visible()
    assert (preview.get_attribute("src") or "").startswith("data:image/png;base64,")
    context.close()


@pytest.mark.browser
def test_page_is_small(exported: Path) -> None:
    assert exported.stat().st_size <= 1_000_000  # what every page carries; notebooks add their pictures and weights


def test_source_with_magics_and_comments_survives(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text(
        "# %%\n# %matplotlib inline\n# a comment\n\n\nx = 1  # end\n\n# %% [markdown]\n# text\n", encoding="utf-8"
    )
    notebook = notebooks.read_source(script)
    assert [cell.source for cell in notebook.cells] == ["%matplotlib inline\n# a comment\n\n\nx = 1  # end", "text"]
    assert json.loads(nbformat.writes(notebook))["nbformat_minor"] == 5
