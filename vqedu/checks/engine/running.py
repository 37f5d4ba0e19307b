"""Runs a learner's code so that it can harm nothing: errors become answers, endless loops end, no state leaks."""

from __future__ import annotations

import contextlib
import ctypes
import io
import linecache
import random
import re
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

LIMIT_S = 8.0  # seconds of computing: a right answer takes milliseconds; written as loops, up to two seconds
# Seconds on the clock, for code that waits for something that never comes; more where more computing is allowed.
WAIT_S = 30.0
IDLE = 0.02  # of the clock: code that computes less is waiting; on a busy machine code that works gets more than that
GRACE_S = 0.9  # for code that catches what stops it
MESSAGE_SHOWN = 400
MOST_PARTS = 100_000  # of a list: no exercise asks for more, and a `range` may have more than fit into memory
_LIBRARIES = (str(Path(__file__).parents[1]), sysconfig.get_paths()["stdlib"], "<frozen", "<__array_function__")

T = TypeVar("T")


class Problem(Exception):
    """What is wrong with an answer before its numbers matter: `kind` is one word, the text is for the learner."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind, self.printed = kind, ""


class _Stopped(SystemExit):
    """Thrown into a thread that ran too long. `except Exception` does not catch it, and a thread may end with it."""


class _Worker(threading.Thread):
    """work() in a thread that can be watched: how long it has computed, whether it imports, how it ended."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True, name="a learner's code")
        self.work = work
        # Not is_alive(): up to Python 3.12 an interrupt during join() makes it say that a running thread has ended.
        self.ended = threading.Event()
        self.result: list[Any] = []
        self.error: BaseException | None = None
        self.clock: int | None = None

    def run(self) -> None:
        try:
            if hasattr(time, "pthread_getcpuclockid"):
                self.clock = time.pthread_getcpuclockid(threading.get_ident())
            self.result.append(self.work())
        except BaseException as error:
            self.error = error
        finally:
            self.ended.set()

    def computed(self) -> float:
        """Return its seconds of computing; those of the whole process where a thread has no clock (macOS, Windows)."""
        with contextlib.suppress(OSError):  # it has just ended
            if self.clock is not None:
                return time.clock_gettime(self.clock)
        return time.process_time()

    def imports(self) -> bool:
        """Return whether it is importing a module, which a stop would leave half initialized for the whole kernel."""
        frame = sys._current_frames().get(self.ident or 0)
        while frame and not frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        return frame is not None

    def stop(self) -> None:
        """Throw _Stopped into it until it ends; a bare `except:` may catch it once, seldom again and again."""
        deadline = time.monotonic() + GRACE_S
        while not self.ended.is_set() and time.monotonic() < deadline:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident or 0), ctypes.py_object(_Stopped))
            self.ended.wait(0.005)
        if self.ended.is_set():
            self.join(GRACE_S)


def within(seconds: float, work: Callable[[], T], advice: str = "Does a `while` loop never end?") -> T:
    """Return work(), done in a thread of its own that is stopped after `seconds` of computing; raises what it raises.

    A thread, because it works alike on every system and in a kernel's main thread, where there are no signals on
    Windows. The interpreter raises the exception at the next jump of a loop, so `while True: pass` ends as well.
    Its own computing is counted, so a busy machine stops nobody; imports are not counted and never stopped.
    Raises Problem("time"), with the advice, for work that took too long. Code that waits inside a library call is left
    behind.
    """
    worker = _Worker(work)
    try:
        worker.start()
        why = _watch(worker, seconds, advice)
    finally:
        worker.stop()
    if worker.result:
        return worker.result[0]
    if worker.error and not isinstance(worker.error, _Stopped):
        raise worker.error
    raise Problem("time", why)


def _watch(worker: _Worker, seconds: float, advice: str) -> str:
    """Return when the work has ended or has taken too long, with a sentence on the latter."""
    patience = WAIT_S * max(1.0, seconds / LIMIT_S)
    computed = waited = 0.0
    clock, processor = time.monotonic(), worker.computed()
    while not worker.ended.wait(0.05):  # short, so that a keyboard interrupt comes through on Windows too
        before, clock, processor = (clock, processor), time.monotonic(), worker.computed()
        if worker.imports():
            continue
        worked = max(0.0, processor - before[1])
        computed += worked
        if worked < IDLE * (clock - before[0]):
            waited += clock - before[0]
        if computed > seconds:
            return f"Your code was stopped after computing for {seconds:g} seconds. {advice}"
        if waited > patience:
            return f"Your code was stopped after {patience:g} seconds of waiting. What does it wait for?"
    return "Your code was stopped."


@contextlib.contextmanager
def apart() -> Iterator[io.StringIO]:
    """Keep a check and the notebook apart; yields what is printed meanwhile.

    Prints are caught and warnings dropped. The states of the random generators come back as they were. Whatever mode
    the notebook is in (float64 as the default, another device, `no_grad`, `inference_mode`), a check runs in torch's
    usual one, and compiled functions run as they are written.
    """
    printed, dtype = io.StringIO(), torch.get_default_dtype()
    modes = (torch.inference_mode(False), torch.enable_grad(), torch.device("cpu"), _uncompiled())
    with contextlib.ExitStack() as stack:
        for context in (contextlib.redirect_stdout(printed), warnings.catch_warnings(), _random_states(), *modes):
            stack.enter_context(context)
        warnings.simplefilter("ignore")
        torch.set_default_dtype(torch.float32)
        stack.callback(torch.set_default_dtype, dtype)
        yield printed


@contextlib.contextmanager
def _random_states() -> Iterator[None]:
    """Give torch, numpy and Python their random states back."""
    states = np.random.get_state(), random.getstate()  # noqa: NPY002  (the generator that old code uses)
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            np.random.set_state(states[0])  # noqa: NPY002
            random.setstate(states[1])


def _uncompiled() -> contextlib.AbstractContextManager[Any]:
    """Return a context in which what `torch.compile` returned runs uncompiled: compiling takes longer than LIMIT_S."""
    if "torch._dynamo" in sys.modules and hasattr(torch.compiler, "set_stance"):
        return torch.compiler.set_stance("force_eager")
    return contextlib.nullcontext()


def seed() -> None:
    """Let every generator that a function may use without naming one begin anew."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)


def call(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Return function(*arguments); raises Problem for an error in it, for None, and for dots not yet replaced."""
    try:
        answer = function(*arguments)
        if isinstance(answer, Iterator):
            answer = listed(answer)  # only here does the code of a generator run
    except (Problem, _Stopped):
        raise
    except BaseException as error:  # KeyboardInterrupt too: one from the keyboard arrives in another thread
        raise (_not_started() if _met_dots(error) else Problem("exception", _where(error))) from None
    if answer is None:
        raise Problem("nothing", "Your function returns nothing (None). Its last line should be `return ...`.")
    if any(part is Ellipsis for part in (answer if isinstance(answer, (tuple, list)) else (answer,))):
        raise _not_started()
    return answer


def listed(values: Iterable[Any]) -> list[Any]:
    """Return the values as a list; raises Problem for more than MOST_PARTS, of which there may be no end."""
    found = list(islice(values, MOST_PARTS + 1))
    if len(found) > MOST_PARTS:
        raise Problem("type", f"Your function returns more than {MOST_PARTS:,} numbers one by one.")
    return found


def _not_started() -> Problem:
    return Problem("not started", "The dots `...` are still there: put your code in their place.")


def _met_dots(error: BaseException) -> bool:
    """Return whether an operation met the dots themselves; the errors of einsum, too, speak of an ellipsis."""
    return isinstance(error, (TypeError, AttributeError)) and bool(re.search(r"'ellipsis'|not ellipsis", text(error)))


def _where(error: BaseException) -> str:
    """Say what was raised, and by which line of the learner's own code."""
    raised = f"{type(error).__name__}: {text(error)}".strip().rstrip(":")
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
    if not own:
        return f"Your code raised {raised}"
    line = (own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno or 0)).strip()
    shown = f", `{line}`," if line else ""
    return f"Line {own[-1].lineno} of your code{shown} raised {raised}"


def _is_own(filename: str) -> bool:
    return not filename.startswith(_LIBRARIES) and not re.search(r"(site|dist)-packages", filename)


def text(error: BaseException) -> str:
    """Return an error's message, shortened if it is long; an error may even fail to say what it is."""
    try:
        message = str(error)
    except Exception:
        return "an error without a message"
    return message if len(message) <= MESSAGE_SHOWN else f"{message[:MESSAGE_SHOWN]} …"
