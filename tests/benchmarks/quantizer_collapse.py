"""Collapse and its remedy in 300 steps, three seeds: the codes that the test images use, K = 512, D = 32.

python tests/benchmarks/quantizer_collapse.py
"""

from __future__ import annotations

import torch

from vqedu import data, metrics, models

K, D, STEPS = 512, 32, 300
COLLAPSED = {"update": "gradient", "start": "uniform", "revive_after": None, "normalize": False}
REMEDIES = {
    "N(0, 10^2) start, gradient": COLLAPSED,
    "+ revival of dead codes": {**COLLAPSED, "revive_after": 20},
    "+ EMA": {**COLLAPSED, "revive_after": 20, "update": "ema"},
    "+ normalization": {**COLLAPSED, "revive_after": 20, "update": "ema", "normalize": True},
    "+ start from data": {},
}


def codes_used(settings: dict[str, object], images: data.Images, seed: int) -> tuple[float, float]:
    """Return how many codes the test images use after training, and their perplexity."""
    torch.manual_seed(seed)
    model = models.VQVAE(K, D, **settings)
    if settings.get("start") == "uniform":
        model.quantizer.set_codebook(10 * torch.randn(K, D))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    for _ in range(STEPS):
        batch = images.train.x[torch.randint(0, len(images.train.x), (128,))]
        optimizer.zero_grad()
        model.loss(batch).total.backward()
        optimizer.step()
    model.eval()
    indices = torch.cat([model.encode(part) for part in images.test.x.split(1000)])
    return metrics.code_usage(indices, K).item() * K, metrics.perplexity(indices, K).item()


def main() -> None:
    images = data.load()
    for name, settings in REMEDIES.items():
        results = [codes_used(settings, images, seed) for seed in range(3)]
        used = ", ".join(f"{count:.0f} ({perplexity:.0f})" for count, perplexity in results)
        print(f"{name:32s} codes used of {K} (perplexity), seeds 0 to 2: {used}", flush=True)


if __name__ == "__main__":
    main()
