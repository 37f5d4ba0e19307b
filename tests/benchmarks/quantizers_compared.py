"""VQ, FSQ and residual VQ at equal rates: distortion, usage and entropy on the test images, for notebook 08.

    python tests/benchmarks/quantizers_compared.py            # all runs, writes vqedu/assets/quantizers_compared.json
    python tests/benchmarks/quantizers_compared.py "FSQ"      # only the runs whose name begins so, prints them

The same encoder, decoder, batches and loss for all: models.VQVAE, MNIST, batch 128, one-cycle up to 4e-3, one seed.
"""

from __future__ import annotations

import json
import math
import sys

import torch

from vqedu import data, metrics, models, training
from vqedu.pretrained.sweeps import QUANTIZERS
from vqedu.quantizers import FSQ, ResidualVQ

EPOCHS = 5
RUNS = {
    "VQ, K = 512": lambda: models.VQVAE(512, 16),
    "FSQ, 8 x 8 x 8": lambda: models.VQVAE(512, 3, quantizer=FSQ([8, 8, 8])),
    "residual VQ, 3 levels of 8": lambda: models.VQVAE(8, 16, quantizer=ResidualVQ(8, 16, 3)),
    "VQ, K = 4,096": lambda: models.VQVAE(4096, 16),
    "FSQ, 8 x 8 x 8 x 8": lambda: models.VQVAE(4096, 4, quantizer=FSQ([8, 8, 8, 8])),
    "residual VQ, 2 levels of 64": lambda: models.VQVAE(64, 16, quantizer=ResidualVQ(64, 16, 2)),
    "residual VQ, 6 levels of 16": lambda: models.VQVAE(16, 16, quantizer=ResidualVQ(16, 16, 6)),
}


@torch.no_grad()
def measure(model: models.VQVAE, test: data.Split) -> dict[str, float]:
    """Rate in bits an image, squared error a pixel, nats an image, share of codes in use, entropy in bits an image."""
    out = model(test.x)
    levels = out.indices.view(len(test.x), 49, -1).unbind(-1)
    size = model.codebook_size
    usage = sum(metrics.code_usage(level, size).item() for level in levels) / len(levels)
    entropy = sum(metrics.perplexity(level, size).log2().item() for level in levels)
    numbers = {
        "rate": 49 * len(levels) * math.log2(size),
        "entropy": 49 * entropy,
        "squared_error": (torch.sigmoid(out.logits) - test.x).square().mean().item(),
        "reconstruction_nats": model.loss(test.x).reconstruction.item(),
        "usage": usage,
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
        QUANTIZERS.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
