"""Checkpoints: weights as safetensors, with a card in the same file that says where they come from. No pickle, ever."""

from __future__ import annotations

import inspect
import json
import platform
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from vqedu import files, models, quantizers, validate
from vqedu.training import saving

WEIGHTS = Path(__file__).parent / "weights"
CARD_KEY = "vqedu-card"


def save_checkpoint(model: nn.Module, path: str | Path, card: dict[str, Any] | None = None, half: bool = False) -> None:
    """Write a model of `vqedu.models` to `path`: its weights, its constructor's arguments, and a card (JSON).

    card: what the reader should know (data, recipe, seed, minutes, metrics); library versions are added.
    half: store float16, which halves the file. The file is complete or not there at all.
    """
    state = {name: _stored(tensor, half) for name, tensor in model.state_dict().items()}
    files.atomic_write(Path(path), safetensors.torch.save(state, metadata=metadata(model, card)))


def metadata(model: nn.Module, card: dict[str, Any] | None = None) -> dict[str, str]:
    """Return what makes a safetensors file of a model's weights one that `load_checkpoint` reads: its whole card."""
    full = {
        **(card or {}),
        "model": type(model).__name__,
        "arguments": _arguments(model),
        "versions": {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]},
    }
    return {CARD_KEY: json.dumps(full, sort_keys=True)}


def load_checkpoint(path: str | Path) -> nn.Module:
    """Return the model stored at `path`, in float32, on the CPU and in eval mode.

    The file may also be the checkpoint of a training that has not ended yet: then the model as far as it has come.
    Raises FileNotFoundError if there is no such file, ValueError if it is no safetensors file, is cut off, or was
    not written by `save_checkpoint`. A hostile file costs no more memory than its own weights.
    """
    card = read_card(path)
    everything = safetensors.torch.load_file(path)
    stored = {name: tensor for name, tensor in everything.items() if not name.startswith(saving.PREFIX)}
    _must_be_possible(card["arguments"], stored)
    with torch.device("meta"):  # without memory, so that sizes are compared before they are believed
        expected = _model(card, path).state_dict()
    wrong = [name for name in expected.keys() | stored.keys() if _shape(expected, name) != _shape(stored, name)]
    if wrong:
        raise ValueError(
            f"{path} does not fit its own card: {card['model']} has other weights at {', '.join(sorted(wrong)[:3])}. "
            "It was probably written by another version of vqedu; train it again."
        )
    model = _model(card, path)
    model.load_state_dict({name: tensor.to(expected[name].dtype) for name, tensor in stored.items()})
    return model.eval()


def _model(card: dict[str, Any], path: str | Path) -> nn.Module:
    """Return an untrained model as the card describes it; raises ValueError if there is none."""
    known = [name for name, value in vars(models).items() if inspect.isclass(value) and issubclass(value, nn.Module)]
    cls = getattr(models, validate.known_name(card["model"], known, "model"))
    try:
        return cls(**{name: built(value) for name, value in card["arguments"].items()})
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{path} has a card that describes no {card['model']}: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _must_be_possible(arguments: Any, stored: dict[str, torch.Tensor]) -> None:
    """Raise ValueError for a size in the arguments that is larger than all that the file contains."""
    most = max(1000, len(stored), *(size for tensor in stored.values() for size in tensor.shape))
    parts = list(arguments.values() if isinstance(arguments, dict) else arguments)
    for part in parts:
        if isinstance(part, (dict, list)):
            _must_be_possible(part, stored)
        elif isinstance(part, (int, float)) and part > most:
            raise ValueError(f"The card names a size of {part:g}, but no tensor of the file is larger than {most}.")


def read_card(path: str | Path) -> dict[str, Any]:
    """Return the card of a checkpoint: model, arguments, versions, and what its writer added.

    Raises what `load_checkpoint` raises.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no checkpoint at {path}.")
    try:
        with safe_open(str(path), framework="pt") as opened:
            card = json.loads((opened.metadata() or {})[CARD_KEY])
        if not (isinstance(card["model"], str) and isinstance(card["arguments"], dict)):
            raise TypeError
    except (SafetensorError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is not a whole checkpoint of vqedu ({type(error).__name__}). Expected a safetensors file written "
            "by vqedu.pretrained.save_checkpoint; files made by torch.save hold pickle and are never opened."
        ) from None
    return card


def names() -> list[str]:
    """Return the names of the models that ship with the package."""
    return sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def load(name: str) -> nn.Module:
    """Return a model that ships with the package, in eval mode. Raises ValueError for an unknown name."""
    return load_checkpoint(path_of(name))


def path_of(name: str) -> Path:
    """Return the file of a model that ships with the package. Raises ValueError for an unknown name."""
    return WEIGHTS / f"{validate.known_name(name, names(), 'pretrained model')}.safetensors"


def _arguments(model: nn.Module) -> dict[str, Any]:
    """Return the constructor's arguments: models and quantizers keep each as an attribute of the same name.

    What is not kept follows from what is: a VQVAE has its sizes from its quantizer, which is described by its own.
    """
    kept = {**vars(model), **dict(model.named_children())}
    return {name: _described(kept[name]) for name in inspect.signature(type(model)).parameters if name in kept}


def _described(value: Any) -> Any:
    """Return an argument as JSON can hold it: a quantizer as the name of its class and its own arguments."""
    if not isinstance(value, nn.Module):
        return value
    return {"class": type(value).__name__, "arguments": _arguments(value)}


def built(value: Any) -> Any:
    """Return an argument of a card as its constructor takes it: a quantizer in place of its description."""
    if not (isinstance(value, dict) and value.keys() == {"class", "arguments"}):
        return value
    name = validate.known_name(value["class"], quantizers.__all__, "quantizer")
    return getattr(quantizers, name)(**value["arguments"])


def _stored(tensor: torch.Tensor, half: bool) -> torch.Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if half and tensor.is_floating_point() else tensor


def _shape(state: dict[str, torch.Tensor], name: str) -> tuple[int, ...] | None:
    return tuple(state[name].shape) if name in state else None
