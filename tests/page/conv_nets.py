"""A VQ-VAE in JavaScript: what tests of conv_nets.js share."""

from __future__ import annotations

import base64
import functools

import numpy as np

from tests.page import node
from vqedu import models, pretrained
from vqedu.widgets import conv_nets

MODULES = ("page/nn.js", "page/conv_nets.js")


@functools.cache
def shipped(name: str) -> models.VQVAE:
    """Return a VQ-VAE that ships with the package."""
    model = pretrained.load(name)
    assert isinstance(model, models.VQVAE)
    return model


def in_node(model: models.VQVAE, call: str, inputs: np.ndarray) -> np.ndarray:
    """Return call(net, input) of conv_nets.js for each row of `inputs`."""
    arrays, config = conv_nets.describe_vqvae(model)
    rows = np.ascontiguousarray(inputs, np.float32).reshape(len(inputs), -1)
    script = f"""(config, text, table, inputs, width) => {{
        const net = tested.vqvae(config, tested.unpack(view(text), table));
        const rows = new Float32Array(view(inputs).buffer);
        const row = (i) => rows.subarray(i * width, (i + 1) * width);
        return Array.from({{ length: rows.length / width }}, (_, i) => ({call})(net, row(i)));
    }}"""
    numbers = base64.b64encode(rows.tobytes()).decode()
    return np.array(node.call(MODULES, script, config, *node.packed(arrays), numbers, rows.shape[1]))
