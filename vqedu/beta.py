"""Which beta a VAE's code really uses, once all its sums and means are taken into account."""

from __future__ import annotations

from vqedu import validate

LIKELIHOODS = ("bernoulli", "gaussian")
REDUCTIONS = ("image", "element", "total")


def effective_beta(
    beta: float = 1.0,
    *,
    likelihood: str = "bernoulli",
    reconstruction: str = "image",
    kl: str = "image",
    pixels: int = 784,
    latents: int = 1,
    batch_size: int = 1,
    weight: float = 1.0,
    half: bool = True,
    variance: float = 1.0,
) -> float:
    """Return the beta for which `weight * R_code + beta * KL_code` has the same minima as R + beta * KL.

    R = -log p(x|z) and KL = KL(q(z|x) || p(z)) are the terms of the ELBO: summed over one image, averaged over the
    batch, in nats. The code's terms differ by a factor a and b, so its effective beta is beta b / (weight a).

    reconstruction, kl: how the code reduces each term. "image": summed over the elements of one image, averaged over
    the batch; "element": averaged over everything, as mse_loss does by default; "total": summed over everything.
    likelihood: "bernoulli", the cross-entropy; or "gaussian", the squared error, for p(x|z) = N(x_hat, variance).
    There -log p = (x - x_hat)^2 / (2 variance) + a constant an element. Give the variance that you mean: 1, or the
    learned one; half says whether the code has the factor 1/2. pixels, latents: elements of an image and of a code.

    Raises ValueError or TypeError for an unknown name, a beta below 0, or another number that is not positive.
    """
    validate.known_name(likelihood, LIKELIHOODS, "likelihood")
    for name, number in (("pixels", pixels), ("latents", latents), ("batch_size", batch_size)):
        validate.positive_int(number, name)
    validate.above_zero(weight, "weight")
    validate.above_zero(variance, "variance")
    validate.at_least_zero(beta, "beta")
    a = _factor(reconstruction, pixels, batch_size)
    if likelihood == "gaussian":
        a *= variance if half else 2 * variance
    return beta * _factor(kl, latents, batch_size) / (weight * a)


def _factor(reduction: str, elements: int, batch_size: int) -> float:
    """Return what a reduction multiplies a term by, compared with the sum over an image averaged over the batch."""
    validate.known_name(reduction, REDUCTIONS, "reduction")
    return {"image": 1.0, "element": 1 / elements, "total": float(batch_size)}[reduction]
