"""K, D and the commitment cost swept: trains a small VQ-VAE for each setting, and writes the results that ship.

python tests/benchmarks/vqvae_sweeps.py [codebook_size] [code_dim] [commitment_cost] [seed] [cost_per_dim]

Without a name all five, about 8 minutes on one core. A run that the file already holds is done again only with --anew.
"cost_per_dim" tunes the commitment cost for short and for long codes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch

from vqedu import data, metrics, models, training
from vqedu.metrics import rates
from vqedu.pretrained import sweeps

WRITTEN = sweeps.RESULTS / "vqvae_sweeps.json"
RECIPE: dict[str, Any] = {"epochs": 2, "batch_size": 128, "learning_rate": 4e-3}  # 936 steps on the training images
SETTINGS = {
    "codebook_size": [{"codebook_size": size} for size in (2, 8, 32, 128, 512, 2048)],
    "code_dim": [{"code_dim": dim} for dim in (1, 2, 4, 8, 16, 64)],
    "commitment_cost": [
        {"commitment_cost": cost, "normalize": normalize}
        for normalize in (True, False)
        for cost in (0.0, 0.05, 0.25, 1.0, 5.0, 25.0)
    ],
    "seed": [{"seed": seed} for seed in (0, 1, 2)],
    "cost_per_dim": [{"code_dim": d, "commitment_cost": cost} for d, costs in sweeps.TUNED.items() for cost in costs],
}


def train(images: data.Images, **changes: Any) -> dict[str, Any]:
    """Return what a VQ-VAE of BASE with these changes reaches after RECIPE; about 15 seconds on one core."""
    settings = sweeps.BASE | changes
    with torch.random.fork_rng():
        torch.manual_seed(settings["seed"])
        model = models.VQVAE(**{name: value for name, value in settings.items() if name != "seed"})
    training.fit(model, images.train, **RECIPE, seed=settings["seed"])
    return settings | measure(model, images)


def measure(model: models.VQVAE, images: data.Images, at_once: int = 1000) -> dict[str, float]:
    """Return the measurements on all test images, to 4 digits, as `sweeps.load` names them.

    The shares of the codes are counted on the first 10,000 training images.
    """
    found, size = metrics.reached(model, images.test.x, at_once), model.codebook_size
    seen = torch.cat([model.encode(x) for x in images.train.x[:10_000].split(at_once)])
    measured = {
        "squared_error": found.squared_error,
        "used": metrics.code_usage(found.indices, size).item(),
        "perplexity": metrics.perplexity(found.indices, size).item(),
        "bits": rates.fixed_length(size),
        "bits_by_shares": rates.by_shares(found.indices, rates.shares(seen, size)).mean().item(),
        "bits_by_position": rates.by_shares(found.indices, rates.shares(seen, size, by_position=True)).mean().item(),
        "z_e_length": found.z_e_square**0.5,
        "distance": (found.commitment / 49) ** 0.5,
    }
    return {name: float(f"{value:.4g}") for name, value in measured.items()}


def settings_of(run: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(run[name] for name in sweeps.BASE)


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    names = [name for name in arguments if name != "--anew"] or list(SETTINGS)
    runs = sweeps.load()["runs"] if WRITTEN.exists() else []
    images = data.load()
    for changes in (changes for name in names for changes in SETTINGS[name]):
        wanted = settings_of(sweeps.BASE | changes)
        if "--anew" not in arguments and wanted in map(settings_of, runs):
            continue
        run = train(images, **changes)
        runs = [*(old for old in runs if settings_of(old) != wanted), run]
        print(run, flush=True)
        write(sorted(runs, key=settings_of))


def write(runs: list[dict[str, Any]]) -> None:
    """Write the results, one run a line, with what is needed to repeat them."""
    head = {
        "command": "python tests/benchmarks/vqvae_sweeps.py",
        "data": "mnist; measured on all 10,000 test images",
        "recipe": RECIPE,
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    lines = ",\n  ".join(json.dumps(run) for run in runs)
    body = json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n  {lines}\n ]\n}}\n'
    WRITTEN.write_text(body, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
