"""Describes a torch network so that nn.js can run it: a list of layers, and their weights as float16 arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

Spec = list[dict[str, Any]]


def describe(network: nn.Sequential, prefix: str) -> tuple[Spec, dict[str, np.ndarray]]:
    """Return (spec, arrays): what nn.js's `network(spec, arrays)` needs to compute the same function.

    Weights become float16: the decoded picture then differs by less than half a gray level.
    Raises TypeError for a layer that nn.js does not know.
    """
    spec: Spec = []
    arrays: dict[str, np.ndarray] = {}
    for index, layer in enumerate(network):
        fields: dict[str, Any] = {"kind": _kind(layer)}
        for name, parameter in layer.named_parameters():
            key = f"{prefix}.{index}.{name}"
            fields[name] = key
            arrays[key] = half(parameter)
        if isinstance(layer, nn.LayerNorm):
            fields["eps"] = layer.eps
        spec.append(fields)
    return spec, arrays


def half(tensor: Tensor) -> np.ndarray:
    """Return a tensor's values as a float16 array of the same shape."""
    return tensor.detach().cpu().numpy().astype(np.float16)


def _kind(layer: nn.Module) -> str:
    known = {
        nn.Linear: "linear",
        nn.LayerNorm: "layernorm",
        nn.SiLU: "silu",
        nn.ReLU: "relu",
        nn.Sigmoid: "sigmoid",
    }
    if type(layer) not in known:
        raise TypeError(
            f"The explorers cannot run a {type(layer).__name__} in the page. "
            f"They know {', '.join(sorted(kind.__name__ for kind in known))}."
        )
    return known[type(layer)]
