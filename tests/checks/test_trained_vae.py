"""The larger task of notebook 04: what the judge says of right models, and of what mistakes leave behind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from vqedu import checks, data, pretrained
from vqedu.checks import trained_vae
from vqedu.checks.engine.running import Problem

X = functools.cache(lambda: data.load("mnist").test.x[::5])
MODEL = functools.cache(lambda: pretrained.load("vae-50d"))


def mean_image(logits: Tensor) -> Tensor:
    return torch.logit(X().mean(0).clamp(0.001, 0.999)).expand_as(logits)


def same(value: Tensor) -> Tensor:
    return value


class Changed:
    """The shipped VAE of 50 dimensions, with its outputs changed as a mistake would change them."""

    def __init__(
        self,
        mu: Callable[[Tensor], Tensor] = same,
        logvar: Callable[[Tensor], Tensor] = same,
        logits: Callable[[Tensor], Tensor] = same,
    ) -> None:
        self.mu, self.logvar, self.logits = mu, logvar, logits

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = MODEL().encode(x)
        return self.mu(mu), self.logvar(logvar)

    def decode(self, z: Tensor) -> Tensor:
        return self.logits(MODEL().decode(z))


class Frozen(Changed):
    """A right model whose `decode` lets no gradient through."""

    @torch.no_grad()
    def decode(self, z: Tensor) -> Tensor:
        return MODEL().decode(z)


def named(answer: Any) -> str | None:
    """Return the name of the mistake that the judge finds."""
    first = next((demand for demand in trained_vae.judged(answer, X()) if not demand.met), None)
    return first.diagnosis.name if first and first.diagnosis else None


@pytest.mark.parametrize("answer", [MODEL(), Changed(), Frozen()])
def test_a_model_that_was_trained_on_the_elbo_is_right(answer: Any) -> None:
    demands = trained_vae.judged(answer, X())
    assert all(demand.met for demand in demands), demands


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"logvar": torch.exp}, "sigma squared instead of its logarithm"),
        ({"logvar": lambda logvar: torch.exp(logvar / 2)}, "sigma instead of log sigma squared"),
        ({"logvar": lambda logvar: logvar / 2}, "log sigma instead of log sigma squared"),
        ({"logvar": torch.zeros_like}, "the reconstruction does not depend on sigma"),
        ({"mu": torch.zeros_like, "logvar": torch.zeros_like, "logits": mean_image}, "posterior collapse"),
        ({"logvar": lambda logvar: logvar - 12}, "the KL counts too little"),
        ({"logits": torch.sigmoid}, "gray levels instead of logits"),
        ({"logits": lambda logits: 20 * logits}, "logits far too large"),
    ],
)
def test_a_mistake_is_named_by_what_it_leaves_behind(changes: dict[str, Any], mistake: str) -> None:
    assert named(Changed(**changes)) == mistake


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (None, "type", "NoneType"),
        ((MODEL(), 3), "type", "tuple"),
        (Changed(logits=lambda logits: logits.flatten(1)), "shape", "784"),
        (Changed(mu=lambda mu: mu[:, :3]), "shape", "mu"),
        (Changed(logvar=lambda logvar: logvar[:, 0]), "shape", "logvar"),
        (Changed(mu=lambda mu: mu / 0), "nan", "NaN"),
    ],
)
def test_an_answer_that_is_no_such_model_is_told_what_is_missing(answer: Any, kind: str, says: str) -> None:
    with pytest.raises(Problem, match=says) as raised:
        trained_vae.judged(answer, X())
    assert raised.value.kind == kind


def test_the_checker_hands_over_the_training_images_and_measures_what_comes_back() -> None:
    result = checks.build_vae(lambda x: MODEL() if x.shape == (60_000, 1, 28, 28) else None)
    assert result.passed, result
    assert len(result.facts) == 2
    assert checks.build_vae(lambda x: ...).kind == "not started"
