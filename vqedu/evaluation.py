"""What a card says of a model: measured on all test images, with seed 0, rounded to five digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vqedu import checkpoints, data, metrics, models


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


@torch.no_grad()
def evaluate_classifier(model: Any, test: data.Split) -> dict[str, float]:
    """Return the share of test images whose class a DigitClassifier finds."""
    right = torch.cat([model.predict(part) for part in test.x.split(1000)]) == test.y
    return rounded({"test_accuracy": right.float().mean().item()})


@torch.no_grad()
def evaluate_prior(model: Any, rows: Tensor, tokenizer: Any, samples_a_class: int = 100) -> dict[str, float]:
    """Return the bits a code of a CodePrior on labelled code maps `rows` (N, 1 + length), without and with the label.

    `class_agreement`: the share of samples, temperature 1, to whose image `classifier-mnist` gives the asked class.
    """
    unlabelled = torch.stack([model.loss(part).bits_per_code for part in rows[:, 1:].split(1000)]).mean()
    labelled = torch.stack([model.loss(part).bits_per_code for part in rows.split(1000)]).mean()
    asked = torch.arange(model.num_classes).repeat(samples_a_class)
    samples = model.sample(len(asked), generator=torch.Generator().manual_seed(0), labels=asked)
    images = torch.sigmoid(tokenizer.decode(samples.view(-1, 7, 7)))
    judge: Any = checkpoints.load_pretrained("classifier-mnist")
    return rounded(
        {
            "test_bits_per_code": unlabelled.item(),
            "test_bits_per_code_given_class": labelled.item(),
            "class_agreement": (judge.predict(images) == asked).float().mean().item(),
        }
    )


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
