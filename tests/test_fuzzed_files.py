"""Whatever is changed in a file, its reader gives what is there or the error that it documents, and nothing else.

Each reader is tried for a moment, or for as many seconds of computing as VQEDU_FUZZ_S says; each night for a minute.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from tests.data.idx_files import NAMES, idx_file
from vqedu import coding, data, models, pretrained, training
from vqedu.data import unpacked
from vqedu.models import CodePrior
from vqedu.publish import notebooks, shown
from vqedu.questions import answers
from vqedu.widgets import bundler

SECONDS = float(os.environ.get("VQEDU_FUZZ_S", "0.2"))


class Reader(NamedTuple):
    """A file as it should be, how it is read from its path, and what it may raise."""

    whole: Callable[[Path], bytes]
    read: Callable[[Path], object]
    raises: tuple[type[Exception], ...] = (ValueError,)
    name: str = "file"


def written(write: Callable[[Path], object]) -> Callable[[Path], bytes]:
    """Return the bytes that `write` puts at a path."""

    def whole(folder: Path) -> bytes:
        write(folder / "whole")
        return (folder / "whole").read_bytes()

    return whole


def vae() -> models.VAE:
    torch.manual_seed(0)
    return models.VAE(2, hidden=(4,))


def train(path: Path) -> None:
    checkpoint = training.Checkpoint(path, every_s=0)
    training.fit(vae(), torch.rand(4, 1, 28, 28), epochs=1, batch_size=2, background=True, checkpoint=checkpoint)


def prior() -> CodePrior:
    torch.manual_seed(0)
    return CodePrior(4, length=5, width=8, depth=1, heads=1).eval()


def picture(kind: str, **options: Any) -> Callable[[Path], bytes]:
    def whole(_: Path) -> bytes:
        stream = io.BytesIO()
        pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(stream, kind, **options)
        return stream.getvalue()

    return whole


def read_pictures(path: Path) -> object:
    if not (other := path.with_name("b.png")).exists():  # a class needs two
        other.write_bytes(picture("PNG")(path))
    return data.load("folder", path.parent.parent, size=8)


def read_digits(path: Path) -> object:
    x, y = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)
    for name, array in zip(NAMES, (x, y) * 2, strict=True):
        for place in (path.with_name(name), path.with_name(name + ".gz")):
            if place == path:
                break
        else:
            path.with_name(name).write_bytes(idx_file(array))
    return data.load("fashion-mnist", path.parent)


def read_answers(path: Path) -> object:
    return answers.read_all()


def read_built(path: Path) -> object:
    script = path.parent.parent / "notebooks" / "source" / "a.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text("1 + 1\n")
    return shown.read_built(script, script.parent.parent)


def built(folder: Path) -> bytes:
    notebook = new_notebook(cells=[new_code_cell("1 + 1")])
    script = folder / "a.py"
    script.write_text("1 + 1\n")
    notebook.metadata["vqedu"] = {"source": notebooks.digest(script), "explorers": bundler.digest()}
    return nbformat.writes(notebook).encode()


IMAGES = np.zeros((3, 28, 28), np.uint8)
READERS = {
    "weights": Reader(written(lambda path: pretrained.save_checkpoint(vae(), path)), pretrained.load_checkpoint),
    "training": Reader(written(train), train, (ValueError, FloatingPointError)),
    "codes": Reader(
        lambda _: coding.encode(prior(), torch.zeros(3, 5, dtype=torch.int64)),
        lambda path: coding.decode(prior(), path.read_bytes()),
    ),
    "images": Reader(lambda _: idx_file(IMAGES), read_digits, name=NAMES[0]),
    "packed images": Reader(lambda _: gzip.compress(idx_file(IMAGES)), read_digits, name=NAMES[0] + ".gz"),
    "labels": Reader(lambda _: idx_file(np.zeros(3, np.uint8)), read_digits, name=NAMES[1]),
    "unpacked": Reader(
        lambda _: safetensors.torch.save({"x": torch.ones(3)}), lambda _: unpacked.read("digest"),
        name=unpacked.path("", "digest").name,
    ),
    "png": Reader(picture("PNG"), read_pictures, name="a.png"),
    "jpeg": Reader(picture("JPEG"), read_pictures, name="a.jpg"),
    "webp": Reader(picture("WEBP"), read_pictures, name="a.webp"),
    "tiff": Reader(picture("TIFF", compression="tiff_lzw"), read_pictures, name="a.tif"),
    "answers": Reader(
        lambda _: json.dumps({"answers": {"elbo.a": {"chosen": 1, "right": True}}}).encode(), read_answers, (),
        name=answers.NAME,
    ),
    "built": Reader(built, read_built, name="a.ipynb"),
}  # fmt: skip

SEARCH = settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
PLACES = st.floats(0, 1, exclude_max=True)
# Where, how much of what was there goes, and what comes instead.
EDITS = st.lists(
    st.tuples(
        PLACES,
        st.integers(0, 8) | st.just(10**6),
        st.binary(max_size=8) | st.sampled_from([b"\xff" * 8, b"\x00" * 8, b"[" * 2000, b'"', b"1e999", b"-1", b"{}"]),
    ),
    min_size=1,
    max_size=4,
)


def edited(whole: bytes, edits: list[tuple[float, int, bytes]], early: bool) -> bytes:
    """Return the bytes with these changes, `early` in the first 400, where headers are."""
    content = bytearray(whole)
    for place, gone, come in edits:
        at = int(place * (min(400, len(content)) if early else len(content)))
        content[at : at + gone] = come
    return bytes(content)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", READERS)
def test_a_changed_file_is_read_or_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, place = READERS[name], tmp_path / "root" / "build"
    place.mkdir(parents=True)
    for variable in (unpacked.VARIABLE, answers.VARIABLE):
        monkeypatch.setenv(variable, str(place))
    whole = reader.whole(tmp_path)
    path, end, tried = place / reader.name, time.process_time() + SECONDS, 0
    path.write_bytes(whole)
    reader.read(path)

    def attempt(edits: list[tuple[float, int, bytes]], early: bool) -> None:
        nonlocal tried
        tried += 1
        path.write_bytes(edited(whole, edits, early))
        with contextlib.suppress(*reader.raises):
            reader.read(path)

    number = random.Random(name).randrange(10**6)
    while time.process_time() < end:
        number += 1
        given(EDITS, st.booleans())(seed(number)(SEARCH(lambda edits, early: attempt(edits, early))))()
    print(f"{name}: {tried:,} changed files")
