"""The exercises of notebook 05 on what moves the codes: two losses, and running averages."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine import Case, Exercise, Mistake
from vqedu.checks.numbers import quarters, whole
from vqedu.checks.vector_quantization import pairs


def _squared_distance(a: Tensor, b: Tensor) -> Tensor:
    """Squared distance, summed over one example, averaged over the batch."""
    return (a - b).square().sum() / len(a)


def _vq(z_e: Tensor, z_q: Tensor, codebook: float, commitment: float) -> Tensor:
    return codebook * _squared_distance(z_e.detach(), z_q) + commitment * _squared_distance(z_e, z_q.detach())


def _costs() -> list[Case]:
    return [case | {"cost": cost} for case, cost in zip(pairs(), (0.25, 0.5, 0.25), strict=True)]


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
            "The number is right, but the cost stands before the term that moves the codes. (Exchanged stop-gradients "
            "do the same.)",
            "Which term moves the encoder? That one carries the cost.",
        ),
        Mistake(
            "no stop-gradient",
            lambda z_e, z_q, cost: (1 + cost) * _squared_distance(z_e, z_q),
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


ema_loss = Exercise(
    name="ema_loss",
    contract="ema_loss(z_e, z_q, cost): the loss of a VQ-VAE whose codes are moved by averages (EMA): one number whose "
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
            lambda z_e, z_q, cost: cost * _squared_distance(z_e, z_q),
            "The number is right, but it also pulls at the codes.",
            "What must stand still in the commitment loss?",
        ),
        Mistake(
            "the wrong term kept",
            lambda z_e, z_q, cost: cost * _squared_distance(z_e.detach(), z_q),
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
    "their codes (n,), two numbers -> (counts, sums, codebook), all new: N <- g N + (1 - g) n, m <- g m + (1 - g) (sum "
    "of the z of each code), e = m / smoothed N, where smoothed N = (N + epsilon) / (sum N + K epsilon) * sum N",
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
            "The old value is multiplied by 1 - decay. With decay 0.99 the codes would forget nearly everything each "
            "step.",
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
            "Counts and sums are right, but the division uses the plain counts. A count near 0 would throw its code "
            "far away.",
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
        "Then the same line twice: decay * old + (1 - decay) * new. Smooth a copy of the counts, and divide the sums "
        "by it.",
    ),
)
