"""The data sets as whole tensors: MNIST and the emoji come with the package, others from files or a download."""

from __future__ import annotations

import hashlib
import io
import os
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple, overload

import numpy as np
import torch
from torch import Tensor

from vqedu import files, validate
from vqedu.data import folder, idx, unpacked
from vqedu.data.download import fetch
from vqedu.data.emoji import Emoji
from vqedu.data.emoji import load as _load_emoji

EMBEDDED = resources.files("vqedu.data") / "mnist.npz"
EMBEDDED_SHA256 = "39b9b1ffaa0ba4d8995a616551f0966941fe02a3fe79ba4a9db7373db16d53ad"


class Split(NamedTuple):
    """Images `x`, float32 (N, 1, 28, 28) in [0, 1], and their labels `y`, int64 (N,).

    Pictures of a folder are in color: x is (N, 3, size, size).
    """

    x: Tensor
    y: Tensor


class Images(NamedTuple):
    """The two splits of a data set: `train` (60,000 images of the originals) and `test` (10,000)."""

    train: Split
    test: Split


class Folder(NamedTuple):
    """Your own pictures: every tenth of a class is in `test`, the others in `train`; `classes` names the labels."""

    train: Split
    test: Split
    classes: tuple[str, ...]


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


@overload
def load(name: Literal["emoji"]) -> Emoji: ...  # type: ignore[overload-overlap]
@overload
def load(  # type: ignore[overload-overlap]
    name: Literal["folder"], root: str | os.PathLike[str], *, size: int = 32
) -> Folder: ...
@overload
def load(name: str = "mnist", root: str | os.PathLike[str] | None = None, *, download: bool = False) -> Images: ...
def load(
    name: str = "mnist", root: str | os.PathLike[str] | None = None, *, download: bool = False, size: int = 32
) -> Images | Emoji | Folder:
    """Return a whole data set: levels 0..255 divided by 255, and labels 0..9.

    "mnist": handwritten digits. Y. LeCun, C. Cortes, C. Burges, The MNIST database; CC BY-SA 3.0. Without `root`
    it is read from the package.
    "fashion-mnist": articles of clothing. H. Xiao, K. Rasul, R. Vollgraf 2017, arXiv:1708.07747; MIT license.
    "kmnist": cursive Japanese characters. T. Clanuwat et al. 2018, arXiv:1812.01718; CC BY-SA 4.0.
    "emnist": more handwritten digits, the variant "mnist" of EMNIST. G. Cohen et al. 2017, arXiv:1702.05373.

    "emoji": 3,786 color pictures of 32 x 32 pixels with their names, from the package; see `Emoji`. Twemoji,
    (c) Twitter, Inc and other contributors; CC BY 4.0.
    "folder": your own pictures, `root` being a folder that contains one for each class. Each is cropped to a square
    around its middle and made `size` x `size` pixels, in color; every tenth of a class is kept for testing.

    Of the gray data sets, the four IDX files, as they are or with .gz, are looked for in root/CLASS/raw, where
    torchvision puts them (root/FashionMNIST/raw), in root/raw, and in `root` itself. Without `root`, that is the folder
    `datasets` in torch.hub's directory. With `download=True`, torchvision fetches what is missing.

    Raises ValueError for an unknown name or an incomplete file, TypeError for a `root` that is not a path,
    FileNotFoundError for missing files, OSError for a damaged package, ConnectionError for a failed download,
    ImportError for a torchvision that cannot download because it does not fit torch.
    """
    validate.known_name(name, (*SOURCES, "emoji", "folder"), "data set")
    if root is not None and not isinstance(root, str | os.PathLike):
        raise TypeError(f"root must be a path (str or pathlib.Path) or None, got {root!r} ({type(root).__name__}).")
    if name == "folder":
        return _own_pictures(root, size)
    if name == "emoji":
        return _load_emoji()
    if name == "mnist" and root is None:
        return _shared() or _embedded()
    source = SOURCES[name]
    place = Path(torch.hub.get_dir(), "datasets") if root is None else files.expanded(root)
    return _from_files(place, source, download)


def _own_pictures(root: str | os.PathLike[str] | None, size: int) -> Folder:
    """Return the pictures of a folder; raises what `folder.read` does, and ValueError where a class has one picture."""
    x, y, classes = folder.read(root, size)
    within = torch.cat([torch.arange(int(count)) for count in y.bincount()])  # the pictures come class by class
    kept = within % 10 == 9
    if not kept.any():
        kept = within == y.bincount()[y] - 1  # few pictures: the last of each class
    if kept.all():
        raise ValueError(f"{root} needs at least two pictures in one of its classes, one to train on and one to test.")
    return Folder(Split(x[~kept], y[~kept]), Split(x[kept], y[kept]), classes)


def unpack(folder: str | os.PathLike[str]) -> Path:
    """Write MNIST into `folder` as it is in memory, for many kernels on one machine to share; return the file's path.

    Kernels whose environment variable VQEDU_UNPACKED names that folder map the file and take no memory of their own for
    the images. Raises OSError if the folder is absent or not writable.
    """
    arrays = {
        f"{name}.{field}": t for name, split in _embedded()._asdict().items() for field, t in split._asdict().items()
    }
    return unpacked.write(arrays, Path(folder), EMBEDDED_SHA256)


def _shared() -> Images | None:
    """Return the MNIST that `unpack` wrote for this machine, if it did."""
    arrays = unpacked.read(EMBEDDED_SHA256)
    if arrays is None:
        return None
    return Images(*(Split(arrays[f"{name}.x"], arrays[f"{name}.y"]) for name in Images._fields))


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
    places = (folder / source.class_name / "raw", folder / "raw", folder)
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
