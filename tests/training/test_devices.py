"""Where the tensors of a loss are made. The device `meta`, which holds no numbers, stands for a GPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from vqedu.training.devices import MAKERS, MadeOn, loss_on

META = torch.device("meta")


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.randn(3), lambda: torch.randn((2, 3)), lambda: torch.rand(3), lambda: torch.randint(9, (3,)),
        lambda: torch.zeros(3), lambda: torch.ones(3), lambda: torch.tensor([1.0]), lambda: torch.arange(3),
        lambda: torch.full((3,), 2.0), lambda: torch.eye(3), lambda: torch.linspace(0, 1, 3), lambda: torch.empty(3),
        lambda: torch.normal(0.0, 1.0, (3,)),
    ],
)  # fmt: skip
def test_a_new_tensor_is_made_on_the_device(make: Callable[[], Tensor]) -> None:
    with MadeOn(META):
        assert make().device == META
    assert make().device.type == "cpu"


def test_every_maker_is_tried() -> None:
    assert len(MAKERS) == 12


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.zeros(3, device="cpu"),
        lambda: torch.randn(3, generator=torch.Generator()),
        lambda: torch.randn_like(torch.zeros(3, device="cpu")),
        lambda: torch.randperm(3),
        lambda: torch.zeros(3, device="cpu") + 1,
    ],
)
def test_what_has_a_device_keeps_it(make: Callable[[], Tensor]) -> None:
    with MadeOn(META):
        assert make().device.type == "cpu"


# What CUDA says, as torch 2.11 put it; `meta` has other words.
SEEN = "Expected all tensors to be on the same device, but got mat1 is on cuda:0, different from other tensors on cpu"


def test_a_mixture_of_devices_is_one_sentence() -> None:
    with (
        pytest.raises(RuntimeError, match="The model trains on META, but the loss uses something that is elsewhere"),
        loss_on(META),
    ):
        raise RuntimeError(SEEN)


def test_another_error_of_a_loss_stays_as_it_is() -> None:
    with pytest.raises(RuntimeError, match="reduction dim"), loss_on(META):
        torch.ones(2, 3) @ torch.ones(2, 3)
