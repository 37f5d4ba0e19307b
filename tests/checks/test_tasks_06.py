"""The larger task of notebook 06: the judge accepts a quantizer in other people's style and names what is wrong."""

# ruff: noqa: E501  (changes of code, each on one line)
from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vqedu import checks
from vqedu.quantizers import VectorQuantizer

OURS = """
class MyQuantizer(nn.Module):
    def __init__(self, codes, decay, revive_after):
        super().__init__()
        self.register_buffer("codebook", codes.clone())
        self.register_buffer("counts", torch.ones(len(codes)))
        self.register_buffer("sums", codes.clone())
        self.register_buffer("waiting", torch.zeros(len(codes)))
        self.decay, self.revive_after = decay, revive_after

    def forward(self, z_e):
        indices = torch.cdist(z_e.detach(), self.codebook).argmin(1)
        e = self.codebook[indices]
        commitment_loss = (z_e - e.detach()).square().sum(1).mean()
        z_q = e.detach() + (z_e - z_e.detach())
        if self.training:
            self.learn(z_e.detach(), indices)
        return z_q, indices, commitment_loss

    @torch.no_grad()
    def learn(self, rows, indices):
        g = self.decay
        n = torch.bincount(indices, minlength=len(self.counts))
        m = torch.zeros_like(self.codebook).index_add(0, indices, rows)
        self.counts = g * self.counts + (1 - g) * n
        self.sums = g * self.sums + (1 - g) * m
        chosen = (n > 0)[:, None]
        self.codebook = torch.where(chosen, self.sums / self.counts[:, None], self.codebook)
        self.waiting = torch.where(n > 0, 0, self.waiting + 1)
        if self.revive_after is not None:
            self.revive(rows, self.waiting >= self.revive_after)

    def revive(self, rows, dead):
        places = rows[torch.randperm(len(rows))[: dead.sum()]]
        dead = dead.nonzero()[: len(places), 0]
        self.codebook[dead] = places
        self.sums[dead] = places
        self.counts[dead], self.waiting[dead] = 1.0, 0.0
"""
PARAMETER = ('register_buffer("codebook", codes.clone())', "codebook = nn.Parameter(codes.clone())")
PARAMETER = (f"self.{PARAMETER[0]}", f"self.{PARAMETER[1]}")
IN_PLACE = ("self.codebook = torch.where(", "self.codebook.data = torch.where(")
WRONG: list[tuple[str | None, list[tuple[str, str]]]] = [
    ("the farthest code", [("argmin", "argmax")]),
    ("indices as floats", [("return z_q, indices", "return z_q, indices.float()")]),
    ("the encoder is cut off", [("e.detach() + (z_e - z_e.detach())", "e.detach()")]),
    ("trains through the codebook", [PARAMETER, IN_PLACE, ("z_q = e.detach() + (z_e - z_e.detach())", "z_q = e")]),
    ("trains encoder and codebook", [PARAMETER, IN_PLACE, ("z_q = e.detach() +", "z_q = e +")]),
    ("averaged over D", [("(z_e - e.detach()).square().sum(1).mean()", "F.mse_loss(z_e, e.detach())")]),
    ("summed over the rows", [(".square().sum(1).mean()", ".square().sum()")]),
    (
        "commitment with the straight-through z_q",
        [("(z_e - e.detach()).square()", "(z_e - (e + z_e - z_e.detach())).square()")],
    ),
    ("commitment without a gradient to z_e", [("(z_e - e.detach())", "(z_e.detach() - e)")]),
    ("commitment moves the codes", [PARAMETER, IN_PLACE, ("(z_e - e.detach())", "(z_e - e)")]),
    ("decay on the wrong side", [("g = self.decay", "g = 1 - self.decay")]),
    ("no memory", [("g = self.decay", "g = 0.0")]),
    ("added up", [("g * self.", "1 * self."), ("(1 - g)", "1")]),
    (
        "an average of means",
        [("self.sums / self.counts[:, None],", "g * self.codebook + (1 - g) * m / n.clamp(min=1)[:, None],")],
    ),
    ("the codes never move", [("self.codebook = torch.where(", "moved = torch.where(")]),
    (
        "unchosen codes are pulled to zero",
        [("torch.where(chosen, self.sums / self.counts[:, None], self.codebook)", "self.sums / (self.counts + 1e-5)[:, None]")],
    ),
    (
        "divided by a count of zero",
        [("torch.where(chosen, self.sums / self.counts[:, None], self.codebook)", "self.sums / self.counts[:, None]")],
    ),
    ("it learns in eval mode", [("if self.training:", "if True:")]),
    ("the codebook is not saved", [('self.register_buffer("codebook", codes.clone())', "self.codebook = codes.clone()")]),
    ("the averages are not saved", [('self.register_buffer("counts", ', "self.counts = (")]),
    ("no revival", [("self.waiting >= self.revive_after", "self.waiting < 0")]),
    ("all on one row", [("rows[torch.randperm(len(rows))[: dead.sum()]]", "rows[:1].expand(int(dead.sum()), -1)")]),
    ("old sums kept", [("        self.sums[dead] = places\n", "")]),
    (
        "the codes after the move",
        [("        z_q = e.detach()", "        if self.training:\n            self.learn(z_e.detach(), indices)\n        e = self.codebook[indices]\n        z_q = e.detach()"),
         ("        if self.training:\n            self.learn(z_e.detach(), indices)\n        return", "        return")],
    ),
    (None, [("self.waiting >= self.revive_after", "self.waiting > self.revive_after")]),
    (None, [("self.waiting >= self.revive_after", "self.counts < 0.5")]),
    ("largest product", [("torch.cdist(z_e.detach(), self.codebook).argmin(1)", "(z_e.detach() @ self.codebook.T).argmax(1)")]),
    (None, [("torch.cdist(z_e.detach(), self.codebook)", "torch.cdist(z_e.detach()[:, :1], self.codebook[:, :1])")]),
]  # fmt: skip


def made(changes: list[tuple[str, str]]) -> Any:
    """Our quantizer with these changes."""
    code = OURS
    for old, new in changes:
        assert old in code, old
        code = code.replace(old, new)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}
    exec(code, names)
    return names["MyQuantizer"]


class FromVqedu(nn.Module):
    """The course's own quantizer behind the task's contract."""

    def __init__(self, codes: Any, decay: float, revive_after: int | None) -> None:
        super().__init__()
        self.inner = VectorQuantizer(*codes.shape, start="uniform", decay=decay, revive_after=revive_after)
        self.inner.set_codebook(codes)

    @property
    def codebook(self) -> Any:
        return self.inner.codebook

    def forward(self, z_e: Any) -> Any:
        out = self.inner(z_e)
        return out.z_q, out.indices, out.commitment_loss


def code_by_code(codes: Any, decay: float, revive_after: int | None) -> nn.Module:
    """The same in loops over the codes."""

    class Loops(made([])):  # type: ignore[misc]
        def learn(self, rows: Any, indices: Any) -> None:
            table = self.codebook.clone()
            for k in range(len(table)):
                mine = rows[indices == k]
                self.counts[k] = self.decay * self.counts[k] + (1 - self.decay) * len(mine)
                self.sums[k] = self.decay * self.sums[k] + (1 - self.decay) * mine.sum(0)
                self.waiting[k] = 0 if len(mine) else self.waiting[k] + 1
                if len(mine):
                    table[k] = self.sums[k] / self.counts[k]
                elif self.revive_after is not None and self.waiting[k] >= self.revive_after:
                    table[k] = self.sums[k] = rows[(7 * k + 1) % len(rows)]
                    self.counts[k], self.waiting[k] = 1, 0
            self.codebook: Any = table

    return Loops(codes, decay, revive_after)


@pytest.mark.parametrize("right", [made([]), FromVqedu, code_by_code, made([PARAMETER, IN_PLACE])])
def test_a_right_quantizer_is_accepted(right: Any) -> None:
    result = checks.build_quantizer(right)
    assert result.passed, result.text


@pytest.mark.parametrize(("mistake", "changes"), WRONG, ids=[str(name) for name, _ in WRONG])
def test_a_wrong_quantizer_gets_the_name_of_its_mistake(mistake: str | None, changes: list[tuple[str, str]]) -> None:
    result = checks.build_quantizer(made(changes))
    assert not result.passed
    assert result.mistake == mistake, result.text


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ([("return z_q, indices, commitment_loss", "return ...")], "not started"),
        ([("return z_q, indices, commitment_loss", "return z_q")], "type"),
        ([("return z_q, indices", "return z_q.T, indices")], "shape"),
        ([("self.codebook = torch.where", "self.codes = torch.where"), ('"codebook", codes', '"table", codes'),
          ("self.codebook", "self.table")], "type"),
        ([("codes.clone()", "codes"), ("self.codebook = torch.where(", "self.codebook[:] = torch.where(")], "mutation"),
        ([("argmin(1)", "argmin(1).undefined")], "exception"),
    ],
)  # fmt: skip
def test_what_is_no_quantizer_is_told_why(changes: list[tuple[str, str]], kind: str) -> None:
    result = checks.build_quantizer(made(changes))
    assert result.kind == kind, result.text
