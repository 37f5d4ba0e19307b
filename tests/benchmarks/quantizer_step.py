"""The quantizer's forward + backward alone, and a whole training step of the VQ-VAE, beside the peer's EMA quantizer.

    pip install vector-quantize-pytorch
    python -m tests.benchmarks.quantizer_step

Batch 128, K = 512, D = 32, 7 x 7 positions, Adam; the same encoder and decoder for both.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import VectorQuantize

from tests.benchmarks.alternating import alternating, table
from vqedu import data, losses, models
from vqedu.quantizers import VectorQuantizer

K, D = 512, 32
PEER_CURED = {"kmeans_init": True, "threshold_ema_dead_code": 2}


def peer(**settings: object) -> VectorQuantize:
    return VectorQuantize(dim=D, codebook_size=K, accept_image_fmap=True, **settings)


def quantizer_pass(vq: nn.Module, ours: bool) -> Callable[[], None]:
    z = torch.randn(128, D, 7, 7, generator=torch.Generator().manual_seed(0))

    def run() -> None:
        z_e = z.clone().requires_grad_()
        if ours:
            z_q, _, codebook_loss, commitment_loss = vq(z_e)
            extra = codebook_loss + 0.25 * commitment_loss
        else:
            z_q, _, extra = vq(z_e)
        (z_q.square().sum() + extra.sum()).backward()

    return run


def training_step(x: Tensor, vq: nn.Module | None) -> Callable[[], None]:
    """A step of our VQVAE; with `vq`, of its encoder and decoder around the peer's quantizer."""
    torch.manual_seed(0)
    model = models.VQVAE(K, D)

    def loss(batch: Tensor) -> Tensor:
        if vq is None:
            return model.loss(batch).total
        z_q, _, commitment = vq(model.encoder(batch))
        return losses.reconstruction(model.decoder(z_q), batch).mean() + commitment.sum()

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def run() -> None:
        batch = x[torch.randint(0, len(x), (128,))]
        optimizer.zero_grad()
        loss(batch).backward()
        optimizer.step()

    return run


def main() -> None:
    print("The quantizer alone, forward + backward")
    alone = {
        "ours, EMA": quantizer_pass(VectorQuantizer(K, D), True),
        "ours, gradient": quantizer_pass(VectorQuantizer(K, D, "gradient"), True),
        "peer, EMA (its default)": quantizer_pass(peer(), False),
        "peer, EMA, k-means, revival": quantizer_pass(peer(**PEER_CURED), False),
    }
    print(table(alternating(alone, 21), "ours, EMA"))
    x = data.load().train.x
    print("The whole training step")
    steps = {
        "ours, EMA": training_step(x, None),
        "peer, EMA (its default)": training_step(x, peer()),
        "peer, EMA, k-means, revival": training_step(x, peer(**PEER_CURED)),
    }
    print(table(alternating(steps, 15), "ours, EMA"))


if __name__ == "__main__":
    main()
