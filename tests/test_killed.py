"""Killed at any moment: a file is as it was or whole and new, and a training goes on as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from tests.daily import daily
from vqedu import models, pretrained, training
from vqedu.data import unpacked
from vqedu.publish import notebooks, target

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
TIMES = pytest.mark.parametrize("times", daily([2, 35], 2))

# A server that has imported the libraries once: a fork of it begins at once, where a new process would take seconds.
PROCESSES = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
PROCESSES.set_forkserver_preload(["tests.test_killed"])


def kill(work: Callable[..., None], *arguments: Any, after_s: float) -> bool:
    """Do the work in a process of its own, kill that `after_s` after its beginning; return whether it was at work."""
    begun = PROCESSES.Event()
    process = PROCESSES.Process(target=_when_begun, args=(begun, work, arguments))
    process.start()
    begun.wait()
    time.sleep(after_s)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def _when_begun(begun: Any, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    begun.set()
    work(*arguments)


def vae(seed: int = 0) -> models.VAE:
    torch.manual_seed(seed)
    return models.VAE(2, hidden=(64,))


def train(folder: Path) -> models.VAE:
    """Train for 80 steps, or go on from where an earlier call was killed, saved after each step."""
    model = vae()
    images = torch.rand(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    checkpoint = training.Checkpoint(folder / "vae.training", every_s=0)
    training.fit(model, images, epochs=20, batch_size=16, background=True, checkpoint=checkpoint)
    return model


@TIMES
def test_a_training_killed_again_and_again_ends_in_the_same_weights(times: int, tmp_path: Path) -> None:
    draw = random.Random(times)
    whole, interrupted = tmp_path / "whole", tmp_path / "interrupted"
    whole.mkdir()
    expected = train(whole)
    at_work = 0
    while at_work < times:
        interrupted.mkdir(exist_ok=True)
        if kill(train, interrupted, after_s=draw.uniform(0, 0.4)):
            at_work += 1
        else:  # it had ended: begin anew
            (interrupted / "vae.training").unlink()
    found = train(interrupted)
    assert all(torch.equal(a, b) for a, b in zip(expected.parameters(), found.parameters(), strict=True))


def save_for_ever(path: Path) -> None:
    while True:
        for seed in (0, 1):
            pretrained.save_checkpoint(vae(seed), path, {"name": str(seed)})


@TIMES
def test_weights_are_the_old_ones_or_the_new_ones(times: int, tmp_path: Path) -> None:
    path, draw = tmp_path / "vae.safetensors", random.Random(times)
    pretrained.save_checkpoint(vae(0), path, {"name": "0"})
    for _ in range(times):
        assert kill(save_for_ever, path, after_s=draw.uniform(0, 0.05))
        name = pretrained.read_card(path)["name"]
        stored = pretrained.load_checkpoint(path)
        assert all(torch.equal(a, b) for a, b in zip(stored.parameters(), vae(int(name)).parameters(), strict=True))


def write_for_ever(path: Path) -> None:
    while True:
        for length in (10, 1_000_000):
            notebooks.write(new_notebook(cells=[new_code_cell("#" * length)]), path)


@TIMES
def test_a_notebook_is_whole(times: int, tmp_path: Path) -> None:
    path, draw = tmp_path / "a.ipynb", random.Random(times)
    notebooks.write(new_notebook(cells=[new_code_cell("#" * 10)]), path)
    for _ in range(times):
        assert kill(write_for_ever, path, after_s=draw.uniform(0, 0.05))
        (cell,) = nbformat.read(path, as_version=4).cells
        assert len(cell.source) in (10, 1_000_000)


def unpack_for_ever(folder: Path) -> None:
    while True:
        unpacked.write({"x": torch.ones(1_000_000)}, folder, "digest")


@TIMES
def test_unpacked_data_are_whole_or_absent(times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(unpacked.VARIABLE, str(tmp_path))
    draw = random.Random(times)
    for _ in range(times):
        assert kill(unpack_for_ever, tmp_path, after_s=draw.uniform(0, 0.02))
        arrays = unpacked.read("digest")
        assert arrays is None or torch.equal(arrays["x"], torch.ones(1_000_000))


FILES = 40  # of a site


def make_for_ever(to: Path) -> None:
    while True:
        for content in ("a" * 1000, "b" * 2000):
            with target.folder(to, ".mark") as made:
                for number in range(FILES):
                    (made / f"{number}.html").write_text(content)


@TIMES
def test_a_site_is_the_old_one_or_the_new_one_and_never_a_mixture(times: int, tmp_path: Path) -> None:
    to, draw = tmp_path / "site", random.Random(times)
    for _ in range(times):
        assert kill(make_for_ever, to, after_s=draw.uniform(0, 0.1))
        pages = [path.read_text() for path in to.glob("*.html")]
        # Between the renaming of the old folder and that of the new one there is none, and both are whole beside it.
        assert pages in ([], ["again"], ["a" * 1000] * FILES, ["b" * 2000] * FILES)
        with target.folder(to, ".mark") as made:
            (made / "again.html").write_text("again")
        assert (to / "again.html").read_text() == "again"
