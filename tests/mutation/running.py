"""Runs collected tests against a mutant in a forked process: torch and pytest are imported once, tests collected once.

The child carries the mutant's code into the functions that the tests have already imported. That costs some
milliseconds, where a new process would import torch for seconds.
"""

from __future__ import annotations

import ast
import builtins
import gc
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
import torch
from _pytest.tmpdir import tmppath_result_key
from hypothesis import Phase, settings

from tests.mutation import ROOT, node_time

OPTIONS = [
    "-o",
    "addopts=",
    "--import-mode=importlib",
    "--noconftest",
    "-qqs",
    "--no-summary",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:warnings",
    f"--rootdir={ROOT}",
]
# Each test: its CPU seconds, and the lines of the file that it ran, or None where nobody knows.
Reached = dict[str, tuple[float, set[int] | None]]


class Harness:
    """The tests of one target, collected; `work` gets the harness and decides what runs."""

    def __init__(self, work: Callable[[Harness], None]) -> None:
        self.work = work
        self.in_node: dict[str, float] = {}  # the seconds that Node computes for a test

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.session, self.items = session, {item.nodeid: item for item in session.items}
        self.work(self)
        return True

    def passes(self, ids: list[str]) -> bool:
        """Run these tests up to the first that fails, without the report that pytest would make of each."""
        items = [self.items[name] for name in ids]
        for item, following in zip(items, [*items[1:], None], strict=True):
            if item.nodeid in self.in_node:
                node_time.allow(5 + 3 * self.in_node[item.nodeid])
            item.stash[tmppath_result_key] = {}  # where the fixture tmp_path looks for the report
            try:
                self.session._setupstate.setup(item)
                item.runtest()
            except pytest.skip.Exception:
                pass
            except (Exception, pytest.fail.Exception):
                return False
            finally:
                self.session._setupstate.teardown_exact(following)
        return True

    def survives(self, path: Path, source: str, ids: list[str], seconds: float) -> bool:
        """Return whether all these tests pass with this text of the file, within so many seconds of CPU time."""

        def work() -> bool:
            change(path, source)
            return self.passes(ids)

        if path.suffix != ".js":
            return in_child(work, seconds) == 0
        node_time.revive()
        status = in_child(work, seconds)
        if not os.WIFEXITED(status):
            node_time.renew()
        return status == 0

    def observe(self, path: Path) -> Reached:
        """Return which lines of a Python file each test runs; raises RuntimeError if one fails without any change.

        It runs in this process: what torch makes ready at its first use is then ready for every child.
        """
        source, found = path.read_text(encoding="utf-8"), {}
        lines = builtins.reached_line_ = Lines()  # type: ignore[attr-defined]
        is_python = path.suffix == ".py"
        change(path, marked(source) if is_python else source)
        for name in self.items:
            lines.clear()
            started, node_started = time.process_time(), 0.0 if is_python else node_time.used()
            if not self.passes([name]):
                raise RuntimeError(f"{name} fails before anything is changed.")
            seconds = time.process_time() - started
            if not is_python:
                self.in_node[name] = node_time.used() - node_started
            found[name] = (seconds + self.in_node.get(name, 0.0), set(lines) if is_python else None)
        change(path, source)
        gc.freeze()  # the children share what is in memory now
        return found


def with_tests(tests: list[str], work: Callable[[Harness], None]) -> None:
    """Collect the tests of these files and do the work with them; raises RuntimeError if that fails."""
    torch.set_num_threads(1)
    phases = [Phase.explicit, Phase.generate]  # no search for a smaller failure
    settings.register_profile(
        "mutation", database=None, derandomize=True, deadline=None, max_examples=20, phases=phases
    )
    settings.load_profile("mutation")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # no browser, no notebooks
    if pytest.main([*OPTIONS, *tests], plugins=[Harness(work)]) not in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"The tests could not be collected or judged: {', '.join(tests)}")


class Lines(set[int]):
    """The numbers of the lines that ran; calling it adds one."""

    __call__ = set.add


def marked(source: str) -> str:
    """Return a Python file in which every statement of a function first notes its line in `reached_line_`."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in {part for function in functions for part in ast.walk(function)}:
        for field in ("body", "orelse"):
            if isinstance(getattr(node, field, None), list):
                setattr(node, field, [part for each in getattr(node, field) for part in (_mark(each), each)])
    return ast.unparse(ast.fix_missing_locations(tree))


def _mark(statement: ast.stmt) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name("reached_line_", ast.Load()), [ast.Constant(statement.lineno)], []))


def in_child(work: Callable[[], bool], seconds: float) -> int:
    """Return how a forked process ends that does the work in silence: 0 if in time, without an error and with True."""
    child = os.fork()
    if not child:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
            gc.disable()
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


# Changing what is imported already.


def change(path: Path, source: str) -> None:
    """Let this process compute with `source` as the text of the module, or read it where it opens the file."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if path.suffix == ".py" and name in sys.modules:
        replace(sys.modules[name], compile(source, str(path), "exec"))
    read = Path.read_text
    Path.read_text = lambda self, *a, **k: source if self == path else read(self, *a, **k)  # type: ignore[method-assign]


def replace(old: ModuleType, code: CodeType) -> None:
    """Run a module's changed code, and carry what it defines into the objects of the same names."""
    new = ModuleType(old.__name__)
    new.__dict__.update(__file__=old.__file__, __package__=old.__package__, __spec__=old.__spec__)
    exec(code, new.__dict__)
    for name, value in list(vars(new).items()):
        if not name.startswith("__") and getattr(value, "__module__", old.__name__) == old.__name__:
            _carry(old, name, vars(old)[name], value)


def _carry(owner: Any, name: str, old: Any, new: Any) -> None:
    """Give the object that `owner` has under this name what the new one does, or put the new one in its place."""
    if isinstance(new, FunctionType):
        _carry_function(old, new)
    elif isinstance(new, type):
        for attribute, value in list(vars(new).items()):
            if isinstance(value, FunctionType | property) or not attribute.startswith("_"):
                _carry(old, attribute, vars(old)[attribute], value)
    elif isinstance(new, property):
        _carry_function(old.fget, new.fget)
    elif isinstance(new, staticmethod | classmethod):
        _carry_function(old.__func__, new.__func__)
    else:
        setattr(owner, name, new)


def _carry_function(old: Any, new: Any) -> None:
    """Let the old function compute as the new one does; a decorated one as far down as it goes."""
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    for kept, given in zip(old.__closure__ or (), new.__closure__ or (), strict=True):
        if isinstance(given.cell_contents, FunctionType):
            _carry_function(kept.cell_contents, given.cell_contents)
        elif not isinstance(given.cell_contents, type):  # the class that super() means stays the old one
            kept.cell_contents = given.cell_contents
