"""The rotation trick: a gradient through a quantizer that turns with the vector, where straight-through copies."""

from __future__ import annotations

from torch import Tensor

TINY = 1e-12


def rotation_trick(z_e: Tensor, z_q: Tensor) -> Tensor:
    """Return z_q, with the gradient of a rotation and a scale towards z_e: rows (n, D), (n, D) -> (n, D).

    With unit vectors u = z_e / |z_e| and v = z_q / |z_q|, R the rotation in their plane that takes u to v, and
    s = |z_q| / |z_e|, both held constant: z_q = s R z_e, so d loss / d z_e = s R^T d loss / d z_q.
    A gradient that points along z_q then points along z_e; straight-through would leave its direction as it is.

    R = I - 2 w w^T + 2 v u^T with w = (u + v) / |u + v|, written out so that no D x D matrix is formed.
    Source: Fifty et al. 2024, section 4.2. Where z_e and z_q are opposite the plane is not determined, and where one of
    them is 0 neither is s: the result is then z_q with a gradient that means nothing.
    """
    norm_e = z_e.detach().norm(dim=1, keepdim=True).clamp(min=TINY)
    norm_q = z_q.detach().norm(dim=1, keepdim=True)
    u, v = z_e.detach() / norm_e, z_q.detach() / norm_q.clamp(min=TINY)
    w = (u + v) / (u + v).norm(dim=1, keepdim=True).clamp(min=TINY)
    rotated = z_e - 2 * w * _dot(w, z_e) + 2 * v * _dot(u, z_e)  # R z_e
    turned = norm_q / norm_e * rotated
    return z_q.detach() + (turned - turned.detach())  # z_q to the last bit


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the products of the rows, summed: (n, D), (n, D) -> (n, 1)."""
    return (a * b).sum(1, keepdim=True)
