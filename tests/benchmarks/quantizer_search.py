"""Nearest-code search: 50,000 vectors of 64 numbers against 1,024 codes, and the memory it takes at 400,000.

pip install vector-quantize-pytorch faiss-cpu
python tests/benchmarks/quantizer_search.py
"""

from __future__ import annotations

import resource
import sys
from multiprocessing import get_context

import torch
from alternating import alternating, table

from vqedu.quantizers.nearest import nearest_code

N, D, K = 50_000, 64, 1024


def problem(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(n, D), torch.randn(K, D)


def peer(codebook: torch.Tensor) -> torch.nn.Module:
    from vector_quantize_pytorch import VectorQuantize

    vq = VectorQuantize(dim=D, codebook_size=K).eval()
    vq._codebook.embed.data.copy_(codebook[None])
    return vq


def speed() -> None:
    import faiss

    rows, codebook = problem(N)
    flat, vq = faiss.IndexFlatL2(D), peer(codebook)
    flat.add(codebook.numpy())
    same = torch.from_numpy(flat.search(rows.numpy(), 1)[1][:, 0]) == nearest_code(rows, codebook)
    print(f"equal to faiss: {int(same.sum())} of {N}; equal to the peer: ", end="")
    print(f"{int((vq(rows[None])[1][0] == nearest_code(rows, codebook)).sum())} of {N}")
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
    rows, codebook = problem(n)
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
    speed()
    sys.stdout.flush()
    for name, n in (("ours", N), ("ours", 8 * N), ("peer", N), ("peer", 8 * N)):
        process = get_context("spawn").Process(target=added_megabytes, args=(name, n))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
