"""The effective beta as the page computes it: Python's number, whatever the reductions."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.page import node
from vqedu.losses import KL_REDUCTIONS, REDUCTIONS, effective_beta


def inputs(count: int) -> list[dict[str, Any]]:
    """Return random arguments of effective_beta, over six orders of magnitude."""
    draw = random.Random(0)
    return [
        {
            "likelihood": draw.choice(("bernoulli", "gaussian", "laplace")), "reconstruction": draw.choice(REDUCTIONS),
            "kl": draw.choice(KL_REDUCTIONS), "half": draw.random() < 0.5,
            "beta": draw.choice((0.0, 10 ** draw.uniform(-3, 3))), "weight": 10 ** draw.uniform(-3, 3),
            "variance": draw.choice((1.0, 10 ** draw.uniform(-3, 3))),
            "pixels": draw.randint(1, 10**6), "latents": draw.randint(1, 1000), "batch_size": draw.randint(1, 1000),
            "examples": draw.randint(1, 10**6),
        }
        for _ in range(count)
    ]  # fmt: skip


def test_the_page_computes_what_python_computes() -> None:
    points = inputs(500)
    found = node.call("beta/math.js", "(points) => points.map((p) => tested.effectiveBeta(p))", points)
    assert found == pytest.approx([effective_beta(**point) for point in points], rel=1e-12)
