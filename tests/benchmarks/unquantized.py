"""The VQ-VAE's encoder and decoder without a quantizer: the baseline of notebook 07.

python tests/benchmarks/unquantized.py

The same networks, batches and reconstruction loss as the VQ-VAEs of vqvae_sweeps.py, for codes of 49 D numbers. About a
minute on one core; writes the results that ship.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vqedu import data, losses, models, training
from vqedu.metrics import rates
from vqedu.pretrained import sweeps

RUNS = [{"code_dim": code_dim, "epochs": 2} for code_dim in (1, 2, 16)]  # as many epochs as the sweeps of VQ-VAEs
BITS = range(1, 9)
WRITTEN = sweeps.RESULTS / "unquantized.json"


class Loss(NamedTuple):
    total: Tensor


class Unquantized(nn.Module):
    """x -> z_e -> x_hat: `models.VQVAE` with its quantizer taken out."""

    def __init__(self, code_dim: int) -> None:
        super().__init__()
        vqvae = models.VQVAE(2, code_dim)
        self.encoder, self.decoder = vqvae.encoder, vqvae.decoder

    def loss(self, x: Tensor) -> Loss:
        return Loss(losses.reconstruction(self.decoder(self.encoder(x)), x).mean())


def train(images: data.Images, code_dim: int, epochs: int) -> Unquantized:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Unquantized(code_dim)
    training.fit(model, images.train, epochs=epochs, learning_rate=4e-3)
    return model


@torch.no_grad()
def measure(model: Unquantized, images: data.Images) -> dict[str, Any]:
    """Return the squared error per pixel on all test images, with the numbers as they are and rounded."""
    seen = torch.cat([model.encoder(x).flatten(1) for x in images.train.x[:10_000].split(1000)])
    z = torch.cat([model.encoder(x) for x in images.test.x.split(1000)])

    def error(z: Tensor) -> float:
        parts = zip(z.split(1000), images.test.x.split(1000), strict=True)
        found = [(torch.sigmoid(model.decoder(code)) - x).square().mean() for code, x in parts]
        return float(f"{torch.stack(found).mean().item():.4g}")

    curve = [(seen.shape[1] * b, error(rates.rounded(z.flatten(1), seen, b).view_as(z))) for b in BITS]
    return {"squared_error": error(z), "rounded": curve}


def write(runs: list[dict[str, Any]]) -> None:
    head = {
        "command": "python tests/benchmarks/unquantized.py",
        "data": "mnist; measured on all 10,000 test images",
        "recipe": "2 epochs, batch 128, one-cycle up to 4e-3, seed 0",
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    lines = ",\n  ".join(json.dumps(run) for run in runs)
    body = json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n  {lines}\n ]\n}}\n'
    WRITTEN.write_text(body, encoding="utf-8")


def main() -> None:
    torch.set_num_threads(1)
    images, done = data.load(), []
    for run in RUNS:
        done.append(run | measure(train(images, **run), images))
        print(done[-1], flush=True)
    write(done)


if __name__ == "__main__":
    main()
