"""Autoencoders with 1 to 64 latent dimensions, all trained alike, and PCA with as many: writes the results that ship.

python tests/benchmarks/latent_sizes.py

About three minutes on one core. Notebook 01 draws the result; `vqedu.pretrained.sweeps.latent_sizes` reads it.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor

from vqedu import data, losses, models, training
from vqedu.pretrained import sweeps

WRITTEN = sweeps.RESULTS / "latent_sizes.json"
SIZES = (1, 2, 4, 8, 16, 32, 64)
SEED = 0
RECIPE: dict[str, Any] = {"epochs": 5, "batch_size": 256, "learning_rate": 3e-3, "seed": SEED}


def train(images: data.Images, latent_dim: int) -> models.Autoencoder:
    """Return an autoencoder of the course with this many latent dimensions, trained by RECIPE."""
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        model = models.Autoencoder(latent_dim)
    training.start_at_mean_image(model, images.train.x)
    training.fit(model, images.train, **RECIPE)
    return model


@torch.no_grad()
def measure(model: models.Autoencoder, x: Tensor) -> dict[str, float]:
    """Return the loss in nats per image and the squared error per pixel on the images x, both averaged."""
    logits = torch.cat([model(part).logits for part in x.split(1000)])
    return {
        "nats": losses.reconstruction(logits, x).mean().item(),
        "squared_error": (torch.sigmoid(logits) - x).square().mean().item(),
    }


def pca_errors(train_x: Tensor, test_x: Tensor) -> dict[int, float]:
    """Return PCA's squared error per pixel on the test images for each of SIZES, cut off at 0 and 1 as gray levels."""
    flat, test = train_x.flatten(1), test_x.flatten(1)
    mean = flat.mean(0)
    _, vectors = torch.linalg.eigh(torch.cov(flat.T))  # columns sorted by variance, largest last
    errors = {}
    for size in SIZES:
        V = vectors[:, -size:]
        x_hat = ((test - mean) @ V @ V.T + mean).clamp(0, 1)
        errors[size] = (x_hat - test).square().mean().item()
    return errors


def main() -> None:
    torch.set_num_threads(1)
    images = data.load()
    linear = pca_errors(images.train.x, images.test.x)
    runs = []
    for size in SIZES:
        measured = measure(train(images, size), images.test.x) | {"pca_squared_error": linear[size]}
        runs.append({"latent_dim": size} | {name: float(f"{value:.4g}") for name, value in measured.items()})
        print(runs[-1], flush=True)
    head = {
        "command": "python tests/benchmarks/latent_sizes.py",
        "data": "mnist; measured on all 10,000 test images",
        "recipe": RECIPE,
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    lines = ",\n  ".join(json.dumps(run) for run in runs)
    WRITTEN.write_text(json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n  {lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
