"""What a function does with one input, as tensors by name: its outputs, and the gradients of its arguments."""

from __future__ import annotations

import contextlib
import copy
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vqedu.checks.engine import running
from vqedu.checks.engine.running import Problem

Case = dict[str, Any]  # the arguments of one call by name, in the order of the signature
Observed = dict[str, Tensor]  # what a function did with one case: its outputs and its gradients by name
Probe = Callable[[Callable[..., Any], Case], Observed]


def must_be_function(name: str, learner: Any, parameters: Sequence[str]) -> None:
    """Raise Problem unless `learner` is a function that can be called with that many arguments."""
    wanted = ", ".join(parameters)
    if not callable(learner):
        kind = type(learner).__name__
        raise Problem("argument", f"`checks.{name}` takes the function itself, without brackets; it got a {kind}.")
    try:
        own = inspect.signature(learner)
    except (TypeError, ValueError):  # a function of C has no signature
        return
    try:
        own.bind(*parameters)
    except TypeError:
        raise Problem("argument", f"Your function is called with `({wanted})`, and takes `{own}`.") from None


def values_and_gradients(outputs: tuple[str, ...], gradients: tuple[str, ...]) -> Probe:
    """Return a probe that observes the outputs, and for each argument in `gradients` the gradient of their sum.

    The sum is weighted, so that no two elements can be exchanged unnoticed. The probe raises Problem where the function
    changes its arguments, or returns something else than numbers.
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
        weight * (tensor * torch.linspace(1, 2, tensor.numel()).view_as(tensor)).sum().double()
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
    parts = [answer] if len(outputs) == 1 else _parts(answer, outputs)
    if parts is None or len(parts) != len(outputs):
        wanted = ", ".join(f"`{name}`" for name in outputs)
        came = "one" if parts is None else str(len(parts))
        raise Problem("type", f"Your function should return {len(outputs)} results, {wanted}; it returns {came}.")
    return [_as_tensor(part, name) for part, name in zip(parts, outputs, strict=True)]


def _parts(answer: Any, outputs: tuple[str, ...]) -> list[Any] | None:
    """Return what the answer unpacks into, in the order of the outputs; None if it is a single thing."""
    if isinstance(answer, Mapping):
        return [answer[name] for name in outputs] if set(outputs) <= set(answer) else list(answer)
    if isinstance(answer, Tensor) and answer.is_nested:
        return None
    if isinstance(answer, (Tensor, np.ndarray)):
        return list(answer) if answer.ndim and len(answer) == len(outputs) else None
    with contextlib.suppress(Exception):  # a dataclass, a namespace, a tuple with names
        return [getattr(answer, name) for name in outputs]
    listed = isinstance(answer, Iterable) and not isinstance(answer, (str, bytes, set, frozenset))
    return running.listed(answer) if listed else None


def _as_tensor(value: Any, name: str) -> Tensor:
    """Return numbers as a dense real tensor on the CPU, whatever contained them; raises Problem for anything else."""
    try:
        tensor = _plain(value)
        imaginary = tensor.is_complex() and bool(tensor.imag.any())
    except Problem:
        raise
    except Exception:
        kind = type(value).__name__
        raise Problem("type", f"`{name}` should be a tensor of numbers; your function returns a {kind}.") from None
    if imaginary:
        raise Problem("type", f"`{name}` should be real numbers; yours are complex.")
    return tensor.real if tensor.is_complex() else tensor


def _plain(value: Any) -> Tensor:
    if isinstance(value, Tensor) and not value.is_nested:
        dense = value if value.layout == torch.strided else value.to_dense()
        return (dense.dequantize() if dense.is_quantized else dense).cpu()
    if isinstance(value, (bool, int, float, complex)):
        return _number(value)
    if isinstance(value, (str, bytes, Mapping, set, frozenset)):
        raise TypeError("not numbers")
    if hasattr(value, "__array__"):
        array = np.array(value, order="C")  # a copy, without the negative strides that torch does not take
        if array.dtype in (object, np.longdouble):
            return _plain(array.astype(np.float64) if array.dtype == np.longdouble else array.tolist())
        return torch.from_numpy(array)
    if isinstance(value, Iterable):
        parts = [_plain(part) for part in running.listed(value)]
        return torch.stack(parts) if parts else torch.zeros(0)
    return torch.tensor(float(value), dtype=torch.float64)  # Fraction, Decimal and their like


def _number(value: complex) -> Tensor:
    """Return a number of Python as a tensor: whole ones exactly, as far as they fit into 64 bits."""
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    try:
        return torch.tensor(value)
    except (OverflowError, RuntimeError):
        return torch.tensor(float(value.real) if abs(value) < 2**1023 else math.inf, dtype=torch.float64)
