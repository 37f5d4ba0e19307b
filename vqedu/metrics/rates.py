"""What an image costs in bits: code maps by counting, rounded codes, PNG and JPEG files."""

from __future__ import annotations

import io
import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vqedu import validate
from vqedu.metrics.codes import counts

ROW_LENGTH = 40  # images side by side on a sheet
FORMATS: dict[str, dict[str, Any]] = {"png": {"optimize": True}, "webp": {"method": 6}, "jpeg": {"optimize": True}}
JPEG_TILE = 32  # JPEG works on blocks of 8 x 8, and 28 is no multiple of 8


class Compressed(NamedTuple):
    """`bits` an image takes on average, and the `images` (N, 1, 28, 28) that come back from them."""

    bits: float
    images: Tensor


def fixed_length(codebook_size: int, positions: int = 49) -> float:
    """Return the bits of a code map if each index takes equally many: positions * log2 K.

    K = 128 and 7 x 7 positions: 343 bits. Raises TypeError or ValueError for a size below 1.
    """
    validate.positive_int(codebook_size, "codebook_size")
    return validate.positive_int(positions, "positions") * math.log2(codebook_size)


def shares(indices: Tensor, codebook_size: int, by_position: bool = False) -> Tensor:
    """Return how often each code occurs in code maps (N, 7, 7): (1, K), or (49, K) with a row for each position.

    Each count begins at 1 (Laplace), so that a code not seen yet costs many bits rather than infinitely many.
    Raises TypeError or ValueError for bad code maps.
    """
    rows = validate.code_map(indices, codebook_size, shape=_map_shape(indices)).flatten(1)  # (N, 7, 7) -> (N, 49)
    columns = rows.T if by_position else rows.reshape(1, -1)
    seen = torch.stack([counts(column, codebook_size) for column in columns]) + 1.0
    return seen / seen.sum(1, keepdim=True)


def by_shares(indices: Tensor, shares: Tensor) -> Tensor:
    """Return the bits of each code map if index k takes -log2 p_k of them: (N, 7, 7), (1 or 49, K) -> (N,).

    An arithmetic coder that is told the shares p comes within a few bits of this, per file. The shares must come from
    other images than those coded, or be sent along. Source: Shannon 1948.
    Raises TypeError or ValueError for bad code maps, or shares that are not one row, or 49, of numbers above 0.
    """
    validate.finite(shares, "shares")
    height, width = _map_shape(indices)
    positions = height * width
    if shares.dim() != 2 or shares.shape[0] not in (1, positions) or not bool((shares > 0).all()):
        raise ValueError(
            f"shares must have shape (1, K) or ({positions}, K) and lie above 0, "
            f"got {tuple(shares.shape)} and a least value of {shares.min():g}. `rates.shares` makes them."
        )
    rows = validate.code_map(indices, shares.shape[1], shape=(height, width)).flatten(1).long()  # (N, 49)
    return -shares.log2().expand(positions, -1).T.gather(0, rows).sum(1)  # (K, 49), (N, 49) -> (N, 49) -> (N,)


def _map_shape(indices: Tensor) -> tuple[int, int]:
    """Return height and width of code maps: their own if they are larger than those of digits, else 7 x 7."""
    sides = tuple(indices.shape[1:]) if isinstance(indices, Tensor) and indices.dim() == 3 else ()
    return (sides[0], sides[1]) if sides and min(sides) > 7 else validate.CODE_MAP_SHAPE


def rounded(z: Tensor, like: Tensor, bits: int) -> Tensor:
    """Return codes rounded to 2^bits levels per number, evenly over the range of `like`: (N, D), (M, D) -> (N, D).

    The range holds the middle 99% of each column; what lies outside goes to the nearest level. A level is in the
    middle of its step. Raises TypeError or ValueError for codes of other shapes or fewer than 1 bit.
    """
    validate.codes(z, like.shape[-1])
    validate.codes(like, like.shape[-1], "like")
    levels = 2 ** validate.positive_int(bits, "bits")
    low, high = torch.quantile(like, torch.tensor([0.005, 0.995]).to(like), dim=0)
    step = (high - low).clamp(min=1e-12) / levels
    return low + (((z - low) / step).floor().clamp(0, levels - 1) + 0.5) * step


def png(x: Tensor, grey_levels: int = 256) -> Compressed:
    """Return images written as one PNG, without loss once their gray is rounded to 2 to 16, or 256, levels.

    All N images stand on one sheet, so that the file's header is shared. A pixel is packed into the 1, 2, 4 or 8 bits
    that its level needs, and then compressed. Raises ValueError or TypeError for another number of levels.
    """
    if validate.positive_int(grey_levels, "grey_levels") not in (*range(2, 17), 256):
        raise ValueError(f"grey_levels must be 2 to 16, or 256, got {grey_levels}.")
    steps = (validate.images(x) * (grey_levels - 1)).round()
    sheet = _sheet(steps, 28).astype(np.uint8)
    return Compressed(_png_size(sheet, grey_levels) * 8 / len(x), steps / (grey_levels - 1))


def jpeg(x: Tensor, quality: int) -> Compressed:
    """Return images written as one JPEG, and read again; quality 1 to 95.

    All N images stand on one sheet, each on a tile of 32 x 32, so that header and tables are shared and no block of
    8 x 8 holds two images. Raises ValueError for a quality out of range.
    """
    from PIL import Image

    validate.between(quality, 1, 95, "quality")
    sheet = np.rint(_sheet(validate.images(x), JPEG_TILE) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, format="JPEG", quality=int(quality), optimize=True)
    bits = buffer.tell() * 8 / len(x)
    return Compressed(bits, _from_sheet(np.asarray(Image.open(buffer)) / np.float32(255), len(x), JPEG_TILE))


def file(x: Tensor, kind: str, quality: int | None = None) -> Compressed:
    """Return images of any size, gray or in color, written as one file of a common format, and read again.

    kind: "png" (always without loss), "webp" (without loss for quality None) or "jpeg"; quality 1 to 95. All N images
    stand on one sheet, so that the file's header is shared; sides that are no multiple of 8 get paper around them.
    Raises ValueError or TypeError for another kind, a quality out of range or one that the format does not take.
    """
    from PIL import Image

    validate.images(x, shape=None)
    if validate.known_name(kind, FORMATS, "file format") == "png" and quality is not None:
        raise ValueError(f"A PNG loses nothing and takes no quality, got quality={quality}.")
    if kind == "jpeg" and quality is None:
        raise ValueError("A JPEG needs a quality from 1 to 95.")
    options = {**FORMATS[kind], **({"lossless": True} if kind == "webp" and quality is None else {})}
    if quality is not None:
        options["quality"] = int(validate.between(quality, 1, 95, "quality"))
    n, channels, height, width = x.shape
    columns, tile = min(ROW_LENGTH, n), (-(-height // 8) * 8, -(-width // 8) * 8)
    rows = -(-n // columns)
    paper = 1.0 if channels == 3 else 0.0
    tiles = np.full((rows * columns, channels, *tile), paper, np.float32)
    tiles[:n, :, :height, :width] = x.detach().cpu().numpy()
    sheet = tiles.reshape(rows, columns, channels, *tile).transpose(0, 3, 1, 4, 2)
    levels = np.rint(sheet.reshape(rows * tile[0], columns * tile[1], channels) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels if channels == 3 else levels[..., 0]).save(buffer, format=kind, **options)
    bits = buffer.tell() * 8 / n  # before it is read, which need not end at the end of the file
    read = np.asarray(Image.open(buffer).convert("RGB" if channels == 3 else "L")) / np.float32(255)
    back = read.reshape(rows, tile[0], columns, tile[1], channels).transpose(0, 2, 4, 1, 3)
    images = np.ascontiguousarray(back.reshape(-1, channels, *tile)[:n, :, :height, :width])
    return Compressed(bits, torch.from_numpy(images))


def _png_size(sheet: np.ndarray, levels: int) -> int:
    """Return the bytes of a sheet of whole numbers below `levels` as a PNG."""
    from PIL import Image

    image, buffer = Image.fromarray(sheet), io.BytesIO()
    if levels <= 16:
        # A pixel is a number in a palette, which takes as few bits as the length of the palette allows.
        image.putpalette([level * 255 // (levels - 1) for level in range(levels) for _ in range(3)])
    image.save(buffer, format="PNG", optimize=True)
    return buffer.tell()


def _sheet(x: Tensor, tile: int) -> np.ndarray:
    """Return images on one sheet, ROW_LENGTH side by side, each at the upper left of a tile: (N, 1, 28, 28) -> 2-D."""
    columns = min(ROW_LENGTH, len(x))
    rows = -(-len(x) // columns)
    tiles = np.zeros((rows * columns, tile, tile), np.float32)
    tiles[: len(x), :28, :28] = x.detach().cpu().numpy().squeeze(1)
    return tiles.reshape(rows, columns, tile, tile).swapaxes(1, 2).reshape(rows * tile, columns * tile)


def _from_sheet(sheet: np.ndarray, n: int, tile: int) -> Tensor:
    """Return the first n images of a sheet made by `_sheet`: 2-D -> (n, 1, 28, 28)."""
    rows, columns = (side // tile for side in sheet.shape)
    tiles = sheet.reshape(rows, tile, columns, tile).swapaxes(1, 2).reshape(-1, 1, tile, tile)
    return torch.from_numpy(np.ascontiguousarray(tiles[:n, :, :28, :28]))
