"""An exercise, told as data: inputs, the right function, and the wrong ones that people really write."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vqedu.checks import comparing, observing, running
from vqedu.checks.numbers import show
from vqedu.checks.observing import Case, Observed, Probe
from vqedu.checks.result import Result
from vqedu.checks.running import Problem
from vqedu.questions import answers

PRINTED_SHOWN = 60


@dataclass(frozen=True)
class Mistake:
    """A mistake: its name, a small function that makes it, one sentence on it, a hint that keeps the answer back."""

    name: str
    wrong: Callable[..., Any]
    why: str
    hint: str


@dataclass(frozen=True, eq=False)
class Exercise:
    """A function to write. Calling the exercise with a learner's function checks it.

    cases: makes the inputs, smallest first, so that the first one that fails is the smallest counterexample.
    outputs: what the results are called; gradients: the arguments whose gradient must be right as well.
    probe: what to observe of a call, if not outputs and gradients.
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
    probe: Probe | None = None
    tolerance: float = 1e-4

    def __call__(self, learner: Callable[..., Any]) -> Result:
        """Try the function on all inputs and say what came out; never raises for what the learner wrote."""
        cases = self.cases()
        try:
            observing.must_be_function(self.name, learner, list(cases[0]))
            with running.apart() as printed:
                seen = running.within(running.LIMIT_S, lambda: [self._try(learner, case) for case in cases])
                return _kept(self._judge(cases, seen))
        except Problem as problem:
            return _problem(self, _with_print(problem, printed.getvalue()) if problem.kind == "nothing" else problem)

    def _judge(self, cases: Sequence[Case], seen: Sequence[Observed]) -> Result:
        """Return the answer to what was seen: right, a named mistake, or the smallest counterexample."""
        expected = self._known(self.reference)
        if comparing.agree(seen, expected, self.tolerance):
            return self._right_numbers(seen, expected)
        for mistake in self.mistakes:
            if comparing.agree(seen, self._known(mistake.wrong), self.tolerance):
                hints = (mistake.hint, *self.hints[1:])
                return Result(self.name, "mistake", mistake.why, mistake.name, hints=hints)
        return self._counterexample(cases, seen, expected)

    def _right_numbers(self, seen: Sequence[Observed], expected: Sequence[Observed]) -> Result:
        if wrong := comparing.wrong_dtype(seen[0], expected[0]):
            return Result(self.name, "type", wrong, hints=self.hints)
        also = ", gradients included" if self.gradients else ""
        return Result(self.name, "passed", f"The same numbers as the reference on {len(seen)} inputs{also}.")

    def _counterexample(self, cases: Sequence[Case], seen: Sequence[Observed], expected: Sequence[Observed]) -> Result:
        """Return the answer to numbers that are those of no known mistake: what is wrong on the smallest input."""
        i, name = comparing.first_difference(seen, expected, self.tolerance)
        digits = 4 if self.tolerance < 0.01 else 2  # of draws, no more is known
        facts = (
            *((f"`{n}`", show(v)) for n, v in cases[i].items()),
            ("yours", show(seen[i][name], digits)),
            ("expected", show(expected[i][name], digits)),
        )
        kind, message = comparing.verdict(seen, expected, i, name)
        return Result(self.name, kind, message, facts=facts, hints=self.hints)

    @functools.cache  # noqa: B019  (one per exercise of the course, for as long as the course runs)
    def _known(self, function: Callable[..., Any]) -> list[Observed]:
        """Return what the reference or a mistake does with every case; it is the same at each check."""
        return [self._observe(function, case) for case in self.cases()]

    def _observe(self, function: Callable[..., Any], case: Case) -> Observed:
        """Return what the function does with one case, gradients switched on whatever the notebook has set."""
        torch.manual_seed(0)
        probe = self.probe or observing.values_and_gradients(self.outputs, self.gradients)
        with torch.enable_grad():
            return probe(function, case)

    def _try(self, learner: Callable[..., Any], case: Case) -> Observed:
        """Return what the learner's function does; with an exception go the shapes that it was given."""
        try:
            return self._observe(learner, case)
        except Problem as problem:
            shapes = [f"{n} {tuple(v.shape)}" for n, v in case.items() if isinstance(v, Tensor)]
            if problem.kind == "exception" and shapes:
                raise Problem("exception", f"{problem} (with shapes {', '.join(shapes)})") from None
            raise


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
            observing.must_be_function(self.name, learner, self.parameters)
            with running.apart():
                torch.manual_seed(0)
                demands = running.within(running.LIMIT_S, lambda: self.measure(_asked(learner)))
        except Problem as problem:
            return _problem(self, problem)
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


def _problem(check: Exercise | Challenge, problem: Problem) -> Result:
    """Return the answer to a problem; the contract goes with it, since it may have been misread."""
    return Result(check.name, problem.kind, str(problem), facts=(("contract", check.contract),), hints=check.hints)


def _with_print(problem: Problem, printed: str) -> Problem:
    """Add to 'returns nothing' that the function printed something instead."""
    if not printed.strip():
        return problem
    line = printed.strip().splitlines()[0][:PRINTED_SHOWN]
    return Problem("nothing", f"Your function prints `{line}` and returns nothing. Put `return` where `print` is.")


def _asked(learner: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls the learner's one and checks the shape of its answer, if one is given."""

    def ask(*arguments: Any, shape: tuple[int, ...] | None = None) -> Any:
        with torch.enable_grad():
            answer = running.call(learner, arguments)
        if shape is None:
            return answer
        (tensor,) = observing.as_tensors(answer, ("result",))
        if tuple(tensor.shape) != shape:
            raise Problem("shape", comparing.wrong_shape("result", tuple(tensor.shape), shape))
        if not bool(torch.isfinite(tensor.double()).all()):
            raise Problem("nan", "Your answer contains NaN or infinity.")
        return tensor.detach()

    return ask
