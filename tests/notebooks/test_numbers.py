"""No number in a text differs from what computes it, and a changed digit is noticed wherever it is."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.notebooks import prose, ties
from tests.notebooks.prose import Passage

BUILT = [name for name in prose.names() if (prose.FOLDER / f"{name}.ipynb").exists()]
DOCUMENTS = [*BUILT, *prose.PAGES]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_number_is_what_is_computed(document: str) -> None:
    assert not ties.problems(document)


def test_every_file_of_rows_belongs_to_a_text() -> None:
    texts = {Path(document).stem for document in (*prose.names(), *prose.PAGES)}
    assert {path.stem for path in ties.ROWS.iterdir()} <= texts


def with_a_changed_digit(document: str, index: int, which: int, chance: random.Random) -> list[Passage]:
    """The passages of a document; in passage `index`, a digit of its number `which` is another one."""
    passages = prose.passages(document)
    text, number = passages[index].text, list(passages[index].numbers())[which]
    other = chance.choice(prose.changed(number[0]))
    passages[index] = replace(passages[index], text=text[: number.start()] + other + text[number.end() :])
    return passages


def test_a_changed_digit_is_noticed_in_ten_places_picked_at_random() -> None:
    places = [
        (document, index, which)
        for document in DOCUMENTS
        for index, passage in enumerate(prose.passages(document))
        for which, _ in enumerate(passage.numbers())
    ]
    chance = random.Random(0)
    for document, index, which in chance.sample(places, 10):
        assert ties.problems(document, with_a_changed_digit(document, index, which, chance)), (document, index, which)


def test_a_number_that_is_computed_anew_is_noticed() -> None:
    text = "The error is 0.0038 per pixel, and 12% of the codes are dead."
    assert not list(ties.untied(Passage("here", text, ("0.0038", "0.1212")), ""))
    assert len(list(ties.untied(Passage("here", text, ("0.0039", "0.1212")), ""))) == 1
    assert len(list(ties.untied(Passage("here", text, ("0.0038", "0.1312")), ""))) == 1


def test_a_row_with_another_value_or_no_text_is_noticed() -> None:
    passages = [Passage("here", "A map takes 343 bits, about 40 bytes.")]
    rows = {
        "takes 343 bits <- 49 * log2(128)": 0,
        "takes 343 bits <- 49 * log2(64)": 1,
        "takes 343 bits, about 40 bytes <- 343, about(343 / 8)": 0,
        "takes 343 bits, about 40 bytes <- 343": 1,
        "takes 344 bits <- plain": 1,
        "takes 343 bits <- printed('no such line (.*)', of='08')": 1,
    }
    for line, problems in rows.items():
        assert len(list(ties.broken(ties.Row("here", *line.split(ties.ARROW)), passages))) == problems, line


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("65.5 nats, 10,000 images, 7 bits, 3 rows, 40 rows", ["65.5", "10,000", "7", "40"]),
        ("notebook 21, `30`, $40$, [50](60.md), 2017, x_70, 28 x 28", ["28", "28"]),
        ("−84.6 and -3.5; a 30-D model; 4th; 1.2.3", ["84.6", "3.5", "30"]),
    ],
)
def test_what_counts_as_a_number(text: str, numbers: list[str]) -> None:
    assert [number[0] for number in Passage("here", text).numbers()] == numbers


@pytest.mark.parametrize(
    ("number", "value", "found"),
    [
        ("65.5", "65.47", True),
        ("65.5", "65.44", False),
        ("65.5", "65", False),
        ("65", "65.47", True),
        ("1,225", "1225", True),
        ("0.05", "5e-2", True),
    ],
)
def test_prose_may_round_what_is_printed(number: str, value: str, found: bool) -> None:
    assert Passage("here", "", (value,)).finds(number, percent=False) is found
