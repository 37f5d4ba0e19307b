"""What notebooks 08 and 09 say about numbers that nbval does not compare: samples, a judge, short trainings."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from vqedu import data, metrics, models, pretrained, training
from vqedu.pretrained import sweeps
from vqedu.quantizers import FSQ

N = 100


@functools.cache
def shipped(name: str) -> Any:
    return pretrained.load(name)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(indices: Tensor) -> Tensor:
    return torch.sigmoid(shipped("vqvae-mnist").decode(indices.view(-1, 7, 7)))


def read(indices: Tensor) -> Tensor:
    found: Tensor = shipped("classifier-mnist").predict(pictures(indices))
    return found


def certain(images: Tensor) -> float:
    return float((shipped("classifier-mnist")(images).softmax(1).amax(1) > 0.95).float().mean())


def bits(indices: Tensor) -> float:
    return float(-shipped("prior-mnist").log_prob(indices).mean() / math.log(2))


@functools.cache
def maps_of_test_images() -> tuple[Tensor, Tensor]:
    images = data.load("mnist").test
    return shipped("vqvae-mnist").encode(images.x[:1000]), images.y[:1000]


@torch.no_grad()
def test_08_temperature_and_argmax() -> None:
    real, prior = bits(maps_of_test_images()[0][:300]), shipped("prior-mnist")
    plain, cold, hot = (prior.sample(N, temperature=t, generator=seeded(1)) for t in (1.0, 0.7, 2.0))
    assert bits(plain) == pytest.approx(real, rel=0.1)
    assert bits(cold) < 0.9 * real
    assert bits(hot) > 1.5 * real
    easy = [torch.isin(read(maps), torch.tensor([1, 7, 9])).float().mean() for maps in (plain, cold)]
    assert easy[1] > easy[0] + 0.1
    dashes = prior.sample(3, top_k=1)
    assert len(dashes.unique(dim=0)) == 1
    assert bits(dashes) < 0.75 * real
    assert certain(pictures(dashes)) == 1


@torch.no_grad()
def test_08_the_judge_is_certain_about_noise_too() -> None:
    assert certain(pictures(torch.randint(128, (N, 49), generator=seeded()))) > 0.25
    assert certain(data.load("mnist").test.x[:300]) > 0.9
    vae = torch.sigmoid(shipped("vae-50d").decode(torch.randn(N, 50, generator=seeded())))
    assert certain(vae) < certain(pictures(shipped("prior-mnist").sample(N, generator=seeded(1)))) < 0.95


@torch.no_grad()
def test_08_guidance_and_completions() -> None:
    prior, asked = shipped("prior-mnist"), torch.arange(10).repeat_interleave(N // 10)
    right = [
        (read(prior.sample(N, labels=asked, guidance=w, generator=seeded())) == asked).float().mean()
        for w in (1.0, 2.0)
    ]
    assert 0.7 < right[0] < 0.95 <= right[1]
    maps, labels = maps_of_test_images()
    twos = maps[labels == 2][:N].flatten(1)
    assert 0.5 < (read(prior.sample(len(twos), prefix=twos[:, :21], generator=seeded())) == 2).float().mean() < 0.9


@torch.no_grad()
def test_08_samples_are_no_copies() -> None:
    images, vqvae = data.load("mnist"), shipped("vqvae-mnist")
    train = torch.cat([vqvae.encode(part) for part in images.train.x[:20_000].split(1000)]).flatten(1).to(torch.uint8)
    nearest = [
        sum(float((train == row).sum(1).amax()) for row in maps.flatten(1).to(torch.uint8)) / len(maps)
        for maps in (shipped("prior-mnist").sample(N, generator=seeded(1)), maps_of_test_images()[0][:N])
    ]
    assert nearest[0] == pytest.approx(nearest[1], abs=3)
    assert nearest[0] < 30


@torch.no_grad()
def test_08_heads_look_at_the_codes_above_and_to_the_left() -> None:
    prior, maps = shipped("prior-mnist"), maps_of_test_images()[0][:300]
    x = (
        prior.transformer.tokens(torch.cat([prior.start(300), maps.flatten(1)[:, :-1]], 1))
        + prior.transformer.positions
    )
    weights = []
    for block in prior.transformer.blocks[:3]:
        parts = block.attention.query_key_value(block.attention_norm(x)).view(300, 49, 3, prior.heads, -1)
        query, key, _ = parts.permute(2, 0, 3, 1, 4)
        scores = torch.einsum("nhd,nhjd->nhj", query[:, :, 24], key[:, :, :25]) / math.sqrt(key.shape[-1])
        weights.append(scores.softmax(-1).mean(0))  # (heads, slots)
        x = block(x)
    above, above_left, two_left = (
        weights[1][3, 17 + 1],
        weights[1][2, 16 + 1],
        weights[2][2, 22 + 1],
    )  # slot: position + 1
    assert [round(100 * float(weight)) for weight in (above, above_left, two_left)] == [92, 97, 94]


@torch.no_grad()
def test_08_what_a_1_costs() -> None:
    maps, labels = maps_of_test_images()
    assert round(bits(maps[labels == 1][:1])) == 54


def used_after_60_steps(model: models.VQVAE) -> float:
    training.fit(model, data.load("mnist").train.x[: 60 * 128], epochs=1, learning_rate=4e-3, background=True)
    with torch.no_grad():
        return float(metrics.code_usage(model.encode(data.load("mnist").test.x[:2000]), 512))


@pytest.mark.nightly
def test_09_usage_after_60_steps() -> None:
    torch.manual_seed(0)
    bare = models.VQVAE(512, 16, "gradient", start="uniform", revive_after=None, normalize=False)
    found = [used_after_60_steps(bare)]
    found += [used_after_60_steps(models.VQVAE(quantizer=FSQ([8, 8, 8]), normalize=on)) for on in (False, True)]
    assert found[0] < 0.25 < found[1] < 0.8 < found[2]


def test_09_every_setting_has_three_seeds() -> None:
    compared = sweeps.quantizers()
    assert all(len(runs) == 3 for runs in compared.values())
    without = max(run["squared_error"] for run in compared["no quantizer, D = 16"])
    assert all(run["squared_error"] > without for name, runs in compared.items() if "no q" not in name for run in runs)
