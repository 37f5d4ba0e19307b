"""A model over codes and the VQ-VAE whose codes they are: checked, and described for the page."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from vqedu.models import VQVAE
from vqedu.widgets.conv_nets import describe_vqvae, one_stage
from vqedu.widgets.transformer_nets import describe_transformer

Arrays = dict[str, np.ndarray]


def paired(model: Any, kind: type[nn.Module], vqvae: VQVAE) -> tuple[tuple[Arrays, Arrays], dict[str, Any]]:
    """Return what the page needs to run a VQVAE and a model of this kind as they are now: their arrays, one config.

    Raises TypeError for models of another kind, ValueError where their codebooks differ.
    """
    if not isinstance(model, kind):
        raise TypeError(f"The first model must be a vqedu.models.{kind.__name__}, got {type(model).__name__}.")
    tokenizer = one_stage(vqvae)
    if model.codebook_size != tokenizer.codebook_size:
        raise ValueError(
            f"The {kind.__name__} has {model.codebook_size} codes, but the VQ-VAE has {tokenizer.codebook_size}. "
            "Pass the VQ-VAE whose codes it was trained on."
        )
    arrays, vqvae_config = describe_vqvae(tokenizer)
    transformer: Any = model.transformer
    own_arrays, own_config = describe_transformer(transformer)
    return (arrays, own_arrays), {"vqvae": vqvae_config, "transformer": own_config}
