"""Drawing tokens, in Python as in the page: seeded numbers, a distribution, the token that a number falls on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from vqedu.models import VQVAE
from vqedu.models.transformer import Transformer, generate

PLACES = 49

MASK = 0xFFFFFFFF


def uniforms(seed: int, count: int) -> np.ndarray:
    """Return `count` numbers in (0, 1), always the same for one seed, in Python as in the page: (count,).

    mulberry32, by Tommy Ettinger, begun at (seed + 1) * 1000003.
    """
    state, numbers = (seed + 1) * 1000003 & MASK, []
    for _ in range(count):
        state = state + 0x6D2B79F5 & MASK
        t = (state ^ state >> 15) * (state | 1) & MASK
        t = t + ((t ^ t >> 7) * (t | 61) & MASK) & MASK ^ t
        numbers.append(((t ^ t >> 14) + 0.5) / 2**32)
    return np.array(numbers)


def distribution(logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None) -> np.ndarray:
    """Return softmax(logits / temperature) over the `top_k` largest logits, 0 for the others: (V,) -> (V,).

    Of equal logits the one of the lower index counts as the larger.
    """
    kept = np.argsort(-logits, kind="stable")[:top_k]
    weights = np.exp((logits[kept].astype(np.float64) - logits.max()) / temperature)
    p = np.zeros(len(logits))
    p[kept] = weights / weights.sum()
    return p


def pick(p: np.ndarray, logits: np.ndarray, u: float) -> int:
    """Return the token on which u in (0, 1) falls, when p lies side by side from 0 to 1, the most probable first."""
    order = np.argsort(-logits, kind="stable")[: np.count_nonzero(p)]
    fallen_on = int(np.searchsorted(np.cumsum(p[order]), u, side="right"))
    return int(order[min(fallen_on, len(order) - 1)])


def surprise_bits(logits: np.ndarray, token: int) -> float:
    """Return -log2 p(token) in bits, under the model itself: temperature 1, every token allowed."""
    p = distribution(logits)
    return float(-np.log2(max(p[token], np.finfo(float).tiny)))


def draw_codes(
    transformer: Transformer, prompt: Sequence[int], codebook_size: int, state: Mapping[str, Any]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the codes drawn behind a prompt, and the logits at each place up to the next one, as the page does.

    state: drawn, seed, temperature, and perhaps top_k and fixed (codes that stand whatever the numbers say).
    """
    luck, codes = uniforms(state["seed"], PLACES), list(state.get("fixed", ()))
    found: list[np.ndarray] = []

    def draw(logits: torch.Tensor) -> torch.Tensor:
        place = len(found)
        found.append(logits[0, :codebook_size].numpy())
        if place == len(codes):
            p = distribution(found[place], state["temperature"], state.get("top_k"))
            codes.append(pick(p, found[place], luck[place]))
        return torch.tensor([[codes[place]]])

    past = transformer.empty_cache(1)
    generate(transformer, torch.tensor([list(prompt)]), min(state["drawn"] + 1, PLACES), draw, past)
    return np.array(codes[: state["drawn"]], dtype=np.int64), found


@torch.no_grad()
def partly_decoded(vqvae: VQVAE, codes: np.ndarray) -> np.ndarray:
    """Return x_hat of at most 49 codes, (28, 28) in [0, 1]; places without a code hold the zero vector."""
    z = torch.zeros(1, vqvae.code_dim, PLACES)
    z[0, :, : len(codes)] = vqvae.quantizer.codes()[torch.from_numpy(codes)].T
    return vqvae.decoder(z.view(1, -1, 7, 7)).sigmoid()[0, 0].numpy()
