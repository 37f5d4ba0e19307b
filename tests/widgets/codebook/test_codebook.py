"""The codebook explorer without a browser: its windows against autograd, its counts against brute force, its states."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vqedu import data, metrics, models
from vqedu.data import Split
from vqedu.widgets.codebook import codes as codebook_codes
from vqedu.widgets.codebook.codebook import CodebookExplorer

CELLS = [0, 6, 9, 24, 42, 47, 48]


@functools.cache
def split() -> Split:
    x, y = data.load().test
    return Split(x[:400], y[:400])


@functools.cache
def model(codebook_size: int = 24) -> models.VQVAE:
    """A VQ-VAE after a few steps: its codes differ, and its decoder draws something."""
    torch.manual_seed(0)
    made = models.VQVAE(codebook_size, 6)
    optimizer = torch.optim.Adam(made.parameters(), 5e-3)
    for batch in data.load().train.x[:2400].split(40):
        optimizer.zero_grad()
        made.loss(batch).total.backward()
        optimizer.step()
    return made.eval()


def explorer(**options: Any) -> CodebookExplorer:
    return CodebookExplorer(model(), split(), **{"digits": 60, **options})


@functools.cache
def one_explorer() -> CodebookExplorer:
    """An explorer for tests that leave it as it is."""
    return explorer()


def opened(network: nn.Sequential) -> nn.Sequential:
    """Lift every ReLU far above zero, so that no gradient is lost on its way."""
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d) and layer.affine:
            nn.init.constant_(layer.bias, 1e4)
    return network.double().eval()


def reach(gradient: torch.Tensor) -> tuple[slice, slice]:
    """Return the rows and columns of a picture where the gradient is not zero, and check that they are a full block."""
    rows, columns = gradient.flatten(0, -3).abs().sum(0).nonzero().T
    found = tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in (rows, columns))
    assert len(rows) == np.prod([axis.stop - axis.start for axis in found])
    return found[0], found[1]


@pytest.mark.parametrize("cell", CELLS)
def test_the_receptive_field_is_where_the_gradient_of_z_e_is_not_zero(cell: int) -> None:
    encoder = opened(models.VQVAE(4, 3).encoder)
    x = torch.rand(1, 1, 28, 28, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(encoder(x)[0, 0].flatten()[cell], x)
    window = codebook_codes.receptive_field(encoder)
    assert window == (-7, 4, 18)
    assert window.slices(cell) == reach(gradient)


@pytest.mark.parametrize("cell", CELLS)
def test_the_influence_of_a_code_is_where_x_hat_depends_on_it(cell: int) -> None:
    decoder = opened(models.VQVAE(4, 3).decoder)
    z_q = torch.rand(1, 3, 7, 7, dtype=torch.float64)
    direction = torch.zeros_like(z_q)
    direction[0, :, cell // 7, cell % 7] = 1
    _, derivative = torch.autograd.functional.jvp(decoder, z_q, direction)
    window = codebook_codes.influence(decoder)
    assert window == (-7, 4, 18)
    assert window.slices(cell) == reach(derivative)


def test_windows_of_other_networks() -> None:
    encoder = nn.Sequential(nn.Conv2d(1, 2, 5, stride=4, padding=2), nn.Conv2d(2, 2, 1))
    assert codebook_codes.receptive_field(encoder) == (-2, 4, 5)
    decoder = nn.Sequential(nn.Conv2d(2, 2, 1), nn.ConvTranspose2d(2, 1, 4, stride=4))
    assert codebook_codes.influence(decoder) == (0, 4, 4)
    with pytest.raises(TypeError, match="stride 1"):
        codebook_codes.influence(nn.Sequential(nn.Conv2d(2, 2, 3, stride=2)))


def test_counts_and_codes_are_those_of_the_model() -> None:
    shown = one_explorer()
    indices = model().encode(split().x)
    assert shown.space.counts.tolist() == np.bincount(indices.flatten(), minlength=24).tolist()
    assert (shown.space.maps == model().encode(shown.images)).all()
    assert metrics.code_usage(indices, 24) == (shown.space.counts > 0).float().mean()


def test_what_a_code_draws_is_the_mean_of_x_hat_around_its_cells() -> None:
    space = one_explorer().space
    indices = model().encode(split().x)
    x_hat = model().decode(indices).sigmoid().detach()[:, 0]
    padded = np.pad(x_hat, ((0, 0), (4, 4), (4, 4)))
    code = int(indices[0, 3, 3])
    patches = [padded[n, 4 * r : 4 * r + 12, 4 * c : 4 * c + 12] for n, r, c in (indices == code).nonzero().tolist()]
    np.testing.assert_allclose(space.strokes[code, 0], np.mean(patches, 0), atol=1e-5)


def test_a_dead_code_shows_what_it_draws_alone() -> None:
    torch.manual_seed(0)
    dead = models.VQVAE(3, 6, normalize=False).eval()
    dead.quantizer.set_codebook(torch.stack([torch.zeros(6), torch.full((6,), 1e3), torch.full((6,), -1e3)]))
    space = codebook_codes.CodeSpace(dead, split().x, split().x[:2])
    assert space.counts.tolist() == [400 * 49, 0, 0]
    alone = torch.zeros(7, 7, dtype=torch.int64)
    alone[3, 3] = 2
    x_hat = dead.decode(alone[None]).sigmoid()[0, 0].detach()
    np.testing.assert_allclose(space.strokes[2, 0], x_hat[8:20, 8:20], atol=1e-6)


def test_a_swap_changes_x_hat_in_the_window_of_its_cell_alone() -> None:
    codes = model().encode(split().x[:1]).expand(2, 7, 7).clone()
    codes[:, 3, 3] = torch.tensor([3, 7])
    one, other = model().decode(codes).sigmoid().detach()[:, 0]
    difference = (one - other).abs()
    rows, columns = codebook_codes.influence(model().decoder).slices(24)
    assert difference[rows, columns].max() > 0
    difference[rows, columns] = 0
    assert difference.max() == 0


def test_the_explorer_keeps_the_model_as_it_was() -> None:
    changing = models.VQVAE(5, 2)
    changing.loss(split().x[:30])
    shown = CodebookExplorer(changing, split(), digits=10)
    before = shown.data
    nn.init.zeros_(changing.decoder[0].weight)
    assert shown.data == before
    assert changing.training


def test_the_summary_never_varies() -> None:
    expected = "Codebook explorer: x, its 7 x 7 code map, x_hat; 24 codes of 6 numbers, 60 digits to pick from."
    assert one_explorer().summary == expected


def test_a_part_of_the_state_moves_only_that_part() -> None:
    shown = explorer()
    before = dict(shown.state)
    shown.state = {"cell": 7.0, "swaps": [(1, 2)]}
    assert shown.state == {**before, "cell": 7, "swaps": [[1, 2]]}
    shown.state = {"drawing": [255] + [0] * 783, "digit": None}
    assert shown.state["drawing"] == [255] + [0] * 783


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"cell": 49}, "cell must be a whole number from 0 to 48"),
        ({"cell": 1.5}, "cell must be a whole number"),
        ({"code": 24}, "from 0 to 23, got 24"),
        ({"code": -1}, "from 0 to 23"),
        ({"digit": 60}, "from 0 to 59"),
        ({"drawing": [0] * 3}, "784 gray levels"),
        ({"swaps": [[49, 0]]}, "the cell of a swap"),
        ({"swaps": [[0, 24]]}, "the code of a swap"),
        ({"swaps": [3]}, r"pairs \[cell, code\]"),
        ({"swaps": [[1, 2], [1, 3]]}, "each cell once"),
        ({"codes": 3}, "Did you mean 'code'"),
    ],
)
def test_a_state_that_cannot_be_shown_is_refused(state: dict[str, object], says: str) -> None:
    shown = one_explorer()
    before = dict(shown.state)
    with pytest.raises(ValueError, match=says):
        shown.state = state
    assert shown.state == before


def test_wrong_models_and_images_are_refused() -> None:
    x, y = split()
    with pytest.raises(TypeError, match="VQVAE, got VAE"):
        CodebookExplorer(models.VAE(2, (4,)), split())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"\.x and \.y"):
        CodebookExplorer(model(), x)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\(N, 1, 28, 28\)"):
        CodebookExplorer(model(), Split(x[:, 0], y))
    broken = models.VQVAE(4, 2)
    broken.quantizer.codebook.fill_(float("nan"))
    with pytest.raises(ValueError, match="codebook must be finite"):
        CodebookExplorer(broken, split())
