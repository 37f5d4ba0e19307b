"""The layers of nn.js against torch, and its arrays against numpy, bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.page import node
from vqedu.widgets.nets import describe


def test_every_float16_is_the_number_that_numpy_reads() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    bits = "(text, table) => new Uint32Array(tested.unpack(view(text), table).halves.buffer)"
    found = np.array(node.call("page/nn.js", bits, *node.packed({"halves": halves})), np.uint32).view(np.float32)
    np.testing.assert_array_equal(found, halves.astype(np.float32))
    np.testing.assert_array_equal(np.signbit(found), np.signbit(halves))


def test_arrays_of_every_kind_are_found_wherever_the_bytes_lie() -> None:
    kinds = (np.float32, np.uint8, np.uint16, np.int32, np.float16)
    arrays = {np.dtype(kind).name: np.arange(3, 9, dtype=kind).reshape(3, 2) for kind in kinds}
    arrays |= {"one": np.float32([7]), "none": np.zeros((0, 4), np.int32), "last": -arrays["int32"]}
    shifted = """(text, table) => {
        const bytes = new Uint8Array(view(text).buffer), moved = new Uint8Array(bytes.length + 3);
        moved.set(bytes, 3);
        return tested.unpack(new DataView(moved.buffer, 3), table);
    }"""
    found = node.call("page/nn.js", shifted, *node.packed(arrays))
    assert found == {name: array.flatten().tolist() for name, array in arrays.items()}


def layers() -> list[nn.Sequential]:
    """Small networks of every layer; their weights are float16 numbers, as in the page."""
    torch.manual_seed(0)
    linear = [nn.Sequential(nn.Linear(inputs, 3)) for inputs in range(1, 10)]
    norm, near = nn.LayerNorm(5), nn.LayerNorm(5, eps=0.5)
    for each in (norm, near):
        nn.init.normal_(each.weight)
        nn.init.normal_(each.bias)
    others = [nn.Sequential(layer) for layer in (norm, near, nn.SiLU(), nn.ReLU(), nn.Sigmoid())]
    whole = nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.SiLU(), nn.Linear(5, 2))
    return [network.half().double() for network in (*linear, *others, whole)]


def job(network: nn.Sequential, rows: torch.Tensor) -> tuple[Any, ...]:
    spec, arrays = describe(network, "net")
    return (spec, *node.packed(arrays), rows.tolist())


def test_layers_are_torch_s() -> None:
    networks = layers()
    widths = [each[0].in_features if isinstance(each[0], nn.Linear) else 5 for each in networks]
    rows = [2 * torch.randn(4, width, generator=torch.Generator().manual_seed(width)) for width in widths]
    run = """(jobs) => jobs.map(([spec, text, table, rows]) => {
        const net = tested.network(spec, tested.unpack(view(text), table));
        return rows.map((row) => net(Float32Array.from(row)));
    })"""
    found = node.call("page/nn.js", run, [job(*pair) for pair in zip(networks, rows, strict=True)])
    for network, x, y in zip(networks, rows, found, strict=True):
        np.testing.assert_allclose(y, network(x.double()).detach(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("value", [-800.0, -3.0, 0.0, 3.0, 800.0])
def test_the_sigmoid_does_not_overflow(value: float) -> None:
    found = node.call("page/nn.js", "(value) => tested.sigmoid(value)", value)
    assert found == pytest.approx(torch.tensor(value, dtype=torch.float64).sigmoid().item(), rel=1e-12, abs=1e-300)
