"""A folder that a command writes: whole or not at all, and never over what someone else keeps there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def folder(to: Path, mark: str) -> Iterator[Path]:
    """Lend an empty folder; what the block has written there becomes the folder `to`, if the block succeeds.

    `to` is absent, an empty folder, or one that was written here before, which the file `mark` in it says.
    Raises ValueError for any other `to`, and where it cannot be written.
    """
    refuse_foreign(to, mark)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise ValueError(f"{to} cannot be written: {error.strerror}. Name a folder where you may write.") from error
    with scratch:
        made = Path(scratch.name) / "made"
        made.mkdir()
        yield made
        (made / mark).touch()
        if to.exists():
            to.replace(Path(scratch.name) / "replaced")
        made.replace(to)


def refuse_foreign(to: Path, mark: str) -> None:
    """Raise ValueError if `to` is anything but absent, an empty folder, or a folder with the file `mark`."""
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / mark).exists())):
        raise ValueError(f"{to} holds something else than what this command writes. Name a new or an empty folder.")


def size(of: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in of.rglob("*") if path.is_file())
