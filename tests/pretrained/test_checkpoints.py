"""Checkpoints: what is read equals what was written, and nothing else is read."""

from __future__ import annotations

import inspect
import json
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from vqedu import __main__ as command
from vqedu import data, models, pretrained, quantizers, training
from vqedu.pretrained import checkpoints, recipes
from vqedu.publish import cards, evaluation, train


def model() -> models.VAE:
    torch.manual_seed(0)
    return models.VAE(3, hidden=(8,))


def test_a_model_comes_back_equal_and_in_eval_mode(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    pretrained.save_checkpoint(model().train(), path, {"data": "mnist", "seed": 0})
    loaded = pretrained.load_checkpoint(path)
    assert isinstance(loaded, models.VAE)
    assert not loaded.training
    for name, tensor in model().state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    card = checkpoints.read_card(path)
    assert (card["data"], card["seed"], card["model"]) == ("mnist", 0, "VAE")
    assert card["versions"]["torch"] == torch.__version__.split("+")[0]


@pytest.mark.parametrize(
    "quantizer",
    [quantizers.VectorQuantizer(6, 2, decay=0.9), quantizers.FSQ([3, 4]), quantizers.ResidualVQ(6, 2, 2, "gradient")],
    ids=lambda each: type(each).__name__,
)
def test_a_card_describes_a_vqvae_by_its_quantizer_and_by_nothing_that_does_not_apply(
    tmp_path: Path, quantizer: quantizers.Quantizer
) -> None:
    path = tmp_path / "m.safetensors"
    pretrained.save_checkpoint(models.VQVAE(quantizer=quantizer, normalize=False), path)
    arguments = checkpoints.read_card(path)["arguments"]
    assert arguments.keys() == {*("normalize", "commitment_cost", "quantizer"), *NEWER}
    loaded: Any = pretrained.load_checkpoint(path)
    assert not loaded.normalize
    assert repr(loaded.quantizer) == repr(quantizer)
    pretrained.save_checkpoint(loaded, path)
    assert checkpoints.read_card(path)["arguments"] == arguments


NEWER = ("image_shape", "width", "residual_blocks", "likelihood", "variance")


def kept_elsewhere(kind: type, name: str) -> bool:
    """Whether an argument is one of those by which a VQVAE makes its quantizer, which describes itself."""
    return kind is models.VQVAE and name in ("codebook_size", "code_dim", "update", "start", "revive_after")


@pytest.mark.parametrize("name", pretrained.names())
def test_a_card_names_every_argument_of_the_model(name: str) -> None:
    card = checkpoints.read_card(pretrained.path_of(name))
    kind = getattr(models, card["model"])
    parameters = inspect.signature(kind).parameters
    asked = {argument for argument in parameters if not kept_elsewhere(kind, argument)}
    assert set(card["arguments"]) <= asked
    newer = asked - set(card["arguments"])  # an argument that is newer than the card had its default
    assert all(parameters[argument].default is not inspect.Parameter.empty for argument in newer)


def test_half_rounds_to_float16_and_loads_as_float32(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    pretrained.save_checkpoint(model(), path, half=True)
    loaded = pretrained.load_checkpoint(path).state_dict()
    for name, tensor in model().state_dict().items():
        assert loaded[name].dtype == torch.float32
        assert torch.equal(loaded[name], tensor.half().float())


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5, 0.99])
def test_a_cut_off_file_is_refused(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "m.safetensors"
    pretrained.save_checkpoint(model(), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        pretrained.load_checkpoint(path)


def test_a_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "sprung",))  # type: ignore[return-value]

    path = tmp_path / "m.safetensors"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="pickle"):
        pretrained.load_checkpoint(path)
    assert not (tmp_path / "sprung").exists()


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="not a whole checkpoint of vqedu"):
        pretrained.load_checkpoint(path)


def test_weights_that_do_not_fit_the_card_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    card = {"model": "VAE", "arguments": {"latent_dim": 2, "hidden": [8]}}
    state = {k: v.contiguous() for k, v in model().state_dict().items()}
    safetensors.torch.save_file(state, path, metadata={checkpoints.CARD_KEY: json.dumps(card)})
    with pytest.raises(ValueError, match="does not fit its own card"):
        pretrained.load_checkpoint(path)


def test_a_missing_file_and_an_unknown_model_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        pretrained.load_checkpoint(tmp_path / "absent.safetensors")
    path = tmp_path / "m.safetensors"
    card = {"model": "VEA", "arguments": {}}
    safetensors.torch.save_file({"w": torch.zeros(1)}, path, metadata={checkpoints.CARD_KEY: json.dumps(card)})
    with pytest.raises(ValueError, match="Did you mean 'VAE'"):
        pretrained.load_checkpoint(path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.safetensors"
    pretrained.save_checkpoint(model(), path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        pretrained.save_checkpoint(models.VAE(5), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_pretrained_names_the_close_ones() -> None:
    with pytest.raises(ValueError, match=r"no pretrained model 'ae-3d'\. Did you mean .*'ae-32d'"):
        pretrained.load("ae-3d")
    with pytest.raises(TypeError, match="must be a string"):
        pretrained.load(3)  # type: ignore[arg-type]


def as_json(recipe: recipes.Recipe) -> dict[str, Any]:
    return dict(json.loads(json.dumps(asdict(recipe))))


@pytest.mark.parametrize("name", pretrained.names())
def test_each_shipped_model_loads_and_its_card_is_its_recipe(name: str) -> None:
    loaded = pretrained.load(name)
    card = checkpoints.read_card(pretrained.path_of(name))
    recipe = recipes.RECIPES[name]
    known_then = recipes.Recipe(**card["recipe"])  # a field that is newer than the card had its default
    assert as_json(known_then) == as_json(recipe)
    assert type(loaded).__name__ == recipe.model
    assert card["minutes"] > 0
    assert card["metrics"]


def test_the_page_of_the_models_shows_the_cards_as_they_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "MODELS.md").read_text(encoding="utf-8")
    assert cards.table() in page, "paste the output of `python -m vqedu cards` into docs/MODELS.md"


def test_every_recipe_is_shipped_and_all_weights_together_stay_small() -> None:
    assert set(pretrained.names()) == set(recipes.RECIPES)
    assert sum(path.stat().st_size for path in checkpoints.WEIGHTS.glob("*")) <= 17e6
    color = ("vqvae-emoji", "judge-emoji", "names-and-images")
    assert sum(pretrained.path_of(name).stat().st_size for name in color) <= 3e6


def test_training_by_recipe_writes_a_checkpoint_whose_card_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.rand(300, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    split = data.Split(x, torch.zeros(300, dtype=torch.int64))
    monkeypatch.setattr(data, "load", lambda name: data.Images(split, split))
    tiny = recipes.Recipe("VAE", {"latent_dim": 2, "hidden": [8]}, {"epochs": 1}, likelihood_samples=(1, 5))
    monkeypatch.setitem(recipes.RECIPES, "tiny", tiny)
    path = train.train("tiny", tmp_path)
    assert path is not None
    measured = evaluation.evaluate(pretrained.load_checkpoint(path), split, (1, 5))
    card = checkpoints.read_card(path)
    assert card["metrics"] == measured
    assert measured["log_p_5"] > measured["log_p_1"]


def test_a_recipe_takes_your_own_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.rand(12, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    split = data.Split(x, torch.zeros(12, dtype=torch.int64))
    monkeypatch.setattr(data, "load", lambda name, root: data.Folder(split, split, (name, str(root))))
    arguments = {"codebook_size": 6, "code_dim": 4, "image_shape": [3, 32, 32], "width": 4}
    tiny = recipes.Recipe("VQVAE", arguments, {"epochs": 1, "batch_size": 4}, "emoji", start_at_mean_image=False)
    monkeypatch.setitem(recipes.RECIPES, "tiny", tiny)
    path = train.train("tiny", tmp_path, "folder", tmp_path)
    assert path is not None
    card = checkpoints.read_card(path)
    assert card["recipe"]["data"] == "folder"
    assert 0 < card["metrics"]["test_squared_error"] < 0.5
    assert list(tmp_path.iterdir()) == [path]


def test_what_needs_names_takes_no_other_data() -> None:
    with pytest.raises(ValueError, match="learns from the names of the emoji, so --data must be emoji, got mnist"):
        train.with_data(recipes.RECIPES["names-and-images"], "mnist")


def test_an_interrupted_training_writes_no_model_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped = training.History(every=1, interrupted=True)
    monkeypatch.setattr(data, "load", lambda name: data.Images(data.Split(torch.rand(1), torch.rand(1)), None))
    monkeypatch.setattr(train, "follow", lambda *_: (model(), stopped))
    assert command.main(["train", "vae-2d", "--to", str(tmp_path)]) == 130
    assert "The same command goes on" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
