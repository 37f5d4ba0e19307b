"""IDX files as tests and benchmarks write them: the format a second time, beside the reader of the package."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import torch
from torchvision.datasets import MNIST

from vqedu import data

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx_file(array: np.ndarray) -> bytes:
    """Return an array of bytes as IDX: 0, 0, 8 (bytes), number of dimensions, sizes, bytes."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


def arrays_of(images: data.Images) -> dict[str, np.ndarray]:
    """Return the four uint8 arrays of a data set by the names of their files."""
    pairs = ((split.x.squeeze(1).mul(255).round(), split.y) for split in images)
    return {name: t.to(torch.uint8).numpy() for name, t in zip(NAMES, (t for pair in pairs for t in pair), strict=True)}


def write(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    """Write each array into `folder` under its name, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        (folder / name).write_bytes(idx_file(array))
    return folder


def torchvision_mnist(images: data.Images, **options: object) -> MNIST:
    """Return torchvision's own MNIST, which reads the images from files written for it."""
    with tempfile.TemporaryDirectory() as root:
        write(Path(root, "MNIST", "raw"), arrays_of(images))
        return MNIST(root, **options)
