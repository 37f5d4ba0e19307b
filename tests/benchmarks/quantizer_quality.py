"""What 1,000 steps reach: test error and codes used of our quantizer, the peer's, and the network without a quantizer.

    pip install vector-quantize-pytorch
    python -m tests.benchmarks.quantizer_quality [seeds]

Batch 128, MNIST, K = 512, D = 32, Adam 1e-3; the same encoder, decoder, batches and reconstruction loss for all, taking
turns; medians over the seeds. The last lines leave BatchNorm out of the hidden layers, for all alike.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from vector_quantize_pytorch import VectorQuantize

from vqedu import data, losses, metrics, models
from vqedu.quantizers import VectorQuantizer

K, D, STEPS, BATCH = 512, 32, 1000, 128


class Peer(nn.Module):
    """The peer's quantizer, its own loss included; `extra` is what it adds to the reconstruction loss."""

    def __init__(self, **settings: object) -> None:
        super().__init__()
        self.vq = VectorQuantize(dim=D, codebook_size=K, accept_image_fmap=True, **settings)

    def forward(self, z_e: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z_q, indices, extra = self.vq(z_e)
        return z_q, indices, extra.sum()


class Ours(nn.Module):
    def __init__(self, vq: nn.Module) -> None:
        super().__init__()
        self.vq = vq

    def forward(self, z_e: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z_q, indices, codebook_loss, commitment_loss = self.vq(z_e)
        return z_q, indices, codebook_loss + 0.25 * commitment_loss


class Nothing(nn.Module):
    def forward(self, z_e: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return z_e, torch.zeros(len(z_e), 7, 7, dtype=torch.int64), torch.zeros(())


@dataclass
class Run:
    """One line of the table. normalize: BatchNorm without weights before the quantizer. hidden: BatchNorm elsewhere."""

    name: str
    quantizer: Callable[[], nn.Module]
    normalize: bool = True
    hidden: bool = True


def ours(**settings: object) -> Callable[[], nn.Module]:
    return lambda: Ours(VectorQuantizer(K, D, **settings))


def peer(**settings: object) -> Callable[[], nn.Module]:
    return lambda: Peer(**settings)


CURED = {"kmeans_init": True, "threshold_ema_dead_code": 2}
AS_PUBLISHED = {"update": "gradient", "start": "uniform", "revive_after": None}
RUNS = [
    Run("no quantizer", Nothing),
    Run("no quantizer", Nothing, normalize=False),
    Run("ours, EMA", ours()),
    Run("ours, EMA", ours(), normalize=False),
    Run("ours, EMA, decay 0.95", ours(decay=0.95)),
    Run("ours, gradient, start and revival", ours(update="gradient")),
    Run("ours, gradient, uniform start", ours(**AS_PUBLISHED), normalize=False),
    Run("peer, its default", peer(), normalize=False),
    Run("peer, its default", peer()),
    Run("peer, k-means, revival", peer(**CURED), normalize=False),
    Run("peer, k-means, revival", peer(**CURED)),
    Run("peer, k-means, revival, decay 0.95", peer(**CURED, decay=0.95)),
    Run("peer, k-means, revival, decay 0.99", peer(**CURED, decay=0.99), normalize=False),
    Run("peer, k-means, revival, decay 0.99", peer(**CURED, decay=0.99)),
    Run("no quantizer", Nothing, normalize=False, hidden=False),
    Run("ours, EMA", ours(), hidden=False),
    Run("ours, EMA, decay 0.95", ours(decay=0.95), hidden=False),
    Run("peer, its default", peer(), normalize=False, hidden=False),
    Run("peer, k-means, revival", peer(**CURED), normalize=False, hidden=False),
    Run("peer, k-means, revival", peer(**CURED), hidden=False),
]


def without_batchnorm(network: nn.Sequential) -> nn.Sequential:
    """Return the layers of a network less the BatchNorm of its hidden layers, which is the one with weights."""
    return nn.Sequential(*(layer for layer in network if not (isinstance(layer, nn.BatchNorm2d) and layer.affine)))


def train(run: Run, x: Tensor, seed: int) -> tuple[models.VQVAE, nn.Module]:
    torch.manual_seed(seed)
    model = models.VQVAE(K, D, normalize=run.normalize)
    if not run.hidden:
        model.encoder, model.decoder = without_batchnorm(model.encoder), without_batchnorm(model.decoder)
    vq = run.quantizer()
    parameters = [*model.encoder.parameters(), *model.decoder.parameters(), *vq.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
    batches = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        batch = x[torch.randint(0, len(x), (BATCH,), generator=batches)]
        z_q, _, extra = vq(model.encoder(batch))
        loss = losses.reconstruction(model.decoder(z_q), batch).mean() + extra
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval(), vq.eval()


@torch.no_grad()
def evaluate(model: models.VQVAE, vq: nn.Module, x: Tensor) -> tuple[float, Tensor]:
    """Return the squared error a pixel and all indices of the test images."""
    error, indices = 0.0, []
    for batch in x.split(500):
        z_q, chosen, _ = vq(model.encoder(batch))
        error += F.mse_loss(model.decoder(z_q).sigmoid(), batch).item() * len(batch)
        indices.append(chosen)
    return error / len(x), torch.cat(indices)


def main() -> None:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    images = data.load()
    found: list[list[tuple[float, float, float]]] = [[] for _ in RUNS]
    for seed in seeds:
        for run, results in zip(RUNS, found, strict=True):
            error, indices = evaluate(*train(run, images.train.x, seed), images.test.x)
            used = metrics.code_usage(indices, K).item() * K
            results.append((error, used, metrics.perplexity(indices, K).item()))
            print(f"seed {seed} {run.name:36s}{error:10.5f}", flush=True)
    print(f"{'':36s}{'normalized':>11s}{'hidden':>8s}{'test MSE':>10s}{'codes used':>12s}{'perplexity':>12s}")
    for run, results in zip(RUNS, found, strict=True):
        error, used, perplexity = (statistics.median(column) for column in zip(*results, strict=True))
        codes = f"{used:12.0f}{perplexity:12.0f}" if run.quantizer is not Nothing else f"{'-':>12s}{'-':>12s}"
        flags = f"{'yes' if run.normalize else 'no':>11s}{'yes' if run.hidden else 'no':>8s}"
        print(f"{run.name:36s}{flags}{error:10.5f}{codes}")


if __name__ == "__main__":
    main()
