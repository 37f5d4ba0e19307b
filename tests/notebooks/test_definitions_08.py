"""What notebook 08 writes out equals what vqedu ships: FSQ, residual VQ, rotation trick, omni-modal sequences."""

from __future__ import annotations

import math

import pytest
import torch
from vector_quantize_pytorch.vector_quantize_pytorch import rotate_to

from tests.notebooks.test_definitions import definitions
from vqedu.models import WordsAndImages, words_and_images
from vqedu.models.words_and_images import CODES, caption
from vqedu.quantizers import FSQ, ResidualVQ

NOTEBOOK = "08_image_tokens"
K = 128


@pytest.mark.parametrize("levels", [[5], [8, 5, 5, 5], [3, 4]])
def test_fsq_and_its_gradient(levels: list[int]) -> None:
    (fsq,) = definitions(NOTEBOOK, "fsq")
    z = torch.randn(200, len(levels), generator=torch.Generator().manual_seed(0))
    weights = torch.randn(200, len(levels), generator=torch.Generator().manual_seed(1))
    results = []
    for quantize in (lambda z: fsq(z, levels), lambda z: FSQ(levels)(z).z_q):
        leaf = z.clone().requires_grad_()
        z_q = quantize(leaf)
        (z_q * weights).sum().backward()
        results.append((z_q.detach(), leaf.grad))
    torch.testing.assert_close(results[0], results[1])


def test_residual_vq() -> None:
    (residual_vq,) = definitions(NOTEBOOK, "residual_vq")
    generator = torch.Generator().manual_seed(0)
    codebooks = [torch.randn(16, 4, generator=generator) / 2**level for level in range(3)]
    ours = ResidualVQ(16, 4, 3)
    for level, codes in zip(ours.levels, codebooks, strict=True):
        level.set_codebook(codes)
    z_e = torch.randn(500, 4, generator=generator)
    z_q, indices = residual_vq(z_e, codebooks)
    out = ours.eval()(z_e)
    assert torch.equal(indices, out.indices)
    torch.testing.assert_close(z_q, out.z_q)


def test_the_rotation_trick_is_the_peer_library_s() -> None:
    dot, _ = definitions(NOTEBOOK, "dot", "rotation_trick")
    (trick,) = definitions(NOTEBOOK, "rotation_trick", dot=dot)
    generator = torch.Generator().manual_seed(0)
    z_e, z_q, gradient = (torch.randn(50, 3, generator=generator) for _ in range(3))
    torch.testing.assert_close(trick(z_e, z_q), z_q, rtol=1e-4, atol=1e-5)
    leaf = z_e.clone().requires_grad_()
    ours, theirs = (torch.autograd.grad(rotate(leaf, z_q), leaf, gradient)[0] for rotate in (trick, rotate_to))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    scale = z_q.norm(dim=1) / z_e.norm(dim=1)
    torch.testing.assert_close(ours.norm(dim=1), scale * gradient.norm(dim=1), rtol=1e-4, atol=1e-5)
    angles = torch.cosine_similarity(gradient, z_q)
    torch.testing.assert_close(torch.cosine_similarity(ours, z_e), angles, rtol=1e-4, atol=1e-5)


@pytest.fixture
def model() -> WordsAndImages:
    torch.manual_seed(0)
    return WordsAndImages(K, width=16, depth=2, heads=2).eval()


def test_both_orders_and_their_prices(model: WordsAndImages, monkeypatch: pytest.MonkeyPatch) -> None:
    both_orders, nats = definitions(NOTEBOOK, "both_orders", "image_and_words_nats", model=model)
    monkeypatch.setattr(words_and_images, "_pick", lambda choices: choices[-1])  # the last wording: "two plus zero"
    codes = torch.randint(K, (CODES,), generator=torch.Generator().manual_seed(0)).tolist()
    with torch.no_grad():
        tokens = both_orders("two plus zero", caption(2), codes)
        image, words = nats(model.transformer(tokens[:, :-1]), tokens)
        loss = model.loss(torch.tensor([[2, 0, *codes]]))
    assert math.isclose(image, loss.image, rel_tol=1e-5)
    assert math.isclose(words, loss.words, rel_tol=1e-5)


def test_the_drawing_loop(model: WordsAndImages) -> None:
    (draw_image,) = definitions(NOTEBOOK, "draw_image", model=model)
    with torch.no_grad():
        slow = draw_image("a thick three", torch.Generator().manual_seed(4))
    assert torch.equal(slow, model.draw("a thick three", generator=torch.Generator().manual_seed(4)))
