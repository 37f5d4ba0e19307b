"""The exercises on reparameterization: draws with a gradient, the score function, a path that is cut, a noisy path."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Normal

from vqedu.checks.engine import running
from vqedu.checks.engine.comparing import wrong_shape
from vqedu.checks.engine.exercise import Challenge, Demand, Exercise, Mistake
from vqedu.checks.engine.numbers import quarters
from vqedu.checks.engine.observing import Case, Observed, as_tensors

ROWS = 4000  # a mean of so many standard normal numbers is within 0.08 = 5 / sqrt(4000) of 0, whatever drew them
FEW = 4  # rows of a second call, which tells chance from a constant


def _statistics(function: Callable[..., Any], case: Case) -> Observed:
    """Describe the draws for 4,000 rows by numbers that do not depend on the source of the noise.

    Each row of the batch has its own mu and logvar: those of the case, shifted a little. What is measured are the
    distribution of (z - mu) / sigma and, since z is linear in the noise, the gradients exactly.
    """
    shift = torch.arange(ROWS)[:, None] % 5 / 4
    mu, logvar = (case["mu"] + shift), (case["logvar"] - shift)
    leaves = mu.clone().requires_grad_(), logvar.clone().requires_grad_()
    z, again = _call(function, *leaves), _call(function, mu[:FEW], logvar[:FEW])
    noise = ((z.detach() - mu) / torch.exp(logvar / 2)).double()
    other = ((again.detach() - mu[:FEW]) / torch.exp(logvar[:FEW] / 2)).double()
    return _distribution(noise, other) | _slopes(z, leaves, (z.detach() - mu) / 2)


def _call(function: Callable[..., Any], mu: Tensor, logvar: Tensor) -> Tensor:
    """Return the learner's z; raises Problem for another shape, or for changed arguments."""
    given = mu.clone(), logvar.clone()
    (z,) = as_tensors(running.call(function, given), ("z",))
    if z.shape != mu.shape:
        wrong = wrong_shape("z", tuple(z.shape), tuple(mu.shape))[:-1]
        raise running.Problem("shape", f"{wrong}, for mu and logvar of shape {tuple(mu.shape)}.")
    if not (torch.equal(given[0], mu) and torch.equal(given[1], logvar)):
        raise running.Problem("mutation", "Your function changed mu or logvar. Build z as a new tensor.")
    return z


def _distribution(noise: Tensor, other: Tensor) -> Observed:
    """Describe noise (rows, D), without regard to its stream; `other` is the noise of a second call."""
    spread = noise.std(0)
    shared, random = bool((spread < 1e-3).all()), not torch.allclose(noise[: len(other)], other, atol=1e-3)
    alike = bool(((noise - noise[:, :1]).abs() < 1e-3).all())
    center, near = noise.mean(0) / spread.clamp(min=1), (noise.abs() < 0.5).double()
    tails = ((noise - noise.mean(0)) / spread.clamp(min=1e-9)).pow(4).mean()
    correlation = torch.corrcoef(noise.T + 1e-9 * torch.randn(noise.T.shape).double())
    return {
        "z is random": _flag(random or not shared),
        "each row of the batch has its own noise": _flag(not shared),
        "each latent dimension has its own noise": _flag(not alike),
        "mean of (z - mu) / sigma": torch.zeros_like(center) if shared and random else center,
        "standard deviation of (z - mu) / sigma over the batch": spread,
        "share of z within one sigma of mu": torch.ones_like(spread) if shared else (noise.abs() < 1).double().mean(0),
        "of 10 draws, how many lie within sigma / 2 of mu": 10 * (torch.zeros(()) if shared else near.mean()),
        "fourth moment of the standardized noise, 3 if it is normal": torch.zeros(()) if shared else tails,
        "correlation of the noise of two latent dimensions": torch.ones(1) if alike else correlation[0, 1:],
    }


def _slopes(z: Tensor, leaves: tuple[Tensor, Tensor], path: Tensor) -> Observed:
    """Describe the gradients of a weighted sum of z: 1 and 1 where z = mu + exp(logvar / 2) * eps."""
    weights = torch.linspace(1, 2, z.numel()).view_as(z)
    slopes = torch.autograd.grad((weights * z).sum(), leaves, allow_unused=True) if z.requires_grad else (None, None)
    to_mu, to_logvar = (torch.zeros_like(path) if slope is None else slope / weights for slope in slopes)
    return {
        "z depends on mu and logvar by a formula": _flag(_has_path(z)),
        "gradient dz/dmu": to_mu.mean(0),
        "slope of dz/dlogvar against (z - mu) / 2": (to_logvar * path).sum(0) / path.square().sum(0).clamp(min=1e-12),
    }


def _flag(true: bool) -> Tensor:
    return torch.tensor(float(true))


def _has_path(z: Tensor) -> bool:
    """Return whether a gradient can pass from z to a parameter; through `torch.normal(mu, sigma)` none can."""
    nodes = [z.grad_fn]
    while nodes:
        node = nodes.pop()
        if node is None or node.name().startswith("Normal"):
            continue
        if "AccumulateGrad" in node.name():
            return True
        nodes += [following for following, _ in node.next_functions]
    return False


def _even_noise(mu: Tensor) -> Tensor:
    """Return standard normal numbers of the shape of mu, spread so evenly that their statistics are those of theory."""
    points = torch.quasirandom.SobolEngine(mu.shape[1], scramble=True, seed=0).draw(len(mu))
    return Normal(0, 1).icdf(points.clamp(1e-6, 1 - 1e-6))


def _draw(
    mu: Tensor,
    logvar: Tensor,
    *,
    scale: Callable[[Tensor], Tensor] = lambda logvar: torch.exp(logvar / 2),
    noise: Callable[[Tensor], Tensor] = _even_noise,
    center: Callable[[Tensor], Tensor] = lambda mu: mu,
) -> Tensor:
    return center(mu) + scale(logvar) * noise(mu)


def _undetached(mu: Tensor, logvar: Tensor) -> Tensor:
    sigma = torch.exp(logvar / 2)
    z = (mu + sigma * _even_noise(mu)).detach()
    return mu + sigma * ((z - mu) / sigma)


reparameterize = Exercise(
    name="reparameterize",
    contract="reparameterize(mu, logvar): two float tensors (N, D), logvar = log sigma^2 -> (N, D), a draw from N(mu, "
    "sigma^2) with gradients to both",
    cases=lambda: [
        {"mu": torch.tensor([0.0, 1.0]), "logvar": torch.tensor([2.0, 2.0])},
        {"mu": torch.tensor([-2.0, 0.5, 3.0]), "logvar": torch.tensor([-1.0, 1.0, -3.0])},
    ],
    reference=_draw,
    probe=_statistics,
    rtol=0.08,
    atol=0.08,
    mistakes=(
        Mistake(
            "variance for standard deviation",
            partial(_draw, scale=torch.exp),
            "The spread of your z is sigma squared: you multiply the noise by exp(logvar), which is the variance.",
            "What must you do to a variance before it can scale the noise?",
        ),
        Mistake(
            "logvar itself scales the noise",
            partial(_draw, scale=lambda logvar: logvar),
            "You multiply the noise by logvar, which is a logarithm and may be negative.",
            "How do you get from log sigma^2 to sigma?",
        ),
        Mistake(
            "root taken twice",
            partial(_draw, scale=lambda logvar: torch.exp(logvar / 4)),
            "The spread of your z is the root of sigma: half of logvar is already log sigma.",
            "How do you get from log sigma to sigma? No further root is needed.",
        ),
        Mistake(
            "the same noise for the whole batch",
            partial(_draw, noise=lambda mu: torch.randn(mu.shape[1])),
            "All rows of the batch get the same noise, so their errors do not average out.",
            "What shape does your eps have, and what shape does mu have?",
        ),
        Mistake(
            "the same noise for all latent dimensions",
            partial(_draw, noise=lambda mu: _even_noise(mu[:, :1])),
            "All dimensions of one code get the same noise. They should be independent.",
            "What shape does your eps have, and what shape does mu have?",
        ),
        Mistake(
            "one number of noise for everything",
            partial(_draw, noise=lambda mu: torch.randn(1)),
            "A single random number is used for the whole batch.",
            "How many random numbers does a batch of N codes of D dimensions need?",
        ),
        Mistake(
            "uniform noise from 0 to 1",
            partial(_draw, noise=lambda mu: torch.special.ndtr(_even_noise(mu))),
            "Your noise is never negative: it is uniform between 0 and 1.",
            "`rand` and `randn` differ by one letter.",
        ),
        Mistake(
            "uniform noise from -1 to 1",
            partial(_draw, noise=lambda mu: 2 * torch.special.ndtr(_even_noise(mu)) - 1),
            "Your noise is uniform: no z lies farther than one sigma from mu.",
            "What share of a normal distribution lies within one sigma?",
        ),
        Mistake(
            "no noise",
            partial(_draw, noise=torch.zeros_like),
            "You return mu. Every draw is the same, and the code is a point again.",
            "Where does the randomness come in?",
        ),
        Mistake(
            "sigma is added, not multiplied by noise",
            partial(_draw, noise=torch.ones_like),
            "You return mu + sigma, the same for every draw.",
            "The formula for z contains a third quantity, and it is random.",
        ),
        Mistake(
            "drawn without a path",
            lambda mu, logvar: (mu + torch.exp(logvar / 2) * _even_noise(mu)).detach(),
            "The distribution is right, but z has no history: no gradient will ever reach mu or logvar.",
            "Draw something that does not depend on mu and sigma, and build z from it.",
        ),
        Mistake(
            "eps not detached",
            _undetached,
            "Your eps is computed from mu and sigma, and its gradient cancels that of mu + sigma * eps exactly.",
            "Draw eps without using mu and sigma, so that it has no history.",
        ),
        Mistake(
            "no gradient for logvar",
            partial(_draw, scale=lambda logvar: torch.exp(logvar / 2).detach()),
            "mu gets its gradient but logvar gets none: sigma was cut off.",
            "Look for `detach`, `.data`, `.item()` or `no_grad` around sigma.",
        ),
        Mistake(
            "no gradient for mu",
            partial(_draw, center=torch.detach),
            "logvar gets its gradient but mu gets none: mu was cut off.",
            "Look for `detach`, `.data`, `.item()` or `no_grad` around mu.",
        ),
    ),
    hints=(
        "Draw eps first, from a normal distribution that does not depend on mu and sigma.",
        "`torch.randn_like(mu)` has one random number per element. sigma is the square root of exp(logvar).",
        "sigma = exp(logvar / 2). Scale eps with it, then shift by mu.",
    ),
)


def _named(formula: str, h: Callable[[Any], Any]) -> Callable[[Any], Any]:
    h.formula = formula  # type: ignore[attr-defined]
    return h


# Plain arithmetic, so that they take tensors, arrays and single numbers alike.
SQUARE = _named("z -> z^2", lambda z: z * z)
CUBE = _named("z -> z^3 - z", lambda z: z * z * z - z)
STEP = _named("z -> 1 if z > 1 else 0", lambda z: (z > 1) * 1.0)


def _estimator_cases() -> list[Case]:
    return [
        {"h": h, "mu": mu, "sigma": sigma, "eps": quarters(i, n)}
        for i, (h, mu, sigma, n) in enumerate([(SQUARE, 2.0, 0.5, 1), (CUBE, -1.0, 2.0, 3), (STEP, 1.0, 0.5, 6)], 1)
    ]


def _score(
    h: Callable[[Any], Any],
    mu: float,
    sigma: float,
    eps: Tensor,
    *,
    point: Callable[[float, float, Tensor], Tensor] = lambda mu, sigma, eps: mu + sigma * eps,
    score: Callable[[Tensor, float], Tensor] = lambda eps, sigma: eps / sigma,
    value: float = 1,
    reduce: Callable[[Tensor], Tensor] = lambda estimates: estimates,
    sign: int = 1,
) -> Tensor:
    return sign * reduce((h(point(mu, sigma, eps)) if value else 1) * score(eps, sigma))


score_gradient = Exercise(
    name="score_gradient",
    contract="score_gradient(h, mu, sigma, eps): a function, two numbers, noise (n,) -> (n,): for each z = mu + sigma "
    "eps the score function estimate of d/dmu E[h(z)]",
    cases=_estimator_cases,
    reference=_score,
    mistakes=(
        Mistake(
            "not divided by sigma",
            partial(_score, score=lambda eps, sigma: eps),
            "Your estimate is right only for sigma = 1: the score with respect to mu is eps / sigma.",
            "Write the score as (z - mu) / sigma^2 and insert z.",
        ),
        Mistake(
            "divided by sigma squared",
            partial(_score, score=lambda eps, sigma: eps / sigma**2),
            "(z - mu) / sigma^2 is the score, but z - mu is sigma eps, not eps.",
            "Insert z = mu + sigma eps into (z - mu) / sigma^2.",
        ),
        Mistake(
            "h at the noise",
            partial(_score, point=lambda mu, sigma, eps: eps),
            "You evaluate h at eps, not at z.",
            "Where do the samples from N(mu, sigma^2) lie?",
        ),
        Mistake(
            "h left out",
            partial(_score, value=0),
            "This is the score alone. Its mean is zero, whatever h is.",
            "Which samples should become more likely? The answer must depend on h.",
        ),
        Mistake(
            "score of sigma",
            partial(_score, score=lambda eps, sigma: (eps.square() - 1) / sigma),
            "This is the estimate of d/dsigma.",
            "Differentiate log q with respect to mu.",
        ),
        Mistake(
            "averaged over the samples",
            partial(_score, reduce=torch.mean),
            "You return the mean of the estimates. The exercise asks for one estimate per sample, so that we can see "
            "their variance.",
            "The contract ends in (n,).",
        ),
        Mistake(
            "sign flipped",
            partial(_score, sign=-1),
            "Your estimate points the other way.",
            "If h is larger to the right of mu, should mu grow or shrink?",
        ),
    ),
    hints=(
        "Three quantities: where the sample lies, the value of h there, and how log q changes with mu.",
        "log q(z) = -(z - mu)^2 / (2 sigma^2) + something without mu. Differentiate.",
        "The score is (z - mu) / sigma^2 = eps / sigma. Multiply it by h(z).",
    ),
)


def _mean_square(
    mu: Tensor,
    sigma: Tensor,
    eps: Tensor,
    *,
    to_mu: Callable[[Tensor], Tensor] = lambda mu: mu,
    to_sigma: Callable[[Tensor], Tensor] = lambda sigma: sigma,
    reduce: Callable[[Tensor], Tensor] = lambda z: z.square().mean(),
) -> Tensor:
    return reduce(to_mu(mu) + to_sigma(sigma) * eps)


mean_of_square = Exercise(
    name="mean_of_square",
    contract="mean_of_square(mu, sigma, eps): two scalars and noise (n,) -> the mean of z^2 over z = mu + sigma eps, "
    "with gradients to mu and sigma",
    cases=lambda: [
        {"mu": torch.tensor(m), "sigma": torch.tensor(s), "eps": quarters(i, n)}
        for i, (m, s, n) in enumerate([(2.0, 0.5, 1), (-1.0, 2.0, 5), (0.5, 1.5, 12)], 1)
    ],
    reference=_mean_square,
    gradients=("mu", "sigma"),
    mistakes=(
        Mistake(
            "sigma gets no gradient",
            lambda mu, sigma, eps: _mean_square(mu, sigma, eps, to_sigma=torch.detach),
            "mu now gets its gradient, but sigma still gets none.",
            "Follow sigma through your function, step by step. Where does it lose its history?",
        ),
        Mistake(
            "mu gets no gradient",
            lambda mu, sigma, eps: _mean_square(mu, sigma, eps, to_mu=torch.detach),
            "sigma now gets its gradient, but mu still gets none.",
            "Follow mu through your function, step by step. Where does it lose its history?",
        ),
        Mistake(
            "square of the mean",
            partial(_mean_square, reduce=lambda z: z.mean().square()),
            "You average first and square afterward. The spread of z then has no influence.",
            "Which comes first, the square or the mean?",
        ),
        Mistake(
            "sum for mean",
            partial(_mean_square, reduce=lambda z: z.square().sum()),
            "You add up the squares, but the exercise asks for their mean.",
            "Should the number grow with the number of samples?",
        ),
    ),
    hints=(
        "The value is right, so look at the gradients: `torch.autograd.grad(mean_of_square(mu, sigma, eps), mu)`.",
        "Print `requires_grad` after each step. Where does True become False?",
        "Which operations discard the history of a tensor? `.detach()`, `.data`, `.item()`, `.tolist()` do, and "
        "so does building a new tensor from numbers.",
    ),
)


def _measure_path(ask: Callable[..., Any]) -> list[Demand]:
    """Compare the variances of both estimators of d/dmu for the learner's h, at mu = 0 and sigma = 1."""
    eps = torch.randn(20_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    z = eps.clone().requires_grad_()
    (values,) = as_tensors(ask(z), ("h(z)",))
    if values.shape != z.shape:
        raise running.Problem("shape", "h should return a tensor of the same shape as z, (20000,).")
    (slope,) = torch.autograd.grad(values.sum(), z, allow_unused=True) if values.requires_grad else (None,)
    path = torch.zeros_like(eps) if slope is None else slope
    score = values.detach() * eps
    ratio = float(path.var() / score.var().clamp(min=1e-12))
    agree = abs(float(path.mean() - score.mean())) < 5 * float(path.std() + score.std()) / len(eps) ** 0.5
    means = f"{path.mean():.2f} by reparameterization, {score.mean():.2f} by the score function"
    wanted = "the variance of reparameterization is at least 10 times that of the score function"
    return [
        Demand("both estimators agree on average", agree, means),
        Demand(wanted, ratio >= 10, f"{ratio:.1f} times"),
    ]


noisy_path = Challenge(
    name="noisy_path",
    contract="noisy_path(z): a function h of a tensor, with a derivative, for which reparameterization is the noisier "
    "estimator",
    parameters=("z",),
    measure=_measure_path,
    hints=(
        "Reparameterization uses h', the score function uses h. Make h' large where h stays small.",
        "A wave of height 1 that goes up and down quickly has a large slope everywhere.",
        "The slope of sin(kz) is k cos(kz). The variance of reparameterization then grows like k^2 / 2.",
    ),
)
