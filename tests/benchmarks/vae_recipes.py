"""Prints how fast the live recipes reach their loss, beside pytorch/examples and pythae, in one run.

    python -m pip install pythae
    python -m tests.benchmarks.vae_recipes [ROUNDS]

The usual recipe: 784-400-20-400-784 with ReLU, torchvision's DataLoader, Adam 1e-3, batch 128, 10 epochs.
pythae: its own MLP (784-512-20-512-784) by its own trainer, at the same rate, batch and epochs; left out where it is
not installed.
The live recipe: the same sizes, the whole set as one tensor, fused Adam with a one-cycle rate, the output bias started
at the mean image, 3 epochs. Then the 2-D recipe. Losses are test losses in nats per image.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

from tests.data.idx_files import torchvision_mnist
from vqedu import data, models, training


class ExampleVAE(models.VAE):
    """The network of pytorch/examples: one hidden layer of 400 with ReLU on each side."""

    def __init__(self) -> None:
        super().__init__(20, hidden=(400,))
        self.encoder[1] = self.decoder[1] = nn.ReLU()


LIVE = "live 784-400-20, 3 epochs"
TestLoss = Callable[[torch.Tensor], float]  # of a trained model: images to nats per image


def usual(dataset: MNIST) -> TestLoss:
    model = ExampleVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(10):
        for x, _ in DataLoader(dataset, 128, shuffle=True):
            optimizer.zero_grad()
            model.loss(x).total.backward()
            optimizer.step()
    return loss_of(model)


def by_pythae(x: torch.Tensor) -> TestLoss:
    from pythae.models import VAE, VAEConfig
    from pythae.pipelines import TrainingPipeline
    from pythae.trainers import BaseTrainerConfig

    model = VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce"))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        settings = BaseTrainerConfig(
            output_dir=folder, num_epochs=10, learning_rate=1e-3, per_device_train_batch_size=128, no_cuda=True
        )
        TrainingPipeline(model=model, training_config=settings)(train_data=x)
    return lambda x_test: model.eval()({"data": x_test}).loss.item()


def loss_of(model: models.VAE) -> TestLoss:
    return lambda x_test: model.loss(x_test).total.item()


def live(x: torch.Tensor) -> TestLoss:
    model = models.VAE(20, hidden=(400,))
    training.start_at_mean_image(model, x)
    training.fit(model, x, epochs=3, batch_size=128, learning_rate=8e-3)
    return loss_of(model)


def live_2d(x: torch.Tensor) -> TestLoss:
    model = models.VAE(2, hidden=(400, 400, 400))
    training.start_at_mean_image(model, x)
    training.fit(model, x, epochs=10, batch_size=256, learning_rate=5e-3)
    return loss_of(model)


def measured(recipe: Callable[[], TestLoss], x_test: torch.Tensor) -> tuple[float, float]:
    """Return the seconds that a recipe takes and the test loss it reaches."""
    torch.manual_seed(0)
    start = time.perf_counter()
    test_loss = recipe()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        return seconds, test_loss(x_test)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    images = data.load("mnist")
    dataset = torchvision_mnist(images, transform=ToTensor())
    recipes: dict[str, Callable[[], TestLoss]] = {
        LIVE: lambda: live(images.train.x),
        "pytorch/examples, 10 epochs": lambda: usual(dataset),
        "pythae, 10 epochs": lambda: by_pythae(images.train.x),
        "live 784-400-400-400-2, 10 epochs": lambda: live_2d(images.train.x),
    }
    if not importlib.util.find_spec("pythae"):
        del recipes["pythae, 10 epochs"]
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in recipes}
    for _ in range(rounds):
        for name, recipe in recipes.items():
            results[name].append(measured(recipe, images.test.x))
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in results.items()
    }
    for name, (seconds, loss) in medians.items():
        times = seconds / medians[LIVE][0]
        print(f"{name:36s}{seconds:8.1f} s  {times:5.1f} times as long   test loss {loss:6.1f} nats per image")


if __name__ == "__main__":
    main()
