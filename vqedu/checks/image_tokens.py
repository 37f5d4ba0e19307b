"""The exercises on image tokens: FSQ, the stages of a residual VQ, a starved FSQ, sums held out of training."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vqedu.checks import running
from vqedu.checks.engine import Challenge, Demand, Diagnosis, Exercise, Mistake
from vqedu.checks.numbers import quarters
from vqedu.checks.observing import Case


def _replace_value(bounded: Tensor, rounded: Tensor) -> Tensor:
    return rounded.detach() + (bounded - bounded.detach())


def _fsq(
    z: Tensor,
    levels: int,
    *,
    bound: Callable[[Tensor], Tensor] = torch.tanh,
    half: Callable[[int], float] = lambda levels: (levels - 1) / 2,
    to_whole: Callable[[Tensor], Tensor] = torch.round,
    through: Callable[[Tensor, Tensor], Tensor] = _replace_value,
    finish: Callable[[Tensor, int], Tensor] = lambda found, levels: found,
) -> Tensor:
    bounded = bound(z) * half(levels)
    return finish(through(bounded, to_whole(bounded)), levels)


fsq = Exercise(
    name="fsq",
    contract="fsq(z, levels): (N, D), an odd number of levels -> (N, D): tanh(z) scaled to -(levels - 1)/2 .. (levels "
    "- 1)/2 and rounded to whole numbers, with the gradient of the rounding replaced by that of the identity",
    cases=lambda: [
        {"z": quarters(i, n, d, limit=10) + 0.125, "levels": levels}
        for i, (n, d, levels) in enumerate([(1, 2, 3), (2, 2, 5), (4, 3, 7), (6, 4, 5)], 1)
    ],
    reference=_fsq,
    gradients=("z",),
    mistakes=(
        Mistake(
            "no gradient through the rounding",
            partial(_fsq, through=lambda bounded, rounded: rounded),
            "The numbers are right, but rounding has slope 0, so the encoder would get no gradient.",
            "Use the straight-through trick: the value of one tensor, the gradient of another.",
        ),
        Mistake(
            "straight through the tanh as well",
            lambda z, levels: _replace_value(z, (torch.tanh(z) * ((levels - 1) / 2)).round()),
            "The gradient skips the tanh. Only the rounding should be skipped; the slope of the tanh is real.",
            "The difference that is detached should be between the rounded and the bounded number.",
        ),
        Mistake(
            "not bounded",
            partial(_fsq, bound=lambda z: z),
            "Without the tanh the result can take more than `levels` different values.",
            "How large can |z| become, and how large may the result be?",
        ),
        Mistake(
            "sigmoid for tanh",
            partial(_fsq, bound=torch.sigmoid),
            "A sigmoid lies between 0 and 1, so the negative levels are never used.",
            "Which range should the bounded value have?",
        ),
        Mistake(
            "one level too many",
            partial(_fsq, half=lambda levels: (levels + 1) / 2),
            "Your outermost levels lie beyond (levels - 1)/2.",
            "With 3 levels the values are -1, 0 and 1. How far from 0 is the last one?",
        ),
        Mistake(
            "levels for half of levels - 1",
            partial(_fsq, half=lambda levels: levels / 2),
            "You scale tanh by levels / 2, so values near the edge round to a level that does not exist.",
            "With 3 levels, what should the largest bounded value be?",
        ),
        Mistake(
            "levels - 1 without the half",
            partial(_fsq, half=lambda levels: levels - 1),
            "You scale tanh by levels - 1, which gives nearly twice as many levels as asked for.",
            "With 3 levels, what should the largest bounded value be?",
        ),
        Mistake(
            "floor for round",
            partial(_fsq, to_whole=torch.floor),
            "`floor` goes to the next level below, not to the nearest one.",
            "Where should 0.9 go?",
        ),
        Mistake(
            "scaled back to -1 .. 1",
            partial(_fsq, finish=lambda found, levels: found / ((levels - 1) / 2)),
            "The levels are right, but you divide them by (levels - 1)/2 at the end. The contract asks for whole "
            "numbers.",
            "Which values does the contract ask for with 5 levels?",
        ),
        Mistake(
            "counted from 0",
            partial(_fsq, finish=lambda found, levels: found + (levels - 1) / 2),
            "You return levels from 0 to levels - 1. The contract asks for levels around 0.",
            "Which values does the contract ask for with 5 levels?",
        ),
    ),
    hints=(
        "Three steps: bound, round, and pass the gradient.",
        "bounded = tanh(z) * (levels - 1) / 2 has the right range; `.round()` gives the levels.",
        "rounded.detach() + (bounded - bounded.detach()) has the value of one and the gradient of the other.",
    ),
)


def _nearest(r: Tensor, codebook: Tensor) -> Tensor:
    return codebook[(r[:, None] - codebook).square().sum(2).argmin(1)]


def _farthest(r: Tensor, codebook: Tensor) -> Tensor:
    return codebook[(r[:, None] - codebook).square().sum(2).argmax(1)]


def _residual(
    z: Tensor,
    codebooks: Tensor,
    *,
    rest: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda z, r, code: r - code,
    choose: Callable[[Tensor, Tensor], Tensor] = _nearest,
    answer: Callable[[Tensor, list[Tensor]], Tensor] = lambda z, codes: torch.stack(codes).sum(0),
) -> Tensor:
    r, codes = z, []
    for codebook in codebooks:
        codes.append(choose(r, codebook))
        r = rest(z, r, codes[-1])
    return answer(z, codes)


def _tables() -> list[Case]:
    sizes = [(1, 1, 2, 2), (2, 2, 3, 2), (4, 3, 4, 3), (6, 2, 8, 2)]
    offsets = [torch.arange(k)[:, None] / 64 for _, _, k, _ in sizes]  # no two codes are equally near
    return [
        {"z": quarters(i, n, d, limit=4), "codebooks": quarters(i + 20, stages, k, d) / 2 + offset}
        for i, ((n, stages, k, d), offset) in enumerate(zip(sizes, offsets, strict=True), 1)
    ]


residual = Exercise(
    name="residual",
    contract="residual(z, codebooks): vectors (n, D), codes (stages, K, D) -> z_q (n, D): each stage quantizes what "
    "the stages before it left over, and z_q is the sum of the chosen codes. The code given contains one bug",
    cases=_tables,
    reference=_residual,
    outputs=("z_q",),
    mistakes=(
        Mistake(
            "the planted bug",
            partial(_residual, rest=lambda z, r, code: z),
            "Each stage looks for the code nearest to z itself, so the sum overshoots.",
            "What does the second stage still have to describe?",
        ),
        Mistake(
            "residual with plus",
            partial(_residual, rest=lambda z, r, code: r + code),
            "You add the chosen code to the residual instead of subtracting it.",
            "If a code fits perfectly, what should be left over?",
        ),
        Mistake(
            "quantizes the code instead of the residual",
            partial(_residual, rest=lambda z, r, code: code),
            "The second stage quantizes the code that the first stage chose, not what it left over.",
            "Which difference is left after the first stage?",
        ),
        Mistake(
            "residual taken from z at every stage",
            partial(_residual, rest=lambda z, r, code: z - code),
            "Your residual is z minus the last code only. From the third stage on, the earlier codes are forgotten.",
            "From what must each code be subtracted?",
        ),
        Mistake(
            "only the last stage returned",
            partial(_residual, answer=lambda z, codes: codes[-1]),
            "The residuals are right, but you return only the code of the last stage.",
            "Which codes add up to z_q?",
        ),
        Mistake(
            "only the first stage used",
            partial(_residual, answer=lambda z, codes: codes[0]),
            "Only the first codebook is used.",
            "Does your loop return too early?",
        ),
        Mistake(
            "residual returned",
            partial(_residual, answer=lambda z, codes: z - torch.stack(codes).sum(0)),
            "You return what is left over at the end, not the sum of the codes.",
            "z = z_q + residual. Which of the two was asked for?",
        ),
        Mistake(
            "averaged over the stages",
            partial(_residual, answer=lambda z, codes: torch.stack(codes).mean(0)),
            "You average the codes of the stages. Each quantizes what the earlier ones left over, so they add up.",
            "z = first code + second code + ... + residual.",
        ),
        Mistake(
            "the farthest code",
            partial(_residual, choose=_farthest),
            "Each stage chooses the code farthest from the residual.",
            "argmin or argmax?",
        ),
    ),
    hints=(
        "Keep two variables: the sum of the codes so far, and what is left over.",
        "At the start the residual is z and the sum is zero.",
        "At each stage: code = nearest to the residual; residual = residual - code; total = total + code.",
    ),
)


def _measure_starved(ask: Callable[..., Any]) -> list[Demand]:
    """Quantize the learner's version of some vectors with 5 levels in each of 3 dimensions, and count the codes."""
    z = torch.randn(2000, 3, generator=torch.Generator().manual_seed(0))
    changed = ask(z.clone(), shape=(2000, 3)).double()
    sorted_alike = changed.gather(0, z.argsort(0)).diff(dim=0)  # where z rises, this must not fall
    distinct = min(len(column.unique()) for column in changed.T)
    order = bool((sorted_alike >= 0).all()) and distinct > len(z) / 2
    used, before = (len(torch.unique((2 * torch.tanh(v)).round(), dim=0)) for v in (changed, z))
    return [
        Demand("along each dimension the numbers keep their order and still differ", order, "yes" if order else "no"),
        Demand("at most 8 of the 125 codes are in use", used <= 8, f"{used}; it was {before} before"),
    ]


starve_fsq = Challenge(
    name="starve_fsq",
    contract="starve_fsq(z): vectors (n, 3) -> vectors (n, 3) in the same order along each dimension, for which an FSQ "
    "of 5 x 5 x 5 codes uses at most 8",
    parameters=("z",),
    measure=_measure_starved,
    hints=(
        "FSQ has no codebook that could follow the encoder. What happens if the encoder's outputs are far too small, "
        "or far too large?",
        "Rounding sends everything between -0.5 and 0.5 to one level.",
        "Multiply z by a small number. (A large one leaves the eight corners, but also a few codes near 0.)",
    ),
    done="The grid is still there, but all outputs of the encoder fall into a few cells. FSQ has no dead codes in "
    "the sense of notebook 06, but it can still leave codes unused.",
)


# Sums held out of training. The models are simulated, so that the true shares are known.

SUMS = [(a, b) for a in range(10) for b in range(10 - a)]  # all 55
Pair = tuple[int, int]


class World(NamedTuple):
    """A kind of model: how often it draws a sum rightly, if the sum was trained, its other order was, or neither."""

    name: str
    trained: Callable[[Pair], float]
    other_order: Callable[[Pair], float]
    neither: Callable[[Pair], float]


WORLDS = (
    World("a model that adds", lambda _: 0.96, lambda _: 0.96, lambda _: 0.96),
    World("one that remembers", lambda _: 0.94, lambda _: 0.1, lambda _: 0.1),
    World("one that remembers, in either order", lambda _: 0.94, lambda _: 0.94, lambda _: 0.1),
    World("one that is often wrong", lambda _: 0.6, lambda _: 0.5, lambda _: 0.35),
    World(
        "one that is better at small sums", lambda p: 1 - 0.04 * sum(p), lambda p: 0.8, lambda p: 0.8 - 0.06 * sum(p)
    ),
)
TOLERANCE, DRAWINGS = 0.06, 400  # with 400 drawings the standard error is at most 0.025


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
    asked = [sum(model == i for model, _ in trial.questions(trained=False)) for i in range(len(trial.models))]
    sizes = [len(sums) for sums in trial.models]
    enough = bool(sizes) and min(sizes) >= 30 and min(asked) >= 10
    said = ", ".join(f"{size} trained and {out} held out" for size, out in zip(sizes, asked, strict=True)) or "nothing"
    nothing = _NOTHING_HELD_OUT if not any(asked) else None
    return Demand("each model: at least 30 sums trained, 10 others held out and asked", enough, said[:120], nothing)


def _commuted(trial: _Trial) -> Demand:
    leaks = sorted({pair for model, pair in trial.questions(trained=False) if pair[::-1] in trial.models[model]})
    measured = "none" if not leaks else f"{len(leaks)}, such as {leaks[0][::-1]} trained and {leaks[0]} held out"
    return Demand("no held-out sum was trained in the other order", not leaks, measured, _OTHER_ORDER)


def _covered(trial: _Trial) -> Demand:
    lacking = []
    for sums in trial.models:
        lacking += [f"the answer {digit}" for digit in range(10) if digit not in {a + b for a, b in sums}]
        lacking += [f"“{digit} plus”" for digit in range(10) if digit not in {a for a, _ in sums}]
        lacking += [f"“plus {digit}”" for digit in range(10) if digit not in {b for _, b in sums}]
    answers = {sum(pair) for _, pair in trial.questions(trained=False)}
    few = [] if len(answers) >= 4 else [f"only {len(answers)} different answers among the held-out sums"]
    return Demand(
        "trained: every answer, every word in both slots; held out: at least 4 answers",
        not lacking and not few,
        f"lacking: {', '.join([*lacking, *few][:4])}" if lacking or few else "nothing is lacking",
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
        few = sum(trial.asked[question] for question in trial.questions(which == 0)) < DRAWINGS
        demands.append(
            Demand(
                f"`{name}` is within {TOLERANCE} of the truth for {len(trials)} kinds of models",
                worst <= TOLERANCE,
                f"{trial.world.name}: {answer[which]:.2f}, in truth {trial.truth(which == 0):.2f}",
                _why_off(trials, answers) or (_TOO_FEW if few else None),
            )
        )
    return demands


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
    "Every sum that you ask about was in the training set of the model that you ask. A model that only remembers would "
    "do as well as one that adds.",
    "Which sums must the training not contain?",
)
_OTHER_ORDER = Diagnosis(
    "the other order was trained",
    "Some sums that you hold out were trained in the other order. A model that looks at the two words without their "
    "order would answer them from memory.",
    "If (2, 4) is held out, what else must be?",
)
_UNKNOWN_WORD = Diagnosis(
    "a word or an answer is missing from training",
    "A model that has never seen a word in this slot, or a sum with this answer, fails for that reason. Your "
    "experiment could not tell it from a model that does not add.",
    "Draw the 55 sums as a triangle, a across and b down. What else does holding out a whole row remove?",
)
_TOO_FEW = Diagnosis(
    "too few drawings",
    f"With fewer than {DRAWINGS} drawings, chance alone can move the share by more than is allowed.",
    "The standard error of a share p from n drawings is sqrt(p (1 - p) / n). Which n do you need?",
)
_NO_SHARES = Diagnosis(
    "counts or percent in place of shares",
    "A share lies between 0 and 1; one of your numbers is larger.",
    "What do you divide by?",
)
_SWAPPED = Diagnosis(
    "the two numbers are swapped",
    "You return the two shares in the wrong order: yours for the trained sums comes second.",
    "In which order does the contract name them?",
)

build_sums = Challenge(
    name="build_sums",
    contract="build_sums(train, ask): train(sums) -> a model trained on these pairs (a, b), ask(model, a, b, n) -> the "
    "digits read in n drawings of a plus b -> two shares from 0 to 1: right among trained sums, right among held-out "
    "sums",
    parameters=("train", "ask"),
    measure=_measure_sums,
    hints=(
        "List the 55 sums and choose at least ten to hold out, spread over many answers. Train on the rest.",
        "Hold out (a, b) and (b, a) together, and check that every word is left in both slots.",
        "50 drawings of each sum are plenty: `sum(digit == a + b for digit in ask(model, a, b, 50)) / 50`.",
    ),
    done="Your experiment tells a model that adds from one that remembers, even from one that remembers in either "
    "order. Ours holds out six pairs in both orders and draws each sum 50 times: 43 trained sums, 12 held out.",
)
