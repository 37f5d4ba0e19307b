"""The first cell on Colab and Kaggle: what it finds, what it installs, and what it says when it cannot."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
CELL = REPOSITORY / "notebooks" / "install_missing.py"

sys.path.insert(0, str(CELL.parent))
import install_missing  # noqa: E402

sys.path.pop(0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip was asked for; nothing is installed, and the working directory and the path come back."""
    calls: list[list[str]] = []
    monkeypatch.setattr(install_missing, "install", calls.append)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(os.getcwd())
    return calls


def test_where_all_is_here_nothing_is_installed(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    install_missing.main()
    out = capsys.readouterr().out
    assert not asked
    assert f"torch {importlib.metadata.version('torch')}" in out
    assert "Installing" not in out
    assert Path.cwd() == CELL.parent
    assert sys.path[0] == str(REPOSITORY) or str(REPOSITORY) in sys.path


def test_only_what_is_missing_or_too_old_is_installed(
    asked: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.metadata.version

    def on_colab(name: str) -> str:
        if name == "anywidget":
            raise importlib.metadata.PackageNotFoundError(name)
        return {"torch": "2.9.0+cu126", "ipywidgets": "7.7.1"}.get(name, real(name))

    monkeypatch.setattr(importlib.metadata, "version", on_colab)
    install_missing.main()
    assert asked == [["ipywidgets>=8.1,<9", "anywidget>=0.9.13,<1"]]
    out = capsys.readouterr().out
    assert "torch 2.9.0+cu126" in out.splitlines()[0]
    assert "ipywidgets>=8.1,<9 (here: ipywidgets 7.7.1), anywidget>=0.9.13,<1 (here: no anywidget)" in out


@pytest.mark.parametrize(
    ("version", "met"),
    [("2.4.9", False), ("2.5", True), ("2.5.0", True), ("2.14.1+cu130", True), ("3.0.0", False), ("2.10.0rc1", True)],
)
def test_versions_are_compared_as_numbers(version: str, met: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    assert install_missing.state("torch>=2.5,<3") == (met, f"torch {version}")


def test_a_machine_without_a_network_gets_a_sentence_and_not_a_stack_trace(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=True, symlinks=os.name != "nt")
    python = tmp_path / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    offline = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    run = subprocess.run([python, CELL], env=offline, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout.startswith("Already here: nothing\nInstalling: torch>=2.5,<3 (here: no torch), ")
    assert "switch on Internet" in run.stderr
    assert "Traceback" not in run.stderr
