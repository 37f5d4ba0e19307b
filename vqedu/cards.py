"""The cards of the shipped models as one Markdown table; the README holds it, and a test says when they disagree."""

from __future__ import annotations

from typing import Any

from vqedu import checkpoints

LABELS = {
    "test_total_nats": "loss {} nats per image",
    "test_kl_nats": "of which KL {}",
    "test_squared_error": "squared error {} a pixel",
    "log_p_1": "log p(x) with k = 1: {}",
    "log_p_50": "k = 50: {}",
    "log_p_500": "k = 500: {}",
    "log_p_5000": "k = 5,000: {} nats per image",
}


def table() -> str:
    """Return a Markdown table: name, model, size of the file, minutes of training, what it reaches."""
    rows = ["| name | model | file | trained in | reaches on the 10,000 test images |", "|---|---|---|---|---|"]
    return "\n".join([*rows, *(_row(name) for name in checkpoints.available_pretrained())]) + "\n"


def _row(name: str) -> str:
    path = checkpoints.pretrained_path(name)
    card = checkpoints.read_card(path)
    arguments = ", ".join(f"{key}={value}" for key, value in card["arguments"].items())
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    return f"| `{name}` | {card['model']}({arguments}) | {size} | {card['minutes']:.0f} min | {_metrics(card)} |"


def _metrics(card: dict[str, Any]) -> str:
    known = ((label, card["metrics"].get(name)) for name, label in LABELS.items())
    return "; ".join(label.format(value) for label, value in known if value is not None)
