"""Finite scalar quantization: by hand, against every code of its grid, and against the peer library."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vqedu.models import VQVAE
from vqedu.pretrained import load_checkpoint, save_checkpoint
from vqedu.quantizers import FSQ

LEVELS = [(8, 5, 5, 5), (3,), (3, 4), (4, 7), (5, 5, 5)]
SHAPES = [(6, 7, 7), (6, 1), (2, 3, 4)]


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("positions", SHAPES)
def test_the_peer_finds_the_same_indices_and_codes(levels: tuple[int, ...], positions: tuple[int, ...]) -> None:
    from vector_quantize_pytorch import FSQ as Peer  # brings half of torch along

    torch.manual_seed(0)
    z_e = 2 * torch.randn(positions[0], len(levels), *positions[1:])
    out = FSQ(levels)(z_e)
    z_q, indices = Peer(list(levels), channel_first=True)(z_e)
    assert torch.equal(out.indices, indices.long())
    torch.testing.assert_close(out.z_q, z_q)


def test_by_hand() -> None:
    # L = 3: h = 1.001, places -1, 0, 1. L = 4: h = 1.5015, o = 1/2, s = atanh(1/2 / h) = 0.3466.
    z_e = torch.tensor([[0.3, 0.0], [0.6, 0.5], [-9.0, -9.0], [9.0, 9.0]])
    shift = math.atanh(0.5 / 1.5015)
    bounded = [[1.001 * math.tanh(a), 1.5015 * math.tanh(b + shift) - 0.5] for a, b in z_e.tolist()]
    places = [[round(a), round(b)] for a, b in bounded]
    assert places == [[0, 0], [1, 1], [-1, -2], [1, 1]]
    out = FSQ([3, 4])(z_e)
    assert out.z_q.tolist() == [[0, 0], [1, 0.5], [-1, -1], [1, 0.5]]  # places over 1 and over 2
    assert out.indices.tolist() == [(a + 1) + 3 * (b + 2) for a, b in places]


@pytest.mark.parametrize("levels", LEVELS)
def test_every_index_has_one_code_and_every_code_is_reached(levels: tuple[int, ...]) -> None:
    fsq = FSQ(levels)
    indices = torch.arange(math.prod(levels))
    codes = fsq.lookup(indices)
    assert fsq.codebook_size == len(indices) == len(codes.unique(dim=0))
    grid = torch.cartesian_prod(*(torch.linspace(-3, 3, 24) for _ in levels)).view(-1, len(levels))
    assert torch.equal(fsq(grid).indices.unique(), indices)
    # The place in the middle of its cell: undo the scale, then the bound.
    half = (fsq.sizes - 1) * 1.001 / 2
    offset = torch.where(fsq.sizes % 2 == 0, 0.5, 0.0)
    z_e = torch.atanh((codes * (fsq.sizes // 2) + offset) / half) - torch.atanh(offset / half)
    assert torch.equal(fsq(z_e).indices, indices)
    assert torch.equal(fsq.nearest(z_e), indices)


@pytest.mark.parametrize("size", [3, 4, 5, 8])
def test_the_place_changes_at_the_borders_and_nowhere_else(size: int) -> None:
    fsq = FSQ([size])
    (borders,) = fsq.borders()
    assert len(borders) == size - 1
    for place, border in enumerate(borders.tolist()):
        assert fsq(torch.tensor([[border - 1e-3], [border + 1e-3]])).indices.tolist() == [place, place + 1]


@settings(deadline=None)
@given(st.lists(st.integers(3, 6), min_size=1, max_size=4), st.integers(0, 2**31))
def test_lookup_undoes_the_index(levels: list[int], seed: int) -> None:
    z_e = 3 * torch.randn(5, len(levels), 4, generator=torch.Generator().manual_seed(seed))
    fsq = FSQ(levels)
    out = fsq(z_e)
    assert torch.equal(fsq.lookup(out.indices), out.z_q)
    assert out.z_q.abs().max() <= 1


def test_the_gradient_is_that_of_the_bound() -> None:
    torch.manual_seed(0)
    z_e = torch.randn(50, 2).requires_grad_()
    fsq = FSQ([5, 4])
    weights = torch.randn(50, 2)
    (fsq(z_e).z_q * weights).sum().backward()
    half = torch.tensor([4.0, 3.0]) * 1.001 / 2
    shift = torch.tensor([0.0, math.atanh(0.5 / (3 * 1.001 / 2))])
    slope = (1 - torch.tanh(z_e.detach() + shift).square()) * half / 2  # both sizes have 2 places below 0
    torch.testing.assert_close(z_e.grad, weights * slope)


def test_both_losses_are_zero_and_there_is_nothing_to_learn() -> None:
    out = FSQ([5, 4])(torch.randn(4, 2, 7, 7))
    assert out.codebook_loss.item() == out.commitment_loss.item() == 0
    assert not FSQ([5, 4]).state_dict()


@pytest.mark.parametrize(
    ("z_e", "error", "words"),
    [
        (torch.randn(4, 3, 7, 7), ValueError, r"\(N, 2, \*\)"),
        (torch.full((4, 2), torch.nan), ValueError, "finite"),
        (torch.ones(4, 2, dtype=torch.int64), TypeError, "floating-point"),
    ],
)
def test_bad_z_e(z_e: Tensor, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        FSQ([5, 4])(z_e)


@pytest.mark.parametrize(("levels", "error"), [([], ValueError), ([5, 2], ValueError), ([5.0], TypeError)])
def test_bad_levels(levels: list[int], error: type[Exception]) -> None:
    with pytest.raises(error, match="level"):
        FSQ(levels)


def test_an_index_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"0 \.\. 19"):
        FSQ([5, 4]).lookup(torch.tensor([20]))


def test_a_vqvae_with_fsq_comes_back_from_its_checkpoint(tmp_path) -> None:
    torch.manual_seed(0)
    model = VQVAE(quantizer=FSQ([5, 4])).eval()
    save_checkpoint(model, tmp_path / "fsq.safetensors")
    copy = load_checkpoint(tmp_path / "fsq.safetensors")
    x = torch.rand(3, 1, 28, 28)
    indices = model.encode(x)
    assert indices.shape == (3, 7, 7)
    assert torch.equal(copy.encode(x), indices)
    assert torch.equal(copy.decode(indices), model(x).logits)
    terms = model.loss(x)
    assert torch.equal(terms.total, terms.reconstruction)


def test_a_quantizer_of_other_sizes_or_kind() -> None:
    with pytest.raises(ValueError, match="20 and 2"):
        VQVAE(20, 3, quantizer=FSQ([5, 4]))
    with pytest.raises(TypeError, match=r"Identity has no .*codebook_size.*See quantizers\.Quantizer"):
        VQVAE(20, 3, quantizer=torch.nn.Identity())
    with pytest.raises(ValueError, match="20 and 2"):
        VQVAE(2, quantizer=FSQ([5, 4]))
    for one_size in ({"codebook_size": 20}, {"code_dim": 2}):
        with pytest.raises(TypeError, match="codebook_size and code_dim, or a quantizer"):
            VQVAE(**one_size)


def test_more_codes_than_an_index_can_count_are_refused() -> None:
    with pytest.raises(ValueError, match=r"levels make 4\.7e\+21 codes, more than an index can count"):
        FSQ([64] * 12)
    with pytest.raises(ValueError, match=r"levels make 9\.2e\+18 codes"):
        FSQ([512] * 6 + [513])
    largest = FSQ([512] * 7)
    ends = largest(torch.tensor([[-99.0], [99.0]]).expand(2, 7)).indices
    assert ends.tolist() == [0, 2**63 - 1]


def test_levels_so_many_that_the_outermost_would_be_missed_are_refused() -> None:
    with pytest.raises(ValueError, match="levels must be at most 1000"):
        FSQ([1001])
    with pytest.raises(ValueError, match="levels must be at most 1000"):
        FSQ([3, 1001])
    for size in (999, 1000):
        assert FSQ([size])(torch.tensor([[-99.0], [99.0]])).indices.tolist() == [0, size - 1]
