"""Describes a VQ-VAE so that conv_nets.js can run it: convolutions with BatchNorm folded in, and the table of codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vqedu import validate
from vqedu.models import VQVAE
from vqedu.models.copies import snapshot
from vqedu.models.vqvae import ResidualBlock
from vqedu.quantizers.fsq import ScaledTanh

Arrays = dict[str, np.ndarray]
Config = dict[str, Any]
Convolution = nn.Conv2d | nn.ConvTranspose2d
MOST_CODES = 2**16  # an index takes two bytes in the page


def one_stage(model: VQVAE) -> VQVAE:
    """Return a copy of `model` as it is now, for the CPU and in eval mode, that quantizes with its first stage alone.

    That is all of it unless the quantizer is a ResidualVQ: the page knows one table of codes.
    Raises TypeError for anything but a VQVAE.
    """
    if not isinstance(model, VQVAE):
        raise TypeError(f"model must be a vqedu.models.VQVAE, got {type(model).__name__}.")
    copied = snapshot(model)
    copied.quantizer = copied.quantizer.stages[0]
    return copied


def describe_vqvae(model: VQVAE, prefix: str = "") -> tuple[Arrays, Config]:
    """Return (arrays, config): what conv_nets.js's `vqvae(config, arrays)` needs to be a `one_stage` model.

    Encoder and codes stay float32: rounded to float16 they would choose other codes where two are about as near.
    The decoder becomes float16, which changes a decoded picture by less than half a gray level.
    prefix: begins every array's name, for pages that hold two models.
    Raises TypeError for a layer that the page cannot run, ValueError for pictures that are not square, too many codes,
    or some that are not finite.
    """
    channels, side, across = model.image_shape
    if side != across:
        raise ValueError(f"The page shows square pictures only, got image_shape={model.image_shape}.")
    codes = validate.finite(model.quantizer.codes(), "the codebook")
    if len(codes) > MOST_CODES:
        raise ValueError(f"The page tells at most {MOST_CODES:,} codes apart, got {len(codes):,}.")
    encoder, arrays = describe_convolutions(model.encoder, f"{prefix}encoder", np.float32)
    decoder, decoder_arrays = describe_convolutions(model.decoder, f"{prefix}decoder", np.float16)
    codebook = f"{prefix}codebook"
    config = {"K": model.codebook_size, "D": model.code_dim, "encoder": encoder, "decoder": decoder}
    config |= {"codebook": codebook, "bound": _bound(model.quantizer.bound)}
    config |= {"channels": channels, "side": side, "columns": model.code_map_shape[1]}
    return {**arrays, **decoder_arrays, codebook: codes.float().numpy()}, config


def _bound(layer: nn.Module) -> Config | None:
    """Return what z_e goes through before it is compared with the codes: None, or the numbers of a ScaledTanh."""
    if isinstance(layer, nn.Identity):
        return None
    if isinstance(layer, ScaledTanh):
        return {name: values.tolist() for name, values in layer.named_buffers()}
    raise TypeError(f"The page knows Identity and ScaledTanh as a quantizer's bound, got {type(layer).__name__}.")


def describe_convolutions(network: nn.Sequential, prefix: str, dtype: type) -> tuple[list[Config], Arrays]:
    """Return (spec, arrays) of a chain of convolutions, each with what follows it: BatchNorm, then perhaps ReLU.

    arrays: `prefix.i.weight` and `prefix.i.bias` of convolution i, in `dtype`.
    """
    spec: list[Config] = []
    arrays: Arrays = {}
    for index, (layer, followers) in enumerate(_groups(network)):
        if isinstance(layer, ResidualBlock):
            inner, own = describe_convolutions(layer.layers, f"{prefix}.{index}", dtype)
            arrays |= own
            spec.append({"residual": inner})
            continue
        weight, bias = fold(layer, [each for each in followers if isinstance(each, nn.BatchNorm2d)])
        names = {name: f"{prefix}.{index}.{name}" for name in ("weight", "bias")}
        arrays |= {names["weight"]: weight.numpy().astype(dtype), names["bias"]: bias.numpy().astype(dtype)}
        relu = any(isinstance(each, nn.ReLU) for each in followers)
        spec.append({**names, **_geometry(layer), "relu": relu})
    return spec, arrays


@torch.no_grad()
def fold(convolution: Convolution, norms: Sequence[nn.BatchNorm2d]) -> tuple[Tensor, Tensor]:
    """Return weight and bias, float64, of the one convolution that equals `convolution` and then `norms` in eval mode.

    BatchNorm does (y - mean) * scale + shift to each channel, with scale = gamma / sqrt(variance + eps).
    """
    weight = convolution.weight.detach().cpu().double()
    bias = torch.zeros(convolution.out_channels, dtype=torch.float64)
    if convolution.bias is not None:
        bias += convolution.bias.detach().cpu()
    outputs = (1, -1, 1, 1) if isinstance(convolution, nn.ConvTranspose2d) else (-1, 1, 1, 1)
    for norm in norms:
        if norm.running_mean is None or norm.running_var is None:
            raise TypeError(
                "A BatchNorm2d without running statistics cannot be folded: its output depends on the batch."
            )
        mean, variance = norm.running_mean.cpu().double(), norm.running_var.cpu().double()
        gamma, beta = (1.0, 0.0) if norm.weight is None else (norm.weight.cpu().double(), norm.bias.cpu().double())
        scale = gamma / torch.sqrt(variance + norm.eps)
        weight = weight * scale.view(outputs)
        bias = (bias - mean) * scale + beta
    return weight, bias


def _groups(network: nn.Sequential) -> list[tuple[Convolution | ResidualBlock, list[nn.Module]]]:
    """Return each convolution with the layers between it and the next one; residual blocks stand for themselves."""
    groups: list[tuple[Convolution | ResidualBlock, list[nn.Module]]] = []
    for layer in network:
        if isinstance(layer, Convolution | ResidualBlock):
            groups.append((layer, []))
        elif (
            not groups
            or isinstance(groups[-1][0], ResidualBlock)
            or not isinstance(layer, nn.BatchNorm2d | nn.ReLU | nn.Identity)
        ):
            raise TypeError(
                f"The page cannot run a {type(layer).__name__} here. It knows Conv2d and ConvTranspose2d, "
                "each followed by BatchNorm2d, ReLU, Identity or nothing, and the ResidualBlock of a VQVAE."
            )
        elif groups[-1][1] and isinstance(groups[-1][1][-1], nn.ReLU):
            raise TypeError(f"A {type(layer).__name__} after a ReLU cannot be folded into the convolution before it.")
        else:
            groups[-1][1].append(layer)
    return groups


def _geometry(convolution: Convolution) -> Config:
    """Return what conv_nets.js needs to know of a convolution's shape. Raises TypeError for one that is not square."""
    kernel, stride, padding = convolution.kernel_size, convolution.stride, convolution.padding
    if isinstance(padding, str) or any(len(set(pair)) > 1 for pair in (kernel, stride, padding)):
        raise TypeError(f"The page runs square kernels, strides and paddings only, got {convolution}.")
    if convolution.groups > 1 or set(convolution.dilation) != {1} or set(convolution.output_padding) != {0}:
        raise TypeError(f"The page runs no groups, dilation or output padding, got {convolution}.")
    return {
        "transposed": isinstance(convolution, nn.ConvTranspose2d),
        "inputs": convolution.in_channels,
        "outputs": convolution.out_channels,
        "kernel": kernel[0],
        "stride": stride[0],
        "padding": padding[0],
    }
