"""Building a small notebook: the same bytes twice, and nothing half done."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from PIL import Image
from playwright.sync_api import Browser

from vqedu import __main__
from vqedu.publish import notebooks, stills
from vqedu.questions import answers
from vqedu.widgets.base import WIDGET_VIEW


@pytest.fixture
def built(folder: Path) -> bytes:
    """The bytes of the first build."""
    return (folder / "01_small.ipynb").read_bytes()


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
    assert all(gray[:, 450:].min() == 255 for gray in greys)  # paper beside the button, which is 400 pixels wide
    assert (greys[0] != greys[1]).any()  # the one counts from 5, the other from 3


def test_a_still_in_few_colours_keeps_its_light_greys_and_hardly_changes_the_others() -> None:
    generator = np.random.default_rng(0)
    pixels = np.full((300, 300, 3), 255, dtype=np.uint8)
    pixels[:100], pixels[100:120] = (246, 246, 244), (239, 239, 239)
    pixels[200:] = generator.integers(0, 256, (100, 300, 3)) // 32 * 32  # 512 colors
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


def test_an_unknown_name_is_one_sentence() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "vqedu", "build", "00_no_such_notebook"],
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


def test_source_with_magics_and_comments_survives(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text(
        "# %%\n# %matplotlib inline\n# a comment\n\n\nx = 1  # end\n\n# %% [markdown]\n# text\n", encoding="utf-8"
    )
    notebook = notebooks.read_source(script)
    assert [cell.source for cell in notebook.cells] == ["%matplotlib inline\n# a comment\n\n\nx = 1  # end", "text"]
    assert json.loads(nbformat.writes(notebook))["nbformat_minor"] == 5
