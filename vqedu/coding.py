"""Compression as prediction: code maps become a file of as many bits as the prior finds them surprising.

An arithmetic coder needs the probabilities of all K codes at each place, and the decoder must find the very same ones,
or every later code is lost. But the encoder knows all codes and asks the transformer once, while the decoder asks it
code by code: sums are then taken in another order and differ in their last digits, on another machine too. So both
compute with 64-bit numbers, and round the logits to steps of 1/64 nat before anything else is done. That is about 10^11
times coarser than the differences, and costs about 0.00001 bits per code. What follows is exact.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vqedu.models.code_prior import CodePrior
from vqedu.models.copies import snapshot
from vqedu.models.transformer import generate

BLOCK = 256  # code maps that are coded together, so that memory does not grow with the number of maps
WORD = 4  # bytes; the header is the number of code maps and a checksum of each block, one word each
STEPS_PER_NAT = 64
SMALLEST = 20 * STEPS_PER_NAT  # exp(-20) and below are one step of the table: every code stays possible
# exp(-step / 64) as whole numbers, the largest 2^30.
WEIGHTS = np.array([round(math.exp(-step / STEPS_PER_NAT) * 2**30) for step in range(SMALLEST + 1)], dtype=np.float64)
WRONG_FILE = "The file does not decode: it is damaged, or was written with another prior."


@torch.no_grad()
def encode(prior: CodePrior, indices: Tensor) -> bytes:
    """Return code maps (N, length) or (N, 7, 7) as a file: a header, then an arithmetic code.

    Its length is that of -log2 p(indices) under the prior, up to the header (8 bytes, and 4 more for each further block
    of 256 maps), a few bytes at the end, and rounding.
    Source: MacKay 2003, chapter 6; the coder is `constriction` (Bamler 2022).
    Raises TypeError or ValueError for bad codes.
    """
    from constriction import stream

    exact = _in_64_bits(prior)
    coder, header = stream.queue.RangeEncoder(), [len(indices)]
    for maps in indices.cpu().split(BLOCK):
        # Column by column, as the decoder, which draws the next code of all maps at once, will want them.
        table = probabilities(exact(maps).transpose(0, 1))  # (length, N, K)
        codes = _by_column(maps)
        coder.encode(codes.ravel(), stream.model.Categorical(perfect=False), table.reshape(codes.size, -1))
        header.append(_checksum(maps))
    return np.concatenate([np.array(header, dtype="<u4"), coder.get_compressed().astype("<u4")]).tobytes()


def decode(prior: CodePrior, file: bytes) -> Tensor:
    """Return the code maps that `encode` wrote with the same prior: int64 (N, length).

    Raises ValueError if the file is cut off or damaged, or was written with another prior.
    """
    from constriction import stream

    words = _words(file)
    n, checksums = int(words[0]), words[1 : 1 + math.ceil(words[0] / BLOCK)]
    coder = stream.queue.RangeDecoder(words[1 + len(checksums) :])
    exact = _in_64_bits(prior)

    def next_code(logits: Tensor) -> Tensor:
        table = probabilities(logits[:, : prior.codebook_size])  # (N, K)
        return torch.from_numpy(_next_codes(coder, table).astype(np.int64))[:, None]

    blocks = []
    for number, checksum in enumerate(checksums):
        rows = min(BLOCK, n - BLOCK * number)
        cache = exact.transformer.empty_cache(rows)
        maps = generate(exact.transformer, exact.start(rows), prior.length, next_code, cache)  # (rows, length)
        if _checksum(maps) != checksum:
            raise ValueError(WRONG_FILE)
        blocks.append(maps)
    return torch.cat(blocks)


def probabilities(logits: Tensor) -> np.ndarray:
    """Return softmax(logits) rounded so that encoder and decoder agree to the last bit: (*, K) -> float64 (*, K).

    Each logit is rounded to a whole number of 1/64 nat below the largest, the exponential is read from a table of whole
    numbers, and the division by their sum is exact arithmetic of IEEE 754.
    """
    steps = torch.round(logits.double() * STEPS_PER_NAT).long()
    below = (steps.amax(-1, keepdim=True) - steps).clamp(max=SMALLEST)
    weights = WEIGHTS[below.cpu().numpy()]
    return np.ascontiguousarray(weights / weights.sum(-1, keepdims=True))


def bits(prior: CodePrior, indices: Tensor) -> float:
    """Return -log2 p(indices) of all code maps together: the length of the file that the prior would wish for."""
    return -prior.log_prob(indices).sum().item() / math.log(2)


def _by_column(indices: Tensor) -> np.ndarray:
    """Return code maps in the order in which they are coded: (N, length) or (N, 7, 7) -> int32 (length, N)."""
    return indices.flatten(1).T.to("cpu", torch.int32).contiguous().numpy()


def _next_codes(coder: Any, table: np.ndarray) -> np.ndarray:
    """Return the next code of each map: probabilities (N, K) -> int32 (N,)."""
    from constriction import stream

    try:
        return coder.decode(stream.model.Categorical(perfect=False), table)
    except AssertionError:  # the coder met bits that no code could have left there
        raise ValueError(WRONG_FILE) from None


def _in_64_bits(prior: CodePrior) -> CodePrior:
    """Return a copy of the prior on the CPU that computes in float64."""
    if not isinstance(prior, CodePrior):
        raise TypeError(f"prior must be a models.CodePrior, got {type(prior).__name__}.")
    return snapshot(prior, torch.float64)


def _checksum(maps: Tensor) -> int:
    return zlib.crc32(_by_column(maps).tobytes())


def _words(file: bytes) -> np.ndarray:
    """Return the words of a file that can hold the header it names; raises TypeError or ValueError otherwise."""
    if not isinstance(file, bytes):
        raise TypeError(f"file must be bytes, got {type(file).__name__}.")
    if len(file) < 2 * WORD or len(file) % WORD:
        raise ValueError(f"The file is cut off: expected 8 bytes and a multiple of 4, got {len(file)} bytes.")
    words = np.frombuffer(file, dtype="<u4").astype(np.uint32)
    n = int(words[0])
    if not 0 < n <= BLOCK * (len(words) - 1):
        raise ValueError(f"{WRONG_FILE} Its header names {n:,} code maps, which {len(file):,} bytes cannot hold.")
    return words
