"""What quantizers reach at equal rates, measured once by tests/benchmarks/quantizers_compared.py; the numbers ship."""

from __future__ import annotations

import json
from pathlib import Path

PATH = Path(__file__).parent / "assets" / "quantizers_compared.json"


def quantizers() -> dict[str, dict[str, float]]:
    """Return the measurements of each run by its name, on the 10,000 test images.

    rate and entropy in bits an image, squared_error a pixel, reconstruction_nats an image, usage from 0 to 1.
    """
    return dict(json.loads(PATH.read_text(encoding="utf-8"))["runs"])
