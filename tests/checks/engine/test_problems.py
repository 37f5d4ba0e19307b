"""What a learner's code may do besides being wrong: raise, hang, print, change its inputs. Each has its own answer."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from vqedu import checks, losses
from vqedu.checks.engine import running
from vqedu.publish import notebooks
from vqedu.publish.notebooks import NOTEBOOKS


def raises(mu: Any, logvar: Any) -> Any:
    shifted = mu + 1
    return shifted[7]


def raises_in_a_function_of_the_learner(mu: Any, logvar: Any) -> Any:
    return raises(mu, logvar)


def prints(mu: Any, logvar: Any) -> None:
    print("a KL of", 3)


def changes_its_input(mu: Any, logvar: Any) -> Any:
    logvar.exp_()
    return mu.square().sum(1)


def calls_itself(mu: Any, logvar: Any) -> Any:
    return calls_itself(mu, logvar)


def numbers_without_gradient(mu: Any, logvar: Any) -> Any:
    return checks.kl.reference(mu, logvar).detach()


@pytest.mark.parametrize(
    ("learner", "kind", "words"),
    [
        (raises, "exception", ["`return shifted[7]`", "IndexError", "mu (1, 1)"]),
        (raises_in_a_function_of_the_learner, "exception", ["`return shifted[7]`"]),
        (lambda mu, logvar: undefined_name, "exception", ["NameError", "undefined_name"]),  # type: ignore[name-defined] # noqa: F821
        (calls_itself, "exception", ["RecursionError"]),
        (lambda mu, logvar: exit(), "exception", ["SystemExit"]),
        (prints, "nothing", ["prints `a KL of 3`", "`return`"]),
        (lambda mu, logvar: None, "nothing", ["returns nothing"]),
        (lambda mu, logvar: ..., "not started", ["`...`"]),
        (lambda mu, logvar: 0.5 * ..., "not started", ["`...`"]),  # type: ignore[operator]
        (changes_its_input, "mutation", ["`logvar`", "clone"]),
        (lambda mu, logvar: mu, "shape", ["(1, 1)", "(1,)"]),
        (lambda mu, logvar: "7", "type", ["tensor", "str"]),
        (lambda mu, logvar: (mu.sum(1), 1), "type", ["tuple"]),
        (lambda mu, logvar: (mu - 99).log().sum(1), "nan", ["NaN"]),
        (lambda mu, logvar: torch.ones(len(mu)), "constant", ["1 for every input"]),
        (numbers_without_gradient, "gradient", ["no gradient"]),
        (lambda mu, logvar: mu.numpy().sum(1), "gradient", ["`", "numpy", "compute it with torch", "checked, too: mu"]),
        (lambda mu: mu, "argument", ["`(mu, logvar)`", "`(mu)`"]),
        (torch.zeros(2), "argument", ["without brackets", "Tensor"]),
    ],
)
def test_each_problem_has_its_own_kind_answer(learner: Any, kind: str, words: list[str]) -> None:
    result = checks.kl(learner)
    assert (result.kind, result.mistake, result.passed) == (kind, None, False), result
    assert all(word in result.text for word in words), result.text
    assert len(result.hints) == 3


def small(reference: Callable[..., Any], outputs: tuple[str, ...] = ("result",)) -> checks.Exercise:
    """An exercise that takes one tensor, for what is not particular to any topic."""
    return checks.Exercise(
        name="small", contract="small(x)", cases=lambda: [{"x": torch.arange(3.0)}], reference=reference,
        mistakes=(), hints=("first", "second", "third"), outputs=outputs,
    )  # fmt: skip


def test_whole_numbers_as_floats_are_told_from_wrong_numbers() -> None:
    result = small(lambda x: x.long())(lambda x: x)
    assert result.kind == "type"
    assert "numbers are right" in result.message


def test_too_few_results_are_told() -> None:
    result = small(lambda x: (x, 2 * x, 3 * x), ("one", "two", "three"))(lambda x: (x, 2 * x))
    assert result.kind == "type"
    assert "3 results" in result.message


def test_a_shape_is_told_for_draws_too() -> None:
    assert checks.reparameterize(lambda mu, logvar: mu.sum(1)).kind == "shape"


def loops_for_ever(mu: Any, logvar: Any) -> Any:
    while True:
        pass


def catches_what_stops_it(mu: Any, logvar: Any) -> Any:
    while True:
        try:
            mu = mu + 1
        except:  # noqa: E722
            mu = mu - 1


def sleeps(mu: Any, logvar: Any) -> Any:
    time.sleep(8)
    return mu


@pytest.mark.parametrize("learner", [loops_for_ever, catches_what_stops_it])
def test_an_endless_loop_is_ended(learner: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LIMIT_S", 0.3)
    result = checks.kl(learner)
    assert result.kind == "time"
    assert not [thread for thread in threading.enumerate() if thread.name == "a learner's code"]


def test_code_that_waits_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "WAIT_S", 0.2)
    monkeypatch.setattr(running, "GRACE_S", 0.2)
    result = checks.kl(sleeps)
    assert result.kind == "time"
    assert "waiting" in result.message


def test_code_that_a_busy_machine_gives_little_time_is_not_taken_for_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "WAIT_S", 0.1)

    def starved(mu: Any, logvar: Any) -> Any:
        for _ in range(10):  # computes for 3 of every 33 ms, as beside ten other processes
            time.sleep(0.03)
            end = time.thread_time() + 0.003
            while time.thread_time() < end:
                pass
        return losses.kl_to_standard_normal(mu, logvar)

    assert checks.kl(starved).passed


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_from_the_keyboard_comes_through_and_ends_the_loop() -> None:
    rounds = [0]

    def counts_for_ever(mu: Any, logvar: Any) -> Any:
        while True:
            rounds[0] += 1

    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        checks.kl(counts_for_ever)
    seen = rounds[0]
    time.sleep(0.1)
    assert rounds[0] == seen > 0


CELLS = """
# %%
from vqedu import checks, losses
from vqedu.checks.engine import running

running.LIMIT_S = 1.0

# %%
def endless(mu, logvar):
    while True:
        pass

print(checks.kl(endless).kind)

# %%
def wrong(mu, logvar):
    twice = 2 * mu
    return twice.undefined

checks.kl(wrong)

# %%
print("alive", checks.kl(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)).passed)
"""


def test_in_a_kernel_an_endless_loop_is_stopped_and_the_kernel_lives_on(tmp_path: Any) -> None:
    script = tmp_path / "kernel.py"
    script.write_text(CELLS.lstrip(), encoding="utf-8")
    notebook = notebooks.execute(notebooks.read_source(script), "kernel", NOTEBOOKS)
    _, endless, wrong, alive = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert endless.outputs[0].text == "time\n"
    assert "Line 3 of your code, `return twice.undefined`, raised AttributeError" in wrong.outputs[0].data["text/plain"]
    assert "<details" in wrong.outputs[0].data["text/html"]
    assert alive.outputs[0].text == "alive True\n"


@pytest.mark.parametrize(
    ("gray", "kind", "mistake", "points"),
    [(0.5, "passed", None, 1.0), (0.1, "mistake", "too dark", 0.5), (0.9, "not met", None, 0.5)],
)
def test_a_challenge_names_the_mistake_that_explains_what_is_not_met(
    gray: float, kind: str, mistake: str | None, points: float
) -> None:
    dark = checks.Diagnosis("too dark", "Your gray is nearly black.", "What is half of white?")

    def measure(asked: Callable[..., Any]) -> list[checks.Demand]:
        value = asked()
        return [
            checks.Demand("a number comes back", True, f"{value:.1f}"),
            checks.Demand("half gray", value == 0.5, f"{value:.1f}", dark if value < 0.5 else None),
        ]

    hints = ("first", "second", "third")
    challenge = checks.Challenge("gray", "`gray()` -> a number.", (), measure, hints, done="Half gray, as asked.")
    result = challenge(lambda: gray)
    assert (result.kind, result.mistake, result.points) == (kind, mistake, points)
    if kind == "passed":
        assert result.message == "Half gray, as asked."
    else:
        assert result.hints == (("What is half of white?" if mistake else "first"), "second", "third")


def test_a_training_that_takes_too_long_is_told_to_train_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LIMIT_S", 0.1)
    challenge = checks.Challenge("endless", "`endless()`", (), lambda asked: asked(), ("", "", ""), seconds=0.2)

    def endless() -> None:
        while True:
            pass

    result = challenge(endless)
    assert result.kind == "time"
    assert result.message.endswith("Train it for fewer steps, or make it smaller.")
