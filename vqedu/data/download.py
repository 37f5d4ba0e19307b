"""Downloads by torchvision, which knows where the data sets are and their checksums; imported only for this."""

from __future__ import annotations

import contextlib
import http.client
import importlib.metadata
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

NETWORK_TIMEOUT_S = 30.0


def fetch(class_name: str, variant: str | None, folder: Path) -> None:
    """Let torchvision put the files of a data set into folder/CLASS_NAME/raw, with its progress bar.

    Raises ConnectionError if the download fails, ImportError for a torchvision that does not work with this torch.
    """
    downloader = getattr(torchvision_datasets(), class_name)
    try:
        with _network_timeout():
            downloader(str(folder), download=True, **({"split": variant} if variant else {}))
    except (OSError, RuntimeError, EOFError, http.client.HTTPException) as error:
        raise ConnectionError(
            f"The download of {class_name} into {folder} failed: {_last_line(error)}. Check the network and the disk "
            f"and load again, or put the files of the data set into {folder / class_name / 'raw'} yourself."
        ) from None


@contextlib.contextmanager
def _network_timeout() -> Iterator[None]:
    """Let a silent connection fail after 30 s; torchvision would wait forever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def torchvision_datasets() -> ModuleType:
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
