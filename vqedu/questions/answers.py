"""The learner's answers, and the exercises passed, in one file on this machine. Nothing is sent anywhere.

The file is progress.json in the system's place for a user's data, or in the directory that the environment
variable VQEDU_PROGRESS names.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import platformdirs

from vqedu import files

VARIABLE = "VQEDU_PROGRESS"


def path() -> Path:
    """Return the file of the answers, whether it exists or not."""
    chosen = os.environ.get(VARIABLE) or platformdirs.user_data_dir("vqedu", appauthor=False)
    return Path(chosen).expanduser() / "progress.json"


def exercise_key(name: str) -> str:
    """Return the key under which it is kept that the exercise `name` has been passed."""
    return f"exercise.{name}"


def read_all() -> dict[str, dict[str, Any]]:
    """Return key -> answer of everything answered so far; empty where nothing can be read.

    A file that is no JSON of ours is set aside under the name progress.damaged.json, once, and not counted.
    """
    try:
        content = json.loads(path().read_text(encoding="utf-8"))
        answers = content["answers"]
        return {str(key): dict(answer) for key, answer in answers.items()}
    except OSError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        with contextlib.suppress(OSError):
            path().replace(path().with_name("progress.damaged.json"))
        return {}


def write(key: str, answer: dict[str, Any]) -> None:
    """Keep `answer` for the question `key`; an empty one removes what was kept.

    The file is replaced whole or not at all. Raises OSError if it cannot be written.
    """
    answers = read_all()
    answers.pop(key, None)
    if answer:
        answers[key] = answer
    path().parent.mkdir(parents=True, exist_ok=True)
    files.atomic_write(path(), json.dumps({"answers": answers}, indent=1, sort_keys=True).encode("utf-8"))


def forget() -> None:
    """Remove all answers. Raises OSError if the file is there and cannot be removed."""
    path().unlink(missing_ok=True)
