"""The larger task of notebook 07: the judge on trained models of known quality, changed in one respect each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import checks, data, models, pretrained
from vqedu.checks import vqvae_judge
from vqedu.checks.engine.exercise import Demand


class Ours(nn.Module):
    """The shipped VQ-VAE behind the task's contract; each method can be replaced."""

    def __init__(self, **changes: Callable[..., Any]) -> None:
        super().__init__()
        shipped: Any = pretrained.load("vqvae-mnist")
        self.encoder, self.decoder, self.quantizer = shipped.encoder, shipped.decoder, shipped.quantizer
        self.changes = changes

    def encode(self, x: Tensor) -> Any:
        return self.changes.get("encode", lambda m, x: m.quantizer.nearest(m.encoder(x)))(self, x)

    def decode(self, indices: Tensor) -> Any:
        return self.changes.get("decode", lambda m, i: m.decoder(m.quantizer.lookup(i)))(self, indices)

    def loss(self, x: Tensor) -> Any:
        return self.changes.get("loss", loss)(self, x)


def pixels(model: Any, z_q: Tensor, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(model.decoder(z_q), x, reduction="sum") / len(x)


def loss(model: Any, x: Tensor, cost: float = 0.25) -> Tensor:
    out = model.quantizer(model.encoder(x))
    return pixels(model, out.z_q, x) + cost * out.commitment_loss


def no_straight_through(model: Any, x: Tensor) -> Tensor:
    out = model.quantizer(model.encoder(x))
    return pixels(model, out.z_q.detach(), x) + 0.25 * out.commitment_loss


def no_commitment(model: Any, x: Tensor) -> Tensor:
    return pixels(model, model.quantizer(model.encoder(x)).z_q, x)


def commitment_through(model: Any, x: Tensor) -> Tensor:
    z_e = model.encoder(x)
    z_q = model.quantizer(z_e).z_q
    return pixels(model, z_q, x) + 0.25 * (z_e - z_q).square().sum() / len(x)


def cut_off(model: Any, x: Tensor) -> Tensor:
    return pixels(model, model.quantizer(model.encoder(x).detach()).z_q, x)


def left_out(model: Any, x: Tensor) -> Tensor:
    z_e = model.encoder(x)
    return pixels(model, z_e, x) + 0.25 * model.quantizer(z_e).commitment_loss


def by_gradient(model: Any, x: Tensor) -> Tensor:
    """Codes moved by gradients add a loss that z_e does not see."""
    z_e = model.encoder(x)
    e = model.quantizer.lookup(model.quantizer.nearest(z_e))
    through = e.detach() + (z_e - z_e.detach())
    return pixels(model, through, x) + 0.5 * (z_e - e.detach()).square().sum() / len(x)


def encoded_twice(model: Any, x: Tensor) -> Tensor:
    """The indices come from `encode`, which runs the encoder once more."""
    z_e = model.encoder(x)
    e = model.quantizer.lookup(model.encode(x))
    return pixels(model, e.detach() + (z_e - z_e.detach()), x) + 0.25 * (z_e - e.detach()).square().sum() / len(x)


def few_codes(model: Any, x: Tensor) -> Tensor:
    return model.quantizer.nearest(model.encoder(x)) % 4


def by_batch(model: Any, x: Tensor) -> Tensor:
    z_e = model.encoder(x)
    spread = (z_e - z_e.mean((0, 2, 3), keepdim=True)) / z_e.std((0, 2, 3), keepdim=True)
    return model.quantizer.nearest(spread)


def judged(**changes: Callable[..., Any]) -> list[Demand]:
    torch.manual_seed(0)
    return vqvae_judge.judge(Ours(**changes), data.load("mnist").test.x[:300])


def unmet(demands: list[Demand]) -> list[str]:
    return [demand.diagnosis.name if demand.diagnosis else "" for demand in demands if not demand.met]


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"loss": by_gradient},
        {"loss": encoded_twice},
        {"encode": lambda m, x: m.quantizer.nearest(m.encoder(x)).int()},
    ],
)
def test_a_trained_model_meets_every_demand(right: dict[str, Any]) -> None:
    assert unmet(judged(**right)) == []


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"loss": no_straight_through}, ["no straight-through"]),
        ({"loss": no_commitment}, ["no commitment"]),
        ({"loss": commitment_through}, ["no commitment"]),
        ({"loss": cut_off}, ["the encoder is cut off"]),
        ({"loss": left_out}, ["the quantizer is left out"]),
        ({"decode": lambda m, i: m.decoder(m.quantizer.lookup(i)).sigmoid()}, ["gray levels for logits"]),
        ({"encode": few_codes}, ["", "codebook collapse"]),
        ({"encode": by_batch}, ["the code depends on the batch"]),
        ({"decode": lambda m, i: m.decoder(m.quantizer.lookup(i).flip(2))}, [""]),
    ],
)
def test_what_is_wrong_gets_its_name(changes: dict[str, Any], names: list[str]) -> None:
    assert unmet(judged(**changes))[: len(names)] == names


def test_a_commitment_that_is_far_too_strong_explains_a_large_error() -> None:
    def strong(model: Any, x: Tensor) -> Tensor:
        return loss(model, x, cost=500.0)

    demands = judged(loss=strong, decode=lambda m, i: m.decoder(m.quantizer.lookup(i).flip(2)))
    assert unmet(demands) == ["the commitment drowns the image"]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (..., "not started", "dots"),
        (torch.zeros(()), "type", "trained model"),
        (models.VQVAE(8, 2), "type", "Assemble your own"),
        (nn.Linear(1, 1), "type", "no `encoder`"),
        (Ours(encode=lambda m, x: m.encoder(x)), "shape", "encode"),
        (Ours(encode=lambda m, x: m.quantizer.nearest(m.encoder(x)).float()), "type", "whole numbers"),
        (Ours(decode=lambda m, i: m.decoder(m.quantizer.lookup(i)).flatten(1)), "shape", "logits"),
        (Ours(loss=lambda m, x: 0.0), "type", "one number"),
    ],
)
def test_what_is_no_vqvae_is_told_why(answer: Any, kind: str, words: str) -> None:
    result = checks.build_vqvae(lambda x: answer)
    assert result.kind == kind, result.text
    assert words in result.message
