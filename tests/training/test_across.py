"""Two processes that train together against one process: the same models, in numbers of 64 bits."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch import distributed as dist
from torch import multiprocessing as mp
from torch.nn import functional as F

from vqedu import joint, models, quantizers, training
from vqedu.models import words_and_images
from vqedu.training import devices
from vqedu.training.across import JointBatch, batch_norm


def images(n: int = 48) -> Tensor:
    """Return images of one bright square each, in numbers of 64 bits: rounding then hides no mistake."""
    x = torch.zeros(n, 1, 28, 28, dtype=torch.float64)
    for number, image in enumerate(x):
        row, column = divmod(7 * number % 400, 20)
        image[:, row : row + 8, column : column + 8] = 0.9
    return x


def rows() -> Tensor:
    """Return 48 rows of digit, style and 49 codes, as `WordsAndImages` learns from."""
    generator = torch.Generator().manual_seed(5)
    codes = torch.randint(8, (48, 49), generator=generator)
    digits, styles = torch.randint(5, (2, 48, 1), generator=generator)
    return torch.cat([digits, styles.clamp(max=len(words_and_images.STYLES) - 1), codes], 1)


class Noisy(nn.Module):
    """A layer between BatchNorm in one dimension and dropout of two blocks of rows, as some models have it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 4), nn.BatchNorm1d(4))
        self.dropout = nn.Dropout(0.5)

    def loss(self, x: Tensor) -> Any:
        twice = self.dropout(torch.cat([self.layers(x), 2 * self.layers(x)]))
        total = (twice.square().sum(1) + torch.rand(2 * len(x), 1).sum(1)).mean()
        return words_and_images.WordsAndImagesLoss(total, total, total)


BEST = "muon" if hasattr(torch.optim, "Muon") else "adam"  # torch has it from 2.9 on
CASES: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor], dict[str, Any]]] = {
    "vae": (lambda: models.VAE(3, hidden=(16,)), images, {"binarize": True}),
    "vqvae-ema": (lambda: models.VQVAE(12, 4, revive_after=2, width=4), images, {"learning_rate": 1e-2}),
    "vqvae-gradient": (lambda: models.VQVAE(12, 4, "gradient", revive_after=2, width=4), images, {}),
    "residual": (
        lambda: models.VQVAE(quantizer=quantizers.ResidualVQ(6, 4, 3, level_dropout=True), width=4), images, {},
    ),
    "causal-vae": (
        lambda: models.CausalVAE(4, 8, 4, floor=0.5, dropout=0.5), lambda: (images()[:, 0, ::2, ::2] > 0).double(), {},
    ),
    "words-and-images": (lambda: models.WordsAndImages(8, width=8, depth=1, heads=2), rows, {"optimizer": BEST}),
    "noisy": (Noisy, images, {}),
}  # fmt: skip


def trained(case: str) -> dict[str, Tensor]:
    """Return the weights and the history of a case after some steps."""
    build, examples, settings = CASES[case]
    torch.manual_seed(0)
    model = build().double()
    history = training.fit(model, examples(), **{"epochs": 4, "batch_size": 16, **settings})
    return {**model.state_dict(), "history": torch.tensor(history.total, dtype=torch.float64)}


@pytest.fixture(autouse=True)
def _on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "best_device", lambda: torch.device("cpu"))


def worker(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    devices.best_device = lambda: torch.device("cpu")  # type: ignore[assignment]
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    value = torch.tensor([rank + 1.0], requires_grad=True)
    (joint.mean(value) * (1, 5)[rank]).backward()
    assert value.grad == 3.0  # each has half of the mean, which one of them takes once and the other five times
    assert joint.content_from_first([b"whole", b""][rank]) == b"whole"
    assert joint.part([1, 2, 3, 4]) == [[1, 2], [3, 4]][rank]
    with pytest.raises(ValueError, match="multiple of the 2 processes, got 3"):
        training.fit(models.VAE(2, hidden=(4,)), images(8), batch_size=3)
    for case in CASES:
        state = {name: value.contiguous() for name, value in trained(case).items()}
        save_file(state, f"{folder}/{case}-{rank}.safetensors")
    dist.destroy_process_group()
    os._exit(0)  # torch 2.14 now and then aborts in gloo's threads while the interpreter shuts down, its work long done


@pytest.fixture(scope="module")
def trained_by_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes left what each of them trained."""
    folder = tmp_path_factory.mktemp("across")
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    mp.spawn(worker, args=(str(folder),), nprocs=2)
    return folder


def idle(name: str) -> bool:
    """Whether nothing but rounding moves a number: the bias of a layer whose mean BatchNorm takes away, and that mean.

    Adam makes steps of full length out of whatever rounding leaves of its gradient.
    """
    return name.endswith(("running_mean", ".0.bias", ".3.bias", ".6.bias", ".2.bias"))


@pytest.mark.parametrize("case", CASES)
def test_two_processes_come_to_the_weights_of_one(case: str, trained_by_two: Path) -> None:
    first, second = (load_file(trained_by_two / f"{case}-{rank}.safetensors") for rank in range(2))
    alone = trained(case)
    normalized = any("running_mean" in name for name in alone)
    for name, value in alone.items():
        assert torch.equal(first[name], second[name]), f"{name} differs between the processes"
        if not (normalized and idle(name)):
            torch.testing.assert_close(first[name], value, atol=1e-9, rtol=1e-9, msg=f"{name} differs from one process")


@pytest.mark.parametrize("shape", [(6, 3, 5, 5), (6, 3)])
def test_the_rule_of_batch_norm_is_torchs(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    weight, bias = torch.tensor([[1.0, 2.0, 3.0], [0.5, 0.0, -1.0]], dtype=torch.float64)
    results = []
    for rule in (F.batch_norm, batch_norm):
        mean, var = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
        y = rule(x, mean, var, weight, bias, True, 0.2, 1e-3)
        (gradient,) = torch.autograd.grad(y.square().sum() + y[0].sum(), x)
        results.append([y, mean, var, gradient, rule(x, mean, var, weight, bias)])
    for theirs, ours in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


def test_batch_norm_of_16_bits_adds_up_in_32() -> None:
    x = torch.full((4096, 1), 3.0).to(torch.bfloat16)
    x[0] = 4.0
    y = batch_norm(x, None, None, training=True)
    assert y.dtype == torch.bfloat16
    assert y[0].item() == pytest.approx(F.batch_norm(x.double(), None, None, training=True)[0].item(), rel=0.01)


def test_in_one_process_the_joint_batch_draws_what_torch_draws() -> None:
    x = torch.ones(4, 3)

    def draws() -> list[Tensor]:
        torch.manual_seed(0)
        return [
            torch.randn((4, 2)), torch.rand(8, 2), torch.randint(9, (4,)), torch.rand_like(x), torch.rand(()),
            torch.randint(5, ()), torch.randint(7, (3,)), F.dropout(x, 0.3), F.dropout(x, 0.3, training=False),
        ]  # fmt: skip

    plain = draws()
    with JointBatch(4):
        assert all(torch.equal(a, b) for a, b in zip(draws(), plain, strict=True))
