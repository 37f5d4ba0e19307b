"""A model over codes and the VQ-VAE whose codes they are: copied, checked and described for the page."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from torch import nn

from vqedu.models import VQVAE
from vqedu.models.copies import snapshot
from vqedu.widgets.conv_nets import describe_vqvae, one_stage
from vqedu.widgets.transformer_nets import describe_transformer


class Pair(NamedTuple):
    """Copies of both, and what the page needs to run them: the arrays of each, first the VQ-VAE's, and one config."""

    model: Any
    vqvae: VQVAE
    arrays: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
    config: dict[str, Any]


def paired(model: Any, kind: type[nn.Module], vqvae: VQVAE) -> Pair:
    """Return copies of a model of this kind and of a VQVAE, as they are now, with the weights that the page has.

    Raises TypeError for models of another kind, ValueError where their codebooks differ.
    """
    if not isinstance(model, kind):
        raise TypeError(f"The first model must be a vqedu.models.{kind.__name__}, got {type(model).__name__}.")
    copied: Any = snapshot(model)
    tokenizer = one_stage(vqvae)
    if copied.codebook_size != tokenizer.codebook_size:
        raise ValueError(
            f"The {kind.__name__} knows {copied.codebook_size} codes, the VQ-VAE has {tokenizer.codebook_size}. "
            "Pass the VQ-VAE whose codes it was trained on."
        )
    copied.transformer.half().float()  # the page's weights: both sides then draw the same codes
    arrays, vqvae_config = describe_vqvae(tokenizer)
    own_arrays, transformer = describe_transformer(copied.transformer)
    return Pair(copied, tokenizer, (arrays, own_arrays), {"vqvae": vqvae_config, "transformer": transformer})
