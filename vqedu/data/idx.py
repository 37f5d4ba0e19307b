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

import numpy as np

BYTES_MAGIC = 2048  # of unsigned bytes, to which the number of dimensions is added
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
    content, size = _content(path), 4 * (2 + len(item_shape))
    if len(content) < size:
        raise ValueError(f"{path} is truncated: it has {len(content)} bytes, its header alone has {size}. {REMEDY}")
    magic, count, *shape = struct.unpack_from(f">{size // 4}i", content)
    if magic != (expected := BYTES_MAGIC + 1 + len(item_shape)) or count < 1:
        raise ValueError(f"{path} must begin with {expected} and a count of at least 1, got {magic}, {count}. {REMEDY}")
    if tuple(shape) != item_shape:
        raise ValueError(f"{path} must contain images of 28 x 28 pixels, got {' x '.join(map(str, shape))}. {REMEDY}")
    if len(content) != (whole := size + count * SIDE ** len(shape)):
        state = "truncated" if len(content) < whole else "too long"
        raise ValueError(f"{path} is {state}: its header promises {whole} bytes, it has {len(content)}. {REMEDY}")
    return np.frombuffer(content, np.uint8, offset=size).reshape(count, *item_shape)


def _content(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if its name ends in .gz; raises ValueError if that is not possible."""
    content = path.read_bytes()
    try:
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is truncated or not a gzip file ({error}). {REMEDY}") from None
