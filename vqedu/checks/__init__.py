"""One checker an exercise: `checks.kl(my_function)` says right, or which mistake it was.

A checker tries the function on seeded inputs and compares its numbers, and where it matters its gradients, with those
of the right function. If they differ it compares them with those of each known mistake; only a mistake with the very
same numbers is named. Everything else gets the smallest input at which the answer is wrong.
"""

from __future__ import annotations

from vqedu.checks.autoencoder import hole, near_share, pca, reconstruction, training_loop, walk
from vqedu.checks.bayes import elbo_on_a_grid, importance_weighted_bound, kl, kl_by_sampling, overconfident_q
from vqedu.checks.code_prior import (
    bits_per_code,
    causal_mask,
    next_probabilities,
    noise_temperature,
    prior_loss,
    teacher_forcing,
)
from vqedu.checks.codebook_losses import ema, ema_loss, stop_gradients, vq_loss
from vqedu.checks.collapsing import collapse
from vqedu.checks.engine import Challenge, Exercise, Mistake
from vqedu.checks.image_tokens import fsq, join, rate, read_words, residual, starve_fsq
from vqedu.checks.reparameterization import mean_of_square, noisy_path, path_gradient, reparameterize, score_gradient
from vqedu.checks.result import Result
from vqedu.checks.vae import effective_beta, elbo, free_bits, gaussian_loss, mended_loss
from vqedu.checks.vector_quantization import dead_codes, nearest_code, quantize, squared_distances, straight_through
from vqedu.checks.vqvae import image_bits, lookup, perplexity, scramble, swap_code

ALL: dict[str, Exercise | Challenge] = {
    check.name: check
    for check in (
        *(reconstruction, walk, pca, near_share, training_loop, hole),
        *(importance_weighted_bound, kl, elbo_on_a_grid, kl_by_sampling, overconfident_q),
        *(reparameterize, score_gradient, path_gradient, mean_of_square, noisy_path),
        *(elbo, gaussian_loss, effective_beta, free_bits, mended_loss, collapse),
        *(
            squared_distances,
            nearest_code,
            straight_through,
            stop_gradients,
            vq_loss,
            ema_loss,
            ema,
            quantize,
            dead_codes,
        ),
        *(perplexity, image_bits, swap_code, lookup, scramble),
        *(teacher_forcing, causal_mask, next_probabilities, bits_per_code, prior_loss, noise_temperature),
        *(fsq, residual, join, rate, read_words, starve_fsq),
    )
}

__all__ = ["ALL", "Challenge", "Exercise", "Mistake", "Result", *sorted(ALL)]
