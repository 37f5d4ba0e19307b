"""Refuses every connection and look-up but those of this machine.

tests/conftest.py imports this file and puts its folder on PYTHONPATH, from where each Python that a test starts, the
kernels of the notebooks among them, imports it by its name.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname")
OWN_NAMES = ("", "localhost", socket.gethostname())


class NetworkRefused(BaseException):
    """A test wants something from another machine. No `except Exception` may hide that."""


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in CONNECTIONS and isinstance(arguments[1], tuple):  # a socket of this machine alone has a path
        check(arguments[1][0])
    elif event in LOOK_UPS:
        check(arguments[0])


def check(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else (host or "")
    if name in OWN_NAMES:
        return
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        address = None
    if address is None or not (address.is_loopback or address.is_unspecified):
        raise NetworkRefused(f"A test wants to reach {name}. Tests use no network: serve the files on 127.0.0.1.")


sys.addaudithook(refuse)
