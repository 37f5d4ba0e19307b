"""The larger tasks on the ELBO: the best q of a model that counts, and posteriors fitted by their gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vqedu.checks.engine.comparing import wrong_shape
from vqedu.checks.engine.exercise import Challenge, Demand, Diagnosis
from vqedu.checks.engine.numbers import number
from vqedu.checks.engine.observing import as_tensors
from vqedu.checks.engine.running import Problem
from vqedu.lessons import toy

Array = NDArray[np.float64]

MODEL = toy.CountModel()
SECONDS = 60.0

COUNTS = np.array([0, 1, 3, 7])
NEAR = 0.005  # nats: what is asked of the three numbers
SURE = 0.003  # nats: how close to a mistake's number, on every count, for the mistake to be named
ALIKE = 0.02  # of mu and sigma to a mistake's, on every count; the mistakes below are further apart than that

# Objectives that people write in place of the ELBO, by the arguments of `best_gaussian`.
_OBJECTIVES = (
    (
        {"spread": 0.0},
        Diagnosis(
            "mean of exp taken as exp of the mean",
            "Your q is the best one for an objective that contains exp(1 + 2 mu) where the mean of exp(1 + 2z) "
            "belongs. Then only the KL depends on sigma, and sigma = 1 is best for every count.",
            "Which is larger: the mean of exp(2z) under q, or exp of the mean of 2z?",
        ),
    ),
    (
        {"spread": 0.5},
        Diagnosis(
            "a squared left out",
            "Your q is the best one for an objective that contains exp(1 + 2 mu + sigma^2 / 2). The factor a = 2 in "
            "exp(2z) also multiplies sigma.",
            "What is the standard deviation of 2z, if that of z is sigma?",
        ),
    ),
    (
        {"spread": 1.0},
        Diagnosis(
            "a not squared",
            "Your q is the best one for an objective that contains exp(1 + 2 mu + sigma^2). With a = 2 the last term "
            "should be a^2 sigma^2 / 2.",
            "What is a^2 / 2 for a = 2?",
        ),
    ),
    (
        {"entropy": 2.0},
        Diagnosis(
            "entropy counted twice",
            "Your q is the best one for an objective in which log sigma counts twice: the KL contains log sigma^2 with "
            "a factor 1/2, or log sigma without it.",
            "Write the KL of N(mu, sigma^2) from N(0, 1) for mu = 0, and look at the term with the logarithm.",
        ),
    ),
    (
        {"entropy": 0.5},
        Diagnosis(
            "half of the entropy",
            "Your q is the best one for an objective in which log sigma counts only half: 1/2 log sigma where "
            "1/2 log sigma^2 belongs.",
            "Write the KL of N(mu, sigma^2) from N(0, 1) for mu = 0, and look at the term with the logarithm.",
        ),
    ),
    (
        {"prior": 2.0, "entropy": 2.0},
        Diagnosis(
            "KL counted twice",
            "Your q is the best one for reconstruction - 2 KL: the factor 1/2 of the KL is missing.",
            "Compare your KL with that of N(1, 1) from N(0, 1), which is one half.",
        ),
    ),
    (
        {"prior": 2.0},
        Diagnosis(
            "prior counted twice",
            "Your q is the best one for an objective in which log p(z) counts twice.",
            "log p(x, z) already contains the prior. Where does it come in a second time?",
        ),
    ),
)
_VARIANCE = Diagnosis(
    "variance returned",
    "The `sigma` that you return is the variance of the best q.",
    "The second number in N(mu, sigma^2) is the variance. Is that what the contract asks for?",
)
_LOGARITHM = Diagnosis(
    "logarithm returned",
    "The `sigma` that you return is the logarithm of the right one.",
    "A standard deviation is never negative.",
)
_LOG_VARIANCE = Diagnosis(
    "logvar returned",
    "The `sigma` that you return is log sigma^2 of the best q.",
    "A standard deviation is never negative.",
)
_LAPLACE = Diagnosis(
    "mode and curvature of the posterior",
    "Your q has its mean at the mode of the posterior and takes sigma from the curvature there. This is the Laplace "
    "approximation: a Gaussian close to the posterior, but not the one with the highest ELBO.",
    "The best mean lies where the derivative of the ELBO with respect to mu is zero, not where that of log p(x, z) is.",
)
_MOMENTS = Diagnosis(
    "mean and standard deviation of the posterior",
    "Your q has the mean and the standard deviation of the true posterior. It minimizes KL(p || q), the forward KL. "
    "The q with the highest ELBO minimizes the reverse KL.",
    "Evaluate the ELBO at your sigma and at one that is a little smaller.",
)
_POINT = Diagnosis(
    "entropy left out",
    "Your q shrinks to a point at the mode of the posterior: nothing in your objective rewards a wide q.",
    "The ELBO is the mean of log p(x, z) - log q(z). Is the second term there?",
)
_NO_KL = Diagnosis(
    "KL left out",
    "Your q shrinks to a point at the z that explains x best, whatever the prior says: you maximize the reconstruction "
    "alone.",
    "What does the ELBO subtract from the reconstruction?",
)


def _why_this_q(mu: Array, sigma: Array) -> Diagnosis | None:
    """Return the mistake whose q these are, for every count."""
    best_mu, best_sigma = MODEL.best_gaussian(COUNTS)
    mode, _ = MODEL.best_gaussian(COUNTS, spread=0.0)
    curvature = 1 / np.sqrt(1 + 4 * np.exp(1 + 2 * mode))
    known = [
        ((best_mu, best_sigma**2), _VARIANCE),
        ((best_mu, np.log(best_sigma)), _LOGARITHM),
        ((best_mu, 2 * np.log(best_sigma)), _LOG_VARIANCE),
        ((mode, curvature), _LAPLACE),
        (MODEL.moments(COUNTS), _MOMENTS),
        *((MODEL.best_gaussian(COUNTS, **terms), why) for terms, why in _OBJECTIVES),
    ]
    for (known_mu, known_sigma), why in known:
        if max(abs(mu - known_mu).max(), abs(sigma - known_sigma).max()) < ALIKE:
            return why
    if (abs(sigma) <= 0.1).all():
        seen = COUNTS > 0  # without a prior, no z explains the count 0 best
        if abs(mu - mode).max() < 0.03:
            return _POINT
        if abs(mu - (np.log(COUNTS.clip(1)) - 1) / 2)[seen].max() < 0.03:
            return _NO_KL
    return None


def _why_this_elbo(elbo: Array, mu: Array, sigma: Array) -> Diagnosis | None:
    """Return the mistake that gives these numbers for this q, for every count."""
    exact, kl = MODEL.elbo(COUNTS, mu, sigma), 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    mean = np.exp(1 + 2 * mu + 2 * sigma**2)
    table = (
        (exact + toy.log_factorial(COUNTS), "log(x!) left out", "It is too high by log(x!).", "the term log(x!)"),
        (-exact, "sign flipped", "It is minus the ELBO, the loss.", "the sign"),
        (exact + kl, "only the reconstruction", "It is the reconstruction: the KL is not subtracted.", "the KL"),
        (exact + 2 * kl, "KL added", "It is reconstruction + KL; the KL should be subtracted.", "the sign of the KL"),
        (exact - kl, "KL counted twice", "It is reconstruction - 2 KL.", "the factor 1/2 of the KL"),
        (exact + HALF_LOG_TAU, "prior's constant left out", _CONSTANT.format("high"), "log p(z)"),
        (exact - HALF_LOG_TAU, "q's constant left out", _CONSTANT.format("low"), "log q(z)"),
        (MODEL.log_evidence(COUNTS), "log p(x) for the ELBO", "It is log p(x); the ELBO is lower.", "the gap"),
        *(
            (exact + mean - np.exp(1 + 2 * mu + spread * sigma**2), name, text, "the mean of exp(2z) under q")
            for spread, name, text in _MEANS
        ),
    )
    for value, name, text, where in table:
        if abs(elbo - value).max() < SURE:
            return Diagnosis(name, f"Your `elbo` is not the ELBO of the q that you return. {text}", f"Look at {where}.")
    return None


HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)
_CONSTANT = "It is too {} by log sqrt(2 pi) = 0.919: one of the two normal densities is not normalized."
_MEANS = (
    (0.0, "mean of exp taken as exp of the mean", "It contains exp(1 + 2 mu), which is not the mean of exp(1 + 2z)."),
    (0.5, "a squared left out", "It contains exp(1 + 2 mu + sigma^2 / 2)."),
    (1.0, "a not squared", "It contains exp(1 + 2 mu + sigma^2)."),
)


def _why_this_evidence(log_px: Array, best: Array) -> Diagnosis | None:
    """Return the mistake that gives these numbers in place of log p(x), for every count."""
    truth, seen = MODEL.log_evidence(COUNTS), COUNTS > 0
    table = (
        (best, "the bound for log p(x)", "It is the ELBO, which only bounds log p(x) from below.", "the integral"),
        (truth + toy.log_factorial(COUNTS), "log(x!) left out", "It is too high by log(x!).", "log p(x|z)"),
        (truth + HALF_LOG_TAU, "prior's constant left out", _CONSTANT.format("high"), "log p(z)"),
        (
            COUNTS - np.exp(3) - toy.log_factorial(COUNTS),
            "mean of the logarithms",
            "It is the mean of log p(x|z) over the prior. The exercise asks for the logarithm of the mean.",
            "the order of mean and logarithm",
        ),
        (np.exp(truth), "p(x) for log p(x)", "It is p(x) itself.", "the last step"),
        (-truth, "sign flipped", "It is minus log p(x).", "the sign"),
    )
    for value, name, text, where in table:
        # An average of log p(x|z) is not exact: with 100,000 draws it is off by half a nat.
        if abs(log_px - value).max() < (1.0 if name == "mean of the logarithms" else SURE):
            return Diagnosis(name, f"Your `log_px` is not log p(x). {text}", f"Look at {where}.")
    if abs(log_px + np.log(2 * COUNTS.clip(1)))[seen].max() < SURE:
        return Diagnosis(
            "prior left out", "Your `log_px` is the integral of p(x|z) alone.", "How likely is each z to begin with?"
        )
    if np.ptp(log_px - truth) < SURE and float((log_px - truth).min()) > 2:
        return Diagnosis(
            "sum for integral",
            f"Your `log_px` is too high by {number(float((log_px - truth).mean()), 3)} nats for every count, so p(x) "
            "is too large by the same factor each time: you add up numbers that should be averaged, or multiplied by "
            "the step of a grid.",
            "Would a finer grid, or more draws, change your number?",
        )
    return None


def _four(answer: Any, x: int) -> list[float]:
    """Return the four numbers of one count; raises Problem for anything else."""
    names = ("mu", "sigma", "elbo", "log_px")
    found = as_tensors(answer, names)
    for name, part in zip(names, found, strict=True):
        if part.numel() != 1:
            raise Problem("shape", f"For x = {x}: {wrong_shape(name, tuple(part.shape), ())}")
        if not bool(part.double().isfinite().all()):
            raise Problem("nan", f"For x = {x}, `{name}` is NaN or infinite.")
    return [float(part) for part in found]


def _each(values: Array) -> str:
    return ", ".join(f"x = {x}: {number(float(value), 3)}" for x, value in zip(COUNTS, values, strict=True))


def _measure_elbo(ask: Callable[..., Any]) -> list[Demand]:
    """Compare q, ELBO and log p(x) with the exact ones, for four counts."""
    mu, sigma, elbo, log_px = np.array([_four(ask(int(x)), int(x)) for x in COUNTS]).T
    why = _why_this_q(mu, sigma)
    if (sigma <= 0).any():
        return [Demand("sigma is positive, as a standard deviation must be", False, _each(sigma), why)]
    exact, best = MODEL.elbo(COUNTS, mu, sigma), MODEL.elbo(COUNTS, *MODEL.best_gaussian(COUNTS))
    short, wrong, off = best - exact, elbo - exact, log_px - MODEL.log_evidence(COUNTS)
    return [
        Demand(f"the ELBO of your q is within {NEAR} nats of the highest", bool((short <= NEAR).all()),
               f"below it by {_each(short)}", why),
        Demand(f"`elbo` is the ELBO of your q, to {NEAR} nats", bool((abs(wrong) <= NEAR).all()),
               f"off by {_each(wrong)}", _why_this_elbo(elbo, mu, sigma)),
        Demand(f"`log_px` is log p(x), to {NEAR} nats", bool((abs(off) <= NEAR).all()),
               f"off by {_each(off)}", _why_this_evidence(log_px, best)),
    ]  # fmt: skip


build_elbo = Challenge(
    name="build_elbo",
    contract="build_elbo(x): an observed count, a whole number from 0 to 20 -> mu, sigma, elbo, log_px: the Gaussian q "
    "with the highest ELBO, that ELBO, and log p(x), nats",
    parameters=("x",),
    measure=_measure_elbo,
    hints=(
        "Begin with log p(x): log p(x|z) + log p(z) on a fine grid of z, then the logarithm of the integral. The gap "
        "must come out positive later.",
        "Write the ELBO in its second form. Its reconstruction is x (1 + 2 mu) minus the mean of exp(1 + 2z) under q, "
        "minus log(x!).",
        "The mean of exp(1 + 2z) is exp(1 + 2 mu + 2 sigma^2). Now evaluate the ELBO on a table of mu and sigma and "
        "take the best entry; steps of 0.01 are fine enough.",
    ),
    done="The best q is the one at which both derivatives of the ELBO are zero. Its gap is 0.040 nats at "
    "x = 0 and 0.011 at x = 7: the more events are counted, the closer the posterior is to a Gaussian.",
    seconds=SECONDS,
)


# The second task: sixty counts, each with a latent number of its own.

MANY = np.repeat(np.arange(10), 6)
MOST_DRAWS = 5000  # per latent number
FEWEST_CALLS = 100  # with a gradient
AVERAGE, WORST = 0.015, 0.1  # nats below the best


class _Joint:
    """log p(x_i, z_i) of MANY, for draws z (n,) or (S, n); counts what it is asked for."""

    def __init__(self) -> None:
        self.counts = torch.tensor(MANY, dtype=torch.float64)
        self.log_factorial = torch.lgamma(self.counts + 1)
        self.calls = self.differentiable = self.draws = 0

    def __call__(self, z: Any) -> Tensor:
        n = len(self.counts)
        if not isinstance(z, Tensor) or z.dim() not in (1, 2) or z.shape[-1] != n:
            came = f"shape {tuple(z.shape)}" if isinstance(z, Tensor) else type(z).__name__
            raise Problem("shape", f"`log_joint` takes a tensor of shape ({n},) or (S, {n}); it got {came}.")
        self.calls += 1
        self.differentiable += z.requires_grad
        self.draws += z.numel() // n
        rate, wide = 1 + 2 * z, z.to(torch.promote_types(z.dtype, torch.float32))
        counts, constant = self.counts.to(wide.dtype), self.log_factorial.to(wide.dtype)
        return counts * rate - torch.exp(rate) - constant - 0.5 * wide.square() - HALF_LOG_TAU


def _below(mu: Array, sigma: Array, **terms: float) -> Array:
    """Return by how much the objective of each q is below its highest; that of the ELBO without further arguments."""
    weights = {"prior": 1.0, "entropy": 1.0} | terms

    def objective(mu: Array, sigma: Array) -> Array:
        prior = -0.5 * weights["prior"] * (mu**2 + sigma**2)
        return MODEL.reconstruction(MANY, mu, sigma) + prior + weights["entropy"] * np.log(sigma)

    return objective(*MODEL.best_gaussian(MANY, **weights)) - objective(mu, sigma)


def _fits(mu: Array, sigma: Array, **terms: float) -> bool:
    """Return whether these would be the right q: of the other terms given, or with another sigma."""
    if not (np.isfinite(sigma).all() and (sigma > 0).all()):
        return False
    below = _below(mu, sigma, **terms)
    return bool(below.mean() <= AVERAGE and below.max() <= WORST)


_FIT_VARIANCE = Diagnosis(
    "variance returned",
    "Your fit is right, but what you return as `sigma` is its variance.",
    "Which root of exp(logvar) is the standard deviation?",
)
_FIT_LOGVAR = Diagnosis(
    "logvar returned",
    "Your fit is right, but what you return as `sigma` is its logvar.",
    "The contract asks for standard deviations. How do you get from logvar to sigma?",
)
_FIT_LOG = Diagnosis(
    "log sigma returned",
    "Your fit is right, but what you return as `sigma` is the logarithm of sigma.",
    "A standard deviation is never negative.",
)
_FIT_SIGN = Diagnosis(
    "negative sigma",
    "Your fit is right except that some values of sigma are negative. The draws do not show it, because -eps is as "
    "likely as eps.",
    "Which of the parametrizations of section 5 keeps sigma positive?",
)
_FIT_ROOT = Diagnosis(
    "exp(logvar) scaled the noise",
    "The sigma that you return is the square root of the one that you fitted: in the draws, exp(logvar) took the place "
    "of the standard deviation.",
    "Use the same formula for sigma in the draws and in what you return.",
)
_FIT_PRIOR = Diagnosis(
    "prior counted twice",
    "Each q that you return is the best one for an objective in which log p(z) counts twice: once inside `log_joint`, "
    "and once more in a KL to the prior.",
    "`log_joint` is log p(x|z) + log p(z). What is left to subtract?",
)
_FIT_TWICE = Diagnosis(
    "entropy counted twice",
    "Each q that you return is the best one for an objective in which the entropy of q counts twice. Did you add "
    "logvar where log sigma belongs?",
    "The entropy of N(mu, sigma^2) is log sigma plus a constant.",
)
_FIT_HALF = Diagnosis(
    "half of the entropy",
    "Each q that you return is the best one for an objective in which the entropy of q counts only half.",
    "The entropy of N(mu, sigma^2) is log sigma plus a constant.",
)
_FIT_POINT = Diagnosis(
    "entropy left out",
    "Each q has shrunk to a point at the mode of its posterior: nothing in your objective rewards a wide q.",
    "The ELBO is the mean of log p(x, z) - log q(z). Is the second term there, and does its gradient reach sigma?",
)
_FIT_ONE = Diagnosis(
    "one q for all",
    "All observations get the same mu and the same sigma, although each of them has its own posterior.",
    "What shape do your parameters have, and what shape does z have?",
)
_NO_PATH = Diagnosis(
    "draws without a path",
    "No z that you passed to `log_joint` carried a gradient: each was drawn by `sample`, detached, or computed under "
    "`no_grad`. Without a path, no gradient gets from `log_joint` to mu and sigma. (If you used the score function, "
    "note that this task asks for the path.)",
    "Print `z.requires_grad` just before you call `log_joint`.",
)


def _why_this_fit(mu: Array, sigma: Array) -> Diagnosis | None:
    with np.errstate(all="ignore"):
        readings: Sequence[tuple[Array, Diagnosis]] = (
            (np.sqrt(sigma), _FIT_VARIANCE),
            (np.exp(sigma / 2), _FIT_LOGVAR),
            (np.exp(sigma), _FIT_LOG),
            (abs(sigma), _FIT_SIGN),
            (sigma**2, _FIT_ROOT),
        )
        for meant, why in readings:
            if _fits(mu, meant):
                return why
    if (sigma <= 0).any():
        return None
    if np.ptp(mu) == np.ptp(sigma) == 0:
        return _FIT_ONE
    if _fits(mu, sigma**2, entropy=0.5):
        return _FIT_ROOT
    objectives = ({"prior": 2.0}, _FIT_PRIOR), ({"entropy": 2.0}, _FIT_TWICE), ({"entropy": 0.5}, _FIT_HALF)
    for terms, why in objectives:
        if _fits(mu, sigma, **terms):
            return why
    mode, _ = MODEL.best_gaussian(MANY, spread=0.0)
    _, best = MODEL.best_gaussian(MANY)
    return _FIT_POINT if (sigma < 0.2 * best).all() and abs(mu - mode).max() < 0.1 else None


def _measure_fit(ask: Callable[..., Any]) -> list[Demand]:
    """Compare the learner's q with the best ones, and look at how they were found."""
    joint, n = _Joint(), len(MANY)
    found = as_tensors(ask(joint, n), ("mu", "sigma"))
    for name, part in zip(("mu", "sigma"), found, strict=True):
        if tuple(part.shape) != (n,):
            raise Problem("shape", wrong_shape(name, tuple(part.shape), (n,)))
    mu, sigma = (part.detach().double().numpy() for part in found)
    path = Demand(
        f"z carries a gradient in at least {FEWEST_CALLS} calls of `log_joint`",
        joint.differentiable >= FEWEST_CALLS,
        f"{joint.differentiable} of {joint.calls} calls",
        _NO_PATH if joint.calls >= FEWEST_CALLS and not joint.differentiable else None,
    )
    thrift = Demand(
        f"at most {MOST_DRAWS:,} draws per observation", joint.draws <= MOST_DRAWS, f"{joint.draws:,} draws"
    )
    valid = bool(np.isfinite(mu).all() and np.isfinite(sigma).all() and (sigma > 0).all())
    sound = Demand("every mu is finite, and every sigma finite and positive", valid, _range(sigma))
    if not valid:
        why = _why_this_fit(mu, sigma) if np.isfinite(mu).all() else None
        return [path, thrift, Demand(sound.sentence, False, sound.measured, why)]
    below = _below(mu, sigma)
    right, none_left = bool(below.mean() <= AVERAGE), bool(below.max() <= WORST)
    why = None if right and none_left else _why_this_fit(mu, sigma)
    return [
        path, thrift, sound,
        Demand(f"on average the ELBO is within {AVERAGE} nats of the highest", right,
               f"{number(float(below.mean()), 3)} nats below", why),
        Demand(f"no observation is more than {WORST} nats below its highest ELBO", none_left,
               f"{number(float(below.max()), 3)} nats below, at worst", why),
    ]  # fmt: skip


def _range(sigma: Array) -> str:
    if not np.isfinite(sigma).all():
        return "sigma contains NaN or infinity"
    return f"sigma from {number(float(sigma.min()), 3)} to {number(float(sigma.max()), 3)}"


build_fit = Challenge(
    name="build_fit",
    contract="build_fit(log_joint, n): a function z (n,) or (S, n) -> log p(x, z) of the same shape, and the number n "
    "of observations -> mu, sigma, each (n,): means and standard deviations of the best Gaussian q",
    parameters=("log_joint", "n"),
    measure=_measure_fit,
    hints=(
        "Use the loop of `climb` with n numbers in place of one: two tensors of shape (n,) as parameters, one draw for "
        "each element, and one loss for all.",
        "The ELBO of one draw is log p(x, z) - log q(z). On average -log q(z) is log sigma plus a constant, so the "
        "loss is -(log_joint(z) + logvar / 2).sum().",
        "Start narrow, with sigma near 0.3: a wide q draws z where exp(1 + 2z) and its gradient are huge. Let the "
        "learning rate fall to zero, or average the last iterates, to get rid of the noise of single draws.",
    ),
    done="Our solution ends 0.003 nats below the best on average, with 2,000 draws per observation, one per step, and "
    "a learning rate that falls from 0.05 to zero.",
    seconds=SECONDS,
)
