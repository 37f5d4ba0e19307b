"""The mutants of a few lines, and that what is said of equivalent ones is said of mutants that exist."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.mutation.python_mutants import of_python
from tests.mutation.targets import TARGETS

SOURCE = '''
"""Text - is left alone."""


@torch.no_grad()
def loss(x: Tensor, kind: Literal["a", "b"] = "a") -> Tensor:
    if x.dim() < 2:
        raise ValueError(f"{x.dim() + 1} axes")
    return (x.detach() - 1).square().sum(1) + torch.where(x > 0, 0.5, -x).clamp(min=0).max()
'''

WANTED = [
    "@(torch).enable_grad()",
    'Literal["a", "b"] = \'b\'',
    "if ((x.dim()) <= (2))",
    "if ((x.dim()) >= (2))",
    "if x.dim() < 3",
    "pass",
    "(x) - 1",
    "((x.detach()) + (1))",
    "(x.detach() - 2)",
    ").mean(1)",
    ".sum(2)",
    ".abs().sum(1)",
    "where(x > 0, -x, 0.5)",
    "where(x > 0, 1.0, -x)",
    ", (x)).clamp",
    "clamp(max=0)",
    ".min()",
    "return ((x.detach() - 1).square().sum(1))",
]


@pytest.mark.parametrize("changed", WANTED)
def test_there_is_a_mutant_in_which(changed: str) -> None:
    assert any(changed in mutant.after for mutant in of_python(SOURCE))


def test_every_mutant_is_another_program_that_python_can_read_and_no_message_is_touched() -> None:
    mutants = list(of_python(SOURCE))
    programs = {ast.unparse(ast.parse(mutant.source)) for mutant in mutants}
    assert ast.unparse(ast.parse(SOURCE)) not in programs
    assert all("+ 1} axes" in mutant.source for mutant in mutants if mutant.after != "pass")


@pytest.mark.skipif(sys.platform == "win32", reason="the check forks")
def test_each_mutant_that_is_called_equivalent_exists() -> None:
    from tests.mutation.__main__ import explained
    from tests.mutation.running import ROOT

    for module, *change in explained():
        source = (ROOT / TARGETS[module].path).read_text(encoding="utf-8")
        assert any([mutant.scope, mutant.before, mutant.after] == change for mutant in of_python(source)), change
