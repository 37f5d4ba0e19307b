"""An exercise, told as data: inputs, the right function, and the wrong ones that people really write."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vqedu.checks import diagnosis, running
from vqedu.checks.result import Result
from vqedu.questions import answers

Case = dict[str, Any]  # the arguments of one call by name, in the order of the signature
Observed = dict[str, Tensor]  # what a function did with one case: its outputs and its gradients by name


@dataclass(frozen=True)
class Mistake:
    """A mistake: its name, a small function that makes it, one sentence on it, a hint that keeps the answer back."""

    name: str
    wrong: Callable[..., Any]
    why: str
    hint: str


@dataclass(frozen=True)
class Exercise:
    """A function to write. Calling the exercise with a learner's function checks it.

    cases: makes the inputs, smallest first, so that the first one that fails is the smallest counterexample.
    outputs: what the results are called; gradients: the arguments whose gradient must be right as well.
    probe: what to observe of a call, if not outputs and gradients; see `diagnosis.values_and_gradients`.
    tolerance: relative, for the comparison with the right function and with each mistake.
    """

    name: str
    contract: str
    cases: Callable[[], Sequence[Case]]
    reference: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, str, str]
    outputs: tuple[str, ...] = ("result",)
    gradients: tuple[str, ...] = ()
    probe: Callable[[Exercise, Callable[..., Any], Case], Observed] | None = None
    tolerance: float = 1e-4

    def __call__(self, learner: Callable[..., Any]) -> Result:
        """Try the function on all inputs and say what came out; never raises for what the learner wrote."""
        return _kept(diagnosis.check(self, learner))


@dataclass(frozen=True)
class Demand:
    """One thing that a challenge asks for: the sentence, whether it is met, and what was measured."""

    sentence: str
    met: bool
    measured: str


@dataclass(frozen=True)
class Challenge:
    """Something to provoke: the learner's function is used, and the outcome measured.

    `measure` receives a function that calls the learner's one and returns its answer as a tensor of the given shape.
    """

    name: str
    contract: str
    parameters: tuple[str, ...]
    measure: Callable[[Callable[..., Any]], Sequence[Demand]]
    hints: tuple[str, str, str]

    def __call__(self, learner: Callable[..., Any]) -> Result:
        """Measure what the learner's function brings about; never raises for what the learner wrote."""
        try:
            diagnosis.must_be_function(self.name, learner, self.parameters)
            with running.apart():
                torch.manual_seed(0)
                demands = running.within(running.LIMIT_S, lambda: self.measure(_asked(learner)))
        except running.Problem as problem:
            return diagnosis.problem_result(self, problem)
        facts = tuple((f"{'✓' if d.met else '✗'} {d.sentence}", d.measured) for d in demands)
        if all(demand.met for demand in demands):
            return _kept(Result(self.name, "passed", "You broke it, and measured that you did.", facts=facts))
        return Result(
            self.name, "not met", "Not everything that was asked has happened.", facts=facts, hints=self.hints
        )


def _kept(result: Result) -> Result:
    """Keep that an exercise has been passed, for the table in notebook 00; a disk that refuses hinders nobody."""
    if result.passed:
        with contextlib.suppress(OSError):
            answers.write(answers.exercise_key(result.exercise), {"solved": True})
    return result


def _asked(learner: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls the learner's one and checks the shape of its answer, if one is given."""

    def ask(*arguments: Any, shape: tuple[int, ...] | None = None) -> Any:
        with torch.enable_grad():
            answer = running.call(learner, arguments)
        if shape is None:
            return answer
        (tensor,) = diagnosis.as_tensors(answer, ("result",))
        if tuple(tensor.shape) != shape:
            raise running.Problem("shape", diagnosis.wrong_shape("result", tuple(tensor.shape), shape))
        if not bool(torch.isfinite(tensor.double()).all()):
            raise running.Problem("nan", "Your answer holds NaN or infinity.")
        return tensor.detach()

    return ask
