"""The cards of the shipped models as one Markdown table, which docs/MODELS.md shows; a test says when they disagree."""

from __future__ import annotations

import inspect
from typing import Any

from vqedu import models, pretrained, quantizers
from vqedu.pretrained import checkpoints

LABELS = {
    "test_total_nats": "loss {} nats per image",
    "test_kl_nats": "of which KL {}",
    "test_reconstruction_nats": "reconstruction {} nats per image",
    "test_swapped_nats": "{} with the code of another image",
    "test_squared_error": "squared error {} per pixel",
    "code_usage": "{:.0%} of the codes used",
    "perplexity": "perplexity {:.0f}",
    "test_accuracy": "{:.1%} of the images classified rightly",
    "test_bits_per_code": "{:.2f} bits per code",
    "test_bits_per_code_summed": "{:.2f} summed over the classes",
    "test_bits_per_code_given_class": "{:.2f} with the class given",
    "class_agreement": "{:.1%} of 1,000 samples are read as the class that was asked for",
    "class_agreement_guided": "{:.1%} with guidance 2",
    "test_reading": "{:.1%} of the images read as the right digit",
    "test_captions": "{:.1%} of styled images named with digit and style",
    "drawing_agreement": "{:.1%} of 1,000 drawings are read as the digit that was asked for",
    "drawing_agreement_at_0.6": "{:.1%} at temperature 0.6",
    "sum_agreement": "{:.1%} of 1,100 sums",
    "style_agreement": "{:.1%} of 1,000 drawings show the style",
    "unseen_squared_error": "squared error {} per channel on 381 unseen pictures",
    "train_squared_error": "{} on the training set",
    "judge_role": "right about the role of {:.1%} of 200 real pictures of unseen combinations",
    "judge_person": "the person of {:.1%}",
    "judge_tone": "the tone of {:.1%}",
    "judge_all": "all three of {:.1%}",
    "judge_again_all": "all three of {:.1%} of their reconstructions",
    "drawn_role": "of 800 drawings of unseen combinations the judge reads the right role in {:.1%}",
    "drawn_person": "the right person in {:.1%}",
    "drawn_tone": "the right tone in {:.1%}",
    "drawn_all": "all three in {:.1%}",
    "drawn_seen_all": "all three in {:.1%} of drawings of seen combinations",
    "best_all": "all three in {:.1%} of those that it keeps out of 8",
    "read_combinations_exact": "names {:.1%} of unseen combinations word for word",
    "read_combinations_f1": "word F1 {:.2f}",
    "read_pictures_exact": "names {:.1%} of unseen pictures",
    "read_pictures_f1": "word F1 {:.2f} there",
    "log_p_1": "log p(x) with k = 1: {}",
    "log_p_50": "k = 50: {}",
    "log_p_500": "k = 500: {}",
    "log_p_5000": "k = 5,000: {} nats per image",
}


def table() -> str:
    """Return a Markdown table: name, model, size of the file, minutes of training, what it reaches."""
    rows = [
        "| name | model | file | trained in | reaches on the 10,000 test images, or as stated |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *(_row(name) for name in pretrained.names())]) + "\n"


def _row(name: str) -> str:
    path = pretrained.path_of(name)
    card = checkpoints.read_card(path)
    cells = (
        f"`{name}`",
        _call(card["model"], card["arguments"]),
        _size(path.stat().st_size),
        f"{card['minutes']:.0f} min",
    )
    return f"| {' | '.join(cells)} | {_metrics(card)} |"


def _call(name: str, arguments: dict[str, Any]) -> str:
    """Return the call that makes a model or a quantizer: its class, and the arguments that are not the default."""
    parameters = inspect.signature(getattr(models, name, None) or getattr(quantizers, name)).parameters
    given = {key: arguments[key] for key in parameters if key in arguments}
    shown = [f"{key}={_shown(value)}" for key, value in given.items() if value != parameters[key].default]
    return f"{name}({', '.join(shown)})"


def _shown(value: Any) -> str:
    """Return an argument as one would write it, a quantizer among them too."""
    if isinstance(value, list | tuple) and len(value) > 6:
        return f"{len(value)} texts"
    return _call(value["class"], value["arguments"]) if isinstance(value, dict) else str(value)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _metrics(card: dict[str, Any]) -> str:
    known = ((label, card["metrics"].get(name)) for name, label in LABELS.items())
    return "; ".join(label.format(value) for label, value in known if value is not None)
