"""The larger task of notebook 05: its judge on outcomes that cost little, whole trainings at night."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from vqedu import checks, losses, models
from vqedu.checks import inside_the_vae
from vqedu.models import causal_vae

Cost = Callable[[models.CausalVAE, torch.Tensor, int], torch.Tensor]


@pytest.mark.parametrize(
    ("kl", "own", "other", "moved", "name"),
    [
        (0.1, 60.0, 60.0, False, "returned as it came"),
        (0.1, 28.6, 28.8, True, "still collapsed"),
        (4.5, 28.6, 28.6, True, "a KL without a message"),
        (24.0, 16.0, 90.0, True, "the code costs more than it saves"),
        (2e23, 3e16, 3e16, True, "the code costs more than it saves"),  # the KL with the wrong sign
        (0.2, 48.0, 48.1, True, None),  # trained too briefly: measured, not named
        (5.0, 28.0, 40.0, True, None),
        (2.0, 26.5, 30.0, True, None),  # a code, but too small
    ],
)
def test_an_outcome_is_named_only_where_it_is_certain(
    kl: float, own: float, other: float, moved: bool, name: str | None
) -> None:
    found = inside_the_vae._rescue_diagnosis(kl, own, other, moved)
    assert (found.name if found else None) == name


def constant_shift(model: models.CausalVAE, x: torch.Tensor) -> models.CausalVAE:
    with torch.no_grad():
        last: Any = model.encoder[-1]
        last.weight.zero_()
        last.bias.zero_()
        last.bias[:8] = 1.0  # half a nat per dimension, for every image the same
        model.first_state.weight.zero_()
    return model


@pytest.mark.parametrize(
    ("answer", "kind", "word"),
    [
        (lambda model, x: model, "mistake", "returned as it came"),
        (constant_shift, "mistake", "a KL without a message"),
        (lambda model, x: model.state_dict(), "type", "state_dict"),
        (lambda model, x: model.loss(x[:10]).total, "type", "Tensor"),
        (lambda model, x: models.CausalVAE(8, hidden=65), "type", "other layers"),
        (lambda model, x: ..., "not started", "dots"),
        (lambda model, x: None, "nothing", "returns nothing"),
    ],
)
def test_what_costs_no_training_gets_its_answer(answer: Callable[..., Any], kind: str, word: str) -> None:
    result = checks.build_rescue(answer)
    assert result.kind == kind
    assert word in f"{result.mistake} {result.message}"


def test_diverged_weights_are_told() -> None:
    def diverged(model: models.CausalVAE, x: torch.Tensor) -> models.CausalVAE:
        with torch.no_grad():
            model.bias.fill_(float("nan"))
        return model

    assert checks.build_rescue(diverged).kind == "nan"


def test_the_judge_takes_the_weights_and_not_what_the_model_says_of_itself() -> None:
    def pretends(model: Any, x: torch.Tensor) -> Any:
        model.encode = lambda x: (torch.ones(len(x), 8), torch.zeros(len(x), 8))
        model.bias.data += 0.1
        return model

    assert checks.build_rescue(pretends).kind != "passed"


def trained_on(cost: Cost, steps: int = 500, rate: float = 3e-3) -> Callable[..., models.CausalVAE]:
    def rescue(model: models.CausalVAE, x: torch.Tensor) -> models.CausalVAE:
        optimizer = torch.optim.Adam(model.parameters(), rate)
        for step in range(steps):
            loss = cost(model, x[torch.randint(len(x), (128,))], step)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return model

    return rescue


def free(floor: float) -> Cost:
    def cost(model: models.CausalVAE, x: torch.Tensor, step: int) -> torch.Tensor:
        logits, mu, logvar, _ = model(x)
        kl = losses.free_bits(losses.kl_per_dimension(mu, logvar), floor)
        return causal_vae.pixel_losses(logits, x).mean() + kl

    return cost


def hidden_pixels(model: models.CausalVAE, x: torch.Tensor) -> models.CausalVAE:
    model.dropout = 0.5
    return trained_on(lambda model, x, step: model.loss(x).total, 1000)(model.train(), x)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "rescue",
    [
        trained_on(free(0.5), 700),
        trained_on(lambda model, x, step: model.loss(x, losses.annealed(1.0, step, 800)).total, 1000),
        hidden_pixels,
    ],
    ids=["free bits", "annealing", "hidden pixels"],
)
def test_each_cure_of_the_notebook_passes(rescue: Callable[..., Any]) -> None:
    result = checks.build_rescue(rescue)
    assert result.passed, result


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("rescue", "mistake"),
    [
        (trained_on(lambda model, x, step: model.loss(x).total), "still collapsed"),
        (trained_on(lambda model, x, step: model.loss(x, 0.01).total), "the code costs more than it saves"),
        (trained_on(free(3.0)), "the code costs more than it saves"),
    ],
    ids=["plain", "hardly any KL", "a floor too high"],
)
def test_what_trains_and_does_not_rescue_gets_its_name(rescue: Callable[..., Any], mistake: str) -> None:
    assert checks.build_rescue(rescue).mistake == mistake
