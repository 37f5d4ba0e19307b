"""The exercises on the VQ-VAE: perplexity, the bits of an image, a swapped code, a lookup, scrambled maps."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine import Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import quarters, whole


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
        {"indices": whole(i, high, *shape), "K": k}
        for i, (shape, high, k) in enumerate(
            [((1, 1, 2), 2, 2), ((2, 1, 2), 3, 4), ((2, 2, 2), 3, 3), ((3, 4, 4), 6, 8)], 4
        )
    ],
    reference=_perplexity,
    mistakes=(
        Mistake(
            "base mixed up: log2 with exp",
            partial(_perplexity, unit=math.log(2)),
            "The entropy is in bits, but you undo it with exp. If all codes are used equally often the answer is then "
            "more than their number.",
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
            "You took the perplexity of each image and averaged. The shares are those of all images together.",
            "Two images, each of a single code, but different ones: how many codes are in use?",
        ),
        Mistake(
            "exp of the images' mean entropy",
            lambda indices, K: _each(indices, K, lambda h: h).exp(),
            "You averaged the images' entropies. The shares are those of all images together.",
            "Count over the whole batch first. The entropy comes after.",
        ),
        Mistake(
            "NaN from codes that never occur",
            lambda indices, K: torch.exp(-(_shares(indices, K) * _shares(indices, K).log()).sum()),
            "A code that never occurs has the share 0, and 0 times the logarithm of 0 is NaN.",
            "What should a code that never occurs add to the entropy? Which function of torch knows that?",
        ),
        Mistake(
            "entropy, not perplexity",
            partial(_perplexity, undo=lambda entropy: entropy),
            "This is the entropy. One step is left.",
            "With 8 codes used equally often the answer should be 8.",
        ),
        Mistake(
            "number of used codes",
            lambda indices, K: (_shares(indices, K) > 0).sum().float(),
            "You counted the codes that occur. A code used once then counts as much as one used a thousand times.",
            "The shares themselves should enter.",
        ),
        Mistake(
            "divided by K",
            lambda indices, K: _entropy(indices, K).exp() / K,
            "You divided by K: this is the share of the codebook that is in use.",
            "With 8 codes used equally often the answer should be 8.",
        ),
        Mistake(
            "counts, not shares",
            lambda indices, K: torch.special.entr(_shares(indices, K) * indices.numel()).sum().exp(),
            "You computed the entropy of the counts. They do not sum to 1.",
            "By what must the counts be divided?",
        ),
        Mistake(
            "sign flipped",
            partial(_perplexity, sign=-1),
            "Your number lies below 1: the sign of the entropy is wrong.",
            "The logarithm of a share is negative. What makes the entropy positive?",
        ),
    ),
    hints=(
        "Three steps: count, turn counts into shares, entropy. Then one more.",
        "`torch.bincount(indices.flatten(), minlength=K)` counts. Codes that never occur add 0 to the entropy, not "
        "NaN.",
        "`torch.special.entr(p)` is -p log p, with 0 at p = 0. Sum it, and take exp.",
    ),
)


def _image_bits(
    K: int,
    height: int,
    width: int,
    *,
    of_one: Callable[[float], float] = math.log2,
    places: Callable[[int, int], int] = lambda height, width: height * width,
) -> float:
    return places(height, width) * of_one(K)


image_bits = Exercise(
    name="image_bits",
    contract="image_bits(K, height, width): three whole numbers -> the bits of an image whose height x width codes are "
    "stored with equal length, one of K codes at each place",
    cases=lambda: [
        {"K": k, "height": h, "width": w} for k, h, w in [(2, 1, 2), (4, 1, 1), (16, 2, 3), (128, 7, 7), (100, 4, 4)]
    ],
    reference=_image_bits,
    mistakes=(
        Mistake(
            "nats for bits",
            partial(_image_bits, of_one=math.log),
            "Your number is in nats: you took the natural logarithm.",
            "A choice between two codes is one bit.",
        ),
        Mistake(
            "rounded up to whole bits",
            partial(_image_bits, of_one=lambda k: math.ceil(math.log2(k))),
            "That is the size if each index is stored alone, in whole bits. What is asked for is the minimum: log2 K "
            "bits per index, which many indices together come close to.",
            "100 codes need fewer bits than 128 do.",
        ),
        Mistake(
            "rounded down to whole bits",
            partial(_image_bits, of_one=lambda k: math.floor(math.log2(k))),
            "You round log2 K down. With so few bits some of the codes could not be told apart.",
            "How many numbers can 6 bits distinguish?",
        ),
        Mistake(
            "one code only",
            partial(_image_bits, places=lambda height, width: 1),
            "These are the bits of a single place of the map.",
            "How many places does the map have?",
        ),
        Mistake(
            "codes times places",
            partial(_image_bits, of_one=lambda k: k),
            "You multiplied by K. With twice as many codes an index needs one bit more, not twice as many.",
            "How many bits does a number from 0 to 127 need?",
        ),
        Mistake(
            "height and width added",
            partial(_image_bits, places=lambda height, width: height + width),
            "You added height and width.",
            "How many cells does a table of 7 rows and 7 columns have?",
        ),
        Mistake(
            "bytes for bits",
            partial(_image_bits, of_one=lambda k: math.log2(k) / 8),
            "Your number is in bytes.",
            "A choice between two codes is one bit.",
        ),
    ),
    hints=(
        "How many bits does one index need? How many indices are there?",
        "One of K = 2^b codes needs b bits.",
        "`math.log2(K)` times the number of places.",
    ),
)


def _swap(indices: Tensor, row: int, column: int, k: int) -> Tensor:
    changed = indices.clone()
    changed[:, row, column] = k
    return changed


def _swap_first(indices: Tensor, row: int, column: int, k: int) -> Tensor:
    changed = indices.clone()
    changed[0, row, column] = k
    return changed


def _swap_row(indices: Tensor, row: int, column: int, k: int) -> Tensor:
    changed = indices.clone()
    changed[:, row] = k
    return changed


def _swap_column(indices: Tensor, row: int, column: int, k: int) -> Tensor:
    changed = indices.clone()
    changed[:, :, column] = k
    return changed


def _replace_value(indices: Tensor, row: int, column: int, k: int) -> Tensor:
    return torch.where(indices == indices[:, row, column][:, None, None], k, indices)


swap_code = Exercise(
    name="swap_code",
    contract="swap_code(indices, row, column, k): (N, H, W), three whole numbers -> a new (N, H, W) with code k at "
    "that place of each image; the argument stays as it is",
    cases=lambda: [
        {"indices": whole(i, 9, *shape), "row": r, "column": c, "k": k}
        for i, (shape, r, c, k) in enumerate(
            [((1, 2, 2), 0, 1, 7), ((2, 3, 3), 2, 1, 9), ((2, 3, 4), 2, 1, 11), ((3, 4, 4), 1, 3, 2)], 1
        )
    ],
    reference=_swap,
    mistakes=(
        Mistake(
            "row and column exchanged",
            lambda indices, row, column, k: _swap(indices, column, row, k),
            "The code is written at [column, row].",
            "Dimension 1 of the map counts the rows.",
        ),
        Mistake(
            "first image only",
            _swap_first,
            "Only the first image is changed.",
            "Which index selects all images?",
        ),
        Mistake("the whole row", _swap_row, "The whole row is overwritten.", "How many indices select a single place?"),
        Mistake(
            "the whole column",
            _swap_column,
            "The whole column is overwritten.",
            "How many indices select a single place?",
        ),
        Mistake(
            "every such code",
            _replace_value,
            "Every place with the same code is changed, not only the one asked for.",
            "Select by place, not by value.",
        ),
        Mistake(
            "nothing changed",
            lambda indices, row, column, k: indices.clone(),
            "You return the map as it was.",
            "Do you write into the tensor that you return?",
        ),
    ),
    hints=(
        "Copy first, then write into the copy.",
        "`changed = indices.clone()` is the copy. An assignment to `changed[...]` leaves `indices` alone.",
        "`changed[:, row, column] = k` writes one place of each image.",
    ),
)


lookup = Exercise(
    name="lookup",
    contract="lookup(indices, codebook): whole numbers (N, H, W), codes (K, D) -> z_q (N, D, H, W), channels first. "
    "One bug is planted",
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
            "The shape is (N, D, H, W), as asked. But the numbers at one place of the map are not one code.",
            "Look at z_q[0, :, 0, 0]. Is it a row of the codebook?",
        ),
        Mistake(
            "channels last",
            lambda indices, codebook: codebook[indices],
            "The D numbers lie along the last dimension. Convolutions expect them along dimension 1.",
            "Which function moves a dimension without separating what belongs together?",
        ),
        Mistake(
            "height and width exchanged",
            lambda indices, codebook: codebook[indices].transpose(1, 3),
            "The channels are in their place, but rows and columns of the map are exchanged.",
            "`transpose` exchanges two dimensions. Here one has to move past two others.",
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
        "`codebook[indices]` is (N, H, W, D). A reshape to (N, D, H, W) mixes the numbers of different places.",
        "`.movedim(-1, 1)` or `.permute(0, 3, 1, 2)` moves the dimension.",
    ),
)


def _measure_scramble(ask: Callable[..., Any]) -> list[Demand]:
    """Scramble maps in which neighbours are alike; measure the counts and how many neighbours are still alike."""
    smooth = (torch.arange(7)[:, None] + torch.arange(7)) // 3  # (7, 7), diagonal bands of 0 .. 4
    maps = torch.stack([(smooth + shift) % 8 for shift in range(8)])  # (8, 7, 7)
    answer = ask(maps.clone(), shape=(8, 7, 7)).double()
    same = torch.equal(answer.flatten(1).sort(1).values, maps.double().flatten(1).sort(1).values)
    before, after = ((m[:, :, 1:] == m[:, :, :-1]).double().mean() for m in (maps, answer))
    return [
        Demand("each image keeps its codes, each as often as before", same, "yes" if same else "no"),
        Demand(
            "equal neighbours become rarer by half",
            bool(after <= before / 2),
            f"{before:.0%} before, {after:.0%} after",
        ),
    ]


scramble = Challenge(
    name="scramble",
    contract="scramble(indices): code maps (N, H, W) -> code maps with the same codes in each image, and so the same "
    "usage and perplexity, whose pictures are noise",
    parameters=("indices",),
    measure=_measure_scramble,
    hints=(
        "Perplexity and usage only count. What do they not see?",
        "Move the codes of an image to other places, and change none of them.",
        "`indices.flatten(1)[:, torch.randperm(H * W)].view_as(indices)` moves them all.",
    ),
)
