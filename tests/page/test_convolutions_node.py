"""Convolutions and the search for codes in the page, on small whole numbers: exactly what torch computes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.page import node
from vqedu.models.vqvae import ResidualBlock
from vqedu.quantizers.fsq import ScaledTanh
from vqedu.widgets.conv_nets import describe_convolutions

MODULES = ("page/nn.js", "page/conv_nets.js")
SIDE = 5


def whole(network: nn.Sequential) -> nn.Sequential:
    """Give a network small whole numbers as weights: no sum is rounded then, in whatever order it runs."""
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        parameter.data = torch.randint(-3, 4, parameter.shape, generator=generator).float()
    return network.eval()


def geometries() -> list[nn.Sequential]:
    """Convolutions of every kernel, stride and padding; the window does not always end at the edge."""
    sizes = [(k, s, p) for k, s, p in itertools.product((1, 2, 3, 4), (1, 2, 3), (0, 1, 2)) if p <= k // 2]
    down = [nn.Conv2d(2, 3, k, s, p) for k, s, p in sizes]
    up = [nn.ConvTranspose2d(2, 3, k, s, p) for k, s, p in sizes]
    return [whole(nn.Sequential(layer)) for layer in (*down, *up)]


def test_convolutions_of_every_geometry_are_torch_s() -> None:
    chain = nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1), nn.ReLU(), ResidualBlock(4), nn.ConvTranspose2d(4, 1, 2, 2))
    for each in chain.modules():
        if isinstance(each, nn.BatchNorm2d):
            each.eps = 0.0  # scale 1: whole numbers stay whole
    networks = [*geometries(), whole(chain)]
    x = torch.randint(-3, 4, (2, SIDE, SIDE), generator=torch.Generator().manual_seed(1)).float()
    described = [describe_convolutions(network, "net", np.float32) for network in networks]
    run = """(x, jobs) => jobs.map(([spec, [text, table]]) =>
        tested.convolutions(spec, tested.unpack(view(text), table))(Float32Array.from(x)))"""
    jobs = [(spec, node.packed(arrays)) for spec, arrays in described]
    for network, found in zip(networks, node.call(MODULES, run, x.flatten().tolist(), jobs), strict=True):
        assert found == network(x[None]).flatten().tolist(), network


CODES = np.float32([[1, 0], [0, 2], [1, 0], [-1, -1]])


def in_vqvae(function: str, channels: int = 1, bound: nn.Module | None = None) -> Any:
    """Return function(net), where `net` has four codes of 2 numbers, pictures of side 4 and maps of 2 x 2 codes."""
    encoder = whole(nn.Sequential(nn.Conv2d(channels, 2, 2, 2)))
    decoder = whole(nn.Sequential(nn.ConvTranspose2d(2, channels, 2, 2)))
    described = [describe_convolutions(net, name, np.float32) for net, name in ((encoder, "e"), (decoder, "d"))]
    numbers = {name: values.tolist() for name, values in bound.named_buffers()} if bound else None
    config = {"K": 4, "D": 2, "channels": channels, "side": 4, "columns": 2, "codebook": "codes", "bound": numbers}
    config |= {"encoder": described[0][0], "decoder": described[1][0]}
    arrays = {**described[0][1], **described[1][1], "codes": CODES}
    script = f"(config, text, table) => ({function})(tested.vqvae(config, tested.unpack(view(text), table)))"
    return node.call(MODULES, script, config, *node.packed(arrays))


def test_the_nearest_code_at_each_place_and_of_equally_near_ones_the_first() -> None:
    # z_e at the four places: (0, 3), (1, 0), (-2, -2), and (0.5, 1), which is equally near to the first three codes.
    z = [0, 1, -2, 0.5, 3, 0, -2, 1]
    indices, squares, z_q = in_vqvae(f"""(net) => {{
        const z = Float32Array.from({z}), indices = net.nearest(z);
        return [indices, [0, 1, 2, 3].map((p) => net.distances(z, p)), net.lookup(indices)];
    }}""")
    assert indices == [1, 0, 3, 0]
    assert squares == [[10, 1, 10, 17], [0, 5, 0, 5], [13, 20, 13, 2], [1.25, 1.25, 1.25, 6.25]]
    assert z_q == [0, 1, -1, 1, 2, 0, -1, 0]


def test_a_picture_is_decoded_from_its_codes_as_log_odds() -> None:
    decoder = whole(nn.Sequential(nn.ConvTranspose2d(2, 1, 2, 2)))
    z_q = torch.from_numpy(CODES[[3, 1, 1, 0]].T.reshape(1, 2, 2, 2))
    pictures = in_vqvae("""(net) => [net.decode([3, 1, 1, 0]), net.decodeVectors(net.lookup([3, 1, 1, 0]))]""")
    for found in pictures:
        np.testing.assert_allclose(found, decoder(z_q).sigmoid().flatten().detach(), rtol=1e-6)


def test_the_sizes_and_the_paper_of_gray_and_of_colored_pictures() -> None:
    sizes = (
        "(net) => [net.K, net.D, net.channels, net.side, net.columns, net.size, net.places, net.codebook, net.paper()]"
    )
    assert in_vqvae(sizes) == [4, 2, 1, 4, 2, 16, 4, CODES.flatten().tolist(), [0] * 16]
    assert in_vqvae(sizes, channels=3) == [4, 2, 3, 4, 2, 48, 4, CODES.flatten().tolist(), [1] * 48]


def test_what_fsq_does_before_it_rounds_is_done_to_z_e_channel_by_channel() -> None:
    bound = ScaledTanh(torch.tensor([0.25, -0.5]), torch.tensor([2.0, 3.0]), torch.tensor([0.5, -1.0]))
    x = torch.linspace(-1, 1, 16).view(1, 1, 4, 4)
    expected = bound(whole(nn.Sequential(nn.Conv2d(1, 2, 2, 2)))(x)).flatten()
    found = in_vqvae(f"(net) => net.encode(Float32Array.from({x.flatten().tolist()}))", bound=bound)
    np.testing.assert_allclose(found, expected.detach(), rtol=1e-5)
