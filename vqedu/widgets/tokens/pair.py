"""A model over codes and the VQ-VAE whose codes they are: checked, and described for the page."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import nn

from vqedu.models import VQVAE
from vqedu.models.code_prior import CodePrior
from vqedu.widgets.conv_nets import describe_vqvae, one_stage
from vqedu.widgets.transformer_nets import describe_transformer

Arrays = dict[str, np.ndarray]
Config = dict[str, Any]


def paired(model: Any, kinds: tuple[type[nn.Module], ...], vqvae: VQVAE) -> tuple[tuple[Arrays, Arrays], Config]:
    """Return what the page needs to run a VQVAE and a model of these kinds as they are now: their arrays, one config.

    Raises TypeError for models of another kind, ValueError where their codebooks or code maps differ.
    """
    if not isinstance(model, kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"The first model must be a vqedu.models.{names}, got {type(model).__name__}.")
    tokenizer = one_stage(vqvae)
    if model.codebook_size != tokenizer.codebook_size:
        raise ValueError(
            f"The {type(model).__name__} has {model.codebook_size} codes, but the VQ-VAE has "
            f"{tokenizer.codebook_size}. Pass the VQ-VAE whose codes it was trained on."
        )
    places, own = math.prod(tokenizer.code_map_shape), model.length if isinstance(model, CodePrior) else model.codes
    if own != places:
        raise ValueError(f"The explorer shows a picture of {places} codes, the {type(model).__name__} has {own}.")
    arrays, vqvae_config = describe_vqvae(tokenizer)
    transformer: Any = model.transformer
    own_arrays, own_config = describe_transformer(transformer)
    return (arrays, own_arrays), {"vqvae": vqvae_config, "transformer": own_config}
