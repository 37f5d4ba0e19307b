"""No test, no kernel and no page that a test opens can reach another machine."""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page

ELSEWHERE = "192.0.2.1"  # an address that belongs to nobody


@pytest.mark.parametrize(
    "act",
    [
        lambda: socket.create_connection((ELSEWHERE, 80), timeout=1),
        lambda: socket.create_connection(("example.org", 80), timeout=1),
        lambda: socket.socket().connect_ex((ELSEWHERE, 80)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (ELSEWHERE, 53)),
        lambda: socket.gethostbyname("example.org"),
        lambda: urllib.request.urlopen("http://example.org", timeout=1),
    ],
)
def test_another_machine_is_out_of_reach(act: Callable[[], object]) -> None:
    with pytest.raises(BaseException, match=r"^A test wants to reach (192\.0\.2\.1|example\.org)\. Tests use no"):
        act()


def test_a_process_of_a_test_cannot_reach_another_machine_either() -> None:
    code = f"import socket; socket.create_connection(({ELSEWHERE!r}, 80), timeout=1)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.returncode != 0
    assert "NetworkRefused: A test wants to reach 192.0.2.1." in child.stderr


def test_this_machine_is_within_reach() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with socket.create_connection(("localhost", server.server_port), timeout=10) as connection:
            connection.sendall(b"BREW / HTTP/1.0\r\n\r\n")
            assert b"501" in connection.recv(1000)


@pytest.mark.browser
@pytest.mark.parametrize("host", [ELSEWHERE, "example.org"])
def test_a_page_cannot_reach_another_machine(own_page: Page, host: str) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        own_page.goto(f"http://{host}/")
