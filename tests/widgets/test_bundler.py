"""The bundler: one module of many files, each with its own scope; and which file of the widgets may import which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.page import node
from vqedu import widgets
from vqedu.widgets.bundler import bundle, files_of, stylesheet

WIDGETS = Path(widgets.__file__).parent
MODULES = sorted(WIDGETS.rglob("*.js"))


def write(folder: Path, **sources: str) -> Path:
    """Write NAME.js files; return the one called main."""
    for name, source in sources.items():
        (folder / f"{name}.js").write_text(source, encoding="utf-8")
    return folder / "main.js"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(WIDGETS)))
def test_a_file_imports_only_from_its_own_folder_and_from_page(module: Path) -> None:
    targets = re.findall(r'^import .* from "(.+)";$', module.read_text(encoding="utf-8"), re.MULTILINE)
    folders = {(module.parent / target).resolve().parent for target in targets}
    palette = {WIDGETS.parent} if module == WIDGETS / "page" / "colors.js" else set()
    assert folders <= {module.parent, WIDGETS / "page"} | palette


@pytest.mark.parametrize("path", [*MODULES, *WIDGETS.rglob("*.css")], ids=lambda path: str(path.relative_to(WIDGETS)))
def test_no_line_is_longer_than_those_of_python_may_be(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 120] == []


def test_files_come_after_all_that_they_need_and_only_once(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        main='import { a } from "./one.js";\nimport { b } from "./two.js";\n',
        one='import { base } from "./base.js";\nexport const a = base;\n',
        two='import { base } from "./base.js";\nexport const b = base;\n',
        base="export const base = 1;\n",
    )
    assert [path.stem for path in files_of(entry)] == ["base", "one", "two", "main"]


def test_names_may_repeat_and_exports_and_default_survive(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        main='import { twice as doubled } from "./other.js";\nconst scale = 10;\n'
        "export function total(x) {\n  return scale + doubled(x);\n}\n"
        "export class Box {}\nexport const name = 'main';\nexport default { render: total };\n",
        other="const scale = 2;\nexport const twice = (x) => scale * x;\n",
    )
    script = """() => [Object.keys(tested).sort(), tested.total(3), tested.name, tested.default.render(3)]"""
    found = node.call(str(entry), script)
    assert found == [["Box", "default", "name", "total"], 16, "main", 16]


def test_a_circle_is_named(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        main='import { a } from "./one.js";\nexport const b = 1;\n',
        one='import { b } from "./main.js";\nexport const a = 1;\n',
    )
    with pytest.raises(ValueError, match=r"main\.js imports itself by way of main\.js, one\.js\. Cut the circle\."):
        bundle(entry)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.js"):
        bundle(write(tmp_path, main='import { a } from "./gone.js";\n'))


def test_a_name_that_is_not_exported_is_said(tmp_path: Path) -> None:
    entry = write(tmp_path, main='import { a, b as c } from "./one.js";\n', one="export const a = 1;\nconst b = 2;\n")
    with pytest.raises(ValueError, match=r"main\.js imports b, which one\.js does not export\."):
        bundle(entry)


@pytest.mark.parametrize(
    "line", ['import all from "./one.js";', 'import { a } from "one";', "export { a };", 'export * from "./one.js";']
)
def test_an_import_or_export_that_it_cannot_read_is_quoted(tmp_path: Path, line: str) -> None:
    entry = write(tmp_path, main=f"{line}\n", one="export const a = 1;\n")
    with pytest.raises(ValueError, match=re.escape(f"main.js: the bundler does not know how to read {line!r}")):
        bundle(entry)


def test_the_style_sheet_follows_the_imports_and_stays_within_its_home(tmp_path: Path) -> None:
    entry = write(tmp_path, main='import { a } from "./one.js";\n', one="export const a = 1;\n")
    (tmp_path / "one.css").write_text(".one { color: red; }", encoding="utf-8")
    (tmp_path / "main.css").write_text(".main { color: blue; }", encoding="utf-8")
    (tmp_path / "other.css").write_text(".other { color: green; }", encoding="utf-8")
    assert stylesheet(entry, "home") == ".home {\n.one { color: red; }\n.main { color: blue; }\n}"
