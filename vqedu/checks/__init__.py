"""One checker per exercise: `checks.kl(my_function)` says that it is right, or which mistake it makes.

A checker tries the function on seeded inputs and compares its numbers, and where it matters its gradients, with those
of the right function. If they differ it compares them with those of each known mistake, and of every two that can be
made together; only those with the very same numbers are named. Everything else gets the smallest input at which the
answer is wrong, and what was measured there. Where an answer is random, its distribution is compared, not its stream.
A Result is false when the answer is wrong; docs/GRADING.md says how a grader reads it.

Every Exercise and Challenge that a topic's file defines is an attribute of this package under its name, and an entry of
`ALL`. So no file may have the name of an exercise: the ELBO's topic is `bayes`.
"""

from __future__ import annotations

import importlib

from vqedu.checks.engine.exercise import Challenge, Demand, Diagnosis, Exercise, Mistake
from vqedu.checks.engine.result import Result

__all__ = ["ALL", "Challenge", "Demand", "Diagnosis", "Exercise", "Mistake", "Result"]

# In the order of the course; each is a module of this folder.
_TOPICS = (
    "autoencoder",
    "convolutional",
    "bayes",
    "count_model",
    "reparameterization",
    "vae",
    "trained_vae",
    "inside_the_vae",
    "vector_quantization",
    "codebook_losses",
    "vqvae",
    "code_prior",
    "coder",
    "image_tokens",
    "held_out_sums",
    "color",
)

ALL: dict[str, Exercise | Challenge] = {
    value.name: value
    for topic in _TOPICS
    for value in vars(importlib.import_module(f"{__name__}.{topic}")).values()
    if isinstance(value, (Exercise, Challenge))
}


def __getattr__(name: str) -> Exercise | Challenge:
    if name in ALL:
        return ALL[name]
    raise AttributeError(f"There is no exercise {name!r}; there are {', '.join(sorted(ALL))}.")


def __dir__() -> list[str]:
    return sorted([*__all__, *ALL])
