"""The description of a VQ-VAE for the page: folded convolutions equal their layers; what cannot run is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import models, quantizers
from vqedu.widgets import conv_nets


def stirred(network: nn.Sequential) -> nn.Sequential:
    """Give every BatchNorm statistics, scale and shift that an untrained one does not have."""
    generator = torch.Generator().manual_seed(0)
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.copy_(torch.randn(layer.num_features, generator=generator))
            layer.running_var.copy_(0.1 + torch.rand(layer.num_features, generator=generator))
            if layer.affine:
                nn.init.normal_(layer.weight, generator=generator)
                nn.init.normal_(layer.bias, generator=generator)
    return network.eval()


def run(spec: list[conv_nets.Config], arrays: conv_nets.Arrays, x: Tensor) -> Tensor:
    """Compute what conv_nets.js does, with torch's convolutions."""
    for layer in spec:
        weight, bias = (torch.from_numpy(arrays[layer[name]]).double() for name in ("weight", "bias"))
        convolve = F.conv_transpose2d if layer["transposed"] else F.conv2d
        x = convolve(x, weight, bias, stride=layer["stride"], padding=layer["padding"])
        x = x.relu() if layer["relu"] else x
    return x


@pytest.mark.parametrize("normalize", [True, False])
def test_folded_convolutions_equal_the_layers_they_stand_for(normalize: bool) -> None:
    model = models.VQVAE(6, 5, normalize=normalize)
    for network, inputs in ((model.encoder, (3, 1, 28, 28)), (model.decoder, (3, 5, 7, 7))):
        x = torch.randn(inputs, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        expected = stirred(network).double()(x)
        spec, arrays = conv_nets.describe_convolutions(network, "net", np.float64)
        torch.testing.assert_close(run(spec, arrays, x), expected, rtol=1e-10, atol=1e-10)


def test_the_description_is_float32_where_codes_are_chosen_and_float16_where_they_are_drawn() -> None:
    model = models.VQVAE(6, 5)
    arrays, config = conv_nets.describe_vqvae(model, "a.")
    assert (config["K"], config["D"]) == (6, 5)
    assert all(name.startswith("a.") for name in arrays)
    assert {array.dtype for name, array in arrays.items() if "decoder" not in name} == {np.dtype(np.float32)}
    assert {array.dtype for name, array in arrays.items() if "decoder" in name} == {np.dtype(np.float16)}
    np.testing.assert_array_equal(arrays["a.codebook"], model.quantizer.codebook)
    named = {layer[part] for layer in config["encoder"] + config["decoder"] for part in ("weight", "bias")}
    assert named | {config["codebook"]} == set(arrays)


def test_describing_leaves_the_model_as_it_was() -> None:
    model = models.VQVAE(6, 5)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    conv_nets.describe_vqvae(model)
    assert model.training
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (nn.Sequential(nn.ReLU(), nn.Conv2d(1, 1, 3)), "cannot run a ReLU here"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.Dropout()), "cannot run a Dropout here"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.BatchNorm2d(1)), "after a ReLU"),
        (nn.Sequential(nn.Conv2d(1, 1, (3, 5))), "square kernels"),
        (nn.Sequential(nn.Conv2d(1, 1, 3, padding="same")), "square kernels"),
        (nn.Sequential(nn.Conv2d(2, 2, 3, groups=2)), "no groups"),
        (nn.Sequential(nn.Conv2d(1, 1, 3, dilation=2)), "no groups, dilation"),
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1, track_running_stats=False)), "running statistics"),
    ],
)
def test_what_the_page_cannot_run_is_refused(network: nn.Sequential, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        conv_nets.describe_convolutions(network, "net", np.float32)


def test_another_model_is_refused() -> None:
    with pytest.raises(TypeError, match="got VAE"):
        conv_nets.one_stage(models.VAE(2, (4,)))  # type: ignore[arg-type]
    fsq = quantizers.FSQ([3, 3])
    fsq.bound = nn.Tanh()  # type: ignore[assignment]
    with pytest.raises(TypeError, match="Identity and ScaledTanh as a quantizer's bound, got Tanh"):
        conv_nets.describe_vqvae(models.VQVAE(quantizer=fsq))
    with pytest.raises(ValueError, match="at most 65,536 codes apart, got 66,560"):
        conv_nets.describe_vqvae(models.VQVAE(quantizer=quantizers.FSQ([65, 32, 32])))


def test_of_several_stages_the_first_is_shown_and_the_model_keeps_them_all() -> None:
    model = models.VQVAE(quantizer=quantizers.ResidualVQ(6, 5, 3))
    copied = conv_nets.one_stage(model)
    assert len(model.quantizer.stages) == 3
    x = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert torch.equal(copied.encode(x), model.eval().encode(x)[..., 0])
    assert torch.equal(copied.decode(copied.encode(x)), model.decode(model.encode(x)[..., :1]))
