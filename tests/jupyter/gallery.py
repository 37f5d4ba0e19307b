"""One notebook of all widgets: a cell for each, and the keys that a hand presses on those that run in the page."""

from __future__ import annotations

SETUP = """from tests.page import examples
from vqedu import data, widgets
shown, first = {}, {}
def show(name):
    shown[name] = examples.make(name)
    first[name] = shown[name].state
    return shown[name]"""
MOVED = "print(*[name for name, state in first.items() if shown[name].state != state])"

# An example of each explorer and card, and pairs: a selector of what takes the focus, and the key that it is given.
HANDS = {
    "LatentExplorer: autoencoder": [(".vq-map", "Shift+ArrowRight")],
    "SideBySideExplorer": [(".vq-model-vae .vq-map", "Shift+ArrowRight")],
    "ElboExplorer": [("canvas", "ArrowRight")],
    "ReparameterizationExplorer": [("canvas", "ArrowLeft")],
    "BetaCalculator": [("input", "ArrowUp")],
    "QuantizationExplorer": [("canvas", "ArrowUp")],
    "CodebookExplorer": [(".vq-codemap", "Enter")],
    "TokenExplorer": [("role=button[name='Start again']", "Enter")],
    "ResidualExplorer": [("input", "End")],
    "WordsAndImages": [("role=button[name='Draw: it reads']", "Enter")],
    "Prediction: number": [("input", "ArrowRight"), (".vq-q-commit", "Enter")],
    "Quiz: one question": [("input", "Space"), (".vq-q-commit", "Enter")],
}
# What runs in the kernel, as its cell shows it.
LABS = {
    "CollapseLab": "collapse = widgets.CollapseLab(data.load(), beta=1.0, seconds=600)\ncollapse",
    "CodebookLab": "codes = widgets.CodebookLab(data.load(), start='far', update='gradient', revive=False, "
    "normalize=False, batch_size=16, seconds=600)\ncodes",
    "progress": "widgets.progress()",
}
NAMES = [*HANDS, *LABS]
SOURCES = [SETUP, *(f"show({name!r})" for name in HANDS), *LABS.values(), MOVED]
