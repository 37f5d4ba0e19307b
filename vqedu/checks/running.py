"""Runs a learner's code so that it can harm nothing: an error becomes an answer, an endless loop ends."""

from __future__ import annotations

import contextlib
import ctypes
import io
import linecache
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch

LIMIT_S = 4.0  # a right answer takes milliseconds; written as loops tenths of a second; a first optimizer one second
GRACE_S = 0.9  # for code that catches what stops it
_HERE = str(Path(__file__).parent)

T = TypeVar("T")


class Problem(Exception):
    """What is wrong with an answer before its numbers matter: `kind` is one word, the text is for the learner."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class _Stopped(SystemExit):
    """Thrown into a thread that ran too long. `except Exception` does not catch it, and a thread may end with it."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return work(), done in a thread of its own that is stopped after `seconds`; raises what it raises.

    A thread, because it works alike on every system and in a kernel's main thread, where there are no signals on
    Windows. The interpreter raises the exception at the next jump of a loop, so `while True: pass` ends as well.
    Raises Problem("time") for work that took too long. Code that waits inside a library call is left behind.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    # Not is_alive(): up to Python 3.12 an interrupt during join() makes it say that a running thread has ended.
    ended = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=run, daemon=True, name="a learner's code")
    deadline = time.monotonic() + seconds
    try:
        thread.start()
        while not ended.is_set() and time.monotonic() < deadline:
            ended.wait(0.05)  # short, so that a keyboard interrupt comes through on Windows too
    finally:
        _stop(thread, ended)
    if results:
        return results[0]
    if errors and not isinstance(errors[0], _Stopped):
        raise errors[0]
    raise Problem(
        "time",
        f"Your code was stopped after {seconds:g} seconds. Does the condition of a `while` loop never become false?",
    )


def _stop(thread: threading.Thread, ended: threading.Event) -> None:
    """Throw _Stopped into the thread until it ends; a bare `except:` may catch it once, seldom again and again."""
    deadline = time.monotonic() + GRACE_S
    while not ended.is_set() and time.monotonic() < deadline:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stopped))
        ended.wait(0.005)
    if ended.is_set():
        thread.join(GRACE_S)


@contextlib.contextmanager
def apart() -> Iterator[io.StringIO]:
    """Keep a check apart from the notebook: prints are caught, warnings dropped, the random state comes back."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        yield printed


def call(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Return function(*arguments); raises Problem for an error in it, for None, and for dots not yet replaced."""
    try:
        answer = function(*arguments)
    except (Problem, _Stopped):
        raise
    except NotImplementedError:
        raise _not_started() from None
    except (Exception, SystemExit) as error:
        if "ellipsis" in str(error):
            raise _not_started() from None
        raise Problem("exception", _where(error)) from None
    if answer is None:
        raise Problem("nothing", "Your function returns nothing (None). Its last line should be `return ...`.")
    if any(part is Ellipsis for part in (answer if isinstance(answer, tuple) else (answer,))):
        raise _not_started()
    return answer


def _not_started() -> Problem:
    return Problem("not started", "The dots `...` are still there: put your code in their place.")


def _where(error: BaseException) -> str:
    """Say what was raised, and by which line of the learner's own code."""
    raised = f"{type(error).__name__}: {error}".strip().rstrip(":")
    foreign = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_HERE)]
    own = [frame for frame in foreign if frame.filename == foreign[0].filename]
    if not own:
        return f"Your code raised {raised}"
    line = (own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno or 0)).strip()
    shown = f", `{line}`," if line else ""
    return f"Line {own[-1].lineno} of your code{shown} raised {raised}"
