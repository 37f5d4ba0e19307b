"""The residual explorer: the stages of a residual VQ switched on one by one, and the residual after each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor

from vqedu import data, validate
from vqedu.models import VQVAE
from vqedu.models.copies import snapshot
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.conv_nets import describe_convolutions
from vqedu.widgets.images import packed_images

TITLE = "Each stage quantizes the residual of the stages before it"


class ResidualExplorer(Explorer):
    """x on the left, the stages and the residual after each in the middle, x_hat from the first ones on the right.

    model: a VQVAE whose quantizer has several stages (a ResidualVQ), copied as it is now;
    images: a Split to take one digit of each class from (default: the MNIST test images);
    level: how many stages are on at first; digit: which of the pictures, from 0.
    The page has the code maps of these pictures, sums codes and decodes them.
    Raises TypeError for another model, ValueError for a `level` or `digit` out of range.
    """

    def __init__(
        self, model: VQVAE, images: data.Split | None = None, level: int = 1, digit: int = 3, title: str = TITLE
    ) -> None:
        if not (isinstance(model, VQVAE) and len(model.quantizer.stages) > 1):
            raise TypeError("model must be a models.VQVAE whose quantizer has several stages, such as a ResidualVQ.")
        self.model, self.levels = snapshot(model), len(model.quantizer.stages)
        self.images, self.labels = one_of_each(data.load("mnist").test if images is None else images)
        self.indices, left = described(self.model, self.images)  # (n, 49, L), (n, L + 1, 49)
        decoder, arrays = describe_convolutions(self.model.decoder, "decoder", np.float16)
        codebooks = torch.stack([stage.codes() for stage in self.model.quantizer.stages]).numpy()  # (L, K, D)
        weights = {**arrays, "codebooks": codebooks}
        found: dict[str, np.ndarray] = {
            "indices": self.indices.numpy().astype(np.uint16),
            "left": left.numpy().astype(np.float32),
        }
        blocks, table = pack(weights, packed_images(self.images, self.labels), found)
        sizes = {"levels": self.levels, "K": model.codebook_size, "D": model.code_dim}
        config = {"title": title, "arrays": table, "decoder": decoder, **sizes}
        super().__init__(blocks, config=config, state={"level": level, "digit": digit})

    @property
    def summary(self) -> str:  # type: ignore[override]
        bits = math.log2(self.model.codebook_size)
        return (
            f"Residual explorer: {self.levels} stages of {bits:g} bits at each of 49 positions, switched on one by one"
        )

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, int]:
        return checked_state({**self.state, **proposal["value"]}, self.levels, len(self.images))


def checked_state(state: Mapping[str, Any], levels: int, pictures: int) -> dict[str, int]:
    """Return `state` as whole numbers. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, ("level", "digit"), "part of the state")
    level = validate.whole(state["level"], 1, levels, "level")
    return {"level": level, "digit": validate.whole(state["digit"], 0, pictures - 1, "digit")}


def one_of_each(images: data.Split) -> tuple[Tensor, np.ndarray]:
    """Return the first image of each class that there is, and their labels, in the order of the classes."""
    classes = images.y.unique().tolist()
    first = torch.tensor([int((images.y == label).nonzero()[0]) for label in classes])
    return validate.images(images.x)[first], images.y[first].numpy()


@torch.no_grad()
def described(model: VQVAE, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the indices (n, 49, L), and the lengths of the residuals after 0, 1, ... L stages: (n, L + 1, 49)."""
    z_e = model.encoder(images)
    indices = model.quantizer.nearest(z_e)  # (n, 7, 7, L)
    sums = [torch.zeros_like(z_e)]
    sums += [model.quantizer.lookup(indices[..., : count + 1]) for count in range(indices.shape[-1])]
    left = torch.stack([(z_e - z_q).norm(dim=1).flatten(1) for z_q in sums], 1)
    return indices.flatten(1, 2), left
