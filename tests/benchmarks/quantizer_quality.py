"""What 1,000 steps reach: test error and codes used of our quantizer, the peer's, and the network without a quantizer.

    pip install vector-quantize-pytorch
    python tests/benchmarks/quantizer_quality.py

Batch 128, MNIST, K = 512, D = 32, Adam 1e-3; the same encoder, decoder, batches and reconstruction loss for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from vector_quantize_pytorch import VectorQuantize

from vqedu import data, losses, metrics, models

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
    """One line of the table: `quantizer` is None for ours, which the model's own settings then describe."""

    name: str
    normalize: bool
    settings: dict[str, object]
    quantizer: type[nn.Module] | None = None


CURED = {"kmeans_init": True, "threshold_ema_dead_code": 2}
RUNS = [
    Run("no quantizer", True, {}, Nothing),
    Run("no quantizer", False, {}, Nothing),
    Run("ours, EMA", True, {}),
    Run("ours, EMA", False, {}),
    Run("ours, gradient, start and revival", True, {"update": "gradient"}),
    Run("ours, gradient, uniform start", False, {"update": "gradient", "start": "uniform", "revive_after": None}),
    Run("peer, its default", False, {}, Peer),
    Run("peer, its default", True, {}, Peer),
    Run("peer, k-means, revival", False, CURED, Peer),
    Run("peer, k-means, revival", True, CURED, Peer),
    Run("peer, k-means, revival, decay 0.99", False, {**CURED, "decay": 0.99}, Peer),
    Run("peer, k-means, revival, decay 0.99", True, {**CURED, "decay": 0.99}, Peer),
]


def train(run: Run, x: Tensor, seed: int) -> tuple[models.VQVAE, nn.Module]:
    torch.manual_seed(seed)
    own = run.settings if run.quantizer is None else {}
    model = models.VQVAE(K, D, normalize=run.normalize, **own)
    vq = Ours(model.quantizer) if run.quantizer is None else run.quantizer(**run.settings)
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
    images = data.load()
    print(f"{'':36s}{'normalized':>11s}{'test MSE':>10s}{'codes used':>12s}{'perplexity':>12s}")
    for run in RUNS:
        error, indices = evaluate(*train(run, images.train.x, seed=0), images.test.x)
        used, perplexity = metrics.code_usage(indices, K).item() * K, metrics.perplexity(indices, K).item()
        codes = f"{used:12.0f}{perplexity:12.0f}" if run.quantizer is not Nothing else f"{'-':>12s}{'-':>12s}"
        print(f"{run.name:36s}{'yes' if run.normalize else 'no':>11s}{error:10.5f}{codes}", flush=True)


if __name__ == "__main__":
    main()
