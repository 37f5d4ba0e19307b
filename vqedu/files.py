"""Writing a file whole or not at all, whatever happens on the way."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

PAUSES_S = (0.05, 0.1, 0.2, 0.4)


def atomic_write(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader finds the old file or the whole new one, never a part.

    The bytes go to a temporary file in the same directory, are flushed to the disk, and take the place of
    `path` in one rename. On failure, or when interrupted, the temporary file is removed and `path` is as it
    was.

    Raises OSError if the directory is absent or read-only, the disk is full, or `path` is a directory.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        _replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _replace(source: Path, target: Path) -> None:
    """Rename `source` to `target`, waiting up to 0.75 s for another process to close `target`."""
    for pause_s in PAUSES_S:
        try:
            os.replace(source, target)
            return
        except PermissionError:  # on Windows, an open file cannot be replaced
            time.sleep(pause_s)
    os.replace(source, target)
