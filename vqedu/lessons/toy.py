"""Models with one latent number z, small enough to integrate: every term of the ELBO by quadrature.

    LatentModel:    z ~ N(0, 1),    x | z ~ N(f(z), s^2)
    CountModel:     z ~ N(0, 1),    x | z ~ Poisson(exp(1 + 2z))

In both q(z|x) = N(mu, sigma^2).

All values are float64, in nats. `x` is one observed number; `z`, `mu` and `sigma` may be arrays of any shape.
Integrals are sums over evenly spaced points: for smooth functions that vanish at both ends their error falls
exponentially (Trefethen and Weideman 2014, "The exponentially convergent trapezoidal rule").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqedu import validate

Array = NDArray[np.float64]

# Their posteriors p(z|x): a Gaussian; a skewed hump; two modes near z = -sqrt(x) and sqrt(x) for large x.
DECODERS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "curved": lambda z: np.logaddexp(0.0, 4.0 * z),
    "two-sided": lambda z: z**2,
}

# What the grids below can resolve: 9 sigma around mu lie on Z, and the narrowest sigma is two steps of Z.
MU_LIMIT, SIGMA_LIMITS, X_LIMIT = 6.0, (0.02, 4.0), 6.0

STEP_Z = 0.01
Z = np.arange(-4200, 4201) * STEP_Z  # points at rest: for log p(x) and everything about the posterior
STEP_T = 0.05
T = np.arange(-180, 181) * STEP_T  # points in units of sigma, which move with q: for expectations under q
WEIGHTS = np.exp(-(T**2) / 2) / np.sqrt(2 * np.pi) * STEP_T


class Gaussian(NamedTuple):
    """N(mu, sigma^2), with `sigma` the standard deviation."""

    mu: float
    sigma: float


def log_normal(value: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Array:
    """Return log N(value; mean, sd^2), the log of a density."""
    value, mean, sd = (np.asarray(argument, dtype=np.float64) for argument in (value, mean, sd))
    return -0.5 * ((value - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)


def kl_to_prior(mu: ArrayLike, sigma: ArrayLike) -> Array:
    """Return KL(q(z) || N(0, 1)) = (mu^2 + sigma^2 - 1) / 2 - log sigma.

    Source: Kingma and Welling 2014, appendix B.
    """
    mu, sigma = _q(mu, sigma)
    return 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)


@dataclass(frozen=True)
class LatentModel:
    """p(x, z) = N(z; 0, 1) N(x; f(z), noise^2), with f one of DECODERS.

    With noise >= 0.4 no density p(x|z) exceeds 1, so that every log below is negative.
    Raises ValueError for an unknown decoder or a noise outside [0.1, 10].
    """

    decoder: str = "linear"
    noise: float = 0.5

    def __post_init__(self) -> None:
        validate.known_name(self.decoder, DECODERS, "decoder")
        validate.between(self.noise, 0.1, 10, "noise")

    def f(self, z: ArrayLike) -> Array:
        """Return the decoder's output f(z), the mean of x given z."""
        return DECODERS[self.decoder](np.asarray(z, dtype=np.float64))

    def log_prior(self, z: ArrayLike) -> Array:
        """Return log p(z)."""
        return log_normal(z, 0.0, 1.0)

    def log_likelihood(self, x: float, z: ArrayLike) -> Array:
        """Return log p(x|z)."""
        return log_normal(_observed(x), self.f(z), self.noise)

    def log_joint(self, x: float, z: ArrayLike) -> Array:
        """Return log p(x, z) = log p(x|z) + log p(z)."""
        return self.log_likelihood(x, z) + self.log_prior(z)

    def log_evidence(self, x: float) -> float:
        """Return log p(x), with p(x) = the integral of p(x, z) over z."""
        return float(np.logaddexp.reduce(self.log_joint(x, Z)) + np.log(STEP_Z))

    def log_posterior(self, x: float, z: ArrayLike) -> Array:
        """Return log p(z|x) = log p(x, z) - log p(x), Bayes' rule."""
        return self.log_joint(x, z) - self.log_evidence(x)

    def elbo(self, x: float, mu: ArrayLike, sigma: ArrayLike) -> Array:
        """Return the ELBO, E_q[log p(x, z) - log q(z)], on points that move with q."""
        mu, sigma = _q(mu, sigma)
        z = mu[..., None] + sigma[..., None] * T  # (...) -> (..., 361)
        return (self.log_joint(x, z) - log_normal(z, mu[..., None], sigma[..., None])) @ WEIGHTS

    def kl_to_posterior(self, x: float, mu: ArrayLike, sigma: ArrayLike) -> Array:
        """Return KL(q(z) || p(z|x)), the gap, as the integral of q log(q / p(z|x)) on points at rest."""
        mu, sigma = _q(mu, sigma)
        log_q = log_normal(Z, mu[..., None], sigma[..., None])  # (...) -> (..., 8401)
        return (np.exp(log_q) * (log_q - self.log_posterior(x, Z))).sum(-1) * STEP_Z

    def reconstruction(self, x: float, mu: ArrayLike, sigma: ArrayLike) -> Array:
        """Return E_q[log p(x|z)]; the ELBO is this less `kl_to_prior`."""
        mu, sigma = _q(mu, sigma)
        return self.log_likelihood(x, mu[..., None] + sigma[..., None] * T) @ WEIGHTS

    def derivation(self, x: float, mu: float, sigma: float) -> tuple[float, float, float, float, float]:
        """Return the values of the derivation's five lines; the first four are equal, the last is no larger.

        1. integral of q log p(x)                              2. integral of q log [p(x, z) / p(z|x)]
        3. integral of q log [p(x, z) / q * q / p(z|x)]        4. ELBO + KL(q || p(z|x))        5. ELBO
        """
        log_q = log_normal(Z, *_q(mu, sigma))
        log_joint, log_posterior = self.log_joint(x, Z), self.log_posterior(x, Z)
        lines = (
            np.full_like(Z, self.log_evidence(x)),
            log_joint - log_posterior,
            (log_joint - log_q) + (log_q - log_posterior),
        )
        first, second, third = (float(np.exp(log_q) @ line * STEP_Z) for line in lines)
        elbo = float(self.elbo(x, mu, sigma))
        return first, second, third, elbo + float(self.kl_to_posterior(x, mu, sigma)), elbo

    def best_gaussian(self, x: float) -> Gaussian:
        """Return the q with the largest ELBO: the best point of a grid, on grids that close in on it.

        With two equally good q, as the two-sided decoder has them, the one with mu >= 0.
        """
        low = 0.0 if self.decoder == "two-sided" else -5.0
        mus, log_sigmas = np.linspace(low, 5.0, 41), np.linspace(np.log(0.05), np.log(2.0), 13)
        span_mu, span_sigma = mus[1] - mus[0], log_sigmas[1] - log_sigmas[0]
        for _ in range(30):
            values = self.elbo(x, mus[:, None], np.exp(log_sigmas))
            row, column = np.unravel_index(np.argmax(values), values.shape)
            mu, log_sigma = float(mus[row]), float(log_sigmas[column])
            mus, log_sigmas = mu + span_mu * _AROUND, log_sigma + span_sigma * _AROUND
            span_mu, span_sigma = span_mu * 0.6, span_sigma * 0.6
        return Gaussian(abs(mu) if self.decoder == "two-sided" else mu, float(np.exp(log_sigma)))


_AROUND = np.linspace(-1.0, 1.0, 5)


class CountModel:
    """p(x, z) = N(z; 0, 1) Poisson(x; exp(1 + 2z)): a count x, whose expected value has the logarithm 1 + 2z.

    `x` may be an array of counts. Every ELBO is exact, since E_q[exp(2z)] = exp(2 mu + 2 sigma^2).
    """

    def log_likelihood(self, x: ArrayLike, z: ArrayLike) -> Array:
        """Return log p(x|z) = x (1 + 2z) - exp(1 + 2z) - log x!."""
        x, z = np.asarray(x, dtype=np.float64), np.asarray(z, dtype=np.float64)
        return x * (1 + 2 * z) - np.exp(1 + 2 * z) - log_factorial(x)

    def log_evidence(self, x: ArrayLike) -> Array:
        """Return log p(x), by quadrature, in the shape of x."""
        z = Z[np.abs(Z) <= REACH]
        joint = self.log_likelihood(np.asarray(x)[..., None], z) + log_normal(z, 0.0, 1.0)  # (...) -> (..., 2001)
        return np.logaddexp.reduce(joint, axis=-1) + np.log(STEP_Z)

    def moments(self, x: ArrayLike) -> tuple[Array, Array]:
        """Return mean and standard deviation of the posterior p(z|x)."""
        z = Z[np.abs(Z) <= REACH]
        joint = self.log_likelihood(np.asarray(x)[..., None], z) + log_normal(z, 0.0, 1.0)
        weights = np.exp(joint - self.log_evidence(x)[..., None]) * STEP_Z
        mean = weights @ z
        return mean, np.sqrt(weights @ z**2 - mean**2)

    def reconstruction(self, x: ArrayLike, mu: ArrayLike, sigma: ArrayLike) -> Array:
        """Return E_q[log p(x|z)]."""
        x, mu, sigma = (np.asarray(value, dtype=np.float64) for value in (x, mu, sigma))
        return x * (1 + 2 * mu) - np.exp(1 + 2 * mu + 2 * sigma**2) - log_factorial(x)

    def elbo(self, x: ArrayLike, mu: ArrayLike, sigma: ArrayLike) -> Array:
        """Return E_q[log p(x|z)] - KL(q || p(z))."""
        mu, sigma = np.asarray(mu, dtype=np.float64), np.asarray(sigma, dtype=np.float64)
        return self.reconstruction(x, mu, sigma) - 0.5 * (mu**2 + sigma**2 - 1) + np.log(sigma)

    def best_gaussian(
        self, x: ArrayLike, prior: float = 1.0, entropy: float = 1.0, spread: float = 2.0
    ) -> tuple[Array, Array]:
        """Return (mu, sigma) of the q with the highest ELBO, for each count x.

        Where both derivatives are zero, E = exp(1 + 2 mu + 2 sigma^2) = x - mu / 2 and sigma^2 = 1 / (1 + 4 E), which
        leaves one equation in mu. The other arguments weigh the terms of another objective, E_q[log p(x|z)] + prior
        E_q[log p(z)] + entropy H(q), with exp(1 + 2 mu + spread sigma^2) for E.
        """
        x = np.asarray(x, dtype=np.float64)
        low, high = np.full_like(x, -20.0), 2 * x / prior
        for _ in range(100):
            mu = (low + high) / 2
            mean = x - prior * mu / 2
            variance = entropy / (prior + 2 * spread * mean)
            above = 1 + 2 * mu + spread * variance > np.log(mean)
            low, high = np.where(above, low, mu), np.where(above, mu, high)
        return mu, np.sqrt(variance)


REACH = 10.0  # no posterior of a CountModel lies beyond


def log_factorial(x: ArrayLike) -> Array:
    """Return log x! of whole numbers."""
    return np.vectorize(lambda count: math.lgamma(count + 1), otypes=[np.float64])(np.asarray(x, dtype=np.float64))


def _observed(x: float) -> float:
    return validate.between(x, -X_LIMIT, X_LIMIT, "x")


def _q(mu: ArrayLike, sigma: ArrayLike) -> tuple[Array, Array]:
    """Return mu and sigma as arrays of one shape; raises ValueError where the grids could not resolve q."""
    mu, sigma = np.broadcast_arrays(np.asarray(mu, dtype=np.float64), np.asarray(sigma, dtype=np.float64))
    low, high = SIGMA_LIMITS
    if not (np.abs(mu) <= MU_LIMIT).all():
        raise ValueError(f"mu must lie in [-{MU_LIMIT:g}, {MU_LIMIT:g}], got {mu}.")
    if not ((sigma >= low) & (sigma <= high)).all():
        raise ValueError(f"sigma is a standard deviation in [{low:g}, {high:g}], got {sigma}.")
    return mu, sigma
