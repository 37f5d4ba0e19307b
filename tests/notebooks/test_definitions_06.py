"""What notebook 06 writes out equals what the module ships: same weights, same inputs, same numbers."""

from __future__ import annotations

import pytest
import torch

from tests.notebooks.test_definitions import definitions, images
from vqedu import metrics, models
from vqedu.quantizers import VectorQuantizer

NOTEBOOK = "06_vqvae"


def both() -> tuple[models.VQVAE, torch.nn.Module, torch.Tensor]:
    """The module's VQ-VAE after one training step, the notebook's with the same weights, and images."""
    conv_encoder, conv_decoder = definitions(NOTEBOOK, "conv_encoder", "conv_decoder")
    given = {"conv_encoder": conv_encoder, "conv_decoder": conv_decoder, "VectorQuantizer": VectorQuantizer}
    (theirs,) = definitions(NOTEBOOK, "VQVAE", **given)
    torch.manual_seed(0)
    ours, x = models.VQVAE(16, 4, "gradient"), images(8)
    ours.loss(x)  # starts the codebook from data
    copy = theirs(16, 4).to(memory_format=torch.channels_last)  # the layout of ours: sums in the same order
    copy.load_state_dict(ours.state_dict())
    return ours, copy, x


def test_the_vqvae_of_notebook_06() -> None:
    ours, copy, x = both()
    logits, z_e, e = copy(x)
    out = ours(x)
    assert torch.equal(logits, out.logits)
    assert torch.equal(z_e, out.z_e)
    assert torch.equal(e, out.z_q)
    assert torch.equal(copy.eval().encode(x), ours.eval().encode(x))
    assert torch.equal(copy.decode(ours.encode(x)), ours.decode(ours.encode(x)))


@pytest.mark.parametrize("cost", [0.25, 3.0])
def test_the_loss_of_notebook_06_in_value_and_in_every_gradient(cost: float) -> None:
    (vqvae_loss,) = definitions(NOTEBOOK, "vqvae_loss")
    ours, copy, x = both()
    ours.commitment_cost = cost
    loss, expected = vqvae_loss(*reordered(copy(x), x), cost), ours.loss(x).total
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    gradients = {name: parameter.grad for name, parameter in ours.named_parameters()}
    found = {name: parameter.grad for name, parameter in copy.named_parameters()}
    assert "quantizer.codebook" in found
    torch.testing.assert_close(found, gradients)


def reordered(output: tuple[torch.Tensor, ...], x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    logits, z_e, e = output
    return logits, x, z_e, e


def test_the_perplexity_of_notebook_06() -> None:
    (perplexity,) = definitions(NOTEBOOK, "perplexity")
    indices = torch.randint(0, 10, (4, 7, 7), generator=torch.Generator().manual_seed(0))
    assert torch.equal(perplexity(indices, 16), metrics.perplexity(indices, 16))
