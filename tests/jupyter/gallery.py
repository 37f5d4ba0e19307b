"""One notebook of all widgets: what a cell says to show each, and what a hand does with those that run in the page."""

from __future__ import annotations

from typing import NamedTuple

SETUP = """from vqedu import data, pretrained, widgets
from vqedu.widgets.base import Explorer
digits, shown, first = data.load(), {}, {}
def show(name, *given, **settings):
    shown[name] = getattr(widgets, name)(*given, **settings)
    if isinstance(shown[name], Explorer): first[name] = shown[name].state
    return shown[name]"""
MOVED = "print(*sorted(name for name, state in first.items() if shown[name].state != state))"


class Exhibit(NamedTuple):
    """A widget's arguments as the cell says them, and pairs: a CSS selector and the key to press there."""

    given: str = ""
    hand: tuple[tuple[str, str], ...] = ()


EXHIBITS = {
    "LatentExplorer": Exhibit("pretrained.load('ae-2d'), digits.test", ((".vq-map", "Shift+ArrowRight"),)),
    "SideBySideExplorer": Exhibit(
        "pretrained.load('ae-2d'), pretrained.load('vae-2d'), digits.test",
        ((".vq-model-vae .vq-map", "Shift+ArrowRight"),),
    ),
    "ElboExplorer": Exhibit(hand=(("canvas", "ArrowRight"),)),
    "ReparameterizationExplorer": Exhibit(hand=(("canvas", "ArrowLeft"),)),
    "BetaCalculator": Exhibit(hand=(("input", "ArrowUp"),)),
    "CollapseLab": Exhibit("digits, beta=1.0"),
    "QuantizationExplorer": Exhibit(hand=(("canvas", "ArrowUp"),)),
    "CodebookExplorer": Exhibit("pretrained.load('vqvae-mnist'), digits.test", ((".vq-codemap", "Enter"),)),
    "CodebookLab": Exhibit("digits, start='far', update='gradient', revive=False, normalize=False, batch_size=16"),
    "TokenExplorer": Exhibit(
        "pretrained.load('prior-mnist'), pretrained.load('vqvae-mnist'), drawn=12", ((".vq-tok-cell >> nth=12", "n"),)
    ),
    "ResidualExplorer": Exhibit("pretrained.load('residual-mnist'), digits.test", (("input", "End"),)),
    "WordsAndImages": Exhibit(
        "pretrained.load('words-and-images'), pretrained.load('vqvae-mnist')",
        (("role=button[name='Draw: it says']", "Enter"),),
    ),
    "Prediction": Exhibit("'autoencoder.factor'", (("input", "ArrowRight"), (".vq-q-commit", "Enter"))),
    "Quiz": Exhibit(
        "'gallery.quiz', question='Which?', choices={'a': 'No.', 'b': 'Yes.'}, answer='b'",
        (("input", "Space"), (".vq-q-commit", "Enter")),
    ),
    "progress": Exhibit(),
}
NAMES = list(EXHIBITS)
CELLS = [f"show({', '.join(filter(None, (repr(name), exhibit.given)))})" for name, exhibit in EXHIBITS.items()]
SOURCES = [SETUP, *CELLS, MOVED]
