"""What a function does with one input, as tensors by name: its outputs, and the gradients of its arguments."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from vqedu.checks import running
from vqedu.checks.running import Problem

Case = dict[str, Any]  # the arguments of one call by name, in the order of the signature
Observed = dict[str, Tensor]  # what a function did with one case: its outputs and its gradients by name
Probe = Callable[[Callable[..., Any], Case], Observed]


def must_be_function(name: str, learner: Any, parameters: Sequence[str]) -> None:
    """Raise Problem unless `learner` is a function that can be called with that many arguments."""
    wanted = ", ".join(parameters)
    if not callable(learner):
        kind = type(learner).__name__
        raise Problem(
            "argument",
            f"`checks.{name}` wants the function itself, without brackets behind its name; it got a {kind}.",
        )
    try:
        own = inspect.signature(learner)
        own.bind(*parameters)
    except TypeError:
        raise Problem("argument", f"Your function is called with `({wanted})`, and takes `{own}`.") from None
    except ValueError:  # a function of C without a signature
        return


def values_and_gradients(outputs: tuple[str, ...], gradients: tuple[str, ...]) -> Probe:
    """Return a probe that observes the outputs, and for each argument in `gradients` the gradient of their sum.

    The sum is weighted, so that no two elements can be exchanged unnoticed. The probe raises Problem where the function
    changes its arguments, or answers with something else than tensors.
    """

    def probe(function: Callable[..., Any], case: Case) -> Observed:
        leaves = {name: case[name].clone().requires_grad_() for name in gradients}
        given = copy.deepcopy(case) | {name: leaf.clone() for name, leaf in leaves.items()}
        found = as_tensors(running.call(function, list(given.values())), outputs)
        _must_be_unchanged(given, case)
        values = {name: tensor.detach() for name, tensor in zip(outputs, found, strict=True)}
        return values | _gradients(found, leaves)

    return probe


def _must_be_unchanged(given: Case, case: Case) -> None:
    for name, before in case.items():
        if isinstance(before, Tensor) and not torch.equal(given[name], before):
            raise Problem("mutation", f"Your function changed its argument `{name}`. Work on a copy: `{name}.clone()`.")


def _gradients(outputs: Sequence[Tensor], leaves: dict[str, Tensor]) -> Observed:
    """Return the gradients by name; zeros where none arrives, since an optimizer then does not move."""
    sums = [
        weight * (tensor * torch.linspace(1, 2, tensor.numel()).view_as(tensor)).sum()
        for weight, tensor in enumerate(outputs, start=1)
        if tensor.requires_grad
    ]
    found: Sequence[Tensor | None] = [None] * len(leaves)
    if sums and leaves:
        try:
            found = torch.autograd.grad(torch.stack(sums).sum(), list(leaves.values()), allow_unused=True)
        except RuntimeError as error:
            raise Problem("exception", f"`backward()` through your function raised {error}") from None
    return {
        f"gradient of {name}": torch.zeros_like(leaf) if slope is None else slope
        for (name, leaf), slope in zip(leaves.items(), found, strict=True)
    }


def as_tensors(answer: Any, outputs: tuple[str, ...]) -> list[Tensor]:
    """Return the answer as one tensor per output; raises Problem if it is something else."""
    parts = [answer] if len(outputs) == 1 else list(answer) if isinstance(answer, (tuple, list)) else None
    if parts is None or len(parts) != len(outputs):
        wanted = ", ".join(f"`{name}`" for name in outputs)
        came = "one" if parts is None else str(len(parts))
        raise Problem("type", f"Your function should return {len(outputs)} results, {wanted}; it returns {came}.")
    return [_as_tensor(part, name) for part, name in zip(parts, outputs, strict=True)]


def _as_tensor(value: Any, name: str) -> Tensor:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (bool, int, float)) or type(value).__module__ == "numpy":
        return torch.as_tensor(value)
    raise Problem("type", f"`{name}` should be a tensor; your function returns a {type(value).__name__}.")
