"""The digits unpacked for a class: the same numbers, one copy in memory, and a writer that disturbs nobody."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from vqedu import __main__ as command
from vqedu import data
from vqedu.data import unpacked


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.unpack(tmp_path_factory.mktemp("shared")).parent


def test_unpacked_digits_are_the_embedded_ones_and_a_write_stays_with_its_writer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = data.load("mnist")
    monkeypatch.setenv(unpacked.VARIABLE, str(folder))
    first, second = data.load("mnist"), data.load("mnist")
    for embedded, shared in zip(expected, first, strict=True):
        assert torch.equal(embedded.x, shared.x)
        assert torch.equal(embedded.y, shared.y)
    first.train.x[0] = 1.0
    assert torch.equal(second.train.x, expected.train.x)
    assert torch.equal(data.load("mnist").train.x, expected.train.x)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells whose memory is whose")
def test_mapped_digits_take_no_memory_of_their_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def own_kb() -> int:
        lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))

    monkeypatch.setenv(unpacked.VARIABLE, str(folder))
    before = own_kb()
    images = data.load("mnist")
    assert images.train.x.mean().item() == pytest.approx(0.1307, abs=1e-4)  # every page has been read
    assert own_kb() - before < 20_000  # of 220,000


@pytest.mark.parametrize("name", ["", "absent"])
def test_without_unpacked_digits_the_embedded_ones_are_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(unpacked.VARIABLE, str(tmp_path / name) if name else name)
    assert len(data.load("mnist").test.x) == 10_000


def test_a_damaged_file_is_said_and_the_embedded_digits_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpacked.path(tmp_path, data.EMBEDDED_SHA256).write_bytes(bytes(100))
    monkeypatch.setenv(unpacked.VARIABLE, str(tmp_path))
    with pytest.warns(UserWarning, match=r"cannot be read .*python -m vqedu unpack"):
        assert len(data.load("mnist").test.x) == 10_000


def test_the_command_says_what_to_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["unpack", str(tmp_path / "new")]) == 0
    assert capsys.readouterr().out == f"{unpacked.VARIABLE}={tmp_path / 'new'}\n"
    assert unpacked.path(tmp_path / "new", data.EMBEDDED_SHA256).is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is a file has another error there")
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert command.main(["unpack", str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err
