"""Two processes that train together against one process on the joint batch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch import distributed as dist
from torch import multiprocessing as mp

from vqedu import joint
from vqedu.quantizers import VectorQuantizer


def train_linear(rank: int, world: int, update: str) -> dict[str, Tensor]:
    """Train encoder and codebook for 30 steps on this rank's part of the same joint batches; return the weights."""
    torch.manual_seed(0)
    encoder, vq = nn.Linear(6, 4), VectorQuantizer(48, 4, update, revive_after=2, decay=0.9)  # type: ignore[arg-type]
    optimizer = torch.optim.SGD([*encoder.parameters(), *vq.parameters()], lr=0.02)
    joint_batches = torch.Generator().manual_seed(1)
    torch.manual_seed(2 + rank)  # only the draws of rank 0 may count
    for _ in range(30):
        x = torch.randn(64, 6, generator=joint_batches).chunk(world)[rank]
        z_e = encoder(x)
        out = vq(z_e)
        loss = (out.z_q - x[:, :4]).square().sum() / len(x) + out.commitment_loss + out.codebook_loss
        optimizer.zero_grad()
        loss.backward()
        for parameter in [*encoder.parameters(), *vq.parameters()]:
            if world > 1:  # what DistributedDataParallel does
                dist.all_reduce(parameter.grad)
                parameter.grad /= world
        optimizer.step()
    return {**vq.state_dict(), **{f"encoder.{name}": value for name, value in encoder.state_dict().items()}}


UPDATES = ("ema", "gradient")


def worker(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    rows = torch.arange(10.0).view(5, 2)
    assert torch.equal(joint.gather(rows[:2] if rank == 0 else rows[2:]), rows)  # parts of unequal length
    for update in UPDATES:
        save_file(train_linear(rank, 2, update), f"{folder}/{update}-{rank}.safetensors")
    dist.destroy_process_group()
    os._exit(0)  # torch 2.14 now and then aborts in gloo's threads while the interpreter shuts down, its work long done


@pytest.fixture(scope="module")
def trained_by_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes left what each of them trained, by either update."""
    folder = tmp_path_factory.mktemp("joint")
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    mp.spawn(worker, args=(str(folder),), nprocs=2)
    return folder


@pytest.mark.parametrize("update", UPDATES)
def test_two_processes_train_the_codebook_of_one_process_on_the_joint_batch(update: str, trained_by_two: Path) -> None:
    first, second = (load_file(trained_by_two / f"{update}-{rank}.safetensors") for rank in range(2))
    alone = train_linear(0, 1, update)
    assert (alone["usage"] > 0).all()
    for name, value in alone.items():
        if name.startswith("encoder"):
            torch.testing.assert_close(first[name], second[name], atol=1e-6, rtol=0)
        else:
            assert torch.equal(first[name], second[name]), f"{name} differs between the ranks"
        torch.testing.assert_close(first[name], value, atol=1e-5, rtol=1e-5, msg=f"{name} differs from one process")
