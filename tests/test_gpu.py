"""What the course computes on a GPU against what it computes on the processor; skipped where there is no GPU.

Both compute in 32 bits, and add up in another order.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch import distributed as dist

from tests.quantizers.examples import QUANTIZERS
from tests.training.test_across import BEST, CASES
from vqedu import coding, joint, machine, metrics, models, pretrained, training, widgets
from vqedu.data import Split
from vqedu.models import words_and_images
from vqedu.quantizers import VectorQuantizer

GPU = training.best_device()
QUIET = [case for case in CASES if case != "noisy"]  # its loss is mostly noise, which differs from device to device
pytestmark = pytest.mark.skipif(GPU.type == "cpu", reason="There is no GPU on this machine.")


@pytest.fixture(autouse=True)
def _in_32_bits() -> Iterator[None]:
    """Let convolutions compute in 32 bits, as the processor does; by itself CUDA rounds their factors to 19."""
    before, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, False
    yield
    torch.backends.cudnn.allow_tf32 = before


def pictures(n: int = 64) -> Tensor:
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(1)).square()


def built(build: Callable[[], nn.Module]) -> Any:
    torch.manual_seed(0)
    return build()


@pytest.mark.parametrize("name", QUANTIZERS)
def test_a_quantizer_learns_the_same(name: str) -> None:
    results = []
    for device in (torch.device("cpu"), GPU):
        quantizer: Any = built(QUANTIZERS[name]).to(device)
        generator = torch.Generator().manual_seed(2)
        for _ in range(3):
            torch.manual_seed(3)
            z_e = torch.randn(8, quantizer.code_dim, 7, 7, generator=generator).to(device).requires_grad_()
            out = quantizer(z_e)
            (out.z_q.square().sum() + out.commitment_loss + out.codebook_loss).backward()
        results.append([out.indices, out.z_q, z_e.grad, quantizer.codes(), *quantizer.state_dict().values()])
    for there, here in zip(*results, strict=True):
        torch.testing.assert_close(here.cpu(), there, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1, 7, 512, 1024])
def test_the_nearest_code_is_the_nearest(size: int) -> None:
    generator = torch.Generator().manual_seed(size)
    codes, rows = torch.randn(size, 16, generator=generator), torch.randn(5000, 16, generator=generator)
    quantizer = VectorQuantizer(size, 16, start="uniform")
    quantizer.set_codebook(codes)
    found = quantizer.to(GPU).nearest(rows.T[None].to(GPU)).cpu().flatten()
    distances = (rows[:, None].double() - codes.double()).square().sum(2)
    best = distances.min(1).values
    assert distances[torch.arange(5000), found] == pytest.approx(best, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("case", [case for case in QUIET if case != "causal-vae"])
def test_a_training_goes_the_same_way(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build, examples, settings = CASES[case]
    histories = []
    for device in (torch.device("cpu"), GPU):
        monkeypatch.setattr(training.devices, "best_device", lambda device=device: device)
        model, rows = built(build), examples()
        rows = rows.float() if rows.is_floating_point() else rows
        before = torch.get_rng_state()
        history = training.fit(model, rows, **{"epochs": 2, "batch_size": 16, **settings, "binarize": False})
        assert torch.equal(before, torch.get_rng_state())
        assert {value.device.type for value in model.state_dict().values()} == {"cpu"}
        histories.append(history.total)
    # Another device draws another epsilon, and drops other stages of the residual quantizer.
    other_noise = {"vae": 0.02, "residual": 0.05}.get(case, 2e-3)
    assert histories[1] == pytest.approx(histories[0], rel=other_noise)


@pytest.mark.parametrize("case", QUIET)
def test_every_model_learns(case: str) -> None:
    build, examples, settings = CASES[case]
    rows = examples()
    rows = rows.float() if rows.is_floating_point() else rows
    history = training.fit(built(build), rows, **{"epochs": 30, "batch_size": 16, **settings})
    assert history.total[-1] < history.total[0]


def test_a_model_that_lives_on_the_gpu_stays_there() -> None:
    model = built(lambda: models.VAE(2, hidden=(16,))).to(GPU)
    training.fit(model, pictures().to(GPU), epochs=1, batch_size=32)
    assert next(model.parameters()).device.type == GPU.type


def test_a_loss_that_makes_its_noise_anywhere_trains_here() -> None:
    model = built(lambda: models.VAE(2, hidden=(16,)))

    def loss(x: Tensor) -> Tensor:
        mu, logvar = model.encode(x)
        z = mu + (0.5 * logvar).exp() * torch.randn(mu.shape)
        return (model.decode(z).sigmoid() - x).square().sum() + torch.zeros(3).sum()

    training.fit(model, pictures(), epochs=1, batch_size=32, loss=loss)


def test_a_training_cut_off_goes_on(tmp_path: Path) -> None:
    weights = []
    for ends in ((), (3,)):
        model = built(lambda: models.VAE(2, hidden=(16,)))
        checkpoint = training.Checkpoint(tmp_path / f"{len(ends)}.training", every_s=0)
        call: dict[str, Any] = {"epochs": 4, "batch_size": 16, "binarize": True, "checkpoint": checkpoint}
        for end in ends:
            training.fit(model, pictures(), on_step=lambda step, end=end: step == end, **call)
        training.fit(model, pictures(), **call)
        weights.append(model.state_dict())
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value, rtol=1e-4, atol=1e-6, msg=name)


def test_16_bits_train_a_transformer() -> None:
    build, examples, _ = CASES["words-and-images"]
    history = training.fit(built(build), examples(), epochs=30, batch_size=16, bfloat16=True, optimizer=BEST)
    assert history.total[-1] < 0.9 * history.total[0]


def test_shipped_models_answer_the_same() -> None:
    x = pictures(32)
    for name in ("ae-2d", "vae-2d"):
        model = pretrained.load(name)
        there = model.decode(model.encode(x)[0] if name == "vae-2d" else model.encode(x))
        model.to(GPU)
        here = model.decode(model.encode(x.to(GPU))[0] if name == "vae-2d" else model.encode(x.to(GPU)))
        torch.testing.assert_close(here.cpu(), there, rtol=1e-3, atol=1e-3)


def test_metrics_take_a_model_on_the_gpu() -> None:
    x = pictures(64)
    vqvae, vae = pretrained.load("vqvae-mnist-512"), pretrained.load("vae-2d")
    there = metrics.reached(vqvae, x)
    bound = metrics.log_likelihood(vae, x[:8], num_samples=200, generator=torch.Generator().manual_seed(0))
    here = metrics.reached(vqvae.to(GPU), x.to(GPU))
    assert here[:4] == pytest.approx(there[:4], rel=1e-3)
    assert (here.indices.cpu() == there.indices).float().mean() > 0.99
    effective = [metrics.perplexity(found.indices, 512).item() for found in (there, here)]
    assert effective[1] == pytest.approx(effective[0], rel=0.01)
    vae.to(GPU)
    found = metrics.log_likelihood(vae, x[:8].to(GPU), num_samples=200, generator=torch.Generator(GPU).manual_seed(0))
    assert found.mean().item() == pytest.approx(bound.mean().item(), abs=3)


def test_what_is_drawn_on_the_gpu_stays_there_and_is_as_likely() -> None:
    prior: Any = pretrained.load("prior-mnist")
    text = words_and_images.caption(7, "thick")
    words: Any = pretrained.load("words-and-images")
    nats = []
    for device in (torch.device("cpu"), GPU):
        prior.to(device)
        words.to(device)
        torch.manual_seed(0)
        codes = prior.sample(200, labels=3, temperature=0.7, guidance=1.5)
        best = words.draw_best([text, "three plus four"], 4, temperature=0.7)
        assert codes.device.type == best.device.type == device.type
        nats.append(prior.log_prob(codes, 3).mean().item())
        assert words.read(best)[0] == text
    assert nats[1] == pytest.approx(nats[0], abs=4)


def test_a_file_written_on_the_gpu_is_read_on_the_processor() -> None:
    prior: Any = pretrained.load("prior-mnist")
    codes = prior.sample(3)
    file = coding.encode(prior.to(GPU), codes.to(GPU))
    assert file == coding.encode(prior.cpu(), codes)
    assert torch.equal(coding.decode(prior.to(GPU), file).cpu(), codes.reshape(3, -1))


def test_a_model_on_the_gpu_is_saved_for_every_machine(tmp_path: Path) -> None:
    model = pretrained.load("vae-2d").to(GPU)
    card = pretrained.read_card(pretrained.path_of("vae-2d"))
    pretrained.save_checkpoint(model, tmp_path / "mine.safetensors", card, half=True)
    again = pretrained.load_checkpoint(tmp_path / "mine.safetensors")
    assert next(again.parameters()).device.type == "cpu"


def test_explorers_take_models_on_the_gpu() -> None:
    images = Split(pictures(40), torch.arange(40) % 10)
    ae, vae, vqvae = (pretrained.load(name) for name in ("ae-2d", "vae-2d", "vqvae-mnist-512"))
    calls: list[Callable[[], Any]] = [
        lambda: widgets.LatentExplorer(vae, images), lambda: widgets.SideBySideExplorer(ae, vae, images),
        lambda: widgets.CodebookExplorer(vqvae, images),
    ]  # fmt: skip
    there = [call().state for call in calls]
    for model in (ae, vae, vqvae):
        model.to(GPU)
    assert [call().state for call in calls] == there
    assert next(vae.parameters()).device.type == GPU.type


def test_the_newcomer_is_told_of_the_gpu() -> None:
    assert GPU.type.upper() in str(machine.check())


@pytest.fixture
def _by_nccl(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One process that exchanges numbers by NCCL as several do."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dist.init_process_group("nccl", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1)
    monkeypatch.setattr(joint, "several", dist.is_initialized)
    yield
    dist.destroy_process_group()


@pytest.mark.skipif(GPU.type != "cuda", reason="NCCL is for CUDA.")
@pytest.mark.parametrize("case", QUIET)
def test_nccl_changes_nothing(case: str, request: pytest.FixtureRequest) -> None:
    build, examples, settings = CASES[case]

    def trained() -> dict[str, Tensor]:
        model = built(build).double()
        training.fit(model, examples(), **{"epochs": 2, "batch_size": 16, **settings})
        return model.state_dict()

    alone = trained()
    request.getfixturevalue("_by_nccl")
    for name, value in trained().items():
        if not name.endswith(("running_mean", ".0.bias", ".3.bias", ".6.bias", ".2.bias")):
            torch.testing.assert_close(value, alone[name], rtol=1e-6, atol=1e-6, msg=name)


@pytest.mark.skipif(GPU.type != "cuda", reason="NCCL is for CUDA.")
@pytest.mark.usefixtures("_by_nccl")
def test_nccl_carries_what_the_processes_tell_each_other() -> None:
    rows = torch.randn(5, 3, device=GPU)
    assert torch.equal(joint.gather(rows), rows)
    assert torch.equal(joint.from_first(rows.clone()), rows)
    assert joint.content_from_first(b"whole") == b"whole"
    assert joint.content_from_first(b"") == b""
    value = torch.tensor([2.0], device=GPU, requires_grad=True)
    joint.mean(value).backward()
    assert value.grad == 1.0
