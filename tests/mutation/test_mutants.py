"""The mutants of a few lines of Python and JavaScript, and that those called equivalent exist."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from tests.mutation.javascript_mutants import of_javascript
from tests.mutation.python_mutants import of_python
from tests.mutation.targets import TARGETS
from tests.page.node import NODE

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


def test_that_lengths_are_equal_is_no_computation() -> None:
    assert not list(of_python("def pairs(a, b):\n    return list(zip(a, b, strict=True))\n"))


def test_every_mutant_is_another_program_that_python_can_read_and_no_message_is_touched() -> None:
    mutants = list(of_python(SOURCE))
    programs = {ast.unparse(ast.parse(mutant.source)) for mutant in mutants}
    assert ast.unparse(ast.parse(SOURCE)) not in programs
    assert all("+ 1} axes" in mutant.source for mutant in mutants if mutant.after != "pass")


SCRIPT = r"""
// Text - is left alone; so is what is imported.
import { a } from "./1.js";
export function loss(x, { half = 0.5 }) {
  const text = `${1 - x} "`, found = text.match(/[/-] 1/);
  for (let i = 0; i + 1 < x.length; i += 2) x[i] = half * -x[i];
  if (found) sort(x);
  if (!x) throw new Error("1" + 1);
  return found && x ? Math.log(x[0] - 1 + x[1]) : 2e-3;
}
"""

WANTED_IN_JAVASCRIPT = [
    "half = 1.0",
    "let i = 1",
    "i + 2 <",
    "i - 1 <",
    "; i < x",
    "; 1 < x",
    "i + 1 <= x",
    "i + 1 >= x",
    "i += 3",
    ") x[i];",
    "half / -x[i]",
    "half * x[i]",
    "if (!(found)) sort(x)",
    "if (found) ;",
    "if (x) throw",
    "found || x ?",
    "? (x[0] - 1 + x[1])",
    "log1p(",
    "log(x[0] + 1 + x[1])",
    "log(-(1) + x[1])",
    "log(x[0] + x[1])",
    "log(x[0] - 1)",
    "log(x[1])",
    "0.004;",
]


@pytest.mark.parametrize("changed", WANTED_IN_JAVASCRIPT)
def test_there_is_a_mutant_of_javascript_in_which(changed: str) -> None:
    assert any(changed in mutant.after for mutant in of_javascript(SCRIPT))


def test_no_import_no_text_and_no_message_of_javascript_is_touched() -> None:
    mutants = [mutant for mutant in of_javascript(SCRIPT) if "half =" not in mutant.before]
    assert len(mutants) == len({mutant.source for mutant in mutants} - {SCRIPT})
    lines = [line for line in SCRIPT.splitlines() if line.startswith(("//", "import", "  const"))]
    assert all(line in mutant.source for line in lines for mutant in mutants)
    assert all('throw new Error("1" + 1);' in mutant.source for mutant in mutants)
    assert {mutant.scope for mutant in mutants} == {"loss"}


def test_mutants_of_javascript_are_javascript() -> None:
    parsed = """import vm from "node:vm";
        import { readFileSync } from "node:fs";
        for (const source of JSON.parse(readFileSync(0, "utf8"))) new vm.SourceTextModule(source);"""
    scripts = [target for target in TARGETS.values() if target.path.endswith(".js")]
    sources = [mutant.source for target in scripts for mutant in list(target.mutants())[::7]]
    command = [str(NODE), "--experimental-vm-modules", "--no-warnings", "--input-type=module", "--eval", parsed]
    done = subprocess.run(command, input=json.dumps(sources), capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the check forks")
def test_each_mutant_that_is_called_equivalent_exists() -> None:
    from tests.mutation.__main__ import explained

    reasons = explained()
    for name in {module for module, *_ in reasons}:
        found = {(name, mutant.scope, mutant.before, mutant.after) for mutant in TARGETS[name].mutants()}
        assert {change for change in reasons if change[0] == name} <= found
