"""The exercises of notebook 03: draws with a gradient, two estimators, a path that is cut, a path that is noisy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Normal

from vqedu.checks import running
from vqedu.checks.comparing import wrong_shape
from vqedu.checks.engine import Case, Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import quarters
from vqedu.checks.observing import Observed, as_tensors

DRAWS = 4000  # standard deviations are then known to 1.1%, and no mistake of the catalogue moves one by less than 30%


def _statistics(function: Callable[..., Any], case: Case) -> Observed:
    """Describe the draws of one mu and logvar by numbers that a seed hardly moves, and their gradients exactly.

    The rows of the batch are alike; so the spread over the rows shows sigma, and whether each row has its own noise.
    """
    mu, logvar = (case[name].expand(DRAWS, -1).clone() for name in ("mu", "logvar"))
    kept = mu.clone(), logvar.clone()
    leaves = mu.requires_grad_(), logvar.requires_grad_()
    (z,) = as_tensors(running.call(function, leaves), ("z",))
    if z.shape != mu.shape:
        given = f"for mu and logvar of shape {tuple(mu.shape)}"
        raise running.Problem("shape", f"{wrong_shape('z', tuple(z.shape), tuple(mu.shape))[:-1]}, {given}.")
    if not (torch.equal(mu, kept[0]) and torch.equal(logvar, kept[1])):
        raise running.Problem("mutation", "Your function changed mu or logvar. Build z as a new tensor.")
    slopes = torch.autograd.grad(z.sum(), leaves, allow_unused=True) if z.requires_grad else (None, None)
    to_mu, to_logvar = (torch.zeros_like(mu) if slope is None else slope for slope in slopes)
    rows = (z.detach() - kept[0]) / torch.exp(kept[1] / 2)
    path = 0.5 * (z.detach() - kept[0])
    return {
        "mean of (z - mu) / sigma": rows.mean(0),
        "standard deviation of (z - mu) / sigma over the batch": rows.std(0),
        "share of z within one sigma of mu": (rows.abs() < 1).double().mean(0),
        "correlation of the noise of two latent numbers": _correlation(rows),
        "z has a path to its parameters": torch.tensor(float(z.requires_grad)),
        "gradient dz/dmu": to_mu.mean(0),
        "slope of dz/dlogvar against (z - mu) / 2": (to_logvar * path).sum(0) / path.square().sum(0).clamp(min=1e-12),
    }


def _correlation(rows: Tensor) -> Tensor:
    first, second = (rows[:, i] - rows[:, i].mean() for i in (0, 1))
    scale = (first.norm() * second.norm()).clamp(min=1e-12)
    return (first * second).sum() / scale


def _draw(mu: Tensor, logvar: Tensor, eps: Tensor) -> Tensor:
    return mu + torch.exp(logvar / 2) * eps


def _undetached(mu: Tensor, logvar: Tensor) -> Tensor:
    sigma = torch.exp(logvar / 2)
    z = Normal(mu, sigma).sample()
    return mu + sigma * ((z - mu) / sigma)


reparameterize = Exercise(
    name="reparameterize",
    contract="reparameterize(mu, logvar): two float tensors (N, D), logvar = log sigma^2 -> (N, D), a draw from N(mu, "
    "sigma^2) with gradients to both",
    cases=lambda: [
        {"mu": torch.tensor([0.0, 1.0]), "logvar": torch.tensor([2.0, 2.0])},
        {"mu": torch.tensor([-2.0, 0.5, 3.0]), "logvar": torch.tensor([-1.0, 1.0, -3.0])},
    ],
    reference=lambda mu, logvar: _draw(mu, logvar, torch.randn_like(mu)),
    probe=_statistics,
    tolerance=0.08,
    mistakes=(
        Mistake(
            "variance for standard deviation",
            lambda mu, logvar: mu + torch.exp(logvar) * torch.randn_like(mu),
            "The spread of your z is sigma squared: the noise is multiplied by exp(logvar), which is the variance.",
            "What has to be done to a variance before it can scale noise?",
        ),
        Mistake(
            "logvar itself scales the noise",
            lambda mu, logvar: mu + logvar * torch.randn_like(mu),
            "The noise is multiplied by logvar, which is a logarithm and may be negative.",
            "How does one get from log sigma^2 to sigma?",
        ),
        Mistake(
            "the same noise for the whole batch",
            lambda mu, logvar: _draw(mu, logvar, torch.randn(mu.shape[1])),
            "All rows of the batch receive the same noise, so their errors do not average out.",
            "Which shape has your eps, and which shape has mu?",
        ),
        Mistake(
            "the same noise for all latent numbers",
            lambda mu, logvar: _draw(mu, logvar, torch.randn(len(mu), 1)),
            "All numbers of one code receive the same noise. They should be independent.",
            "Which shape has your eps, and which shape has mu?",
        ),
        Mistake(
            "one number of noise for everything",
            lambda mu, logvar: _draw(mu, logvar, torch.randn(1)),
            "One single random number shifts the whole batch.",
            "How many random numbers does a batch of N codes of D numbers need?",
        ),
        Mistake(
            "uniform noise from 0 to 1",
            lambda mu, logvar: _draw(mu, logvar, torch.rand_like(mu)),
            "Your noise is never negative: it is uniform between 0 and 1.",
            "`rand` and `randn` differ by one letter.",
        ),
        Mistake(
            "uniform noise from -1 to 1",
            lambda mu, logvar: _draw(mu, logvar, 2 * torch.rand_like(mu) - 1),
            "Your noise is uniform: no z lies farther than one sigma from mu.",
            "In a normal distribution, which share lies within one sigma?",
        ),
        Mistake(
            "no noise",
            lambda mu, logvar: mu + 0 * logvar,
            "You return mu. Every draw is the same, and the code is a point again.",
            "Where does the randomness come in?",
        ),
        Mistake(
            "sigma is added, not multiplied with noise",
            lambda mu, logvar: mu + torch.exp(logvar / 2),
            "You return mu + sigma, the same for every draw.",
            "There is a third factor in the line, and it is random.",
        ),
        Mistake(
            "drawn without a path",
            lambda mu, logvar: Normal(mu, torch.exp(logvar / 2)).sample(),
            "The distribution is right, but z has no history: no gradient will ever reach mu or logvar.",
            "Draw something that does not depend on mu and sigma, and build z from it.",
        ),
        Mistake(
            "eps not detached",
            _undetached,
            "Your eps is made from mu and sigma, and its gradient cancels that of mu + sigma * eps exactly.",
            "eps must be a number without history.",
        ),
        Mistake(
            "no gradient for logvar",
            lambda mu, logvar: mu + torch.exp(logvar / 2).detach() * torch.randn_like(mu),
            "mu receives its gradient, logvar none: sigma was cut off.",
            "Look for `detach`, `.data`, `.item()` or `no_grad` around sigma.",
        ),
        Mistake(
            "no gradient for mu",
            lambda mu, logvar: mu.detach() + torch.exp(logvar / 2) * torch.randn_like(mu),
            "logvar receives its gradient, mu none: mu was cut off.",
            "Look for `detach`, `.data`, `.item()` or `no_grad` around mu.",
        ),
    ),
    hints=(
        "Draw eps first, from a normal distribution that knows nothing of mu and sigma.",
        "`torch.randn_like(mu)` has one random number an element. sigma is the root of exp(logvar).",
        "sigma = exp(logvar / 2). Scale eps with it, then shift by mu.",
    ),
)


def _named(formula: str, f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    f.formula = formula  # type: ignore[attr-defined]
    return f


SQUARE = _named("z -> z^2", lambda z: z.square())
CUBE = _named("z -> z^3 - z", lambda z: z**3 - z)
STEP = _named("z -> 1 if z > 1 else 0", lambda z: (z > 1).to(z.dtype))


def _estimator_cases() -> list[Case]:
    return [
        {"f": f, "mu": mu, "sigma": sigma, "eps": quarters(i, n)}
        for i, (f, mu, sigma, n) in enumerate([(SQUARE, 2.0, 0.5, 1), (CUBE, -1.0, 2.0, 3), (STEP, 1.0, 0.5, 6)], 1)
    ]


score_gradient = Exercise(
    name="score_gradient",
    contract="score_gradient(f, mu, sigma, eps): a function, two numbers, noise (n,) -> (n,): for each z = mu + sigma "
    "eps the score function estimate of d/dmu E[f(z)]",
    cases=_estimator_cases,
    reference=lambda f, mu, sigma, eps: f(mu + sigma * eps) * eps / sigma,
    mistakes=(
        Mistake(
            "not divided by sigma",
            lambda f, mu, sigma, eps: f(mu + sigma * eps) * eps,
            "Right for sigma = 1 only: the score of mu is eps / sigma.",
            "Write the score as (z - mu) / sigma^2 and put in z.",
        ),
        Mistake(
            "divided by sigma squared",
            lambda f, mu, sigma, eps: f(mu + sigma * eps) * eps / sigma**2,
            "(z - mu) / sigma^2 is the score, but z - mu is sigma eps, not eps.",
            "Put z = mu + sigma eps into (z - mu) / sigma^2.",
        ),
        Mistake(
            "f at the noise",
            lambda f, mu, sigma, eps: f(eps) * eps / sigma,
            "f is evaluated at eps, not at z.",
            "Where do the draws from N(mu, sigma^2) lie?",
        ),
        Mistake(
            "f left out",
            lambda f, mu, sigma, eps: eps / sigma,
            "This is the score alone. Its mean is zero, whatever f is.",
            "Which draws should become more likely? The answer must depend on f.",
        ),
        Mistake(
            "score of sigma",
            lambda f, mu, sigma, eps: f(mu + sigma * eps) * (eps.square() - 1) / sigma,
            "This is the estimate for d/dsigma.",
            "Differentiate log q with respect to mu.",
        ),
        Mistake(
            "sign turned",
            lambda f, mu, sigma, eps: -f(mu + sigma * eps) * eps / sigma,
            "Your estimate points the other way.",
            "If f is larger to the right of mu, should mu grow or shrink?",
        ),
    ),
    hints=(
        "Three factors: where the draw lies, what f says there, and how log q changes with mu.",
        "log q(z) = -(z - mu)^2 / (2 sigma^2) + something without mu. Differentiate.",
        "The score is (z - mu) / sigma^2 = eps / sigma. Multiply it with f(z).",
    ),
)


path_gradient = Exercise(
    name="path_gradient",
    contract="path_gradient(slope, mu, sigma, eps): the function f', two numbers, noise (n,) -> two (n,): the "
    "reparameterized estimates of d/dmu and d/dsigma of E[f(z)]",
    cases=lambda: [
        {"slope": slope, "mu": mu, "sigma": sigma, "eps": quarters(i, n)}
        for i, (slope, mu, sigma, n) in enumerate(
            [
                (_named("z -> 2z", lambda z: 2 * z), 2.0, 0.5, 1),
                (_named("z -> 3z^2 - 1", lambda z: 3 * z.square() - 1), -1.0, 2.0, 4),
            ],
            1,
        )
    ],
    reference=lambda slope, mu, sigma, eps: (slope(mu + sigma * eps), slope(mu + sigma * eps) * eps),
    outputs=("d/dmu", "d/dsigma"),
    mistakes=(
        Mistake(
            "eps missing in d/dsigma",
            lambda slope, mu, sigma, eps: (slope(mu + sigma * eps), slope(mu + sigma * eps)),
            "d/dmu is right, and d/dsigma is the same number. But sigma stands before eps.",
            "What is the derivative of mu + sigma * eps with respect to sigma?",
        ),
        Mistake(
            "the two exchanged",
            lambda slope, mu, sigma, eps: (slope(mu + sigma * eps) * eps, slope(mu + sigma * eps)),
            "Both numbers are right, in the other order.",
            "Which of the two derivatives of z is 1?",
        ),
        Mistake(
            "sigma for eps",
            lambda slope, mu, sigma, eps: (slope(mu + sigma * eps), slope(mu + sigma * eps) * sigma),
            "d/dsigma is multiplied by sigma. That is the derivative in the direction of eps.",
            "Which of mu, sigma and eps do you differentiate with respect to?",
        ),
        Mistake(
            "slope at mu",
            lambda slope, mu, sigma, eps: (slope(mu + 0 * eps), slope(mu + 0 * eps) * eps),
            "The slope is taken at mu for every draw.",
            "At which point does the chain rule want f'?",
        ),
    ),
    hints=(
        "f(z) with z = mu + sigma eps: use the chain rule, once for mu and once for sigma.",
        "The outer derivative is f'(z) in both. The inner one is dz/dmu or dz/dsigma.",
        "dz/dmu = 1 and dz/dsigma = eps.",
    ),
)


def _cut(mu: Tensor, sigma: Tensor, eps: Tensor) -> Tensor:
    return (mu + sigma * eps).detach().square().mean() + 0 * sigma


mean_of_square = Exercise(
    name="mean_of_square",
    contract="mean_of_square(mu, sigma, eps): two scalars and noise (n,) -> the mean of z^2 over z = mu + sigma eps, "
    "with gradients to mu and sigma",
    cases=lambda: [
        {"mu": torch.tensor(m), "sigma": torch.tensor(s), "eps": quarters(i, n)}
        for i, (m, s, n) in enumerate([(2.0, 0.5, 1), (-1.0, 2.0, 5)], 1)
    ],
    reference=lambda mu, sigma, eps: (mu + sigma * eps).square().mean(),
    gradients=("mu", "sigma"),
    mistakes=(
        Mistake(
            "the planted bug",
            _cut,
            "The mean is right to the last digit, and yet neither mu nor sigma would ever move.",
            "Print `requires_grad` after each step. Where does True become False?",
        ),
        Mistake(
            "sigma does not hear",
            lambda mu, sigma, eps: (mu + sigma.detach() * eps).square().mean(),
            "mu receives its gradient, sigma still none.",
            "There is more than one way to sigma; all of them must stay open.",
        ),
        Mistake(
            "mu does not hear",
            lambda mu, sigma, eps: (mu.detach() + sigma * eps).square().mean(),
            "sigma receives its gradient, mu still none.",
            "There is more than one way to mu; all of them must stay open.",
        ),
    ),
    hints=(
        "The value is right, so look at the gradients: `torch.autograd.grad(mean_of_square(mu, sigma, eps), mu)`.",
        "Which operations throw the history of a tensor away?",
        "`.detach()`, `.data`, `.item()`, `.tolist()` and `torch.no_grad()` do. One of them is here, and nothing needs "
        "it.",
    ),
)


def _measure_path(ask: Callable[..., Any]) -> list[Demand]:
    """Compare the variances of both estimators of d/dmu for the learner's f, at mu = 0 and sigma = 1."""
    eps = torch.randn(20_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = eps.clone().requires_grad_()
    values = ask(z)
    if not isinstance(values, Tensor) or values.shape != z.shape:
        raise running.Problem("shape", "f should return a tensor of the shape of z, (20000,).")
    (slope,) = torch.autograd.grad(values.sum(), z, allow_unused=True) if values.requires_grad else (None,)
    path = torch.zeros_like(eps) if slope is None else slope
    score = values.detach() * eps
    ratio = float(path.var() / score.var().clamp(min=1e-12))
    agree = abs(float(path.mean() - score.mean())) < 5 * float(path.std() + score.std()) / len(eps) ** 0.5
    return [
        Demand(
            "both estimators agree on average", agree, f"{path.mean():.2f} by the path, {score.mean():.2f} by the score"
        ),
        Demand(
            "the path's variance is at least 10 times that of the score function", ratio >= 10, f"{ratio:.1f} times"
        ),
    ]


noisy_path = Challenge(
    name="noisy_path",
    contract="noisy_path(z): a function f of a tensor, with a derivative, for which reparameterization is the noisier "
    "way",
    parameters=("z",),
    measure=_measure_path,
    hints=(
        "The path uses f', the score function uses f. Make f' large where f stays small.",
        "A wave of height 1 that goes up and down quickly has a large slope everywhere.",
        "The slope of sin(kz) is k cos(kz). The variance of the path then grows like k^2 / 2.",
    ),
)
