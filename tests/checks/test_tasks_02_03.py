"""The larger tasks of notebooks 02 and 03: mistakes are named where the numbers leave no doubt, and nowhere else."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from vqedu import checks
from vqedu.checks import count_model
from vqedu.checks.count_model import COUNTS, MANY, MODEL
from vqedu.lessons import toy


def answers(mu: Any, sigma: Any, elbo: Any = None, log_px: Any = None) -> Callable[[int], tuple[float, ...]]:
    """A function that looks its answer up; without ELBO and log p(x), the right ones of this q."""
    elbo = MODEL.elbo(COUNTS, mu, np.abs(sigma)) if elbo is None else elbo
    log_px = MODEL.log_evidence(COUNTS) if log_px is None else log_px
    table = {int(x): row for x, *row in zip(COUNTS, mu, sigma, elbo, log_px, strict=True)}
    return lambda x: tuple(float(value) for value in table[x])


BEST = MODEL.best_gaussian(COUNTS)
EXACT, TRUTH = MODEL.elbo(COUNTS, *BEST), MODEL.log_evidence(COUNTS)
MODE = MODEL.best_gaussian(COUNTS, spread=0.0)[0]
KL = 0.5 * (BEST[0] ** 2 + BEST[1] ** 2 - 1) - np.log(BEST[1])


def test_the_best_q_passes_and_its_gaps_are_those_in_the_text() -> None:
    result = checks.build_elbo(answers(*BEST))
    assert result.passed
    gaps = TRUTH - EXACT
    assert "0.040 nats at x = 0" in result.message
    assert "0.011 at x = 7" in result.message
    assert (round(gaps[0], 3), round(gaps[3], 3)) == (0.040, 0.011)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (answers(BEST[0], BEST[1] ** 2), "variance returned"),
        (answers(BEST[0], np.log(BEST[1])), "logarithm returned"),
        (answers(BEST[0], 2 * np.log(BEST[1])), "logvar returned"),
        (answers(MODE, 1 / np.sqrt(1 + 4 * np.exp(1 + 2 * MODE))), "mode and curvature of the posterior"),
        (answers(*MODEL.moments(COUNTS)), "mean and standard deviation of the posterior"),
        (answers(MODE, 0.03 + 0 * MODE), "entropy left out"),
        (answers((np.log([0.02, 1, 3, 7]) - 1) / 2, 0.01 + 0 * MODE), "KL left out"),
        *((answers(*MODEL.best_gaussian(COUNTS, **terms)), why.name) for terms, why in count_model._OBJECTIVES),
        (answers(*BEST, EXACT + toy.log_factorial(COUNTS)), "log(x!) left out"),
        (answers(*BEST, -EXACT), "sign flipped"),
        (answers(*BEST, EXACT + KL), "only the reconstruction"),
        (answers(*BEST, EXACT + 2 * KL), "KL added"),
        (answers(*BEST, EXACT - 0.918939), "q's constant left out"),
        (answers(*BEST, TRUTH), "log p(x) for the ELBO"),
        (answers(*BEST, EXACT, EXACT), "the bound for log p(x)"),
        (answers(*BEST, EXACT, TRUTH + 6.9), "sum for integral"),
        (answers(*BEST, EXACT, [-20.5, -18.8, -18.9, -21.8]), "mean of the logarithms"),
        (answers(*BEST, EXACT, np.exp(TRUTH)), "p(x) for log p(x)"),
        (answers(*BEST, EXACT, -np.log([9, 2, 6, 14])), "prior left out"),
        (answers(BEST[0] + 0.3, BEST[1]), None),
        (answers(BEST[0], 0.8 * BEST[1]), None),
        (answers(*BEST, EXACT + 0.3), None),
        (answers(*BEST, EXACT, TRUTH + 0.3), None),
        (answers(*BEST, EXACT, TRUTH - 2), None),
    ],
)
def test_an_answer_for_four_counts_is_named_only_where_it_is_certain(answer: Any, name: str | None) -> None:
    result = checks.build_elbo(answer)
    assert not result.passed
    assert result.mistake == name


def test_the_q_of_two_mistakes_are_never_alike() -> None:
    known = [BEST, MODEL.moments(COUNTS), *(MODEL.best_gaussian(COUNTS, **t) for t, _ in count_model._OBJECTIVES)]
    for a, b in itertools.combinations(known, 2):
        assert np.abs(np.array(a) - np.array(b)).max() > 2 * count_model.ALIKE


def trained(mu: Any, sigma: Any, draws: int = 1000) -> Callable[..., Any]:
    """A function that calls log_joint as often as a fit would, and returns these numbers."""

    def build_fit(log_joint: Any, n: int) -> Any:
        z = torch.zeros(n, requires_grad=True)
        for _ in range(draws):
            log_joint(z)
        return torch.as_tensor(mu), torch.as_tensor(sigma)

    return build_fit


MU, SIGMA = MODEL.best_gaussian(MANY)


@pytest.mark.parametrize(
    ("mu", "sigma", "name"),
    [
        (MU, SIGMA**2, "variance returned"),
        (MU, 2 * np.log(SIGMA), "logvar returned"),
        (MU, np.log(SIGMA), "log sigma returned"),
        (MU, SIGMA * np.where(MANY == 3, -1, 1), "negative sigma"),
        (MU, np.sqrt(SIGMA), "exp(logvar) scaled the noise"),
        (*MODEL.best_gaussian(MANY, prior=2.0), "prior counted twice"),
        (*MODEL.best_gaussian(MANY, entropy=2.0), "entropy counted twice"),
        (*MODEL.best_gaussian(MANY, entropy=0.5), "half of the entropy"),
        (MODEL.best_gaussian(MANY, spread=0.0)[0], 0 * SIGMA + 1e-3, "entropy left out"),
        (0 * MU, 0 * SIGMA + 0.3, "one q for all"),
        (MU + 0.5, SIGMA, None),
        (MU, SIGMA * np.nan, None),
    ],
)
def test_a_fit_is_named_only_where_it_is_certain(mu: Any, sigma: Any, name: str | None) -> None:
    result = checks.build_fit(trained(mu, sigma))
    assert not result.passed
    assert result.mistake == name


def test_what_a_fit_may_cost_is_measured() -> None:
    assert checks.build_fit(trained(MU, SIGMA)).passed
    assert not checks.build_fit(trained(MU, SIGMA, draws=5001)).passed
    assert not checks.build_fit(trained(MU, SIGMA, draws=99)).passed


def test_draws_without_a_path_are_named() -> None:
    def without_a_path(log_joint: Any, n: int) -> Any:
        for _ in range(200):
            log_joint(torch.randn(n))
        return torch.zeros(n), torch.ones(n)

    assert checks.build_fit(without_a_path).mistake == "draws without a path"


@pytest.mark.parametrize("z", [torch.zeros(3), torch.zeros(60, 1), 0.5])
def test_draws_of_another_shape_are_told(z: Any) -> None:
    result = checks.build_fit(lambda log_joint, n: log_joint(z))
    assert result.kind == "shape"
    assert "(60,)" in result.message


def test_the_joint_is_the_models() -> None:
    z = torch.linspace(-1, 1, 60, dtype=torch.float64)
    expected = MODEL.log_likelihood(MANY, z.numpy()) + toy.log_normal(z.numpy(), 0.0, 1.0)
    np.testing.assert_allclose(count_model._Joint()(z).numpy(), expected)
