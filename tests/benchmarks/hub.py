"""A JupyterHub with N students who all open a notebook at once: memory per student, seconds to the first explorer.

Needs PyPI's jupyterhub in this environment and npm's configurable-http-proxy on the PATH; Linux only, for its maps of
shared memory. Run it as `python -m tests.benchmarks.hub 1 4 8`; with VQEDU_UNPACKED set, the digits are shared.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from vqedu.data import unpacked

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
OPENED = ("00_start_here", "04_vae")  # one after the other, each with a kernel of its own, as students do
EXPLORER = "application/vnd.jupyter.widget-view+json"
PASSED_ON = (unpacked.VARIABLE, "OMP_NUM_THREADS")
PATIENCE_S = 400
CONFIG = """
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{home}/{{username}}"
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {environment}
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.services = [{{"name": "lecturer", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{
    "name": "lecturer", "services": ["lecturer"], "scopes": ["admin:users", "admin:servers", "access:servers"],
}}]
"""


@dataclass(frozen=True)
class Memory:
    """MB of some processes: `own` is theirs alone, `share` their part of what several use, `resident` counts it whole.

    own + share is the proportional set size: summed over all students it is what the machine needs.
    """

    own: float
    share: float
    resident: float


@dataclass(frozen=True)
class Hub:
    """A running hub: its address, the token of a service that may act for every student, and its process."""

    url: str
    token: str
    process: subprocess.Popen[bytes]

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON that the hub, or a student's server behind it, answers."""
        content = json.dumps(body) if body is not None else ("" if method == "POST" else None)
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = HTTPRequest(self.url + path, method, headers, content, request_timeout=PATIENCE_S)
        answer = await AsyncHTTPClient().fetch(request)
        return json.loads(answer.body) if answer.body else None


@asynccontextmanager
async def running_hub(home: Path) -> AsyncIterator[Hub]:
    """Start a JupyterHub whose files, and whose students' homes, are in `home`; end it and all servers afterwards."""
    port, hub_port, proxy_port = _free_ports(3)
    token = secrets.token_hex(16)
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    ports = {"port": port, "hub_port": hub_port, "proxy_port": proxy_port}
    config = CONFIG.format(home=home, token=token, patience=PATIENCE_S, environment=environment, **ports)
    (home / "jupyterhub_config.py").write_text(config, encoding="utf-8")
    folders = [str(Path(sys.executable).parent), os.environ["PATH"]]  # jupyterhub-singleuser is beside this Python
    with (home / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            cwd=home, stdout=log, stderr=log, env={**os.environ, "PATH": os.pathsep.join(folders)},
        )  # fmt: skip
        hub = Hub(f"http://127.0.0.1:{port}", token, process)
        try:
            await _until_ready(hub, home / "hub.log")
            yield hub
        finally:
            _end(process)


async def first_explorers(hub: Hub, student: str) -> dict[str, float]:
    """Let a student log in and open the notebooks; return the seconds until each one's first explorer arrived.

    The first of them begins with the login, so it includes the start of the student's server.
    """
    seconds, start = {}, time.perf_counter()
    await hub.ask("POST", f"/hub/api/users/{student}")
    await hub.ask("POST", f"/hub/api/users/{student}/server")
    while not (await hub.ask("GET", f"/hub/api/users/{student}"))["servers"].get("", {}).get("ready"):
        await asyncio.sleep(0.2)
    for name in OPENED:
        kernel = await hub.ask("POST", f"/user/{student}/api/kernels", {"name": "python3"})
        await run_until_explorer(hub, student, kernel["id"], name)
        seconds[name] = time.perf_counter() - start
        start = time.perf_counter()
    return seconds


async def run_until_explorer(hub: Hub, student: str, kernel: str, name: str) -> None:
    """Run the cells of a notebook up to the first explorer; raises RuntimeError if a cell fails."""
    address = f"{hub.url.replace('http', 'ws', 1)}/user/{student}/api/kernels/{kernel}/channels"
    request = HTTPRequest(address, headers={"Authorization": f"token {hub.token}"}, request_timeout=PATIENCE_S)
    connection = await websocket_connect(request, max_message_size=2**30)
    try:
        for source in _code(name):
            if await _run(connection, source):
                return
        raise RuntimeError(f"{name} shows no explorer")
    finally:
        connection.close()


async def _run(connection: Any, source: str) -> bool:
    """Run a cell; return whether it displayed a widget."""
    identity = {"msg_id": secrets.token_hex(8), "username": "", "session": "s", "version": "5.3"}
    header = {**identity, "msg_type": "execute_request"}
    content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await connection.write_message(json.dumps(message))
    shown = False
    while True:
        answer = await connection.read_message()
        if answer is None:
            raise RuntimeError("the kernel's connection was closed")
        if isinstance(answer, bytes):
            continue  # the numbers of a widget
        answer = json.loads(answer)
        if answer["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        shown = shown or EXPLORER in answer["content"].get("data", {})
        if answer["msg_type"] == "error":
            raise RuntimeError(answer["content"]["evalue"])
        if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
            return shown


def memory(processes: list[psutil.Process]) -> Memory:
    """Return what some processes take of the machine's memory, as the kernel's smaps_rollup counts it."""
    totals = dict.fromkeys(("Pss", "Rss", "Private_Clean", "Private_Dirty"), 0.0)
    for process in processes:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
            name, value = line.split(":")
            if name in totals:
                totals[name] += int(value.split()[0]) / 1024
    own = totals["Private_Clean"] + totals["Private_Dirty"]
    return Memory(own, totals["Pss"] - own, totals["Rss"])


async def classroom(students: int) -> tuple[list[dict[str, float]], list[Memory], Memory]:
    """Return the seconds and the memory of each student, and the memory of the hub itself with its proxy."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"student-{number}" for number in range(students)]
        for name in names:
            (Path(folder) / name).mkdir()
        async with running_hub(Path(folder)) as hub:
            seconds = await asyncio.gather(*(first_explorers(hub, name) for name in names))
            servers, rest = _by_student(hub.process)
            return list(seconds), [memory(each) for each in servers], memory(rest)


def _by_student(process: subprocess.Popen[bytes]) -> tuple[list[list[psutil.Process]], list[psutil.Process]]:
    """Return each student's processes, the server first and then the kernels, and those of the hub."""
    root = psutil.Process(process.pid)
    servers, others = [], [root]
    for child in root.children():
        family = [child, *child.children(recursive=True)]
        if any("singleuser" in part for part in child.cmdline()):
            servers.append(family)
        else:
            others += family
    return servers, others


def _code(name: str) -> Iterator[str]:
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            yield cell.source


def _free_ports(n: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


async def _until_ready(hub: Hub, log: Path) -> None:
    for _ in range(PATIENCE_S * 2):
        if hub.process.poll() is not None:
            raise RuntimeError(f"JupyterHub ended:\n{log.read_text(encoding='utf-8')}")
        try:
            await hub.ask("GET", "/hub/api/users")
            return
        except (OSError, HTTPClientError):
            await asyncio.sleep(0.5)
    raise RuntimeError(f"JupyterHub did not answer:\n{log.read_text(encoding='utf-8')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the hub, the proxy and every student's processes."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for each in reversed(family):
        if each.is_running():
            each.terminate()
    _, alive = psutil.wait_procs(family, timeout=20)
    for each in alive:
        each.kill()
    process.wait()


def report(students: int) -> str:
    """Run a class and return its row: medians over the students, the last one's seconds, the memory of all."""
    seconds, taken, hub = asyncio.run(classroom(students))
    waits = [f"{median(s[name] for s in seconds):.0f} ({max(s[name] for s in seconds):.0f})" for name in OPENED]
    own, share, resident = (median(getattr(each, kind) for each in taken) for kind in ("own", "share", "resident"))
    total = sum(each.own + each.share for each in taken) + hub.own + hub.share
    cells = [students, f"{own:.0f}", f"{share:.0f}", f"{resident:.0f}", f"{hub.own + hub.share:.0f}", f"{total:.0f}"]
    return "| " + " | ".join(map(str, [*cells, *waits])) + " |"


def main() -> None:
    if shutil.which("configurable-http-proxy") is None:
        sys.exit("npm's configurable-http-proxy is not on the PATH: npm install -g configurable-http-proxy")
    print(
        "| students | own MB | share MB | resident MB | hub MB | all MB | first explorer s: median (last) | then 04 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for students in map(int, sys.argv[1:] or ["1", "4", "8"]):
        print(report(students), flush=True)


if __name__ == "__main__":
    main()
