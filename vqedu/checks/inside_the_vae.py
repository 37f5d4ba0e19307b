"""The exercises on what is inside the VAE: the real beta, free bits, a collapse to provoke and one to undo."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from vqedu import data, losses, models
from vqedu.checks.engine.exercise import Challenge, Demand, Diagnosis, Exercise, Mistake
from vqedu.checks.engine.numbers import number, quarters
from vqedu.checks.engine.observing import as_tensors
from vqedu.checks.engine.running import Problem
from vqedu.losses import kl_terms
from vqedu.models import causal_vae


def _beta(
    beta: float,
    pixels: int,
    latents: int,
    *,
    b: int = 1,
    p: int = 1,
    d: int = -1,
    to_number: Callable[[float], float] = lambda value: value,
) -> float:
    return to_number(beta**b * float(pixels) ** p * float(latents) ** d)


effective_beta = Exercise(
    name="effective_beta",
    contract="effective_beta(beta, pixels, latents): the real beta of code that averages the reconstruction over the "
    "pixels and the KL over the latent dimensions -> a number",
    cases=lambda: [
        {"beta": b, "pixels": p, "latents": d}
        for b, p, d in [(1.0, 4, 2), (0.5, 784, 7), (1.0, 5, 2), (0.125, 784, 1), (2.0, 3, 8)]
    ],
    reference=_beta,
    mistakes=(
        Mistake(
            "upside down",
            partial(_beta, p=-1, d=1),
            "Your fraction is upside down: with many pixels the averaged reconstruction becomes weak, and the KL "
            "strong.",
            "a = 1 / pixels and b = 1 / latents. Divide both terms by a.",
        ),
        Mistake(
            "the latent dimensions left out",
            partial(_beta, d=0),
            "This is right for a KL that is summed. Here it is averaged over the latent dimensions too.",
            "What is b in a R + beta b KL?",
        ),
        Mistake(
            "the pixels left out",
            partial(_beta, p=0),
            "This is right for a reconstruction that is summed. Here it is averaged over the pixels.",
            "What is a in a R + beta b KL?",
        ),
        Mistake(
            "beta left out",
            partial(_beta, b=0),
            "The factor that comes from the two averages is right, but it has to be multiplied by the code's beta.",
            "What does your formula say for beta = 0?",
        ),
        Mistake(
            "multiplied by both",
            partial(_beta, d=1),
            "One average weakens the reconstruction and the other weakens the KL, so they work against each other.",
            "Does an average over more latent dimensions make the KL heavier or lighter?",
        ),
        Mistake(
            "as written",
            partial(_beta, p=0, d=0),
            "You return the beta that appears in the code. The averages change it.",
            "By what factor is the mean of 784 numbers smaller than their sum?",
        ),
        Mistake(
            "rounded down",
            lambda beta, pixels, latents: beta * pixels // latents,
            "Your division rounds down to a whole number. A beta of 2.5 becomes 2.",
            "What is the difference between `//` and `/`?",
        ),
    ),
    hints=(
        "Write the code's loss as a R + beta b KL, with R and KL the sums of the ELBO.",
        "a is 1 / pixels, b is 1 / latents.",
        "Divide by a so that R has the factor 1: the factor of KL is then the real beta.",
    ),
)


def _free(
    kl: Tensor,
    floor: float,
    *,
    batch: Callable[[Tensor], Tensor] = lambda kl: kl.mean(0),
    clip: Callable[[Tensor, float], Tensor] = lambda kl, floor: kl.clamp(min=floor),
    total: Callable[[Tensor], Tensor] = torch.sum,
) -> Tensor:
    return total(clip(batch(kl), floor))


free_bits = Exercise(
    name="free_bits",
    contract="free_bits(kl, floor): the KL of each image and latent dimension, (N, D), and a number of nats -> one "
    "number: the KL of each latent dimension is averaged over the batch, and then the first `floor` nats of each "
    "dimension are free",
    cases=lambda: [
        # no mean lies on the floor, where the gradient would not be unique
        {"kl": quarters(i, n, d).abs(), "floor": floor + 1 / 32}
        for i, n, d, floor in [(1, 2, 1, 1.0), (2, 2, 2, 0.5), (3, 4, 3, 1.0), (4, 3, 5, 0.75), (18, 3, 4, 0.5)]
    ],
    reference=_free,
    gradients=("kl",),
    mistakes=(
        Mistake(
            "clamped element by element",
            lambda kl, floor: kl.clamp(min=floor).sum(1).mean(),
            "Each image gets a floor of its own. An image above it is pushed down even if the average over the batch "
            "is still below the floor.",
            "Which comes first, the average over the batch or the floor?",
        ),
        Mistake(
            "one floor per image",
            lambda kl, floor: kl.sum(1).clamp(min=floor).mean(),
            "You sum over the latent dimensions first, and give each image one floor. A single dimension can use it "
            "up, and the others collapse.",
            "Does the floor apply to an image or to a latent dimension?",
        ),
        Mistake(
            "max for min",
            partial(_free, clip=lambda kl, floor: kl.clamp(max=floor)),
            "You cut off what lies above the floor, so the loss ignores any KL beyond it.",
            "Should each latent dimension contribute at least `floor` nats to the loss, or at most?",
        ),
        Mistake(
            "one floor for all",
            lambda kl, floor: kl.mean(0).sum().clamp(min=floor),
            "The floor applies to the sum. One latent dimension can use it up, and the others collapse.",
            "Where does the sum over the latent dimensions belong?",
        ),
        Mistake(
            "one floor for the mean of everything",
            lambda kl, floor: kl.mean().clamp(min=floor),
            "You average over images and latent dimensions, and apply the floor to a single number.",
            "How many floors should there be?",
        ),
        Mistake(
            "averaged over the latent dimensions",
            partial(_free, total=torch.mean),
            "The floors are right, but you average over the D latent dimensions: the KL is D times too small.",
            "If a code had one more dimension with a KL of 1 nat, how should the answer change?",
        ),
        Mistake(
            "summed over the batch",
            partial(_free, batch=lambda kl: kl.sum(0)),
            "You sum over the images before you apply the floor. In a large batch the floor then has no effect.",
            "What should happen to the N images before the floor is applied: a sum or a mean?",
        ),
        Mistake(
            "floor subtracted",
            partial(_free, clip=lambda kl, floor: (kl - floor).clamp(min=0)),
            "The gradient is right, but the value is too low by `floor` for each latent dimension: free bits takes the "
            "larger of the KL and the floor.",
            "What should the answer be if every KL is zero?",
        ),
        Mistake(
            "zero below the floor",
            partial(_free, clip=lambda kl, floor: kl * (kl > floor)),
            "Your mask removes what lies below the floor, so the loss jumps by `floor` nats when a KL crosses it. Free "
            "bits takes the larger of the KL and the floor.",
            "What should the answer be if every KL is zero?",
        ),
        Mistake(
            "no floor",
            partial(_free, clip=lambda kl, floor: kl),
            "This is the usual KL term. The floor has no effect.",
            "Which function replaces small numbers by a minimum?",
        ),
    ),
    hints=(
        "Three steps: a mean, a floor, a sum. In which order?",
        "First `.mean(0)`, which gives one number per latent dimension, (D,).",
        "`.clamp(min=floor)` comes next, and the sum over D last.",
    ),
)


_STEPS, _LR, _N, _PIXELS = 150, 0.05, 64, 16


def _train(ask: Callable[..., Any]) -> float:
    """Train a linear VAE of 16 pixels and 2 latent dimensions on the learner's loss.

    Returns the largest variance of a mu over the data; below 0.01 the posterior has collapsed.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(_N, 2, generator=generator) @ torch.randn(2, _PIXELS, generator=generator)
    encode = 0.3 * torch.randn(_PIXELS, 4, generator=generator)
    decode = 0.3 * torch.randn(2, _PIXELS, generator=generator)
    weights = [encode.requires_grad_(), decode.requires_grad_()]
    momentum = [torch.zeros_like(w) for w in weights]
    eps = torch.randn(_STEPS, _N, 2, generator=generator)
    for step in range(_STEPS):
        mu, logvar = (x @ weights[0]).chunk(2, 1)
        logvar = logvar.clamp(-6, 6)
        x_hat = (mu + torch.exp(logvar / 2) * eps[step]) @ weights[1]
        loss = _loss(ask, x_hat, x.clone(), mu, logvar)
        if not loss.requires_grad:
            raise Problem("type", "The loss should be a tensor with a gradient.")
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for weight, velocity, slope in zip(weights, momentum, slopes, strict=True):
                if slope is not None:
                    velocity.lerp_(slope / slope.norm().clamp(min=1e-6), 0.3)
                    weight -= _LR * velocity
    return float((x @ weights[0].detach())[:, :2].var(0).max())


def _loss(ask: Callable[..., Any], *arguments: Tensor) -> Tensor:
    (loss,) = as_tensors(ask(*arguments), ("loss",))
    if loss.dim():
        raise Problem("shape", f"The loss should be a single number; yours has the shape {tuple(loss.shape)}.")
    return loss


def _rises(ask: Callable[..., Any]) -> tuple[list[float], list[float]]:
    """Return how the loss rises per nat of each term, at three points; in one list for each term.

    The squared error of a Gaussian with variance 1 is counted in nats. Where q is the prior the KL is 0.
    """
    shape, code = torch.ones(_N, _PIXELS), torch.ones(_N, 2)
    least = float(_loss(ask, shape, shape, 0 * code, 0 * code))
    worse = [_loss(ask, shape - gap, shape, 0 * code, 0 * code) for gap in (0.5, 1.0, 2.0)]
    errors = [0.5 * gap**2 * _N * _PIXELS for gap in (0.5, 1.0, 2.0)]
    moments = [(1.0, 0.0), (0.0, -2.0), (-0.5, 1.5)]
    farther = [_loss(ask, shape, shape, m * code, v * code) for m, v in moments]
    nats = [float(kl_terms(m * code, v * code).sum()) for m, v in moments]
    rise = [(float(loss) - least) / error for loss, error in zip(worse, errors, strict=True)]
    return rise, [(float(loss) - least) / kl for loss, kl in zip(farther, nats, strict=True)]


def _steady(slopes: list[float]) -> bool:
    return min(slopes) > 0 and max(slopes) - min(slopes) < 0.02 * max(slopes)


def _measure_collapse(ask: Callable[..., Any]) -> list[Demand]:
    reconstruction, kl = _rises(ask)
    first, second = _steady(reconstruction), _steady(kl)
    beta = kl[0] / reconstruction[0] if first and second else math.inf
    most = 2 * _N * _PIXELS  # a mean over everything beside a sum over everything, and a KL without its 1/2
    activity = _train(ask)
    return [
        Demand("the loss contains the squared error and grows in proportion to it", first, "yes" if first else "no"),
        Demand("the loss contains the KL and grows in proportion to it", second, "yes" if second else "no"),
        Demand(
            f"no explicit beta: sums and means over {_N} images make an effective beta of at most {most}",
            beta <= 1.01 * most,
            f"{number(beta, 3)}" if beta < math.inf else "not measured",
        ),
        Demand(
            "after training, no latent dimension is active (variance of mu below 0.01)",
            activity < 0.01,
            "below 0.01" if activity < 0.01 else f"about {number(float(f'{activity:.1g}'))}",
        ),
    ]


collapse = Challenge(
    name="collapse",
    contract="collapse(x_hat, x, mu, logvar): two tensors (N, 16) and two (N, 2) -> a loss with both terms of the ELBO "
    "and no explicit beta, with which the posterior of a small linear VAE collapses",
    parameters=("x_hat", "x", "mu", "logvar"),
    measure=_measure_collapse,
    hints=(
        "Section 2 shows code that hides a large beta. Which reduction gives the KL more weight?",
        "Averaging gives the reconstruction less weight. What is the largest number of elements to average over here?",
        "Average the squared error over everything, pixels and batch, and sum the KL over everything.",
    ),
)


RESCUE_KL, RESCUE_LOSS, RESCUE_USE = 3.0, 32.0, 5.0  # nats per image: at least, at most, at least
_COLLAPSED, _EXPENSIVE = 0.5, 10.0  # nats: below the first there is no code, above the second it costs too much
_DRAWS = 35.0  # nats: with a reconstruction term below, the decoder draws digits; above, training has hardly begun


def _blank() -> models.CausalVAE:
    return models.CausalVAE(8, hidden=64)


def _returned(answer: Any) -> models.CausalVAE:
    """Return a fresh network of the given layers with the weights that the learner returned."""
    if not isinstance(answer, nn.Module):
        came = "a state_dict" if isinstance(answer, dict) else f"a {type(answer).__name__}"
        raise Problem("type", f"Your function should return the trained model, but it returned {came}.")
    model, weights = _blank(), answer.state_dict()
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    if {name: tuple(value.shape) for name, value in weights.items()} != expected:
        raise Problem("type", "The model that you returned has other layers than the one you were given.")
    if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise Problem(
            "nan", "The weights contain NaN or infinity: the training diverged. Is the learning rate too large?"
        )
    model.load_state_dict(weights)
    return model.eval()


@torch.no_grad()
def _rate_and_use(model: models.CausalVAE, x: Tensor) -> tuple[float, float, float]:
    """Return the KL, the reconstruction term with each image's own code, and with another's: nats per image."""
    torch.manual_seed(0)
    mu, logvar = model.encode(x)
    z = models.reparameterize(mu, logvar)
    own, other = (causal_vae.pixel_losses(model.decode(code, x), x).mean().item() for code in (z, z.roll(1, 0)))
    return losses.kl_to_standard_normal(mu, logvar).mean().item(), own, other


def _rescue_diagnosis(kl: float, own: float, other: float, moved: bool) -> Diagnosis | None:
    """Return what explains an outcome that falls short, if that is certain."""
    if not moved:
        return Diagnosis(
            "returned as it came",
            "The weights are the ones that you were given: nothing has been trained.",
            "Does your loop call `backward()` and `optimizer.step()`, and do you return that same model?",
        )
    if kl < _COLLAPSED and own < _DRAWS:
        return Diagnosis(
            "still collapsed",
            "The KL is close to 0: q(z|x) is the prior for every image, and the decoder draws the digit by itself.",
            "When does the code become useless: at the end of training, or in its first hundred steps? Print the KL.",
        )
    if kl > _EXPENSIVE and own + kl > RESCUE_LOSS:
        return Diagnosis(
            "the code costs more than it saves",
            f"The KL is {number(kl, 3)} nats, more than this code saves in the reconstruction. That happens when the "
            "KL counts too little in training: a weight far below 1 or even negative, or a floor that is too high.",
            "Which weight does the KL have in your last training steps, and how many nats are free in all?",
        )
    if kl >= RESCUE_KL and other - own < 1:
        return Diagnosis(
            "a KL without a message",
            "The code costs nats, but the decoder ignores it: with the code of another image it does just as well.",
            "Nats that are the same for every image say nothing about x. Which part of the KL depends on x?",
        )
    return None


def _measure_rescue(ask: Callable[..., Any]) -> list[Demand]:
    images = data.load()
    model = _blank()
    start = copy.deepcopy(model.state_dict())
    trained = _returned(ask(model, causal_vae.shrink(images.train.x[:20_000])))
    moved = any(not torch.equal(value, start[name]) for name, value in trained.state_dict().items())
    kl, own, other = _rate_and_use(trained, causal_vae.shrink(images.test.x[:2000]))
    found = _rescue_diagnosis(kl, own, other, moved)

    def demand(sentence: str, met: bool, value: float) -> Demand:
        return Demand(sentence, met, f"{value:.2f} nats", None if met else found)

    return [
        demand(f"KL of at least {RESCUE_KL:g} nats per image", kl >= RESCUE_KL, kl),
        demand(f"reconstruction + KL of at most {RESCUE_LOSS:g} nats per image", own + kl <= RESCUE_LOSS, own + kl),
        demand(
            f"another image's code makes the reconstruction at least {RESCUE_USE:g} nats worse",
            other - own >= RESCUE_USE,
            other - own,
        ),
    ]


build_rescue = Challenge(
    name="build_rescue",
    contract="build_rescue(model, x): an untrained CausalVAE and small images (20000, 14, 14) of 0 and 1 -> the same "
    f"model, trained, with a KL of at least {RESCUE_KL:g} nats and a loss of at most {RESCUE_LOSS:g} nats per image",
    parameters=("model", "x"),
    measure=_measure_rescue,
    hints=(
        "Print the loss and the KL every 50 steps. Does the code never appear, or does it appear and fade away again?",
        "The code must be worth its nats before the decoder learns to draw without it. Sections 3 and 4 show remedies.",
        "Free bits: minimize reconstruction + free_bits(kl_per_dimension(mu, logvar), 0.5), 700 steps of Adam at 3e-3 "
        "with batches of 128.",
    ),
    done="Rescued. For comparison, our solution, 700 steps with 0.5 free nats per dimension, reaches a KL of 4.1 and a "
    "loss of 30.3 nats. After 500 steps of plain training the KL is 0.06 and the loss 30.0.",
    seconds=60.0,
)
