"""Many small models that differ in one setting, and quantizers compared at equal bits: the results that ship."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
BASE = {"codebook_size": 128, "code_dim": 16, "commitment_cost": 0.25, "normalize": True, "seed": 0}
TUNED = {2: (0.05, 0.25), 16: (0.05, 0.25, 1.0), 64: (0.05, 0.25)}  # code_dim: the commitment costs that were tried


def load() -> dict[str, Any]:
    """Return the sweeps that ship, as `python tests/benchmarks/vqvae_sweeps.py` wrote them.

    Each of the "runs" has its settings, and what it reached on the 10,000 test images: squared_error per pixel; used
    (a share) and perplexity of the codes; bits per image with indices of one length, with the shares of the codes, and
    with their shares at each position; z_e_length, and the distance to its code, root mean squares per vector.
    """
    return json.loads((RESULTS / "vqvae_sweeps.json").read_text(encoding="utf-8"))


def select(results: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    """Return the runs of `load()` that have BASE's settings but for those named; a tuple names several values."""
    wanted = {name: value if isinstance(value, tuple) else (value,) for name, value in (BASE | changes).items()}
    return [run for run in results["runs"] if all(run[name] in values for name, values in wanted.items())]


def quantizers() -> dict[str, list[dict[str, float]]]:
    """Return what each quantizer reached on the 10,000 test images, by its name, one entry per seed.

    rate and entropy in bits per image, squared_error per pixel, reconstruction_nats per image, usage from 0 to 1;
    entropy_by_stage is the sum of the stages' entropies, equal to entropy where there is one stage.
    As `python tests/benchmarks/quantizers_compared.py` wrote them.
    """
    stored = json.loads((RESULTS / "quantizers_compared.json").read_text(encoding="utf-8"))["runs"]
    return {name: list(seeds.values()) for name, seeds in stored.items()}


def latent_sizes() -> list[dict[str, float]]:
    """Return what autoencoders of 1 to 64 latent dimensions reached on the 10,000 test images, trained alike.

    Each has latent_dim, nats per image, squared_error per pixel, and pca_squared_error of PCA with as many numbers.
    As `python tests/benchmarks/latent_sizes.py` wrote them.
    """
    return list(json.loads((RESULTS / "latent_sizes.json").read_text(encoding="utf-8"))["runs"])


def unquantized() -> list[dict[str, Any]]:
    """Return what the encoder and decoder of `models.VQVAE` reach without a quantizer between them, 49 D numbers each.

    Each of the runs has code_dim (D), epochs, and the squared_error per pixel on the 10,000 test images; and "rounded",
    (bits per image, squared_error) with each of the 49 D numbers rounded to 2^1, 2^2, ... levels.
    """
    return list(json.loads((RESULTS / "unquantized.json").read_text(encoding="utf-8"))["runs"])
