"""One quantizer of each kind, with which the contract and every explorer are tested."""

from __future__ import annotations

from collections.abc import Callable

import torch

from vqedu.models import VQVAE
from vqedu.quantizers import FSQ, Quantizer, ResidualVQ, VectorQuantizer

QUANTIZERS: dict[str, Callable[[], Quantizer]] = {
    "VectorQuantizer": lambda: VectorQuantizer(12, 3),
    "VectorQuantizer by gradient": lambda: VectorQuantizer(12, 3, "gradient"),
    "FSQ": lambda: FSQ([3, 4]),
    "ResidualVQ": lambda: ResidualVQ(12, 3, 4),
}


def started(name: str) -> VQVAE:
    """Return a VQ-VAE with this quantizer that has seen 40 seeded images, in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = VQVAE(quantizer=QUANTIZERS[name]())
        with torch.no_grad():
            for _ in range(3):
                model(torch.rand(40, 1, 28, 28).square())
    return model.eval()
