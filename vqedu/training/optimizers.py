"""The optimizers of `training.fit`, each with the schedule of its rate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn

from vqedu import validate

NAMES = ("adam", "muon")
SCHEDULES = ("one-cycle", "constant")
DECAY = 0.05  # of Muon's matrices; their updates have the same size at every step, so without it they grow on and on


class Optimizers:
    """One optimizer or two, which step together at rates that follow one schedule."""

    def __init__(self, parts: list[torch.optim.Optimizer], schedule: str, learning_rate: float, steps: int) -> None:
        self.parts = parts
        self.rates = [_rate(part, schedule, learning_rate, steps) for part in parts]

    def zero_grad(self) -> None:
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def step(self) -> None:
        """Take one step, and go on to the next one's rate."""
        for part, rate in zip(self.parts, self.rates, strict=True):
            part.step()
            rate.step()

    def state(self) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
        """Return all that the next step depends on: tensors by name, and numbers that JSON can hold."""
        states = [part.state_dict() for part in self.parts]
        tensors = {
            f"optimizer.{number}.{parameter}.{name}": value
            for number, state in enumerate(states)
            for parameter, values in state["state"].items()
            for name, value in values.items()
        }
        rates = [rate.state_dict() for rate in self.rates]
        return tensors, [{"groups": s["param_groups"], "rate": r} for s, r in zip(states, rates, strict=True)]

    def restore(self, tensors: dict[str, Tensor], settings: list[dict[str, Any]]) -> None:
        """Go on from what `state` returned for an equal model and equal settings."""
        states: list[dict[int, dict[str, Tensor]]] = [{} for _ in self.parts]
        for name, value in tensors.items():
            _, number, parameter, field = name.split(".")
            states[int(number)].setdefault(int(parameter), {})[field] = value
        for part, rate, state, kept in zip(self.parts, self.rates, states, settings, strict=True):
            part.load_state_dict({"state": state, "param_groups": kept["groups"]})
            rate.load_state_dict(kept["rate"])
            for weight, values in part.state.items():
                for field, value in values.items():
                    if value.shape == weight.shape:  # a fused step takes the two for laid out alike in memory
                        values[field] = torch.empty_like(weight).copy_(value)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self.rates[0].get_last_lr()[0])


def build(model: nn.Module, name: str, schedule: str, learning_rate: float, steps: int) -> Optimizers:
    """Return the optimizer `name` of a model's parameters for a training of this many steps.

    "adam": Kingma and Ba 2015. "muon": the weights of all linear layers but the last by Muon (Jordan et al. 2024),
    whose steps have all directions of a matrix equally long, the rest by Adam at the same rate.
    Raises TypeError or ValueError for unknown names, for "muon" with a torch older than 2.9, which lacks it, or for a
    rate that is not a finite number above 0.
    """
    validate.known_name(name, NAMES, "optimizer")
    if name == "muon" and not hasattr(torch.optim, "Muon"):
        raise ValueError(f"optimizer 'muon' needs torch 2.9 or newer, got torch {torch.__version__}. Update torch.")
    validate.known_name(schedule, SCHEDULES, "schedule")
    validate.above_zero(learning_rate, "learning_rate")
    matrices = hidden_matrices(model) if name == "muon" else []
    chosen = {id(matrix) for matrix in matrices}
    parts: list[torch.optim.Optimizer] = [_adam((p for p in model.parameters() if id(p) not in chosen), learning_rate)]
    if matrices:
        # With this adjustment an update is as large as Adam's, so that one rate serves both (Liu et al. 2025).
        muon = torch.optim.Muon(matrices, learning_rate, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw")
        parts.append(muon)
    return Optimizers(parts, schedule, learning_rate, steps)


def hidden_matrices(model: nn.Module) -> list[nn.Parameter]:
    """Return the weights of all linear layers of a model but the last, which is its output."""
    return [cast("nn.Parameter", module.weight) for module in model.modules() if isinstance(module, nn.Linear)][:-1]


def _adam(parameters: Iterable[Tensor], learning_rate: float) -> torch.optim.Adam:
    """Return Adam; fused, which spends less time between the steps, where torch has it."""
    listed = list(parameters)
    fused = all(parameter.device.type in ("cpu", "cuda") for parameter in listed)
    return torch.optim.Adam(listed, lr=learning_rate, fused=fused)


def _rate(
    optimizer: torch.optim.Optimizer, schedule: str, learning_rate: float, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    if schedule == "constant":
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
    warm_up = max(0.1, 1.1 / (steps + 1))  # a tenth, but more than one step, for which OneCycleLR divides by zero
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps + 1, pct_start=warm_up)
