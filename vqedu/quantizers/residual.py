"""Residual vector quantization: each codebook quantizes what the ones before it left over."""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn

from vqedu import validate
from vqedu.quantizers.contract import Quantized
from vqedu.quantizers.vector import VectorQuantizer, straight_through


class ResidualVQ(nn.Module):
    """r_0 = z_e; at each level e_l = nearest code to r_(l-1), r_l = r_(l-1) - e_l; z_q = e_1 + ... + e_L.

    L codebooks of K codes name K^L sums with L indices: 4 levels of 16 codes cost 16 bits, as one codebook of 65,536.
    Worked shape: z_e (128, 16, 7, 7) gives indices (128, 7, 7, L), coarse first, and z_q (128, 16, 7, 7).

    Source: Zeghidour et al. 2021 (SoundStream), section III-C; Lee et al. 2022 (RQ-VAE), section 3.1. The losses are
    sums over the levels: codebook_loss sum_l |sg(r_(l-1)) - e_l|^2, commitment_loss sum_l |r_(l-1) - sg(e_l)|^2, the
    latter as eq. 7 of Lee et al. Each level has its own codebook, as SoundStream; Lee et al. share one.
    Each level is a VectorQuantizer: `update`, `start` and `revive_after` are described there.
    level_dropout: in training, z_q of each example ends after a random level, 1 to L, so that a decoder learns to make
    do with the first ones (SoundStream's "quantizer dropout", which draws one number a batch).

    Raises TypeError or ValueError for a size below 1 and for an unknown `update` or `start`.
    """

    def __init__(
        self,
        codebook_size: int,
        code_dim: int,
        num_levels: int,
        update: Literal["ema", "gradient"] = "ema",
        *,
        start: Literal["data", "uniform"] = "data",
        revive_after: int | None = 20,
        level_dropout: bool = False,
    ) -> None:
        super().__init__()
        self.codebook_size, self.code_dim = codebook_size, code_dim
        self.num_levels = validate.positive_int(num_levels, "num_levels")
        self.update, self.start, self.revive_after = update, start, revive_after
        self.level_dropout = level_dropout
        self.bound = nn.Identity()
        self.levels = nn.ModuleList(
            VectorQuantizer(codebook_size, code_dim, update, start=start, revive_after=revive_after)
            for _ in range(num_levels)
        )

    def forward(self, z_e: Tensor) -> Quantized:
        """Quantize z_e (N, D, *): `indices` (N, *, L). Raises as VectorQuantizer does."""
        residual, codes = z_e, torch.zeros_like(z_e)
        last = self._last_levels(z_e)
        indices, codebook_losses, commitment_losses = [], [], []
        for number, level in enumerate(self.stages):
            out = level(residual)
            code = out.z_q.detach()
            residual, codes = residual - code, codes + code * (number <= last)
            indices.append(out.indices)
            codebook_losses.append(out.codebook_loss)
            commitment_losses.append(out.commitment_loss)
        return Quantized(
            z_q=straight_through(z_e, codes),
            indices=torch.stack(indices, -1),
            codebook_loss=torch.stack(codebook_losses).sum(),
            commitment_loss=torch.stack(commitment_losses).sum(),
        )

    def lookup(self, indices: Tensor) -> Tensor:
        """Return the sums that indices stand for: (N, *, l) -> z_q (N, D, *), of the first l levels, l from 1 to L.

        Raises TypeError for no whole numbers, ValueError for an index out of range or too many levels.
        """
        validate.indices(indices, self.codebook_size)
        if indices.dim() < 2 or not 1 <= indices.shape[-1] <= self.num_levels:
            raise ValueError(
                f"indices must have shape (N, *, l) with l from 1 to {self.num_levels} levels, "
                f"got {tuple(indices.shape)}."
            )
        codes = [level.lookup(part) for level, part in zip(self.stages, indices.unbind(-1), strict=False)]
        return torch.stack(codes).sum(0)

    @torch.no_grad()
    def nearest(self, z_e: Tensor) -> Tensor:
        """Return each level's index for each vector, and learn nothing: (N, D, *) -> (N, *, L) int64."""
        residual, indices = z_e, []
        for level in self.stages:
            indices.append(level.nearest(residual))
            residual = residual - level.lookup(indices[-1])
        return torch.stack(indices, -1)

    def codes(self) -> Tensor:
        """Return the codes of the first level, (K, D): `lookup(k[..., None])` is `codes()[k]`.

        The other levels have tables of their own, `stages[l].codes()`.
        """
        return self.stages[0].codes()

    @property
    def stages(self) -> list[VectorQuantizer]:
        """The levels, coarse first."""
        return cast("list[VectorQuantizer]", list(self.levels))

    def _last_levels(self, z_e: Tensor) -> Tensor:
        """Return the number of the last level that each example uses, from 0: (N, 1, ...), to go with z_e."""
        shape = (len(z_e), *[1] * (z_e.dim() - 1))
        if self.training and self.level_dropout:
            return torch.randint(self.num_levels, shape, device=z_e.device)
        return torch.full(shape, self.num_levels - 1, device=z_e.device)
