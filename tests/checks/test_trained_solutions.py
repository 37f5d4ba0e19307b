"""Right solutions of the larger tasks that resemble ours in nothing but the outcome: each trains, so they run at night."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import checks, models

pytestmark = pytest.mark.nightly
Loss = Callable[..., Tensor]


def train(model: Any, loss: Loss, *data: Tensor, epochs: int, size: int, rate: float) -> Any:
    """Adam on batches of `data`, with a rate that rises and falls."""
    optimizer = torch.optim.Adam(model.parameters(), rate)
    batches = [batch for _ in range(epochs) for batch in torch.randperm(len(data[0])).split(size)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=len(batches) + 1, pct_start=0.2)
    for batch in batches:
        optimizer.zero_grad()
        loss(model, *(part[batch] for part in data)).backward()
        optimizer.step()
        schedule.step()
    return model


class Convolutional(nn.Module):
    """Two convolutions each way, and one linear layer."""

    def __init__(self, width: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        down = [nn.Conv2d(1, width, 3, 2, 1), norm(width), nn.ReLU(), nn.Conv2d(width, 2 * width, 3, 2, 1)]
        self.encoder = nn.Sequential(*down, norm(2 * width), nn.ReLU(), nn.Flatten(), nn.Linear(98 * width, 32))
        up = [
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
            norm(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1),
        ]
        wide = [nn.Linear(32, 98 * width), nn.Unflatten(1, (2 * width, 7, 7)), norm(2 * width), nn.ReLU()]
        self.decoder = nn.Sequential(*wide, *up)

    def encode(self, x: Tensor) -> Any:
        return self.encoder(x)

    def decode(self, z: Tensor) -> Any:
        return self.decoder(z)


def per_image(model: Any, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(model.decode(model.encode(x)), x, reduction="sum") / len(x)


def per_pixel(model: Any, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(model.decode(model.encode(x)), x)


def batch_normalization(x: Tensor) -> Any:
    model = Convolutional(16, nn.BatchNorm2d)
    return train(model, per_image, x, epochs=2, size=64, rate=3e-3)


def no_normalization(x: Tensor) -> Any:
    model = Convolutional(32, lambda width: nn.Identity())
    return train(model, per_pixel, x, epochs=2, size=64, rate=3e-3)


@pytest.mark.parametrize("solution", [batch_normalization, no_normalization])
def test_another_convolutional_autoencoder_passes(solution: Callable[..., Any]) -> None:
    result = checks.build_autoencoder(solution)
    assert result.passed, result


class Recurrent(nn.Module):
    """No attention at all: a GRU over the left neighbors, beside the code above."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.left, self.above, self.label = nn.Embedding(129, 64), nn.Embedding(129, 64), nn.Embedding(10, width)
        self.place, self.gru = nn.Parameter(torch.zeros(49, 64)), nn.GRU(64, width, batch_first=True)
        self.out = nn.Sequential(nn.Linear(width + 64, 128), nn.ReLU(), nn.Linear(128, 128))

    def forward(self, codes: Tensor, labels: Tensor) -> Any:
        left, above = (F.pad(codes, (back, 0), value=128)[:, :49] for back in (1, 7))
        x = self.left(left) + self.above(above) + self.place
        return self.out(torch.cat([self.gru(x, self.label(labels)[None])[0], x], 2))


def test_a_prior_without_attention_passes() -> None:
    def nats(model: Any, codes: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(model(codes, labels).mT, codes)

    result = checks.build_prior(lambda *maps: train(Recurrent(), nats, *maps, epochs=3, size=64, rate=6e-3))
    assert result.passed, result


def test_a_small_constant_beta_rescues_as_well() -> None:
    def rescue(model: models.CausalVAE, x: Tensor) -> Any:
        return train(model, lambda model, x: model.loss(x, 0.4).total, x, epochs=5, size=128, rate=4e-3)

    result = checks.build_rescue(rescue)
    assert result.passed, result
