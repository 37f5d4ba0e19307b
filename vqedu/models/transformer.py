"""A causal transformer: what the next token may be, given all tokens before it. The prior over codes is built on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import validate


@dataclass
class KVCache:
    """The keys and values of the tokens seen so far: `layers` (depth, 2, N, heads, length, width / heads).

    Only the first `filled` of the `length` places hold anything yet.
    """

    layers: Tensor
    filled: int = 0


class SelfAttention(nn.Module):
    """Each token asks (query) and takes from itself and earlier ones (keys) a weighted mean of what they hold (values).

    a_ij = softmax over j <= i of q_i . k_j / sqrt(width / heads); y_i = sum_j a_ij v_j, for each head apart.
    Source: Vaswani et al. 2017, section 3.2. Shapes: x (N, t, width) -> (N, t, width).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x: Tensor, past: Tensor | None = None, start: int = 0) -> Tensor:
        """Return y. With `past` (2, N, heads, length, width / heads) x holds the tokens from `start` on: their keys and
        values are written there, and those of the earlier tokens are read from there."""
        n, t, width = x.shape
        parts = self.query_key_value(x).view(n, t, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # each (N, heads, t, width / heads)
        if past is not None:
            past[0, :, :, start : start + t], past[1, :, :, start : start + t] = k, v
            k, v = past[:, :, :, : start + t]
        # Token i of x is at place start + i, and may look at the places 0 .. start + i.
        earlier = torch.ones(t, start + t, dtype=torch.bool, device=x.device).tril(start)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=None if t == 1 else earlier)
        return self.output(y.transpose(1, 2).reshape(n, t, width))


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)): tokens exchange, then each thinks for itself.

    LayerNorm comes before each part ("pre-LayerNorm"; Xiong et al. 2020), which trains without a warm-up of thousands
    of steps. GELU in its tanh form (Hendrycks and Gimpel 2016), so that a page computes the same as torch.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, past: Tensor | None = None, start: int = 0) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x), past, start))
        return x + self.dropout(self.mlp(self.mlp_norm(x)))


class Transformer(nn.Module):
    """Tokens (N, t) -> logits (N, t, vocabulary_size): those at place i are for the token at place i + 1.

    Worked shape: Transformer(139, 49, width=96, depth=4, heads=4) takes (64, 49) to (64, 49, 139); 479,000 weights.

    Source: Vaswani et al. 2017, the decoder half. Where we leave it: pre-LayerNorm, GELU, learned positions (as Radford
    et al. 2018), and a head of its own rather than the token table once more ("untied"): in a vocabulary this small it
    costs 3% of the weights. dropout: of what enters the first block and of what each part adds, in training; we use it
    only where examples are few.
    Raises ValueError or TypeError for a size below 1, a dropout outside [0, 1), or a width that the heads do not
    divide.
    """

    def __init__(
        self, vocabulary_size: int, length: int, width: int, depth: int, heads: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.vocabulary_size = validate.positive_int(vocabulary_size, "vocabulary_size")
        self.length = validate.positive_int(length, "length")
        self.width, self.depth = validate.positive_int(width, "width"), validate.positive_int(depth, "depth")
        self.heads = validate.positive_int(heads, "heads")
        if width % heads:
            raise ValueError(f"width must be a multiple of heads, got width={width} and heads={heads}.")
        self.dropout = nn.Dropout(validate.fraction(dropout, "dropout"))
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary_size, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.1)
        nn.init.normal_(self.positions, std=0.1)

    def forward(self, tokens: Tensor, cache: KVCache | None = None) -> Tensor:
        """Return the logits of the tokens after these. With a cache, `tokens` are those that it has not seen yet.

        Raises ValueError for more tokens than `length`.
        """
        return self.head(self.hidden(tokens, cache))

    def hidden(self, tokens: Tensor, cache: KVCache | None = None) -> Tensor:
        """Return what the head makes logits of: (N, t) -> (N, t, width). For a loss that needs only some places."""
        start, t = cache.filled if cache else 0, tokens.shape[1]
        if start + t > self.length:
            raise ValueError(f"The transformer has {self.length} places, but {start + t} tokens came.")
        x = self.tokens(tokens) + self.positions[start : start + t]  # (N, t) -> (N, t, width)
        x = self.dropout(x)
        for layer, block in enumerate(self.blocks):
            x = block(x, cache.layers[layer] if cache else None, start)
        if cache:
            cache.filled += t
        return self.norm(x)

    def empty_cache(self, n: int) -> KVCache:
        """Return the cache of n sequences that have not begun."""
        shape = (self.depth, 2, n, self.heads, self.length, self.width // self.heads)
        return KVCache(self.positions.new_empty(shape))


@torch.no_grad()
def generate(
    transformer: Transformer,
    tokens: Tensor,
    count: int,
    choose: Callable[[Tensor], Tensor],
    past: KVCache | None = None,
) -> Tensor:
    """Return `count` tokens that follow `tokens`, one after the other: (N, t) -> (N, count) int64.

    choose: turns the logits of the next token (N, vocabulary) into that token (N, 1), by a draw or otherwise.
    past: an empty cache of N sequences; without it each step computes all places anew.
    """
    new, chosen = tokens, tokens[:, :0]
    for _ in range(count):
        token = choose(transformer(new, past)[:, -1])
        chosen = torch.cat([chosen, token], 1)
        new = token if past else torch.cat([tokens, chosen], 1)
    return chosen
