"""The questions of the notebooks, one module per topic. A question is asked by its key, such as "autoencoder.readable".

The texts are here and not in the notebooks, because a cell that contains the answer shows it to whoever should guess.
"""

from __future__ import annotations

import importlib
import re

from vqedu import validate
from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

__all__ = ["TOPICS", "Choice", "Curve", "Guess", "Number", "Recall", "all_keys", "find", "of_topic"]

# In the order of the course; each is a module of this folder.
TOPICS = (
    "start", "autoencoder", "elbo", "reparameterization", "vae", "inside_the_vae",
    "vector_quantization", "vqvae", "code_prior", "image_tokens", "colour_and_words",
)  # fmt: skip

_KEY = re.compile(r"[\w-]+(?:\.[\w-]+)*")


def of_topic(topic: str) -> dict[str, Guess | Recall]:
    """Return key -> question of a topic, in the order in which the notebooks ask them."""
    module = importlib.import_module(f"{__name__}.{topic}")
    return {f"{topic}.{name}": question for name, question in module.QUESTIONS.items()}


def all_keys() -> list[str]:
    """Return the keys of all questions, topic by topic."""
    return [key for topic in TOPICS for key in of_topic(topic)]


def find(key: str) -> Guess | Recall:
    """Return the question with this key. Raises ValueError, with the closest key, for an unknown one."""
    topic = valid_key(key).partition(".")[0]
    known = of_topic(topic) if topic in TOPICS else {}
    return known[validate.known_name(key, known or all_keys(), "question")]


def valid_key(key: str) -> str:
    """Return `key` if it is letters, digits, - and _, in parts joined by dots; raises ValueError otherwise."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError(
            f"A key is letters, digits, - and _, in parts joined by dots, such as 'autoencoder.readable'; got {key!r}."
        )
    return key
