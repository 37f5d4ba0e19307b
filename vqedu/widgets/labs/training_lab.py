"""What the labs that train share: a model that learns in the kernel, and is measured on test images as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import ipywidgets
import numpy as np
import torch
from torch import Tensor, nn

from vqedu import training, validate
from vqedu.data import Images
from vqedu.widgets.labs.lab import Lab, one_core

TEST_IMAGES = 500
SHOWN_DIGITS = 5  # the first test images of MNIST: 7, 2, 1, 0 and 4
STEPS_AT_MOST = 1_000_000

State = TypeVar("State")  # what a lab has measured, and draws


class TrainingLab(Lab, Generic[State]):
    """A lab that trains on all of `images.train`, and measures on the first 500 of `images.test`.

    A subclass sets `measured_every` and `drawn_every`, and defines `new_model`, `measured` and `figure`; `loss` where
    it is not the model's own. A start ends by itself after `seconds`. Its controls must stand before `__init__` here,
    which makes the first model.
    """

    measured_every: int  # steps
    drawn_every = 1  # steps; `redraw` still leaves out what would come too soon
    model: Any
    state: State

    def __init__(
        self,
        images: Images,
        *rows: Sequence[ipywidgets.Widget],
        idle: str,
        seconds: float,
        batch_size: int,
        learning_rate: float,
        seed: int,
    ) -> None:
        self.train_images, self.test_images = images.train.x, images.test.x[:TEST_IMAGES]
        self.seconds, self.batch_size, self.learning_rate, self.seed = seconds, batch_size, learning_rate, seed
        super().__init__(*rows, idle=idle)

    def new_model(self) -> nn.Module:
        """Return an untrained model for the controls as they stand, drawn from torch's random state."""
        raise NotImplementedError

    def measured(self, before: State | None) -> State:
        """Return the state after one more measurement on the test images; `before` is None at the first one."""
        raise NotImplementedError

    def loss(self, x: Tensor) -> training.LossTerms:
        """Return what a step minimizes on the batch x (N, 1, 28, 28), its terms and their `total`."""
        terms: training.LossTerms = self.model.loss(x)
        return terms

    def begin(self) -> None:
        """Draw a new model from the seed, and measure it untrained."""
        self.step = 0
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.model = self.new_model()
        self._measure(None)

    def work(self, ending: Callable[[], bool]) -> str:
        """Train until `ending()` or for `seconds`."""
        until = time.monotonic() + self.seconds

        def on_step(_: int) -> bool:
            if self.step % self.drawn_every == 0:
                self.redraw()
            return ending() or time.monotonic() >= until

        self._fit(on_step)
        return f"Stopped at step {self.step}. Start goes on from here, Reset begins anew."

    def train(self, steps: int) -> None:
        """Train for a number of steps in this cell, without a thread: the same numbers on every run."""
        validate.positive_int(steps, "steps")
        self.stop()
        with torch.random.fork_rng():
            torch.manual_seed(self.seed + self.step)
            self._fit(lambda step: step == steps)
        self.redraw(now=True)

    def _fit(self, on_step: Callable[[int], bool]) -> None:
        def after(step: int) -> bool:
            self.step += 1
            if self.step % self.measured_every == 0:
                self._measure(self.state)
            return on_step(step)

        batches = len(self.train_images) // self.batch_size
        with one_core():
            training.fit(
                self.model, self.train_images, epochs=max(1, STEPS_AT_MOST // max(1, batches)),
                batch_size=self.batch_size, learning_rate=self.learning_rate, schedule="constant",
                seed=self.seed + self.step, loss=self.loss, on_step=after, background=True,
            )  # fmt: skip

    @torch.no_grad()
    def _measure(self, before: State | None) -> None:
        self.state = self.measured(before)


def shown(images: Tensor) -> np.ndarray:
    """Return the images that a lab's figure shows: (N, 1, 28, 28) -> (5, 28, 28)."""
    return images[:SHOWN_DIGITS].squeeze(1).cpu().numpy()
