"""The contract of a quantizer: what models, metrics and explorers may ask of one, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from torch import Tensor, nn


class Quantized(NamedTuple):
    """What a quantizer returns for z_e of shape (N, D, *).

    `z_q` (N, D, *) holds codes and carries gradients straight through to z_e; `indices` (N, *) int64.
    The losses are scalars: squared distance, summed over the elements of one example, averaged over the batch.
    """

    z_q: Tensor
    indices: Tensor
    codebook_loss: Tensor
    commitment_loss: Tensor


class Quantizer(Protocol):
    """Each vector of z_e (N, D, *) becomes one of K codes: indices (N, *), z_q (N, D, *).

    A quantizer is a torch module that offers the following. In eval mode, with one stage,
      nearest(z_e) == argmin_k |bound(z_e) - codes()[k]|,   lookup(k) == codes()[k],   z_q == lookup(indices).

    Several stages quantize in turn, each what the ones before it have left over: indices (N, *, L), and z_q is the sum
    of what the stages look up. `codes()` is then the table of the first one, which is all that one index can say.
    The table of all K^L sums would be far too large; `stages[l].codes()` are its L parts.
    """

    @property
    def bound(self) -> nn.Module:
        """What z_e goes through before it is compared with the codes: nn.Identity, or the ScaledTanh of FSQ."""

    @property
    def codebook_size(self) -> int:
        """K, the number of codes that one index chooses from."""

    @property
    def code_dim(self) -> int:
        """D, the numbers of a code."""

    @property
    def stages(self) -> Sequence[Quantizer]:
        """The quantizers that work in turn; one with a single table is its own only stage."""

    def __call__(self, z_e: Tensor) -> Quantized:
        """Quantize z_e (N, D, *), and learn from it in train mode."""

    def nearest(self, z_e: Tensor) -> Tensor:
        """Return the index of each vector's code, and learn nothing: (N, D, *) -> (N, *) int64."""

    def lookup(self, indices: Tensor) -> Tensor:
        """Return the codes that indices name: (N, *) -> z_q (N, D, *)."""

    def codes(self) -> Tensor:
        """Return all codes, in the order of their indices: (K, D)."""


def checked(quantizer: Quantizer) -> Quantizer:
    """Return `quantizer` if it offers what the contract asks; raises TypeError that names what it lacks."""
    lacking = [name for name in vars(Quantizer) if not name.startswith("_") and not hasattr(quantizer, name)]
    if lacking:
        raise TypeError(
            f"quantizer must be a quantizer such as FSQ or ResidualVQ, but {type(quantizer).__name__} has no "
            f"{', '.join(lacking)}. See quantizers.Quantizer for what it must offer."
        )
    return quantizer
