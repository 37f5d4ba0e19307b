"""The digits unpacked once for everybody on a machine, so that a class of learners shares one copy in memory.

Unpacked, MNIST takes 220 MB, which every kernel would hold for itself. A file that is mapped into memory is held once,
however many kernels read it; only a page that one of them writes to becomes its own.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from vqedu import files

VARIABLE = "VQEDU_UNPACKED"  # the environment variable that names the folder


def path(folder: str | Path, digest: str) -> Path:
    """Return where the arrays of the data file with this SHA-256 are in `folder`."""
    return Path(folder) / f"mnist-{digest[:16]}.safetensors"


def write(arrays: dict[str, Tensor], folder: str | Path, digest: str) -> Path:
    """Write the arrays into `folder`, and return the path. Raises OSError if it is absent or not writable."""
    to = path(folder, digest)
    files.atomic_write(to, safetensors.torch.save(arrays))
    return to


def read(digest: str) -> dict[str, Tensor] | None:
    """Return the arrays of the folder that VQEDU_UNPACKED names; None if it names none or has none of this data.

    A damaged file is None as well, with a warning: then every kernel unpacks for itself, and the class goes on.
    """
    folder = os.environ.get(VARIABLE)
    if not folder or not path(folder, digest).is_file():
        return None
    try:
        return safetensors.torch.load_file(path(folder, digest))  # maps the file: pages are read when they are needed
    except (SafetensorError, OSError, ValueError) as error:
        warnings.warn(
            f"{path(folder, digest)} cannot be read ({error}), so this process unpacks the digits for itself. Delete "
            "that file, and make it anew with `python -m vqedu unpack`.",
            stacklevel=2,
        )
        return None
