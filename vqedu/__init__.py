"""What the notebooks share, from data to widgets, on five floors; each imports only from the floors below it.

A model or quantizer is under its own name; an exercise or a question under its topic (`vae`, `vqvae`, ...); an explorer
in a folder of its own, with its Python, JavaScript and CSS. CONTRIBUTING.md lists what to touch to add one.

    5  publish         notebooks, site and lecturer's copies made from the sources; `python -m vqedu`
       machine         what this computer can do for the course, in plain words
       jupyter         lets notebooks open unchanged in JupyterLab
       checks          the exercises, one file per topic, and the engine that names a mistake
    4  widgets         the explorers and labs, one folder each; cards with questions
       pretrained      the models that ship: weights, cards, and the recipes that trained them
       coding          code maps to a file and back, by an arithmetic coder and a prior
    3  models          autoencoder, VAE, VQ-VAE, the prior over codes, words and images, a classifier
       metrics         perplexity, code usage, log-likelihood, rate, distortion
    2  data            the data sets, offline first
       losses          every loss, in nats per image unless its name says otherwise
       training        one training loop for all models, and its optimizers
       quantizers      vector quantization, FSQ, residual VQ; nearest-code search
       lessons         the toy models of the lessons on the ELBO, gradients and the plane
       plots           figures in one style: arrays in, a Figure out
       questions       predictions and quizzes, one file per topic
    1  joint, validate, files, progress, palette

Submodules load when first used.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

_SUBMODULES = (
    "checks", "coding", "data", "lessons", "losses", "machine", "metrics", "models", "plots", "pretrained",
    "quantizers", "questions", "training", "widgets",
)  # fmt: skip


def __getattr__(name: str) -> ModuleType:
    """Import a submodule on first access (PEP 562), so that `import vqedu` costs about a millisecond."""
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_SUBMODULES])
