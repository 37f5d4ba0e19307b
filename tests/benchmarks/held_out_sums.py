"""Does the words-and-images model add? Twelve of its 55 sums are held out of training, and then asked for.

    python tests/benchmarks/held_out_sums.py --device cuda --jobs 6     # writes the results that ship

Two ways of holding out, three splits each. "both orders": six pairs such as 2 and 4, so that neither "two plus four"
nor "four plus two" is trained. "one order": twelve pairs, of each only one order, the other one is trained. Otherwise
the recipe is that of the shipped model with larger batches (32 in place of 16).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from concurrent import futures
from multiprocessing import get_context
from pathlib import Path
from typing import Any

SUMS = [(a, b) for a in range(10) for b in range(10 - a)]  # all 55
DRAWINGS = 40  # of each sum
TEMPERATURE = 0.6


def held_out(way: str, seed: int) -> list[tuple[int, int]]:
    """Return twelve sums to hold out; with "one order" the same sum in the other order stays in training."""
    pairs = [(a, b) for a, b in SUMS if a < b and a + b >= 3]  # answers 3 to 9: others are left to each answer
    random.Random(seed).shuffle(pairs)
    chosen: list[tuple[int, int]] = []
    answers: list[int] = []
    for a, b in pairs:
        if answers.count(a + b) < (1 if way == "both orders" else 2) and len(chosen) < 12:
            chosen.append((a, b))
            answers.append(a + b)
    if way == "both orders":
        chosen = [pair for a, b in chosen[:6] for pair in ((a, b), (b, a))]
    return sorted(chosen)


def run(way: str, seed: int, device: str, epochs: int = 2, batch: int = 32) -> dict[str, Any]:
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import functools

    import torch

    from vqedu import data, models, pretrained, training
    from vqedu.models import words_and_images as words

    torch.set_num_threads(1)
    images = data.load("mnist")
    vqvae: Any = pretrained.load("vqvae-mnist")
    judge: Any = pretrained.load("classifier-mnist")
    out = held_out(way, seed)
    ways = words.requests

    def without(digit: int, style: str | None = None) -> list[list[str]]:
        forbidden = {f"{words.DIGITS[a]} plus {words.DIGITS[b]}" for a, b in out}
        return [[text for text in texts if text not in forbidden] for texts in ways(digit, style)]

    words.requests = without
    begin = time.monotonic()
    torch.manual_seed(seed)
    model: Any = models.WordsAndImages()
    rows = words.training_examples(*images.train, vqvae)
    rates: list[tuple[float, dict[str, Any]]] = [(5e-3, {}), (3e-3, {"sum_share": 0.5})][:epochs]
    for number, (rate, keywords) in enumerate(rates):
        training.fit(
            model, rows, epochs=1, batch_size=batch, learning_rate=rate, optimizer="muon", seed=10 * seed + number,
            loss=functools.partial(model.loss, **keywords),
        )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    right = {}
    for a, b in SUMS:
        text = f"{words.DIGITS[a]} plus {words.DIGITS[b]}"
        read = judge.predict(vqvae.decode(model.draw(text, DRAWINGS, TEMPERATURE, generator)).sigmoid())
        right[a, b] = [int((read == digit).sum()) for digit in range(10)]
    return {
        "way": way,
        "seed": seed,
        "held_out": out,
        "read": {f"{a} + {b}": counts for (a, b), counts in right.items()},
        "trained": _share(right, [pair for pair in SUMS if pair not in out]),
        "held_out_share": _share(right, out),
        "seconds": round(time.monotonic() - begin),
    }


def _share(right: dict[tuple[int, int], list[int]], pairs: list[tuple[int, int]]) -> float:
    return round(sum(right[a, b][a + b] for a, b in pairs) / (DRAWINGS * len(pairs)), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--to", type=Path)
    chosen = parser.parse_args()
    found: list[dict[str, Any]] = []
    with futures.ProcessPoolExecutor(chosen.jobs, mp_context=get_context("spawn")) as pool:
        runs = [
            pool.submit(run, way, seed, chosen.device, chosen.epochs, chosen.batch)
            for seed in range(3)
            for way in ("both orders", "one order")
        ]
        for one in futures.as_completed(runs):
            found.append(one.result())
            print({name: value for name, value in found[-1].items() if name != "read"}, flush=True)
            _write(chosen.to, found)


def _write(to: Path | None, found: list[dict[str, Any]]) -> None:
    from vqedu.pretrained import sweeps

    runs = sorted(found, key=lambda one: (one["way"], one["seed"]))
    card = {"drawings_per_sum": DRAWINGS, "temperature": TEMPERATURE, "runs": runs}
    (to or sweeps.RESULTS / "held_out_sums.json").write_text(json.dumps(card) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
