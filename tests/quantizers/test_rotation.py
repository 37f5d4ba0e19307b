"""The rotation trick: exact forward, a gradient that is a rotation and a scale, the peer's gradient."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from vector_quantize_pytorch.vector_quantize_pytorch import rotate_to

from vqedu.quantizers import straight_through
from vqedu.quantizers.rotation import rotation_trick


def pairs(n: int, dims: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(dims)
    return tuple(torch.randn(n, dims, generator=generator, dtype=torch.float64) for _ in range(3))


def at_encoder(trick: Callable[[Tensor, Tensor], Tensor], z_e: Tensor, z_q: Tensor, gradient: Tensor) -> Tensor:
    """Return what reaches the encoder of a gradient at the code: three (n, D) -> (n, D)."""
    leaf = z_e.clone().requires_grad_()
    return torch.autograd.grad(trick(leaf, z_q), leaf, gradient)[0]


@pytest.mark.parametrize("dims", [2, 3, 16])
def test_forward_is_the_code_to_the_last_bit(dims: int) -> None:
    z_e, z_q, _ = pairs(50, dims)
    assert torch.equal(rotation_trick(z_e, z_q), z_q)


@pytest.mark.parametrize("dims", [2, 3, 16])
def test_the_peer_has_the_same_gradient(dims: int) -> None:
    z_e, z_q, gradient = pairs(50, dims)
    expected = at_encoder(rotate_to, z_e, z_q, gradient)
    torch.testing.assert_close(at_encoder(rotation_trick, z_e, z_q, gradient), expected)


@pytest.mark.parametrize("dims", [2, 3, 16])
def test_lengths_scale_and_angles_stay(dims: int) -> None:
    z_e, z_q, gradient = pairs(50, dims)
    passed = at_encoder(rotation_trick, z_e, z_q, gradient)
    scale = z_q.norm(dim=1) / z_e.norm(dim=1)
    torch.testing.assert_close(passed.norm(dim=1), scale * gradient.norm(dim=1))
    angles = torch.cosine_similarity(gradient, z_q)
    torch.testing.assert_close(torch.cosine_similarity(passed, z_e), angles)  # straight-through does not keep them


def test_by_hand_a_quarter_turn() -> None:
    z_e, z_q = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    along = at_encoder(rotation_trick, z_e, z_q, torch.tensor([[0.0, 1.0]]))  # along the code
    across = at_encoder(rotation_trick, z_e, z_q, torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(along, torch.tensor([[0.5, 0.0]]))
    torch.testing.assert_close(across, torch.tensor([[0.0, -0.5]]))
    same = at_encoder(straight_through, z_e, z_q, torch.tensor([[0.0, 1.0]]))
    assert same.tolist() == [[0, 1]]


def test_equal_vectors_pass_the_gradient_unchanged() -> None:
    z, _, gradient = pairs(20, 3)
    torch.testing.assert_close(at_encoder(rotation_trick, z, z, gradient), gradient)


def test_a_zero_vector_gives_no_nan() -> None:
    z_e, z_q = torch.zeros(1, 2), torch.tensor([[0.0, 1.0]])
    assert at_encoder(rotation_trick, z_e, z_q, torch.ones(1, 2)).isfinite().all()
    assert math.isclose(rotation_trick(z_q, z_e).norm().item(), 0)
