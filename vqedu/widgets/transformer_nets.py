"""Describes a Transformer so that transformer.js can run it: its parts as nn.js runs them, weights as float16."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from vqedu.models.transformer import Transformer
from vqedu.widgets.nets import describe, half

Arrays = dict[str, np.ndarray]


def describe_transformer(model: Transformer) -> tuple[Arrays, dict[str, Any]]:
    """Return (arrays, config): what transformer.js's `transformer(config, arrays)` needs to give the same logits.

    Weights become float16, as shipped weights are already: those are then the same numbers in the page.
    Raises TypeError for anything but a Transformer.
    """
    if not isinstance(model, Transformer):
        raise TypeError(f"model must be a vqedu.models.transformer.Transformer, got {type(model).__name__}.")
    arrays: Arrays = {"tokens": half(model.tokens.weight), "positions": half(model.positions)}
    blocks = []
    for i, block in enumerate(model.blocks):
        specs = {name: describe(part, f"block{i}.{name}") for name, part in _parts(block).items()}
        blocks.append({name: spec for name, (spec, _) in specs.items()})
        arrays |= {key: array for _, own in specs.values() for key, array in own.items()}
    head, head_arrays = describe(nn.Sequential(model.norm, _with_bias(model.head)), "head")
    sizes = {name: getattr(model, name) for name in ("vocabulary_size", "length", "width", "heads")}
    return arrays | head_arrays, {**sizes, "blocks": blocks, "head": head}


def _parts(block: Any) -> dict[str, nn.Sequential]:
    """Return the parts of a `transformer.Block` between the two steps that nn.js does not know: attention and GELU."""
    up, _, down = block.mlp
    attention = block.attention
    return {
        "qkv": nn.Sequential(block.attention_norm, attention.query_key_value),
        "out": nn.Sequential(attention.output),
        "up": nn.Sequential(block.mlp_norm, up),
        "down": nn.Sequential(down),
    }


def _with_bias(linear: nn.Linear) -> nn.Linear:
    """Return the layer, with a bias of zeros where it has none: nn.js knows only layers with one."""
    if linear.bias is not None:
        return linear
    full = nn.Linear(linear.in_features, linear.out_features)
    full.weight = linear.weight
    nn.init.zeros_(full.bias)
    return full
