"""One palette for figures, cards and pages: no color of it is written down anywhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.page import node
from vqedu import palette, plots
from vqedu.widgets.bundler import stylesheet

PACKAGE = Path(palette.__file__).parent
SOURCES = [
    path
    for kind in ("py", "js", "css", "j2")
    for path in sorted(PACKAGE.rglob(f"*.{kind}"))
    if not {"temml", "reveal"} & set(path.parts) and path.name != "palette.py"
]
NAMED = {color.upper() for color in (*palette.COLORS.values(), *palette.WORDS.values())} - {"#000000"}
NOTEBOOKS = PACKAGE.parent / "notebooks" / "source"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_other_file_names_a_colour_of_the_palette(path: Path) -> None:
    found = {color.upper() for color in re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text(encoding="utf-8"))}
    assert not found & NAMED


@pytest.mark.parametrize("name", ["00_start_here", "11_glossary"])
def test_the_legends_of_the_notebooks_show_the_palette(name: str) -> None:
    text = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    shown = re.findall(r'style="color:(#[0-9A-Fa-f]{6})"', text)
    assert len(shown) >= 4
    assert set(shown) <= set(palette.COLORS.values())


def test_figures_and_pages_have_the_same_colours() -> None:
    assert plots.COLORS is palette.COLORS
    script = "() => [tested.COLORS, Object.values(tested.COLORS).map(tested.wordColor), tested.tint('#D55E00', 0.5)]"
    colors, words, half = node.call("page/colors.js", script)
    assert colors == palette.COLORS
    assert words == list(palette.WORDS.values())
    assert half == "rgb(234, 175, 128)"
    sheet = stylesheet(PACKAGE / "widgets" / "page" / "kit.js", "home")
    for name in ("prior", "prior-word", "wrong"):
        assert f"--vq-{name}:" in sheet


def test_variables_that_style_sheets_use_are_those_of_the_palette() -> None:
    known = set(re.findall(r"(--vq-[\w-]+):", palette.css_variables()))
    for path in (path for path in SOURCES if path.suffix == ".css"):
        text = path.read_text(encoding="utf-8")
        own = set(re.findall(r"(--vq-[\w-]+):", text))
        assert set(re.findall(r"var\((--vq-[\w-]+)\)", text)) - own <= known, path


@pytest.mark.parametrize(("share", "expected"), [(0, "#FFFFFF"), (1, "#D55E00"), (0.5, "#EAAE80")])
def test_a_tint_mixes_with_white(share: float, expected: str) -> None:
    assert palette.tint("#D55E00", share) == expected
