"""The data sets as whole tensors, offline first: MNIST comes with the package."""

from __future__ import annotations

import contextlib
import http.client
import importlib.metadata
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vqedu import validate
from vqedu.data import cache, idx

CLASS_NAMES = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
NETWORK_TIMEOUT_S = 30.0


class Split(NamedTuple):
    """Images `x`, float32 (N, 1, 28, 28) in [0, 1], and their labels `y`, int64 (N,)."""

    x: Tensor
    y: Tensor


class Images(NamedTuple):
    """The two splits of a data set: `train` (60,000 images of the originals) and `test` (10,000)."""

    train: Split
    test: Split


def load(name: str = "mnist", root: str | os.PathLike[str] | None = None, *, download: bool = False) -> Images:
    """Return a whole data set: grey levels 0..255 divided by 255, and labels 0..9.

    "mnist": handwritten digits. Y. LeCun, C. Cortes, C. Burges, The MNIST database; CC BY-SA 3.0. Without
    `root` it is unpacked from the package into the cache directory and needs no network.
    "fashion-mnist": articles of clothing. H. Xiao, K. Rasul, R. Vollgraf 2017, arXiv:1708.07747; MIT licence.

    With `root`, or for Fashion-MNIST, the raw IDX files (or the same with .gz) are looked for in
    root/MNIST/raw or root/FashionMNIST/raw; `root=None` is then the cache directory. With `download=True`,
    torchvision fetches what is missing. The environment variable VQEDU_CACHE sets the cache directory.

    Raises ValueError for an unknown name or a file that is not whole, TypeError for a `root` that is no path,
    FileNotFoundError for absent files, ConnectionError for a failed download, cache.CacheError (an OSError)
    for a cache that cannot be filled, ImportError for a torchvision that does not fit torch.
    """
    class_name = CLASS_NAMES[validate.known_name(name, CLASS_NAMES, "data set")]
    if root is not None and not isinstance(root, str | os.PathLike):
        raise TypeError(f"root must be a path (str or pathlib.Path) or None, got {root!r} ({type(root).__name__}).")
    reader = getattr(torchvision_datasets(), class_name)
    if name == "mnist" and root is None:
        folder = cache.mnist()
    else:
        folder = cache.directory() if root is None else Path(root).expanduser()
        _prepare_own_files(folder, class_name, reader if download else None)
    _refuse_legacy_files(folder / class_name / "processed")
    return Images(*(_as_split(reader(str(folder), train=train)) for train in (True, False)))


def _as_split(dataset: Any) -> Split:
    """Return a torchvision data set's uint8 images (N, 28, 28) as float32 (N, 1, 28, 28), with its labels."""
    return Split(dataset.data.to(torch.float32).div_(255).unsqueeze(1), dataset.targets)


def _prepare_own_files(folder: Path, class_name: str, downloader: Any | None) -> None:
    """See to it that the four raw files are in `folder` and whole, or raise what `load` says it raises."""
    raw = folder / class_name / "raw"
    if downloader is None:
        idx.unpack_gzipped(raw)
    elif idx.missing(raw):
        _download(downloader, folder)
    if absent := idx.missing(raw):
        raise FileNotFoundError(
            f"{class_name} is not in {raw}: no {', '.join(absent)}. "
            "Put these files there (as they are, or with .gz), or load with download=True."
        )
    idx.check(raw)


def _download(downloader: Any, folder: Path) -> None:
    """Let torchvision fetch the files, with its progress bar; raises ConnectionError that says what to do."""
    try:
        with _network_timeout():
            downloader(str(folder), download=True)
    except (OSError, RuntimeError, EOFError, http.client.HTTPException) as error:
        raise ConnectionError(
            f"The download of {downloader.__name__} into {folder} failed: {_last_line(error)}. "
            "Check the network and the disk and load again, or put these files into "
            f"{folder / downloader.__name__ / 'raw'}: {', '.join(idx.names())}."
        ) from None


@contextlib.contextmanager
def _network_timeout() -> Iterator[None]:
    """Let a connection that stays silent fail after 30 s, where torchvision would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _refuse_legacy_files(processed: Path) -> None:
    """Raise ValueError if torchvision would read an old copy instead of the raw files just checked."""
    if all((processed / name).exists() for name in ("training.pt", "test.pt")):
        raise ValueError(
            f"{processed} holds training.pt and test.pt of an old torchvision, which would be read in place "
            "of the raw files. Delete that directory and load again."
        )


def torchvision_datasets() -> ModuleType:
    """Return torchvision.datasets; raises ImportError if it does not work with this torch."""
    try:
        from torchvision import datasets
    except Exception as error:  # a mismatched pair raises RuntimeError, AttributeError, OSError or ImportError
        raise ImportError(
            f"torchvision ({_installed('torchvision')}) does not work with torch ({_installed('torch')}): "
            f"{_last_line(error)}. "
            "Install the two as a pair with `python -m pip install --force-reinstall torch torchvision`, "
            "then restart the kernel."
        ) from None
    return datasets


def _last_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[-1]


def _installed(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
