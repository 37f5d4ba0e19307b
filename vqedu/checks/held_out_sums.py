"""The larger task on words and images: an experiment that tells a model that adds from one that memorizes.

The models are simulated, so that the true shares are known.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from vqedu.checks.engine import running
from vqedu.checks.engine.exercise import Challenge, Demand, Diagnosis

SUMS = [(a, b) for a in range(10) for b in range(10 - a)]  # all 55
Pair = tuple[int, int]


class World(NamedTuple):
    """A kind of model: its share of right answers on sums trained on, trained on in the other order, or neither."""

    name: str
    trained: Callable[[Pair], float]
    other_order: Callable[[Pair], float]
    neither: Callable[[Pair], float]


WORLDS = (
    World("a model that adds", lambda _: 0.96, lambda _: 0.96, lambda _: 0.96),
    World("one that memorizes", lambda _: 0.94, lambda _: 0.1, lambda _: 0.1),
    World("one that memorizes but ignores the order", lambda _: 0.94, lambda _: 0.94, lambda _: 0.1),
    World("one that is often wrong", lambda _: 0.6, lambda _: 0.5, lambda _: 0.35),
    World(
        "one that is better at small sums", lambda p: 1 - 0.04 * sum(p), lambda p: 0.8, lambda p: 0.8 - 0.06 * sum(p)
    ),
)
TOLERANCE, DRAWINGS = 0.06, 400  # with 400 drawings the standard error is at most 0.025
TRAINED, HELD_OUT, ANSWERS = 30, 10, 4  # sums: at least in each model, in all, and how many different answers


class _Trial:
    """One world, in which a learner's experiment trains models and asks them; everything is written down."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.models: list[frozenset[Pair]] = []
        self.asked: Counter[tuple[int, Pair]] = Counter()
        self.generator = random.Random(0)

    def train(self, sums: Any) -> int:
        """Return the number of a new model, which the learner passes back to `ask`."""
        self.models.append(frozenset(_pair(pair) for pair in sums))
        return len(self.models) - 1

    def ask(self, model: Any, a: Any, b: Any, n: Any) -> list[int]:
        pair, number = _pair((a, b)), int(model)
        self.asked[number, pair] += int(n)
        chance = self.chance(number, pair)
        wrong = [digit for digit in range(10) if digit != sum(pair)]
        return [sum(pair) if self.generator.random() < chance else self.generator.choice(wrong) for _ in range(int(n))]

    def chance(self, model: int, pair: Pair) -> float:
        trained = self.models[model]
        kind = self.world.trained if pair in trained else self.world.neither
        return (self.world.other_order if pair not in trained and pair[::-1] in trained else kind)(pair)

    def questions(self, trained: bool) -> list[tuple[int, Pair]]:
        return [(model, pair) for model, pair in self.asked if (pair in self.models[model]) == trained]

    def truth(self, trained: bool) -> float:
        chances = [self.chance(*question) for question in self.questions(trained)]
        return sum(chances) / len(chances) if chances else math.nan


def _pair(pair: Any) -> Pair:
    a, b = (int(number) for number in pair)
    if a < 0 or b < 0 or a + b > 9:
        raise running.Problem("argument", f"{a} plus {b} is not one of the 55 sums, whose answers go from 0 to 9.")
    return a, b


def _measure_sums(ask: Callable[..., Any]) -> list[Demand]:
    trials, answers = [], []
    for world in WORLDS:
        trial = _Trial(world)
        answer = ask(trial.train, trial.ask)
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            raise running.Problem("type", "Return two numbers: `return trained, held_out`.")
        trials.append(trial)
        answers.append((float(answer[0]), float(answer[1])))
    return [
        _held_out(trials[0]),
        _commuted(trials[0]),
        _covered(trials[0]),
        _effort(trials),
        *_estimates(trials, answers),
    ]


def _held_out(trial: _Trial) -> Demand:
    sizes, out = [len(sums) for sums in trial.models], {pair for _, pair in trial.questions(trained=False)}
    enough = bool(sizes) and min(sizes) >= TRAINED and len(out) >= HELD_OUT
    said = f"trained on: {', '.join(map(str, sizes)) or 'none'}; held out: {len(out)}"
    return Demand(
        f"each model: at least {TRAINED} sums to train on; in all, at least {HELD_OUT} others to test it",
        enough,
        said[:120],
        None if out else _NOTHING_HELD_OUT,
    )


def _commuted(trial: _Trial) -> Demand:
    leaks = sorted({pair for model, pair in trial.questions(trained=False) if pair[::-1] in trial.models[model]})
    measured = "none" if not leaks else f"{len(leaks)}: {leaks[0][::-1]} was trained on, but {leaks[0]} held out"
    return Demand("no held-out sum was trained on in the other order", not leaks, measured, _OTHER_ORDER)


def _covered(trial: _Trial) -> Demand:
    lacking = []
    for sums in trial.models:
        lacking += [f"the answer {digit}" for digit in range(10) if digit not in {a + b for a, b in sums}]
        lacking += [f"“{digit} plus”" for digit in range(10) if digit not in {a for a, _ in sums}]
        lacking += [f"“plus {digit}”" for digit in range(10) if digit not in {b for _, b in sums}]
    answers = {sum(pair) for _, pair in trial.questions(trained=False)}
    few = [] if len(answers) >= ANSWERS else [f"only {len(answers)} different answers among the held-out sums"]
    return Demand(
        f"training sums: every answer, every word in both slots; held-out sums: at least {ANSWERS} answers",
        not lacking and not few,
        f"missing: {', '.join([*lacking, *few][:4])}" if lacking or few else "nothing is missing",
        _UNKNOWN_WORD if lacking else None,
    )


def _effort(trials: Sequence[_Trial]) -> Demand:
    trainings = max(len(trial.models) for trial in trials)
    drawings = max(sum(trial.asked.values()) for trial in trials)
    said = f"{trainings} and {drawings:,}"
    return Demand("at most 5 trainings and 20,000 drawings", trainings <= 5 and drawings <= 20_000, said)


def _estimates(trials: Sequence[_Trial], answers: Sequence[tuple[float, float]]) -> list[Demand]:
    demands = []
    for which, name in enumerate(("trained", "held_out")):
        off = [
            (abs(answer[which] - trial.truth(which == 0)), trial, answer)
            for trial, answer in zip(trials, answers, strict=True)
        ]
        worst, trial, answer = max(off, key=lambda one: math.inf if math.isnan(one[0]) else one[0])
        few = all(_by_chance(trial, which == 0, gap) for gap, trial, _ in off)
        demands.append(
            Demand(
                f"`{name}` is within {TOLERANCE} of the truth for {len(trials)} kinds of models",
                worst <= TOLERANCE,
                f"{trial.world.name}: {answer[which]:.2f}, while the true share is {trial.truth(which == 0):.2f}",
                _why_off(trials, answers) or (_TOO_FEW if few else None),
            )
        )
    return demands


def _by_chance(trial: _Trial, trained: bool, gap: float) -> bool:
    """Return whether so few drawings can miss the truth by this much: by up to four standard errors."""
    n, p = sum(trial.asked[question] for question in trial.questions(trained)), trial.truth(trained)
    return 0 < n < DRAWINGS and gap <= 4 * math.sqrt(p * (1 - p) / n)


def _why_off(trials: Sequence[_Trial], answers: Sequence[tuple[float, float]]) -> Diagnosis | None:
    """Return the mistake that explains the two numbers in every world, if one does."""
    if any(max(answer) > 1.001 for answer in answers):
        return _NO_SHARES
    pairs = list(zip(trials, answers, strict=True))
    if all(abs(a - t.truth(False)) <= TOLERANCE and abs(b - t.truth(True)) <= TOLERANCE for t, (a, b) in pairs):
        return _SWAPPED
    return None


_NOTHING_HELD_OUT = Diagnosis(
    "nothing is held out",
    "Every sum that you ask about was in the training set of the model that you ask. A model that only memorizes would "
    "do as well as one that adds.",
    "Which sums must not be in the training set?",
)
_OTHER_ORDER = Diagnosis(
    "the other order was trained",
    "Some sums that you hold out were trained on in the other order. A model that ignores the order of the two words "
    "could answer them from memory.",
    "If (2, 4) is held out, what else must be?",
)
_UNKNOWN_WORD = Diagnosis(
    "a word or an answer is missing from training",
    "A model that has never seen a word in this slot, or a sum with this answer, may fail for that reason alone. Your "
    "experiment could not distinguish it from a model that does not add.",
    "Draw the 55 sums as a triangle, a across and b down. What else does holding out a whole row remove?",
)
_TOO_FEW = Diagnosis(
    "too few drawings",
    f"With fewer than {DRAWINGS} drawings, chance alone can move the share by more than the tolerance.",
    "The standard error of a share p from n drawings is sqrt(p (1 - p) / n). Which n do you need?",
)
_NO_SHARES = Diagnosis(
    "counts or percent in place of shares",
    "A share lies between 0 and 1; one of your numbers is larger.",
    "What do you divide by?",
)
_SWAPPED = Diagnosis(
    "the two numbers are swapped",
    "You return the two shares in the wrong order: the one for the training sums comes second.",
    "In which order does the contract name them?",
)

build_sums = Challenge(
    name="build_sums",
    contract="build_sums(train, ask): train(sums) returns a model trained on these pairs (a, b), ask(model, a, b, n) "
    "the digits read in n drawings of a plus b -> two numbers from 0 to 1: the share of right answers among trained "
    "sums, and among held-out sums",
    parameters=("train", "ask"),
    measure=_measure_sums,
    hints=(
        "List the 55 sums and choose at least ten to hold out, spread over many answers. Train on the rest.",
        "Hold out (a, b) and (b, a) together, and check that the training set still has every word in both slots.",
        "50 drawings of each sum are plenty: `sum(digit == a + b for digit in ask(model, a, b, 50)) / 50`.",
    ),
    done="Your experiment distinguishes a model that adds from one that memorizes, even from one that ignores the "
    "order of the words. Ours holds out six pairs in both orders (12 of the 55 sums) and draws each sum 50 times.",
)
