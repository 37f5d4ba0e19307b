"""A digit classifier: the judge of images that a model made, trained on real ones only."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import validate


class ClassifierLoss(NamedTuple):
    """`total`: -log p(label | image), nats per image, averaged over the batch. `accuracy`: share of right answers."""

    total: Tensor
    accuracy: Tensor


class DigitClassifier(nn.Module):
    """Images (N, 1, 28, 28) -> logits (N, num_classes): two convolutions, each with BatchNorm and pooling, two layers.

    Source: after LeCun et al. 1998, with BatchNorm and ReLU.
    Raises ValueError or TypeError if `num_classes` is no whole number of at least 1.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.num_classes = validate.positive_int(num_classes, "num_classes")
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2),  # (N, 1, 28, 28) -> (N, 16, 28, 28)
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (N, 16, 14, 14)
            nn.Conv2d(16, 32, 5, padding=2),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (N, 32, 7, 7)
            nn.Flatten(),
            nn.Linear(32 * 7 * 7, 64),
            nn.ReLU(),
            nn.Linear(64, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(validate.images(x))

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Return the likeliest class of each image: (N, 1, 28, 28) in [0, 1] -> int64 (N,)."""
        return self(x).argmax(1)

    def loss(self, rows: Tensor) -> ClassifierLoss:
        """Return the cross-entropy of rows (N, 1 + 784): the label, then the gray levels (see `training.labelled`)."""
        labels, x = rows[:, 0].long(), rows[:, 1:].unflatten(1, validate.IMAGE_SHAPE)
        logits = self(x)
        return ClassifierLoss(F.cross_entropy(logits, labels), (logits.argmax(1) == labels).float().mean())
