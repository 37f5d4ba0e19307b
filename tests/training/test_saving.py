"""A training that breaks off and goes on ends in the weights of one that did not; and no other file is taken for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from tests.training.test_optimizers import needs_muon
from vqedu import models, pretrained, training
from vqedu.pretrained import checkpoints
from vqedu.training import saving

# A GPU adds up in any order.
ROUNDING = {"rtol": 0.0, "atol": 0.0} if training.best_device().type == "cpu" else {"rtol": 1e-3, "atol": 1e-5}


def images() -> torch.Tensor:
    return torch.rand(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def vae() -> models.VAE:
    torch.manual_seed(0)
    return models.VAE(2, hidden=(8,))


def vqvae() -> models.VQVAE:
    torch.manual_seed(0)
    return models.VQVAE(8, 4, revive_after=2, width=4)


class PowerCut(Exception):
    """What ends a training between two steps."""


def cut_at(last: int) -> Any:
    def on_step(step: int) -> None:
        if step == last:
            raise PowerCut

    return on_step


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (vae, {"binarize": True}),
        pytest.param(vae, {"optimizer": "muon", "schedule": "constant"}, marks=needs_muon),
        (vqvae, {}),
    ],
    ids=["adam", "muon", "codebook"],
)
def test_a_training_that_was_cut_off_twice_ends_as_if_nothing_had_happened(
    build: Any, settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = {"epochs": 4, "batch_size": 16, "learning_rate": 1e-2, **settings}
    whole, cut = build(), build()
    expected = training.fit(whole, images(), **settings)
    checkpoint = training.Checkpoint(tmp_path / "x.training", every_s=0)
    for last in (5, 9):
        with pytest.raises(PowerCut):
            training.fit(cut, images(), **settings, checkpoint=checkpoint, on_step=cut_at(last))
        cut = build()  # a new process
        torch.rand(last)
    history = training.fit(cut, images(), **settings, checkpoint=checkpoint)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(cut.state_dict()[name], value, **ROUNDING, msg=name)
    assert history.steps == expected.steps
    for name, values in expected.terms.items():
        torch.testing.assert_close(torch.tensor(history.terms[name]), torch.tensor(values), **ROUNDING)
    again = build()
    assert training.fit(again, images(), **settings, checkpoint=checkpoint).terms == history.terms  # nothing to do
    assert all(torch.equal(a, b) for a, b in zip(cut.parameters(), again.parameters(), strict=True))


def test_a_checkpoint_is_written_when_it_is_time_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(saving, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    writes: list[int] = []
    monkeypatch.setattr("vqedu.files.atomic_write", lambda path, content: writes.append(steps[-1]))
    steps = [1]
    checkpoint = training.Checkpoint(tmp_path / "x.training", every_s=20)
    fit = {"epochs": 2, "batch_size": 16, "on_step": lambda step: steps.append(step + 1)}
    training.fit(vae(), images(), **fit, checkpoint=checkpoint)
    assert writes == [2, 4, 6, 8]


def test_a_checkpoint_with_a_card_opens_as_the_model_so_far(tmp_path: Path) -> None:
    path, model = tmp_path / "x.training", vqvae()
    checkpoint = training.Checkpoint(path, 0, checkpoints.metadata(model, {"data": "noise"}))
    with pytest.raises(PowerCut):
        training.fit(model, images(), epochs=1, batch_size=16, checkpoint=checkpoint, on_step=cut_at(3))
    loaded = pretrained.load_checkpoint(path)
    assert checkpoints.read_card(path)["data"] == "noise"
    assert all(
        torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), model.state_dict().values(), strict=True)
    )


def test_a_checkpoint_of_another_training_is_refused_and_stays(tmp_path: Path) -> None:
    checkpoint = training.Checkpoint(tmp_path / "x.training")
    training.fit(vae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint)
    before = checkpoint.path.read_bytes()
    with pytest.raises(ValueError, match=r"epochs is 1 there and 2 here\. Delete the file"):
        training.fit(vae(), images(), epochs=2, batch_size=16, checkpoint=checkpoint)
    with pytest.raises(ValueError, match="another model"):
        training.fit(vqvae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint)
    assert checkpoint.path.read_bytes() == before


def test_the_folder_of_a_checkpoint_is_made_before_the_first_step(tmp_path: Path) -> None:
    seen: list[bool] = []
    folder = tmp_path / "new" / "folder"
    checkpoint = training.Checkpoint(folder / "model.training")
    training.fit(
        vae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint,
        on_step=lambda step: seen.append(folder.is_dir()),
    )  # fmt: skip
    assert all(seen)
    assert checkpoint.path.is_file()


def test_a_checkpoint_that_cannot_be_written_ends_the_training_before_its_first_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    steps: list[int] = []
    checkpoint = training.Checkpoint(tmp_path / "file" / "x")
    with pytest.raises(OSError, match="file"):
        training.fit(vae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint, on_step=steps.append)
    assert not steps


@pytest.mark.parametrize("keep", [4, 100, 0.5, 0.99])
def test_a_cut_off_checkpoint_is_refused(tmp_path: Path, keep: float) -> None:
    checkpoint = training.Checkpoint(tmp_path / "x.training")
    training.fit(vae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint)
    content = checkpoint.path.read_bytes()
    checkpoint.path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(ValueError, match="not the whole checkpoint of a training"):
        training.fit(vae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint)


def test_damaged_random_numbers_are_one_sentence(tmp_path: Path) -> None:
    checkpoint = training.Checkpoint(tmp_path / "x.training", every_s=0)
    training.fit(vae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint)
    with safe_open(checkpoint.path, "pt") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors[f"{saving.PREFIX}random"] = torch.zeros_like(tensors[f"{saving.PREFIX}random"])
    save_file(tensors, checkpoint.path, metadata)
    with pytest.raises(ValueError, match=r"is damaged \(RuntimeError\)"):
        training.fit(vae(), images(), epochs=1, batch_size=16, checkpoint=checkpoint)


def test_removing_a_checkpoint_takes_what_a_killed_writer_left_along(tmp_path: Path) -> None:
    checkpoint = training.Checkpoint(tmp_path / "x.training")
    for name in ("x.training", ".x.training.0123.tmp", "y.training"):
        (tmp_path / name).write_bytes(b"")
    checkpoint.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["y.training"]


def test_no_weight_has_a_name_that_a_checkpoint_uses() -> None:
    for name in pretrained.names():
        assert not any(weight.startswith(saving.PREFIX) for weight in pretrained.load(name).state_dict())
