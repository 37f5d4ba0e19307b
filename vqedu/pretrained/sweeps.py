"""Many small VQ-VAEs that differ in one setting: how one is trained and measured, and the results that ship."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from vqedu import data, metrics, models, training
from vqedu.metrics import rates

QUANTIZERS = Path(__file__).parent / "results" / "quantizers_compared.json"
RESULTS = Path(__file__).parent / "results" / "vqvae_sweeps.json"
RECIPE: dict[str, Any] = {"epochs": 2, "batch_size": 128, "learning_rate": 4e-3}  # 936 steps on the training images
BASE = {"codebook_size": 128, "code_dim": 16, "commitment_cost": 0.25, "normalize": True, "seed": 0}
SETTINGS = {
    "codebook_size": [{"codebook_size": size} for size in (2, 8, 32, 128, 512, 2048)],
    "code_dim": [{"code_dim": dim} for dim in (1, 2, 4, 8, 16, 64)],
    "commitment_cost": [
        {"commitment_cost": cost, "normalize": normalize}
        for normalize in (True, False)
        for cost in (0.0, 0.05, 0.25, 1.0, 5.0, 25.0)
    ],
    "seed": [{"seed": seed} for seed in (0, 1, 2)],
}


def train(images: data.Images, **changes: Any) -> dict[str, Any]:
    """Return what a VQ-VAE of BASE with these changes is worth after RECIPE; about 15 seconds on one core."""
    settings = BASE | changes
    with torch.random.fork_rng():
        torch.manual_seed(settings["seed"])
        arguments = {name: value for name, value in settings.items() if name != "seed"}
        model = models.VQVAE(**arguments)
    training.fit(model, images.train, **RECIPE, seed=settings["seed"])
    return settings | measure(model, images)


@torch.no_grad()
def measure(model: models.VQVAE, images: data.Images, at_once: int = 1000) -> dict[str, float]:
    """Return the measurements on all test images, to 4 digits; `at_once` images go through the model at a time.

    squared_error a pixel; used and perplexity of the codes; bits an image with indices of one length, with the shares
    of the codes, and with their shares at each position (counted on the first 10,000 training images); length of z_e
    and its distance to its code, root mean squares a vector.
    """
    error, z_e_square, distance = 0.0, 0.0, 0.0
    found = []
    for x in images.test.x.split(at_once):
        out = model(x)
        share = len(x) / len(images.test.x)
        error += share * (out.logits.sigmoid() - x).square().mean().item()
        z_e_square += share * out.z_e.square().sum(1).mean().item()
        distance += share * (out.z_e - out.z_q).square().sum(1).mean().item()
        found.append(out.indices)
    indices, size = torch.cat(found), model.codebook_size
    seen = torch.cat([model.encode(x) for x in images.train.x[:10_000].split(at_once)])
    measured = {
        "squared_error": error,
        "used": metrics.code_usage(indices, size).item(),
        "perplexity": metrics.perplexity(indices, size).item(),
        "bits": rates.fixed_length(size),
        "bits_by_shares": rates.by_shares(indices, rates.shares(seen, size)).mean().item(),
        "bits_by_position": rates.by_shares(indices, rates.shares(seen, size, by_position=True)).mean().item(),
        "z_e_length": z_e_square**0.5,
        "distance": distance**0.5,
    }
    return {name: float(f"{value:.4g}") for name, value in measured.items()}


def load() -> dict[str, Any]:
    """Return the sweeps that ship, as `python tests/benchmarks/vqvae_sweeps.py` wrote them."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def select(results: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    """Return the runs of `load()` that have BASE's settings but for those named; a tuple names several values."""
    wanted = {name: value if isinstance(value, tuple) else (value,) for name, value in (BASE | changes).items()}
    return [run for run in results["runs"] if all(run[name] in values for name, values in wanted.items())]


def quantizers() -> dict[str, dict[str, float]]:
    """Return the measurements of each run by its name, on the 10,000 test images.

    rate and entropy in bits an image, squared_error a pixel, reconstruction_nats an image, usage from 0 to 1.
    """
    return dict(json.loads(QUANTIZERS.read_text(encoding="utf-8"))["runs"])
