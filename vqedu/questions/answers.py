"""The learner's answers, and the exercises passed, in one file on this machine. Nothing is sent anywhere.

The file is progress.json in the system's place for a user's data, or in the directory that the environment
variable VQEDU_PROGRESS names. Where there is no such place, or it cannot be written (no home, a read-only one), it is in
a folder of the user's own among the temporary files, where at least the notebooks of today find it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import platformdirs

from vqedu import files

VARIABLE = "VQEDU_PROGRESS"
NAME = "progress.json"

Answers = dict[str, dict[str, Any]]


def path() -> Path:
    """Return the file of the answers, whether it exists or not."""
    return _places()[0] / NAME


def exercise_key(name: str) -> str:
    """Return the key under which it is kept that the exercise `name` has been passed."""
    return f"exercise.{name}"


def read_all() -> Answers:
    """Return key -> answer of everything answered so far; empty where nothing can be read.

    A file that is no JSON of ours is set aside under the name progress.damaged.json, once, and not counted.
    """
    found: Answers = {}
    for place in reversed(_places()):
        with contextlib.suppress(OSError):
            found |= _read(_own(place) / NAME)
    return found


def write(key: str, answer: dict[str, Any]) -> None:
    """Keep `answer` for the question `key`; an empty one removes what was kept.

    The file is replaced whole or not at all, and kernels that write at the same time wait for each other. Raises OSError
    if it cannot be written.
    """
    first, *others = _places()
    try:
        _write(first, key, answer)
    except OSError:
        if not others:
            raise
        _write(others[0], key, answer)
    else:
        for place in others:  # where an answer from before, when the first could not be written, would come back
            if (place / NAME).exists():
                _write(place, key, {})


def forget() -> None:
    """Remove all answers. Raises OSError if the file is there and cannot be removed."""
    for place in _places():
        with contextlib.suppress(NotADirectoryError):
            (place / NAME).unlink(missing_ok=True)


def _places() -> list[Path]:
    """Return the directories in which answers are kept, the best one first."""
    if chosen := os.environ.get(VARIABLE):
        return [files.expanded(chosen)]
    try:
        usual = Path(platformdirs.user_data_dir("vqedu", appauthor=False))
    except RuntimeError:  # nobody's home is known
        return [_spare()]
    return [usual, _spare()] if usual.is_absolute() else [_spare()]


def _spare() -> Path:
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"vqedu{user}"


def _own(place: Path) -> Path:
    """Return the directory; raises OSError if it is the one among the temporary files and someone else made it."""
    if place == _spare() and hasattr(os, "getuid"):
        found = place.lstat()
        if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
            raise PermissionError(f"{place} belongs to another user.")
    return place


def _read(path: Path) -> Answers:
    """Return the answers in a file; an absent or a damaged one has none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): dict(answer) for key, answer in content["answers"].items()}
    except OSError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        with contextlib.suppress(OSError):
            path.replace(path.with_name("progress.damaged.json"))
        return {}


def _write(place: Path, key: str, answer: dict[str, Any]) -> None:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with files.locked(_own(place) / "progress.lock"):
        answers = _read(place / NAME)
        answers.pop(key, None)
        if answer:
            answers[key] = answer
        files.atomic_write(place / NAME, json.dumps({"answers": answers}, indent=1, sort_keys=True).encode("utf-8"))
