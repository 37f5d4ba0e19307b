"""The effective beta against recipes that are taught in public, and against gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from vqedu.losses import effective_beta, kl_to_standard_normal


def test_squared_error_over_pixels_and_kl_over_latents() -> None:
    arguments = {"likelihood": "gaussian", "reconstruction": "element", "kl": "element", "half": False}
    assert effective_beta(0.1, pixels=784, latents=5, **arguments) == pytest.approx(7.84)  # type: ignore[arg-type]


def test_bernoulli_over_pixels_times_500() -> None:
    assert effective_beta(1, reconstruction="element", pixels=1024, weight=500) == pytest.approx(2.048)


def test_summed_squared_error_without_the_half() -> None:
    assert effective_beta(1, likelihood="gaussian", half=False) == pytest.approx(0.5)


def test_sum_of_everything_beside_a_mean_over_the_batch() -> None:
    assert effective_beta(1, reconstruction="total", batch_size=128) == pytest.approx(1 / 128)
    assert effective_beta(1, reconstruction="total", kl="total", batch_size=128) == pytest.approx(1)


@pytest.mark.parametrize("variance", [1.0, 0.04])
@pytest.mark.parametrize("reconstruction", ["image", "element", "total"])
@pytest.mark.parametrize("kl", ["image", "element", "total"])
def test_gradient_ratio_of_the_code_is_that_of_the_elbo_with_the_effective_beta(
    variance: float, reconstruction: str, kl: str
) -> None:
    """d loss / d x_hat against d loss / d mu, in code that a learner would write, and in the ELBO."""
    generator = torch.Generator().manual_seed(0)
    n, pixels, latents, beta, weight = 8, 20, 3, 0.7, 3.0
    x = torch.rand(n, pixels, generator=generator)
    x_hat = torch.rand(n, pixels, generator=generator).requires_grad_()
    mu = torch.randn(n, latents, generator=generator).requires_grad_()
    kl_elements = 0.5 * mu.square()  # sigma = 1
    reduce = {
        "image": lambda t: t.sum(1).mean(),
        "element": lambda t: t.mean(),
        "total": lambda t: t.sum(),
    }
    code = weight * reduce[reconstruction](F.mse_loss(x_hat, x, reduction="none")) + beta * reduce[kl](kl_elements)
    elbo_r = ((x - x_hat).square() / (2 * variance)).sum(1).mean()
    elbo_kl = kl_to_standard_normal(mu, torch.zeros_like(mu)).mean()
    g_code = [g.norm() for g in torch.autograd.grad(code, (x_hat, mu))]
    g_elbo = [torch.autograd.grad(term, leaf)[0].norm() for term, leaf in ((elbo_r, x_hat), (elbo_kl, mu))]
    measured = (g_code[1] / g_code[0]) / (g_elbo[1] / g_elbo[0])
    predicted = effective_beta(
        beta, likelihood="gaussian", reconstruction=reconstruction, kl=kl, pixels=pixels, latents=latents,
        batch_size=n, weight=weight, half=False, variance=variance,
    )  # fmt: skip
    assert measured.item() == pytest.approx(predicted, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": -1}, "beta"),
        ({"beta": math.nan}, "beta"),
        ({"likelihood": "bernouli"}, "Did you mean 'bernoulli'"),
        ({"kl": "mean"}, "reduction"),
        ({"pixels": 0}, "pixels"),
        ({"weight": 0}, "weight"),
        ({"variance": -1.0}, "variance"),
    ],
)
def test_says_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        effective_beta(**arguments)  # type: ignore[arg-type]
