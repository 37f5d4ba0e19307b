"""Writing a file whole or not at all, whatever happens on the way, and one writer at a time."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

PAUSES_S = (0.05, 0.1, 0.2, 0.4)


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with its ~ replaced by the home, or left as it is where nobody's home is known."""
    return Path(os.path.expanduser(path))  # that of pathlib raises RuntimeError there


def make_writable(folder: Path) -> None:
    """Make a folder if it is not there; raises OSError now, rather than after hours of work, if it takes no files."""
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()


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


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process and one thread at a time into the block, of all that lock the same `path`, an empty file.

    The system frees the lock when its owner ends, in whatever way. Where the file system knows no locks, as on some
    network drives, the block runs without one. Raises OSError if the file cannot be made.
    """
    with path.open("ab") as stream:
        with contextlib.suppress(OSError):
            _lock(stream)
        yield  # closing the file frees the lock


def _lock(stream: IO[bytes]) -> None:
    """Wait until this open file has the lock."""
    if sys.platform == "win32":
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)  # waits up to 10 s
    else:
        fcntl.flock(stream, fcntl.LOCK_EX)
