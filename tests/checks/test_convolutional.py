"""The larger task of notebook 01: the judge of a trained autoencoder, on models that cost next to nothing to make."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import checks, data, pretrained
from vqedu.checks import convolutional

CARD = pretrained.read_card(pretrained.path_of("ae-32d"))


@functools.cache
def images() -> data.Images:
    return data.load("mnist")


def x_test() -> Tensor:
    return images().test.x[:400]


def x_seen() -> Tensor:
    return images().train.x[:100]


class Small(nn.Module):
    """A convolution each way, and a code of `size` numbers; not trained."""

    def __init__(self, size: int = 32) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 4, 4, 4), nn.Flatten(), nn.Linear(4 * 49, size))
        self.decoder = nn.Sequential(
            nn.Linear(size, 4 * 49), nn.Unflatten(1, (4, 7, 7)), nn.ConvTranspose2d(4, 1, 4, 4)
        )

    def encode(self, x: Tensor) -> Any:
        return self.encoder(x)

    def decode(self, z: Tensor) -> Any:
        return self.decoder(z)


class Table(Small):
    """Stands in for a trained model: the code is the number of one of `known`, from which its logits are looked up.

    An unknown image gets the code of some known one.
    """

    def __init__(self, known: Tensor, sharpness: float = 1.0) -> None:
        super().__init__()
        self.known, self.sharpness = known, sharpness
        self.names = {image.numpy().tobytes(): i for i, image in enumerate(known)}

    def encode(self, x: Tensor) -> Tensor:
        index = [self.names.get(image.numpy().tobytes(), i % len(self.known)) for i, image in enumerate(x)]
        return 0 * self.encoder(x) + torch.tensor(index, dtype=torch.float32)[:, None]

    def decode(self, z: Tensor) -> Tensor:
        return 0 * self.decoder(z) + self.sharpness * torch.logit(self.known[z[:, 0].round().long()], 1e-4)


class Gray(Table):
    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(super().decode(z))


class NearlyGray(Table):
    """As after a training on the squared error without a sigmoid: gray levels, some a little below 0."""

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(super().decode(z)) - 0.05


class SameImage(Table):
    def decode(self, z: Tensor) -> Tensor:
        return super().decode(0 * z)


class Bypass(Small):
    def encode(self, x: Tensor) -> Tensor:
        self.kept = self.encoder[0](x).mean((1, 2, 3))
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z) + 10 * self.kept[: len(z), None, None, None]


class Noisy(Small):
    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z) + torch.randn(1)


class Unflattened(Small):
    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x).view(-1, 2, 4, 4)


class NoConvolution(Table):
    def __init__(self, known: Tensor) -> None:
        super().__init__(known)
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 32))


class OnlyWhileTraining(Table):
    def decode(self, z: Tensor) -> Tensor:
        return super().decode(z) * (1 if self.training else 0.02)


class Broken(Table):
    def decode(self, z: Tensor) -> Tensor:
        return super().decode(z) / 0


def judged(model: nn.Module) -> list[checks.Demand]:
    model.eval()
    with torch.no_grad():
        return convolutional._judge_autoencoder(model, x_seen(), x_test())


def test_a_good_model_meets_every_demand() -> None:
    demands = judged(Table(x_test()))
    assert [demand.met for demand in demands] == [True] * 4
    assert float(demands[-1].measured) < 50


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (Small, "hardly trained"),
        (lambda: Small(64), "another code size"),
        (Unflattened, "code not flattened"),
        (lambda: Gray(x_test()), "gray levels instead of logits"),
        (lambda: NearlyGray(x_test()), "gray levels instead of logits"),
        (lambda: SameImage(x_test()), "the same image for every code"),
        (Bypass, "the image bypasses the code"),
        (Noisy, "random decoder"),
        (lambda: NoConvolution(x_test()), "no convolution"),
        (lambda: OnlyWhileTraining(x_test()), "good in training mode only"),
        (lambda: Broken(x_test()), "logits not finite"),
        (lambda: Table(x_seen()), "a few images learned by heart"),
    ],
)
def test_an_outcome_that_leaves_no_doubt_gets_a_name(make: Callable[[], nn.Module], name: str) -> None:
    unmet = [demand for demand in judged(make()) if not demand.met]
    found = next(demand.diagnosis for demand in unmet if demand.diagnosis)
    assert found
    assert found.name == name


def test_a_loss_that_is_only_too_high_gets_its_number_and_no_name() -> None:
    known = torch.cat([x_test(), x_seen()])
    last = judged(Table(known, sharpness=0.3))[-1]
    assert not last.met
    assert last.diagnosis is None
    assert convolutional.MOST_NATS < float(last.measured) < 300


@pytest.mark.parametrize(
    ("answer", "words"),
    [(torch.zeros(3), "`encode`"), (nn.Linear(2, 2), "`encode`"), ((Small(), [1.0]), "`encode`"), (Small, "`Small()`")],
)
def test_something_else_than_a_model_is_told(answer: Any, words: str) -> None:
    result = checks.build_autoencoder(lambda x: answer)
    assert result.kind == "type"
    assert words in result.message


def test_the_function_gets_the_training_images_and_the_numbers_in_the_texts_are_those_of_the_card() -> None:
    got = []

    def my_autoencoder(x: Tensor) -> Table:
        got.append(x)
        return Table(images().test.x)

    result = checks.build_autoencoder(my_autoencoder)
    assert result.passed, result
    assert torch.equal(got[0], images().train.x)
    assert f"{CARD['metrics']['test_total_nats']:.1f}" in result.message
    assert 784 * math.log(2) > convolutional.UNTRAINED_NATS


def test_functions_count_as_convolutions_too() -> None:
    with convolutional._Convolutions() as seen:
        F.linear(torch.zeros(1, 2), torch.zeros(2, 2))
    assert not seen.found
    with convolutional._Convolutions() as seen:
        F.conv_transpose2d(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))
    assert seen.found
