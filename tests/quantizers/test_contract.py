"""What every quantizer keeps, whatever its kind, and what a VQ-VAE takes from it."""

from __future__ import annotations

import pytest
import torch

from tests.quantizers.examples import QUANTIZERS, started
from vqedu.models import VQVAE
from vqedu.quantizers import Quantizer
from vqedu.quantizers.contract import checked

SHAPES = [(6, 7, 7), (6,), (2, 5)]
pytestmark = pytest.mark.parametrize("name", QUANTIZERS)


def vectors(quantizer: Quantizer, positions: tuple[int, ...]) -> torch.Tensor:
    """Seeded vectors (N, D, *)."""
    generator = torch.Generator().manual_seed(1)
    return 1.5 * torch.randn(positions[0], quantizer.code_dim, *positions[1:], generator=generator)


@pytest.mark.parametrize("positions", SHAPES)
def test_shapes_and_dtypes(name: str, positions: tuple[int, ...]) -> None:
    quantizer = started(name).quantizer
    z_e = vectors(quantizer, positions)
    out = quantizer(z_e)
    several = (len(quantizer.stages),) if len(quantizer.stages) > 1 else ()
    assert out.z_q.shape == z_e.shape
    assert out.indices.shape == (*positions, *several)
    assert out.indices.dtype == torch.int64
    assert 0 <= out.indices.min() <= out.indices.max() < quantizer.codebook_size
    assert torch.equal(quantizer.nearest(z_e), out.indices)
    torch.testing.assert_close(quantizer.lookup(out.indices), out.z_q)


def test_each_stage_chooses_the_nearest_code_to_what_is_left(name: str) -> None:
    quantizer = started(name).quantizer
    z_e = vectors(quantizer, (300,))
    indices = quantizer.nearest(z_e).view(300, -1)
    left, total = z_e, torch.zeros_like(z_e)
    for stage, chosen in zip(quantizer.stages, indices.T, strict=True):
        assert stage.codes().shape == (quantizer.codebook_size, quantizer.code_dim)
        distances = torch.cdist(stage.bound(left).double(), stage.codes().double())
        assert torch.equal(distances.argmin(1), chosen)
        assert torch.equal(stage.lookup(torch.arange(quantizer.codebook_size)), stage.codes())
        left, total = left - stage.codes()[chosen], total + stage.codes()[chosen]
    torch.testing.assert_close(total, quantizer.lookup(quantizer.nearest(z_e)))
    assert torch.equal(quantizer.codes(), quantizer.stages[0].codes())


def test_codes_carry_no_gradient_and_nearest_learns_nothing(name: str) -> None:
    quantizer = QUANTIZERS[name]()
    before = {key: value.clone() for key, value in quantizer.state_dict().items()}  # type: ignore[attr-defined]
    quantizer.nearest(vectors(quantizer, (9,)))
    assert not quantizer.codes().requires_grad
    for key, value in quantizer.state_dict().items():  # type: ignore[attr-defined]
        assert torch.equal(value, before[key]), key


def test_gradients_pass_and_both_losses_are_per_example(name: str) -> None:
    quantizer = started(name).quantizer
    z_e = vectors(quantizer, (5, 4)).requires_grad_()
    out = quantizer(z_e)
    out.z_q.sum().backward()
    assert bool((z_e.grad > 0).all())
    twice = quantizer(torch.cat([z_e, z_e]).detach())
    torch.testing.assert_close(twice.commitment_loss, out.commitment_loss.detach())
    torch.testing.assert_close(twice.codebook_loss.detach(), out.codebook_loss.detach())


def test_a_vqvae_takes_its_sizes_from_its_quantizer(name: str) -> None:
    model = started(name)
    own = QUANTIZERS[name]()
    assert (model.codebook_size, model.code_dim) == (own.codebook_size, own.code_dim)
    out = model(torch.rand(2, 1, 28, 28))
    assert out.z_e.shape == (2, model.code_dim, 7, 7)
    torch.testing.assert_close(model.decode(out.indices), out.logits)
    assert VQVAE(own.codebook_size, own.code_dim, quantizer=own).quantizer is own
    with pytest.raises(ValueError, match="must be the quantizer's"):
        VQVAE(own.codebook_size + 1, own.code_dim, quantizer=own)


def test_what_lacks_a_part_is_named(name: str) -> None:
    class Half:
        codebook_size, code_dim = 12, 3
        nearest = lookup = QUANTIZERS[name]().nearest

    with pytest.raises(TypeError, match="Half has no bound, stages, codes"):
        checked(Half())  # type: ignore[arg-type]
