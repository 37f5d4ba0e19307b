"""The exercises of notebook 02: a mean of weights, the KL of Gaussians, the ELBO on a grid, a bad q."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine import Case, Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import number, quarters
from vqedu.checks.observing import as_tensors
from vqedu.lessons import toy
from vqedu.losses import kl_terms


def _weights() -> list[Case]:
    small = [{"log_weights": quarters(i, k, n)} for i, (k, n) in enumerate([(1, 1), (2, 1), (3, 2), (5, 4)], 1)]
    return [*small, {"log_weights": quarters(7, 4, 3) - 400}]  # as for images: exp(-400) is 0 in float32


importance_weighted_bound = Exercise(
    name="importance_weighted_bound",
    contract="importance_weighted_bound(log_weights): (k, N), one column an image -> (N,): log of the mean weight, "
    "nats",
    cases=_weights,
    reference=lambda log_weights: torch.logsumexp(log_weights, 0) - math.log(len(log_weights)),
    mistakes=(
        Mistake(
            "sum for mean",
            lambda log_weights: torch.logsumexp(log_weights, 0),
            "You return the logarithm of the sum. It grows with k even if all weights are equal.",
            "With k equal weights w the answer should be log w. What is yours?",
        ),
        Mistake(
            "mean of the logarithms",
            lambda log_weights: log_weights.mean(0),
            "This is the average of k ELBOs. The point of more samples is to average inside the logarithm.",
            "In which order do the mean and the logarithm stand in the formula?",
        ),
        Mistake(
            "over the wrong axis",
            lambda log_weights: torch.logsumexp(log_weights, 1) - math.log(log_weights.shape[1]),
            "You averaged over the images, and got one number a draw.",
            "Which of the two axes holds the draws?",
        ),
        Mistake(
            "exp underflows",
            lambda log_weights: torch.log(torch.exp(log_weights).mean(0)),
            "Right for small numbers. But log-weights of images are near -100 or -400, where exp gives 0 and log(0) is "
            "minus infinity.",
            "Take the largest log-weight out before the exponential, and add it again at the end.",
        ),
        Mistake(
            "the wrong count",
            lambda log_weights: torch.logsumexp(log_weights, 0) - math.log(log_weights.numel()),
            "You divide by all numbers of the table. Each image has only k of them.",
            "Which count belongs to one column?",
        ),
    ),
    hints=(
        "Write the formula for one image: the logarithm of (1/k) times a sum of exponentials.",
        "`torch.logsumexp` computes log(sum(exp(...))) without underflow. Along which dimension?",
        "The factor 1/k inside the logarithm is a subtraction outside of it.",
    ),
)


def _moments() -> list[Case]:
    shapes = [(1, 1), (1, 2), (2, 1), (3, 2), (2, 5)]
    return [{"mu": quarters(i, *s), "logvar": quarters(i + 30, *s, limit=6)} for i, s in enumerate(shapes, 1)]


kl = Exercise(
    name="kl",
    contract="kl(mu, logvar): two float tensors (N, D), logvar = log sigma^2 -> (N,): KL(N(mu, sigma^2) || N(0, I)), "
    "nats",
    cases=_moments,
    reference=lambda mu, logvar: kl_terms(mu, logvar).sum(1),
    gradients=("mu", "logvar"),
    mistakes=(
        Mistake(
            "factor 1/2 missing",
            lambda mu, logvar: 2 * kl_terms(mu, logvar).sum(1),
            "Your KL is exactly twice too large at every point.",
            "Compare with KL(N(1, 1) || N(0, 1)), which is one half.",
        ),
        Mistake(
            "sign turned",
            lambda mu, logvar: -kl_terms(mu, logvar).sum(1),
            "Your KL is the right number with a minus. A KL divergence is never negative.",
            "Does your formula begin with 1 + logvar - ...? Then it belongs to minus the KL.",
        ),
        Mistake(
            "sigma where sigma squared belongs",
            lambda mu, logvar: 0.5 * (mu.square() + torch.exp(logvar / 2) - 1 - logvar).sum(1),
            "Your numbers come out when the standard deviation stands where the variance belongs.",
            "What is exp(logvar): sigma or sigma squared? And which one does the formula want?",
        ),
        Mistake(
            "log sigma where log sigma squared belongs",
            lambda mu, logvar: 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar / 2).sum(1),
            "Your last term is half as large as it should be: it holds log sigma.",
            "log sigma^2 = 2 log sigma. Which of the two is called logvar?",
        ),
        Mistake(
            "mean over the dimensions",
            lambda mu, logvar: kl_terms(mu, logvar).mean(1),
            "You average over the D latent numbers. The KL of independent numbers is the sum, so yours is D times too "
            "small.",
            "If a code had one more number that costs 1 nat, how should the KL change?",
        ),
        Mistake(
            "summed over the batch too",
            lambda mu, logvar: kl_terms(mu, logvar).sum(),
            "You return one number for the whole batch, where each image should have its own.",
            "The contract ends in (N,). Over which dimension should the sum go?",
        ),
        Mistake(
            "averaged over the batch too",
            lambda mu, logvar: kl_terms(mu, logvar).sum(1).mean(),
            "You return the mean over the batch, where each image should have its own number.",
            "The contract ends in (N,). The mean comes later, in the loss.",
        ),
        Mistake(
            "averaged over everything",
            lambda mu, logvar: kl_terms(mu, logvar).mean(),
            "One `.mean()` took two averages: over the batch, and over the latent numbers, which should be added up.",
            "What is the shape before your reduction, and what should it be after it?",
        ),
        Mistake(
            "logvar taken for the variance",
            lambda mu, logvar: 0.5 * (mu.square() + logvar - 1 - torch.log(logvar)).sum(1),
            "Your formula takes logvar for the variance itself. Where logvar is negative, its logarithm is NaN.",
            "logvar is already a logarithm. What is the variance?",
        ),
        Mistake(
            "over the batch instead of the dimensions",
            lambda mu, logvar: kl_terms(mu, logvar).sum(0),
            "You summed over the images and kept the latent numbers.",
            "Dimension 0 is the batch. Which dimension holds the numbers of one code?",
        ),
        Mistake(
            "prior and posterior exchanged",
            lambda mu, logvar: 0.5 * (logvar + (1 + mu.square()) * torch.exp(-logvar) - 1).sum(1),
            "This is KL(N(0, I) || N(mu, sigma^2)), the other way round. A KL is not symmetric.",
            "Under which of the two distributions is the mean of the log-ratio taken?",
        ),
        Mistake(
            "-1 missing",
            lambda mu, logvar: 0.5 * (mu.square() + torch.exp(logvar) - logvar).sum(1),
            "Your KL is too large by D/2 at every point. It is not zero where q equals the prior.",
            "Put mu = 0 and logvar = 0 into your formula.",
        ),
        Mistake(
            "mu not squared",
            lambda mu, logvar: 0.5 * (mu + torch.exp(logvar) - 1 - logvar).sum(1),
            "Your KL falls when mu becomes negative. It should not depend on the sign of mu.",
            "Move q to the left or to the right of the prior by the same distance: should one cost less?",
        ),
    ),
    hints=(
        "Look at one number first: mu^2, sigma^2, -1 and -log sigma^2, and what stands before the bracket.",
        "logvar is log sigma^2, so sigma^2 is `torch.exp(logvar)`.",
        "0.5 times the bracket has the shape (N, D). `.sum(1)` adds the numbers of one code.",
    ),
)


def _grid() -> list[Case]:
    cases = []
    for mu, sigma, dz in [(0.0, 1.0, 0.5), (0.5, 0.5, 0.25), (-1.0, 2.0, 0.25)]:
        z = torch.arange(-4, 4 + dz, dz)
        log_q = -0.5 * ((z - mu) / sigma).square() - math.log(sigma * math.sqrt(2 * math.pi))
        log_prior = -0.5 * z.square() - math.log(math.sqrt(2 * math.pi))
        log_likelihood = -0.5 * (1 - 2 * z).square() - 0.5
        cases.append({"log_prior": log_prior, "log_likelihood": log_likelihood, "log_q": log_q, "dz": dz})
    return cases


def _mean(log_q: Tensor, h: Tensor, dz: float) -> Tensor:
    return (log_q.exp() * h).sum() * dz


elbo_on_a_grid = Exercise(
    name="elbo_on_a_grid",
    contract="elbo_on_a_grid(log_prior, log_likelihood, log_q, dz): three (G,) on a grid of z with step dz -> one "
    "number: the integral of q log(p(x, z) / q), nats",
    cases=_grid,
    reference=lambda log_prior, log_likelihood, log_q, dz: _mean(log_q, log_prior + log_likelihood - log_q, dz),
    mistakes=(
        Mistake(
            "prior left out",
            lambda log_prior, log_likelihood, log_q, dz: _mean(log_q, log_likelihood - log_q, dz),
            "Your numbers hold log p(x|z) and log q, but not log p(z).",
            "p(x, z) is a product of two factors.",
        ),
        Mistake(
            "q left out of the logarithm",
            lambda log_prior, log_likelihood, log_q, dz: _mean(log_q, log_prior + log_likelihood, dz),
            "This is the mean of log p(x, z). What is subtracted for spreading q out is missing.",
            "Line 4 has a fraction inside the logarithm. What stands below the line?",
        ),
        Mistake(
            "dz left out",
            lambda log_prior, log_likelihood, log_q, dz: _mean(log_q, log_prior + log_likelihood - log_q, 1.0),
            "You add up the values of the grid. A finer grid would give a larger number.",
            "An integral is a sum of areas, height times width.",
        ),
        Mistake(
            "sign turned",
            lambda log_prior, log_likelihood, log_q, dz: -_mean(log_q, log_prior + log_likelihood - log_q, dz),
            "This is minus the ELBO, the loss. Asked for is the bound itself.",
            "Which of the two belongs below log p(x)?",
        ),
        Mistake(
            "mean under the prior",
            lambda log_prior, log_likelihood, log_q, dz: _mean(log_prior, log_prior + log_likelihood - log_q, dz),
            "The mean is taken under p(z), not under q(z|x).",
            "Which density stands before the logarithm in the integral?",
        ),
        Mistake(
            "only the reconstruction",
            lambda log_prior, log_likelihood, log_q, dz: _mean(log_q, log_likelihood, dz),
            "This is the first half of the second form. The price of the code, the KL to the prior, is not subtracted.",
            "Without a price, which q would be the best?",
        ),
    ),
    hints=(
        "`torch.exp(log_q)` is q on the grid. Multiply it with what is averaged, and add up.",
        "log p(x, z) is a sum of two of your arguments.",
        "The fraction p(x, z) / q inside the logarithm is a difference: log p(x, z) - log q. Do not forget the width "
        "dz.",
    ),
)


def _log_normal(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    return -0.5 * ((z - mu) / sigma).square() - torch.log(sigma) - 0.5 * math.log(2 * math.pi)


def _log_ratio(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    return _log_normal(z, mu, sigma) - _log_normal(z, torch.zeros(()), torch.ones(()))


def _without_log_sigma(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    return (0.5 * z.square() - 0.5 * ((z - mu) / sigma).square()).mean(0)


kl_by_sampling = Exercise(
    name="kl_by_sampling",
    contract="kl_by_sampling(z, mu, sigma): draws z (S, D) from N(mu, sigma^2), mu and sigma (D,) -> (D,): an estimate "
    "of KL(N(mu, sigma^2) || N(0, 1)) for each of the D numbers, nats",
    cases=lambda: [
        {"z": quarters(i, s, d), "mu": quarters(i + 5, d, limit=4), "sigma": quarters(i + 9, d, limit=2).abs() + 0.5}
        for i, (s, d) in enumerate([(1, 1), (2, 2), (6, 3)], 1)
    ],
    reference=lambda z, mu, sigma: _log_ratio(z, mu, sigma).mean(0),
    mistakes=(
        Mistake(
            "the planted bug",
            _without_log_sigma,
            "For sigma = 1 the estimate is right; for every other sigma it is off by a constant that does not depend "
            "on z.",
            "What must a normal density be divided by so that it integrates to 1?",
        ),
        Mistake(
            "sign turned",
            lambda z, mu, sigma: -_log_ratio(z, mu, sigma).mean(0),
            "This is the mean of log p - log q: minus the KL.",
            "Which density stands above the line in the KL?",
        ),
        Mistake(
            "variance for standard deviation",
            lambda z, mu, sigma: _log_ratio(z, mu, sigma.square()).mean(0),
            "Your numbers come out when sigma^2 stands at the places of sigma.",
            "In the exponent, z - mu is divided by what before it is squared?",
        ),
        Mistake(
            "log sigma with the wrong sign",
            lambda z, mu, sigma: (_log_ratio(z, mu, sigma) + 2 * torch.log(sigma)).mean(0),
            "The right term, but added where it should be subtracted.",
            "A narrow density is high at its peak. Does yours grow when sigma falls?",
        ),
    ),
    hints=(
        "Try sigma = 1, then sigma = 2, with the same z. For which is the estimate wrong, and does the error depend on "
        "z?",
        "Write both densities with everything that stands before the exponential.",
        "The factor 1/(sigma sqrt(2 pi)) becomes -log sigma - log sqrt(2 pi). For the prior sigma is 1. What does not "
        "cancel?",
    ),
)


def _measure_q(ask: Callable[..., Any]) -> list[Demand]:
    """Compare the learner's q with the best Gaussian q of the curved toy model at x = 1."""
    model, x = toy.LatentModel("curved", noise=0.5), 1.0
    mu, sigma = (float(part) for part in as_tensors(ask(), ("mu", "sigma")))
    (low, high), limit = toy.SIGMA_LIMITS, toy.MU_LIMIT
    if not (0.999 * low <= sigma <= high and abs(mu) <= limit):
        allowed = f"mu in [{-limit:g}, {limit:g}] and sigma in [{low:g}, {high:g}]"
        return [Demand(allowed, False, f"mu = {number(mu)}, sigma = {number(sigma)}")]
    sigma, best = max(sigma, low), model.best_gaussian(x)  # float32 may round the lowest sigma down
    gain = float(model.reconstruction(x, mu, sigma) - model.reconstruction(x, *best))
    loss = float(model.elbo(x, *best) - model.elbo(x, mu, sigma))
    return [
        Demand("a reconstruction term better than that of the best q by 0.1 nats", gain >= 0.1, f"{gain:+.1f} nats"),
        Demand("an ELBO at least 1.5 nats below that of the best q", loss >= 1.5, f"{loss:.1f} nats below"),
    ]


overconfident_q = Challenge(
    name="overconfident_q",
    contract="overconfident_q(): no argument -> (mu, sigma) of a q whose reconstruction is better and whose ELBO is "
    "worse",
    parameters=(),
    measure=_measure_q,
    hints=(
        "Use the explorer above: which q has its mean of log p(x|z) as high as possible?",
        "A code that is certain, sigma close to 0, at the best z has the best reconstruction. What does it cost?",
        "The KL to the prior holds -log sigma. Take a mu close to where f(mu) = 1, and sigma far below 0.1.",
    ),
)
