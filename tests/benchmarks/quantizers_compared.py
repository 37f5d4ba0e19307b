"""VQ, FSQ and residual VQ compared: error against bits, at equal length and at equal entropy, for notebook 09.

    python tests/benchmarks/quantizers_compared.py                  # all runs and seeds; writes the results that ship
    python tests/benchmarks/quantizers_compared.py --jobs 2 --add   # only what the file lacks
    python tests/benchmarks/quantizers_compared.py --device cuda --jobs 10
    python tests/benchmarks/quantizers_compared.py --only "FSQ"     # the settings whose name begins so; prints them

Everything but the quantizer is the same: encoder, decoder, batches and loss of models.VQVAE, MNIST, batch 128, two
epochs, one-cycle up to 4e-3. Each setting is trained from three seeds, which also draw the order of the batches. One
setting has no quantizer at all, and shows what the encoder and the decoder lose by themselves.

Results are written as they come in, seed by seed; --minutes ends the work early and keeps what there is.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable
from concurrent import futures
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

EPOCHS = 2
SEEDS = (0, 1, 2)
COUNTED = 5000  # more different codes than this are too many to count pairs and triples of stages


def settings() -> dict[str, Callable[[], Any]]:
    """Return how each model is made. "VQ without remedies" starts badly on purpose, as in section 1 of notebook 09."""
    from vqedu.models import VQVAE
    from vqedu.quantizers import FSQ, ResidualVQ

    bare: dict[str, Any] = {"update": "gradient", "start": "uniform", "revive_after": None, "normalize": False}
    made: dict[str, Callable[[], Any]] = {"no quantizer, D = 16": lambda: VQVAE(quantizer=_unquantized(16))}
    for size in (64, 128, 256, 512, 1024):
        made[f"VQ, K = {size:,}"] = partial(VQVAE, size, 16)
    for levels in ([4, 4, 4], [5, 5, 5], [8, 8, 4], [8, 8, 8], [8, 5, 5, 5], [8, 8, 8, 8]):
        made[f"FSQ, {' x '.join(map(str, levels))}"] = partial(_of, FSQ, levels)
    for stages, size in ((2, 8), (2, 16), (3, 8), (2, 32), (4, 8)):
        made[f"residual VQ, {stages} stages of {size}"] = partial(_of, ResidualVQ, size, 16, stages)
    made["FSQ without normalization, 8 x 8 x 8"] = lambda: VQVAE(quantizer=FSQ([8, 8, 8]), normalize=False)
    made["rotation trick, K = 512"] = lambda: _rotated(VQVAE(512, 16))
    made["VQ without remedies, K = 512"] = lambda: VQVAE(512, 16, **bare)
    made["rotation trick without remedies, K = 512"] = lambda: _rotated(VQVAE(512, 16, **bare))
    return made


def _of(quantizer: Any, *arguments: Any) -> Any:
    from vqedu.models import VQVAE

    return VQVAE(quantizer=quantizer(*arguments))


def _unquantized(dims: int) -> Any:
    """Return a quantizer that changes nothing: z_q = z_e. Its indices are all 0."""
    from torch import Tensor, nn

    from vqedu.quantizers.contract import Quantized

    class Unquantized(nn.Module):
        codebook_size, code_dim = 1, dims
        bound, codes, lookup = None, None, None

        def nearest(self, z_e: Tensor) -> Tensor:
            return z_e.new_zeros(len(z_e), *z_e.shape[2:]).long()

        @property
        def stages(self) -> list[Any]:
            return [self]

        def forward(self, z_e: Tensor) -> Quantized:
            return Quantized(z_e, self.nearest(z_e), z_e.new_zeros(()), z_e.new_zeros(()))

    return Unquantized()


def _rotated(model: Any) -> Any:
    """Return the model with the rotation trick (Fifty et al. 2024) in place of straight-through."""
    from torch import Tensor, nn
    from torch.nn import functional as F

    from vqedu.quantizers.contract import Quantized

    class Rotated(nn.Module):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(super().__getattr__("inner"), name)

        def forward(self, z_e: Tensor) -> Quantized:
            out = self.inner(z_e)
            z_q = out.z_q.detach()
            scale = (z_q.norm(dim=1, keepdim=True) / z_e.norm(dim=1, keepdim=True).clamp(min=1e-6)).detach()
            u, v = F.normalize(z_e, dim=1).detach(), F.normalize(z_q, dim=1)
            w = F.normalize(u + v, dim=1)

            def dot(a: Tensor, b: Tensor) -> Tensor:
                return (a * b).sum(1, keepdim=True)

            turned = scale * (z_e - 2 * w * dot(w, z_e) + 2 * v * dot(u, z_e))
            return out._replace(z_q=turned + (z_q - turned).detach())  # forward the code itself, to the last digit

    model.quantizer = Rotated(model.quantizer)
    return model


def measure(model: Any, test: Any) -> dict[str, float]:
    """Return rate and entropy in bits per image, squared error per pixel, nats per image, the share of codes in use.

    The entropy is that of the code of one position, times 49: for several stages that of all stages together, where
    they can be counted, else the sum of the stages' entropies, which is at least as large.
    """
    from vqedu import metrics

    found, size = metrics.reached(model, test.x), model.codebook_size
    stages = found.indices.view(len(test.x), 49, -1).unbind(-1)
    by_stage = sum(metrics.perplexity(stage, size).log2().item() for stage in stages)
    together = size ** len(stages)
    code = sum(stage * size**place for place, stage in enumerate(stages))
    entropy = metrics.perplexity(code, together).log2().item() if together <= COUNTED else by_stage
    numbers = {
        "rate": 49 * len(stages) * math.log2(size),
        "entropy": 49 * entropy,
        "entropy_by_stage": 49 * by_stage,
        "squared_error": found.squared_error,
        "reconstruction_nats": found.reconstruction,
        "usage": sum(metrics.code_usage(stage, size).item() for stage in stages) / len(stages),
    }
    return {name: float(f"{value:.4g}") for name, value in numbers.items()}


def run(name: str, seed: int, device: str, epochs: int = EPOCHS) -> tuple[str, int, dict[str, float], float]:
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import torch

    from vqedu import data, training

    torch.set_num_threads(1)
    images = data.load("mnist")
    torch.manual_seed(seed)
    model = settings()[name]()
    history = training.fit(
        model, images.train, epochs=epochs, learning_rate=4e-3, seed=seed, background=True
    )  # in the background: the batches are drawn from the seed, nothing is shown
    with torch.no_grad():
        return name, seed, measure(model, images.test), history.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, each in a process of its own")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--only", default="", help="only the settings whose name begins so; nothing is written")
    parser.add_argument("--add", action="store_true", help="keep what the file already has, and run only what it lacks")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no further run after these")
    parser.add_argument("--to", type=Path, help="where to write the results; by default where they ship")
    chosen = parser.parse_args()
    names = [name for name in settings() if name.startswith(chosen.only)]
    table: dict[str, dict[str, dict[str, float]]] = _read(chosen.to) if chosen.add else {}
    begin = time.monotonic()
    with futures.ProcessPoolExecutor(chosen.jobs, mp_context=get_context("spawn")) as pool:
        waiting = [(name, seed) for seed in chosen.seeds for name in names if str(seed) not in table.get(name, {})]
        running: set[Any] = set()
        while waiting or running:
            while waiting and len(running) < chosen.jobs and time.monotonic() - begin < 60 * chosen.minutes:
                name, seed = waiting.pop(0)
                running.add(pool.submit(run, name, seed, chosen.device, chosen.epochs))
            if not running:
                break
            done, running = futures.wait(running, return_when=futures.FIRST_COMPLETED)
            for one in done:
                name, seed, numbers, seconds = one.result()
                table.setdefault(name, {})[str(seed)] = numbers
                print(f"{name}, seed {seed}: {numbers}, {seconds:.0f} s", flush=True)
            if not chosen.only:
                _write(chosen.to, table, chosen.epochs)
    print(f"{sum(map(len, table.values()))} runs in {(time.monotonic() - begin) / 60:.1f} minutes", flush=True)


def _file(to: Path | None) -> Path:
    from vqedu.pretrained import sweeps

    return to or sweeps.RESULTS / "quantizers_compared.json"


def _read(to: Path | None) -> dict[str, dict[str, dict[str, float]]]:
    return dict(json.loads(_file(to).read_text(encoding="utf-8"))["runs"])


def _write(to: Path | None, table: dict[str, dict[str, dict[str, float]]], epochs: int) -> None:
    import torch

    ordered = {name: dict(sorted(table[name].items())) for name in settings() if name in table}
    card = {"epochs": epochs, "data": "MNIST", "torch": torch.__version__.split("+")[0], "runs": ordered}
    _file(to).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
