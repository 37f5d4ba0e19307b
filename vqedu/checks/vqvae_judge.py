"""How a learner's VQ-VAE is judged: its code maps, its error, its codes in use, and the gradients of its loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from vqedu import data, models
from vqedu.checks.engine import comparing, observing, running
from vqedu.checks.engine.exercise import Demand, Diagnosis
from vqedu.checks.engine.running import Problem

TRAIN, TEST = 20_000, 1_000
MOST_CODES, FEWEST_USED, COLLAPSED = 128, 64, 8
ERROR = 0.012  # squared error per pixel
DROWNED = 20.0  # the commitment's gradient over the decoder's, root mean squares
PARTS = ("encoder", "decoder", "encode", "decode", "loss")


class Gradients(NamedTuple):
    """What one backward pass of the loss showed: z_e, what the decoder was given, and the gradients at both."""

    z_e: Tensor
    z_q: Tensor
    at_z_e: Tensor
    at_z_q: Tensor


def measure(ask: Callable[..., Any]) -> list[Demand]:
    """Train the learner's model on the first 20,000 images, and judge it on 1,000 test images."""
    images = data.load("mnist")
    return judge(ask(images.train.x[:TRAIN].clone()), images.test.x[:TEST])


def judge(model: Any, x: Tensor) -> list[Demand]:
    """Return what is asked of a trained VQ-VAE, and what this one reaches on images (n, 1, 28, 28)."""
    _must_be_vqvae(model)
    model.eval()
    with torch.no_grad():
        maps = _maps(model, x)
        whole = _whole(maps, model, x)
        (logits,) = observing.as_tensors(running.call(model.decode, (maps.clamp(min=0),)), ("logits",))
    if logits.shape != x.shape:
        raise Problem("shape", comparing.wrong_shape("logits", tuple(logits.shape), tuple(x.shape)))
    used = len(maps.unique())
    found = _gradients(model, x[:64])
    through, drowned = _through(found)
    error, raw = ((picture - x).square().mean().item() for picture in (logits.sigmoid(), logits))
    why = GRAY if raw < error and raw <= 1.5 * ERROR else drowned
    return [
        whole,
        Demand(f"squared error at most {ERROR} per pixel", error <= ERROR, f"{error:.4f}", why),
        Demand(
            f"at least {FEWEST_USED} codes in use",
            used >= FEWEST_USED,
            f"{used}",
            COLLAPSE if used <= COLLAPSED else None,
        ),
        through,
    ]


def _must_be_vqvae(model: Any) -> None:
    if not isinstance(model, nn.Module):
        raise Problem(
            "type", f"Your function should return the trained model, an `nn.Module`, but it returned a `{_a(model)}`."
        )
    if isinstance(model, models.VQVAE):
        raise Problem("type", "This is `models.VQVAE`. Assemble your own: an encoder, a quantizer and a decoder.")
    if missing := [name for name in PARTS if not hasattr(model, name)]:
        raise Problem("type", f"Your model has no `{missing[0]}`. It needs {', '.join(f'`{n}`' for n in PARTS)}.")


def _a(value: Any) -> str:
    return type(value).__name__


def _maps(model: Any, x: Tensor) -> Tensor:
    """Return the code maps (n, 7, 7) of images, whatever whole numbers they are made of."""
    (maps,) = observing.as_tensors(running.call(model.encode, (x,)), ("encode(x)",))
    if maps.shape != (len(x), 7, 7):
        raise Problem("shape", comparing.wrong_shape("encode(x)", tuple(maps.shape), (len(x), 7, 7)))
    if maps.is_floating_point():
        raise Problem("type", "`encode` returns floats. It should return the indices of the codes, whole numbers.")
    return maps.long()


def _whole(maps: Tensor, model: Any, x: Tensor) -> Demand:
    low, high = int(maps.min()), int(maps.max())
    alone = torch.cat([_maps(model, image[None]) for image in x[:8]])
    alike = (alone == maps[:8]).float().mean().item()
    right = low >= 0 and high < MOST_CODES
    return Demand(
        f"whole numbers from 0 to {MOST_CODES - 1}, the same for an image alone and in a batch",
        right and alike > 0.99,  # a tie may be decided by the last digit
        f"{low} to {high}, {alike:.0%} the same",
        BATCH if right and alike <= 0.9 else None,
    )


def _gradients(model: Any, x: Tensor) -> Gradients | None:
    """Return the gradients of the loss at z_e and at the decoder's input; None where they cannot be compared."""
    if not (isinstance(model.encoder, nn.Module) and isinstance(model.decoder, nn.Module)):
        return None
    outputs: list[Any] = []  # of the encoder, which `loss` may call more than once
    inputs: list[Any] = []  # of the decoder

    def keep(module: nn.Module, given: Any, out: Any) -> None:
        outputs.append(out)
        if isinstance(out, Tensor) and out.requires_grad:
            out.retain_grad()

    def copied(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Give the decoder a copy of z_q, so that the gradient there is the decoder's alone, even of a detached one."""
        if not given or not isinstance(given[0], Tensor):
            return None
        inputs.append(given[0].clone().requires_grad_())
        inputs[-1].retain_grad()
        return (inputs[-1], *given[1:])

    hooks = [model.encoder.register_forward_hook(keep), model.decoder.register_forward_pre_hook(copied)]
    try:
        loss = running.call(model.loss, (x,))
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.requires_grad:
        raise Problem("type", "`loss(x)` should return one number: a tensor through which we can backpropagate.")
    loss.backward()
    z_e, z_q = (
        next((z for z in found if isinstance(z, Tensor) and z.grad is not None), found[-1] if found else None)
        for found in (outputs, inputs)
    )
    if not (isinstance(z_e, Tensor) and isinstance(z_q, Tensor) and z_e.shape == z_q.shape):
        return None
    slopes = [torch.zeros_like(z) if z.grad is None else z.grad.clone() for z in (z_e, z_q)]
    model.zero_grad()
    return Gradients(z_e.detach(), z_q.detach(), *slopes)


def _through(found: Gradients | None) -> tuple[Demand, Diagnosis | None]:
    """Return what is asked of the gradient at z_e, and whether the commitment drowns the decoder's."""
    sentence = "the gradient at z_e: the decoder's plus that of the commitment loss"
    if found is None:
        return Demand(sentence, True, "not measured"), None
    pull = found.z_e - found.z_q
    extra, size = found.at_z_e - found.at_z_q, _rms(found.at_z_q)
    if _rms(pull) < 1e-6:
        return Demand(sentence, False, "z_q is z_e", LEFT_OUT), LEFT_OUT
    if _rms(found.at_z_e) < 1e-4 * max(size, 1e-12):
        return Demand(sentence, False, "none", CUT_OFF), CUT_OFF
    rest = found.at_z_e - pull * (found.at_z_e * pull).sum() / pull.square().sum()
    if (
        _rms(rest) < max(0.01 * size, 1e-4 * _rms(found.at_z_e))
        and _rms(rest) < 0.1 * size
        and _along(found.at_z_q, pull) < 0.9
    ):
        return Demand(sentence, False, "only the commitment's", ONLY_COMMITMENT), ONLY_COMMITMENT
    if _rms(extra) < 1e-3 * _rms(found.at_z_e):
        return Demand(sentence, False, "only the decoder's", NO_COMMITMENT), None
    ratio = _rms(extra) / max(size, 1e-12)
    met = _along(extra, pull) > 0.99
    measured = f"both; the commitment's is {ratio:.2g} times as large" if met else "the decoder's, and something else"
    return Demand(sentence, met, measured), WEIGHT if met and ratio > DROWNED else None


def _rms(values: Tensor) -> float:
    return values.square().mean().sqrt().item()


def _along(a: Tensor, b: Tensor) -> float:
    """Return the cosine of the angle between two tensors."""
    return ((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-30)).item()


GRAY = Diagnosis(
    "gray levels for logits",
    "`decode` returns gray levels. It should return logits, to which the checker applies the sigmoid.",
    "Where is the sigmoid in your code?",
)
COLLAPSE = Diagnosis(
    "codebook collapse",
    "Nearly all codes are dead, so nearly all positions of all images share a handful of codes.",
    "Where do your codes begin, and what happens to one that no vector chooses?",
)
BATCH = Diagnosis(
    "the code depends on the batch",
    "An image gets different codes when it is encoded alone. In eval mode BatchNorm should use its running statistics.",
    "Does anything in `encode` switch the model back to training mode, or compute statistics of the batch?",
)
LEFT_OUT = Diagnosis(
    "the quantizer is left out",
    "In `loss` the decoder is given z_e itself, so it is trained on vectors that `decode` never produces.",
    "What does the decoder see when only the indices are known?",
)
CUT_OFF = Diagnosis(
    "the encoder is cut off",
    "No gradient of the loss reaches the encoder.",
    "Follow the gradient backward from the decoder. Where does it end?",
)
ONLY_COMMITMENT = Diagnosis(
    "no straight-through",
    "The encoder receives only the gradient of the commitment loss. It learns to stay near a code, but nothing "
    "about the image.",
    "The decoder needs a z_q that passes its gradient on to z_e. Is it given a plain lookup, or a detached z_q?",
)
NO_COMMITMENT = Diagnosis(
    "no commitment",
    "The encoder receives the decoder's gradient and nothing else. Either the commitment loss is left out, or it is "
    "computed with the straight-through z_q, so that its gradient cancels.",
    "Which term of the loss pulls z_e toward its code, and is it in the sum?",
)
WEIGHT = Diagnosis(
    "the commitment drowns the image",
    "The gradient of the commitment loss is more than 20 times the decoder's, so the encoder hardly learns from the "
    "image.",
    "Are both terms summed over an image and averaged over the batch?",
)
