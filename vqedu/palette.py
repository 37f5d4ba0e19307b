"""The colors of the course, each under the name of what it shows: palette.json, from which everything takes them.

Python has them here; a page imports `colors` and `words`; a style sheet uses var(--vq-NAME) and var(--vq-NAME-word).
Source: Okabe and Ito 2008, which colour-blind readers can tell apart.
"""

from __future__ import annotations

import json
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")
_NAMED: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
COLORS = _NAMED["colors"]  # encoder, codebook, decoder, prior, data, warning
WORDS = _NAMED["words"]  # the same hues, dark enough to be read as words on white
VERDICTS = _NAMED["verdicts"]  # right, nearly, wrong


def named(color: str | None) -> str | None:
    """Return the color of a name of the palette, such as "prior"; any other color comes back as it is."""
    return COLORS.get(color or "", color)


def tint(color: str, share: float) -> str:
    """Return a color of which `share`, from 0 to 1, is `color` and the rest white: ("#000000", 0.2) -> "#CCCCCC"."""
    channels = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(255 + share * (channel - 255)):02X}" for channel in channels)


def css_variables() -> str:
    """Return the palette as declarations of CSS: --vq-prior: #D55E00; and so on."""
    words = {f"{name}-word": color for name, color in WORDS.items()}
    return "\n".join(f"--vq-{name}: {color};" for name, color in {**COLORS, **words, **VERDICTS}.items())
