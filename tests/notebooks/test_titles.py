"""The finding that a figure's title states follows from what its notebook printed, a shipped result, a card, or a test.

`titles.txt` has a row for each such title, by notebook; `asserted` means a test of this folder. A title without a row
says what a figure shows, which no number that is at hand could refute.
"""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.notebooks import prose, ties
from vqedu import data, pretrained

FILE = Path(__file__).parent / "titles.txt"


def findings() -> list[tuple[str, str, str]]:
    """Notebook, title and expression of each row."""
    found, name = [], ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
        else:
            title, expression = line.split(ties.ARROW)
            found.append((name, title, expression))
    return found


@pytest.mark.parametrize(("name", "title", "expression"), findings(), ids=lambda text: text[:40])
def test_the_finding_of_a_title_is_true(name: str, title: str, expression: str) -> None:
    assert any(title in section.texts.values() for section in prose.sections(name))
    if expression != "asserted":
        builtins = {function.__name__: function for function in (abs, all, max, min)}
        assert eval(expression, vars(math) | ties.sources(name) | {"__builtins__": builtins}) is True


def run_of(name: str, position: int) -> dict[str, Any]:
    """The names that the code of a notebook defines, up to a cell; drawing is left out."""
    names: dict[str, Any] = {}
    code = [body for header, body in list(prose.cells(name))[:position] if "[markdown]" not in header]
    for statement in ast.parse("\n".join(code)).body:
        if not ast.unparse(statement).startswith("plots."):
            exec(compile(ast.Module([statement], []), name, "exec"), names)
    return names


@pytest.mark.nightly
def test_03_where_the_two_runs_end() -> None:
    names = run_of("03_reparameterization", 3)
    ends = {name: float(names["toy_model"].elbo(1.0, *path)[-1]) for name, path in names["paths"].items()}
    assert {name: round(end, 1) for name, end in ends.items()} == {"q.rsample()": -1.8, "q.sample()": -11.6}


@torch.no_grad()
def test_08_what_the_codes_of_five_images_cost() -> None:
    prior, vqvae = pretrained.load("prior-mnist"), pretrained.load("vqvae-mnist")
    maps = vqvae.encode(data.load("mnist").test.x[:5])  # type: ignore[operator]
    log_p = prior(maps).log_softmax(-1).gather(2, maps.flatten(1).unsqueeze(2)) / math.log(2)
    assert round(float(-log_p.max())) == 0
    assert round(float(-log_p.min())) == 10
