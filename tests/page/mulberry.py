"""The page's random numbers, worked out in Python: mulberry32, and the transform of Box and Muller."""

from __future__ import annotations

import numpy as np

WORD = 2**32 - 1


def uniform(seed: int, count: int) -> np.ndarray:
    """Return the numbers of mulberry32 in 32 bits without a sign, moved from 0 by half a step: (count,)."""
    state, found = seed & WORD, []
    for _ in range(count):
        state = (state + 0x6D2B79F5) & WORD
        t = (state ^ state >> 15) * (1 | state) & WORD
        t ^= (t + (t ^ t >> 7) * (61 | t)) & WORD
        found.append(((t ^ t >> 14) + 0.5) / 2**32)
    return np.array(found)


def normals(seed: int, count: int) -> np.ndarray:
    """Return draws from N(0, 1), each made of two of those numbers: (count,)."""
    radius, angle = uniform(seed, 2 * count).reshape(-1, 2).T
    return np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle)
