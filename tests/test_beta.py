"""The effective beta against recipes that are taught in public, and against gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.distributions import Laplace, Normal
from torch.nn import functional as F

from vqedu.losses import effective_beta, kl_to_standard_normal


def test_squared_error_over_pixels_and_kl_over_latents() -> None:
    arguments = {"likelihood": "gaussian", "reconstruction": "element", "kl": "element", "half": False}
    assert effective_beta(0.1, pixels=784, latents=5, **arguments) == pytest.approx(7.84)  # type: ignore[arg-type]


def test_bernoulli_over_pixels_times_500() -> None:
    assert effective_beta(1, reconstruction="element", pixels=1024, weight=500) == pytest.approx(2.048)


def test_summed_squared_error_without_the_half() -> None:
    assert effective_beta(1, likelihood="gaussian", half=False) == pytest.approx(0.5)


def test_summed_absolute_error_is_the_elbo_of_a_laplace_decoder() -> None:
    assert effective_beta(likelihood="laplace", pixels=784) == pytest.approx(1)
    assert effective_beta(likelihood="laplace", reconstruction="mean", scale=0.1) == pytest.approx(7840)


def test_kl_divided_by_the_pixels_or_weighted_by_batch_over_data_set() -> None:
    assert effective_beta(reconstruction="element", kl="pixel") == pytest.approx(1)
    assert effective_beta(kl="pixel") == pytest.approx(1 / 784)
    assert effective_beta(kl="dataset", batch_size=144, examples=162_770) == pytest.approx(144 / 162_770)


@pytest.mark.parametrize(("word", "name"), [("batchmean", "image"), ("mean", "element"), ("sum", "total")])
def test_torchs_words_for_the_reductions_are_known(word: str, name: str) -> None:
    sizes = {"pixels": 784, "latents": 20, "batch_size": 64}
    for term in ("reconstruction", "kl"):
        assert effective_beta(**{term: word}, **sizes) == effective_beta(**{term: name}, **sizes)  # type: ignore[arg-type]


def test_numpys_numbers_are_numbers() -> None:
    found = effective_beta(np.float32(0.5), pixels=np.prod((1, 28, 28)), kl="total", batch_size=np.int16(4))
    assert (type(found), found) == (float, 2.0)


def test_sum_of_everything_beside_a_mean_over_the_batch() -> None:
    assert effective_beta(1, reconstruction="total", batch_size=128) == pytest.approx(1 / 128)
    assert effective_beta(1, reconstruction="total", kl="total", batch_size=128) == pytest.approx(1)


@pytest.mark.parametrize("likelihood", ["gaussian", "laplace"])
@pytest.mark.parametrize("spread", [1.0, 0.04])
@pytest.mark.parametrize("reconstruction", ["image", "element", "total"])
@pytest.mark.parametrize("kl", ["image", "element", "total", "pixel", "dataset"])
def test_gradient_ratio_of_the_code_is_that_of_the_elbo_with_the_effective_beta(
    likelihood: str, spread: float, reconstruction: str, kl: str
) -> None:
    """d loss / d x_hat against d loss / d mu, in code that a learner would write, and in the ELBO."""
    generator = torch.Generator().manual_seed(0)
    n, pixels, latents, examples, beta, weight = 8, 20, 3, 50, 0.7, 3.0
    x = torch.rand(n, pixels, generator=generator)
    x_hat = torch.rand(n, pixels, generator=generator).requires_grad_()
    mu = torch.randn(n, latents, generator=generator).requires_grad_()
    kl_elements = 0.5 * mu.square()  # sigma = 1
    reduce = {
        "image": lambda t: t.sum(1).mean(),
        "element": lambda t: t.mean(),
        "total": lambda t: t.sum(),
        "pixel": lambda t: t.sum(1).mean() / pixels,
        "dataset": lambda t: t.sum(1).mean() * n / examples,
    }
    error, p = (F.mse_loss, Normal) if likelihood == "gaussian" else (F.l1_loss, Laplace)
    code = weight * reduce[reconstruction](error(x_hat, x, reduction="none")) + beta * reduce[kl](kl_elements)
    elbo_r = -p(x_hat, spread**0.5 if p is Normal else spread).log_prob(x).sum(1).mean()
    elbo_kl = kl_to_standard_normal(mu, torch.zeros_like(mu)).mean()
    g_code = [g.norm() for g in torch.autograd.grad(code, (x_hat, mu))]
    g_elbo = [torch.autograd.grad(term, leaf)[0].norm() for term, leaf in ((elbo_r, x_hat), (elbo_kl, mu))]
    measured = (g_code[1] / g_code[0]) / (g_elbo[1] / g_elbo[0])
    predicted = effective_beta(
        beta, likelihood=likelihood, reconstruction=reconstruction, kl=kl, pixels=pixels, latents=latents,
        batch_size=n, examples=examples, weight=weight, half=False, variance=spread, scale=spread,
    )  # fmt: skip
    assert measured.item() == pytest.approx(predicted, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": -1}, "beta"),
        ({"beta": math.nan}, "beta"),
        ({"likelihood": "bernouli"}, "Did you mean 'bernoulli'"),
        ({"kl": "median"}, "reduction"),
        ({"reconstruction": "dataset"}, "reduction"),
        ({"examples": 0}, "examples"),
        ({"scale": 0.0}, "scale"),
        ({"pixels": 0}, "pixels"),
        ({"weight": 0}, "weight"),
        ({"variance": -1.0}, "variance"),
    ],
)
def test_says_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        effective_beta(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, 1),
        ({"variance": 3.0, "scale": 5.0, "half": False}, 1),  # of no account beside a cross-entropy
        ({"likelihood": "gaussian"}, 1),
        ({"likelihood": "laplace"}, 1),
        ({"reconstruction": "element"}, 784),
        ({"pixels": 100, "latents": 5, "batch_size": 7, "examples": 9}, 1),  # nothing is divided by them
        ({"kl": "element"}, 1),
        ({"kl": "total"}, 1),
        ({"kl": "pixel"}, 1 / 784),
        ({"kl": "dataset"}, 1 / 60_000),
    ],
)
def test_what_is_not_said_is_the_elbo_of_a_digit(arguments: dict[str, object], expected: float) -> None:
    assert effective_beta(**arguments) == pytest.approx(expected)  # type: ignore[arg-type]
