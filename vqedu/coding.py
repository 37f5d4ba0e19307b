"""Compression as prediction: code maps become a file of as many bits as the prior finds them surprising.

An arithmetic coder needs the probabilities of all K codes at each place, and the decoder must find the very same ones,
or every later code is lost. But the encoder knows all codes and asks the transformer once, while the decoder asks it
code by code: sums are then taken in another order and differ in their last digits, on another machine too. So both
compute with 64-bit numbers, and round the logits to steps of 1/64 nat before anything else is done. That is about 10^11
times coarser than the differences, and costs about 0.00001 bits per code. What follows is exact.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vqedu.models.code_prior import CodePrior
from vqedu.models.copies import snapshot
from vqedu.models.transformer import KVCache, generate

HEADER = struct.Struct("<II")  # number of code maps, checksum of their codes: 8 bytes
STEPS_PER_NAT = 64
SMALLEST = 20 * STEPS_PER_NAT  # exp(-20) and below are one step of the table: every code stays possible
# exp(-step / 64) as whole numbers, the largest 2^30.
WEIGHTS = np.array([round(math.exp(-step / STEPS_PER_NAT) * 2**30) for step in range(SMALLEST + 1)], dtype=np.float64)
WRONG_FILE = "The file does not decode: it is damaged, or was written with another prior."


@torch.no_grad()
def encode(prior: CodePrior, indices: Tensor) -> bytes:
    """Return code maps (N, length) or (N, 7, 7) as a file: 8 bytes of header, then an arithmetic code.

    Its length is that of -log2 p(indices) under the prior, up to the header, a few bytes at the end, and rounding.
    Source: MacKay 2003, chapter 6; the coder is `constriction` (Bamler 2022).
    Raises TypeError or ValueError for bad codes.
    """
    from constriction import stream

    exact = _in_64_bits(prior)
    # Column by column, as the decoder, which draws the next code of all maps at once, will want them.
    table = probabilities(exact(indices).transpose(0, 1))  # (length, N, K)
    codes = _by_column(indices)
    coder = stream.queue.RangeEncoder()
    coder.encode(codes.ravel(), stream.model.Categorical(perfect=False), table.reshape(codes.size, -1))
    return HEADER.pack(codes.shape[1], zlib.crc32(codes.tobytes())) + coder.get_compressed().astype("<u4").tobytes()


@torch.no_grad()
def decode(prior: CodePrior, file: bytes) -> Tensor:
    """Return the code maps that `encode` wrote with the same prior: int64 (N, length).

    Raises ValueError if the file is cut off or damaged, or was written with another prior.
    """
    from constriction import stream

    n, checksum = HEADER.unpack(_whole(file)[: HEADER.size])
    if not n:  # `encode` writes at least one
        raise ValueError(WRONG_FILE)
    coder = stream.queue.RangeDecoder(np.frombuffer(file, dtype="<u4", offset=HEADER.size).astype(np.uint32))
    exact = _in_64_bits(prior)

    def next_code(logits: Tensor) -> Tensor:
        table = probabilities(logits[:, : prior.codebook_size])  # (N, K)
        return torch.from_numpy(_next_codes(coder, table).astype(np.int64))[:, None]

    codes = generate(exact.transformer, exact.start(n), prior.length, next_code, _empty_cache(exact, n))  # (N, length)
    if zlib.crc32(_by_column(codes).tobytes()) != checksum:
        raise ValueError(WRONG_FILE)
    return codes


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


def _empty_cache(prior: CodePrior, n: int) -> KVCache:
    """Return the transformer's cache for n code maps; raises ValueError if memory cannot hold it."""
    try:
        return prior.transformer.empty_cache(n)
    except RuntimeError:  # a damaged header may name any number up to 4 billion
        raise ValueError(f"{WRONG_FILE} Its header names {n:,} code maps, more than memory can hold.") from None


def _whole(file: bytes) -> bytes:
    """Return `file` if it can hold a header and whole words of 4 bytes; raises TypeError or ValueError otherwise."""
    if not isinstance(file, bytes):
        raise TypeError(f"file must be bytes, got {type(file).__name__}.")
    if len(file) < HEADER.size or len(file) % 4:
        raise ValueError(f"The file is cut off: expected 8 bytes and a multiple of 4, got {len(file)} bytes.")
    return file
