"""Images moved a little: more examples of the same handwriting than there are."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from vqedu import validate

DEGREES, SCALE, SHEAR, PIXELS = 6.0, 0.05, 0.08, 0.5  # the most that an image is turned, stretched, sheared, shifted


def jittered(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return each image turned, stretched, sheared and shifted by a little of its own: (N, 1, 28, 28) -> same shape.

    torchvision's RandomAffine moves all images of a batch by the same amounts. Called once per image it takes 10 times
    as long, and it cannot interpolate tensors bicubically.

    Each amount is uniform between minus and plus its greatest. Pixels are read between the old ones (bicubic), and kept
    within [0, 1]. Raises TypeError or ValueError for x that is no batch of images.
    """
    n, half = len(validate.images(x)), x.shape[-1] / 2

    def amount(most: float) -> Tensor:
        return ((2 * torch.rand(n, generator=generator) - 1) * most).to(x)

    turn, shear = amount(math.radians(DEGREES)), amount(SHEAR)
    wide, high = 1 + amount(SCALE), 1 + amount(SCALE)
    across = torch.stack([turn.cos() * wide, shear - turn.sin() * high, amount(PIXELS / half)], 1)  # (N, 3)
    down = torch.stack([turn.sin() * wide, turn.cos() * high, amount(PIXELS / half)], 1)
    grid = F.affine_grid(torch.stack([across, down], 1), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bicubic", align_corners=False).clamp(0, 1)


def moved(x: Tensor, pixels: int, flip: bool = False, generator: torch.Generator | None = None) -> Tensor:
    """Return images (N, C, H, W) on white, all shifted by the same random number of pixels, up to `pixels` each way.

    White comes in at the edges. flip: a random half of the images is also mirrored, left to right. This is the whole
    pixels' move for pictures with sharp edges, which `jittered` would blur.
    """
    down, across = torch.randint(2 * pixels + 1, (2,), generator=generator).tolist()
    padded = F.pad(x, (pixels,) * 4, value=1.0)
    shifted = padded[..., down : down + x.shape[-2], across : across + x.shape[-1]]
    if not flip:
        return shifted
    mirrored = torch.rand(len(x), 1, 1, 1, generator=generator).to(x.device) < 0.5
    return torch.where(mirrored, shifted.flip(-1), shifted)
