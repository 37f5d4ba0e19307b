"""vqedu: what the notebooks share, from data to widgets. Submodules load when first used."""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

# All that a notebook imports, and what a learner may want beside it.
_SUBMODULES = (
    "beta", "checkpoints", "checks", "coding", "collapse", "comparison", "data", "diagrams", "gradients", "kmeans",
    "losses", "machine", "metrics", "models", "overview", "plots", "plots_codes", "plots_image_tokens",
    "plots_quantization", "plots_tokens", "quantization_2d", "quantizers", "questions", "rates", "recipes", "styles",
    "sweeps", "toy", "training", "transformer", "widgets", "words_and_images",
)  # fmt: skip


def __getattr__(name: str) -> ModuleType:
    """Import a submodule on first access (PEP 562), so that `import vqedu` costs about a millisecond."""
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_SUBMODULES])
