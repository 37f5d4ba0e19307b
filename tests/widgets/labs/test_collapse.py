"""Posterior collapse: the pieces against values worked by hand, and the lab driven without a browser."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets.labs.training_labs import tiny_collapse_lab as tiny_lab
from tests.widgets.labs.training_labs import wait_until
from vqedu import data, losses, models, training
from vqedu.losses import annealed, free_bits, kl_per_dimension
from vqedu.widgets.labs.collapse import (
    ANNEALING_STEPS,
    FLOOR,
    CollapseLab,
    CollapseState,
    collapse_figure,
    finding,
)


def test_kl_of_each_latent_by_hand() -> None:
    """KL of N(1, 1) is 1/2; of N(0, e^2) it is (e^2 - 3) / 2; of N(0, 1) it is 0. The mean is over the images."""
    mu = torch.tensor([[1.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    logvar = torch.tensor([[0.0, 2.0, 0.0], [0.0, 2.0, 0.0]])
    expected = [(0.5 + 4.5) / 2, (math.e**2 - 3) / 2, 0.0]
    assert kl_per_dimension(mu, logvar).tolist() == pytest.approx(expected)


def test_kl_of_the_latents_adds_up_to_the_term_of_the_elbo() -> None:
    generator = torch.Generator().manual_seed(0)
    mu, logvar = torch.randn(50, 7, generator=generator), torch.randn(50, 7, generator=generator)
    total = losses.kl_to_standard_normal(mu, logvar).mean()
    torch.testing.assert_close(kl_per_dimension(mu, logvar).sum(), total)
    normal = torch.distributions.Normal
    each = torch.distributions.kl_divergence(normal(mu, (0.5 * logvar).exp()), normal(0.0, 1.0)).mean(0)
    torch.testing.assert_close(kl_per_dimension(mu, logvar), each)


def test_annealed_by_hand() -> None:
    assert [annealed(4.0, step, 100) for step in (0, 25, 50, 100, 101, 10_000)] == [0, 1, 2, 4, 4, 4]


@settings(deadline=None)
@given(beta=st.floats(0, 1e3), steps=st.integers(1, 1000), step=st.integers(0, 2000))
def test_annealing_never_falls_and_never_exceeds_beta(beta: float, steps: int, step: int) -> None:
    assert 0 <= annealed(beta, step, steps) <= annealed(beta, step + 1, steps) <= beta


def test_free_bits_by_hand() -> None:
    kl = torch.tensor([0.1, 0.5, 2.0])
    assert free_bits(kl, 0.5).item() == pytest.approx(0.5 + 0.5 + 2.0)
    assert free_bits(kl, 0.0).item() == pytest.approx(kl.sum().item())


def test_free_bits_pull_only_above_the_floor() -> None:
    kl = torch.tensor([0.1, 0.49, 0.51, 2.0], requires_grad=True)
    free_bits(kl, 0.5).backward()
    assert kl.grad is not None
    assert kl.grad.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: annealed(-1.0, 0, 10), ValueError, "beta"),
        (lambda: annealed(1.0, -1, 10), ValueError, "step"),
        (lambda: annealed(1.0, 0, 0), ValueError, "steps must be at least 1"),
        (lambda: free_bits(torch.zeros(2, 3), 0.5), ValueError, r"shape \(D,\), one number a latent, got \(2, 3\)"),
        (lambda: free_bits(torch.zeros(3), -0.5), ValueError, "floor"),
        (lambda: free_bits(torch.tensor([math.nan]), 0.5), ValueError, "kl must be finite"),
        (lambda: kl_per_dimension(torch.zeros(2, 3), torch.zeros(2, 4)), ValueError, "one shape"),
        (lambda: tiny_lab(beta=3.0), ValueError, "beta must be one of 0, 0.1"),
        (lambda: tiny_lab(remedy="free bit"), ValueError, "Did you mean 'free bits'"),
        (lambda: tiny_lab(latent_dim=0), ValueError, "latent_dim must be at least 1"),
    ],
)
def test_says_what_is_wrong(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_the_loss_of_the_lab_is_the_elbo_and_free_bits_only_change_its_total() -> None:
    lab = tiny_lab(beta=2.0)
    x = lab.train_images[:32].to(lab.generator.device)
    lab.model.to(x.device)
    plain = lab.loss(x)
    assert plain.total.item() == pytest.approx((plain.reconstruction + 2.0 * plain.kl).item())
    lab.remedy.value = "free bits"
    lab.reset()  # the same noise again
    lab.model.to(x.device)
    free = lab.loss(x)
    assert (free.reconstruction.item(), free.kl.item()) == pytest.approx((plain.reconstruction.item(), plain.kl.item()))
    assert free.total.item() >= free.reconstruction.item() + 2.0 * 3 * FLOOR - 1e-3


def test_a_move_of_the_slider_is_heard_while_it_trains() -> None:
    lab = tiny_lab(beta=1.0)
    lab.start_button.click()
    wait_until(lambda: lab.step >= 20)
    lab.beta.value = 50.0
    wait_until(lambda: lab.state.betas[-1] == 50.0)
    assert lab.running
    lab.stop_button.click()
    assert lab.state.betas[0] == 1.0
    assert sorted(lab.state.betas) == list(lab.state.betas)


def test_annealing_begins_when_it_is_chosen() -> None:
    lab = tiny_lab(beta=10.0)
    lab.train(20)
    assert lab.beta_now() == 10.0
    lab.remedy.value = "KL annealing"
    assert lab.beta_now() == 0.0
    lab.train(30)
    assert lab.beta_now() == pytest.approx(10.0 * 30 / ANNEALING_STEPS)
    assert lab.state.betas[-1] == lab.beta_now()


def state(active: int, kl: float = 1.0, step: int = 10, remedy: str = "none") -> CollapseState:
    images = np.zeros((5, 28, 28))
    return CollapseState(np.full(8, kl), (0, step), (8, active), (10.0, 10.0), images, images, remedy)


@pytest.mark.parametrize(
    ("active", "sentence"),
    [
        (0, "Posterior collapse: all 8 latent dimensions are inactive"),
        (3, "3 of 8 latent dimensions are active: 8.0 nats of KL"),
        (8, "All 8 latent dimensions are active: 8.0 nats of KL"),
    ],
)
def test_the_figure_states_its_finding(active: int, sentence: str) -> None:
    shown = state(active)
    assert finding(shown) == sentence
    figure = collapse_figure(shown)
    texts = [text.get_text() for axis in figure.axes for text in axis.texts] + [t.get_text() for t in figure.texts]
    assert sentence in texts
    assert f"{active} of 8" in texts
    assert figure.alt.startswith(sentence)


def test_the_figure_is_a_pure_function_of_the_state() -> None:
    kl = np.array([0.0, 2.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    shown = state(2, remedy="free bits")._replace(kl=kl)
    assert collapse_figure(shown).png() == collapse_figure(shown).png()
    bars = collapse_figure(shown).axes[0].patches
    assert [bar.get_height() for bar in bars] == kl.tolist()


def test_every_control_says_what_it_is() -> None:
    lab = tiny_lab()
    assert [control.description for control in (lab.beta, lab.remedy)] == ["β", "remedy"]


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_at_beta_1_the_deep_decoder_collapses_and_both_cures_prevent_it(seed: int) -> None:
    """What notebook 05 shows with one seed: 400 steps, nats per image."""
    images = data.load()
    kl = {}
    for remedy in ("none", "KL annealing", "free bits"):
        lab = CollapseLab(images, remedy=remedy, seed=seed)
        lab.train(400)
        kl[remedy] = float(lab.state.kl.sum())
        assert lab.beta_now() == 1.0
    assert kl["none"] < 0.05
    assert 1.5 < kl["KL annealing"] < kl["free bits"]
    assert kl["free bits"] > 4


@pytest.mark.nightly
def test_rate_and_distortion_of_the_small_network_of_notebook_05() -> None:
    """The rate falls and the distortion rises with beta; their sum is least at 1; at 30 the rate is 0.0."""
    images = data.load()
    points = {}
    for beta in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0):
        torch.manual_seed(0)
        model = models.VAE(10, hidden=(200,))
        training.fit(model, images.train.x[:20_000], epochs=2, loss=partial(model.loss, beta=beta), background=True)
        with torch.no_grad():
            terms = model.loss(images.test.x)
        points[beta] = (terms.kl.item(), terms.reconstruction.item())
    rates, distortions = zip(*points.values(), strict=True)
    assert list(rates) == sorted(rates, reverse=True)
    assert list(distortions) == sorted(distortions)
    assert min(points, key=lambda beta: sum(points[beta])) == 1.0
    assert points[30.0][0] < 0.05
