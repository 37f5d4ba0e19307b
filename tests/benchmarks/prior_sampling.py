"""Sampling 64 code maps of 49 codes with the cache of keys and values and without it, and what the cache saves.

    python -m tests.benchmarks.prior_sampling

The shipped prior (479,000 weights) if it is there, else an untrained one of the same size: the time is the same.
"""

from __future__ import annotations

import torch

from tests.benchmarks.alternating import alternating, table
from vqedu import models, pretrained


def prior() -> models.CodePrior:
    if "prior-mnist" in pretrained.names():
        return pretrained.load("prior-mnist")  # type: ignore[return-value]
    return models.CodePrior(128).eval()


def main() -> None:
    model = prior()
    weights = sum(parameter.numel() for parameter in model.parameters())
    print(f"{weights:,} weights, {torch.get_num_threads()} threads, 64 images of 49 codes")
    candidates = {
        "with the cache": lambda: model.sample(64),
        "without": lambda: model.sample(64, cache=False),
    }
    print(table(alternating(candidates, 15), "with the cache"))


if __name__ == "__main__":
    main()
