"""The questions of the notebooks, one module a notebook. A question is asked by its key, such as "01.readable".

The texts stand here and not in the notebooks, since a cell that holds the answer shows it to the one who guesses.
"""

from __future__ import annotations

import importlib
import pkgutil
import re

from vqedu import validate
from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

__all__ = ["Choice", "Curve", "Guess", "Number", "Recall", "all_keys", "find", "of_notebook"]

_KEY = re.compile(r"[\w-]+(?:\.[\w-]+)*")


def numbers() -> list[str]:
    """Return the numbers of the notebooks that ask questions, such as "01"."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("notebook_") for name in names if name.startswith("notebook_"))


def of_notebook(number: str) -> dict[str, Guess | Recall]:
    """Return key -> question of the notebook with this number, in the order of the notebook."""
    module = importlib.import_module(f"{__name__}.notebook_{number}")
    return {f"{number}.{name}": question for name, question in module.QUESTIONS.items()}


def all_keys() -> list[str]:
    """Return the keys of all questions, notebook by notebook."""
    return [key for number in numbers() for key in of_notebook(number)]


def find(key: str) -> Guess | Recall:
    """Return the question with this key; raises ValueError that names close keys for an unknown one."""
    number = valid_key(key).partition(".")[0]
    known = of_notebook(number) if number in numbers() else {}
    return known[validate.known_name(key, known or all_keys(), "question")]


def valid_key(key: str) -> str:
    """Return `key` if it is letters, digits, - and _, in parts joined by dots; raises ValueError otherwise."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError(
            f"A key is letters, digits, - and _, in parts joined by dots, such as '01.readable'; got {key!r}."
        )
    return key
