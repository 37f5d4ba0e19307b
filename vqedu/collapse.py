"""Posterior collapse in three small pieces: see it in the KL of each latent, cure it by annealing or by free bits."""

from __future__ import annotations

import torch
from torch import Tensor

from vqedu import validate


def kl_per_dimension(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return KL(N(mu_d, sigma_d^2) || N(0, 1)) of each latent d, averaged over the batch: two (N, D) -> (D,) nats.

    KL_d = mean_n 1/2 (mu_nd^2 + sigma_nd^2 - 1 - log sigma_nd^2), with logvar = log sigma^2. A collapsed latent has
    q(z_d|x) = p(z_d) for every x, so its KL is 0. The sum over d is the KL term of the ELBO.
    Source: Kingma and Welling 2014, appendix B.
    Raises TypeError or ValueError if the two are no finite float tensors of one shape (N, D).
    """
    validate.moments(mu, logvar)
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar).mean(0)


def annealed(beta: float, step: int, steps: int) -> float:
    """Return the weight of the KL at `step`: it rises from 0 in a straight line, and is `beta` from step `steps` on.

    At first the latents cost nothing, so the decoder learns to use them before the KL can silence them.
    Source: Bowman et al. 2016, section 3.1; the straight line: Sønderby et al. 2016, where it is called warm-up.
    Raises TypeError or ValueError for a beta below 0, a step below 0, or fewer than one step.
    """
    validate.at_least_zero(beta, "beta")
    validate.at_least_zero(step, "step")
    return beta * min(1.0, step / validate.positive_int(steps, "steps"))


def free_bits(kl: Tensor, floor: float) -> Tensor:
    """Return sum_d max(floor, KL_d), in which the first `floor` nats of each latent are free: (D,) -> scalar.

    `kl` is `kl_per_dimension` of a mini-batch. Below the floor the gradient is 0, so nothing pulls q(z_d|x) on
    towards the prior. In nats, for all the name says (1 bit = 0.693 nats).
    Source: Kingma et al. 2016 (inverse autoregressive flow), appendix C.8: floor is its lambda, a latent a group.
    Raises TypeError or ValueError if `kl` is no finite float tensor of shape (D,), or the floor is below 0.
    """
    validate.finite(kl, "kl")
    if kl.dim() != 1:
        raise ValueError(f"kl must have shape (D,), one number a latent, got {tuple(kl.shape)}. See kl_per_dimension.")
    return kl.clamp(min=validate.at_least_zero(floor, "floor")).sum()
