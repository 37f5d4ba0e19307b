"""The vector quantizer: a table of codes that learns, and the nearest of them for each vector of an encoder."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import joint, validate
from vqedu.quantizers.contract import Quantized
from vqedu.quantizers.kmeans import cluster_sums, draw, kmeans
from vqedu.quantizers.nearest import nearest_code


class VectorQuantizer(nn.Module):
    """z_q = e_k with k = argmin_j |z_e - e_j|: each vector of z_e becomes the nearest of K codes of D numbers.

    Worked shape: z_e (128, 32, 7, 7) is 6,272 vectors of D = 32; indices are (128, 7, 7), z_q is (128, 32, 7, 7).

    Source: van den Oord et al. 2017, eq. 1 to 3 and appendix A.1; sg is the stop-gradient.
      codebook_loss   |sg(z_e) - e_k|^2  moves the codes (update="gradient")
      commitment_loss |z_e - sg(e_k)|^2  moves the encoder; not yet multiplied by the commitment cost
      update="ema"    N_k <- g N_k + (1 - g) n_k, m_k <- g m_k + (1 - g) (sum of the z_e that chose k), e_k <- m_k / N_k
                      with g = `decay`; codebook_loss is then a number to watch, without gradient.

    Where we leave the paper:
    - N_k is smoothed in the division, (N_k + epsilon) / (N + K epsilon) N (Laplace; as in the authors' code). The
      running N_k never sees the smoothing. A code that the batch did not choose stays where it is: its m_k / N_k is
      the same as before, and the smoothing would pull it toward zero.
    - start="data": the codebook begins as k-means of the first training batch. start="uniform" is the authors' code:
      uniform in +-1/K.
    - revive_after=s: a code that no vector chose in s training batches moves onto a random vector of the batch, each
      such code onto another one while there are enough. revive_after=None lets it lie.

    In training mode a forward pass also learns: it starts, revives and (EMA) moves the codes and counts in `usage` how
    often each code was chosen. All of that is in the state_dict. Under torch.distributed it speaks of the joint batch
    of all processes, so that every process holds the same codebook.

    Raises TypeError or ValueError for a size below 1 and for an unknown `update` or `start`.
    """

    started: Tensor
    usage: Tensor
    unused_steps: Tensor
    ema_counts: Tensor
    ema_sums: Tensor

    def __init__(
        self,
        codebook_size: int,
        code_dim: int,
        update: Literal["ema", "gradient"] = "ema",
        *,
        start: Literal["data", "uniform"] = "data",
        revive_after: int | None = 20,
        decay: float = 0.99,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.codebook_size = validate.positive_int(codebook_size, "codebook_size")
        self.code_dim = validate.positive_int(code_dim, "code_dim")
        self.update = validate.known_name(update, ("ema", "gradient"), "codebook update")
        self.start = validate.known_name(start, ("data", "uniform"), "start of the codebook")
        self.revive_after = None if revive_after is None else validate.positive_int(revive_after, "revive_after")
        self.decay = validate.fraction(decay, "decay")
        self.epsilon = validate.fraction(epsilon, "epsilon")
        codebook = torch.empty(codebook_size, code_dim).uniform_(-1 / codebook_size, 1 / codebook_size)
        if update == "gradient":
            self.codebook = nn.Parameter(codebook)
        else:
            self.register_buffer("codebook", codebook)
            self.register_buffer("ema_counts", torch.ones(codebook_size))
            self.register_buffer("ema_sums", codebook.clone())
        self.bound = nn.Identity()
        self.register_buffer("started", torch.tensor(start == "uniform"))
        self.register_buffer("usage", torch.zeros(codebook_size, dtype=torch.int64))
        self.register_buffer("unused_steps", torch.zeros(codebook_size, dtype=torch.int64))

    def forward(self, z_e: Tensor) -> Quantized:
        """Quantize z_e (N, D, *). Raises TypeError or ValueError unless it is float, finite, with D channels."""
        rows = self._rows(z_e)
        if self.training and not self.started:
            self._start_from(rows.detach())
        chosen = nearest_code(rows, self.codebook)
        codes = F.embedding(chosen, self.codebook)  # (n,) -> (n, D)
        if self.training:
            self._learn(rows.detach(), chosen)
        return Quantized(
            z_q=_grid(straight_through(rows, codes), z_e),
            indices=chosen.view(len(z_e), *z_e.shape[2:]),
            codebook_loss=(rows.detach() - codes).square().sum() / len(z_e),
            commitment_loss=(rows - codes.detach()).square().sum() / len(z_e),
        )

    def lookup(self, indices: Tensor) -> Tensor:
        """Return the codes that indices stand for: (N, *) of a whole-number dtype -> z_q (N, D, *).

        Raises TypeError for another dtype, ValueError for an index below 0 or above K - 1 or an empty tensor.
        """
        validate.indices(indices, self.codebook_size)
        return F.embedding(indices.long(), self.codebook).movedim(-1, 1)  # (N, *, D) -> (N, D, *)

    @torch.no_grad()
    def nearest(self, z_e: Tensor) -> Tensor:
        """Return the index of the nearest code of each vector, and learn nothing: (N, D, *) -> (N, *) int64."""
        return nearest_code(self._rows(z_e), self.codebook).view(len(z_e), *z_e.shape[2:])

    @torch.no_grad()
    def set_codebook(self, codes: Tensor) -> None:
        """Begin from these codes (K, D), as if one vector each had chosen them so far; no start from data follows.

        Raises TypeError or ValueError unless they are float, finite and of that shape.
        """
        if validate.finite(codes, "codes").shape != self.codebook.shape:
            expected = tuple(self.codebook.shape)
            raise ValueError(f"codes must have the codebook's shape {expected}, got {tuple(codes.shape)}.")
        self._place(torch.arange(self.codebook_size, device=self.codebook.device), codes.to(self.codebook))
        self.started.fill_(True)

    def codes(self) -> Tensor:
        """Return the codebook, without gradient: (K, D)."""
        return self.codebook.detach()

    @property
    def stages(self) -> list[VectorQuantizer]:
        """The quantizer itself: there is one codebook."""
        return [self]

    def extra_repr(self) -> str:
        return f"codebook_size={self.codebook_size}, code_dim={self.code_dim}, update={self.update!r}"

    def _rows(self, z_e: Tensor) -> Tensor:
        """Return the vectors of z_e as rows in the dtype of the codebook: (N, D, *) -> (N * positions, D)."""
        validate.vectors(z_e, self.code_dim)
        return z_e.movedim(1, -1).reshape(-1, self.code_dim).to(self.codebook.dtype)

    @torch.no_grad()
    def _start_from(self, rows: Tensor) -> None:
        """Set the codebook to the k-means centers of the joint batch, which begins at random rows of it."""
        rows = joint.gather(rows)
        picked = joint.from_first(draw(len(rows), self.codebook_size).to(rows.device))
        centers, _ = kmeans(rows, rows[picked])
        self.set_codebook(joint.from_first(centers))

    @torch.no_grad()
    def _learn(self, rows: Tensor, chosen: Tensor) -> None:
        """Count the codes chosen in the joint batch, move them (EMA), and revive those that nothing chose for long."""
        counts, sums = cluster_sums(rows, chosen, self.codebook_size)
        sums, counts = joint.total(torch.cat([sums, counts[:, None]], 1)).split([self.code_dim, 1], 1)
        counts = counts.squeeze(1)
        self.usage += counts.long()
        self.unused_steps.add_(1).masked_fill_(counts > 0, 0)
        if self.update == "ema":
            self._move(counts, sums)
        if self.revive_after is not None:
            self._revive(rows, self.unused_steps >= self.revive_after)

    def _move(self, counts: Tensor, sums: Tensor) -> None:
        """Move the codes toward the means of the vectors that chose them (appendix A.1)."""
        self.ema_counts.lerp_(counts, 1 - self.decay)
        self.ema_sums.lerp_(sums, 1 - self.decay)
        n = self.ema_counts.sum()
        smoothed = (self.ema_counts + self.epsilon) / (n + self.codebook_size * self.epsilon) * n
        chosen = (counts > 0).unsqueeze(1)
        self.codebook.copy_(torch.where(chosen, self.ema_sums / smoothed.unsqueeze(1), self.codebook))

    def _revive(self, rows: Tensor, dead: Tensor) -> None:
        """Move each dead code onto a random vector of the joint batch, drawn by rank 0 for all.

        No vector is taken twice before each has been taken once, so only more dead codes than vectors share one.
        """
        places = dead.nonzero().squeeze(1)
        if len(places):
            rows = joint.gather(rows)
            picked = joint.from_first(draw(len(rows), len(places)).to(rows.device))
            self._place(places, rows[picked])

    def _place(self, places: Tensor, codes: Tensor) -> None:
        """Put codes into these places of the codebook, as if one vector each had chosen them so far."""
        self.codebook[places] = codes
        self.unused_steps[places] = 0
        if self.update == "ema":
            self.ema_counts[places] = 1.0
            self.ema_sums[places] = codes


def straight_through(z_e: Tensor, z_q: Tensor) -> Tensor:
    """Return z_q exactly, with the gradient of the identity toward z_e: d loss / d z_e = d loss / d z_q.

    Source: Bengio, Leonard and Courville 2013; van den Oord et al. 2017, section 3.2. The usual z_e + sg(z_q - z_e)
    rounds; z_e - sg(z_e) is exactly zero.
    """
    return z_q.detach() + (z_e - z_e.detach())


def _grid(rows: Tensor, like: Tensor) -> Tensor:
    """Return rows as a tensor of the shape and dtype of `like`: (N * positions, D) -> (N, D, *)."""
    return rows.view(len(like), *like.shape[2:], -1).movedim(-1, 1).to(like.dtype)
