"""A small trained explorer, and the hand that drives it: what the tests in the page and in JupyterLab share."""

from __future__ import annotations

import base64
import functools
from typing import Any

import numpy as np
import torch
from playwright.sync_api import Locator, Page

from tests.page import node
from tests.page.exported import next_frame
from vqedu import data, models
from vqedu.widgets.latent.latent import LatentExplorer
from vqedu.widgets.latent.side_by_side import SideBySideExplorer

HIDDEN = (64, 64)


@functools.cache
def trained(latent_dim: int, kind: type[models.Autoencoder] | type[models.VAE] = models.Autoencoder) -> Any:
    """A model after a second of training: its pictures differ from place to place, as a test needs."""
    torch.manual_seed(0)
    model = kind(latent_dim, HIDDEN)
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    for batch in data.load().train.x[:9600].split(64) * 2:
        optimizer.zero_grad()
        # With beta = 1 the code of a VAE would say nothing yet after so few steps.
        loss = model.loss(batch, 0.1) if isinstance(model, models.VAE) else model.loss(batch)
        loss.total.backward()
        optimizer.step()
    return model


@functools.cache
def split() -> data.Split:
    return data.load().test


def explorer(latent_dim: int, **options: object) -> LatentExplorer:
    """A new explorer of 300 test digits."""
    return LatentExplorer(trained(latent_dim), split(), digits=300, **options)  # type: ignore[arg-type]


def vae_explorer(latent_dim: int, **options: object) -> LatentExplorer:
    """A new explorer of a VAE and 300 test digits."""
    return LatentExplorer(trained(latent_dim, models.VAE), split(), digits=300, **options)  # type: ignore[arg-type]


def side_by_side() -> SideBySideExplorer:
    """A new explorer of an autoencoder and a VAE and 300 test digits."""
    return SideBySideExplorer(trained(2), trained(2, models.VAE), split(), digits=300)


def in_node(shown: LatentExplorer, call: str, inputs: np.ndarray) -> np.ndarray:
    """Return call(space, input) of the explorer's JavaScript for each row of `inputs`."""
    script = f"""(text, config, inputs) => {{
        const space = tested.latentSpace(view(text), config);
        return inputs.map((input) => ({call})(space, input));
    }}"""
    text = base64.b64encode(shown.data).decode()
    return np.array(node.call("latent/space.js", script, text, shown.config, inputs.tolist()))


def pixels(canvas: Locator) -> np.ndarray:
    """Return the ink, 0..1, that a canvas shows after the next frame, at the centres of 28 x 28 cells: (28, 28)."""
    next_frame(canvas.page)
    return np.array(
        canvas.evaluate("""(node) => {
            const { data, width, height } = node.getContext("2d").getImageData(0, 0, node.width, node.height);
            return Array.from({ length: 28 }, (_, row) => Array.from({ length: 28 }, (_, column) => {
                const x = Math.floor(((column + 0.5) * width) / 28), y = Math.floor(((row + 0.5) * height) / 28);
                return 1 - data[4 * (y * width + x)] / 255;
            }));
        }""")
    )


def decoded(page: Page) -> np.ndarray:
    """Return the ink of x_hat, after the next frame."""
    return pixels(page.locator(".vq-decoded"))


def drag(page: Page, canvas: Locator, start: tuple[float, float], end: tuple[float, float], steps: int = 10) -> None:
    """Drag on a canvas between two places given as shares of its width and height."""
    box = canvas.bounding_box()
    assert box is not None
    (x0, y0), (x1, y1) = ((box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in (start, end))
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=steps)
    page.mouse.up()


def differ(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures differ by more than a learner could overlook: a fifth of full ink at some pixel."""
    return bool(np.abs(one - other).max() > 0.2)
