"""Jittered images: moved as said, by no more than said, and only where a recipe asks for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from vqedu import data, training
from vqedu.data import jitter
from vqedu.data.jitter import jittered
from vqedu.pretrained import recipes


def digits(n: int = 64) -> Tensor:
    return data.load("mnist").test.x[:n]


def center(x: Tensor) -> Tensor:
    """The center of the ink of each image, (N, 2): row and column."""
    places = torch.stack(torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij"), -1)
    return (x[:, 0, :, :, None] * places).sum((1, 2)) / x.sum((1, 2, 3))[:, None]


def only(monkeypatch: pytest.MonkeyPatch, **most: float) -> None:
    """Let every amount be its greatest, and the greatest be 0 but for those named."""
    for name in ("DEGREES", "SCALE", "SHEAR", "PIXELS"):
        monkeypatch.setattr(jitter, name, most.get(name, 0.0))
    monkeypatch.setattr(torch, "rand", lambda n, generator=None: torch.ones(n))


def test_images_move_a_little_each_by_its_own_amount() -> None:
    x = digits(1).expand(64, -1, -1, -1)
    y = jittered(x, torch.Generator().manual_seed(0))
    assert y.shape == x.shape
    assert y.min() >= 0
    assert y.max() <= 1
    assert len({image.numpy().tobytes() for image in y}) == 64
    moved = (center(y) - center(x)).norm(dim=1)
    assert moved.mean() > 0.1
    assert moved.max() < 1.5  # half a pixel each way, and what the turn adds around the middle of the image
    assert (y.sum((1, 2, 3)) / x.sum((1, 2, 3)) - 1).abs().max() < 0.2


def test_the_same_generator_moves_them_the_same_way() -> None:
    first, second = (jittered(digits(), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, jittered(digits(), torch.Generator().manual_seed(4)))


def test_no_amount_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    torch.testing.assert_close(jittered(digits()), digits(), atol=1e-4, rtol=0)


def test_a_turn_of_a_quarter_is_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, DEGREES=90.0)
    torch.testing.assert_close(jittered(digits()), torch.rot90(digits(), 1, (2, 3)), atol=1e-3, rtol=0)


def test_a_shift_of_three_pixels_is_three_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, PIXELS=3.0)
    torch.testing.assert_close(jittered(digits())[..., :25, :25], digits()[..., 3:, 3:], atol=1e-4, rtol=0)


def shifted(x: Tensor, down: int, across: int) -> Tensor:
    """Pictures that lie so many pixels further up and to the left, on white."""
    y = torch.ones_like(x)
    for row in range(max(0, -down), x.shape[2] - max(0, down)):
        for column in range(max(0, -across), x.shape[3] - max(0, across)):
            y[..., row, column] = x[..., row + down, column + across]
    return y


def test_pictures_move_together_by_up_to_so_many_whole_pixels_and_white_comes_in() -> None:
    x, steps = torch.rand(3, 2, 7, 9, generator=torch.Generator().manual_seed(0)), range(-2, 3)
    seen = set()
    for seed in range(200):
        y = jitter.moved(x, 2, generator=torch.Generator().manual_seed(seed))
        (found,) = [(a, b) for a in steps for b in steps if torch.equal(y, shifted(x, a, b))]
        seen.add(found)
    assert len(seen) == 25


def test_about_half_of_the_pictures_are_mirrored_where_that_is_asked_for() -> None:
    x = torch.rand(400, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    y = jitter.moved(x, 0, flip=True, generator=torch.Generator().manual_seed(0))
    mirrored = (y == x.flip(3)).all(3).all(2).all(1)
    assert torch.equal(y[~mirrored], x[~mirrored])
    assert mirrored.float().mean().item() == pytest.approx(0.5, abs=0.125)  # five sigma
    assert torch.equal(jitter.moved(x, 0), x)


def test_what_is_no_batch_of_images_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(N, 1, 28, 28\)"):
        jittered(torch.zeros(3, 28, 28))


def test_a_recipe_jitters_the_examples_of_its_first_training_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def fit(model: Any, rows: Tensor, **arguments: Any) -> training.History:
        seen.append(rows)
        return training.History(every=1)

    recipe = recipes.Recipe(
        "Autoencoder", {"latent_dim": 2, "hidden": [4]}, {"epochs": 1, "then": {"epochs": 2}}, labelled=True, jittered=2
    )
    monkeypatch.setitem(recipes.RECIPES, "small", recipe)
    monkeypatch.setattr(training, "fit", fit)
    split = data.Split(digits(8), torch.arange(8))
    recipes.retrain("small", split)
    first, then = seen
    assert first.shape == (24, 785)
    assert torch.equal(first[:8], then)
    assert torch.equal(first[:, 0], then[:, 0].repeat(3))
    assert not any(torch.equal(first[a], first[b]) for a in range(8) for b in (a + 8, a + 16))
