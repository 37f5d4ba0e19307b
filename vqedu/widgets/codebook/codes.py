"""What the codebook explorer shows of a VQ-VAE: codes of digits, their usage, what each draws, the pixels it sees."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu.models import VQVAE
from vqedu.widgets.conv_nets import describe_vqvae, one_stage

STROKE = 12  # pixels a side of the picture of what a code draws: its own 4 x 4 and 4 more all around
STRIDE = 4  # pixels of x from one position of the map to the next
CHUNK = 1000
STROKE_IMAGES = 2000  # as many as settle the mean of a code that one cell in 2,000 uses


class Window(NamedTuple):
    """On each axis, position i of the code map goes with the `size` pixels from `start` + `stride` * i on."""

    start: int
    stride: int
    size: int

    def slices(self, cell: int, columns: int = 7, side: int = 28) -> tuple[slice, slice]:
        """Return rows and columns of the pixels that go with a cell, counted row by row, cut at the picture's edges."""
        firsts = [self.start + self.stride * i for i in divmod(cell, columns)]
        down, across = (slice(max(first, 0), min(first + self.size, side)) for first in firsts)
        return down, across


def receptive_field(encoder: nn.Sequential) -> Window:
    """Return the pixels of x that one position of z_e depends on: 18 x 18 for the course's encoder, from 4 i - 7 on.

    Each convolution widens the window by (kernel - 1) times the stride of all those before it.
    """
    start, stride, size = 0, 1, 1
    for layer in encoder.modules():  # what is inside a residual block, too
        if isinstance(layer, nn.Conv2d):
            size += (layer.kernel_size[0] - 1) * stride
            start -= int(layer.padding[0]) * stride
            stride *= layer.stride[0]
    return Window(start, stride, size)


def influence(decoder: nn.Sequential) -> Window:
    """Return the pixels of x_hat that depend on one position of z_q: 18 x 18 for the course's decoder, from 4 i - 7 on.

    A transposed convolution sends input i to the outputs from stride * i - padding on, as many as its kernel is wide;
    a convolution of stride 1 sends it to those from i + padding - kernel + 1 on. Raises TypeError for another stride.
    """
    first, last, stride = 0, 0, 1
    for layer in decoder.modules():
        if isinstance(layer, nn.ConvTranspose2d):
            s, (kernel, padding) = layer.stride[0], (layer.kernel_size[0], int(layer.padding[0]))
            first, last, stride = s * first - padding, s * last - padding + kernel - 1, s * stride
        elif isinstance(layer, nn.Conv2d):
            if layer.stride[0] != 1:
                raise TypeError(f"A convolution of a decoder must have stride 1, got {layer}.")
            padding = int(layer.padding[0])
            first, last = first + padding - layer.kernel_size[0] + 1, last + padding
    return Window(first, stride, last - first + 1)


class CodeSpace:
    """A `one_stage` copy of a VQVAE, and what it makes of all images `x`; the `digits` are those that are shown.

    Raises TypeError for another model, ValueError for codes or a z_e that are not finite.
    """

    def __init__(self, model: VQVAE, x: Tensor, digits: Tensor) -> None:
        self.model = one_stage(model)
        self.described = describe_vqvae(self.model)
        self.codebook_size = self.model.codebook_size
        self.maps = self.encode(digits)
        everywhere = self.encode(x)
        self.counts = torch.bincount(everywhere.flatten(), minlength=self.codebook_size)
        self.strokes = self._strokes(everywhere[:STROKE_IMAGES])

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """Return the code maps of images, such as (N, 1, 28, 28) -> (N, 7, 7)."""
        return torch.cat([self.model.encode(part) for part in x.split(CHUNK)])

    def network(self) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return (config, weights, arrays): the model for the page, and what the page shows of the images' codes."""
        weights, config = self.described
        windows = {"field": receptive_field(self.model.encoder), "influence": influence(self.model.decoder)}
        sizes = {"side": self.model.image_shape[1], "columns": self.model.code_map_shape[1]}
        described = {name: {**each._asdict(), **sizes} for name, each in windows.items()}
        config = {"net": config, "stroke_side": STROKE, **described}
        arrays: dict[str, np.ndarray] = {
            "maps": self.maps.flatten(1).numpy().astype(np.uint16),
            "counts": self.counts.numpy().astype(np.int32),
            "strokes": (255 * self.strokes.flatten(1)).round().numpy().astype(np.uint8),
        }
        return config, weights, arrays

    @torch.no_grad()
    def _strokes(self, maps: Tensor) -> Tensor:
        """Return the mean of x_hat around the cells that use each code: (K, C, 12, 12), white paper beyond the edges.

        A code that nothing uses shows what it draws alone, in the middle of the most used one.
        """
        sums = torch.zeros(self.codebook_size, self.model.image_shape[0], STROKE, STROKE)
        counts = torch.bincount(maps.flatten(), minlength=self.codebook_size)
        for part in maps.split(CHUNK):
            patches = around_cells(self.model.decode(part).sigmoid())
            sums.index_add_(0, part.flatten(), patches.flatten(0, 1))
        dead = (counts == 0).nonzero().squeeze(1)
        if len(dead):
            rows, columns = self.model.code_map_shape
            alone = torch.full((len(dead), rows, columns), int(counts.argmax()))
            alone[:, rows // 2, columns // 2] = dead
            middle = rows // 2 * columns + columns // 2
            sums[dead] = around_cells(self.model.decode(alone).sigmoid())[:, middle]
        return sums / counts.clamp(min=1)[:, None, None, None]


def around_cells(pictures: Tensor) -> Tensor:
    """Return the 12 x 12 pixels around each cell of pictures: (N, 1, 28, 28) -> (N, 49, 1, 12, 12)."""
    edge = (STROKE - STRIDE) // 2
    paper = float(pictures.shape[1] > 1)  # gray levels are those of the ink, colors those of the light
    padded = F.pad(pictures, (edge, edge, edge, edge), value=paper)
    patches = padded.unfold(2, STROKE, STRIDE).unfold(3, STROKE, STRIDE)  # (N, C, 7, 7, 12, 12)
    return patches.flatten(2, 3).transpose(1, 2)
