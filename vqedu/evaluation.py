"""What a card says of a model: measured on all test images, with seed 0, rounded to five digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from vqedu import data, metrics, models


@torch.no_grad()
def evaluate(model: Any, test: data.Split, likelihood_samples: Sequence[int] = ()) -> dict[str, float]:
    """Return the numbers of a card for a model that decodes images.

    `test_squared_error` is per pixel; `test_total_nats`, `test_reconstruction_nats` and `test_kl_nats` are per image.
    For a VQ-VAE also the share of the codebook in use and its perplexity over the test images, and `test_commitment`,
    the squared distance of z_e to its codes, summed over one image. `log_p_k` is the estimate with k samples an image
    on images that were binarized once, each pixel 1 with its grey level as probability.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if isinstance(model, models.VQVAE):
            terms = _codes(model, test)
        else:
            terms = {f"test_{name}_nats": value.item() for name, value in model.loss(test.x)._asdict().items()}
        x_hat = torch.sigmoid(model(test.x).logits)
        terms["test_squared_error"] = (x_hat - test.x).square().mean().item()
        binary = torch.bernoulli(test.x)
        for k in likelihood_samples:
            terms[f"log_p_{k}"] = metrics.log_likelihood(model, binary, k).mean().item()
    return rounded(terms)


def rounded(terms: dict[str, float]) -> dict[str, float]:
    """Return the numbers with five digits each."""
    return {name: float(f"{value:.5g}") for name, value in terms.items()}


def _codes(model: models.VQVAE, test: data.Split) -> dict[str, float]:
    loss, indices = model.loss(test.x), model.encode(test.x)
    return {
        "test_reconstruction_nats": loss.reconstruction.item(),
        "test_commitment": loss.commitment_loss.item(),
        "code_usage": metrics.code_usage(indices, model.codebook_size).item(),
        "perplexity": metrics.perplexity(indices, model.codebook_size).item(),
    }
