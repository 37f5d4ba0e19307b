"""An exercise, told as data: inputs, the right function, and the wrong ones that people really write."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vqedu.checks.engine import comparing, observing, running
from vqedu.checks.engine.numbers import show
from vqedu.checks.engine.observing import Case, Observed, Probe
from vqedu.checks.engine.result import Result
from vqedu.checks.engine.running import Problem
from vqedu.questions import answers


@dataclass(frozen=True)
class Mistake:
    """A mistake: its name, a small function that makes it, one sentence on it, a hint that keeps the answer back.

    Written as `functools.partial(reference, keyword=...)` it can be combined with others that change other keywords.
    """

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
    rtol, atol: how close to the right function, or to that of a mistake.
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
    rtol: float = 1e-4
    atol: float = 1e-5

    def __call__(self, learner: Callable[..., Any]) -> Result:
        """Try the function on all inputs and say what came out; never raises for what the learner wrote."""
        return _answer(self, lambda: self._check(learner))

    def _check(self, learner: Callable[..., Any]) -> Result:
        with running.apart() as printed:
            cases, prints = self.cases(), [""]
            observing.must_be_function(self.name, learner, list(cases[0]))

            def work() -> list[Observed]:
                seen = []
                for case in cases:
                    before = len(printed.getvalue())
                    try:
                        seen.append(self._try(learner, case))
                    finally:
                        prints.append(printed.getvalue()[before:])
                return seen

            try:
                return self._judge(cases, running.within(running.LIMIT_S, work), prints[1:])
            except Problem as problem:
                problem.printed = prints[-1]
                raise

    def _judge(self, cases: Sequence[Case], seen: Sequence[Observed], prints: Sequence[str]) -> Result:
        """Return the answer to what was seen: right, a named mistake or two, or the smallest counterexample."""
        expected = [self._known(self.reference, i) for i in range(len(seen))]
        if self._does(seen, self.reference):
            return replace(self._right_numbers(seen, expected), printed=prints[0])
        i, name = comparing.first_difference(seen, expected, self.rtol, self.atol)
        for mistake in (*self.mistakes, *self._pairs):
            if self._does(seen, mistake.wrong):
                hints = (mistake.hint, *self.hints[1:])
                return Result(self.name, "mistake", mistake.why, mistake.name, hints=hints, printed=prints[i])
        return replace(self._counterexample(cases[i], seen, expected, i, name), printed=prints[i])

    def _does(self, seen: Sequence[Observed], function: Callable[..., Any]) -> bool:
        """Return whether what was seen is what this function does; two mistakes may not go together at all."""
        try:
            return all(
                comparing.agree(one, self._known(function, i), self.rtol, self.atol) for i, one in enumerate(seen)
            )
        except Problem:
            return False

    def _right_numbers(self, seen: Sequence[Observed], expected: Sequence[Observed]) -> Result:
        if wrong := comparing.wrong_dtype(seen[0], expected[0]):
            return Result(self.name, "type", wrong, hints=self.hints)
        also = ", gradients included" if self.gradients or self.probe else ""
        same = "distribution" if self.probe else "numbers"
        return Result(self.name, "passed", f"The same {same} as the reference on {len(seen)} inputs{also}.")

    def _counterexample(
        self, case: Case, seen: Sequence[Observed], expected: Sequence[Observed], i: int, name: str
    ) -> Result:
        """Return the answer to numbers that are those of no known mistake: what is wrong on the smallest input."""
        digits = 4 if self.rtol < 0.01 else 2  # of draws, no more is known
        facts = (
            *((f"`{n}`", show(v)) for n, v in case.items()),
            ("yours", show(seen[i][name], digits)),
            ("expected", show(expected[i][name], digits)),
        )
        kind, message = comparing.verdict(seen, expected, i, name)
        return Result(self.name, kind, message, facts=facts, hints=self.hints)

    @functools.cached_property
    def _pairs(self) -> tuple[Mistake, ...]:
        """Every two mistakes that can be made at once: those that change different keywords of the reference."""
        return tuple(_both(a, b) for a, b in itertools.combinations(self.mistakes, 2) if _combine(self.reference, a, b))

    @functools.cache  # noqa: B019  (one per exercise of the course, for as long as the course runs)
    def _known(self, function: Callable[..., Any], i: int) -> Observed:
        """Return what the reference or a mistake does with a case; it is the same at each check."""
        return self._observe(function, self._inputs[i])

    @functools.cached_property
    def _inputs(self) -> Sequence[Case]:
        return self.cases()

    def _observe(self, function: Callable[..., Any], case: Case) -> Observed:
        """Return what the function does with one case."""
        running.seed()
        with torch.enable_grad():
            return (self.probe or observing.values_and_gradients(self.outputs, self.gradients))(function, case)

    def _try(self, learner: Callable[..., Any], case: Case) -> Observed:
        """Return what the learner's function does; with an exception go the shapes that it was given."""
        try:
            return self._observe(learner, case)
        except Problem as problem:
            if problem.kind == "exception" and "Can't call numpy()" in str(problem):
                raise Problem("gradient", f"{problem} {_NUMPY}") from None
            shapes = [f"{n} {tuple(v.shape)}" for n, v in case.items() if isinstance(v, Tensor)]
            if problem.kind == "exception" and shapes:
                raise Problem("exception", f"{problem} (with shapes {', '.join(shapes)})") from None
            raise


_NUMPY = "The gradient of this answer is needed, and numpy or `.detach()` would cut it off: compute it with torch."


def _combine(reference: Callable[..., Any], a: Mistake, b: Mistake) -> bool:
    """Return whether both mistakes are other keywords of the reference, and no keyword is changed by both."""
    if not (isinstance(a.wrong, functools.partial) and isinstance(b.wrong, functools.partial)):
        return False
    return a.wrong.func is b.wrong.func is reference and not a.wrong.keywords.keys() & b.wrong.keywords.keys()


def _both(a: Mistake, b: Mistake) -> Mistake:
    wrong = functools.partial(a.wrong, **b.wrong.keywords)  # type: ignore[attr-defined]
    why = (
        f"Your numbers come out when two mistakes are made together. The first, by itself: {a.why} The second: {b.why}"
    )
    return Mistake(f"two mistakes: {a.name} and {b.name}", wrong, why, a.hint)


@dataclass(frozen=True)
class Diagnosis:
    """A mistake that explains an outcome: its name, one sentence on it, a hint that keeps the answer back."""

    name: str
    why: str
    hint: str


@dataclass(frozen=True)
class Demand:
    """One thing that a challenge asks for: the sentence, whether it is met, what was measured, and why, if known."""

    sentence: str
    met: bool
    measured: str
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True)
class Challenge:
    """Something to build or to provoke: the learner's function is used, and the outcome measured.

    `measure` receives a function that calls the learner's one and returns its answer: as it is, or, where a shape is
    given, as a tensor of that shape. Of the demands that are not met, the first with a diagnosis is named.
    seconds: of computing, after which the function is stopped; done: what to say when every demand is met.
    """

    name: str
    contract: str
    parameters: tuple[str, ...]
    measure: Callable[[Callable[..., Any]], Sequence[Demand]]
    hints: tuple[str, str, str]
    done: str = "You broke it, and measured that you did."
    seconds: float = running.LIMIT_S

    def __call__(self, learner: Callable[..., Any]) -> Result:
        """Measure what the learner's function brings about; never raises for what the learner wrote."""
        return _answer(self, lambda: self._check(learner))

    def _check(self, learner: Callable[..., Any]) -> Result:
        observing.must_be_function(self.name, learner, self.parameters)
        trains = self.seconds > running.LIMIT_S
        advice = {"advice": "Train it for fewer steps, or make it smaller."} if trains else {}
        with running.apart() as printed:
            running.seed()
            try:
                demands = running.within(self.seconds, lambda: self.measure(_asked(learner)), **advice)
            except Problem as problem:
                problem.printed = printed.getvalue()
                raise
        return replace(self._judge(demands), printed=printed.getvalue())

    def _judge(self, demands: Sequence[Demand]) -> Result:
        facts = tuple((f"{'✓' if d.met else '✗'} {d.sentence}", d.measured) for d in demands)
        unmet = [demand for demand in demands if not demand.met]
        if not unmet:
            return Result(self.name, "passed", self.done, None, facts)
        share = 1 - len(unmet) / len(demands)
        for found in (demand.diagnosis for demand in unmet):
            if found:
                hints = (found.hint, *self.hints[1:])
                return Result(self.name, "mistake", found.why, found.name, facts, hints, share=share)
        text = "Some of what was asked for is still missing; the marks below say which."
        return Result(self.name, "not met", text, None, facts, self.hints, share=share)


def _answer(check: Exercise | Challenge, work: Callable[[], Result]) -> Result:
    """Return work(), or the answer to what kept it from ending; remember on this machine what has been passed."""
    try:
        result = work()
    except Problem as problem:
        return _problem(check, problem)
    except Exception as error:  # an answer that no one has thought of yet must not end in our traceback
        return _problem(check, Problem("exception", f"The checker could not use your answer: {running.text(error)}"))
    if result.passed:
        with contextlib.suppress(Exception):  # for the table in notebook 00; no disk, no home: nobody is hindered
            answers.write(answers.exercise_key(result.exercise), {"solved": True})
    return result


def _problem(check: Exercise | Challenge, problem: Problem) -> Result:
    """Return the answer to a problem; the contract goes with it, since it may have been misread."""
    text, line = str(problem), problem.printed.strip().split("\n")[0]
    if problem.kind == "nothing" and line:
        text = f"Your function prints `{line[:60]}` and returns nothing. Put `return` where `print` is."
    also = f"; its gradient is checked, too: {', '.join(check.gradients)}" if isinstance(check, Exercise) else ""
    facts = (("contract", check.contract + (also if getattr(check, "gradients", ()) else "")),)
    return Result(check.name, problem.kind, text, None, facts, check.hints, printed=problem.printed)


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
        return tensor.detach().clone()

    return ask
