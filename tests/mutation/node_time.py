"""How long the Node of tests.page.node has computed, and how long it may: a wrong loop may have no end."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from tests.page import node


def used() -> float:
    """Return the CPU seconds of the Node of this process."""
    fields = Path(f"/proc/{node.server().pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def allow(seconds: float) -> None:
    """Let it compute for so many seconds more."""
    end = int(used() + seconds) + 1
    resource.prlimit(node.server().pid, resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


def revive() -> None:
    """Start another if it has ended."""
    if node.server().poll() is not None:
        node.server.cache_clear()
    node.server()


def renew() -> None:
    """End it, as one that may be in the middle of an answer, and start another."""
    node.server().kill()
    node.server().wait()
    node.server.cache_clear()
