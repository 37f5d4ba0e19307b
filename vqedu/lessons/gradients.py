"""Two ways to estimate the gradient of E[h(z)], z ~ N(mu, sigma^2), from draws, and its exact value.

An estimator returns one gradient per draw, shape (N,). The estimate is their mean, with 1/N of their variance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from vqedu import validate


class Gradient(NamedTuple):
    """The derivatives with respect to `mu` and to `sigma`, or a property of each, such as its variance."""

    mu: Tensor
    sigma: Tensor


class Variances(NamedTuple):
    """The variance of the gradient from one draw, for both estimators."""

    reparameterized: Gradient
    score_function: Gradient


class Function(NamedTuple):
    """A function h whose expectation E[h(z)] under z ~ N(mu, sigma^2) has a closed form."""

    formula: str
    h: Callable[[Tensor], Tensor]
    expectation: Callable[[Tensor, Tensor], Tensor]


FUNCTIONS = {
    "square": Function("z^2", lambda z: z**2, lambda mu, sigma: mu**2 + sigma**2),
    "sine": Function(
        "sin(2z)",
        lambda z: torch.sin(2 * z),
        lambda mu, sigma: torch.sin(2 * mu) * torch.exp(-2 * sigma**2),
    ),
    "quartic": Function(
        "z^4 / 4",
        lambda z: z**4 / 4,
        lambda mu, sigma: (mu**4 + 6 * mu**2 * sigma**2 + 3 * sigma**4) / 4,
    ),
    # sign has the derivative zero where it has one: the path carries no signal, though E[h(z)] does change.
    "step": Function(
        "1 if z > 1, else 0",
        lambda z: (torch.sign(z - 1) + 1) / 2,
        lambda mu, sigma: torch.special.ndtr((mu - 1) / sigma),
    ),
}


def expectation(name: str, mu: float, sigma: float) -> float:
    """Return E[h(z)] for the function `name` of FUNCTIONS, by its closed form; raises as `exact` does."""
    return float(FUNCTIONS[validate.known_name(name, FUNCTIONS, "function")].expectation(*_parameters(mu, sigma)))


def exact(name: str, mu: float, sigma: float) -> Gradient:
    """Return the derivatives of E[h(z)] with respect to mu and sigma, by autograd through the closed form, float64.

    Raises ValueError for an unknown name, a sigma that is not positive, a mu that is not finite.
    """
    function = FUNCTIONS[validate.known_name(name, FUNCTIONS, "function")]
    leaves = [value.requires_grad_() for value in _parameters(mu, sigma)]
    return Gradient(*torch.autograd.grad(function.expectation(*leaves), leaves))


def reparameterized(h: Callable[[Tensor], Tensor], mu: float, sigma: float, eps: Tensor) -> Gradient:
    """Return the gradient along the path z = mu + sigma eps of each draw: h'(z) and h'(z) eps, each (N,).

    `eps` (N,) contains draws from N(0, 1). Unbiased where h is differentiable.
    Source: Kingma and Welling 2014, section 2.4.
    """
    center, scale = _parameters(mu, sigma, eps)
    z = (center + scale * eps).requires_grad_()
    (slope,) = torch.autograd.grad(h(z).sum(), z)
    return Gradient(slope, slope * eps)


def score_function(
    h: Callable[[Tensor], Tensor], mu: float, sigma: float, eps: Tensor, baseline: float = 0.0
) -> Gradient:
    """Return (h(z) - baseline) times the derivative of log q(z) with respect to mu and to sigma, each (N,).

    These derivatives are eps / sigma and (eps^2 - 1) / sigma, where z = mu + sigma eps and `eps` (N,)
    contains draws from N(0, 1). h needs no derivative. Unbiased for every baseline that does not depend on eps.
    Source: REINFORCE, Williams 1992.
    """
    center, scale = _parameters(mu, sigma, eps)
    reward = h(center + scale * eps) - baseline
    return Gradient(reward * eps / scale, reward * (eps**2 - 1) / scale)


def variances_of_square(mu: float, sigma: float, baseline: float = 0.0) -> Variances:
    """Return the exact variances of the gradient from one draw for h(z) = z^2, float64 scalars.

    With c = mu^2 - baseline, z^2 - baseline = c + 2 mu sigma eps + sigma^2 eps^2. The moments of eps are
    E eps^2, eps^4, eps^6, eps^8 = 1, 3, 15, 105, the odd ones zero. Square, average, less the squared mean:

        path, 2z:                         4 sigma^2                  path, 2z eps:    4 mu^2 + 8 sigma^2
        score, (z^2 - b) eps / sigma:     c^2 / sigma^2 + 8 mu^2 + 15 sigma^2 + 6 c
        score, (z^2 - b)(eps^2 - 1) / sigma:   2 c^2 / sigma^2 + 40 mu^2 + 74 sigma^2 + 20 c
    """
    m, s = _parameters(mu, sigma)
    c = m**2 - baseline
    path = Gradient(4 * s**2, 4 * m**2 + 8 * s**2)
    score_mu = c**2 / s**2 + 8 * m**2 + 15 * s**2 + 6 * c
    score_sigma = 2 * c**2 / s**2 + 40 * m**2 + 74 * s**2 + 20 * c
    return Variances(path, Gradient(score_mu, score_sigma))


def _parameters(mu: float, sigma: float, eps: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return mu and sigma as scalars of eps's dtype (float64 without one), after looking at all three."""
    if not math.isfinite(mu):
        raise ValueError(f"mu must be finite, got {mu}.")
    if not (sigma > 0 and math.isfinite(sigma)):
        raise ValueError(f"sigma is a standard deviation and must be positive and finite, got {sigma}.")
    dtype = torch.float64 if eps is None else validate.finite(eps, "eps").dtype
    return torch.tensor(float(mu), dtype=dtype), torch.tensor(float(sigma), dtype=dtype)
