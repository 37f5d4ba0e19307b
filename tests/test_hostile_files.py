"""Files made to harm: weights, cards, data and pictures end in one sentence, whatever they contain, and cost little."""

from __future__ import annotations

import contextlib
import gzip
import json
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.data.idx_files import NAMES, idx_file
from vqedu import data, models, pretrained, training
from vqedu.pretrained import checkpoints
from vqedu.training import saving


def weights(model: torch.nn.Module | None = None) -> dict[str, torch.Tensor]:
    return {k: v.contiguous() for k, v in (model or models.VAE(2, hidden=(8,))).state_dict().items()}


def with_card(path: Path, card: Any, state: dict[str, torch.Tensor] | None = None) -> Path:
    safetensors.torch.save_file(state or weights(), path, metadata={checkpoints.CARD_KEY: json.dumps(card)})
    return path


HUGE = 10**9
CARDS: list[Any] = [
    [], None, "VAE", 7, {}, {"model": "VAE"}, {"model": ["VAE"], "arguments": {}}, {"model": "VAE", "arguments": []},
    {"model": "VAE", "arguments": {"latent_dim": HUGE, "hidden": [8]}},
    {"model": "VAE", "arguments": {"latent_dim": 2, "hidden": [8] * 50}},
    {"model": "VAE", "arguments": {"latent_dim": 2, "hidden": [HUGE]}},
    {"model": "VAE", "arguments": {"latent_dim": 900, "hidden": [900] * 9}},
    {"model": "VAE", "arguments": {"latent_dim": "2", "hidden": "8"}},
    {"model": "VAE", "arguments": {"latent_dim": 2, "hidden": {"a": 1}}},
    {"model": "VAE", "arguments": {"latent_dim": -1, "hidden": [8]}},
    {"model": "VAE", "arguments": {"self": 1}},
    {"model": "VAE", "arguments": {"__class__": 1, "latent_dim": 2}},
    {"model": "CodePrior", "arguments": {"codebook_size": 128, "length": 49, "depth": HUGE}},
    {"model": "__init__", "arguments": {}},
    {"model": "torch", "arguments": {}},
    {"model": "VQVAE", "arguments": {"quantizer": {"class": "straight_through", "arguments": {"z": 1}}}},
    {"model": "VQVAE", "arguments": {"quantizer": {"class": "os.system", "arguments": {"command": "true"}}}},
    {"model": "VQVAE", "arguments": {"quantizer": {"class": "FSQ", "arguments": {"levels": [1000] * 30}}}},
    {"model": "VQVAE", "arguments": {"quantizer": {"class": "FSQ", "arguments": 3}}},
]  # fmt: skip


@pytest.mark.parametrize("card", CARDS, ids=range(len(CARDS)))
def test_a_hostile_card_is_one_sentence(tmp_path: Path, card: Any) -> None:
    path = with_card(tmp_path / "m.safetensors", card)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"\w{3}") as caught:
        pretrained.load_checkpoint(path)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{", "\x00", "NaN", '{"model": "VAE", "arguments": {"latent_dim": 1e999}}']
)
def test_a_card_that_is_no_json_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.safetensors"
    safetensors.torch.save_file(weights(), path, metadata={checkpoints.CARD_KEY: text})
    with pytest.raises(ValueError, match=r"\w{3}"):
        pretrained.load_checkpoint(path)


@pytest.mark.parametrize("size", [2**63 - 1, 2**40, 10**8, 0])
def test_a_header_that_promises_more_than_there_is_is_one_sentence(tmp_path: Path, size: int) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", size) + b"{" * 100)
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        pretrained.load_checkpoint(path)


@pytest.mark.parametrize(
    "header",
    [
        "[" * 100_000,
        "{",
        "[]",
        "7",
        '"x"',
        "{}",
        '{"settings": [], "optimizers": [], "history": {}}',
        '{"settings": {}}',
    ],
)
def test_a_training_with_a_hostile_header_is_one_sentence(tmp_path: Path, header: str) -> None:
    checkpoint = training.Checkpoint(tmp_path / "x.training")
    model = models.VAE(2, hidden=(8,))
    safetensors.torch.save_file(weights(model), checkpoint.path, metadata={saving.KEY: header})
    with pytest.raises(ValueError, match="is not the whole checkpoint of a training"):
        training.fit(model, torch.rand(4, 1, 28, 28), epochs=1, batch_size=2, checkpoint=checkpoint)


SEARCH = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example writes the file anew
)
ARGUMENTS = st.sampled_from(["latent_dim", "hidden", "quantizer", "depth", "codebook_size", "normalize"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2000) | st.floats() | st.text(max_size=5),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(["class", "arguments", "a"]), part),
    max_leaves=6,
)


@SEARCH
@given(
    st.sampled_from(["VAE", "VQVAE", "CodePrior", "Autoencoder", "DigitClassifier"]),
    st.dictionaries(ARGUMENTS, json_values),
)
def test_any_card_is_a_model_or_one_sentence(tmp_path: Path, name: str, arguments: dict[str, Any]) -> None:
    path = with_card(tmp_path / "m.safetensors", {"model": name, "arguments": arguments})
    with contextlib.suppress(ValueError):
        assert isinstance(pretrained.load_checkpoint(path), torch.nn.Module)


@SEARCH
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=20))
def test_any_changed_bytes_of_a_checkpoint_are_a_model_or_one_sentence(tmp_path: Path, at: int, change: bytes) -> None:
    path = tmp_path / "m.safetensors"
    if not path.exists():
        pretrained.save_checkpoint(models.VAE(2, hidden=(8,)), path)
    content = bytearray(path.read_bytes())
    at %= min(len(content), 2000)  # where the header is
    content[at : at + len(change)] = change
    (tmp_path / "changed").write_bytes(content)
    with contextlib.suppress(ValueError):
        assert isinstance(pretrained.load_checkpoint(tmp_path / "changed"), torch.nn.Module)


@pytest.mark.parametrize("name", ["../weights/vae-2d", "/etc/passwd", "vae-2d\x00", "..", "", "weights/../vae-2d"])
def test_a_name_leads_to_no_other_folder(name: str) -> None:
    with pytest.raises(ValueError, match="pretrained model"):
        pretrained.load(name)


def bomb(header: bytes, megabytes: int) -> bytes:
    """A packed file of some kilobytes that unpacks to so many megabytes of zeros."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(header), *(packer.compress(bytes(10**6)) for _ in range(megabytes)), packer.flush()]
    return b"".join(parts)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(3, "is too long"), (2**31 - 1, "at most 1048576"), (-1, "at least 1"), (900_000, "is truncated")],
)
def test_a_packed_file_that_unpacks_to_more_than_it_says_is_one_sentence(
    tmp_path: Path, count: int, sentence: str
) -> None:
    for name in NAMES:
        content = np.zeros((3, 28, 28) if "images" in name else 3, np.uint8)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx_file(content)))
    (tmp_path / f"{NAMES[0]}.gz").write_bytes(bomb(struct.pack(">4i", 2051, count, 28, 28), 60))
    tracemalloc.start()
    with pytest.raises(ValueError, match=sentence):
        data.load("fashion-mnist", root=tmp_path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 900_000 or most < 5e6  # that many images would be a large, but possible data set


HARMS: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 100),
    lambda path: path.write_text("<svg onload='alert(1)'/>"),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(path.read_bytes()[:-30]),
]


@pytest.mark.parametrize("harm", HARMS)
def test_a_hostile_picture_is_one_sentence(tmp_path: Path, harm: Callable[[Path], object]) -> None:
    pictures(tmp_path)
    harm(tmp_path / "cats" / "1.png")
    with pytest.raises(ValueError, match=r"1\.png cannot be read as a picture"):
        data.load("folder", root=tmp_path)


def pictures(folder: Path) -> None:
    for name in ("cats", "dogs"):
        (folder / name).mkdir()
        for number in range(2):
            Image.new("RGB", (8, 8), (50 * number, 9, 9)).save(folder / name / f"{number}.png")


def test_a_picture_that_unpacks_to_billions_of_pixels_is_one_sentence(tmp_path: Path) -> None:
    pictures(tmp_path)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", size), chunk(b"IDAT", zlib.compress(bytes(1000))), chunk(b"IEND", b"")
    (tmp_path / "cats" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    with pytest.raises(ValueError, match=r"1\.png cannot be read as a picture"):
        data.load("folder", root=tmp_path)
