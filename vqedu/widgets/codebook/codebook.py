"""The codebook explorer: x, its 7 x 7 code map, x_hat; swap a code, and see which cells a code stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets

from vqedu import validate
from vqedu.data import Emoji, Split
from vqedu.models import VQVAE
from vqedu.widgets import images as latent_state
from vqedu.widgets.base import Explorer, pack
from vqedu.widgets.codebook.codes import CodeSpace
from vqedu.widgets.conv_nets import one_stage
from vqedu.widgets.images import Pictures, packed_images, pictures

TITLE = "A {noun} is {cells} codes from one table: swap one, and a patch of the picture changes"
STATE = ("digit", "drawing", "cell", "code", "swaps")


class CodebookExplorer(Explorer):
    """Pick a picture or draw a digit, and see its code map; swap the code of a cell, and see where else it is used.

    model: a VQVAE with a quantizer of any kind, copied as it is now; of a ResidualVQ the first level is shown, alone.
    images: a test set or emoji, encoded once to count how often each code is used; of it `digits` are drawn with
    `seed`, to be shown.

    `state` may be set from Python, whole or in part, and moves the figure:
    digit: the number of the picked digit, or None; drawing: None, or 784 gray levels 0..255 that were drawn;
    cell: 0..48 for digits, row by row; code: the code that the codebook shows; swaps: a list of [cell, code] put in by
    hand.

    Raises TypeError for a model that is not a VQVAE; TypeError or ValueError for images or labels of a wrong shape,
    dtype or range, and for an unknown or impossible state.
    """

    def __init__(
        self, model: VQVAE, images: Split | Emoji, *, title: str | None = None, digits: int = 500, seed: int = 0
    ) -> None:
        shape = one_stage(model).image_shape
        self.pictures = pictures(images, shape, digits, seed)
        self.images, self.labels = self.pictures.x, self.pictures.labels
        self.space = CodeSpace(model, images.x.cpu().float(), self.images)
        self.cells = self.space.maps[0].numel()
        config, weights, arrays = self.space.network()
        blocks, table = pack(weights, arrays, packed_images(self.images, self.labels))
        config |= {"arrays": table, **self.pictures.config}
        config["title"] = title or TITLE.format(noun=config["noun"], cells=self.cells)
        super().__init__(blocks, config=config, state=self._start())

    @property
    def summary(self) -> str:  # type: ignore[override]
        model = self.space.model
        table = f"{model.codebook_size} codes of {model.code_dim} numbers"
        rows, columns = model.code_map_shape
        shown = f"{len(self.images):,} {self.config['noun']}s to pick from"
        return f"Codebook explorer: x, its {rows} x {columns} code map, x_hat; {table}, {shown}."

    def _start(self) -> dict[str, Any]:
        """Begin at the first digit 3, if there is one, at the cell in the middle."""
        threes = np.flatnonzero(self.labels == 3)
        digit = int(threes[0]) if len(threes) else 0
        rows, columns = self.space.model.code_map_shape
        middle = rows // 2 * columns + columns // 2
        code = int(self.space.maps[digit].flatten()[middle])
        return {"digit": digit, "drawing": None, "cell": middle, "code": code, "swaps": []}

    @traitlets.validate("state")
    def _check_state(self, proposal: Any) -> dict[str, Any]:
        return checked_state({**self.state, **proposal["value"]}, self.pictures, self.space.codebook_size, self.cells)


def checked_state(state: Mapping[str, Any], shown: Pictures, codebook_size: int, cells: int) -> dict[str, Any]:
    """Return `state` with its numbers as ints. Raises ValueError for an unknown name or a value out of range."""
    for name in state:
        validate.known_name(name, STATE, "part of the state")
    picture = latent_state.picture(state, len(shown.x), shown.size)
    swaps = [_swap(each, codebook_size, cells) for each in state["swaps"]]
    if len({cell for cell, _ in swaps}) < len(swaps):
        raise ValueError(f"swaps must name each cell once, got {state['swaps']}.")
    cell = validate.whole(state["cell"], 0, cells - 1, "cell")
    return {
        **picture,
        "cell": cell,
        "code": validate.whole(state["code"], 0, codebook_size - 1, "code"),
        "swaps": swaps,
    }


def _swap(pair: Any, codebook_size: int, cells: int) -> list[int]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError(f"swaps must be a list of pairs [cell, code], got {pair!r} in it.")
    cell, code = pair
    return [
        validate.whole(cell, 0, cells - 1, "the cell of a swap"),
        validate.whole(code, 0, codebook_size - 1, "the code of a swap"),
    ]
