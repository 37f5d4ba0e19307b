"""The prior over code maps: p(indices) as a product of what a transformer says of each code, given those before it."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import validate
from vqedu.models.transformer import Transformer, generate


class PriorLoss(NamedTuple):
    """`total`: -log p, nats per image (the sum over its codes), averaged over the batch.

    `bits_per_code`: the same, over the length and log 2.
    """

    total: Tensor
    bits_per_code: Tensor


class CodePrior(nn.Module):
    """p(i_1 ... i_49) = p(i_1) p(i_2 | i_1) ... p(i_49 | i_1 ... i_48), also given a class: p(i_1 ... i_49 | label).

    Worked shape: code maps (64, 7, 7) are read row by row as (64, 49); the transformer sees the first 48 codes behind
    a start token, and answers with logits (64, 49, K), those at place t being for code t.

    Source: van den Oord et al. 2017, section 4 (a PixelCNN there); Razavi et al. 2019 (attention, class labels).
    The start token is the class, or "any class". In training it is "any class" with probability `class_dropout`, so one
    model holds both distributions (as in classifier-free guidance; Ho and Salimans 2022).
    The transformer's vocabulary: codes 0 .. K - 1, then "any class" (K), then class c (K + 1 + c).

    Raises ValueError or TypeError for a size below 1, a width that the heads do not divide, or a `class_dropout`
    outside [0, 1).
    """

    def __init__(
        self,
        codebook_size: int,
        length: int = 49,
        num_classes: int = 10,
        *,
        width: int = 96,
        depth: int = 4,
        heads: int = 4,
        class_dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.codebook_size = validate.positive_int(codebook_size, "codebook_size")
        self.num_classes = validate.positive_int(num_classes, "num_classes")
        self.transformer = Transformer(codebook_size + 1 + num_classes, length, width, depth, heads)
        self.length, self.width, self.depth, self.heads = length, width, depth, heads
        self.class_dropout = validate.fraction(class_dropout, "class_dropout")

    def forward(self, indices: Tensor, labels: Tensor | int | None = None) -> Tensor:
        """Return the logits of each code given the codes before it: (N, length) or (N, 7, 7) -> (N, length, K).

        labels: (N,) or one for all, or None for any class. Raises TypeError or ValueError for bad codes or labels.
        """
        rows = self._rows(indices)
        seen = torch.cat([self.start(len(rows), labels), rows[:, :-1]], 1)  # (N, length)
        return self.transformer(seen)[..., : self.codebook_size]

    def log_prob(self, indices: Tensor, labels: Tensor | int | None = None) -> Tensor:
        """Return log p(indices), or log p(indices | label), of each code map: (N, length) or (N, 7, 7) -> (N,) nats.

        Raises TypeError or ValueError for bad codes or labels.
        """
        logits = self(indices, labels)
        nats = F.cross_entropy(logits.flatten(0, 1), self._rows(indices).flatten(), reduction="none")
        return -nats.view(-1, self.length).sum(1)

    def loss(self, rows: Tensor) -> PriorLoss:
        """Return the mean of -log p of rows (N, length), or of rows (N, 1 + length) that begin with a label.

        A label of -1 is "any class". In training mode each label becomes that with probability `class_dropout`.
        """
        labels = None
        if rows.dim() == 2 and rows.shape[1] == self.length + 1:
            labels, rows = rows[:, 0], rows[:, 1:]
            if self.training:
                dropped = torch.rand(labels.shape, device=labels.device) < self.class_dropout
                labels = labels.masked_fill(dropped, -1)
        total = -self.log_prob(rows, labels).mean()
        return PriorLoss(total, total / (self.length * math.log(2)))

    def sample(
        self,
        n: int,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
        top_k: int | None = None,
        labels: Tensor | int | None = None,
        prefix: Tensor | None = None,
        guidance: float = 1.0,
        cache: bool = True,
    ) -> Tensor:
        """Return n code maps drawn code by code: int64 (n, length).

        temperature: the logits are divided by it; below 1 likely codes become likelier. top_k: only the k likeliest
        codes of each step can be drawn. labels: (n,) or one for all. prefix: the first codes, (p,) for all or (n, p);
        the rest is drawn. guidance g: the logits are any + g (class - any), so above 1 the class counts for more than
        the prior thinks it should, at twice the work (Ho and Salimans 2022). cache=False computes every step anew from
        all codes so far: slow, for comparison.

        Raises ValueError or TypeError for a temperature of 0 or below, a top_k outside 1 .. K, a prefix longer than the
        sequence, codes and labels out of range, or guidance below 0 or without labels.
        """
        self._check_sampling(temperature, top_k)
        begun = self._prefix(prefix, validate.positive_int(n, "n"))
        tokens = torch.cat([self.start(n, labels), begun], 1)  # (n, 1 + p)
        if guided := self._guided(guidance, labels):
            tokens = torch.cat([tokens, torch.cat([self.start(n), begun], 1)])  # the same n again, of any class

        def draw(logits: Tensor) -> Tensor:
            logits = logits[:, : self.codebook_size]  # (n, K), guided: (2n, K)
            if guided:
                given_class, any_class = logits.chunk(2)
                logits = any_class + guidance * (given_class - any_class)
            drawn = torch.multinomial(probabilities(logits, temperature, top_k), 1, generator=generator)
            return drawn.repeat(1 + guided, 1)

        past = self.transformer.empty_cache(len(tokens)) if cache else None
        drawn = generate(self.transformer, tokens, self.length - begun.shape[1], draw, past)
        return torch.cat([begun, drawn[:n]], 1)

    def start(self, n: int, labels: Tensor | int | None = None) -> Tensor:
        """Return the start tokens of n sequences, int64 (n, 1): the class, or "any class" for None or -1.

        Raises TypeError or ValueError for labels that are not whole numbers in -1 .. num_classes - 1, or not n of them.
        """
        device = self.transformer.positions.device
        chosen = torch.as_tensor(-1 if labels is None else labels, device=device)
        if chosen.dtype == torch.bool or chosen.is_floating_point():
            raise TypeError(f"labels must be whole numbers, got {chosen.dtype}.")
        if chosen.dim() > 1 or (chosen.dim() == 1 and len(chosen) != n):
            raise ValueError(f"labels must be one number or have shape ({n},), got {tuple(chosen.shape)}.")
        if chosen.min() < -1 or chosen.max() >= self.num_classes:
            raise ValueError(
                f"labels must lie in 0 .. {self.num_classes - 1}, or be -1 for any class, "
                f"got values from {int(chosen.min())} to {int(chosen.max())}."
            )
        return (self.codebook_size + 1 + chosen.long()).expand(n).unsqueeze(1)

    def _rows(self, indices: Tensor) -> Tensor:
        """Return code maps as rows: (N, length) or (N, height, width) -> int64 (N, length)."""
        validate.indices(indices, self.codebook_size)
        if indices.dim() not in (2, 3) or indices[0].numel() != self.length:
            raise ValueError(
                f"indices must have shape (N, {self.length}), or (N, height, width) with height * width = "
                f"{self.length}, got {tuple(indices.shape)}."
            )
        return indices.flatten(1).long()

    def _prefix(self, prefix: Tensor | None, n: int) -> Tensor:
        """Return the given first codes of n sequences, int64 (n, p), p = 0 for None."""
        if prefix is None or (isinstance(prefix, Tensor) and prefix.numel() == 0):
            return torch.empty(n, 0, dtype=torch.int64, device=self.transformer.positions.device)
        validate.indices(prefix, self.codebook_size, "prefix")
        if prefix.dim() not in (1, 2) or (prefix.dim() == 2 and len(prefix) not in (1, n)):
            raise ValueError(f"prefix must have shape (p,) or ({n}, p), got {tuple(prefix.shape)}.")
        if prefix.shape[-1] > self.length:
            raise ValueError(f"prefix must have at most {self.length} codes, got {prefix.shape[-1]}.")
        return prefix.long().expand(n, -1)

    def _guided(self, guidance: float, labels: Tensor | int | None) -> bool:
        """Return whether guidance, checked, changes anything."""
        if validate.at_least_zero(guidance, "guidance") != 1 and labels is None:
            raise ValueError(f"guidance moves the draws toward a class: pass labels too, got guidance={guidance}.")
        return guidance != 1

    def _check_sampling(self, temperature: float, top_k: int | None) -> None:
        validate.above_zero(temperature, "temperature")
        if top_k is not None:
            validate.whole(validate.positive_int(top_k, "top_k"), 1, self.codebook_size, "top_k")


def probabilities(logits: Tensor, temperature: float = 1.0, top_k: int | None = None) -> Tensor:
    """Return softmax(logits / temperature) over the `top_k` largest logits of each row, 0 elsewhere: (n, K) -> (n, K).

    At equal logits the k-th place goes to one of them, so that never more than k remain.
    """
    if top_k is not None and top_k < logits.shape[-1]:
        kept, places = logits.topk(top_k)
        logits = torch.full_like(logits, -math.inf).scatter(-1, places, kept)
    # Subtracting the largest first keeps a tiny temperature from overflowing.
    return torch.softmax((logits - logits.amax(-1, keepdim=True)) / temperature, dim=-1)
