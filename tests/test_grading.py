"""The snippets of docs/GRADING.md do what the page says; the real nbgrader and otter-grader are not installed here."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqedu import checks

PAGE = (Path(__file__).parent.parent / "docs" / "GRADING.md").read_text(encoding="utf-8")
NBGRADER, OTTER, PLAIN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
right = checks.kl.reference


def wrong(mu: Any, logvar: Any) -> Any:
    return 2 * right(mu, logvar)


def with_nbgrader(answer: Callable[..., Any]) -> None:
    exec(NBGRADER, {"checks": checks, "my_kl": answer})


def with_otter(answer: Callable[..., Any]) -> None:
    """As otter does with OK_FORMAT = False: functions marked with their points, their arguments by name."""
    stub: Any = types.ModuleType("otter.test_files")
    stub.test_case = lambda points: lambda function: function
    sys.modules |= {"otter": types.ModuleType("otter"), "otter.test_files": stub}
    try:
        found: dict[str, Any] = {}
        exec(OTTER, found)
    finally:
        del sys.modules["otter"], sys.modules["otter.test_files"]
    assert (found["OK_FORMAT"], found["name"], found["points"]) == (False, "kl", 1)
    found["test_kl"](my_kl=answer)


@pytest.mark.parametrize("grade", [with_nbgrader, with_otter])
def test_the_graders_assertion_holds_for_a_right_answer_and_names_a_mistake(grade: Callable[..., None]) -> None:
    grade(right)
    with pytest.raises(AssertionError, match="factor 1/2 missing"):
        grade(wrong)


def test_points_can_be_added_up() -> None:
    found: dict[str, Any] = {"checks": checks, "answers": {"kl": right, "scramble": lambda indices: indices}}
    exec(PLAIN, found)
    assert found["points"] == {"kl": 1.0, "scramble": 0.5}


def test_every_attribute_in_the_table_is_there_and_every_kind_is_one_that_results_have() -> None:
    results = [checks.kl(right), checks.kl(wrong), checks.kl(lambda mu, logvar: ...), checks.kl(lambda mu, logvar: mu)]
    for name in re.findall(r"`result\.(\w+)`", PAGE):
        assert all(hasattr(result, name) for result in results)
    assert all(f"`{result.kind}`" in PAGE for result in results)
