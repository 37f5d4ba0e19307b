"""Pictures of your own: a folder for each class, read by torchvision and made one size."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vqedu import files, validate
from vqedu.data.download import torchvision_datasets

WAY = "Put the pictures into folders, one for each class, such as ROOT/cats/1.png and ROOT/dogs/1.png."


def read(root: str | os.PathLike[str] | None, size: int) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Return the pictures under `root`, float32 (N, 3, size, size) in [0, 1], their classes (N,), the folders' names.

    A picture that is not square is cropped around its middle; what is transparent becomes white.
    Raises ValueError without a root or for a picture that cannot be read, FileNotFoundError for a root that is not
    there or holds no pictures, ImportError for a torchvision that does not fit torch.
    """
    validate.positive_int(size, "size")
    if root is None:
        raise ValueError(f'data.load("folder") needs root=..., the folder that contains your pictures. {WAY}')
    folder = files.expanded(root)
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}. {WAY}")
    datasets = torchvision_datasets()
    try:
        found = datasets.ImageFolder(str(folder), loader=lambda path: _square(path, size))
    except FileNotFoundError as error:  # torchvision names the classes without pictures in its first sentence
        raise FileNotFoundError(f"{folder} holds no classes of pictures: {str(error).splitlines()[0]} {WAY}") from None
    x = np.stack([picture for picture, _ in found])  # (N, size, size, 3)
    scaled = np.divide(x.transpose(0, 3, 1, 2), np.float32(255), dtype=np.float32, order="C")
    return torch.from_numpy(scaled), torch.tensor(found.targets, dtype=torch.int64), tuple(found.classes)


def _square(path: str, size: int) -> Any:
    """Return a picture as uint8 (size, size, 3)."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as a picture ({error}). Remove it, or save it again.") from None
    paper = Image.new("RGBA", picture.size, "white")
    fitted = ImageOps.fit(Image.alpha_composite(paper, picture).convert("RGB"), (size, size), Image.Resampling.LANCZOS)
    return np.asarray(fitted)
