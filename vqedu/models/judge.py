"""The judge of drawn people: which role, which person and which tone of skin a picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import validate
from vqedu.data.jitter import moved


class Parts(NamedTuple):
    """Numbers of the role, the person and the tone of each picture, int64 (N,): places in the judge's lists of them."""

    role: Tensor
    person: Tensor
    tone: Tensor


class JudgeLoss(NamedTuple):
    """`total`: -log p(role) p(person) p(tone), nats per image, and the shares of right answers."""

    total: Tensor
    role: Tensor
    person: Tensor
    tone: Tensor


class PeopleJudge(nn.Module):
    """Pictures (N, 3, 32, 32) -> three classes for each: three convolutions, a hidden layer, and a head for each part.

    roles, people, tones: what the classes are called. Trained on pictures and on a VQ-VAE's reconstructions of them, so
    no better on drawings than its own accuracy says. Raises ValueError or TypeError for a bad image shape.
    """

    def __init__(
        self,
        roles: Sequence[str],
        people: Sequence[str],
        tones: Sequence[str],
        image_shape: Sequence[int] = (3, 32, 32),
        width: int = 48,
    ) -> None:
        super().__init__()
        self.roles, self.people, self.tones = tuple(roles), tuple(people), tuple(tones)
        self.image_shape = validate.image_shape(image_shape, multiple=8)
        self.width = validate.positive_int(width, "width")
        channels, height, across = self.image_shape
        self.layers = nn.Sequential(
            *_shrinking(channels, width // 2),
            *_shrinking(width // 2, width),
            *_shrinking(width, width),  # -> (N, width, 4, 4) for 32 x 32 pixels
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(width * (height // 8) * (across // 8), 64),
            nn.ReLU(),
            nn.Linear(64, sum(self._counts)),
        )

    @property
    def _counts(self) -> list[int]:
        return [len(self.roles), len(self.people), len(self.tones)]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the logits of roles, people and tones: (N, 3, 32, 32) -> (N, roles), (N, people), (N, tones)."""
        role, person, tone = self.layers(validate.images(x, shape=self.image_shape)).split(self._counts, 1)
        return role, person, tone

    @torch.no_grad()
    def predict(self, x: Tensor) -> Parts:
        """Return the likeliest role, person and tone of each picture."""
        return Parts(*(logits.argmax(1) for logits in self(x)))

    def numbers(self, roles: Sequence[str], people: Sequence[str], tones: Sequence[str]) -> Parts:
        """Return the numbers of parts given by name; raises ValueError for one that the judge does not know."""
        lists = ((roles, self.roles, "role"), (people, self.people, "person"), (tones, self.tones, "tone"))
        return Parts(
            *(torch.tensor([known.index(validate.known_name(one, known, what)) for one in asked])
              for asked, known, what in lists)
        )  # fmt: skip

    def loss(self, rows: Tensor) -> JudgeLoss:
        """Return the loss on rows (N, 3 + pixels): the three numbers, then the picture. In training each picture of a
        batch is first moved by up to two pixels, all by the same, so that the judge does not learn places by heart."""
        labels, x = rows[:, :3].long(), rows[:, 3:].unflatten(1, self.image_shape)
        if self.training:
            x = moved(x, 2)
        logits = self(x)
        total = torch.stack([F.cross_entropy(one, label) for one, label in zip(logits, labels.T, strict=True)]).sum()
        right = [(one.argmax(1) == label).float().mean() for one, label in zip(logits, labels.T, strict=True)]
        return JudgeLoss(total, *right)


def _shrinking(inputs: int, outputs: int) -> list[nn.Module]:
    """Return a convolution and what follows it; height and width become half as large."""
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
