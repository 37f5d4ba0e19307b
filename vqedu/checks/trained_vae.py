"""The larger task on the VAE: one that the learner has written and trained, judged by what it reaches."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vqedu import data
from vqedu.checks.engine import comparing, running
from vqedu.checks.engine.exercise import Challenge, Demand, Diagnosis
from vqedu.checks.engine.numbers import number
from vqedu.checks.engine.observing import as_tensors
from vqedu.checks.engine.running import Problem
from vqedu.losses import kl_terms, reconstruction

BOUND = 110.0  # nats per image; ours reaches about 106
BETAS = (0.7, 1.5)  # what counts as beta = 1: a training that has not ended yet is a little off
PROBED = 2000  # images on which slopes are measured
SECONDS = 120.0  # for the training and for what the judge computes
MEAN_IMAGE = 206.0  # nats per image: what a decoder costs that answers with the mean image, whatever the code
COLLAPSED = 0.5  # nats of KL, all dimensions together
ACTIVE = 0.01  # a dimension whose mu varies less than that is inactive (Burda et al. 2016)


class Model(NamedTuple):
    """What the learner returned, each part checked at every call: `encode` and `decode` as in the contract."""

    encode: Callable[[Tensor], tuple[Tensor, Tensor]]
    decode: Callable[[Tensor], Tensor]


def wrapped(answer: Any) -> Model:
    """Return the learner's model with its answers checked. Raises Problem for anything other than a model."""
    if not all(callable(getattr(answer, name, None)) for name in ("encode", "decode")):
        came = f"a {type(answer).__name__}"
        raise Problem("type", f"`my_vae` should return a model with the methods `encode` and `decode`, not {came}.")
    if isinstance(answer, nn.Module):
        answer.eval().cpu()

    def encode(x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = as_tensors(running.call(answer.encode, (x,)), ("mu", "logvar"))
        for name, value in (("mu", mu), ("logvar", logvar)):
            if value.dim() != 2 or len(value) != len(x) or value.shape != mu.shape:
                wanted = f"`{name}` from `encode` should have the shape ({len(x)}, D), the same for mu and logvar"
                raise Problem("shape", f"{wanted}; it has {tuple(value.shape)}.")
        return _finite(mu, "mu"), _finite(logvar, "logvar")

    def decode(z: Tensor) -> Tensor:
        (logits,) = as_tensors(running.call(answer.decode, (z,)), ("logits",))
        if tuple(logits.shape) != (len(z), 1, 28, 28):
            raise Problem("shape", comparing.wrong_shape("logits", tuple(logits.shape), (len(z), 1, 28, 28)))
        return _finite(logits, "logits")

    return Model(encode, decode)


def _finite(value: Tensor, name: str) -> Tensor:
    if not bool(torch.isfinite(value).all()):
        raise Problem("nan", f"`{name}` contains NaN or infinity: the training diverged, or log(0) was computed.")
    return value.float()


def _half(logvar: Tensor) -> Tensor:
    return 0.5 * logvar


def _whole(logvar: Tensor) -> Tensor:
    return logvar


class Judge:
    """The codes of the test images by one model, and what can be measured of them."""

    def __init__(self, model: Model, x: Tensor) -> None:
        self.model, self.x = model, x
        with torch.no_grad():
            parts = [model.encode(part) for part in x.split(1000)]
            self.mu, self.logvar = (torch.cat(list(each)) for each in zip(*parts, strict=True))
            self.eps = torch.randn(self.mu.shape, generator=torch.Generator().manual_seed(0))
            self.logits = self.decoded(torch.exp(0.5 * self.logvar))

    @property
    def active(self) -> Tensor:
        """Which dimensions are active: (D,)."""
        return self.mu.var(0) > ACTIVE

    def decoded(self, sigma: Tensor | float) -> Tensor:
        """Return the logits of z = mu + sigma * eps for all test images."""
        z = self.mu + sigma * self.eps
        with torch.no_grad():
            return torch.cat([self.model.decode(part) for part in z.split(1000)])

    def distortion(self, logits: Tensor) -> float:
        return float(reconstruction(logits, self.x).mean())

    def rate(self, logvar: Tensor | None = None) -> float:
        return float(kl_terms(self.mu, self.logvar if logvar is None else logvar).sum(1).mean())

    def balance(self, logvar: Tensor, log_sigma: Callable[[Tensor], Tensor] = _half) -> tuple[Tensor, Tensor]:
        """Return (rise, fall), each (active,): what a shift of one dimension's logvar changes in the two terms.

        The encoder can shift its logvar by a constant. At the end of a training on R + beta * KL such a shift gains
        nothing, so R rises by beta times what the KL falls. log_sigma: how the draw computes log sigma from logvar.
        """
        mu, logvar, eps, x = (value[:PROBED] for value in (self.mu, logvar, self.eps, self.x))

        def loss(shift: Tensor | float, part: slice) -> Tensor:
            z = mu[part] + torch.exp(log_sigma(logvar[part] + shift)) * eps[part]
            return reconstruction(self.model.decode(z), x[part]).sum() / len(x)

        parts = [slice(i, i + 500) for i in range(0, len(x), 500)]
        rise, shift = torch.zeros(mu.shape[1]), torch.zeros(mu.shape[1], requires_grad=True)
        for part in parts:
            with torch.enable_grad():
                now = loss(shift, part)
                if not now.requires_grad:  # a `decode` under no_grad: one slope for all dimensions together
                    steps = [float(sum(loss(step, each) for each in parts)) for step in (-0.05, 0.05)]
                    total = -0.5 * torch.expm1(logvar).mean(0)[self.active].sum()
                    return torch.tensor([(steps[1] - steps[0]) / 0.1]), total[None]
                rise += torch.autograd.grad(now, shift)[0]
        fall = -0.5 * torch.expm1(logvar).mean(0)
        return rise[self.active], fall[self.active]

    @functools.cached_property
    def beta(self) -> float:
        """How many nats of reconstruction a nat of KL buys: 1 after a training on the ELBO."""
        return _ratio(*self.balance(self.logvar))


def _ratio(rise: Tensor, fall: Tensor) -> float:
    """Return beta over all dimensions together; infinity where the KL has no slope."""
    return float(rise.sum() / fall.sum()) if len(fall) and float(fall.sum()) > 1e-3 else math.inf


def _share(rise: Tensor, fall: Tensor) -> float:
    """Return the share of dimensions that show a beta near 1."""
    betas = rise / fall
    return float(((betas > 0.7) & (betas < 1.4)).float().mean()) if len(betas) else 0.0


def _grey_levels(judge: Judge) -> Diagnosis | None:
    if float(judge.logits.min()) < 0 or float(judge.logits.max()) > 1:
        return None
    return Diagnosis(
        "gray levels instead of logits",
        "Every number that `decode` returns lies between 0 and 1: these are gray levels. The contract asks for logits, "
        "the numbers before the sigmoid.",
        "Which function of your decoder turns a logit into a probability, and does your loss apply it once more?",
    )


def _collapse(judge: Judge) -> Diagnosis | None:
    if judge.rate() > COLLAPSED:
        return None
    return Diagnosis(
        "posterior collapse",
        f"The KL of your model is {judge.rate():.1f} nats: q(z|x) is the prior for every image, so the code carries "
        "no information about x, and every image gets the same reconstruction.",
        "Is the reconstruction summed over the 784 pixels? If it is averaged, the KL weighs 784 times too much.",
    )


def _unused_sigma(judge: Judge) -> Diagnosis | None:
    """Name a training that never saw sigma: it is as it began, or 1 where the KL drew it, and a smaller one helps."""
    if not bool(judge.active.any()):
        return None
    flat = float(judge.logvar[:, judge.active].abs().mean()) < 0.35
    at_mean = judge.distortion(judge.decoded(0.0))
    gain = judge.distortion(judge.logits) - at_mean
    if not flat or gain < 20 or at_mean > MEAN_IMAGE:
        return None
    return Diagnosis(
        "the reconstruction does not depend on sigma",
        f"Your sigma is about 1 for every image, although a smaller one would help: with z = mu the reconstruction "
        f"costs {gain:.0f} nats less. So in your training the reconstruction did not depend on the sigma of `encode`.",
        "Which z does your decoder receive during training, and is sigma part of its computation?",
    )


_OTHER_OUTPUTS: tuple[tuple[str, str, Callable[[Tensor], Tensor], bool], ...] = (
    ("sigma squared instead of its logarithm", "sigma^2", torch.log, True),
    ("sigma instead of log sigma squared", "sigma", lambda value: 2 * torch.log(value), True),
    ("log sigma instead of log sigma squared", "log sigma", lambda value: 2 * value, False),
)


def _other_output(judge: Judge) -> Diagnosis | None:
    """Name what `encode` returns in the place of logvar, if the model makes far better sense so."""
    total = judge.distortion(judge.logits) + judge.rate()
    for name, what, to_logvar, positive in _OTHER_OUTPUTS:
        if positive and float(judge.logvar.min()) <= 0:
            continue
        logvar = to_logvar(judge.logvar)
        better = judge.distortion(judge.decoded(torch.exp(0.5 * logvar))) + judge.rate(logvar)
        if better < total - 3 and _share(*judge.balance(logvar)) > 0.7:
            return Diagnosis(
                name,
                f"Read as {what}, the second output of `encode` gives {better:.1f} nats per image; read as "
                f"logvar = log sigma^2, as the contract says, {total:.1f}.",
                "What does your draw of z do with the second output, and what does your KL do with it?",
            )
    return None


def _wrong_sigma(judge: Judge) -> Diagnosis | None:
    """Name a draw with sigma = exp(logvar): then that draw, and not the right one, balances the KL everywhere."""
    right, wrong = (_share(*judge.balance(judge.logvar, form)) for form in (_half, _whole))
    if int(judge.active.sum()) < 3 or wrong < 0.7 or right > 0.3:
        return None
    return Diagnosis(
        "sigma taken as exp(logvar)",
        "Your two terms balance in every dimension if z is drawn with sigma = exp(logvar). But logvar is log sigma^2, "
        "and your KL treats it as such.",
        "If logvar is log sigma^2, what is sigma?",
    )


def _too_extreme(judge: Judge) -> Diagnosis | None:
    """Name logits that are overconfident both at a drawn z and at mu, which no cross-entropy of logits makes them."""
    now, gains = judge.distortion(judge.logits), []
    for logits in (judge.logits, judge.decoded(0.0)):
        scaled = min((judge.distortion(logits * factor), factor) for factor in (0.5, 0.2, 0.1, 0.05, 0.02))
        gains.append((scaled[0] / judge.distortion(logits), *scaled))
    share, best, factor = max(gains)
    if share > 0.7:
        return None
    return Diagnosis(
        "logits far too large",
        f"Your reconstruction costs {now:.0f} nats; with all logits multiplied by {factor:g} it would cost {best:.0f}. "
        "A decoder that is trained by the cross-entropy of its logits is not that overconfident.",
        "How many times is a sigmoid applied between your decoder's last layer and the loss?",
    )


def _unbalanced(judge: Judge) -> Diagnosis | None:
    beta = judge.beta
    if not 0 < beta < math.inf or BETAS[0] <= beta <= BETAS[1]:
        return None
    if beta > 1 and not _agree(judge.balance(judge.logvar), beta):
        return None
    return Diagnosis(
        "the KL counts too little" if beta < 1 else "the KL counts too much",
        f"In your trained model one nat of KL saves {number(beta, 2)} nats of reconstruction, so in your training the "
        f"KL counted about {number(beta, 2)} times as much as in the ELBO.{_likely(beta, judge.mu.shape[1])}",
        "Write both terms for one image: a cross-entropy summed over its pixels, and a KL summed over the dimensions "
        "of its code. Which of yours differs?",
    )


def _agree(slopes: tuple[Tensor, Tensor], beta: float) -> bool:
    """Return whether most dimensions show about this beta: a training with that weight makes them agree."""
    betas = slopes[0] / slopes[1]
    return float(((betas > beta / 2) & (betas < beta * 2)).float().mean()) > 0.6


def _likely(beta: float, dims: int) -> str:
    """Return a sentence on the usual mistake that makes this beta, if there is one."""
    causes = {
        "a KL without its factor 1/2": 2.0,
        f"a KL averaged over the {dims} dimensions": 1 / dims,
        f"both terms averaged over their elements, since 784 / {dims} = {784 / dims:.3g}": 784 / dims,
    }
    return next((f" That fits {text}." for text, value in causes.items() if value / 1.25 < beta < value * 1.25), "")


_EXPLANATIONS = (_grey_levels, _other_output, _too_extreme, _unused_sigma, _collapse, _wrong_sigma, _unbalanced)


def judged(answer: Any, x: Tensor) -> list[Demand]:
    """Return what is asked of a trained VAE, and what it reaches on the images x (N, 1, 28, 28)."""
    judge = Judge(wrapped(answer), x)
    distortion, rate = judge.distortion(judge.logits), judge.rate()
    reached, balanced = distortion + rate <= BOUND, BETAS[0] <= judge.beta <= BETAS[1]
    why = None
    if not (reached and balanced):
        why = next((found for explain in _EXPLANATIONS if (found := explain(judge))), None)
    measured = f"{distortion + rate:.1f} = {distortion:.1f} + {rate:.1f}"
    return [
        Demand(f"minus the ELBO on {len(x):,} test images is at most {BOUND:g} nats per image", reached, measured, why),
        Demand(
            f"the KL counts as much as in the ELBO: the measured beta is between {BETAS[0]:g} and {BETAS[1]:g}",
            balanced,
            number(judge.beta, 2) if math.isfinite(judge.beta) else "no slope to measure",
            why,
        ),
    ]


def _measure(ask: Callable[..., Any]) -> list[Demand]:
    images = data.load("mnist")
    model = ask(images.train.x)
    return judged(model, images.test.x)


build_vae = Challenge(
    name="build_vae",
    contract="build_vae(x): the 60,000 training images (60000, 1, 28, 28) -> a trained VAE with encode(x) -> (mu, "
    "logvar), each (N, D), and decode(z) -> logits (N, 1, 28, 28)",
    parameters=("x",),
    measure=_measure,
    hints=(
        "Train the live cell's VAE for one epoch first and see what it reaches. Only then change something.",
        "One epoch of Adam at a constant rate is not enough. More epochs help, and so does a learning rate that rises "
        "to several thousandths and then falls to zero: `torch.optim.lr_scheduler.OneCycleLR`.",
        "Set the decoder's last bias to the log-odds of the mean training image. Training then begins with the right "
        "amount of ink in every pixel.",
    ),
    done="You have written a VAE and trained it well enough to meet the bound. Ours (20 dimensions, one hidden layer "
    "of 400, three epochs with a one-cycle schedule) reaches about 106.",
    seconds=SECONDS,
)
