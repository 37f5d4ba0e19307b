"""One training loop for every model of the course."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from vqedu import joint, progress, validate
from vqedu.training import across, optimizers
from vqedu.training.devices import at_work, loss_on
from vqedu.training.saving import Checkpoint, Saving


class LossTerms(Protocol):
    """What the course's losses return: a NamedTuple of scalars whose field `total` is minimized."""

    @property
    def total(self) -> Tensor: ...
    def _asdict(self) -> dict[str, Tensor]: ...


Loss = LossTerms | Mapping[str, Tensor] | Tensor  # what a loss of your own may return


@dataclass
class History:
    """What `fit` measured: means over `every` steps, in the loss's own unit (nats per image for ours)."""

    every: int  # steps between two rows
    steps: list[int] = field(default_factory=list)  # the step at which each row ends, counted from 1
    terms: dict[str, list[float]] = field(default_factory=dict)  # each term of the loss, "total" among them
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def total(self) -> list[float]:
        """The minimized loss of each row."""
        return self.terms.get("total", [])

    @property
    def done(self) -> int:
        """The number of steps that the rows cover."""
        return self.steps[-1] if self.steps else 0


def fit(
    model: nn.Module,
    images: Tensor | Any,
    *,
    epochs: int = 10,
    batch_size: int = 128,
    learning_rate: float = 3e-3,
    optimizer: str = "adam",
    schedule: str = "one-cycle",
    binarize: bool = False,
    seed: int = 0,
    loss: Callable[[Tensor], Loss] | None = None,
    on_step: Callable[[int], object] | None = None,
    background: bool = False,
    bfloat16: bool = False,
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train `model` in place on mini-batches of `images`, and return what was measured.

    images: a tensor (N, ...) whose rows are examples, or a `data.Split`, whose x is taken. Each step minimizes
    `loss(batch)` (default: `model.loss`): one number, or a NamedTuple or dict of numbers with the sum as `total` (in a
    dict also `loss`). The last, smaller batch of an epoch is left out.
    optimizer: "adam", or "muon", which needs fewer steps for a transformer; see `optimizers.build`.
    schedule: "one-cycle" (Smith and Topin 2018: up to `learning_rate` over the first tenth, then down to nothing) or
    "constant". binarize: each pixel becomes 1 with its gray level as probability, anew at each step
    (Salakhutdinov and Murray 2008). `on_step(step)` is called after each step, and a true answer ends the training.
    background: for labs, which train in a thread beside other cells: nothing is shown, and torch's random state is
    neither seeded nor given back, so the loss must draw from a generator of its own.

    bfloat16: the network computes in 16 bits where torch holds that to be safe (autocast), and keeps its weights in 32;
    on a processor with instructions for it a transformer then trains about twice as fast.

    checkpoint: where to save the training now and then; the same call later goes on from the file that is there. Its
    folder is made if need be. A loss that draws from a generator of its own begins that generator anew.

    Among processes that `torchrun` started (see `joint.processes`) each trains on its part of every batch, and all come
    to the weights that one process would reach, but for the rounding of sums. They must make the same call.

    The same seed and the same starting weights give the same numbers on one machine; on a GPU up to rounding, since it
    adds up in any order. The model is trained on CUDA or Apple's GPU if there is one, where the loss then makes its
    tensors, too, and comes back where it was, in eval mode. Ctrl-C ends the training and keeps the model and its
    history, marked `interrupted`. This is plumbing: it would be the same for any network.
    Raises ValueError or TypeError for bad arguments and for a loss that is not one number or does not depend on the
    model's weights, FloatingPointError as soon as the loss is not finite, or if the weights end as NaN.
    """
    examples = _examples(images, batch_size, binarize)
    total_steps = validate.positive_int(epochs, "epochs") * (len(examples) // batch_size)
    settings = {
        "examples": list(examples.shape), "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate,
        "optimizer": optimizer, "schedule": schedule, "binarize": binarize, "seed": seed, "bfloat16": bfloat16,
    }  # fmt: skip
    history = History(every=max(1, total_steps // 200))
    own_random_state = nullcontext() if background else _seeded(seed)
    shown = progress.bar(total_steps, quiet=background or joint.rank() > 0)
    with own_random_state, torch.enable_grad(), at_work(model) as device, shown as bar:
        steps = optimizers.build(model, optimizer, schedule, learning_rate, total_steps)
        objective = across.objective(model, loss or cast("Callable[[Tensor], Loss]", model.loss))
        meter = _Meter(history, device)
        saving = Saving(checkpoint, model, steps, settings)
        vars(history).update(saving.restore())
        done, start = history.done, time.perf_counter() - history.seconds
        if done:
            bar.say(f"Going on after step {done:,} of {total_steps:,}.")
        examples = examples.to(device)
        in_place = nullcontext if device.type == "cpu" else partial(loss_on, device)
        orders = islice(_orders(examples, epochs, batch_size, seed), done, None)
        try:
            for step, order in enumerate(orders, start=done + 1):
                batch = examples[order]
                if binarize:
                    batch = torch.bernoulli(batch)
                with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16), in_place():
                    terms = _terms(objective(joint.part(batch)))
                steps.zero_grad()
                terms["total"].backward()
                if step == 1:
                    _must_have_gradients(model)
                steps.step()
                if meter.add(step, terms, last=step == total_steps):
                    history.seconds = time.perf_counter() - start
                    bar.show(history, steps.learning_rate)
                    saving.save(asdict(history), last=step == total_steps)
                if on_step and on_step(step):
                    history.interrupted = True
                    break
        except KeyboardInterrupt:
            history.interrupted = True
            bar.say("Stopped. The model keeps what it has learned so far.")
        _must_be_finite(model)
    history.seconds = time.perf_counter() - start
    return history


def labelled(values: Tensor, labels: Tensor) -> Tensor:
    """Return rows for `fit` that begin with their labels: values (N, *) and labels (N,) -> (N, 1 + numbers of a value).

    The label takes the dtype of the values. Raises ValueError unless there is one label for each value.
    """
    if labels.shape != values.shape[:1]:
        raise ValueError(f"labels must have shape ({len(values)},), one for each value, got {tuple(labels.shape)}.")
    return torch.cat([labels[:, None].to(values.dtype), values.flatten(1)], 1)


def start_at_mean_image(model: nn.Module, x: Tensor) -> None:
    """Set the decoder's last bias to the logits of the mean of the images x (N, 1, 28, 28), in place.

    The untrained decoder then answers with the mean image rather than with gray: the first few hundred steps, which
    would learn only that, are saved. The mean is kept within [0.001, 0.999].
    """
    bias = model.get_parameter("decoder." + str(len(model.get_submodule("decoder")) - 1) + ".bias")  # type: ignore[arg-type]
    mean = validate.images(x, shape=None).mean(0).flatten().clamp(0.001, 0.999)
    with torch.no_grad():
        bias.copy_(torch.logit(mean))


class _Meter:
    """Averages the loss terms between two rows of a history, and stops at the first loss that is not finite."""

    def __init__(self, history: History, device: torch.device) -> None:
        self.history = history
        # Reading a loss makes a GPU wait, so there it is read only when a row is due.
        self.every_step = device.type == "cpu"
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self, step: int, terms: dict[str, Tensor], last: bool) -> bool:
        """Add one step's terms; returns True if a row was written."""
        for name, value in joint.means(terms).items():
            self.sums[name] = self.sums.get(name, 0) + value.detach()
        self.count += 1
        due = last or step % self.history.every == 0
        if (due or self.every_step) and not math.isfinite(self.sums["total"].item()):
            raise FloatingPointError(
                f"The loss became {terms['total'].item()} at step {step}. A lower learning_rate often helps; "
                "so does a look for a log or a division by zero in the loss. The weights are of no more use."
            )
        if due:
            self._write(step)
        return due

    def _write(self, step: int) -> None:
        self.history.steps.append(step)
        for name, value in self.sums.items():
            self.history.terms.setdefault(name, []).append(value.item() / self.count)
        self.sums, self.count = {}, 0


def _terms(found: Any) -> dict[str, Tensor]:
    """Return the terms of a loss by name, "total" among them; raises TypeError or ValueError for anything else."""
    named = found._asdict() if hasattr(found, "_asdict") else dict(found) if isinstance(found, Mapping) else {}
    if isinstance(found, Tensor):
        named = {"total": found}
    elif "total" not in named and "loss" in named:
        named["total"] = named.pop("loss")
    total = named.get("total")
    if not isinstance(total, Tensor):
        came = f"a {type(found).__name__}" + (f" with {', '.join(map(str, named))}" if named else "")
        raise TypeError(
            "loss must return one number as a tensor, or a NamedTuple or dict of such numbers whose sum is `total`; "
            f"it returned {came}. Return the tensor itself, without `.item()`, not a number of Python."
        )
    if total.numel() != 1:
        shape = tuple(total.shape)
        raise ValueError(f"The total of loss must be one number, got shape {shape}. Average it over the batch.")
    if not total.requires_grad:
        raise ValueError(_NO_GRADIENT)
    return {name: torch.as_tensor(value) for name, value in named.items()}


_NO_GRADIENT = (
    "The loss does not depend on any weight of the model, so nothing would be trained. Does `loss` call the model that "
    "you pass to fit? And does `.detach()`, `.item()`, numpy or `no_grad` cut its gradient off?"
)


def _must_have_gradients(model: nn.Module) -> None:
    """Raise ValueError if no weight got a gradient, as when the loss calls another model than the one to train."""
    if all(weight.grad is None for weight in model.parameters()):
        raise ValueError(_NO_GRADIENT)


def _must_be_finite(model: nn.Module) -> None:
    """Raise FloatingPointError if a weight is NaN or infinite, which no loss says after the last step."""
    broken = [name for name, weight in model.named_parameters() if not bool(weight.isfinite().all())]
    if broken:
        raise FloatingPointError(
            f"The last step made weights NaN or infinite ({broken[0]}), although the loss was finite: its gradient is "
            "not. Look for a root, a norm or a division at 0, or lower learning_rate. The weights are of no more use."
        )


def _examples(images: Tensor | Any, batch_size: int, binarize: bool) -> Tensor:
    """Return the tensor of examples, checked once for the whole training."""
    examples = getattr(images, "x", images)
    if not isinstance(examples, Tensor):
        raise TypeError(f"images must be a tensor or a data.Split, got {type(images).__name__}.")
    if examples.is_floating_point() and (binarize or examples.dim() == 4):
        validate.images(examples, "images", shape=None)
    if validate.positive_int(batch_size, "batch_size") % joint.size():
        raise ValueError(f"batch_size must be a multiple of the {joint.size()} processes, got {batch_size}.")
    if len(examples) < batch_size:
        raise ValueError(f"images must hold at least one batch of {batch_size}, got {len(examples)}. Lower batch_size.")
    return examples


def _orders(examples: Tensor, epochs: int, batch_size: int, seed: int) -> Iterator[Tensor]:
    """Yield the row numbers of each batch of all epochs, each epoch in a new order drawn on the CPU from `seed`."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        order = torch.randperm(len(examples), generator=generator).to(examples.device)
        for start in range(0, len(order) - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed torch inside the block, and give the caller its random state back after it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
