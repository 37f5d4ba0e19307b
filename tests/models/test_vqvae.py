"""The VQ-VAE on images: its contract, who gets which gradient, collapse and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import losses, metrics, pretrained
from vqedu.models import VQVAE


@pytest.fixture
def x() -> Tensor:
    return torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def model(**options: object) -> VQVAE:
    torch.manual_seed(0)
    return VQVAE(16, 4, **options)  # type: ignore[arg-type]


def test_shapes_and_names(x: Tensor) -> None:
    out = model()(x)
    assert out._fields == ("logits", "z_e", "z_q", "indices", "codebook_loss", "commitment_loss")
    assert out.logits.shape == (6, 1, 28, 28)
    assert out.z_e.shape == out.z_q.shape == (6, 4, 7, 7)
    assert out.indices.shape == (6, 7, 7)
    assert out.indices.dtype == torch.int64


def test_decode_of_encode_is_forward_in_eval_mode(x: Tensor) -> None:
    vqvae = model()
    vqvae.loss(x)
    vqvae.eval()
    out, indices = vqvae(x), vqvae.encode(x)
    assert torch.equal(indices, out.indices)
    torch.testing.assert_close(vqvae.decode(indices), out.logits)


def test_encode_learns_nothing_from_the_codes_it_chooses(x: Tensor) -> None:
    vqvae = model().eval()
    before = {name: value.clone() for name, value in vqvae.state_dict().items()}
    vqvae.encode(x)
    assert all(torch.equal(value, before[name]) for name, value in vqvae.state_dict().items())


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_loss_is_equation_3(x: Tensor, update: str) -> None:
    vqvae = model(update=update, commitment_cost=0.7)
    vqvae.loss(x)
    vqvae.eval()
    out, loss = vqvae(x), vqvae.loss(x)
    p = out.logits.sigmoid().double()
    nats = -(x * p.log() + (1 - x) * (1 - p).log()).sum().item() / 6
    distance = (out.z_e - out.z_q).double().square().sum().item() / 6
    assert loss.reconstruction.item() == pytest.approx(nats, rel=1e-5)
    assert loss.codebook_loss.item() == pytest.approx(distance, rel=1e-5)
    assert loss.total.item() == pytest.approx(nats + distance + 0.7 * distance, rel=1e-5)


@pytest.mark.parametrize(
    ("term", "encoder", "codebook", "decoder"),
    [
        ("reconstruction", True, False, True),
        ("codebook_loss", False, True, False),
        ("commitment_loss", True, False, False),
    ],
)
def test_who_gets_which_gradient(x: Tensor, term: str, encoder: bool, codebook: bool, decoder: bool) -> None:
    vqvae = model(update="gradient")
    getattr(vqvae.loss(x), term).backward()

    def reached(part: nn.Module) -> bool:
        return any(p.grad is not None and bool(p.grad.any()) for p in part.parameters())

    assert (reached(vqvae.encoder), reached(vqvae.quantizer), reached(vqvae.decoder)) == (encoder, codebook, decoder)


def test_reconstruction_reaches_z_e_as_if_it_were_z_q(x: Tensor) -> None:
    vqvae = model()
    out = vqvae(x)
    out.z_e.retain_grad()
    out.z_q.retain_grad()
    losses.reconstruction(out.logits, x).sum().backward()
    assert torch.equal(out.z_e.grad, out.z_q.grad)


def scattered(vqvae: VQVAE) -> VQVAE:
    """In eval mode, with statistics of BatchNorm and weights that no two layers share."""
    with torch.no_grad():
        for name, value in vqvae.state_dict().items():
            if value.is_floating_point() and not name.startswith("quantizer."):
                value.copy_(torch.rand_like(value) + 0.5 if "running_var" in name else 0.5 * torch.randn_like(value))
    return vqvae.eval()


@pytest.mark.parametrize("blocks", [0, 2])
def test_encoder_and_decoder_are_these_layers(x: Tensor, blocks: int) -> None:
    vqvae = scattered(VQVAE(16, 4, width=2, residual_blocks=blocks))
    weights = vqvae.state_dict()

    def norm(h: Tensor, at: str) -> Tensor:
        scale, shift = weights.get(f"{at}.weight", torch.ones(1)), weights.get(f"{at}.bias", torch.zeros(1))
        mean, variance = weights[f"{at}.running_mean"], weights[f"{at}.running_var"]
        h = (h - mean.view(-1, 1, 1)) / (variance.view(-1, 1, 1) + 1e-5).sqrt()
        return scale.view(-1, 1, 1) * h + shift.view(-1, 1, 1)

    def layer(h: Tensor, at: str, **options: int) -> Tensor:
        return F.conv2d(h, weights[f"{at}.weight"], weights[f"{at}.bias"], **options)

    def larger(h: Tensor, at: str) -> Tensor:
        return F.conv_transpose2d(h, weights[f"{at}.weight"], weights[f"{at}.bias"], stride=2, padding=1)

    def residual(h: Tensor, at: str) -> Tensor:
        inner = norm(layer(h, f"{at}.layers.0", padding=1), f"{at}.layers.1").relu()
        assert inner.shape[1] == 1  # half the channels
        return (h + norm(layer(inner, f"{at}.layers.3"), f"{at}.layers.4")).relu()

    h = x
    for number in (0, 3):  # 28 x 28 -> 14 x 14 -> 7 x 7
        h = norm(layer(h, f"encoder.{number}", stride=2, padding=1), f"encoder.{number + 1}").relu()
    for number in range(6, 6 + blocks):
        h = residual(h, f"encoder.{number}")
    z_e = norm(layer(h, f"encoder.{6 + blocks}", padding=1), f"encoder.{7 + blocks}")
    torch.testing.assert_close(vqvae(x).z_e, z_e, atol=1e-4, rtol=1e-4)
    assert f"encoder.{7 + blocks}.weight" not in weights  # so that mean 0 and variance 1 stay what they are

    h = norm(layer(vqvae(x).z_q, "decoder.0", padding=1), "decoder.1").relu()
    for number in range(3, 3 + blocks):
        h = residual(h, f"decoder.{number}")
    h = norm(larger(h, f"decoder.{3 + blocks}"), f"decoder.{4 + blocks}").relu()
    torch.testing.assert_close(vqvae(x).logits, larger(h, f"decoder.{6 + blocks}"), atol=1e-4, rtol=1e-4)


def test_the_usual_settings_are_those_of_the_paper_and_the_remedies() -> None:
    vqvae = model()
    assert vqvae.commitment_cost == 0.25  # van den Oord et al. 2017, section 3.2
    assert (vqvae.quantizer.update, vqvae.quantizer.revive_after) == ("ema", 20)
    assert vqvae.encoder[0].out_channels == vqvae.width == 16
    assert (vqvae.residual_blocks, len(vqvae.encoder)) == (0, 8)
    assert (vqvae.likelihood, vqvae.variance) == ("bernoulli", 1)


def test_normalized_z_e_has_mean_0_and_variance_1(x: Tensor) -> None:
    z_e = model()(x).z_e.detach().movedim(1, 0).flatten(1)
    torch.testing.assert_close(z_e.mean(1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(z_e.var(1, unbiased=False), torch.ones(4), atol=1e-2, rtol=0)
    assert model(normalize=False)(x).z_e.std() < 0.9


def test_a_far_start_with_a_gradient_codebook_uses_one_code_and_the_remedy_uses_nearly_all() -> None:
    x = torch.rand(32, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    sick = VQVAE(64, 8, "gradient", start="uniform", revive_after=None, normalize=False)
    sick.quantizer.set_codebook(10 * torch.randn(64, 8, generator=torch.Generator().manual_seed(2)))
    well = VQVAE(64, 8)
    for vqvae, least, most in ((sick, 1 / 64, 1 / 64), (well, 0.95, 1)):
        optimizer = torch.optim.Adam(vqvae.parameters(), lr=1e-3)
        for _ in range(20):
            optimizer.zero_grad()
            vqvae.loss(x).total.backward()
            optimizer.step()
        assert least <= metrics.code_usage(vqvae(x).indices, 64) <= most


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_a_checkpoint_restores_every_number(x: Tensor, update: str, tmp_path: Path) -> None:
    vqvae = model(update=update, start="uniform", revive_after=None, normalize=False, commitment_cost=0.5)
    vqvae.loss(x)
    pretrained.save_checkpoint(vqvae, tmp_path / "vqvae.safetensors")
    restored = pretrained.load_checkpoint(tmp_path / "vqvae.safetensors")
    assert isinstance(restored, VQVAE)
    assert (restored.quantizer.update, restored.commitment_cost) == (update, 0.5)
    assert restored.quantizer.revive_after is None
    for name, value in vqvae.state_dict().items():
        assert torch.equal(value, restored.state_dict()[name]), name


@pytest.mark.parametrize(
    ("indices", "error", "words"),
    [
        (torch.zeros(2, 49, dtype=torch.int64), ValueError, r"view\(-1, 7, 7\)"),
        (torch.full((2, 7, 7), 16), ValueError, r"0 \.\. 15"),
        (torch.zeros(2, 7, 7), TypeError, "whole numbers"),
    ],
)
def test_bad_code_maps_are_errors(indices: Tensor, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        model().decode(indices)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"commitment_cost": -1}, ValueError),
        ({"commitment_cost": "1"}, TypeError),
        ({"update": "em"}, ValueError),
        ({"residual_blocks": 101}, ValueError),
    ],
)
def test_bad_settings_are_errors(options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        model(**options)


def test_pictures_out_of_range_are_errors(x: Tensor) -> None:
    with pytest.raises(ValueError, match="gray levels"):
        model().encode(255 * x)
