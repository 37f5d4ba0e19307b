"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from vqedu import files


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint"
    files.atomic_write(path, b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_disk_that_refuses_is_told_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match=os.strerror(code)):
        files.atomic_write(tmp_path / "f", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(OSError, match="f"):
        files.atomic_write(tmp_path / "f", b"")
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]


def test_an_absent_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.atomic_write(tmp_path / "absent" / "f", b"")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_the_mode_is_the_one_that_open_gives(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    files.atomic_write(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def refusing(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let os.replace refuse so many times, as Windows does while another process reads the file."""
    real_replace, refusals = os.replace, [PermissionError(errno.EACCES, "Access is denied")] * times

    def replace(source: Path, target: Path) -> None:
        if refusals:
            raise refusals.pop()
        real_replace(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    monkeypatch.setattr(files, "PAUSES_S", (0.001,) * len(files.PAUSES_S))


def test_a_file_that_is_open_elsewhere_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 2)
    files.atomic_write(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"new"


def test_a_file_that_stays_open_elsewhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 1 + len(files.PAUSES_S))
    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises(PermissionError, match="Access is denied"):
        files.atomic_write(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [tmp_path / "f"]
