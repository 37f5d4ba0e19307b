"""VQ, FSQ and residual VQ at equal rates: distortion, usage and entropy on the test images, for notebook 09.

    python tests/benchmarks/quantizers_compared.py            # all runs, writes the results that ship
    python tests/benchmarks/quantizers_compared.py "FSQ"      # only the runs whose name begins so, prints them

The same encoder, decoder, batches and loss for all: models.VQVAE, MNIST, batch 128, one-cycle up to 4e-3, one seed.
"""

from __future__ import annotations

import json
import math
import sys

import torch

from vqedu import data, metrics, models, training
from vqedu.pretrained import sweeps
from vqedu.quantizers import FSQ, ResidualVQ

EPOCHS = 5
RUNS = {
    "VQ, K = 512": lambda: models.VQVAE(512, 16),
    "FSQ, 8 x 8 x 8": lambda: models.VQVAE(quantizer=FSQ([8, 8, 8])),
    "residual VQ, 3 levels of 8": lambda: models.VQVAE(quantizer=ResidualVQ(8, 16, 3)),
    "VQ, K = 4,096": lambda: models.VQVAE(4096, 16),
    "FSQ, 8 x 8 x 8 x 8": lambda: models.VQVAE(quantizer=FSQ([8, 8, 8, 8])),
    "residual VQ, 2 levels of 64": lambda: models.VQVAE(quantizer=ResidualVQ(64, 16, 2)),
    "residual VQ, 6 levels of 16": lambda: models.VQVAE(quantizer=ResidualVQ(16, 16, 6)),
}


def measure(model: models.VQVAE, test: data.Split) -> dict[str, float]:
    """Rate and entropy in bits per image, squared error per pixel, nats per image, share of codes in use."""
    found, size = metrics.reached(model, test.x), model.codebook_size
    levels = found.indices.view(len(test.x), 49, -1).unbind(-1)
    numbers = {
        "rate": 49 * len(levels) * math.log2(size),
        "entropy": 49 * sum(metrics.perplexity(level, size).log2().item() for level in levels),
        "squared_error": found.squared_error,
        "reconstruction_nats": found.reconstruction,
        "usage": sum(metrics.code_usage(level, size).item() for level in levels) / len(levels),
    }
    return {name: float(f"{value:.4g}") for name, value in numbers.items()}


def main(wanted: str = "") -> None:
    images = data.load("mnist")
    table = {}
    for name, build in RUNS.items():
        if name.startswith(wanted):
            torch.manual_seed(0)
            model = build()
            history = training.fit(model, images.train, epochs=EPOCHS, learning_rate=4e-3, background=True)
            table[name] = measure(model, images.test)
            print(f"{name}: {table[name]}, {history.seconds:.0f} s", flush=True)
    if not wanted:
        card = {"epochs": EPOCHS, "data": "MNIST", "seed": 0, "torch": torch.__version__.split("+")[0], "runs": table}
        (sweeps.RESULTS / "quantizers_compared.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
