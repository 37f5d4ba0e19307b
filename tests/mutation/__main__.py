"""`python -m tests.mutation losses widgets`: how many of the mutants of these files the tests catch.

The files are modules, the pages' JavaScript (widgets), and what the notebooks define (notebooks); without names all of
them. `--to FILE` keeps the table. The exit status is 1 if a mutant survives that equivalent.txt does not explain.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

from tests.mutation import ROOT
from tests.mutation.mutant import Mutant
from tests.mutation.running import Harness, Reached, with_tests
from tests.mutation.targets import TARGETS, Target

EXPLAINED = Path(__file__).with_name("equivalent.txt")


class Row(NamedTuple):
    """What became of the mutants of one module: those that survive unexplained are in `survivors`."""

    name: str
    mutants: int
    equivalent: int
    survivors: list[str]

    @property
    def caught(self) -> int:
        return self.mutants - self.equivalent - len(self.survivors)

    def __str__(self) -> str:
        share = self.caught / max(1, self.mutants - self.equivalent)
        return f"| {self.name} | {self.mutants} | {self.equivalent} | {self.caught} | {share:.1%} |"


def explained() -> dict[tuple[str, str, str, str], str]:
    """Return why a mutant changes nothing that could be told: (module, function, line before, after) -> reason."""
    found = {}
    for entry in EXPLAINED.read_text(encoding="utf-8").strip().split("\n\n"):
        place, before, after, reason = entry.split("\n")
        module, _, scope = place.partition(" ")
        found[module, scope, before.removeprefix("- "), after.removeprefix("+ ")] = reason
    return found


def judged(name: str, target: Target, part: int, parts: int) -> Row:
    """Return what becomes of every mutant of a file, or of each `parts`-th from number `part` on."""
    path, rows = ROOT / target.path, []
    mutants = list(target.mutants())[part::parts]

    def work(harness: Harness) -> None:
        reached = harness.observe(path)
        if not harness.survives(path, path.read_text(encoding="utf-8"), quickest(reached)[:5], 60):
            raise RuntimeError(f"The tests of {name} fail when its own code is carried over.")
        rows.append(outcome(name, path, mutants, harness, reached))

    with_tests([str(ROOT / test) for test in target.tests], work)
    return rows[0]


def quickest(reached: Reached, mutant: Mutant | None = None) -> list[str]:
    """Return the tests that run the changed lines, or all, the quickest first."""
    span = mutant.span if mutant else None
    ids = [
        name
        for name, (_, lines) in reached.items()
        if span is None or lines is None or not lines.isdisjoint(range(span[0], span[1] + 1))
    ]
    return sorted(ids, key=lambda name: reached[name][0])


def outcome(name: str, path: Path, mutants: list[Mutant], harness: Harness, reached: Reached) -> Row:
    reasons, equivalent, survivors = explained(), 0, []
    for mutant in mutants:
        ids = quickest(reached, mutant)
        if (name, mutant.scope, mutant.before, mutant.after) in reasons:
            equivalent += 1
        elif not ids or harness.survives(path, mutant.source, ids, 10 + 3 * sum(reached[test][0] for test in ids)):
            survivors.append(f"{path.relative_to(ROOT)}:{mutant.line}\n- {mutant.before}\n+ {mutant.after}")
            print(survivors[-1] + ("" if ids else "\n(no test runs this line)"), flush=True)
    return Row(name, len(mutants), equivalent, survivors)


def chosen(names: list[str]) -> list[str]:
    """Return the targets that have these names, or names that begin so; raises SystemExit if there are none."""
    found = [target for target in TARGETS if not names or any(f"{target}.".startswith(f"{name}.") for name in names)]
    if not found:
        raise SystemExit(f"There is nothing called {' '.join(names)}. There is: {', '.join(TARGETS)}.")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"the first part or all of {', '.join(TARGETS)}")
    parser.add_argument("--to", type=Path, help="a file for the table")
    parser.add_argument("--part", default="0/1", help="1/4: only the second of four parts of the mutants")
    arguments = parser.parse_args()
    part, parts = map(int, arguments.part.split("/"))
    rows = []
    for name in chosen(arguments.names):
        rows.append(judged(name, TARGETS[name], part, parts))
        print(rows[-1], flush=True)
    table = ["| file | mutants | equivalent | caught | share |", "|---|---|---|---|---|", *map(str, rows)]
    print("", *table, sep="\n")
    if arguments.to:
        survivors = [survivor for row in rows for survivor in row.survivors]
        arguments.to.write_text("\n".join([*table, "", "```diff", *survivors, "```", ""]), encoding="utf-8")
    return int(any(row.survivors for row in rows))


if __name__ == "__main__":
    sys.exit(main())
