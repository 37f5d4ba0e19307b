"""Diagnosis: a learner's numbers against the right ones, and if they differ, against those of each known mistake."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from vqedu.checks import running
from vqedu.checks.numbers import show
from vqedu.checks.result import Result
from vqedu.checks.running import Problem

if TYPE_CHECKING:
    from vqedu.checks.engine import Case, Challenge, Exercise, Observed

PRINTED_SHOWN = 60


def check(exercise: Exercise, learner: Callable[..., Any]) -> Result:
    """Return the answer to a learner's function: right, a named mistake, a problem, or the smallest counterexample."""
    cases = exercise.cases()
    try:
        must_be_function(exercise.name, learner, list(cases[0]))
        with running.apart() as printed:
            expected = _known(exercise, exercise.reference)
            seen = running.within(running.LIMIT_S, lambda: _observe_all(exercise, learner, cases))
    except Problem as problem:
        return problem_result(
            exercise, _with_print(problem, printed.getvalue()) if problem.kind == "nothing" else problem
        )
    if _all_agree(exercise, seen, expected):
        return _right_numbers(exercise, seen, expected)
    with running.apart():
        for mistake in exercise.mistakes:
            if _all_agree(exercise, seen, _known(exercise, mistake.wrong)):
                hints = (mistake.hint, *exercise.hints[1:])
                return Result(exercise.name, "mistake", mistake.why, mistake.name, hints=hints)
    return _not_right(exercise, cases, seen, expected)


@functools.cache
def _known(exercise: Exercise, function: Callable[..., Any]) -> list[Observed]:
    """Return what the reference or a mistake does with every case; it is the same at each check."""
    return [observe(exercise, function, case) for case in exercise.cases()]


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


def observe(exercise: Exercise, function: Callable[..., Any], case: Case) -> Observed:
    """Return what the function does with one case, gradients switched on whatever the notebook has set."""
    torch.manual_seed(0)
    with torch.enable_grad():
        return (exercise.probe or values_and_gradients)(exercise, function, case)


def values_and_gradients(exercise: Exercise, function: Callable[..., Any], case: Case) -> Observed:
    """Return the outputs by name, and for each argument in exercise.gradients the gradient of a weighted sum of them.

    Raises Problem where the function changes its arguments, or answers with something else than tensors.
    """
    given = copy.deepcopy(case)
    answer = running.call(function, list(given.values()))
    seen = dict(zip(exercise.outputs, as_tensors(answer, exercise.outputs), strict=True))
    for name, before in case.items():
        if isinstance(before, Tensor) and not torch.equal(given[name], before):
            raise Problem("mutation", f"Your function changed its argument `{name}`. Work on a copy: `{name}.clone()`.")
    if exercise.gradients:
        seen |= _gradients(exercise, function, case)
    return {name: tensor.detach() for name, tensor in seen.items()}


def _gradients(exercise: Exercise, function: Callable[..., Any], case: Case) -> Observed:
    """Return the gradients by name; zeros where none arrives, since an optimizer then does not move."""
    given = copy.deepcopy(case)
    leaves = {name: given[name].requires_grad_() for name in exercise.gradients}
    outputs = as_tensors(running.call(function, list(given.values())), exercise.outputs)
    total = sum(
        (tensor * torch.linspace(1, 2, tensor.numel()).view_as(tensor)).sum() * weight
        for weight, tensor in enumerate(outputs, start=1)
        if tensor.requires_grad
    )
    found: Sequence[Tensor | None] = [None] * len(leaves)
    if isinstance(total, Tensor):
        try:
            found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
        except RuntimeError as error:
            raise Problem("exception", f"`backward()` through your function raised {error}") from None
    return {
        f"gradient of {name}": torch.zeros_like(leaf) if slope is None else slope
        for (name, leaf), slope in zip(leaves.items(), found, strict=True)
    }


def as_tensors(answer: Any, outputs: tuple[str, ...]) -> list[Tensor]:
    """Return the answer as one tensor an output; raises Problem if it is something else."""
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


def _observe_all(exercise: Exercise, learner: Callable[..., Any], cases: Sequence[Case]) -> list[Observed]:
    seen = []
    for case in cases:
        try:
            seen.append(observe(exercise, learner, case))
        except Problem as problem:
            shapes = [f"{n} {tuple(v.shape)}" for n, v in case.items() if isinstance(v, Tensor)]
            if problem.kind == "exception" and shapes:
                raise Problem("exception", f"{problem} (with shapes {', '.join(shapes)})") from None
            raise
    return seen


def _all_agree(exercise: Exercise, seen: Sequence[Observed], wanted: Sequence[Observed]) -> bool:
    return all(_agree(s[name], w[name], exercise.tolerance) for s, w in zip(seen, wanted, strict=True) for name in w)


def _agree(a: Tensor, b: Tensor, tolerance: float) -> bool:
    """Whether two tensors have one shape and the same numbers, whatever their precision."""
    if a.shape != b.shape:
        return False
    return torch.allclose(a.double(), b.double(), rtol=tolerance, atol=tolerance / 10, equal_nan=True)


def _right_numbers(exercise: Exercise, seen: Sequence[Observed], expected: Sequence[Observed]) -> Result:
    """Return the answer where all numbers agree: right, unless whole numbers or truth values came as floats."""
    for name, wanted in expected[0].items():
        came = seen[0][name]
        if not wanted.is_floating_point() and (came.is_floating_point() or came.dtype != wanted.dtype == torch.bool):
            message = f"The numbers are right, but `{name}` should be {wanted.dtype}, and is {came.dtype}."
            return Result(exercise.name, "type", message, hints=exercise.hints)
    also = ", gradients included" if exercise.gradients else ""
    return Result(exercise.name, "passed", f"The same numbers as the reference on {len(seen)} inputs{also}.")


def _not_right(
    exercise: Exercise, cases: Sequence[Case], seen: Sequence[Observed], expected: Sequence[Observed]
) -> Result:
    """Return the answer to numbers that are those of no known mistake: what is wrong on the smallest input."""
    case, own, wanted, name = next(
        (case, own, wanted, name)
        for case, own, wanted in zip(cases, seen, expected, strict=True)
        for name in wanted
        if not _agree(own[name], wanted[name], exercise.tolerance)
    )
    digits = 4 if exercise.tolerance < 0.01 else 2  # of draws, no more is known
    facts = (
        *((f"`{n}`", show(v)) for n, v in case.items()),
        ("yours", show(own[name], digits)),
        ("expected", show(wanted[name], digits)),
    )
    kind, message = _verdict(name, own, wanted, seen, expected)
    return Result(exercise.name, kind, message, facts=facts, hints=exercise.hints)


def _verdict(
    name: str, own: Observed, wanted: Observed, seen: Sequence[Observed], expected: Sequence[Observed]
) -> tuple[str, str]:
    """Return the kind of a wrong answer without a name, and the sentence on it."""
    if own[name].shape != wanted[name].shape:
        return "shape", wrong_shape(name, tuple(own[name].shape), tuple(wanted[name].shape))
    if bool(own[name].double().isnan().any()):
        why = "Look for 0 / 0, 0 times the logarithm of 0, or a logarithm or a root of a number below zero."
        return "nan", f"`{name}` holds NaN. {why}"
    if name.startswith("gradient") and not any(own[n].any() for n in own if n.startswith("gradient")):
        return (
            "gradient",
            "The numbers are right, but no gradient comes back. Did numpy, `.item()` or `.detach()` cut it?",
        )
    values = torch.cat([observed[name].double().flatten() for observed in seen])
    if len(values.unique()) == 1 and len(torch.cat([w[name].double().flatten() for w in expected]).unique()) > 1:
        return "constant", f"`{name}` is {show(values[0])} for every input. Does it use its arguments?"
    if name.startswith("gradient"):
        return "not right yet", f"The numbers are right, the {name} is not. The smallest input where it differs:"
    return "not right yet", f"`{name}` is not what was asked for. The smallest input where it differs:"


def wrong_shape(name: str, came: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Say which shape came and which was expected."""
    return f"`{name}` has the shape {came}; it should be {wanted or 'a single number, ()'}."


def problem_result(exercise: Exercise | Challenge, problem: Problem) -> Result:
    """Return the answer to a problem; the contract goes with it, since it may have been misread."""
    return Result(
        exercise.name, problem.kind, str(problem), facts=(("contract", exercise.contract),), hints=exercise.hints
    )


def _with_print(problem: Problem, printed: str) -> Problem:
    """Add to 'returns nothing' that the function printed something instead."""
    if not printed.strip():
        return problem
    line = printed.strip().splitlines()[0][:PRINTED_SHOWN]
    return Problem("nothing", f"Your function prints `{line}` and returns nothing. Put `return` where `print` stands.")
