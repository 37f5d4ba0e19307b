"""The exercises of notebook 05: distances, the nearest code, straight-through, two losses, averages, dead codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.exercise import Case, Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import quarters, whole


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
            "The lengths of the vectors are missing. The nearest code stays the same, but these are no distances; "
            "some "
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


def _over_positions(z_e: Tensor, codebook: Tensor) -> Tensor:
    return _distances(_rows(z_e), codebook).argmin(0)


nearest_code = Exercise(
    name="nearest_code",
    contract="nearest_code(z_e, codebook): (N, D, H, W), codes (K, D) -> int64 (N, H, W): the nearest code's index "
    "of "
    "each vector along dimension 1",
    cases=_maps,
    reference=_nearest,
    outputs=("indices",),
    mistakes=(
        Mistake(
            "argmax for argmin",
            lambda z_e, codebook: _choice(z_e, _distances(_rows(z_e), codebook).argmax(1)),
            "You chose the code that is farthest away.",
            "Should the distance be as large or as small as possible?",
        ),
        Mistake(
            "reshape without permute",
            _unpermuted,
            "The rows you compare with the codes are not the vectors: a reshape alone cuts through the channels.",
            "Which dimension of z_e holds the numbers of one vector? Move it to the end before you flatten.",
        ),
        Mistake(
            "over the wrong axis",
            _over_positions,
            "You asked each code for its nearest vector, and got one answer a code.",
            "The table of distances is (vectors, codes). Over which of the two should the minimum go?",
        ),
        Mistake(
            "largest product",
            lambda z_e, codebook: _choice(z_e, (_rows(z_e) @ codebook.T).argmax(1)),
            "You chose by the inner product. That is the nearest code only if all codes are equally long.",
            "|z - e|^2 holds |e|^2 too.",
        ),
        Mistake(
            "H and W exchanged",
            lambda z_e, codebook: _nearest(z_e, codebook).transpose(1, 2),
            "The indices are right, but rows and columns of the map are exchanged.",
            "Into which order of N, H, W do your flat indices belong?",
        ),
    ),
    hints=(
        "Write the shapes down: z_e (N, D, H, W), vectors (N H W, D), distances (N H W, K), indices (N H W,).",
        "`z_e.movedim(1, -1).reshape(-1, D)` makes one row a vector.",
        "`argmin(1)` over the codes, then `.view(N, H, W)`.",
    ),
)


def _pairs() -> list[Case]:
    shapes = [(1, 1), (2, 2), (2, 3, 2)]
    return [{"z_e": quarters(i, *s), "z_q": quarters(i + 40, *s)} for i, s in enumerate(shapes, 1)]


straight_through = Exercise(
    name="straight_through",
    contract="straight_through(z_e, z_q): two tensors of one shape -> the numbers of z_q, with the gradient of the "
    "identity "
    "to z_e and none to z_q",
    cases=_pairs,
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


def _half(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance, summed over one example, averaged over the batch."""
    return (a - b).square().sum() / len(a)


def _vq(z_e: Tensor, z_q: Tensor, codebook: float, commitment: float) -> Tensor:
    return codebook * _half(z_e.detach(), z_q) + commitment * _half(z_e, z_q.detach())


def _costs() -> list[Case]:
    return [case | {"cost": cost} for case, cost in zip(_pairs(), (0.25, 0.5, 0.25), strict=True)]


vq_loss = Exercise(
    name="vq_loss",
    contract="vq_loss(z_e, z_q, cost): two tensors (N, ...), a number -> one number: |sg(z_e) - z_q|^2 + cost |z_e - "
    "sg(z_q)|^2, summed over one example, averaged over the batch",
    cases=_costs,
    reference=lambda z_e, z_q, cost: _vq(z_e, z_q, 1, cost),
    gradients=("z_e", "z_q"),
    mistakes=(
        Mistake(
            "cost on the wrong term",
            lambda z_e, z_q, cost: _vq(z_e, z_q, cost, 1),
            "The number is right, but the cost stands before the term that moves the codes. (Exchanged "
            "stop-gradients do the same.)",
            "Which term moves the encoder? That one carries the cost.",
        ),
        Mistake(
            "no stop-gradient",
            lambda z_e, z_q, cost: (1 + cost) * _half(z_e, z_q),
            "The number is right, but both terms move both sides.",
            "Where is sg( ) in your code?",
        ),
        Mistake(
            "cost on both terms",
            lambda z_e, z_q, cost: _vq(z_e, z_q, cost, cost),
            "The cost multiplies the codebook's term as well.",
            "How many of the two terms does the formula multiply by the cost?",
        ),
        Mistake(
            "cost left out",
            lambda z_e, z_q, cost: _vq(z_e, z_q, 1, 1),
            "Both terms have the weight 1.",
            "Which of your three arguments do you not use?",
        ),
        Mistake(
            "codebook loss left out",
            lambda z_e, z_q, cost: _vq(z_e, z_q, 0, cost),
            "Only the commitment is there. Without averages (EMA) the codes would never move.",
            "Which term has a gradient for z_q?",
        ),
        Mistake(
            "averaged over the elements",
            lambda z_e, z_q, cost: _vq(z_e, z_q, 1, cost) * len(z_e) / z_e.numel(),
            "You averaged over all elements. The terms are summed over one example, as the reconstruction is.",
            "What does `mse_loss` do by default?",
        ),
        Mistake(
            "summed over the batch",
            lambda z_e, z_q, cost: _vq(z_e, z_q, 1, cost) * len(z_e),
            "You summed over the batch as well.",
            "Divide by what, so that a batch of twice the size gives the same loss?",
        ),
    ),
    hints=(
        "Write the two terms on two lines. sg(a) is `a.detach()`.",
        "The first term moves the codes, so z_e is detached there. The second moves the encoder.",
        "`(z_e.detach() - z_q).square().sum() / len(z_e)`, and the same with the other one detached, times the cost.",
    ),
)


stop_gradients = Exercise(
    name="stop_gradients",
    contract="stop_gradients(z_e, z_q): two tensors (N, ...) -> (codebook_loss, commitment_loss), two numbers: the "
    "first "
    "moves only z_q, the second only z_e; summed over one example, averaged over the batch",
    cases=_pairs,
    reference=lambda z_e, z_q: (_half(z_e.detach(), z_q), _half(z_e, z_q.detach())),
    outputs=("codebook_loss", "commitment_loss"),
    gradients=("z_e", "z_q"),
    mistakes=(
        Mistake(
            "stop-gradients swapped",
            lambda z_e, z_q: (_half(z_e, z_q.detach()), _half(z_e.detach(), z_q)),
            "Both numbers are right, but the codebook loss moves the encoder, and the commitment loss moves the codes.",
            "The codebook loss should move the codes. Which of the two must then stand still?",
        ),
        Mistake(
            "no stop-gradient",
            lambda z_e, z_q: (_half(z_e, z_q), _half(z_e, z_q)),
            "Both numbers are right, but each loss moves both sides.",
            "sg( ) is `.detach()`.",
        ),
        Mistake(
            "both sides stopped",
            lambda z_e, z_q: (_half(z_e.detach(), z_q.detach()),) * 2,
            "Both numbers are right, but nothing moves.",
            "In each loss exactly one side stands still.",
        ),
        Mistake(
            "averaged over the elements",
            lambda z_e, z_q: (
                (z_e.detach() - z_q).square().mean(),
                (z_e - z_q.detach()).square().mean(),
            ),
            "You averaged over all elements. The losses are summed over one example.",
            "What does `mse_loss` do by default?",
        ),
    ),
    hints=(
        "Both losses have the same number. They differ in what stands still.",
        "In the codebook loss z_e stands still, in the commitment loss z_q.",
        "`(z_e.detach() - z_q).square().sum() / len(z_e)` is the first.",
    ),
)


ema_loss = Exercise(
    name="ema_loss",
    contract="ema_loss(z_e, z_q, cost): the loss of a VQ-VAE whose codes are moved by averages (EMA): one number "
    "whose "
    "gradient moves z_e only; summed over one example, averaged over the batch",
    cases=_costs,
    reference=lambda z_e, z_q, cost: _vq(z_e, z_q, 0, cost),
    gradients=("z_e", "z_q"),
    mistakes=(
        Mistake(
            "codebook loss kept together with EMA",
            lambda z_e, z_q, cost: _vq(z_e, z_q, 1, cost),
            "The codes are moved twice: by their averages, and by this gradient.",
            "Which term of eq. 3 do the averages replace?",
        ),
        Mistake(
            "gradient to the codes",
            lambda z_e, z_q, cost: cost * _half(z_e, z_q),
            "The number is right, but it also pulls at the codes.",
            "What must stand still in the commitment loss?",
        ),
        Mistake(
            "the wrong term kept",
            lambda z_e, z_q, cost: cost * _half(z_e.detach(), z_q),
            "You kept the term that moves the codes. The encoder is free to run away.",
            "Which of z_e and z_q should still receive a gradient?",
        ),
        Mistake(
            "cost left out",
            lambda z_e, z_q, cost: _vq(z_e, z_q, 0, 1),
            "The commitment loss has the weight 1.",
            "Which of your three arguments do you not use?",
        ),
    ),
    hints=(
        "Averages move the codes now. Which of the two terms is left?",
        "The commitment loss, |z_e - sg(z_q)|^2.",
        "Times the cost, summed over one example, averaged over the batch.",
    ),
)


def _ema(
    counts: Tensor,
    sums: Tensor,
    z: Tensor,
    indices: Tensor,
    decay: float,
    epsilon: float,
    *,
    old: float | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of appendix A.1; `old` is the weight of the old values if it is not the decay."""
    weight = decay if old is None else old
    chosen = torch.nn.functional.one_hot(indices, len(counts)).to(z.dtype)  # (n, K)
    counts = weight * counts + (1 - weight) * chosen.sum(0)
    sums = weight * sums + (1 - weight) * chosen.T @ z
    return counts, sums, sums / _smoothed(counts, epsilon)[:, None]


def _smoothed(counts: Tensor, epsilon: float) -> Tensor:
    return (counts + epsilon) / (counts.sum() + len(counts) * epsilon) * counts.sum()


def _clusters() -> list[Case]:
    sizes = [(1, 2, 1, 0.5), (3, 2, 2, 0.75), (6, 3, 2, 0.875)]
    return [
        {
            "counts": whole(i, 4, k) + 1.0,
            "sums": quarters(i, k, d),
            "z": quarters(i + 9, n, d),
            "indices": torch.cat([torch.arange(min(k, n)), whole(i + 3, k, max(0, n - k))]),
            "decay": decay,
            "epsilon": 0.5,  # large, so that it shows
        }
        for i, (n, k, d, decay) in enumerate(sizes, 1)
    ]


def _batch_counts(
    counts: Tensor, sums: Tensor, z: Tensor, indices: Tensor, decay: float, epsilon: float
) -> tuple[Tensor, ...]:
    n, _, _ = _ema(counts, sums, z, indices, decay, epsilon, old=0.0)
    _, m, _ = _ema(counts, sums, z, indices, decay, epsilon)
    return n, m, m / _smoothed(n, epsilon)[:, None]


def _written_back(*arguments: Any) -> tuple[Tensor, ...]:
    counts, sums, codebook = _ema(*arguments)
    return _smoothed(counts, arguments[5]), sums, codebook


def _unsmoothed(*arguments: Any) -> tuple[Tensor, ...]:
    counts, sums, _ = _ema(*arguments)
    return counts, sums, sums / counts[:, None]


def _batch_means(*arguments: Any) -> tuple[Tensor, ...]:
    counts, sums, _ = _ema(*arguments)
    return counts, sums, _ema(*arguments, old=0.0)[2]


def _unscaled(*arguments: Any) -> tuple[Tensor, ...]:
    counts, sums, _ = _ema(*arguments)
    share = (counts + arguments[5]) / (counts.sum() + len(counts) * arguments[5])
    return counts, sums, sums / share[:, None]


def _means_averaged(
    counts: Tensor, sums: Tensor, z: Tensor, indices: Tensor, decay: float, epsilon: float
) -> tuple[Tensor, ...]:
    n, m, _ = _ema(counts, sums, z, indices, decay, epsilon, old=0.0)
    new_counts, _, _ = _ema(counts, sums, z, indices, decay, epsilon)
    new_sums = decay * sums + (1 - decay) * m / n.clamp(min=1)[:, None]
    return new_counts, new_sums, new_sums / _smoothed(new_counts, epsilon)[:, None]


ema = Exercise(
    name="ema",
    contract="ema(counts, sums, z, indices, decay, epsilon): running counts (K,) and sums (K, D), vectors (n, D), "
    "their codes "
    "(n,), two numbers -> (counts, sums, codebook), all new: N <- g N + (1 - g) n, m <- g m + (1 - g) (sum of the "
    "z of "
    "each code), e = m / smoothed N, where smoothed N = (N + epsilon) / (sum N + K epsilon) * sum N",
    cases=_clusters,
    reference=_ema,
    outputs=("counts", "sums", "codebook"),
    mistakes=(
        Mistake(
            "counts not averaged",
            _batch_counts,
            "The sums are a running average, the counts are those of this batch alone. Their ratio is no mean of "
            "anything.",
            "Both N and m need the same treatment, or their ratio jumps.",
        ),
        Mistake(
            "decay on the wrong side",
            lambda *a: _ema(*a, old=1 - a[4]),
            "The old value is multiplied by 1 - decay. With decay 0.99 the codes would forget nearly everything "
            "each step.",
            "With decay = 1 nothing should change.",
        ),
        Mistake(
            "smoothing written back",
            _written_back,
            "The smoothed counts are returned as the running ones, so they are smoothed again in every step.",
            "Smooth a copy for the division, and keep the running counts as they are.",
        ),
        Mistake(
            "counts not smoothed",
            _unsmoothed,
            "Counts and sums are right, but the division uses the plain counts. A count near 0 would throw its "
            "code far away.",
            "Where does epsilon enter?",
        ),
        Mistake(
            "divided by shares",
            _unscaled,
            "The smoothed numbers sum to 1: they are shares. The codes come out far too long.",
            "What is still missing so that the smoothed counts sum to what the counts sum to?",
        ),
        Mistake(
            "codebook from this batch alone",
            _batch_means,
            "Counts and sums are right, but the codes are the means of this batch; the running averages are not used.",
            "Divide which sums by which counts?",
        ),
        Mistake(
            "means where sums belong",
            _means_averaged,
            "You average the means of the vectors, and then divide by the counts once more.",
            "m is a running sum. The division comes last, and only once.",
        ),
        Mistake(
            "nothing of the old",
            lambda *a: _ema(*a, old=0.0),
            "The old counts and sums have no influence: this is k-means on one batch.",
            "Where does the decay enter?",
        ),
    ),
    hints=(
        "First count how many vectors chose each code, and add up those vectors.",
        "`one_hot = F.one_hot(indices, K).float()` is (n, K). Its column sums are n_k, and one_hot.T @ z are the sums.",
        "Then the same line twice: decay * old + (1 - decay) * new. Smooth a copy of the counts, and divide the "
        "sums by it.",
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
    contract="dead_codes(z, K): vectors (n, D), a number -> a starting codebook (K, D) of different codes, of "
    "which k-means "
    "can use at most three",
    parameters=("z", "K"),
    measure=_measure_dead,
    hints=(
        "A code moves only if some vector chooses it. Which codes will no vector ever choose?",
        "Codes far from all vectors lose against any code that is near.",
        "Put one code near the vectors, or the whole codebook far away in one direction, each a little farther.",
    ),
)
