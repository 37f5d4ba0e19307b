"""The codebook explorer of the shipped models, and the hand that drives it."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import Locator, Page

from tests.page.conv_nets import shipped
from tests.page.exported import next_frame
from tests.widgets.latent.latent_hand import decoded, x_of
from vqedu import data
from vqedu.data import Split
from vqedu.widgets.codebook.codebook import CodebookExplorer

LIMIT = 2 / 255 + 0.5 / 255  # a canvas holds whole gray levels


@functools.cache
def explorer(name: str = "vqvae-mnist") -> CodebookExplorer:
    x, y = data.load().test
    return CodebookExplorer(shipped(name), Split(x[:1000], y[:1000]), digits=100)


@functools.cache
def html(name: str) -> str:
    return explorer(name).to_html()


def opened(page: Page, folder: Path, name: str = "vqvae-mnist") -> Locator:
    """Open the explorer from a file, the network cut off, and return its root."""
    path = folder / "explorer.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><body>{html(name)}</body>", encoding="utf-8")
    page.context.set_offline(True)
    page.goto(path.as_uri())
    root = page.locator(".vq-stage")
    root.wait_for()
    root.locator(".vq-codebook > summary").click()
    return root


def cell_pictures(root: Locator) -> list[str]:
    """Return what the 49 cells of the code map show, after the next frame."""
    next_frame(root.page)
    script = """(node) => Array.from({ length: 49 }, (_, cell) => {
        const size = node.width / 7, pen = node.getContext("2d");
        const x = Math.round((cell % 7) * size), y = Math.round(Math.floor(cell / 7) * size);
        return String(pen.getImageData(x + 1, y + 1, Math.floor(size) - 2, Math.floor(size) - 2).data);
    })"""
    return list(code_map(root).evaluate(script))


def agrees(page: Page, **state: Any) -> bool:
    """Whether the page shows the x_hat that torch decodes from the code map of `state`."""
    return bool(np.abs(decoded(page) - picture_of("vqvae-mnist", **state)).max() <= LIMIT)


def codes_of(name: str = "vqvae-mnist", **state: Any) -> torch.Tensor:
    """Return the code map (7, 7) that a model has for the picture of a state, with the swaps put in."""
    now = {**explorer(name).state, **state}
    codes = shipped(name).encode(torch.from_numpy(x_of(explorer(name), **state)[None, None]).float())[0].clone()
    for cell, code in now["swaps"]:
        codes[divmod(cell, 7)] = code
    return codes


@torch.no_grad()
def picture_of(name: str = "vqvae-mnist", **state: Any) -> np.ndarray:
    """Return x_hat, (28, 28) in [0, 1], that a model decodes from the code map of a state."""
    return shipped(name).decode(codes_of(name, **state)[None]).sigmoid()[0, 0].numpy()


@torch.no_grad()
def squares_of(**state: Any) -> torch.Tensor:
    """Return |z_e - e_k|^2 of each cell and code: (49, K)."""
    model = shipped("vqvae-mnist")
    z_e = model.encoder(torch.from_numpy(x_of(explorer(), **state)[None, None]).float())[0].flatten(1).T
    return torch.cdist(z_e.double(), model.quantizer.codes().double()).square()


def code_map(root: Locator) -> Locator:
    return root.get_by_role("application", name="Code map")


def codebook(root: Locator) -> Locator:
    return root.get_by_role("application", name="Codebook")


def usage(root: Locator) -> Locator:
    return root.get_by_role("application", name="Usage of the codes")


def named_code(node: Locator) -> int:
    """Return the code that a canvas's name speaks of, once drawn."""
    next_frame(node.page)
    found = re.search(r"[Cc]ode (\d+)", (node.get_attribute("aria-label") or "").replace("Code map", ""))
    assert found
    return int(found[1])


def go_to(root: Locator, cell: int) -> None:
    """Move to a cell with the arrow keys."""
    node = code_map(root)
    node.press("Home")
    for key, times in (("ArrowDown", cell // 7), ("ArrowRight", cell % 7)):
        for _ in range(times):
            node.press(key)
    next_frame(root.page)


def center(root: Locator, cell: int) -> tuple[float, float]:
    """Return the center of a cell in the code map's CSS pixels."""
    box = code_map(root).bounding_box()
    assert box is not None
    size = box["width"] / 7
    return (cell % 7 + 0.5) * size, (cell // 7 + 0.5) * size


def click_cell(root: Locator, cell: int) -> None:
    x, y = center(root, cell)
    code_map(root).click(position={"x": x, "y": y})
    next_frame(root.page)


def candidates(root: Locator) -> Locator:
    return root.locator(".vq-candidate")


def candidate_code(root: Locator, index: int) -> int:
    return int(candidates(root).nth(index).locator(".vq-index").inner_text())


def find(root: Locator, code: int) -> None:
    """Go to a code in the codebook with the keys."""
    table = codebook(root)
    table.press("Home")
    for key, times in (("ArrowDown", code // 16), ("ArrowRight", code % 16)):
        for _ in range(times):
            table.press(key)
    assert named_code(table) == code


def nearest_codes(cell: int, **state: Any) -> list[int]:
    return squares_of(**state)[cell].argsort(stable=True).tolist()
