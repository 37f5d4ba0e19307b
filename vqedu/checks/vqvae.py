"""The exercises on the VQ-VAE: perplexity, a lookup, scrambled maps, and a VQ-VAE built whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vqedu.checks import vqvae_judge
from vqedu.checks.engine.exercise import Challenge, Demand, Exercise, Mistake
from vqedu.checks.engine.numbers import quarters, whole


def _shares(indices: Tensor, codebook_size: int) -> Tensor:
    return torch.bincount(indices.flatten(), minlength=codebook_size) / indices.numel()


def _entropy(indices: Tensor, codebook_size: int) -> Tensor:
    return torch.special.entr(_shares(indices, codebook_size)).sum()  # nats


def _perplexity(
    indices: Tensor,
    K: int,
    *,
    unit: float = 1,
    undo: Callable[[Tensor], Tensor] = torch.exp,
    sign: int = 1,
) -> Tensor:
    return undo(sign * _entropy(indices, K) / unit)


def _each(indices: Tensor, codebook_size: int, f: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack([f(_entropy(image, codebook_size)) for image in indices]).mean()


perplexity = Exercise(
    name="perplexity",
    contract="perplexity(indices, K): whole numbers (N, H, W), a number -> one number: exp of the entropy, in nats, of "
    "the shares of the K codes",
    cases=lambda: [
        *(
            {"indices": whole(i, high, *shape), "K": k}
            for i, (shape, high, k) in enumerate(
                [((1, 1, 2), 2, 2), ((2, 1, 2), 3, 4), ((2, 2, 2), 3, 3), ((3, 4, 4), 6, 8)], 4
            )
        ),
        {"indices": whole(8, 2, 2, 4, 4) * whole(9, 5, 2, 4, 4), "K": 8},  # one code far more often than the others
    ],
    reference=_perplexity,
    mistakes=(
        Mistake(
            "base mixed up: log2 with exp",
            partial(_perplexity, unit=math.log(2)),
            "The entropy is in bits, but you undo it with exp. If all codes are used equally often, your answer is "
            "larger than their number.",
            "Which function is the inverse of log2?",
        ),
        Mistake(
            "base mixed up: log with 2**",
            partial(_perplexity, undo=lambda entropy: 2**entropy),
            "The entropy is in nats, but you undo it with a power of 2. Your perplexity is too small.",
            "Which function is the inverse of the natural logarithm?",
        ),
        Mistake(
            "mean of the images' perplexities",
            lambda indices, K: _each(indices, K, torch.exp),
            "You averaged the perplexities of the images. The shares should be those of all images together.",
            "Take two images, each made of a single code, but of different ones. How many codes are in use?",
        ),
        Mistake(
            "exp of the images' mean entropy",
            lambda indices, K: _each(indices, K, lambda h: h).exp(),
            "You averaged the entropies of the images. The shares should be those of all images together.",
            "Count over the whole batch first, then compute the entropy.",
        ),
        Mistake(
            "NaN from codes that never occur",
            lambda indices, K: torch.exp(-(_shares(indices, K) * _shares(indices, K).log()).sum()),
            "A code that never occurs has the share 0, and 0 times the logarithm of 0 is NaN.",
            "What should a code that never occurs add to the entropy? Which torch function handles that?",
        ),
        Mistake(
            "entropy, not perplexity",
            partial(_perplexity, undo=lambda entropy: entropy),
            "This is the entropy, so one step is missing.",
            "With 8 codes used equally often the answer should be 8.",
        ),
        Mistake(
            "number of used codes",
            lambda indices, K: (_shares(indices, K) > 0).sum().float(),
            "You counted the codes that occur. A code used once then counts as much as one used a thousand times.",
            "The formula needs the shares themselves.",
        ),
        Mistake(
            "divided by K",
            lambda indices, K: _entropy(indices, K).exp() / K,
            "You divided by K. The perplexity itself is not a share: it runs from 1 to K.",
            "With 8 codes used equally often the answer should be 8.",
        ),
        Mistake(
            "counts, not shares",
            lambda indices, K: torch.special.entr(_shares(indices, K) * indices.numel()).sum().exp(),
            "You computed the entropy of the counts. They do not sum to 1.",
            "What do you have to divide the counts by?",
        ),
        Mistake(
            "sign flipped",
            partial(_perplexity, sign=-1),
            "Your number is below 1: the sign of the entropy is wrong.",
            "The logarithm of a share is negative. What makes the entropy positive?",
        ),
    ),
    hints=(
        "Count the codes, turn the counts into shares, and compute the entropy. After that, one step is left.",
        "`torch.bincount(indices.flatten(), minlength=K)` counts. Codes that never occur add 0 to the entropy, not "
        "NaN.",
        "`torch.special.entr(p)` is -p log p, with 0 at p = 0. Sum it, and take exp.",
    ),
)


lookup = Exercise(
    name="lookup",
    contract="lookup(indices, codebook): whole numbers (N, H, W), codes (K, D) -> z_q (N, D, H, W), channels first. "
    "The code given contains one bug",
    cases=lambda: [
        {"indices": whole(i, k, *shape), "codebook": quarters(i + 3, k, d)}
        for i, (shape, k, d) in enumerate([((1, 1, 2), 3, 2), ((1, 2, 2), 4, 2), ((3, 2, 3), 6, 4)], 1)
    ],
    reference=lambda indices, codebook: codebook[indices].movedim(-1, 1),
    outputs=("z_q",),
    gradients=("codebook",),
    mistakes=(
        Mistake(
            "the planted bug",
            lambda indices, codebook: codebook[indices].reshape(len(indices), -1, *indices.shape[1:]),
            "The shape is (N, D, H, W), as asked. But the numbers at a position of the map do not form a code.",
            "Look at z_q[0, :, 0, 0]. Is it a row of the codebook?",
        ),
        Mistake(
            "channels last",
            lambda indices, codebook: codebook[indices],
            "The D numbers lie along the last dimension. Convolutions expect them along dimension 1.",
            "Which function moves a dimension and keeps the numbers of a code together?",
        ),
        Mistake(
            "height and width exchanged",
            lambda indices, codebook: codebook[indices].transpose(1, 3),
            "The channels are in their place, but the rows and columns of the map are swapped.",
            "`transpose` swaps two dimensions. Here one has to move past two others.",
        ),
        Mistake(
            "the codes are cut off",
            lambda indices, codebook: codebook.detach()[indices].movedim(-1, 1),
            "The numbers are right, but no gradient reaches the codebook.",
            "Look for `detach`, `.data` or `no_grad`.",
        ),
    ),
    hints=(
        "Give it a codebook whose codes are easy to recognize, such as [[1, 1], [2, 2]], and look at the result.",
        "`codebook[indices]` is (N, H, W, D). A reshape to (N, D, H, W) mixes the numbers of different positions.",
        "`.movedim(-1, 1)` or `.permute(0, 3, 1, 2)` moves the dimension.",
    ),
)


def _measure_scramble(ask: Callable[..., Any]) -> list[Demand]:
    """Scramble maps in which neighbors are alike; measure the counts and how many neighbors are still alike."""
    smooth = (torch.arange(7)[:, None] + torch.arange(7)) // 3  # (7, 7), diagonal bands of 0 .. 4
    maps = torch.stack([(smooth + shift) % 8 for shift in range(8)])  # (8, 7, 7)
    answer = ask(maps.clone(), shape=(8, 7, 7)).double()
    same = torch.equal(answer.flatten(1).sort(1).values, maps.double().flatten(1).sort(1).values)
    before, after = ((m[:, :, 1:] == m[:, :, :-1]).double().mean() for m in (maps, answer))
    return [
        Demand("each image keeps its codes, each as often as before", same, "yes" if same else "no"),
        Demand(
            "at most half as many neighboring codes are equal",
            bool(after <= before / 2),
            f"{before:.0%} before, {after:.0%} after",
        ),
    ]


scramble = Challenge(
    name="scramble",
    contract="scramble(indices): code maps (N, H, W) -> code maps that have the same codes in each image, and so the "
    "same usage and perplexity, but decode to noise",
    parameters=("indices",),
    measure=_measure_scramble,
    hints=(
        "Perplexity and usage only count how often each code occurs. What do they ignore?",
        "Move the codes of an image to other positions, without changing any of them.",
        "`indices.flatten(1)[:, torch.randperm(H * W)].view_as(indices)` moves them all.",
    ),
)


build_vqvae = Challenge(
    name="build_vqvae",
    contract="my_vqvae(x): training images (20000, 1, 28, 28) -> a trained module with `encoder`, `decoder`, "
    "encode(x) -> whole numbers below 128 (N, 7, 7), decode(indices) -> logits (N, 1, 28, 28), loss(x) -> one number",
    parameters=("x",),
    measure=vqvae_judge.measure,
    hints=(
        "Begin with the shapes: x (64, 1, 28, 28), z_e (64, D, 7, 7), indices (64, 7, 7), z_q like z_e, logits like x. "
        "Run one batch through the model before you train.",
        "The loss is the cross-entropy summed over the pixels, averaged over the batch, plus `commitment_cost` times "
        'the quantizer\'s `commitment_loss`. With update="gradient" add its `codebook_loss`, too.',
        "300 steps of Adam with a learning rate of 4e-3 on batches of 64 are enough, if BatchNorm follows each hidden "
        "convolution and one with `affine=False` comes just before the quantizer.",
    ),
    done="Your own VQ-VAE, assembled and trained. Ours reaches a squared error of 0.006 per pixel after 300 steps.",
    seconds=120,
)
