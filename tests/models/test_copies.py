"""A copy of a model shows it as it is now, and touches nothing of it."""

from __future__ import annotations

import torch
from torch import nn

from vqedu.models.copies import snapshot


def test_a_copy_is_in_eval_mode_in_its_own_dtype_and_the_model_stays_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).half().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for dtype in (torch.float32, torch.float64):
        copied = snapshot(model, dtype)
        assert not copied.training
        assert copied[0].weight.dtype == dtype
        copied.train()(torch.rand(4, 1, 8, 8, dtype=dtype))
        nn.init.zeros_(copied[0].weight)
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
