"""The exercises on what moves the codes: the codebook's losses, and a quantizer built whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from vqedu.checks import quantizer_judge
from vqedu.checks.engine.exercise import Challenge, Exercise, Mistake
from vqedu.checks.engine.observing import Case
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
    contract="vq_loss(z_e, z_q, cost): two tensors (N, ...), a number -> one number: |sg[z_e] - z_q|^2 + cost |z_e - "
    "sg[z_q]|^2, summed over one example, averaged over the batch",
    cases=_costs,
    reference=_vq,
    gradients=("z_e", "z_q"),
    mistakes=(
        Mistake(
            "cost on the wrong term",
            partial(_vq, weights=lambda cost: (cost, 1)),
            "The number is right, but the cost multiplies the term that moves the codes. (Swapped stop-"
            "gradients have the same effect.)",
            "Which term moves the encoder? That one is multiplied by the cost.",
        ),
        Mistake(
            "no stop-gradient",
            partial(_vq, first=(_pass, _pass), second=(_pass, _pass)),
            "The number is right, but both terms move both sides.",
            "Where is the stop-gradient in your code?",
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
            "In each term exactly one side should be detached.",
        ),
        Mistake(
            "straight-through before the losses",
            partial(_vq, before=_through),
            "You replaced z_q by its straight-through version before computing the losses. It is attached to z_e, "
            "so the codes never move, and the codebook loss pushes the encoder away from them.",
            "Which z_q belongs in the losses: the one from the codebook, or the one for the decoder?",
        ),
        Mistake(
            "cost on both terms",
            partial(_vq, weights=lambda cost: (cost, cost)),
            "The cost multiplies the codebook loss as well.",
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
            "Which term has a gradient with respect to z_q?",
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
            "What do you have to divide by, so that a batch of twice the size gives the same loss?",
        ),
    ),
    hints=(
        "Write the two terms on two lines. sg(a) is `a.detach()`.",
        "The first term moves the codes, so z_e is detached there. The second moves the encoder.",
        "`(z_e.detach() - z_q).square().sum() / len(z_e)`, and the same with the other one detached, times the cost.",
    ),
)


build_quantizer = Challenge(
    name="build_quantizer",
    contract="MyQuantizer(codes, decay, revive_after): initial codes (K, D), a number, a whole number or None -> a "
    "module whose forward(z_e) takes (n, D) and returns z_q (n, D), indices (n,) and the commitment loss; in training "
    "mode it then moves `codebook` (K, D) by moving averages and revives dead codes",
    parameters=("codes", "decay", "revive_after"),
    measure=quantizer_judge.measure,
    hints=(
        "Build it in three steps, and check after each: first the nearest codes and straight-through, then the moving "
        "averages under `if self.training:`, then the revival.",
        "`self.register_buffer(name, tensor)` in `__init__` registers what belongs to the state: the codebook, the "
        "counts N and the sums M, and how many batches each code has waited. You may assign to `self.codebook` later.",
        "`torch.bincount(indices, minlength=K)` gives n, `zeros.index_add(0, indices, z_e)` the sums. A code moves "
        "only where n > 0. Revived codes need N = 1 and M = their new place, or the old sums pull them back.",
    ),
    done="A whole vector quantizer: it chooses, passes the gradient on, learns and revives. Ours ends at 0.10 with 8 "
    "codes and at 0.06 with 16.",
    seconds=30,
)
