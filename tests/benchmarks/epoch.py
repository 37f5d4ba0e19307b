"""Prints the time of one epoch of the autoencoder: `training.fit`, a bare loop, and the usual torchvision DataLoader.

    python -m tests.benchmarks.epoch [ROUNDS]

All three run the same network and batch size over the 60,000 images, taking turns. The bare loop has the fused Adam
that `fit` has; the usual loop is as tutorials have it, with ToTensor, a shuffling DataLoader, and torch's default Adam.
"""

from __future__ import annotations

import sys

import torch
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

from tests.benchmarks.alternating import alternating, table
from tests.data.idx_files import torchvision_mnist
from vqedu import data, losses, models, training

BATCH = 128


def setup(fused: bool | None = True) -> tuple[models.Autoencoder, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = models.Autoencoder(32)
    return model, torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)


def step(model: models.Autoencoder, optimizer: torch.optim.Optimizer, x: torch.Tensor) -> None:
    loss = losses.reconstruction(model.decoder(model.encoder(x.flatten(1))).view_as(x), x).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def bare(x: torch.Tensor) -> None:
    model, optimizer = setup()
    for batch in torch.randperm(len(x)).split(BATCH):
        step(model, optimizer, x[batch])


def usual(dataset: MNIST) -> None:
    model, optimizer = setup(fused=None)
    for x, _ in DataLoader(dataset, BATCH, shuffle=True):
        step(model, optimizer, x)


def ours(x: torch.Tensor) -> None:
    training.fit(setup()[0], x, epochs=1, batch_size=BATCH, learning_rate=1e-3)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    images = data.load("mnist")
    x, dataset = images.train.x, torchvision_mnist(images, transform=ToTensor())
    candidates = {
        "training.fit": lambda: ours(x),
        "bare loop over a tensor": lambda: bare(x),
        "torchvision DataLoader loop": lambda: usual(dataset),
    }
    print(table(alternating(candidates, rounds), "training.fit"))
    print("aims: fit at most 1.15 times the bare loop, and at most 1/2 of the DataLoader loop")


if __name__ == "__main__":
    main()
