"""Which cases of a test run each time, and which each night alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest


def daily(cases: Iterable[Any], *chosen: Any) -> list[Any]:
    """Return `cases` as parameters of a test, of which those that are not `chosen` run each night alone."""
    return [case if case in chosen else nightly(case) for case in cases]


def some_daily(cases: Iterable[Any], first: int = 0, of: int = 3) -> list[Any]:
    """Return `cases` as parameters of a test, of which one `of` so many runs each time, and all each night.

    first: the place of the first that runs each time; tests that differ in it look at every case between them.
    """
    return [case if i % of == first else nightly(case) for i, case in enumerate(cases)]


def some_of_each(cases: Iterable[tuple[str, Any]], of: int = 4) -> list[Any]:
    """Return `cases`, a name and what it names, as parameters: of each name one `of` so many runs each time."""
    seen: Counter[str] = Counter()
    found = []
    for i, (name, value) in enumerate(cases):
        marks = [pytest.mark.nightly] if seen[name] % of else []
        found.append(pytest.param(name, value, marks=marks, id=f"{i}-{name}"))
        seen[name] += 1
    return found


def nightly(case: Any) -> Any:
    """Return a case, a tuple where it has several parameters, as one that runs each night alone."""
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.nightly)
