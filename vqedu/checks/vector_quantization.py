"""The exercises on choosing codes: a buggy quantizer, and a start that makes codes dead."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine.exercise import Challenge, Demand, Exercise, Mistake
from vqedu.checks.engine.numbers import quarters
from vqedu.checks.engine.observing import Case


def _distances(z: Tensor, codebook: Tensor) -> Tensor:
    """Return the squared distances: (n, D) and (K, D) -> (n, K)."""
    return (z[:, None] - codebook).square().sum(2)


def _maps() -> list[Case]:
    shapes = [((1, 2, 1, 2), 3), ((1, 2, 2, 1), 3), ((2, 2, 2, 2), 4), ((2, 3, 2, 3), 5), ((3, 4, 4, 4), 6)]
    return [
        {"z_e": quarters(i, *s), "codebook": quarters(i + 20, k, s[1]) + torch.arange(k)[:, None] / 64}
        for i, (s, k) in enumerate(shapes, 1)
    ]


def _split(z_e: Tensor) -> Tensor:
    return z_e.movedim(1, -1).reshape(-1, z_e.shape[1])  # (N, D, H, W) -> (N H W, D)


def _split_by_reshape(z_e: Tensor) -> Tensor:
    return z_e.reshape(-1, z_e.shape[1])


def _lay_out(codes: Tensor, z_e: Tensor) -> Tensor:
    return codes.view(len(z_e), *z_e.shape[2:], z_e.shape[1]).movedim(-1, 1)  # (N H W, D) -> (N, D, H, W)


def _quantize(
    z_e: Tensor,
    codebook: Tensor,
    *,
    split: Callable[[Tensor], Tensor] = _split,
    choose: Callable[[Tensor, Tensor], Tensor] = lambda rows, codebook: _distances(rows, codebook).argmin(1),
    lay_out: Callable[[Tensor, Tensor], Tensor] = _lay_out,
) -> Tensor:
    return lay_out(codebook[choose(split(z_e), codebook)], z_e)


quantize = Exercise(
    name="quantize",
    contract="quantize(z_e, codebook): (N, D, H, W), codes (K, D) -> z_q (N, D, H, W): each vector along dimension 1 "
    "replaced by its nearest code. The code given contains one bug",
    cases=_maps,
    reference=_quantize,
    outputs=("z_q",),
    mistakes=(
        Mistake(
            "the planted bug",
            partial(_quantize, split=_split_by_reshape, lay_out=lambda codes, z_e: codes.view_as(z_e)),
            "Every shape is right, and there is no error. But try a z_e that is made of codes: it comes back changed.",
            "Follow the D numbers of one vector through each line. Do they stay together?",
        ),
        Mistake(
            "fixed on the way in only",
            partial(_quantize, lay_out=lambda codes, z_e: codes.reshape(z_e.shape)),
            "The right codes are chosen, but then arranged wrongly.",
            "After the lookup the D numbers lie along the last dimension. Where should they be?",
        ),
        Mistake(
            "fixed on the way out only",
            partial(_quantize, split=_split_by_reshape),
            "The codes are arranged correctly, but the wrong ones are chosen.",
            "Is each row that you compare with the codes really one vector of z_e?",
        ),
        Mistake(
            "the farthest code",
            partial(_quantize, choose=lambda rows, codebook: _distances(rows, codebook).argmax(1)),
            "Each vector is replaced by the code that is farthest away.",
            "argmin or argmax?",
        ),
        Mistake(
            "largest product",
            partial(_quantize, choose=lambda rows, codebook: (rows @ codebook.T).argmax(1)),
            "You chose by the inner product. That gives the nearest code only if all codes have the same length.",
            "|z - e|^2 contains |e|^2 too.",
        ),
        Mistake(
            "height and width exchanged",
            partial(_quantize, lay_out=lambda codes, z_e: _exchanged(codes, z_e)),
            "The right codes are chosen, but the rows and columns of the map are swapped.",
            "In which order do N, H, W and D lie after the lookup?",
        ),
    ),
    hints=(
        "Test it: fill z_e with codes only, as `codebook[indices].movedim(-1, 1)`. It must come back unchanged.",
        "A reshape keeps the order in memory. In z_e, neighbors in memory belong to different vectors.",
        "Move dimension 1 to the end before the reshape, and back after the lookup.",
    ),
)


def _exchanged(codes: Tensor, z_e: Tensor) -> Tensor:
    return _lay_out(codes, z_e).transpose(2, 3)


def pairs() -> list[Case]:
    """Return pairs of z_e and z_q of one shape."""
    shapes = [(1, 1), (2, 2), (2, 3, 2)]
    return [{"z_e": quarters(i, *s), "z_q": quarters(i + 40, *s)} for i, s in enumerate(shapes, 1)]


def _measure_dead(ask: Callable[..., Any]) -> list[Demand]:
    """Start a codebook as the learner says, run 30 steps of k-means, and count the codes in use."""
    vectors = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    codes = ask(vectors.clone(), 32, shape=(32, 2)).float()
    different = len(torch.unique(codes, dim=0))
    for _ in range(30):
        chosen = torch.cdist(vectors, codes).argmin(1)
        for k in chosen.unique():
            codes[k] = vectors[chosen == k].mean(0)
    used = len(torch.cdist(vectors, codes).argmin(1).unique())
    return [
        Demand("32 codes that all differ", different == 32, f"{different} different ones"),
        Demand("after 30 steps of k-means at most 3 codes are in use", used <= 3, f"{used} of 32"),
    ]


dead_codes = Challenge(
    name="dead_codes",
    contract="dead_codes(z, K): vectors (n, D), a number -> a starting codebook (K, D) of different codes, of which "
    "k-means can use at most three",
    parameters=("z", "K"),
    measure=_measure_dead,
    hints=(
        "A code moves only if some vector chooses it. Which codes will no vector ever choose?",
        "Codes far from all vectors lose to any code that is near.",
        "Put one code near the vectors, or the whole codebook far away in one direction, each a little farther.",
    ),
)
