"""The exercises on what moves the codes: the codebook's losses, and running averages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from vqedu.checks.engine import Exercise, Mistake
from vqedu.checks.numbers import quarters, whole
from vqedu.checks.observing import Case
from vqedu.checks.vector_quantization import pairs

Weights = Callable[[float], tuple[float, float]]  # cost -> the factors of the codebook's and of the commitment term


def _stop(tensor: Tensor) -> Tensor:
    return tensor.detach()


def _pass(tensor: Tensor) -> Tensor:
    return tensor


def _per_example(squares: Tensor) -> Tensor:
    return squares.sum() / len(squares)


def _vq(
    z_e: Tensor,
    z_q: Tensor,
    cost: float,
    *,
    weights: Weights = lambda cost: (1, cost),
    first: tuple[Callable[[Tensor], Tensor], ...] = (_stop, _pass),
    second: tuple[Callable[[Tensor], Tensor], ...] = (_pass, _stop),
    reduce: Callable[[Tensor], Tensor] = _per_example,
    before: Callable[[Tensor, Tensor], Tensor] = lambda z_e, z_q: z_q,
) -> Tensor:
    """The two terms; `first` and `second` say what is done to z_e and z_q in each."""
    z_q = before(z_e, z_q)
    distances = [reduce((on_e(z_e) - on_q(z_q)).square()) for on_e, on_q in (first, second)]
    return sum((w * d for w, d in zip(weights(cost), distances, strict=True)), torch.zeros(()))


def _through(z_e: Tensor, z_q: Tensor) -> Tensor:
    return z_e + (z_q - z_e).detach()


def _costs() -> list[Case]:
    return [case | {"cost": cost} for case, cost in zip(pairs(), (0.25, 0.5, 0.25), strict=True)]


vq_loss = Exercise(
    name="vq_loss",
    contract="vq_loss(z_e, z_q, cost): two tensors (N, ...), a number -> one number: |sg(z_e) - z_q|^2 + cost |z_e - "
    "sg(z_q)|^2, summed over one example, averaged over the batch",
    cases=_costs,
    reference=_vq,
    gradients=("z_e", "z_q"),
    mistakes=(
        Mistake(
            "cost on the wrong term",
            partial(_vq, weights=lambda cost: (cost, 1)),
            "The number is right, but the cost multiplies the term that moves the codes. (Exchanged stop-gradients do "
            "the same.)",
            "Which term moves the encoder? That one is multiplied by the cost.",
        ),
        Mistake(
            "no stop-gradient",
            partial(_vq, first=(_pass, _pass), second=(_pass, _pass)),
            "The number is right, but both terms move both sides.",
            "Where is sg( ) in your code?",
        ),
        Mistake(
            "no stop-gradient in the codebook loss",
            partial(_vq, first=(_pass, _pass)),
            "The number is right, but the codebook loss moves the encoder too.",
            "Which side of the first term must not move?",
        ),
        Mistake(
            "no stop-gradient in the commitment loss",
            partial(_vq, second=(_pass, _pass)),
            "The number is right, but the commitment loss moves the codes too.",
            "Which side of the second term must not move?",
        ),
        Mistake(
            "both sides stopped",
            partial(_vq, first=(_stop, _stop), second=(_stop, _stop)),
            "The number is right, but nothing moves.",
            "In each term exactly one side is detached.",
        ),
        Mistake(
            "straight-through before the losses",
            partial(_vq, before=_through),
            "You replaced z_q by its straight-through version before computing the losses. Its history leads to z_e, "
            "so the codes never move, and the codebook loss pushes the encoder away from them.",
            "Which z_q belongs in the losses: the one from the codebook, or the one for the decoder?",
        ),
        Mistake(
            "cost on both terms",
            partial(_vq, weights=lambda cost: (cost, cost)),
            "The cost multiplies the codebook's term as well.",
            "How many of the two terms does the formula multiply by the cost?",
        ),
        Mistake(
            "cost left out",
            partial(_vq, weights=lambda cost: (1, 1)),
            "Both terms have the weight 1.",
            "Which of your three arguments do you not use?",
        ),
        Mistake(
            "codebook loss left out",
            partial(_vq, weights=lambda cost: (0, cost)),
            "Only the commitment loss is there. Without running averages (EMA) the codes would never move.",
            "Which term has a gradient for z_q?",
        ),
        Mistake(
            "commitment loss left out",
            partial(_vq, weights=lambda cost: (1, 0)),
            "Only the codebook loss is there. Nothing keeps the encoder near the codes.",
            "Which of your three arguments do you not use?",
        ),
        Mistake(
            "averaged over the elements",
            partial(_vq, reduce=torch.mean),
            "You averaged over all elements. The terms are summed over one example, as the reconstruction is.",
            "What does `mse_loss` do by default?",
        ),
        Mistake(
            "summed over the batch",
            partial(_vq, reduce=torch.sum),
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


def _commitment(
    z_e: Tensor,
    z_q: Tensor,
    cost: float,
    *,
    weights: Weights = lambda cost: (0, cost),
    second: tuple[Callable[[Tensor], Tensor], ...] = (_pass, _stop),
    reduce: Callable[[Tensor], Tensor] = _per_example,
) -> Tensor:
    return _vq(z_e, z_q, cost, weights=weights, second=second, reduce=reduce)


ema_loss = Exercise(
    name="ema_loss",
    contract="ema_loss(z_e, z_q, cost): the loss of a VQ-VAE whose codes are moved by averages (EMA): one number whose "
    "gradient moves z_e only; summed over one example, averaged over the batch",
    cases=_costs,
    reference=_commitment,
    gradients=("z_e", "z_q"),
    mistakes=(
        Mistake(
            "codebook loss kept together with EMA",
            partial(_commitment, weights=lambda cost: (1, cost)),
            "The codes are moved twice: by their averages, and by this gradient.",
            "Which term of eq. 3 do the averages replace?",
        ),
        Mistake(
            "gradient to the codes",
            partial(_commitment, second=(_pass, _pass)),
            "The number is right, but it also pulls the codes.",
            "Which side of the commitment loss must not move?",
        ),
        Mistake(
            "the wrong term kept",
            partial(_commitment, second=(_stop, _pass)),
            "You kept the term that moves the codes. Nothing keeps the encoder near them.",
            "Which of z_e and z_q should still get a gradient?",
        ),
        Mistake(
            "both sides stopped",
            partial(_commitment, second=(_stop, _stop)),
            "The number is right, but nothing moves. (The straight-through z_q in the loss does the same: its gradient "
            "cancels that of z_e.)",
            "Which of z_e and z_q should still get a gradient?",
        ),
        Mistake(
            "cost left out",
            partial(_commitment, weights=lambda cost: (0, 1)),
            "The commitment loss has the weight 1.",
            "Which of your three arguments do you not use?",
        ),
        Mistake(
            "averaged over the elements",
            partial(_commitment, reduce=torch.mean),
            "You averaged over all elements. The loss is summed over one example, as the reconstruction is.",
            "What does `mse_loss` do by default?",
        ),
        Mistake(
            "summed over the batch",
            partial(_commitment, reduce=torch.sum),
            "You summed over the batch as well.",
            "Divide by what, so that a batch of twice the size gives the same loss?",
        ),
    ),
    hints=(
        "Averages move the codes now. Which of the two terms is left?",
        "The commitment loss, |z_e - sg(z_q)|^2.",
        "Times the cost, summed over one example, averaged over the batch.",
    ),
)


def _mix(old: Tensor, new: Tensor, decay: float) -> Tensor:
    return decay * old + (1 - decay) * new


def _smoothed(counts: Tensor, epsilon: float) -> Tensor:
    return (counts + epsilon) / (counts.sum() + len(counts) * epsilon) * counts.sum()


def _shares(counts: Tensor, epsilon: float) -> Tensor:
    return _smoothed(counts, epsilon) / counts.sum()


def _ema(
    counts: Tensor,
    sums: Tensor,
    z: Tensor,
    indices: Tensor,
    decay: float,
    epsilon: float,
    *,
    weight: Callable[[float], float] = lambda decay: decay,
    count: Callable[[Tensor, Tensor, float], Tensor] = _mix,
    batch_sums: Callable[[Tensor, Tensor], Tensor] = lambda m, n: m,
    divide_by: Callable[[Tensor, float], Tensor] = _smoothed,
    written_back: bool = False,
    of_batch: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of appendix A.1."""
    chosen = F.one_hot(indices, len(counts)).to(z.dtype)  # (n, K)
    n, m = chosen.sum(0), chosen.T @ z
    counts = count(counts, n, weight(decay))
    sums = _mix(sums, batch_sums(m, n), weight(decay))
    codebook = m / _smoothed(n, epsilon)[:, None] if of_batch else sums / divide_by(counts, epsilon)[:, None]
    return (_smoothed(counts, epsilon) if written_back else counts), sums, codebook


def _clusters() -> list[Case]:
    sizes = [(1, 2, 1, 0.5, 0.5), (3, 2, 2, 0.75, 0.5), (6, 3, 2, 0.875, 0.25), (4, 3, 1, 0.75, 0.25)]
    cases = [
        {
            "counts": whole(i, 4, k) + 1.0,
            "sums": quarters(i, k, d),
            "z": quarters(i + 9, n, d),
            "indices": torch.cat([torch.arange(min(k, n)), whole(i + 3, k, max(0, n - k))]),
            "decay": decay,
            "epsilon": epsilon,  # large, so that it shows
        }
        for i, (n, k, d, decay, epsilon) in enumerate(sizes, 1)
    ]
    cases[-1]["indices"] = torch.tensor([2, 0, 2, 2])  # no vector has chosen code 1
    return cases


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
            partial(_ema, count=lambda old, new, decay: new),
            "The sums are a running average, but the counts are those of this batch alone. Their ratio is not a mean "
            "of anything.",
            "Both N and m need the same treatment, or their ratio jumps.",
        ),
        Mistake(
            "counts added up",
            partial(_ema, count=lambda old, new, decay: old + new),
            "The counts grow without end, while the sums are a running average: the codes shrink towards 0.",
            "Both N and m need the same treatment.",
        ),
        Mistake(
            "decay on the wrong side",
            partial(_ema, weight=lambda decay: 1 - decay),
            "The old value is multiplied by 1 - decay. With decay 0.99 the codes would forget nearly everything at "
            "each step.",
            "With decay = 1 nothing should change.",
        ),
        Mistake(
            "smoothing written back",
            partial(_ema, written_back=True),
            "The smoothed counts are returned as the running ones, so they are smoothed again in every step.",
            "Smooth a copy for the division, and keep the running counts as they are.",
        ),
        Mistake(
            "counts not smoothed",
            partial(_ema, divide_by=lambda counts, epsilon: counts),
            "Counts and sums are right, but you divide by the plain counts. A count near 0 would throw its code far "
            "away.",
            "Where does epsilon enter?",
        ),
        Mistake(
            "epsilon only added",
            partial(_ema, divide_by=lambda counts, epsilon: counts + epsilon),
            "You add epsilon to the counts but do not scale them back, so that all codes come out a little too short.",
            "What should the smoothed counts sum to?",
        ),
        Mistake(
            "divided by shares",
            partial(_ema, divide_by=_shares),
            "The smoothed numbers sum to 1: they are shares. The codes come out far too long.",
            "What is still missing so that the smoothed counts sum to what the counts sum to?",
        ),
        Mistake(
            "codebook from this batch alone",
            partial(_ema, of_batch=True),
            "Counts and sums are right, but the codes are the means of this batch; the running averages are not used.",
            "Divide which sums by which counts?",
        ),
        Mistake(
            "means where sums belong",
            partial(_ema, batch_sums=lambda m, n: m / n.clamp(min=1)[:, None]),
            "You average the means of the vectors, and then divide by the counts once more.",
            "m is a running sum. The division comes last, and only once.",
        ),
        Mistake(
            "nothing of the old",
            partial(_ema, weight=lambda decay: 0.0),
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
