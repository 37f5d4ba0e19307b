"""How the explorers write numbers."""

from __future__ import annotations

from tests.page import node


def test_a_minus_is_a_minus_sign_and_zero_has_none() -> None:
    written = node.call(
        "page/numbers.js",
        """() => [
            tested.number(-1.23456), tested.number(1.26, 1), tested.number(-0.0004), tested.number(-0.0004, 4),
            tested.number(-0, 0), tested.plain(-7.5), tested.plain(0.25), tested.withMinus("1e-7"),
        ]""",
    )
    assert written == ["−1.235", "1.3", "0.000", "−0.0004", "0", "−7.5", "0.25", "1e−7"]


def test_a_number_out_of_a_range_becomes_its_nearer_end() -> None:
    assert node.call("page/numbers.js", "() => [-3, 0.5, 7].map((v) => tested.clamp(v, [-1, 2]))") == [-1, 0.5, 2]
