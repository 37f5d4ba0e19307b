"""Vector quantization against oracles: brute force, k-means by hand, the identity."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from torch import Tensor

from vqedu import metrics
from vqedu.quantizers import VectorQuantizer, straight_through
from vqedu.quantizers.kmeans import kmeans
from vqedu.quantizers.kmeans import step as kmeans_step
from vqedu.quantizers.nearest import nearest_code


def quantizer(codebook: Tensor, **options: object) -> VectorQuantizer:
    """Return a quantizer that holds this codebook, without start-up or revival unless asked for."""
    vq = VectorQuantizer(*codebook.shape, **{"start": "uniform", "revive_after": None, **options})  # type: ignore[arg-type]
    vq.set_codebook(codebook)
    return vq


def brute_force(rows: Tensor, codebook: Tensor) -> Tensor:
    """The squared distance to every code in float64, and the first of the least."""
    distances = (rows[:, None].double() - codebook[None].double()).square().sum(2)
    return distances.min(1).indices


# Shapes


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 7), (2, 3, 4, 5), (2, 3, 4, 5, 6)])
def test_every_vector_along_dimension_1_becomes_its_nearest_code(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    vq, z_e = quantizer(torch.randn(9, 3)).eval(), torch.randn(shape)
    out = vq(z_e)
    assert out.z_q.shape == shape
    assert out.indices.shape == (shape[0], *shape[2:])
    assert out.indices.dtype == torch.int64
    for position in torch.cartesian_prod(*map(torch.arange, out.indices.shape)).view(-1, out.indices.dim()).tolist():
        n, *rest = position
        vector = (n, slice(None), *rest)
        distances = [math.dist(z_e[vector].tolist(), code) for code in vq.codebook.tolist()]
        assert out.indices[tuple(position)] == distances.index(min(distances))
        assert torch.equal(out.z_q[vector], vq.codebook[out.indices[tuple(position)]])


def test_lookup_and_nearest_agree_with_forward_and_learn_nothing() -> None:
    torch.manual_seed(0)
    vq, z_e = quantizer(torch.randn(9, 3)), torch.randn(2, 3, 4, 5)
    before = {name: value.clone() for name, value in vq.state_dict().items()}
    indices = vq.nearest(z_e)
    z_q = vq.lookup(indices)
    assert all(torch.equal(value, before[name]) for name, value in vq.state_dict().items())
    out = vq.eval()(z_e)
    assert torch.equal(out.indices, indices)
    assert torch.equal(out.z_q, z_q)
    assert all(torch.equal(value, before[name]) for name, value in vq.state_dict().items())


def test_half_precision_comes_back_in_half_precision() -> None:
    vq = quantizer(torch.randn(9, 3)).eval()
    assert vq(torch.randn(2, 3).bfloat16()).z_q.dtype == torch.bfloat16


# Losses and gradients


def test_losses_are_summed_over_an_example_and_averaged_over_the_batch() -> None:
    vq = quantizer(torch.tensor([[0.0, 0.0], [10.0, 10.0]]), update="gradient")
    z_e = torch.tensor([[[1.0, 9.0], [2.0, 10.0]], [[0.0, 10.0], [0.0, 13.0]]])  # (N = 2, D = 2, 2 positions)
    out = vq(z_e)
    assert out.indices.tolist() == [[0, 1], [0, 1]]
    by_hand = ((1 + 4) + (1 + 0) + (0 + 0) + (0 + 9)) / 2
    assert out.codebook_loss.item() == by_hand
    assert out.commitment_loss.item() == by_hand


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_straight_through_copies_the_gradient(update: str) -> None:
    torch.manual_seed(0)
    vq = quantizer(torch.randn(9, 3, dtype=torch.float64), update=update).double()
    z_e = torch.randn(4, 3, 5, 5, dtype=torch.float64, requires_grad=True)
    z_q = vq(z_e).z_q
    z_q.retain_grad()
    (z_q.sin() * torch.randn_like(z_q)).sum().backward()
    assert torch.equal(z_e.grad, z_q.grad)
    assert vq.codebook.grad is None


def test_straight_through_returns_the_code_to_the_last_bit() -> None:
    z_e, code = torch.tensor([1e8], requires_grad=True), torch.tensor([0.1])
    assert straight_through(z_e, code).item() == code.item()
    assert (z_e + (code - z_e).detach()).item() != code.item()  # what the usual formula gives


def gradients(term: str) -> tuple[Tensor | None, Tensor | None]:
    """d term / d z_e and d term / d codebook."""
    torch.manual_seed(0)
    codebook, z_e = torch.randn(9, 3), torch.randn(4, 3, 5).requires_grad_()
    vq = quantizer(codebook, update="gradient")
    getattr(vq(z_e), term).sum().backward()
    return z_e.grad, vq.codebook.grad


def test_codebook_loss_moves_the_codebook_alone() -> None:
    to_encoder, to_codebook = gradients("codebook_loss")
    assert to_encoder is None
    torch.manual_seed(0)
    codebook, z_e = torch.randn(9, 3), torch.randn(4, 3, 5)
    rows = z_e.movedim(1, 2).reshape(-1, 3)
    by_hand = torch.zeros(9, 3)
    for row, k in zip(rows, brute_force(rows, codebook), strict=True):
        by_hand[k] += 2 * (codebook[k] - row) / 4
    torch.testing.assert_close(to_codebook, by_hand)


def test_commitment_loss_moves_the_encoder_alone() -> None:
    to_encoder, to_codebook = gradients("commitment_loss")
    assert to_codebook is None
    torch.manual_seed(0)
    codebook, z_e = torch.randn(9, 3), torch.randn(4, 3, 5)
    nearest = codebook[brute_force(z_e.movedim(1, 2).reshape(-1, 3), codebook)].view(4, 5, 3).movedim(2, 1)
    torch.testing.assert_close(to_encoder, 2 * (z_e - nearest) / 4)


def test_the_two_losses_are_equal_in_value() -> None:
    torch.manual_seed(0)
    for update in ("ema", "gradient"):
        out = quantizer(torch.randn(9, 3), update=update)(torch.randn(4, 3, 5))
        assert torch.equal(out.codebook_loss, out.commitment_loss)


def test_ema_gives_the_codebook_no_gradient() -> None:
    vq = quantizer(torch.randn(9, 3))
    assert not list(vq.parameters())
    assert not vq(torch.randn(4, 3)).codebook_loss.requires_grad


# EMA


def test_ema_without_memory_is_one_step_of_k_means() -> None:
    torch.manual_seed(0)
    codebook, rows = torch.randn(16, 3), torch.randn(400, 3)
    vq = quantizer(codebook, decay=0.0, epsilon=0.0)
    vq(rows)
    centers = codebook.clone()
    nearest = brute_force(rows, codebook)
    for k in nearest.unique():
        centers[k] = rows[nearest == k].mean(0)
    torch.testing.assert_close(vq.codebook, centers)
    torch.testing.assert_close(kmeans_step(rows, codebook)[0], centers)


def test_ema_by_hand_and_smoothing_that_is_not_written_back() -> None:
    vq = quantizer(torch.tensor([[0.0], [10.0]]), decay=0.9, epsilon=0.5)
    vq(torch.tensor([[1.0], [2.0], [9.0]]))
    counts, sums = [0.9 * 1 + 0.1 * 2, 0.9 * 1 + 0.1 * 1], [0.9 * 0 + 0.1 * 3, 0.9 * 10 + 0.1 * 9]
    n = sum(counts)
    smoothed = [(count + 0.5) / (n + 2 * 0.5) * n for count in counts]
    torch.testing.assert_close(vq.ema_counts, torch.tensor(counts))
    torch.testing.assert_close(vq.ema_sums, torch.tensor(sums).unsqueeze(1))
    torch.testing.assert_close(vq.codebook, torch.tensor([[s / m] for s, m in zip(sums, smoothed, strict=True)]))


def test_a_code_that_nothing_chooses_stays_where_it_is() -> None:
    vq = quantizer(torch.tensor([[0.0], [10.0]]), decay=0.5)
    for _ in range(200):  # its running count falls below the smallest float32
        vq(torch.tensor([[0.0]]))
    assert vq.ema_counts[1] == 0
    assert vq.codebook[1].item() == 10


def test_what_is_not_said_is_what_the_docstring_says() -> None:
    vq = VectorQuantizer(8, 3)
    assert (vq.update, vq.start, vq.revive_after, vq.decay, vq.epsilon) == ("ema", "data", 20, 0.99, 1e-5)


def test_a_uniform_start_fills_the_range_and_counts_one_vector_for_each_code() -> None:
    torch.manual_seed(0)
    vq = VectorQuantizer(4, 5000, start="uniform")
    assert vq.codebook.min().item() == pytest.approx(-1 / 4, abs=1e-3)
    assert vq.codebook.max().item() == pytest.approx(1 / 4, abs=1e-3)
    assert vq.codebook.abs().max() <= 1 / 4
    assert vq.ema_counts.tolist() == [1, 1, 1, 1]
    assert torch.equal(vq.ema_sums, vq.codebook)
    assert vq.usage.tolist() == vq.unused_steps.tolist() == [0, 0, 0, 0]


def test_a_code_that_is_set_or_revived_begins_as_if_one_vector_had_chosen_it() -> None:
    vq = quantizer(torch.tensor([[1.0], [50.0]]), decay=0.5, revive_after=2)
    for _ in range(2):
        vq(torch.tensor([[1.0], [1.0], [1.0]]))
    assert vq.ema_counts.tolist() == [2.5, 1]  # 1, 2, 2.5; and the revived one
    assert vq.ema_sums.tolist() == [[2.5], [1]]
    vq(torch.tensor([[1.0]]))
    vq.set_codebook(torch.tensor([[3.0], [4.0]]))
    assert vq.ema_counts.tolist() == [1, 1]
    assert vq.ema_sums.tolist() == [[3], [4]]
    assert vq.unused_steps.tolist() == [0, 0]


# Start-up and revival


def blobs(n: int) -> tuple[Tensor, Tensor]:
    """Return n vectors around each of 6 far centers, and the centers."""
    centers = torch.tensor([[x, y] for x in (-10.0, 0.0, 10.0) for y in (-10.0, 10.0)])
    return (centers + 0.1 * torch.randn(n, 6, 2)).flatten(0, 1), centers


def test_k_means_lowers_the_squared_error_at_every_step() -> None:
    torch.manual_seed(0)
    rows = torch.randn(500, 3)
    centers, errors = rows[:20], []
    for _ in range(8):
        errors.append((rows - centers[nearest_code(rows, centers)]).square().sum().item())
        centers, counts = kmeans(rows, centers, steps=1)
        assert counts.sum() == 500
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.9 * errors[0]


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_the_codebook_starts_as_k_means_of_the_first_batch(update: str) -> None:
    torch.manual_seed(0)
    rows, centers = blobs(50)
    vq = VectorQuantizer(24, 2, update)
    out = vq(rows)
    assert vq.started
    assert torch.cdist(centers, vq.codebook).min(1).values.max() < 0.2  # a code at every blob
    assert metrics.code_usage(out.indices, 24) == 1
    assert out.commitment_loss < 0.03


def test_the_start_happens_once_and_only_in_training() -> None:
    vq = VectorQuantizer(8, 2).eval()
    vq(torch.randn(50, 2))
    assert not vq.started
    vq.train()(torch.randn(50, 2))
    codebook = vq.codebook.clone()
    vq(100 + torch.randn(50, 2))
    assert vq.codebook.abs().max() < 50
    assert not torch.equal(codebook, vq.codebook)  # moved by EMA, not started anew


def test_a_first_batch_smaller_than_the_codebook_starts_it_too() -> None:
    vq = VectorQuantizer(8, 2)
    rows = torch.tensor([[0.0, 1.0], [5.0, 5.0]])
    out = vq(rows)
    torch.testing.assert_close(out.z_q, rows)
    assert torch.isfinite(vq.codebook).all()


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_a_dead_code_moves_onto_a_vector_of_the_batch(update: str) -> None:
    rows = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    vq = quantizer(torch.tensor([[0.0, 0.0], [50.0, 50.0]]), update=update, revive_after=3)
    for _ in range(2):
        vq(rows)
    assert vq.unused_steps.tolist() == [0, 2]
    torch.testing.assert_close(vq.codebook[1].detach(), torch.tensor([50.0, 50.0]))
    vq(rows)
    assert vq.unused_steps.tolist() == [0, 0]
    assert vq.codebook[1].tolist() in rows.tolist()


@pytest.mark.parametrize("update", ["ema", "gradient"])
@pytest.mark.parametrize(("dead", "rows", "times"), [(7, 8, {1}), (8, 8, {1}), (10, 4, {2, 3})])
def test_dead_codes_share_a_vector_only_where_there_are_fewer_vectors(
    update: str, dead: int, rows: int, times: set[int]
) -> None:
    far = 50 + torch.arange(dead, dtype=torch.float32)
    vq = quantizer(torch.cat([torch.zeros(1), far]).unsqueeze(1), update=update, revive_after=1)
    batch = torch.linspace(-1, 1, rows).unsqueeze(1)
    vq(batch)
    taken = Counter(vq.codebook[1:].flatten().tolist())
    assert set(taken) <= set(batch.flatten().tolist())
    assert set(taken.values()) == times


def test_without_revival_a_dead_code_lies_where_it_is() -> None:
    vq = quantizer(torch.tensor([[0.0], [50.0]]), update="gradient")
    for _ in range(100):
        vq(torch.tensor([[0.0]]))
    assert vq.codebook[1].item() == 50
    assert vq.unused_steps.tolist() == [0, 100]


# Counters and metrics


def test_usage_counts_what_training_chose() -> None:
    vq = quantizer(torch.tensor([[0.0], [10.0], [20.0]]), update="gradient")
    vq(torch.tensor([[1.0], [9.0], [11.0]]))
    vq(torch.tensor([[1.0]]))
    assert vq.usage.tolist() == [2, 2, 0]
    vq.eval()(torch.tensor([[1.0]]))
    assert vq.usage.tolist() == [2, 2, 0]


def test_perplexity_and_usage_by_hand() -> None:
    indices = torch.tensor([[0, 0, 1, 2]])
    assert metrics.perplexity(indices, 5).item() == pytest.approx(math.exp(0.5 * math.log(2) + 0.5 * math.log(4)))
    assert metrics.code_usage(indices, 5).item() == pytest.approx(3 / 5)
    assert metrics.perplexity(torch.arange(7), 7).item() == pytest.approx(7)
    assert metrics.perplexity(torch.zeros(9, dtype=torch.int64), 7).item() == 1


# State


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_training_goes_on_from_a_checkpoint_as_if_never_stopped(update: str) -> None:
    def train(vq: VectorQuantizer, steps: range) -> None:
        for seed in steps:
            torch.manual_seed(seed)  # the batch, and the draws of the revival
            vq(torch.randn(40, 3))

    def new() -> VectorQuantizer:
        torch.manual_seed(99)
        return VectorQuantizer(32, 3, update, revive_after=2)

    straight, first, second = new(), new(), new()
    train(straight, range(12))
    train(first, range(6))
    second.load_state_dict(first.state_dict())
    train(second, range(6, 12))
    for name, value in straight.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


# Bad input


@pytest.mark.parametrize(
    ("z_e", "error", "words"),
    [
        (torch.randn(4, 5, 7, 7), ValueError, "shape"),
        (torch.randn(4, 7, 7, 3), ValueError, "movedim"),
        (torch.randn(3), ValueError, "shape"),
        (torch.randn(0, 3, 7, 7), ValueError, "empty"),
        (torch.full((4, 3), torch.nan), ValueError, "finite"),
        (torch.full((4, 3), torch.inf), ValueError, "finite"),
        (torch.ones(4, 3, dtype=torch.int64), TypeError, "floating-point"),
        ([[1.0, 2.0, 3.0]], TypeError, r"torch\.Tensor"),
    ],
)
def test_bad_z_e_is_an_error_that_changes_nothing(z_e: Tensor, error: type[Exception], words: str) -> None:
    vq = VectorQuantizer(8, 3)
    before = {name: value.clone() for name, value in vq.state_dict().items()}
    with pytest.raises(error, match=words):
        vq(z_e)
    assert all(torch.equal(value, before[name]) for name, value in vq.state_dict().items())


def test_a_codebook_of_another_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"\(8, 3\)"):
        VectorQuantizer(8, 3).set_codebook(torch.zeros(3, 8))


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"codebook_size": 0}, ValueError),
        ({"codebook_size": 8.0}, TypeError),
        ({"code_dim": 0}, ValueError),
        ({"code_dim": True}, TypeError),
        ({"update": "EMA"}, ValueError),
        ({"start": "kmeans"}, ValueError),
        ({"decay": 1.0}, ValueError),
        ({"decay": "0.9"}, TypeError),
        ({"epsilon": -1.0}, ValueError),
        ({"revive_after": 0}, ValueError),
    ],
)
def test_bad_settings_are_errors(arguments: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        VectorQuantizer(**{"codebook_size": 8, "code_dim": 3, **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("indices", "error", "words"),
    [
        (torch.tensor([0, 8]), ValueError, r"0 \.\. 7"),
        (torch.tensor([-1, 0]), ValueError, r"0 \.\. 7"),
        (torch.tensor([0.0]), TypeError, "whole numbers"),
        (torch.tensor([True]), TypeError, "whole numbers"),
        (torch.zeros(0, dtype=torch.int64), ValueError, "empty"),
        ([0], TypeError, r"torch\.Tensor"),
    ],
)
def test_bad_indices_are_errors(indices: Tensor, error: type[Exception], words: str) -> None:
    for function in (
        VectorQuantizer(8, 3).lookup,
        lambda i: metrics.perplexity(i, 8),
        lambda i: metrics.code_usage(i, 8),
    ):
        with pytest.raises(error, match=words):
            function(indices)
