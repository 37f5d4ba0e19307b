"""vqedu: what the notebooks share, from data to widgets. Submodules load when first used."""

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
