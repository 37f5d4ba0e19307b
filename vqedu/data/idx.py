"""A learner's own raw data files: are the four there, and is each a whole IDX file of images or of labels?

The format (LeCun, Cortes and Burges, the MNIST database) is a header of big-endian int32 (a magic number,
then one size a dimension), followed by one byte an element.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

from vqedu import files

SPLITS = ("train", "t10k")
IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049
SIDE = 28
MEND = "Replace it, or delete it and load with download=True."


def names() -> tuple[str, ...]:
    """Return the names of the four files: images and labels of the training set, then of the test set."""
    return tuple(f"{split}-{kind}" for split in SPLITS for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"))


def missing(raw: Path) -> list[str]:
    """Return the names of those of the four files that are not in the directory `raw`."""
    return [name for name in names() if not (raw / name).is_file()]


def unpack_gzipped(raw: Path) -> None:
    """Unpack NAME.gz for each of the four files NAME that is missing in `raw` while NAME.gz is there.

    Raises ValueError if NAME.gz is no whole gzip file, OSError if `raw` cannot be written.
    """
    for name in missing(raw):
        packed = raw / f"{name}.gz"
        if not packed.is_file():
            continue
        try:
            content = gzip.decompress(packed.read_bytes())
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{packed} is truncated or no gzip file ({error}). {MEND}") from None
        files.atomic_write(raw / name, content)


def check(raw: Path) -> None:
    """Raise ValueError unless each of the four files in `raw` is whole and every image has a label."""
    for split in SPLITS:
        images = _count(raw / f"{split}-images-idx3-ubyte", IMAGES_MAGIC, (SIDE, SIDE))
        labels = _count(raw / f"{split}-labels-idx1-ubyte", LABELS_MAGIC, ())
        if images != labels:
            raise ValueError(
                f"The {split} files in {raw} hold {images} images and {labels} labels, expected one each. "
                "Replace them by files that belong together."
            )


def _count(path: Path, magic: int, item_shape: tuple[int, ...]) -> int:
    """Return how many items of `item_shape` a whole IDX file holds; raises ValueError for any other file."""
    header = struct.Struct(f">{2 + len(item_shape)}i")
    with path.open("rb") as stream:
        start = stream.read(header.size)
    size = path.stat().st_size
    if len(start) < header.size:
        raise ValueError(f"{path} is truncated: it has {size} bytes, its header alone has {header.size}. {MEND}")
    found_magic, count, *shape = header.unpack(start)
    if found_magic != magic or count < 1:
        raise ValueError(
            f"{path} must begin with {magic} and a count of at least 1, got {found_magic}, {count}. {MEND}"
        )
    if tuple(shape) != item_shape:
        raise ValueError(f"{path} must hold images of 28 x 28 pixels, got {' x '.join(map(str, shape))}. {MEND}")
    whole = header.size + count * SIDE ** len(shape)
    if size != whole:
        state = "truncated" if size < whole else "too long"
        raise ValueError(f"{path} is {state}: its header promises {whole} bytes, it has {size}. {MEND}")
    return count
