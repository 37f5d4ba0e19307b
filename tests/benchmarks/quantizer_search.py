"""Nearest-code search beside faiss and the peer at three sizes, and the memory it takes for 400,000 vectors.

pip install vector-quantize-pytorch faiss-cpu
python -m tests.benchmarks.quantizer_search
"""

from __future__ import annotations

import resource
import sys
from multiprocessing import get_context

import torch

from tests.benchmarks.alternating import alternating, table
from vqedu.quantizers.nearest import nearest_code

D = 64
SIZES = ((6_272, 512), (25_088, 8_192), (50_000, 1_024))  # vectors, codes


def problem(n: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(n, D), torch.randn(size, D)


def peer(codebook: torch.Tensor) -> torch.nn.Module:
    from vector_quantize_pytorch import VectorQuantize

    vq = VectorQuantize(dim=D, codebook_size=len(codebook)).eval()
    vq._codebook.embed.data.copy_(codebook[None])
    return vq


def speed(n: int, size: int) -> None:
    import faiss

    rows, codebook = problem(n, size)
    flat, vq = faiss.IndexFlatL2(D), peer(codebook)
    flat.add(codebook.numpy())
    same = torch.from_numpy(flat.search(rows.numpy(), 1)[1][:, 0]) == nearest_code(rows, codebook)
    print(f"{n:,} vectors, {size:,} codes; equal to faiss: {int(same.sum()):,}; equal to the peer: ", end="")
    print(f"{int((vq(rows[None])[1][0] == nearest_code(rows, codebook)).sum()):,}")
    candidates = {
        "ours": lambda: nearest_code(rows, codebook),
        "faiss IndexFlatL2": lambda: flat.search(rows.numpy(), 1),
        "bare matrix product": lambda: rows @ codebook.T,
        "peer's eval forward": lambda: vq(rows[None]),
    }
    print(table(alternating(candidates, 11), "ours"))


@torch.no_grad()
def added_megabytes(name: str, n: int) -> None:
    """Print by how much the search raises the peak of this process's memory (its result included)."""
    rows, codebook = problem(n, SIZES[-1][1])
    vq = peer(codebook)

    def search(z: torch.Tensor) -> object:
        return nearest_code(z, codebook) if name == "ours" else vq(z[None])[1]

    search(rows[:5000])  # libraries load and threads start before the first reading
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    search(rows)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{name:8s}{n:9,d} vectors: {(after - before) / 1024:8.1f} MB above the peak before", flush=True)


@torch.no_grad()
def main() -> None:
    for size in SIZES:
        speed(*size)
    sys.stdout.flush()
    for name, n in (("ours", 50_000), ("ours", 400_000), ("peer", 50_000), ("peer", 400_000)):
        process = get_context("spawn").Process(target=added_megabytes, args=(name, n))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
