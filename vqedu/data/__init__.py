"""The data sets as whole tensors: MNIST comes with the package, its relatives are read from files or downloaded."""

from __future__ import annotations

import hashlib
import io
import os
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vqedu import validate
from vqedu.data import idx
from vqedu.data.download import fetch

EMBEDDED = resources.files("vqedu.data") / "mnist.npz"
EMBEDDED_SHA256 = "39b9b1ffaa0ba4d8995a616551f0966941fe02a3fe79ba4a9db7373db16d53ad"


class Split(NamedTuple):
    """Images `x`, float32 (N, 1, 28, 28) in [0, 1], and their labels `y`, int64 (N,)."""

    x: Tensor
    y: Tensor


class Images(NamedTuple):
    """The two splits of a data set: `train` (60,000 images of the originals) and `test` (10,000)."""

    train: Split
    test: Split


class Source(NamedTuple):
    """Ten classes of 28 x 28 images: their class in torchvision.datasets, and how the names of their files begin."""

    class_name: str
    train: str = "train"
    test: str = "t10k"
    variant: str | None = None  # what torchvision calls the split, where a data set comes in several
    transposed: bool = False  # the files store each image column by column


# Of EMNIST's ten-class variants, "mnist" has the usual 70,000 images; the 280,000 of "digits" fill 880 MB as float32.
SOURCES = {
    "mnist": Source("MNIST"),
    "fashion-mnist": Source("FashionMNIST"),
    "kmnist": Source("KMNIST"),
    "emnist": Source("EMNIST", "emnist-mnist-train", "emnist-mnist-test", "mnist", transposed=True),
}


def load(name: str = "mnist", root: str | os.PathLike[str] | None = None, *, download: bool = False) -> Images:
    """Return a whole data set: grey levels 0..255 divided by 255, and labels 0..9.

    "mnist": handwritten digits. Y. LeCun, C. Cortes, C. Burges, The MNIST database; CC BY-SA 3.0. Without `root`
    it is read from the package.
    "fashion-mnist": articles of clothing. H. Xiao, K. Rasul, R. Vollgraf 2017, arXiv:1708.07747; MIT licence.
    "kmnist": cursive Japanese characters. T. Clanuwat et al. 2018, arXiv:1812.01718; CC BY-SA 4.0.
    "emnist": more handwritten digits, the variant "mnist" of EMNIST. G. Cohen et al. 2017, arXiv:1702.05373.

    The four IDX files, as they are or with .gz, are looked for in root/CLASS/raw, where torchvision puts them
    (root/FashionMNIST/raw), and in `root` itself. Without `root`, that is the folder `datasets` in torch.hub's
    directory. With `download=True`, torchvision fetches what is missing.

    Raises ValueError for an unknown name or an incomplete file, TypeError for a `root` that is not a path,
    FileNotFoundError for missing files, OSError for a damaged package, ConnectionError for a failed download,
    ImportError for a torchvision that cannot download because it does not fit torch.
    """
    source = SOURCES[validate.known_name(name, SOURCES, "data set")]
    if root is not None and not isinstance(root, str | os.PathLike):
        raise TypeError(f"root must be a path (str or pathlib.Path) or None, got {root!r} ({type(root).__name__}).")
    if name == "mnist" and root is None:
        return _embedded()
    folder = Path(torch.hub.get_dir(), "datasets") if root is None else Path(root).expanduser()
    return _from_files(folder, source, download)


def _embedded() -> Images:
    """Return the MNIST of the package; raises OSError if its file is missing or not the one that was shipped."""
    try:
        content = EMBEDDED.read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != EMBEDDED_SHA256:
        raise OSError("The file mnist.npz of this vqedu is missing or damaged. Install vqedu again.")
    arrays = np.load(io.BytesIO(content))
    return Images(*(_as_split(arrays[f"{split}_images"], arrays[f"{split}_labels"]) for split in Images._fields))


def _from_files(folder: Path, source: Source, download: bool) -> Images:
    """Return the data set from the files in `folder`; raises what `load` says it raises."""
    names = idx.names(source.train, source.test)
    places = (folder / source.class_name / "raw", folder)
    found = idx.find(names, places)
    if download and len(found) < len(names):
        fetch(source.class_name, source.variant, folder)
        found = idx.find(names, places)
    if missing := [name for name in names if name not in found]:
        raise FileNotFoundError(
            f"{source.class_name} is not complete in {places[0]} or in {folder}: no {', '.join(missing)}. "
            "Put these files into one of the two (as they are, or with .gz), or load with download=True."
        )
    paths = [found[name] for name in names]
    return Images(*(_as_split(*idx.read_pair(*pair), source.transposed) for pair in (paths[:2], paths[2:])))


def _as_split(images: np.ndarray, labels: np.ndarray, transposed: bool = False) -> Split:
    """Return uint8 images (N, 28, 28) as float32 (N, 1, 28, 28) in one pass, with their uint8 labels as int64."""
    upright = images.swapaxes(1, 2) if transposed else images
    x = np.divide(upright[:, None], np.float32(255), dtype=np.float32, order="C")
    return Split(torch.from_numpy(x), torch.from_numpy(labels.astype(np.int64)))
