"""Labs small enough for a test without a browser, and what their tests ask of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from vqedu import models
from vqedu.data import Images, Split
from vqedu.widgets import CodebookLab, CollapseLab

WAIT_S = 20.0


def tiny_images() -> Images:
    """Images that differ in their left and their right half's gray level."""
    levels = torch.rand(256, 1, 1, 2, generator=torch.Generator().manual_seed(0))
    x = levels.repeat_interleave(14, dim=3).expand(256, 1, 28, 28).contiguous()
    return Images(Split(x[:192], torch.zeros(192)), Split(x[192:], torch.zeros(64)))


def tiny_collapse_lab(**options: object) -> CollapseLab:
    defaults: dict[str, object] = {"latent_dim": 3, "batch_size": 32, "build": lambda d: models.VAE(d, hidden=(8,))}
    return CollapseLab(tiny_images(), **(defaults | options))  # type: ignore[arg-type]


def tiny_codebook_lab(**options: object) -> CodebookLab:
    return CodebookLab(tiny_images(), **({"codebook_size": 8, "batch_size": 8} | options))  # type: ignore[arg-type]


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def weights(lab: Any) -> torch.Tensor:
    """All that the lab's model holds, as one vector."""
    return torch.cat([value.detach().flatten().double() for value in lab.model.state_dict().values()])
