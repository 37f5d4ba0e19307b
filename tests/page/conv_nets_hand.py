"""A VQ-VAE in the page: what tests of its JavaScript share."""

from __future__ import annotations

import base64
import functools
from typing import Any

import numpy as np
from playwright.sync_api import Page

from tests.page.exported import load_module
from vqedu import models, pretrained
from vqedu.widgets import base, conv_nets

PARTS = ("page/nn.js", "page/conv_nets.js")


@functools.cache
def shipped(name: str) -> models.VQVAE:
    """Return a VQ-VAE that ships with the package."""
    model = pretrained.load(name)
    assert isinstance(model, models.VQVAE)
    return model


def in_the_page(page: Page, model: models.VQVAE, call: str, inputs: np.ndarray) -> np.ndarray:
    """Return call(net, input) of conv_nets.js for each row of `inputs`."""
    arrays, config = conv_nets.describe_vqvae(model)
    data, table = base.pack(arrays)
    load_module(page, *PARTS)
    page.evaluate("() => { window.unpack = tested.unpack; }")
    argument: dict[str, Any] = {
        "data": base64.b64encode(data).decode(),
        "inputs": base64.b64encode(np.ascontiguousarray(inputs, np.float32).tobytes()).decode(),
        "width": int(np.prod(inputs.shape[1:])),
        "config": config,
        "table": table,
    }
    script = f"""({{ data, inputs, width, config, table }}) => {{
        const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const net = tested.vqvae(config, unpack(new DataView(bytes(data).buffer), table));
        const rows = new Float32Array(bytes(inputs).buffer);
        const call = {call};
        const row = (i) => rows.subarray(i * width, (i + 1) * width);
        return Array.from({{ length: rows.length / width }}, (_, i) => Array.from(call(net, row(i))));
    }}"""
    return np.array(page.evaluate(script, argument))
