"""The arithmetic of the ELBO explorer in JavaScript: its identity, and every term against Python's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.page import node
from vqedu.lessons import toy

MUS = np.linspace(-4, 4, 17)
SIGMAS = np.geomspace(0.05, 4, 9)
each_decoder = pytest.mark.parametrize("decoder", sorted(toy.DECODERS))


def in_node(decoder: str, xs: np.ndarray, function: str, *given: Any) -> Any:
    """Return what a JavaScript function of (model, x, *given) returns for each x, and the model in Python."""
    model = toy.LatentModel(decoder)
    config = {"decoder": decoder, "noise": model.noise}
    script = f"(model, xs, ...given) => xs.map((x) => ({function})(model, x, ...given))"
    return model, node.call("elbo/math.js", script, config, xs.tolist(), *given)


@each_decoder
def test_identity_holds_on_a_grid_and_every_term_agrees_with_python(decoder: str) -> None:
    xs, mu = np.array([-2.0, 0.0, 1.0, 4.0]), MUS[:, None]
    terms = """(model, x, mus, sigmas) => mus.map((mu) => sigmas.map((sigma) => [
        tested.logEvidence(model, x), tested.elbo(model, x, mu, sigma), tested.klToPosterior(model, x, mu, sigma),
        tested.reconstruction(model, x, mu, sigma), tested.klToPrior(mu, sigma)]))"""
    model, found = in_node(decoder, xs, terms, MUS.tolist(), SIGMAS.tolist())
    for x, grid in zip(xs, found, strict=True):
        evidence, elbo, gap, reconstruction, to_prior = np.moveaxis(np.array(grid), -1, 0)
        np.testing.assert_allclose(elbo + gap, evidence, atol=1e-6, rtol=0)
        np.testing.assert_allclose(reconstruction - to_prior, elbo, atol=1e-6, rtol=0)
        np.testing.assert_allclose(evidence, model.log_evidence(x), atol=1e-5)
        np.testing.assert_allclose(elbo, model.elbo(x, mu, SIGMAS), atol=1e-5, rtol=0)
        np.testing.assert_allclose(gap, [model.kl_to_posterior(x, m, SIGMAS) for m in MUS], atol=1e-5, rtol=0)
        np.testing.assert_allclose(reconstruction, model.reconstruction(x, mu, SIGMAS), atol=1e-5, rtol=0)
        np.testing.assert_allclose(to_prior, toy.kl_to_prior(mu, SIGMAS), atol=1e-5, rtol=0)


@each_decoder
def test_derivation_and_best_q_agree_with_python(decoder: str) -> None:
    xs = np.linspace(-2, 4, 13)
    both = "(model, x) => [tested.derivation(model, x, 0.4, 0.7), tested.bestGaussian(model, x)]"
    model, found = in_node(decoder, xs, both)
    for x, (lines, best) in zip(xs, found, strict=True):
        assert lines == pytest.approx(model.derivation(float(x), 0.4, 0.7), abs=1e-5)
        assert (best["mu"], best["sigma"]) == pytest.approx(tuple(model.best_gaussian(float(x))), abs=1e-4)


@each_decoder
def test_on_every_third_point_the_elbo_is_the_same_unless_sigma_is_large(decoder: str) -> None:
    both = "(model, x, mu, sigma) => [tested.elbo(model, x, mu, sigma, 3), tested.elbo(model, x, mu, sigma)]"
    for mu, sigma in ((0.0, 0.05), (-2.0, 0.3), (1.5, 0.9)):
        _, found = in_node(decoder, np.array([-1.0, 2.0]), both, mu, sigma)
        for coarse, fine in found:
            assert coarse == pytest.approx(fine, abs=1e-9)
