"""What notebook 05 writes out equals what vqedu ships, and its table of gradients is what autograd says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.notebooks.test_definitions import definitions
from vqedu import quantizers
from vqedu.lessons import plane
from vqedu.quantizers import VectorQuantizer, kmeans, nearest

NOTEBOOK = "05_vector_quantization"


def vectors(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def nearest_code() -> Any:
    return definitions(NOTEBOOK, "nearest_code")[0]


@pytest.mark.parametrize(("n", "k", "d"), [(1, 1, 1), (500, 7, 2), (400, 64, 16)])
def test_nearest_code(n: int, k: int, d: int) -> None:
    rows, codebook = vectors(n, d), vectors(k, d, seed=1)
    assert torch.equal(nearest_code()(rows, codebook), nearest.nearest_code(rows, codebook))


def test_k_means_step_with_and_without_an_unused_code() -> None:
    (step,) = definitions(NOTEBOOK, "kmeans_step", nearest_code=nearest_code())
    points = plane.points("kinds")
    for start in ("data", "wide"):
        codes = plane.start_codes(points, 6, start)
        torch.testing.assert_close(step(points, codes), kmeans.step(points, codes)[0])


def test_straight_through() -> None:
    (theirs,) = definitions(NOTEBOOK, "straight_through")
    for f in (theirs, quantizers.straight_through):
        z_e, z_q = vectors(9, 3).requires_grad_(), vectors(9, 3, seed=1).requires_grad_()
        out = f(z_e, z_q)
        assert torch.equal(out, z_q)
        weights = vectors(9, 3, seed=2)
        (out * weights).sum().backward()
        assert torch.equal(z_e.grad, weights)
        assert z_q.grad is None


def test_the_two_vq_losses_and_their_gradients() -> None:
    (vq_losses,) = definitions(NOTEBOOK, "vq_losses")
    codebook = vectors(7, 3, seed=1)
    vq = VectorQuantizer(7, 3, "gradient", start="uniform", revive_after=None)
    vq.set_codebook(codebook)
    for term in (0, 1):
        ours_z, theirs_z = vectors(50, 3).requires_grad_(), vectors(50, 3).requires_grad_()
        table = codebook.clone().requires_grad_()
        out = vq(ours_z)
        ours = (out.codebook_loss, out.commitment_loss)[term]
        theirs = vq_losses(theirs_z, table[out.indices])[term]
        torch.testing.assert_close(theirs, ours)
        vq.codebook.grad = None
        ours.backward()
        theirs.backward()
        for a, b in ((theirs_z.grad, ours_z.grad), (table.grad, vq.codebook.grad)):
            assert (a is None) == (b is None)
            if a is not None:
                torch.testing.assert_close(a, b)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_ema_update_over_several_batches_with_an_unused_code(decay: float) -> None:
    (ema_update,) = definitions(NOTEBOOK, "ema_update")
    codebook = torch.cat([vectors(5, 2, seed=1), torch.full((1, 2), 40.0)])
    vq = VectorQuantizer(6, 2, "ema", start="uniform", revive_after=None, decay=decay)
    vq.set_codebook(codebook)
    counts, sums = torch.ones(6), codebook.clone()
    for seed in range(5):
        rows = vectors(30, 2, seed=10 + seed)
        codebook, counts, sums = ema_update(codebook, counts, sums, rows, vq.nearest(rows), decay)
        vq(rows)
        torch.testing.assert_close(codebook, vq.codebook)
        torch.testing.assert_close(counts, vq.ema_counts)
        torch.testing.assert_close(sums, vq.ema_sums)
    assert torch.equal(codebook[5], torch.full((2,), 40.0))
    assert counts.sum().item() == pytest.approx(30 + decay**5 * (6 - 30), rel=1e-5)  # never smoothed


def test_ema_without_memory_is_a_step_of_k_means() -> None:
    (ema_update,) = definitions(NOTEBOOK, "ema_update")
    points = plane.points("kinds").double()
    codes = plane.start_codes(points, 6)
    moved, *_ = ema_update(codes, torch.ones(6).double(), codes, points, nearest.nearest_code(points, codes), 0.0)
    torch.testing.assert_close(moved, kmeans.step(points, codes)[0], rtol=1e-5, atol=1e-5)


def test_each_loss_moves_the_parts_that_the_table_says() -> None:
    """Rows: losses; columns: encoder, codebook, decoder. Read from .grad, with the notebook's own functions."""
    torch.manual_seed(0)
    given: dict[str, Any] = {"encoder": nn.Linear(2, 2), "decoder": nn.Linear(2, 2)}
    given["parts"] = {
        "encoder": given["encoder"].weight,
        "codebook": nn.Parameter(torch.randn(6, 2)),
        "decoder": given["decoder"].weight,
    }
    names = ("nearest_code", "straight_through", "vq_losses", "three_losses", "arrivals")
    *_, three_losses, arrivals = definitions(NOTEBOOK, *names, **given)
    points = plane.points("kinds")
    table = {name: [float(part.strip() != "-") for part in arrivals(three_losses(points)[name])] for name in LOSSES}
    assert table == LOSSES


LOSSES = {"reconstruction": [1, 0, 1], "codebook": [0, 1, 0], "commitment": [1, 0, 0]}
