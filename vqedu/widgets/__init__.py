"""The explorers (they run in the page) and the labs (they run in the kernel). Each loads when first used."""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "LatentExplorer": "latent.latent",
    "SideBySideExplorer": "latent.side_by_side",
    "ElboExplorer": "elbo.elbo",
    "ReparameterizationExplorer": "reparameterization.reparameterization",
    "BetaCalculator": "beta.beta",
    "CollapseLab": "labs.collapse",
    "QuantizationExplorer": "quantization.quantization",
    "CodebookExplorer": "codebook.codebook",
    "CodebookLab": "labs.codebook_lab",
    "TokenExplorer": "tokens.tokens",
    "ResidualExplorer": "residual.residual",
    "WordsAndImages": "tokens.words_and_images",
    "Prediction": "cards.prediction",
    "Quiz": "cards.quiz",
    "progress": "cards.overview",
}
NAMES = tuple(_HOME)


def __getattr__(name: str) -> Any:
    """Import a widget class from its file on first access (PEP 562)."""
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
