"""The package and its requirements: one truth in two files, and an import that costs nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import vqedu

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

REPOSITORY = Path(__file__).parent.parent
REQUIREMENTS = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
TEST_COMMAND = re.compile(r"<!-- command: test -->\n```\w*\n(.+)\n```\n<!-- /command -->")


def requirement_lines() -> list[str]:
    return [line for line in REQUIREMENTS if line.strip() and not line.startswith("#")]


def without_comment(line: str) -> str:
    return line.split("#")[0].strip()


def test_every_requirement_says_what_it_is_for() -> None:
    for line in requirement_lines():
        assert re.fullmatch(r"\S.*\S +# \w.{10,}", line), f"no purpose on the line {line!r}"


def test_last_requirement_is_the_package_itself() -> None:
    assert without_comment(REQUIREMENTS[-1]) == "-e ."


def test_every_requirement_has_a_lower_and_an_upper_bound() -> None:
    for line in requirement_lines()[:-1]:
        assert re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", without_comment(line)), line


def test_dependencies_of_the_package_are_requirements_with_the_same_range() -> None:
    needed = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["publish"]}
    assert needed <= {without_comment(line) for line in requirement_lines()}


def test_version_is_the_same_wherever_it_is_written() -> None:
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert vqedu.__version__ == PROJECT["version"] == citation["version"]


def test_every_licence_file_is_packaged_and_linked_in_the_readme() -> None:
    found = {path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("vqedu/**/LICENSE*")}
    files = {"LICENSE", "LICENSE-CONTENT.md", *found}
    assert set(PROJECT["license-files"]) == files
    assert {file for file in files if f"]({file})" in README} == files


def test_readme_holds_one_test_command_on_one_line_and_the_workflow_runs_it() -> None:
    (command,) = TEST_COMMAND.findall(README)
    workflow = (REPOSITORY / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert command in workflow
    assert command.replace(".venv/bin/python", r".venv\Scripts\python") in workflow


# What a fresh process imports, one line after the other, and what it must not have imported by then.
LATER = {
    "import vqedu, vqedu.questions.answers": {"torch"},
    "import vqedu.models, vqedu.losses, vqedu.metrics, vqedu.data, vqedu.quantizers": {
        "matplotlib", "ipywidgets", "anywidget", "torchvision", "IPython",
    },
    "import vqedu.checks": {"matplotlib", "ipywidgets", "anywidget", "torchvision", "IPython"},
    "import vqedu.widgets.cards.overview": {"nbformat"},
}  # fmt: skip
MODULES = "print(all(getattr(vqedu, name).__name__ == f'vqedu.{name}' for name in vqedu._SUBMODULES))"


@pytest.fixture(scope="module")
def fresh_process() -> list[str]:
    """What a fresh process prints: the modules that it has after each line of `LATER`, and what `MODULES` prints."""
    shown = [f"{line}; print(*sys.modules)" for line in LATER]
    code = "\n".join(["import sys", *shown, MODULES])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return run.stdout.splitlines()


@pytest.mark.parametrize("place", range(len(LATER)), ids=[*LATER])
def test_an_import_leaves_for_later_what_it_does_not_need(fresh_process: list[str], place: int) -> None:
    imported = {name.split(".")[0] for name in fresh_process[place].split()}
    assert "vqedu" in imported
    assert not imported & [*LATER.values()][place]


def test_every_public_module_is_an_attribute_of_the_package(fresh_process: list[str]) -> None:
    assert fresh_process[-1] == "True"
    sources = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "notebooks" / "source").glob("*.py")]
    lines = re.findall(r"^from vqedu(?:\.(\w+))? import (.+)$", "\n".join(sources), re.MULTILINE)
    imported = {name for module, names in lines for name in ([module] if module else names.split(", "))}
    assert imported
    assert imported <= set(dir(vqedu))


def test_the_package_docstring_maps_the_floors_that_the_contract_names() -> None:
    layers = PYPROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    contract = {5 - i: set(re.findall(r"\w+", layer)) - {"__main__"} for i, layer in enumerate(layers)}
    floors: dict[int, set[str]] = {}
    for floor, names in re.findall(r"^    ([1-5 ])  (\w+(?:, \w+)*)", vqedu.__doc__ or "", re.MULTILINE):
        number = int(floor) if floor.strip() else min(floors)
        floors.setdefault(number, set()).update(names.split(", "))
    assert floors == contract
