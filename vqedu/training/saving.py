"""A training that was cut off goes on where it was: weights, optimizer, random numbers and history in one file."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from vqedu import files, joint
from vqedu.training.optimizers import Optimizers

PREFIX = "training/"  # of what only a training needs; the weights stand beside it under their own names
KEY = "vqedu-training"
PARTS = {"settings": dict, "optimizers": list, "history": dict}  # of the header


class Checkpoint:
    """Where a training is saved, at most every `every_s` seconds, and from where `training.fit` goes on with it.

    The file is a safetensors file that is there whole or not at all. `metadata` is written into its header: with the
    card that `pretrained.retrain` gives, `pretrained.load_checkpoint` reads the model as far as it has come.
    """

    def __init__(self, path: str | Path, every_s: float = 60.0, metadata: dict[str, str] | None = None) -> None:
        self.path, self.every_s, self.metadata = Path(path), every_s, metadata or {}

    def remove(self) -> None:
        """Remove the file, and what a process that was killed in the midst of writing it left behind."""
        for path in (self.path, *self.path.parent.glob(f".{self.path.name}.*.tmp")):
            with contextlib.suppress(OSError):
                path.unlink()


class Saving:
    """What `fit` saves, and restores: made once per training, after the optimizers."""

    def __init__(
        self, checkpoint: Checkpoint | None, model: nn.Module, steps: Optimizers, settings: dict[str, Any]
    ) -> None:
        self.checkpoint, self.model, self.steps, self.settings = checkpoint, model, steps, settings
        self.saved = time.monotonic()

    def restore(self) -> dict[str, Any]:
        """Put everything back as it was saved, and return the fields of the history so far; none without a file.

        Only the first of several processes reads it. Raises ValueError for a file that is cut off, or of a training
        with other settings, OSError where it could not be written later.
        """
        if self.checkpoint is None:
            return {}
        path = self.checkpoint.path
        if joint.rank() == 0:
            files.make_writable(path.parent)
        content = joint.content_from_first(path.read_bytes() if joint.rank() == 0 and path.is_file() else b"")
        if not content:
            return {}
        tensors, header = _opened(content, path)
        self._check(header["settings"], path)
        own = {name.removeprefix(PREFIX): tensors.pop(name) for name in list(tensors) if name.startswith(PREFIX)}
        try:
            self.model.load_state_dict(tensors)
        except RuntimeError:  # names or shapes differ
            raise ValueError(f"{path} is the checkpoint of another model. Delete it to begin anew.") from None
        try:
            for name, generator in _generators().items():
                if name in own:
                    generator.set_rng_state(own[name])
            optimizers = {name: own[name] for name in own if name.startswith("optimizer.")}
            self.steps.restore(optimizers, header["optimizers"])
        except (RuntimeError, TypeError, LookupError) as error:
            raise ValueError(f"{path} is damaged ({type(error).__name__}). Delete it to begin anew.") from None
        return dict(header["history"])

    def save(self, history: dict[str, Any], last: bool) -> None:
        """Write the file if it is time, or if this was the last step. The first of several processes writes it."""
        due = last or (self.checkpoint and time.monotonic() - self.saved >= self.checkpoint.every_s)
        if self.checkpoint is None or joint.rank() > 0 or not due:
            return
        own, optimizers = self.steps.state()
        header = {"settings": self.settings, "optimizers": optimizers, "history": history}
        own |= {name: generator.get_rng_state() for name, generator in _generators().items()}
        tensors = {**self.model.state_dict(), **{PREFIX + name: value for name, value in own.items()}}
        stored = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        metadata = {**self.checkpoint.metadata, KEY: json.dumps(header)}
        files.atomic_write(self.checkpoint.path, safetensors.torch.save(stored, metadata))
        self.saved = time.monotonic()

    def _check(self, settings: dict[str, Any], path: Path) -> None:
        """Raise ValueError unless the file belongs to a training with these settings."""
        for name, value in self.settings.items():
            if settings.get(name) != value:
                raise ValueError(
                    f"{path} is the checkpoint of another training: {name} is {settings.get(name)} there and {value} "
                    "here. Delete the file to begin anew, or save this training elsewhere."
                )


def _opened(content: bytes, path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and the header of a checkpoint; raises ValueError for anything else."""
    try:
        tensors = safetensors.torch.load(content)
        length = int.from_bytes(content[:8], "little")  # the header of a safetensors file is JSON
        header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][KEY])
        if not all(isinstance(header[name], kind) for name, kind in PARTS.items()):
            raise TypeError
        return tensors, header
    except (SafetensorError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is not the whole checkpoint of a training ({type(error).__name__}). Delete it to begin anew."
        ) from None


def _generators() -> dict[str, Any]:
    """Return what keeps a state of random numbers on this machine: torch itself, and the modules of its GPUs."""
    found: dict[str, Any] = {"random": torch}
    if torch.cuda.is_available():
        found["random_cuda"] = torch.cuda
    if torch.backends.mps.is_available():
        found["random_mps"] = torch.mps
    return found
