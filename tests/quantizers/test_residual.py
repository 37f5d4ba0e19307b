"""Residual vector quantization: by hand, against its definition, and against the peer library."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from vqedu.models import VQVAE
from vqedu.pretrained import load_checkpoint, save_checkpoint
from vqedu.quantizers import ResidualVQ, VectorQuantizer


def quantizer(*codebooks: Tensor, **settings) -> ResidualVQ:
    """A ResidualVQ with these codebooks, one a level."""
    rvq = ResidualVQ(*codebooks[0].shape, len(codebooks), **settings)
    for level, codes in zip(rvq.levels, codebooks, strict=True):
        level.set_codebook(codes)
    return rvq.eval()


def test_by_hand() -> None:
    coarse, fine = torch.tensor([[0.0, 0.0], [10.0, 0.0]]), torch.tensor([[1.0, 1.0], [-1.0, 0.0]])
    rvq = quantizer(coarse, fine, update="gradient")
    z_e = torch.tensor([[8.0, 0.5], [2.0, 1.0]])
    out = rvq(z_e)
    # (8, 0.5) -> (10, 0), left (-2, 0.5) -> (-1, 0); (2, 1) -> (0, 0), left (2, 1) -> (1, 1).
    assert out.indices.tolist() == [[1, 1], [0, 0]]
    assert out.z_q.tolist() == [[9, 0], [1, 1]]
    by_hand = ((4 + 0.25) + (1 + 0.25) + (4 + 1) + (1 + 0)) / 2
    assert out.codebook_loss.item() == by_hand
    assert out.commitment_loss.item() == by_hand


@pytest.mark.parametrize("shape", [(6, 3, 7, 7), (6, 3), (2, 3, 5)])
def test_the_peer_finds_the_same_indices(shape: tuple[int, ...]) -> None:
    from vector_quantize_pytorch import ResidualVQ as Peer  # brings half of torch along

    torch.manual_seed(0)
    codebooks = [torch.randn(16, 3) / 2**level for level in range(4)]
    peer = Peer(dim=3, codebook_size=16, num_quantizers=4, rotation_trick=False).eval()
    for layer, codes in zip(peer.layers, codebooks, strict=True):
        layer._codebook.embed.copy_(codes)
    z_e = torch.randn(shape)
    rows = z_e.movedim(1, -1).reshape(1, -1, 3)
    z_q, indices, _ = peer(rows)
    out = quantizer(*codebooks)(z_e)
    assert torch.equal(out.indices.view(-1, 4), indices[0])
    torch.testing.assert_close(out.z_q.movedim(1, -1).reshape(-1, 3), z_q[0])


@pytest.mark.parametrize("shape", [(6, 3, 7, 7), (6, 3), (2, 3, 5)])
def test_nearest_and_lookup_agree_with_forward(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    rvq = quantizer(*(torch.randn(16, 3) / 2**level for level in range(4)))
    z_e = torch.randn(shape)
    out = rvq(z_e)
    assert out.indices.shape == (shape[0], *shape[2:], 4)
    assert torch.equal(rvq.nearest(z_e), out.indices)
    torch.testing.assert_close(rvq.lookup(out.indices), out.z_q)
    left = z_e
    for count, level in enumerate(rvq.levels, start=1):  # the definition: what is left becomes smaller and smaller
        left = left - level.lookup(out.indices[..., count - 1])
        torch.testing.assert_close(z_e - rvq.lookup(out.indices[..., :count]), left)


def test_one_level_is_the_vector_quantizer() -> None:
    torch.manual_seed(0)
    codes, z_e = torch.randn(16, 3), torch.randn(5, 3, 7, 7)
    vq = VectorQuantizer(16, 3)
    vq.set_codebook(codes)
    for field, value in vq.eval()(z_e)._asdict().items():
        other = getattr(quantizer(codes)(z_e), field)
        assert torch.equal(other.squeeze(-1) if field == "indices" else other, value), field


def test_each_level_more_leaves_less_once_started_from_data() -> None:
    torch.manual_seed(0)
    rvq, z_e = ResidualVQ(8, 3, 4), torch.randn(500, 3)
    for _ in range(5):
        rvq(z_e)
    indices = rvq.nearest(z_e)
    errors = [(z_e - rvq.lookup(indices[:, :count])).square().mean().item() for count in (1, 2, 3, 4)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 4


def test_gradients() -> None:
    torch.manual_seed(0)
    codebooks = [torch.randn(16, 3) / 2**level for level in range(2)]
    rvq = quantizer(*codebooks, update="gradient")
    z_e, weights = torch.randn(9, 3).requires_grad_(), torch.randn(9, 3)
    out = rvq(z_e)
    assert torch.equal(torch.autograd.grad((out.z_q * weights).sum(), z_e, retain_graph=True)[0], weights)
    first = rvq.levels[0].lookup(out.indices[:, 0]).detach()
    expected = 2 * ((z_e - first) + (z_e - out.z_q)).detach() / 9  # of both levels' |r - sg(e)|^2
    torch.testing.assert_close(torch.autograd.grad(out.commitment_loss, z_e)[0], expected)
    out.codebook_loss.backward()
    assert z_e.grad is None
    assert all(level.codebook.grad.abs().sum() > 0 for level in rvq.levels)


def test_level_dropout_ends_each_example_after_a_level_of_its_own_and_only_in_training() -> None:
    torch.manual_seed(0)
    rvq = quantizer(*(torch.randn(16, 3) / 2**level for level in range(4)), update="gradient", level_dropout=True)
    rvq.levels.eval()
    rvq.training = True
    z_e = torch.randn(400, 3, 5)
    out = rvq(z_e)
    sums = torch.stack([rvq.lookup(out.indices[..., :count]) for count in (1, 2, 3, 4)])  # (4, 400, 3, 5)
    used = (sums - out.z_q).abs().amax((2, 3)).min(0)
    assert used.values.max() < 1e-6
    assert (used.indices.bincount() > 60).all()
    torch.testing.assert_close(rvq.eval()(z_e).z_q, sums[-1])


@pytest.mark.parametrize("shape", [(4, 7, 7, 5), (4, 7, 7, 0), (4,)])
def test_bad_indices(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"levels|empty"):
        ResidualVQ(16, 3, 4).lookup(torch.zeros(shape, dtype=torch.int64))


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="num_levels"):
        ResidualVQ(16, 3, 0)
    with pytest.raises(ValueError, match="shape"):
        ResidualVQ(16, 3, 2)(torch.randn(4, 2))
    with pytest.raises(TypeError, match=r"indices must be a torch\.Tensor"):
        ResidualVQ(16, 3, 2).lookup([[1, 2]])  # type: ignore[arg-type]


def test_unless_told_otherwise_levels_are_as_a_vector_quantizer_and_none_is_dropped() -> None:
    rvq, vq = ResidualVQ(16, 3, 2), VectorQuantizer(16, 3)
    for each in (rvq, *rvq.stages):
        assert (each.update, each.start, each.revive_after) == (vq.update, vq.start, vq.revive_after)
    assert not rvq.level_dropout


def test_a_vqvae_with_levels_comes_back_from_its_checkpoint_and_decodes_the_first_ones(tmp_path) -> None:
    torch.manual_seed(0)
    model = VQVAE(quantizer=ResidualVQ(8, 3, 4))
    x = torch.rand(40, 1, 28, 28)
    model.train()(x)
    model.eval()
    save_checkpoint(model, tmp_path / "residual.safetensors")
    copy = load_checkpoint(tmp_path / "residual.safetensors")
    indices = model.encode(x)
    assert indices.shape == (40, 7, 7, 4)
    assert torch.equal(copy.encode(x), indices)
    torch.testing.assert_close(copy.decode(indices), model(x).logits)
    assert not torch.equal(copy.decode(indices[..., :1]), copy.decode(indices))
    with pytest.raises(ValueError, match="from 1 to 4 levels"):
        copy.decode(indices[..., 0])
    with pytest.raises(ValueError, match="maps of 7 x 7 codes"):
        copy.decode(indices[:, 0])
