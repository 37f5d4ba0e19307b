"""The exercises in the notebooks: every starter fails its checker with a helpful message, every solution passes."""

from __future__ import annotations

import ast
import re
from typing import Any, NamedTuple

import pytest
import torch

from vqedu import checks
from vqedu.checks import Challenge
from vqedu.checks.engine import running
from vqedu.publish import notebooks
from vqedu.publish.notebooks import NOTEBOOKS

COURSE = [name for name in notebooks.sources() if "01" <= name[:2] <= "10"]
SOLUTION = re.compile(r"```python\n(.*?)```", re.DOTALL)


class Set(NamedTuple):
    """One exercise of a notebook: its text, its starter, the line that checks, its solution."""

    notebook: str
    text: str
    starter: str
    check: str
    solution: str

    @property
    def title(self) -> str:
        return self.text.splitlines()[0]


def tagged(cell: Any, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def exercises(notebook: str) -> list[Set]:
    """The exercises of a notebook, each of four cells in a row."""
    cells = notebooks.read_source(NOTEBOOKS / "source" / f"{notebook}.py").cells
    starts = [i for i, cell in enumerate(cells) if tagged(cell, "exercise")]
    found = []
    for i in starts:
        text, starter, check, solution = cells[i : i + 4]
        assert tagged(starter, "starter"), f"{notebook}: no starter follows {text.source[:40]}"
        assert tagged(solution, "solution"), f"{notebook}: no solution ends {text.source[:40]}"
        (code,) = SOLUTION.findall(solution.source)
        found.append(Set(notebook, text.source, starter.source, check.source, code))
    assert len(starts) == sum(tagged(cell, "starter") for cell in cells) == sum(tagged(c, "solution") for c in cells)
    return found


EXERCISES = [exercise for notebook in COURSE for exercise in exercises(notebook)]
each_set = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: f"{e.notebook[:2]}-{e.check[7:].split('(')[0]}")


def trains(exercise: Set) -> bool:
    """Whether it is a larger task, whose solution trains for longer than the checkers of functions wait."""
    check = checks.ALL[exercise.check[7:].split("(")[0]]
    return isinstance(check, Challenge) and check.seconds > running.LIMIT_S


each_solution = pytest.mark.parametrize(
    "exercise",
    [pytest.param(e, marks=[pytest.mark.nightly] * trains(e)) for e in EXERCISES],
    ids=lambda e: f"{e.notebook[:2]}-{e.check[7:].split('(')[0]}",
)


def imports(notebook: str) -> str:
    """The import statements at the top level of a notebook."""
    source = (NOTEBOOKS / "source" / f"{notebook}.py").read_text(encoding="utf-8")
    return "\n".join(ast.unparse(n) for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom))


def answer(exercise: Set, code: str) -> checks.Result:
    """What the exercise's own line says to `code`, with nothing but the notebook's imports around it."""
    namespace: dict[str, Any] = {}
    torch.manual_seed(0)
    exec(imports(exercise.notebook), namespace)
    exec(code, namespace)
    result = eval(exercise.check, namespace)
    assert isinstance(result, checks.Result)
    return result


@each_set
def test_a_starter_fails_with_a_helpful_message(exercise: Set) -> None:
    result = answer(exercise, exercise.starter)
    assert not result.passed
    assert result.kind not in ("exception", "time", "argument")
    assert len(result.message) > 20
    assert len(result.hints) == 3


@each_solution
def test_a_solution_passes(exercise: Set) -> None:
    result = answer(exercise, exercise.solution)
    assert result.passed, result


@each_set
def test_an_exercise_says_contract_difficulty_and_minutes(exercise: Set) -> None:
    assert re.search(r"^### Exercise \d+ · ", exercise.text)
    assert re.search(r"\*\*(★☆☆|★★☆|★★★) · \d+ minutes?\.\*\*", exercise.text)
    assert "**Contract:**" in exercise.text
    assert re.fullmatch(r"checks\.\w+\((my_|My)\w+\)", exercise.check)


@pytest.mark.parametrize("notebook", COURSE)
def test_a_notebook_has_four_exercises_a_bug_hunt_and_something_larger_to_build(notebook: str) -> None:
    found = exercises(notebook)
    if notebook[:2] != "10":  # it repeats the course on other data, and ends in a project
        assert len(found) >= 4
        assert any("· Bug hunt" in exercise.title for exercise in found)
    assert any(exercise.check.startswith("checks.build_") for exercise in found)
    assert [int(re.findall(r"Exercise (\d+)", e.title)[0]) for e in found] == list(range(1, len(found) + 1))


def test_each_checker_is_asked_for_once() -> None:
    assert sorted(exercise.check[7:].split("(")[0] for exercise in EXERCISES) == sorted(checks.ALL)


@each_set
def test_what_is_to_be_broken_is_measured(exercise: Set) -> None:
    if "· Break it" in exercise.title and isinstance(checks.ALL[exercise.check[7:].split("(")[0]], Challenge):
        assert any(fact.startswith("✗") for fact, _ in answer(exercise, exercise.starter).facts)
