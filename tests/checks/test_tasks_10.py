"""The larger task of notebook 10: the judge on the shipped VQ-VAE of emoji, changed in one respect each."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vqedu import data, pretrained
from vqedu.checks import color
from vqedu.checks.engine.exercise import Demand
from vqedu.checks.engine.running import Problem


@cache
def pictures() -> Tensor:
    return data.load("emoji").part("unseen picture").x


class Ours(nn.Module):
    """The shipped VQ-VAE with another `encode` or `decode`."""

    likelihood, variance = "gaussian", 0.01

    def __init__(self, encode: Any = None, decode: Any = None) -> None:
        super().__init__()
        self.vqvae: Any = pretrained.load("vqvae-emoji")
        self.encode = encode or self.vqvae.encode
        self.decode = decode or self.vqvae.decode


def judged(model: Any) -> list[Demand]:
    return color.judge(model, pictures())


def blurred(ours: Any, indices: Tensor) -> Tensor:
    small = nn.functional.avg_pool2d(torch.sigmoid(ours.decode(indices)), 16)
    return torch.logit(nn.functional.interpolate(small, scale_factor=16), 1e-4)


def test_the_shipped_model_passes() -> None:
    assert all(demand.met for demand in judged(pretrained.load("vqvae-emoji")))


def test_a_blurred_picture_is_not_met_and_a_large_variance_is_named() -> None:
    vqvae = pretrained.load("vqvae-emoji")
    model = Ours(decode=lambda indices: blurred(vqvae, indices))
    error = judged(model)[1]
    assert not error.met
    assert error.diagnosis is None
    model.variance = 1.0
    assert judged(model)[1].diagnosis == color.VARIANCE


def test_colors_for_logits_and_a_collapsed_codebook_are_named() -> None:
    vqvae: Any = pretrained.load("vqvae-emoji")
    shown = judged(Ours(decode=lambda indices: torch.sigmoid(vqvae.decode(indices))))
    assert shown[1].diagnosis == color.COLORS
    collapsed = judged(Ours(encode=lambda x: vqvae.encode(x) % 4))
    assert collapsed[2].diagnosis == color.COLLAPSE


def test_what_does_not_fit_the_contract_is_said() -> None:
    vqvae: Any = pretrained.load("vqvae-emoji")
    for model, sentence in (
        (None, "should return the trained model"),
        (nn.Identity(), "has no `encode`"),
        (Ours(encode=lambda x: vqvae.encode(x).flatten(1)), "shape"),
        (Ours(encode=lambda x: vqvae.encode(x).float()), "whole numbers"),
        (Ours(decode=lambda indices: vqvae.decode(indices)[:, :1]), "shape"),
    ):
        with pytest.raises(Problem, match=sentence):
            judged(model)
