"""The file of a learner's answers: nothing is lost when two kernels write, one is killed, or there is no home."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.daily import daily
from vqedu.questions import answers

WRITER = """
import sys
from vqedu.questions import answers
name, count = sys.argv[1], int(sys.argv[2])
for i in range(count):
    answers.write(f"{name}.{i}", {"guess": i})
    print(i, flush=True)
"""

HOMELESS = """
import pwd

def unknown(*_):
    raise KeyError("getpwuid(): uid not found")

pwd.getpwuid = pwd.getpwnam = unknown
from vqedu import checks, data
from vqedu.questions import answers
from vqedu.widgets import Prediction

assert checks.effective_beta(checks.effective_beta.reference)
card = Prediction("my.key", "How many?", kind="number", low=0, high=9, truth=4, sentence="Four.")
card.state = {"my.key": {"guess": 4}}
print(len(data.load().test.y), card.trouble, sorted(answers.read_all()))
"""


def start(name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, name, str(count)], stdout=subprocess.PIPE, text=True)


def test_two_kernels_and_two_threads_that_write_at_once_lose_nothing(answer_file: Path) -> None:
    kernels = [start("first", 20), start("second", 20)]

    def write(name: str) -> None:
        for i in range(20):
            answers.write(f"{name}.{i}", {"guess": i})

    threads = [threading.Thread(target=write, args=(name,)) for name in ("third", "fourth")]
    for thread in threads:
        thread.start()
    assert [kernel.wait() for kernel in kernels] == [0, 0]
    for thread in threads:
        thread.join()
    assert len(answers.read_all()) == 80


def killed_while_writing(folder: Path, draw: random.Random) -> int:
    """Kill a writer at a random moment; return how many answers had been kept, after checking that they are there."""
    before = answers.read_all()
    name = f"run{len(list(folder.iterdir())) if folder.exists() else 0}-{draw.random():.6f}".replace(".", "")
    writer = start(name, 10_000)
    assert writer.stdout is not None
    writer.stdout.readline()  # it has begun
    time.sleep(draw.uniform(0, 0.05))
    writer.kill()
    kept = [0, *map(int, writer.stdout.read().split())]
    writer.wait()
    found = answers.read_all()
    assert before.items() <= found.items()
    assert all(f"{name}.{i}" in found for i in kept)
    assert not answers.path().with_name("progress.damaged.json").exists()
    answers.write(f"{name}.after", {"guess": 1})  # a lock of the dead keeps nobody waiting
    return len(kept)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
@pytest.mark.parametrize("times", daily([3, 60], 3))
def test_a_kernel_killed_while_it_writes_loses_no_answer(answer_file: Path, times: int) -> None:
    draw = random.Random(times)
    assert sum(killed_while_writing(answer_file.parent, draw) for _ in range(times)) >= times


@pytest.mark.skipif(os.name != "posix", reason="users and homes as POSIX has them")
def test_without_home_and_passwd_entry_answers_are_kept_among_the_temporary_files(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH")} | {"TMPDIR": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", HOMELESS], env=kept, capture_output=True, text=True, check=True)
    assert found.stdout == "10000  ['exercise.effective_beta', 'my.key']\n"
    (folder,) = tmp_path.glob("vqedu*")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.fixture
def read_only_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing can be made, even by root, and an empty place for temporary files."""
    (tmp_path / "home").touch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.delenv(answers.VARIABLE)
    monkeypatch.setattr(answers.platformdirs, "user_data_dir", lambda *_, **__: str(tmp_path / "home" / "vqedu"))
    monkeypatch.setattr(answers.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    return tmp_path


def test_a_read_only_home_loses_nothing(read_only_home: Path) -> None:
    answers.write("my.key", {"guess": 1})
    answers.write("other.key", {"guess": 2})
    answers.write("my.key", {})
    assert answers.read_all() == {"other.key": {"guess": 2}}
    answers.forget()
    assert answers.read_all() == {}


def test_what_was_kept_elsewhere_is_still_there_when_the_home_can_be_written_again(read_only_home: Path) -> None:
    answers.write("my.key", {"guess": 1})
    answers.write("old.key", {"guess": 1})
    (read_only_home / "home").unlink()
    answers.write("my.key", {"guess": 2})
    answers.write("old.key", {})
    assert answers.read_all() == {"my.key": {"guess": 2}}


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links as POSIX has them")
def test_a_folder_that_somebody_else_left_there_is_not_used(read_only_home: Path) -> None:
    (read_only_home / "elsewhere").mkdir()
    answers._spare().symlink_to(read_only_home / "elsewhere")
    with pytest.raises(OSError, match="another user"):
        answers.write("my.key", {"guess": 1})
    assert list((read_only_home / "elsewhere").iterdir()) == []


def test_an_old_file_is_read(answer_file: Path) -> None:
    """As the first version wrote it: no version, no lock beside it, keys that no question has any more."""
    answer_file.parent.mkdir(parents=True)
    old = {"answers": {"gone.key": {"guess": 3}, "exercise.kl": {"solved": True}}}
    answer_file.write_text(json.dumps(old), encoding="utf-8")
    answers.write("my.key", {"guess": 1})
    assert answers.read_all() == old["answers"] | {"my.key": {"guess": 1}}


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"answers": ' + b'{"a": ' * 50_000,
        b"\xff\xfe",
        b'{"answers": {"a": [1, 2]}}',
        b'{"answers": {"a": "text"}}',
        b'{"answers": null}',
        b"1" * 100_000,
        b"NaN",
    ],
)
def test_a_hostile_file_is_set_aside(answer_file: Path, content: bytes) -> None:
    answer_file.parent.mkdir(parents=True)
    answer_file.write_bytes(content)
    assert answers.read_all() == {}
    assert answer_file.with_name("progress.damaged.json").read_bytes() == content
    answers.write("my.key", {"guess": 1})
    assert answers.read_all() == {"my.key": {"guess": 1}}
