"""The exercises of notebook 05 on choosing codes: distances, the nearest, straight-through, a bug, dead codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine import Case, Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import quarters


def _distances(z: Tensor, codebook: Tensor) -> Tensor:
    return (z[:, None] - codebook).square().sum(2)  # (n, 1, D) - (K, D) -> (n, K, D) -> (n, K)


def _expanded(z: Tensor, codebook: Tensor, middle: float = -2.0, zz: float = 1.0, ee: float = 1.0) -> Tensor:
    """|z|^2 + middle z.e + |e|^2, with each term's factor."""
    return zz * z.square().sum(1, keepdim=True) + middle * z @ codebook.T + ee * codebook.square().sum(1)


squared_distances = Exercise(
    name="squared_distances",
    contract="squared_distances(z, codebook): vectors (n, D), codes (K, D) -> (n, K), entry [i, k] is |z_i - e_k|^2",
    cases=lambda: [
        {"z": quarters(i, n, d), "codebook": quarters(i + 20, k, d)}
        for i, (n, k, d) in enumerate([(1, 1, 1), (1, 2, 2), (3, 2, 2), (4, 6, 3)], 1)
    ],
    reference=_distances,
    mistakes=(
        Mistake(
            "mixed term with plus",
            lambda z, codebook: _expanded(z, codebook, middle=2.0),
            "You computed |z + e|^2: the distance to the mirror image of each code.",
            "Expand (z - e)^2. Which sign has the mixed term?",
        ),
        Mistake(
            "mixed term without the 2",
            lambda z, codebook: _expanded(z, codebook, middle=-1.0),
            "The mixed term is only half as large as it should be.",
            "Expand (z - e)(z - e). How often does the product of z and e appear?",
        ),
        Mistake(
            "|e|^2 left out",
            lambda z, codebook: _expanded(z, codebook, ee=0.0),
            "The lengths of the codes are missing: long codes look too near.",
            "Which of the three terms depends on k alone?",
        ),
        Mistake(
            "|z|^2 left out",
            lambda z, codebook: _expanded(z, codebook, zz=0.0),
            "The lengths of the vectors are missing. The nearest code stays the same, but these are no distances; some "
            "are negative.",
            "Which of the three terms depends on i alone?",
        ),
        Mistake(
            "distance, not squared",
            lambda z, codebook: _distances(z, codebook).sqrt(),
            "These are distances. Asked for are their squares.",
            "Does the function you call take a root at the end?",
        ),
        Mistake(
            "rows and columns exchanged",
            lambda z, codebook: _distances(z, codebook).T,
            "The table is transposed: one row a code, where there should be one row a vector.",
            "Compare the shape of your answer with (n, K).",
        ),
        Mistake(
            "averaged over D",
            lambda z, codebook: _distances(z, codebook) / z.shape[1],
            "You averaged the squares over the D numbers. A squared distance is their sum.",
            "What does Pythagoras do with the squares?",
        ),
    ),
    hints=(
        "Write |z - e|^2 for one vector and one code first.",
        "Either subtract with broadcasting, `z[:, None] - codebook`, or expand the square into three terms.",
        "The three terms are |z|^2 (n, 1), -2 z . e (n, K) and |e|^2 (K,).",
    ),
)


def _maps() -> list[Case]:
    shapes = [((1, 2, 1, 2), 3), ((1, 2, 2, 1), 3), ((2, 2, 2, 2), 4), ((2, 3, 2, 3), 5), ((3, 4, 4, 4), 6)]
    return [
        {"z_e": quarters(i, *s), "codebook": quarters(i + 20, k, s[1]) + torch.arange(k)[:, None] / 64}
        for i, (s, k) in enumerate(shapes, 1)
    ]


def _rows(z_e: Tensor) -> Tensor:
    return z_e.movedim(1, -1).reshape(-1, z_e.shape[1])  # (N, D, H, W) -> (N H W, D)


def _choice(z_e: Tensor, indices: Tensor) -> Tensor:
    return indices.view(len(z_e), *z_e.shape[2:])


def _nearest(z_e: Tensor, codebook: Tensor) -> Tensor:
    return _choice(z_e, _distances(_rows(z_e), codebook).argmin(1))


def _unpermuted(z_e: Tensor, codebook: Tensor) -> Tensor:
    return _choice(z_e, _distances(z_e.reshape(-1, z_e.shape[1]), codebook).argmin(1))


def pairs() -> list[Case]:
    """Return pairs of z_e and z_q of one shape."""
    shapes = [(1, 1), (2, 2), (2, 3, 2)]
    return [{"z_e": quarters(i, *s), "z_q": quarters(i + 40, *s)} for i, s in enumerate(shapes, 1)]


straight_through = Exercise(
    name="straight_through",
    contract="straight_through(z_e, z_q): two tensors of one shape -> the numbers of z_q, with the gradient of the "
    "identity to z_e and none to z_q",
    cases=pairs,
    reference=lambda z_e, z_q: z_q.detach() + (z_e - z_e.detach()),
    gradients=("z_e", "z_q"),
    mistakes=(
        Mistake(
            "the encoder is cut off",
            lambda z_e, z_q: z_q.detach() + 0 * z_e,
            "The numbers are right, but no gradient comes back to z_e. The encoder would never learn.",
            "Add something that is zero in value and has the derivative 1.",
        ),
        Mistake(
            "trains through the codebook",
            lambda z_e, z_q: z_q + 0 * z_e,
            "The gradient goes to the codes instead of the encoder.",
            "z_q must be taken as a number here. What takes the history away?",
        ),
        Mistake(
            "trains encoder and codebook",
            lambda z_e, z_q: z_q + (z_e - z_e.detach()),
            "The encoder receives its gradient, and the codes receive the same one.",
            "Only one of the two should hear from the decoder.",
        ),
        Mistake(
            "z_e passes through",
            lambda z_e, z_q: z_e + 0 * z_q.detach(),
            "You return z_e: nothing is quantized.",
            "Which numbers should the decoder see?",
        ),
        Mistake(
            "detached the wrong one",
            lambda z_e, z_q: z_e.detach() + (z_q - z_q.detach()),
            "The numbers are those of z_e and the gradient goes to z_q: both the wrong way round.",
            "Exchange the two names and look again.",
        ),
    ),
    hints=(
        "You need the value of one tensor and the gradient of another.",
        "`a - a.detach()` is zero, with the derivative 1 with respect to a.",
        "Start from z_q.detach(), and add that zero, made of z_e.",
    ),
)


def _lookup(z_e: Tensor, codebook: Tensor, indices: Tensor) -> Tensor:
    return codebook[indices].movedim(-1, 1)


def _unmoved(z_e: Tensor, codebook: Tensor) -> Tensor:
    rows = z_e.reshape(-1, z_e.shape[1])
    return codebook[_distances(rows, codebook).argmin(1)].view_as(z_e)


quantize = Exercise(
    name="quantize",
    contract="quantize(z_e, codebook): (N, D, H, W), codes (K, D) -> z_q (N, D, H, W): each vector along dimension 1 "
    "replaced by its nearest code. One bug is planted",
    cases=_maps,
    reference=lambda z_e, codebook: _lookup(z_e, codebook, _nearest(z_e, codebook)),
    outputs=("z_q",),
    mistakes=(
        Mistake(
            "the planted bug",
            _unmoved,
            "Every shape is right, and nothing complains. But try a z_e that is made of codes: it does not come back.",
            "Follow the D numbers of one vector through each line. Do they stay together?",
        ),
        Mistake(
            "mended on the way in only",
            lambda z_e, codebook: codebook[_nearest(z_e, codebook)].reshape(z_e.shape),
            "The right codes are chosen, and then laid out wrongly.",
            "After the lookup the D numbers lie along the last dimension. Where should they be?",
        ),
        Mistake(
            "mended on the way out only",
            lambda z_e, codebook: _lookup(z_e, codebook, _unpermuted(z_e, codebook)),
            "The codes are laid out rightly, but the wrong ones are chosen.",
            "Are the rows that you compare with the codes really vectors of z_e?",
        ),
        Mistake(
            "the farthest code",
            lambda z_e, codebook: _lookup(z_e, codebook, _choice(z_e, _distances(_rows(z_e), codebook).argmax(1))),
            "Each vector is replaced by the code farthest away.",
            "argmin or argmax?",
        ),
    ),
    hints=(
        "Test it: fill z_e with codes only, as `codebook[indices].movedim(-1, 1)`. It must come back unchanged.",
        "A reshape keeps the order in memory. In z_e the numbers that lie side by side belong to different vectors.",
        "Move dimension 1 to the end before the reshape, and back after the lookup.",
    ),
)


def _measure_dead(ask: Callable[..., Any]) -> list[Demand]:
    """Start a codebook as the learner says, run 30 steps of k-means, and count the codes in use."""
    vectors = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    codes = ask(vectors.clone(), 32, shape=(32, 2)).float()
    different = len(torch.unique(codes, dim=0))
    for _ in range(30):
        chosen = _distances(vectors, codes).argmin(1)
        for k in chosen.unique():
            codes[k] = vectors[chosen == k].mean(0)
    used = len(_distances(vectors, codes).argmin(1).unique())
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
        "Codes far from all vectors lose against any code that is near.",
        "Put one code near the vectors, or the whole codebook far away in one direction, each a little farther.",
    ),
)
