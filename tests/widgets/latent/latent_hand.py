"""A small trained explorer, and the hand that drives it: what the tests in the page and in JupyterLab share."""

from __future__ import annotations

import base64
import functools
from typing import Any, NamedTuple

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


def x_of(shown: Any, **state: Any) -> np.ndarray:
    """Return x, (28, 28) in [0, 1], in the explorer's state and these changes: drawn, picked, or empty paper."""
    now = {**shown.state, **state}
    if now["drawing"] is not None:
        return np.reshape(now["drawing"], (28, 28)) / 255
    return np.zeros((28, 28)) if now["digit"] is None else shown.images[now["digit"], 0].numpy()


@torch.no_grad()
def picture(model: Any, z: Any) -> np.ndarray:
    """Return x_hat = sigmoid(f(z)), (28, 28) in [0, 1], as torch decodes it."""
    return model.decode(torch.tensor(np.array([z])).float()).sigmoid()[0, 0].numpy()


class Posterior(NamedTuple):
    """q(z|x) of one picture: (D,) each, the KL from the prior in nats."""

    mu: np.ndarray
    sigma: np.ndarray
    kl: np.ndarray


@torch.no_grad()
def posterior(model: models.VAE, x: np.ndarray) -> Posterior:
    """Return q(z|x) of a picture (28, 28), as torch has it."""
    mu, logvar = model.encode(torch.from_numpy(x[None, None]).float())
    q, prior = torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(0.0, 1.0)
    kl = torch.distributions.kl_divergence(q, prior)
    return Posterior(*(each[0].numpy() for each in (mu, q.scale, kl)))


class Pair(NamedTuple):
    """A picture (28, 28) of both models."""

    ae: np.ndarray
    vae: np.ndarray


@torch.no_grad()
def pair_of_pictures(shown: SideBySideExplorer, **state: Any) -> Pair:
    """Return what both models decode in the explorer's state and these changes: the shared z, or each its code of x."""
    now, both = {**shown.state, **state}, (trained(2), trained(2, models.VAE))
    if now["z"] is not None:
        return Pair(*(picture(model, now["z"]) for model in both))
    if now["drawing"] is None and now["digit"] is None:
        return Pair(*(picture(model, [0, 0]) for model in both))
    x = torch.from_numpy(x_of(shown, **state)[None, None]).float()
    return Pair(picture(both[0], both[0].encode(x)[0]), picture(both[1], both[1].encode(x)[0][0]))


def in_node(shown: LatentExplorer, call: str, inputs: np.ndarray) -> np.ndarray:
    """Return call(space, input) of the explorer's JavaScript for each row of `inputs`."""
    script = f"""(text, config, inputs) => {{
        const space = tested.latentSpace(view(text), config);
        return inputs.map((input) => ({call})(space, input));
    }}"""
    text = base64.b64encode(shown.data).decode()
    return np.array(node.call("latent/space.js", script, text, shown.config, inputs.tolist()))


def pixels(canvas: Locator) -> np.ndarray:
    """Return the ink, 0..1, that a canvas shows after the next frame, at the centers of 28 x 28 cells: (28, 28)."""
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
