"""The training loop: what it learns, what it repeats, how it ends."""

from __future__ import annotations

import math
import signal
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch

from vqedu import models, progress, training


class Total(NamedTuple):
    total: torch.Tensor


def images(n: int = 512) -> torch.Tensor:
    """Return images that need one number each: a gray level all over."""
    level = torch.rand(n, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    return level.expand(n, 1, 28, 28).contiguous()


def small(seed: int = 0) -> models.Autoencoder:
    torch.manual_seed(seed)
    return models.Autoencoder(2, hidden=(16,))


def test_fit_lowers_the_loss_towards_the_entropy_of_the_images() -> None:
    model, x = small(), images()
    before = model.loss(x).total.item()
    history = training.fit(model, x, epochs=40, batch_size=32, learning_rate=1e-2)
    after = model.loss(x).total.item()
    least = torch.distributions.Bernoulli(probs=x).entropy().sum((1, 2, 3)).mean().item()
    assert least < after < least + 0.2 * (before - least)
    assert not model.training
    assert history.steps[-1] == 40 * 16
    assert not history.interrupted


def test_history_holds_the_mean_of_each_term_between_its_rows() -> None:
    model, x = models.VAE(2, hidden=(8,)), images(64)
    history = training.fit(model, x, epochs=2, batch_size=16)
    assert history.every == 1
    assert history.steps == list(range(1, 9))
    assert set(history.terms) == {"total", "reconstruction", "kl"}
    for total, rec, kl in zip(*(history.terms[k] for k in ("total", "reconstruction", "kl")), strict=True):
        assert total == pytest.approx(rec + kl, rel=1e-5)


def test_long_histories_have_about_200_rows_and_average_all_steps() -> None:
    seen: list[float] = []
    model, x = small(), images(256)

    def loss(batch: torch.Tensor) -> Total:
        terms = model.loss(batch)
        seen.append(terms.total.item())
        return Total(terms.total)

    history = training.fit(model, x, epochs=52, batch_size=32, loss=loss)
    assert history.every == 2
    assert history.total == pytest.approx([(a + b) / 2 for a, b in zip(seen[::2], seen[1::2], strict=True)], rel=1e-5)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(0)
        model = models.VAE(2, hidden=(8,))
        torch.rand(seed)  # what was drawn before must not matter
        training.fit(model, images(), epochs=1, seed=seed, binarize=True)
        runs.append(torch.cat([p.flatten() for p in model.parameters()]))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_fit_leaves_the_callers_random_state_alone() -> None:
    model = small()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    training.fit(model, images(), epochs=1, binarize=True)
    assert torch.equal(torch.rand(3), expected)


def test_every_epoch_visits_each_example_once_in_a_new_order() -> None:
    x = torch.arange(64.0).view(64, 1)
    model = torch.nn.Linear(1, 1)
    seen: list[torch.Tensor] = []

    def loss(batch: torch.Tensor) -> Total:
        seen.append(batch.flatten().clone())
        return Total(model(batch / 64).square().mean())

    training.fit(model, x, epochs=2, batch_size=16, loss=loss)
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert first.sort().values.tolist() == second.sort().values.tolist() == list(range(64))
    assert first.tolist() != second.tolist()


def test_binarize_gives_zeros_and_ones_with_the_grey_level_as_probability() -> None:
    x = torch.full((256, 1, 28, 28), 0.25)
    model = small()
    seen: list[torch.Tensor] = []

    def loss(batch: torch.Tensor) -> Total:
        seen.append(batch)
        return Total(model.loss(batch).total)

    training.fit(model, x, epochs=1, batch_size=128, binarize=True, loss=loss)
    assert set(torch.cat(seen).unique().tolist()) == {0.0, 1.0}
    assert torch.cat(seen).mean().item() == pytest.approx(0.25, abs=0.01)
    assert not torch.equal(seen[0], seen[1])


def test_nan_stops_with_the_step_in_the_sentence() -> None:
    model = small()

    def loss(batch: torch.Tensor) -> Total:
        loss.calls += 1  # type: ignore[attr-defined]
        return Total(model.loss(batch).total * (math.nan if loss.calls == 3 else 1.0))  # type: ignore[attr-defined]

    loss.calls = 0  # type: ignore[attr-defined]
    with pytest.raises(FloatingPointError, match="nan at step 3"):
        training.fit(model, images(), epochs=1, batch_size=32, loss=loss)
    assert not model.training


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_keeps_a_usable_model_and_its_history() -> None:
    model = small()
    before = [p.clone() for p in model.parameters()]
    history = training.fit(
        model, images(), epochs=10, on_step=lambda step: step == 7 and signal.raise_signal(signal.SIGINT)
    )
    assert history.interrupted
    assert history.steps[-1] == 7
    assert not model.training
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert math.isfinite(model.loss(images()).total.item())


def test_on_step_hears_every_step_and_may_end_the_training() -> None:
    heard: list[int] = []
    history = training.fit(small(), images(), epochs=5, on_step=lambda step: heard.append(step) or step == 7)
    assert heard == list(range(1, 8))
    assert history.interrupted


def test_start_at_mean_image_makes_the_mean_the_first_answer() -> None:
    model, x = small(), images().clamp(0.2, 0.8)
    with torch.no_grad():
        model.decoder[-1].weight.zero_()
    training.start_at_mean_image(model, x)
    torch.testing.assert_close(torch.sigmoid(model(x).logits[0]), x.mean(0), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": 1000}, ValueError, "at least one batch of 1000, got 512"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate"),
        ({"schedule": "one-cicle"}, ValueError, "Did you mean 'one-cycle'"),
        ({"optimizer": "moun"}, ValueError, "Did you mean 'muon'"),
    ],
)
def test_fit_says_what_is_wrong(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        training.fit(small(), images(), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (images() * 255, ValueError, r"\[0, 1\]"),
        (images().numpy(), TypeError, "tensor or a data.Split, got ndarray"),
        (images().squeeze(1), ValueError, r"shape \(N, 1, 28, 28\)"),
    ],
)
def test_fit_says_what_is_wrong_with_the_images(x: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        training.fit(small(), x, epochs=1)


def squared(model: torch.nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda batch: (model(batch).logits - batch).square().sum((1, 2, 3)).mean()


FORMS: list[Callable[[torch.Tensor], Any]] = [
    lambda loss: loss,
    lambda loss: loss[None],
    lambda loss: {"total": loss},
    lambda loss: {"loss": loss, "KLD": loss.item()},
    lambda loss: OrderedDict(kl=0 * loss, total=loss),
    Total,
]


@pytest.mark.parametrize("form", FORMS)
def test_a_loss_of_ones_own_may_be_a_number_or_a_dictionary(form: Callable[[torch.Tensor], Any]) -> None:
    model, expected = small(), small()
    loss, same = squared(model), squared(expected)
    history = training.fit(model, images(64), epochs=2, batch_size=32, loss=lambda batch: form(loss(batch)))
    wanted = training.fit(expected, images(64), epochs=2, batch_size=32, loss=lambda batch: Total(same(batch)))
    assert history.total == wanted.total
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), expected.parameters(), strict=True))


@pytest.mark.parametrize(
    ("form", "error", "sentence"),
    [
        (lambda loss: None, TypeError, "it returned a NoneType"),
        (lambda loss: loss.item(), TypeError, "it returned a float"),
        (lambda loss: (loss, loss), TypeError, "it returned a tuple"),
        (lambda loss: {"kl": loss}, TypeError, "it returned a dict with kl"),
        (lambda loss: loss.expand(3), ValueError, r"one number, got shape \(3,\)"),
        (lambda loss: loss.detach(), ValueError, "does not depend on any weight"),
    ],
)
def test_a_loss_that_is_none_is_said_in_a_sentence(form: Any, error: type[Exception], sentence: str) -> None:
    model = small()
    loss = squared(model)
    with pytest.raises(error, match=sentence):
        training.fit(model, images(64), epochs=1, batch_size=32, loss=lambda batch: form(loss(batch)))


def test_a_loss_of_another_model_trains_nothing_and_says_so() -> None:
    model, other = small(0), small(1)
    before = [weight.clone() for weight in model.parameters()]
    other.to(training.best_device())
    with pytest.raises(ValueError, match="does not depend on any weight of the model"):
        training.fit(model, images(64), epochs=1, batch_size=32, loss=squared(other))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True))


def test_weights_that_the_last_step_makes_nan_are_said() -> None:
    """The root of 0 is 0 with an infinite slope: the loss is finite, the gradient is not."""
    model = small()
    with pytest.raises(FloatingPointError, match="The last step made weights NaN or infinite"):
        training.fit(
            model, images(32), epochs=1, batch_size=32, loss=lambda batch: (model(batch).logits * 0).sum().sqrt()
        )


def test_the_curve_ends_where_the_loss_ends() -> None:
    drawing = progress.curve_svg([10, 20, 30], [5.0, 3.0, 1.0], width=480, height=150)
    points = drawing.split('points="')[1].split('"')[0].split()
    assert len(points) == 3
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == [12.0, 68.0, 124.0]
    assert "step 30" in drawing
    assert "now 1" in drawing


def test_fit_learns_also_where_gradients_are_switched_off() -> None:
    model = small()
    with torch.no_grad():
        before = model.loss(images()).total.item()
        training.fit(model, images(), epochs=5, batch_size=32, learning_rate=1e-2)
        assert model.loss(images()).total.item() < before
        assert not torch.is_grad_enabled()
