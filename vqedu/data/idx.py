"""Data files in the IDX format: which of them are there, and what a whole one contains.

The format (LeCun, Cortes and Burges, the MNIST database) is a header of big-endian int32 (a magic number, then the
size of each dimension), followed by one byte per element. torchvision reads it too, but neither compressed nor under
other names, and from an incomplete file it raises errors that name no file.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

BYTES_MAGIC = 2048  # of unsigned bytes, to which the number of dimensions is added
MOST_ITEMS = 2**20  # the largest of these data sets has 280,000
SIDE = 28
REMEDY = "Replace it, or delete it and load with download=True."


def names(*splits: str) -> list[str]:
    """Return the names of the files of images and of labels of each split."""
    return [f"{split}-{kind}" for split in splits for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]


def find(wanted: list[str], places: Iterable[Path]) -> dict[str, Path]:
    """Return name -> path of the wanted files in that one of the places which has most of them.

    A file may end in .gz, may be spelled train-images.idx3-ubyte for train-images-idx3-ubyte, and may be in a folder of
    its own name, as some archives unpack it.
    """
    found = ({name: path for name in wanted if (path := _spelled(place, name))} for place in places)
    return max(found, key=len)


def _spelled(place: Path, name: str) -> Path | None:
    spellings = [name, name.replace("-idx", ".idx")]
    files = [place / (spelling + end) for end in ("", ".gz") for spelling in spellings]
    alone = [place / folder / file.name for folder in spellings for file in files]
    return next((path for path in (*files, *alone) if path.is_file()), None)


def read_pair(images_path: Path, labels_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (N, 28, 28) and the labels (N,), uint8; raises ValueError if a file is not as it should be."""
    images, labels = _read(images_path, (SIDE, SIDE)), _read(labels_path, ())
    if len(images) != len(labels):
        raise ValueError(
            f"{images_path} contains {len(images)} images and {labels_path.name} {len(labels)} labels, but every image "
            "needs one label. Replace them by files that belong together."
        )
    return images, labels


def _read(path: Path, item_shape: tuple[int, ...]) -> np.ndarray:
    """Return the items of a whole IDX file, uint8 (N, *item_shape); raises ValueError for any other file."""
    size = 4 * (2 + len(item_shape))
    packed = path.suffix == ".gz"
    with cast("BinaryIO", gzip.open(path) if packed else path.open("rb")) as stream:
        header = _take(stream, size, path)
        if len(header) < size:
            raise ValueError(f"{path} is truncated: it has {len(header)} bytes, its header alone has {size}. {REMEDY}")
        count = _count(header, item_shape, path)
        promised = count * SIDE ** len(item_shape)
        content = _take(stream, promised + 1, path)  # and no more: a packed file may unpack to any size
    if len(content) != promised:
        came = f"is too long: its header promises {size + promised} bytes, and there are more"
        if len(content) < promised:
            came = f"is truncated: its header promises {size + promised} bytes, it has {size + len(content)}"
        raise ValueError(f"{path} {came}. {REMEDY}")
    return np.frombuffer(content, np.uint8).reshape(count, *item_shape)


def _count(header: bytes, item_shape: tuple[int, ...], path: Path) -> int:
    """Return the number of items that a header promises; raises ValueError for a file of another kind."""
    magic, count, *shape = struct.unpack(f">{len(header) // 4}i", header)
    if magic != (expected := BYTES_MAGIC + 1 + len(item_shape)) or not 1 <= count <= MOST_ITEMS:
        counts = f"a count of at least 1 and at most {MOST_ITEMS}"
        raise ValueError(f"{path} must begin with {expected} and {counts}, got {magic}, {count}. {REMEDY}")
    if tuple(shape) != item_shape:
        raise ValueError(f"{path} must contain images of 28 x 28 pixels, got {' x '.join(map(str, shape))}. {REMEDY}")
    return count


def _take(stream: BinaryIO, most: int, path: Path) -> bytes:
    """Return at most so many bytes of an open file; raises ValueError if it cannot be unpacked."""
    try:
        return stream.read(most)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is truncated or not a gzip file ({error}). {REMEDY}") from None
