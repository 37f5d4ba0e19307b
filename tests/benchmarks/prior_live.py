"""A small prior trained once over the code maps of the 60,000 training digits, with Adam and with Muon.

    python tests/benchmarks/prior_live.py

Width 64, 3 layers (170,000 weights), batches of 32, each optimizer at its best rate of those tried (Adam 3e-3, 6e-3;
Muon 6e-3, 1e-2). One run each, since a run takes half a minute; the bits move by about 0.01 with the seed.
"""

from __future__ import annotations

import sys

import torch

from vqedu import data, models, training
from vqedu.pretrained import recipes

RATES = {"adam": 6e-3, "muon": 1e-2}


@torch.no_grad()
def bits_per_code(prior: models.CodePrior, rows: torch.Tensor) -> float:
    return sum(prior.loss(part).bits_per_code.item() for part in rows.split(1000)) / len(rows.split(1000))


def main() -> None:
    recipe = recipes.Recipe("CodePrior", {"codebook_size": 128, "width": 64, "depth": 3}, tokenizer="vqvae-mnist")
    images = data.load("mnist")
    train, test = (recipes.examples(recipe, split).flatten(1) for split in (images.train, images.test))
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    for name, rate in RATES.items():
        torch.manual_seed(seed)
        prior = models.CodePrior(128, width=64, depth=3)
        history = training.fit(prior, train, epochs=1, batch_size=32, learning_rate=rate, optimizer=name, seed=seed)
        bits = bits_per_code(prior, test)
        print(f"{name:5s} {history.seconds:6.1f} s, {torch.get_num_threads()} threads: {bits:.3f} bits a code (test)")


if __name__ == "__main__":
    main()
