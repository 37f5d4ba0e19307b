"""No explorer and no card escapes the tests that look at all of them."""

from __future__ import annotations

from tests.page import examples


def test_there_is_an_example_of_every_explorer_and_card() -> None:
    assert {examples.kind(name) for name in examples.EXAMPLES} == set(examples.kinds())
