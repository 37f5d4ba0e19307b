"""What notebooks 06 and 07 say about codebooks, where they print numbers that nbval does not compare."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.notebooks import ties
from vqedu import data, metrics, models, training
from vqedu.lessons import plane
from vqedu.metrics import rates
from vqedu.pretrained import sweeps
from vqedu.quantizers import VectorQuantizer

MANY = plane.points("kinds", 10_000, seed=1)


def trained(codes: Any, revive_after: int | None) -> metrics.Measured:
    """Notebook 06's training with EMA: 300 batches of 64 points."""
    torch.manual_seed(0)
    vq = VectorQuantizer(*codes.shape, start="uniform", revive_after=revive_after, decay=0.9)
    vq.set_codebook(codes)
    for _ in range(300):
        vq(MANY[torch.randint(len(MANY), (64,))])
    return metrics.measure(MANY, vq.codebook.detach())


def test_a_far_start_kills_codes_and_revival_brings_them_back() -> None:
    far, near = plane.start_codes(MANY, 16, "wide"), (2 * torch.rand(16, 2) - 1) / 16
    assert trained(far, None).used <= 4
    revived = trained(far, 20)
    assert revived.used == 16
    assert revived.loss < 0.08
    from_data = trained(plane.start_codes(MANY, 16), None)
    assert trained(near, None).loss > 1.4 * from_data.loss


@pytest.mark.nightly
def test_each_cure_of_notebook_07_lowers_the_error() -> None:
    images = data.load("mnist")
    x = images.test.x[:1000]
    sick: dict[str, Any] = {"update": "gradient", "start": "uniform", "revive_after": None, "normalize": False}
    ladder: list[dict[str, Any]] = [{}, {"revive_after": 20}, {"update": "ema"}, {"start": "data"}, {"normalize": True}]
    used, errors = [], []
    for remedy in ladder:
        sick |= remedy
        torch.manual_seed(0)
        model = models.VQVAE(128, 16, **sick)
        if sick["start"] == "uniform":
            quantizer: Any = model.quantizer
            quantizer.set_codebook(10 * torch.randn(128, 16))
        fit: dict[str, Any] = {"epochs": 1, "batch_size": 32, "learning_rate": 2e-3, "schedule": "constant"}
        training.fit(model, images.train.x[:9600], **fit, background=True)
        found = metrics.reached(model, x)
        used.append(len(found.indices.unique()))
        errors.append(found.squared_error)
    assert used[0] == 1
    assert min(used[1], used[-1]) >= 0.95 * 128
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[1] / 2


def test_jpeg_at_the_size_of_a_code_map_is_worse_and_four_greys_are_better() -> None:
    x = data.load("mnist").test.x[:1000]
    files = [rates.jpeg(x, quality) for quality in (1, 3, 5, 10, 20, 30, 50)]
    near = min(files, key=lambda file: abs(file.bits - 343))
    assert abs(near.bits - 343) < 10
    assert (near.images - x).square().mean() > 3 * 0.0028
    assert (rates.png(x, 4).images - x).square().mean() < 0.0022


def test_the_runs_that_tune_the_cost_are_there_and_the_seeds_differ_as_much() -> None:
    results = sweeps.load()
    best = {}
    for dim, costs in sweeps.TUNED.items():
        runs = sweeps.select(results, code_dim=dim, commitment_cost=costs)
        assert [run["commitment_cost"] for run in runs] == list(costs)
        best[dim] = min(run["squared_error"] for run in runs)
    shared = {dim: sweeps.select(results, code_dim=dim)[0]["squared_error"] for dim in (2, 16, 64)}
    assert best[64] < shared[64]
    assert 1 < best[64] / best[2] < 1.25


def test_the_network_without_a_quantizer_is_better_and_its_rounded_numbers_are_about_as_good_as_codes() -> None:
    results, runs = sweeps.load(), {run["code_dim"]: run for run in sweeps.unquantized()}
    assert set(runs) == {1, 2, 16}
    assert runs[16]["squared_error"] < 0.7 * 0.0028
    codes = {run["bits"]: run["squared_error"] for run in sweeps.select(results, codebook_size=(2, 128, 512))}
    one, two = (dict(runs[dim]["rounded"]) for dim in (1, 2))
    assert one[49] > 1.2 * codes[49]
    assert codes[441] < two[392] < codes[343]


def test_a_few_seconds_of_training_are_enough_to_see_digits() -> None:
    assert 0.004 < ties.printed("07_vqvae", "after 300 steps: squared error (.*?) per pixel") < 0.01
