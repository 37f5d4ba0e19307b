"""The command under torchrun: one writer, a killed rank, and the same command once more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from tests.data import idx_files
from vqedu import data, pretrained
from vqedu.training import saving

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(sys.platform == "win32", reason="torchrun is for Linux and macOS"),
]
PATIENCE_S = 400


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's own data: 256 digits to train on and 64 to test on, as IDX files."""
    generator = torch.Generator().manual_seed(0)
    splits = [data.Split(torch.rand(n, 1, 28, 28, generator=generator), torch.arange(n) % 10) for n in (256, 64)]
    return idx_files.write(tmp_path_factory.mktemp("digits"), idx_files.arrays_of(data.Images(*splits)))


def start(processes: int, digits: Path, to: Path) -> subprocess.Popen[str]:
    """Start the training of a VQ-VAE on these digits, saved at each step, by torchrun or by one process alone."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = ["-m", "vqedu", "train", "vqvae-mnist", "--data", "mnist", "--root", str(digits), "--to", str(to)]
    return subprocess.Popen(
        [sys.executable, *(launcher if processes > 1 else []), *command, "--save-every", "0"],
        env={**os.environ, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(processes: int, digits: Path, to: Path) -> str:
    """Run the training to its end, and return what it printed."""
    running = start(processes, digits, to)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, err
    return out


def saved_steps(path: Path) -> int:
    """Return the number of steps that a checkpoint has seen, 0 if there is none yet."""
    try:
        with safe_open(str(path), framework="pt") as opened:
            return int(json.loads(opened.metadata()[saving.KEY])["history"]["steps"][-1])
    except (FileNotFoundError, SafetensorError):
        return 0


def kill_a_rank_after(steps: int, running: subprocess.Popen[str], checkpoint: Path) -> None:
    """Kill one of the processes that torchrun started as soon as so many steps are saved, and wait for the others."""
    began = time.monotonic()
    while saved_steps(checkpoint) < steps:
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.05)
    psutil.Process(running.pid).children()[-1].kill()
    running.communicate(timeout=PATIENCE_S)


def test_a_killed_rank_leaves_a_whole_checkpoint_and_the_same_command_goes_on(digits: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir(), cut.mkdir()
    assert finish(2, digits, whole).strip() == str(whole / "vqvae-mnist.safetensors")
    assert [path.name for path in whole.iterdir()] == ["vqvae-mnist.safetensors"]  # one process wrote, and tidied up

    checkpoint = cut / "vqvae-mnist.1.training"
    running = start(2, digits, cut)
    kill_a_rank_after(10, running, checkpoint)
    assert running.returncode != 0
    assert 10 <= saved_steps(checkpoint) < 60
    assert pretrained.load_checkpoint(checkpoint).codebook_size == 128  # type: ignore[union-attr]

    assert "Going on after step" in finish(2, digits, cut)
    assert [path.name for path in cut.iterdir()] == ["vqvae-mnist.safetensors"]
    expected, found = (load_file(folder / "vqvae-mnist.safetensors") for folder in (whole, cut))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), f"{name} differs from the training that nothing interrupted"


def test_one_process_goes_on_where_two_were(digits: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "vqvae-mnist.1.training"
    kill_a_rank_after(5, start(2, digits, tmp_path), checkpoint)
    assert "Going on after step" in finish(1, digits, tmp_path)
    assert pretrained.read_card(tmp_path / "vqvae-mnist.safetensors")["metrics"]["test_squared_error"] < 0.1
