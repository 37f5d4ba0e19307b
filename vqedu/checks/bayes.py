"""The exercises on the ELBO: a mean of weights, the KL of Gaussians, a sampled KL, a q that is too certain."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine.comparing import wrong_shape
from vqedu.checks.engine.exercise import Challenge, Demand, Exercise, Mistake
from vqedu.checks.engine.numbers import number, quarters
from vqedu.checks.engine.observing import Case, as_tensors
from vqedu.checks.engine.running import Problem
from vqedu.lessons import toy


def _bound(
    log_weights: Tensor,
    *,
    axis: int = 0,
    count: Callable[[Tensor, int], int] = lambda table, axis: table.shape[axis],
    total: Callable[[Tensor, int], Tensor] = torch.logsumexp,
    sign: int = 1,
) -> Tensor:
    return sign * (total(log_weights, axis) - math.log(count(log_weights, axis)))


def _weights() -> list[Case]:
    small = [{"log_weights": quarters(i, k, n)} for i, (k, n) in enumerate([(1, 1), (2, 1), (3, 2), (5, 4)], 1)]
    far = {"log_weights": quarters(8, 3, 3) + torch.tensor([0.0, -400.0, 100.0])}  # images differ by hundreds of nats
    return [*small, {"log_weights": quarters(7, 4, 3) - 400}, far]  # exp(-400) is 0 in float32


importance_weighted_bound = Exercise(
    name="importance_weighted_bound",
    contract="importance_weighted_bound(log_weights): (k, N), one column per image -> (N,): log of the mean weight, "
    "nats",
    cases=_weights,
    reference=_bound,
    mistakes=(
        Mistake(
            "sum for mean",
            partial(_bound, count=lambda table, axis: 1),
            "You return the logarithm of the sum. It grows with k even if all weights are equal.",
            "With k equal weights w the answer should be log w. What is yours?",
        ),
        Mistake(
            "mean of the logarithms",
            partial(_bound, total=torch.mean, count=lambda table, axis: 1),
            "This is the average of k ELBOs. The point of more samples is to average inside the logarithm.",
            "In which order do the mean and the logarithm appear in the formula?",
        ),
        Mistake(
            "over the wrong axis",
            partial(_bound, axis=1),
            "You averaged over the images, and got one number per sample.",
            "Which of the two axes counts the samples?",
        ),
        Mistake(
            "exp underflows",
            partial(_bound, total=lambda table, axis: table.exp().sum(axis).log()),
            "Your answer is right for small numbers. But the log-weights of images can lie below -104, where exp gives "
            "0 in float32, and log(0) is minus infinity.",
            "Subtract the largest log-weight before the exponential, and add it again at the end.",
        ),
        Mistake(
            "one maximum for all images",
            partial(_bound, total=lambda table, axis: (table - table.max()).exp().sum(axis).log() + table.max()),
            "You subtract the largest number of the whole table. An image whose weights are all much smaller then "
            "underflows: log(0) is minus infinity.",
            "Each image needs a maximum of its own.",
        ),
        Mistake(
            "the wrong count",
            partial(_bound, count=lambda table, axis: table.numel()),
            "You divide by the number of all entries of the table. Each image has only k of them.",
            "Which count belongs to one column?",
        ),
        Mistake(
            "sign flipped",
            partial(_bound, sign=-1),
            "This is minus the bound, which is what we would minimize. The exercise asks for the bound itself.",
            "The bound should grow when the weights grow.",
        ),
    ),
    hints=(
        "Write the formula for one image: the logarithm of (1/k) times a sum of exponentials.",
        "`torch.logsumexp` computes log(sum(exp(...))) without underflow. Along which dimension?",
        "The factor 1/k inside the logarithm is a subtraction outside of it.",
    ),
)


def _kl(
    mu: Tensor,
    logvar: Tensor,
    *,
    half: float = 0.5,
    square: Callable[[Tensor], Tensor] = torch.square,
    variance: Callable[[Tensor], Tensor] = torch.exp,
    log: Callable[[Tensor], Tensor] = lambda logvar: logvar,
    one: float = 1.0,
    reduce: Callable[[Tensor], Tensor] = lambda terms: terms.sum(1),
    sign: int = 1,
) -> Tensor:
    return sign * reduce(half * (square(mu) + variance(logvar) - one - log(logvar)))


def _moments() -> list[Case]:
    shapes = [(1, 1), (1, 2), (2, 1), (3, 2), (2, 5)]
    wide = [{"mu": quarters(i, *s), "logvar": quarters(i + 30, *s, limit=6)} for i, s in enumerate(shapes, 1)]
    return [*wide, {"mu": quarters(6, 3, 2, limit=1), "logvar": quarters(36, 3, 2, limit=1)}]  # hardly any KL


kl = Exercise(
    name="kl",
    contract="kl(mu, logvar): two float tensors (N, D), logvar = log sigma^2 -> (N,): KL(N(mu, sigma^2) || N(0, I)), "
    "nats",
    cases=_moments,
    reference=_kl,
    gradients=("mu", "logvar"),
    mistakes=(
        Mistake(
            "factor 1/2 missing",
            partial(_kl, half=1.0),
            "Your KL is exactly twice the right value. Training with it is training with beta = 2.",
            "Compare with KL(N(1, 1) || N(0, 1)), which is one half.",
        ),
        Mistake(
            "sign flipped",
            partial(_kl, sign=-1),
            "Your KL is the right number with a minus sign. A KL divergence is never negative.",
            "Does your formula begin with 1 + logvar - ...? Then it is minus the KL.",
        ),
        Mistake(
            "sigma where sigma squared belongs",
            partial(_kl, variance=lambda logvar: torch.exp(logvar / 2)),
            "You get these numbers if you use the standard deviation where the variance belongs.",
            "What is exp(logvar): sigma or sigma squared? And which one does the formula want?",
        ),
        Mistake(
            "log sigma where log sigma squared belongs",
            partial(_kl, log=lambda logvar: logvar / 2),
            "Your last term is half as large as it should be: it is log sigma.",
            "log sigma^2 = 2 log sigma. Which of the two is called logvar?",
        ),
        Mistake(
            "logvar taken for log sigma",
            partial(_kl, variance=lambda logvar: torch.exp(2 * logvar), log=lambda logvar: 2 * logvar),
            "Your formula is right for an encoder that outputs log sigma. Here it outputs logvar = log sigma^2.",
            "If logvar is 2, what is sigma squared?",
        ),
        Mistake(
            "logvar added instead of subtracted",
            partial(_kl, log=lambda logvar: -logvar),
            "The last term has the wrong sign: your KL becomes smaller and smaller as sigma shrinks to 0.",
            "A very narrow q is far from the prior. Which sign must log sigma^2 have so that the KL is then large?",
        ),
        Mistake(
            "mean over the dimensions",
            partial(_kl, reduce=lambda terms: terms.mean(1)),
            "You average over the D latent dimensions. The KL of independent dimensions is their sum, so yours is D "
            "times too small.",
            "If a code had one more dimension with a KL of 1 nat, how should the total change?",
        ),
        Mistake(
            "summed over the batch too",
            partial(_kl, reduce=torch.sum),
            "You return one number for the whole batch, but each image should have its own.",
            "The contract ends in (N,). Over which dimension should the sum go?",
        ),
        Mistake(
            "the batch's sum given to every image",
            partial(_kl, reduce=lambda terms: terms.sum().expand(len(terms))),
            "The shape is (N,), but every image gets the sum over the whole batch.",
            "Does the KL of one image depend on the other images?",
        ),
        Mistake(
            "averaged over the batch too",
            partial(_kl, reduce=lambda terms: terms.sum(1).mean()),
            "You return the mean over the batch, but each image should have its own number.",
            "The contract ends in (N,). The mean comes later, in the loss.",
        ),
        Mistake(
            "averaged over everything",
            partial(_kl, reduce=torch.mean),
            "One `.mean()` took two averages: over the batch, and over the latent dimensions, which should be added "
            "up.",
            "What is the shape before your reduction, and what should it be afterward?",
        ),
        Mistake(
            "over the batch instead of the dimensions",
            partial(_kl, reduce=lambda terms: terms.sum(0)),
            "You summed over the images and kept the latent dimensions.",
            "Dimension 0 is the batch. Which dimension contains the numbers of one code?",
        ),
        Mistake(
            "logvar taken for the variance",
            partial(_kl, variance=lambda logvar: logvar, log=torch.log),
            "Your formula takes logvar for the variance itself. Where logvar is negative, its logarithm is NaN.",
            "logvar is already a logarithm. What is the variance?",
        ),
        Mistake(
            "prior and posterior exchanged",
            lambda mu, logvar: 0.5 * (logvar + (1 + mu.square()) * torch.exp(-logvar) - 1).sum(1),
            "This is KL(N(0, I) || N(mu, sigma^2)), the other way around. A KL is not symmetric.",
            "Under which of the two distributions is the mean of the log-ratio taken?",
        ),
        Mistake(
            "-1 missing",
            partial(_kl, one=0.0),
            "Your KL is too large by D/2 at every point. It is not zero where q equals the prior.",
            "Put mu = 0 and logvar = 0 into your formula.",
        ),
        Mistake(
            "mu not squared",
            partial(_kl, square=lambda mu: mu),
            "Your KL falls when mu becomes negative. It should not depend on the sign of mu.",
            "Shift q to the left or to the right of the prior by the same distance: should the KL differ?",
        ),
    ),
    hints=(
        "Look at one dimension first: mu^2, sigma^2, -1 and -log sigma^2, and the factor before the bracket.",
        "logvar is log sigma^2, so sigma^2 is `torch.exp(logvar)`.",
        "0.5 times the bracket has the shape (N, D). `.sum(1)` adds the dimensions of one code.",
    ),
)


def _sampled_kl(
    z: Tensor,
    mu: Tensor,
    sigma: Tensor,
    *,
    spread: Callable[[Tensor], Tensor] = lambda sigma: sigma,
    log_sigma: float = 1,
    prior: float = 1,
    reduce: Callable[[Tensor], Tensor] = lambda log_ratio: log_ratio.mean(0),
    sign: int = 1,
) -> Tensor:
    log_q = -0.5 * ((z - mu) / spread(sigma)).square() - log_sigma * torch.log(spread(sigma))
    return sign * reduce(log_q + prior * 0.5 * z.square())


def _draws() -> list[Case]:
    wide = [
        {"z": quarters(i, s, d), "mu": quarters(i + 5, d, limit=4), "sigma": quarters(i + 9, d, limit=2).abs() + 0.5}
        for i, (s, d) in enumerate([(1, 1), (2, 2), (6, 3)], 1)
    ]
    mu, sigma = quarters(9, 2, limit=4), torch.tensor([0.125, 0.25])  # so narrow that log q is above 0
    return [*wide, {"z": mu + sigma * quarters(13, 5, 2, limit=4), "mu": mu, "sigma": sigma}]


kl_by_sampling = Exercise(
    name="kl_by_sampling",
    contract="kl_by_sampling(z, mu, sigma): draws z (S, D) from N(mu, sigma^2), mu and sigma (D,) -> (D,): an "
    "estimate of KL(N(mu, sigma^2) || N(0, 1)) for each of the D dimensions, nats",
    cases=_draws,
    reference=_sampled_kl,
    mistakes=(
        Mistake(
            "sign flipped",
            partial(_sampled_kl, sign=-1),
            "This is the mean of log p - log q: minus the KL.",
            "Which density is the numerator in the KL?",
        ),
        Mistake(
            "variance for standard deviation",
            partial(_sampled_kl, spread=torch.square),
            "You get these numbers if you use sigma^2 where sigma belongs.",
            "In the exponent, by what is z - mu divided before it is squared?",
        ),
        Mistake(
            "log sigma with the wrong sign",
            partial(_sampled_kl, log_sigma=-1),
            "You have the right term, but you add it where it should be subtracted.",
            "A narrow density is high at its peak. Does yours grow when sigma falls?",
        ),
        Mistake(
            "prior left out",
            partial(_sampled_kl, prior=0),
            "This is the mean of log q alone: the logarithm of the prior is not subtracted.",
            "A KL compares two densities.",
        ),
        Mistake(
            "summed over the samples",
            partial(_sampled_kl, reduce=lambda log_ratio: log_ratio.sum(0)),
            "You sum over the samples. With more samples your estimate would grow instead of becoming more accurate.",
            "How do you estimate a mean from S samples?",
        ),
        Mistake(
            "averaged over the dimensions too",
            partial(_sampled_kl, reduce=torch.mean),
            "You return a single number, but each of the D dimensions should have its own.",
            "The contract ends in (D,). Over which dimension should the mean go?",
        ),
    ),
    hints=(
        "Try sigma = 1, then sigma = 2, with the same z. For which is the estimate wrong, and does the error depend on "
        "z?",
        "Write both densities with everything that appears before the exponential.",
        "The factor 1/(sigma sqrt(2 pi)) becomes -log sigma - log sqrt(2 pi). For the prior, sigma is 1. What does not "
        "cancel?",
    ),
)


def _mu_and_sigma(answer: Any) -> tuple[float, float]:
    """Return two numbers as the learner gave them; raises Problem for anything else."""
    mu, sigma = as_tensors(answer, ("mu", "sigma"))
    for name, part in (("mu", mu), ("sigma", sigma)):
        if part.numel() != 1:
            raise Problem("shape", wrong_shape(name, tuple(part.shape), ()))
        if not bool(part.double().isfinite().all()):
            raise Problem("nan", f"`{name}` is NaN or infinite.")
    return float(mu), float(sigma)


def _measure_q(ask: Callable[..., Any]) -> list[Demand]:
    """Compare the learner's q with the best Gaussian q of the curved toy model at x = 1."""
    model, x = toy.LatentModel("curved", noise=0.5), 1.0
    mu, sigma = _mu_and_sigma(ask())
    (low, high), limit = toy.SIGMA_LIMITS, toy.MU_LIMIT
    if not (0.999 * low <= sigma <= high and abs(mu) <= limit):
        allowed = f"mu in [{-limit:g}, {limit:g}] and sigma in [{low:g}, {high:g}]"
        return [Demand(allowed, False, f"mu = {number(mu)}, sigma = {number(sigma)}")]
    sigma, best = max(sigma, low), model.best_gaussian(x)  # float32 may round the lowest sigma down
    gain = float(model.reconstruction(x, mu, sigma) - model.reconstruction(x, *best))
    loss = float(model.elbo(x, *best) - model.elbo(x, mu, sigma))
    return [
        Demand("a reconstruction term better than the best q's by at least 0.1 nats", gain >= 0.1, f"{gain:+.1f} nats"),
        Demand("an ELBO at least 1.5 nats below that of the best q", loss >= 1.5, f"{loss:.1f} nats below"),
    ]


overconfident_q = Challenge(
    name="overconfident_q",
    contract="overconfident_q(): no argument -> (mu, sigma) of a q whose reconstruction is better and whose ELBO is "
    "worse",
    parameters=(),
    measure=_measure_q,
    hints=(
        "Use the explorer above: for which q is the mean of log p(x|z) as high as possible?",
        "A q with sigma close to 0, at the best z, has the best reconstruction. What happens to the KL?",
        "The KL to the prior contains -log sigma. Take a mu close to where f(mu) = 1, and sigma far below 0.1.",
    ),
)
