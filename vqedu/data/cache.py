"""The embedded MNIST, unpacked once into a cache directory and verified by checksum at every load."""

from __future__ import annotations

import hashlib
import lzma
import os
from importlib import resources
from pathlib import Path

import platformdirs

from vqedu import files

EMBEDDED = resources.files("vqedu.data") / "mnist"

# MD5 of the original release's own files. It guards against accidents, not against an attacker.
MNIST_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


class CacheError(OSError):
    """The cache cannot be filled; the message says why and what to do."""


def directory() -> Path:
    """Return the cache directory: the environment variable VQEDU_CACHE, else the system's own place."""
    chosen = os.environ.get("VQEDU_CACHE") or platformdirs.user_cache_dir("vqedu", appauthor=False)
    return Path(chosen).expanduser()


def mnist() -> Path:
    """Return the cache directory once its MNIST/raw holds the four original files, each verified by its MD5.

    A file that is absent, truncated or altered is unpacked from the embedded copy. Any number of processes
    may do so at once: each puts whole files only.

    Raises CacheError if the embedded copy is damaged or the directory cannot be written.
    """
    raw = directory() / "MNIST" / "raw"
    files.remove_abandoned(raw)
    for name, md5 in MNIST_MD5.items():
        if not _intact(raw / name, md5):
            _unpack(name, md5, raw)
    return directory()


def _intact(path: Path, md5: str) -> bool:
    try:
        return _md5(path.read_bytes()) == md5
    except OSError:
        return False


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _unpack(name: str, md5: str, raw: Path) -> None:
    """Write the embedded file `name` into the directory `raw`, unless another process has done so."""
    content = _embedded(name, md5)
    try:
        raw.mkdir(parents=True, exist_ok=True)
        files.atomic_write(raw / name, content)
    except OSError as error:
        if not _intact(raw / name, md5):
            raise CacheError(
                f"Cannot unpack the data into {raw}: {error.strerror or error}. Set the environment variable "
                "VQEDU_CACHE to a directory that can be written and has 60 MB free."
            ) from None


def _embedded(name: str, md5: str) -> bytes:
    """Return the original bytes of the embedded file `name`; raises CacheError if it is absent or damaged."""
    try:
        content = lzma.decompress((EMBEDDED / f"{name}.xz").read_bytes())
    except (OSError, lzma.LZMAError):
        content = b""
    if _md5(content) != md5:
        raise CacheError(
            f"The embedded file {name}.xz of this vqedu is absent or damaged. Install vqedu again, or set "
            "the environment variable VQEDU_CACHE to a directory that holds the unpacked MNIST/raw files."
        )
    return content
