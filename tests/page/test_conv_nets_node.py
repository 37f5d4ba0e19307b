"""The VQ-VAE of conv_nets.js against torch: z_e, every index of 1,000 digits, x_hat."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from tests.page.conv_nets import in_node, shipped
from tests.quantizers.examples import QUANTIZERS, started
from vqedu import data, models
from vqedu.widgets import conv_nets

DIGITS = 1000
TIE = 1e-4  # squared distances, mostly above 1, that differ by less than this are equally near: float32 errs by 1e-5
FLIPS = 20  # among 49,000; none was seen with 128 codes, 3 with 512


@functools.cache
def digits() -> torch.Tensor:
    return data.load().test.x[:DIGITS]


@pytest.mark.parametrize("name", QUANTIZERS)
def test_every_kind_of_quantizer_chooses_and_decodes_as_torch_does(name: str) -> None:
    model, x = started(name), digits()[:100]
    found = in_node(model, "(net, x) => net.nearest(net.encode(x))", x.numpy())
    np.testing.assert_array_equal(found, conv_nets.one_stage(model).encode(x).flatten(1))
    decoded = in_node(model, "(net, row) => net.decode(row)", found)
    expected = conv_nets.one_stage(model).decode(torch.from_numpy(found).long().view(-1, 7, 7)).sigmoid().flatten(1)
    assert np.abs(decoded - expected.detach().numpy()).max() <= 2 / 255


def squared_distances(model: models.VQVAE, x: torch.Tensor) -> torch.Tensor:
    """Return |z_e - e_k|^2 in float64: (N, 49, K)."""
    with torch.no_grad():
        z_e = model.encoder(x).flatten(2).movedim(1, -1).double()  # (N, D, 7, 7) -> (N, 49, D)
    return torch.cdist(z_e, model.quantizer.codes().double().expand(len(x), -1, -1)).square()


@pytest.mark.parametrize("name", ["vqvae-mnist", "vqvae-mnist-512"])
def test_all_49000_indices_are_torch_s_but_for_ties(name: str) -> None:
    model, x = shipped(name), digits()
    found = torch.from_numpy(in_node(model, "(net, x) => net.nearest(net.encode(x))", x.numpy()))
    expected = model.encode(x).flatten(1)
    squares = squared_distances(model, x)
    chosen, best = (squares.gather(2, each.long().unsqueeze(2)).squeeze(2) for each in (found, expected))
    others = found != expected
    assert ((chosen - best).abs() < TIE).all()
    assert int(others.sum()) <= FLIPS


def test_z_e_and_distances_are_torch_s() -> None:
    model, x = shipped("vqvae-mnist"), digits()[:50]
    z_e = model.encoder(x).flatten(1).detach().numpy()  # channel first: d * 49 + p
    np.testing.assert_allclose(in_node(model, "(net, x) => net.encode(x)", x.numpy()), z_e, atol=2e-5)
    found = in_node(model, "(net, x) => net.distances(net.encode(x), 24)", x.numpy())
    np.testing.assert_allclose(found, squared_distances(model, x)[:, 24], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["vqvae-mnist", "vqvae-mnist-512"])
def test_decoded_pictures_are_torch_s(name: str) -> None:
    model = shipped(name)
    chosen = torch.randint(model.codebook_size, (30, 7, 7), generator=torch.Generator().manual_seed(0))
    indices = torch.cat([model.encode(digits()[:30]), chosen])
    expected = model.decode(indices).sigmoid().flatten(1).detach().numpy()
    found = in_node(model, "(net, row) => net.decode(row)", indices.numpy())
    assert np.abs(found - expected).max() <= 2 / 255
    z_q = model.quantizer.lookup(indices).numpy()
    np.testing.assert_array_equal(in_node(model, "(net, z) => net.decodeVectors(z)", z_q), found)


def test_a_vqvae_of_color_pictures_with_residual_blocks_runs_too() -> None:
    model, x = shipped("vqvae-emoji"), data.load("emoji").part("unseen picture").x[:40]
    found = torch.from_numpy(in_node(model, "(net, x) => net.nearest(net.encode(x))", x.numpy()))
    assert int((found != model.encode(x).flatten(1)).sum()) <= 1  # of 2,560; a tie may fall on either side
    pictures = in_node(model, "(net, row) => net.decode(row)", found.numpy())
    expected = model.decode(found.long().view(-1, 8, 8)).sigmoid().flatten(1).detach().numpy()
    assert np.abs(pictures - expected).max() <= 2 / 255
    assert in_node(model, "(net) => [net.channels, net.side, net.columns, net.size, net.places]", x[:1].numpy())[
        0
    ].tolist() == [3, 32, 8, 3072, 64]


@pytest.mark.parametrize(("code_dim", "normalize"), [(1, True), (5, False)])
def test_untrained_models_of_other_shapes_run_too(code_dim: int, normalize: bool) -> None:
    torch.manual_seed(0)
    model = models.VQVAE(7, code_dim, normalize=normalize)
    x = digits()[:20]
    model.loss(x)  # starts the codebook, fills the running statistics
    model.eval()
    found = in_node(model, "(net, x) => net.decode(net.nearest(net.encode(x)))", x.numpy())
    expected = model.decode(model.encode(x)).sigmoid().flatten(1).detach().numpy()
    assert np.abs(found - expected).max() <= 2 / 255


def test_equal_codes_give_the_lowest_index() -> None:
    model = models.VQVAE(4, 2).eval()
    model.quantizer.set_codebook(torch.tensor([[9.0, 9.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]))
    found = in_node(model, "(net, z) => net.nearest(z)", np.zeros((1, 98)))
    assert (found == 1).all()
