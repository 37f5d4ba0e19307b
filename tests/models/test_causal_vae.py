"""The VAE with an autoregressive decoder: what a pixel sees, what training does to z, what the shipped ones reached."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from vqedu import data, losses, models, pretrained
from vqedu.models import causal_vae
from vqedu.pretrained import checkpoints

NAMES = ("causal-vae", "causal-vae-free-bits", "causal-vae-dropout")


def tiny(**options: float) -> models.CausalVAE:
    torch.manual_seed(0)
    model = models.CausalVAE(3, hidden=8, features=4, **options)
    with torch.no_grad():
        model.bias.normal_()
    return model


def small(n: int) -> torch.Tensor:
    return torch.rand(n, 14, 14, generator=torch.Generator().manual_seed(0)).round()


def test_shrink_averages_blocks_and_takes_a_threshold() -> None:
    x = torch.zeros(2, 1, 28, 28)
    x[0, 0, 2:4, 4:6] = 0.6
    x[1, 0, 0, 0] = 1.0  # a quarter of its block
    x[1, 0, 8, 8:10] = 1.0  # one half is not above one half
    expected = torch.zeros(2, 14, 14)
    expected[0, 1, 2] = 1
    assert torch.equal(causal_vae.shrink(x), expected)


def test_a_pixel_depends_on_all_pixels_before_it_and_on_none_after_it() -> None:
    model, x, z = tiny().eval(), small(1), torch.randn(1, 3, generator=torch.Generator().manual_seed(1))
    logits = model.decode(z, x)
    for row, pixel in ((0, 0), (6, 9), (13, 13)):
        changed = x.clone()
        changed[0, row, pixel] = 1 - changed[0, row, pixel]
        moved = (model.decode(z, changed) != logits).flatten().nonzero().flatten().tolist()
        place = 14 * row + pixel
        assert all(each > place for each in moved)
        if row < 13:
            assert set(range(14 * (row + 1), 14 * (row + 2))) <= set(moved)


def test_sampling_draws_from_what_decode_says() -> None:
    """Of all pixels drawn, with the pixels drawn before them, the logits of decode predict the mean and the spread."""
    model = tiny().eval()
    z = torch.randn(400, 3, generator=torch.Generator().manual_seed(1))
    x = model.sample(z, torch.Generator().manual_seed(2))
    p = torch.sigmoid(model.decode(z, x))
    score = ((x - p).sum(0) / (p * (1 - p)).sum(0).sqrt()).flatten()  # (196,), about N(0, 1)
    assert score.abs().max() < 4.5
    assert score.square().mean().item() == pytest.approx(1, abs=0.4)


def test_where_decode_is_certain_sampling_draws_just_that() -> None:
    model = tiny().eval()
    with torch.no_grad():
        model.output.mul_(1e6)  # every logit is far from 0, on one side or the other
    z = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
    x = model.sample(z, torch.Generator().manual_seed(2))
    assert 0.1 < x.mean() < 0.9
    assert torch.equal(x, (model.decode(z, x) > 0).float())


def test_sampling_keeps_no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = tiny().eval(), set()
    pixels = model._pixels
    monkeypatch.setattr(model, "_pixels", lambda *given: seen.add(torch.is_grad_enabled()) or pixels(*given))
    model.sample(torch.zeros(1, 3))
    assert seen == {False}


def test_usual_sizes_and_what_training_begins_with() -> None:
    usual = models.CausalVAE()
    assert (usual.latent_dim, usual.hidden, usual.features) == (8, 128, 32)
    assert not usual.bias.any()
    torch.manual_seed(0)
    output = models.CausalVAE(2, features=1000).output.detach() * 1000**0.5  # about N(0, 1), 14,000 times
    assert output.mean().item() == pytest.approx(0, abs=5 / 14_000**0.5)
    assert output.std().item() == pytest.approx(1, abs=5 / 28_000**0.5)


def test_the_loss_is_minus_the_elbo_and_a_floor_changes_only_its_total() -> None:
    x = small(20)
    torch.manual_seed(0)
    plain = tiny().loss(x)
    model = tiny()
    out = model(x)
    expected = F.binary_cross_entropy_with_logits(out.logits, x, reduction="sum") / 20
    assert plain.reconstruction.item() == pytest.approx(expected.item(), rel=1e-5)
    kl = losses.kl_to_standard_normal(out.mu, out.logvar).mean()
    assert plain.total.item() == pytest.approx((expected + kl).item(), rel=1e-5)
    free = tiny(floor=2.0).loss(x)
    assert free.kl.item() == pytest.approx(plain.kl.item())
    assert free.total.item() == pytest.approx(free.reconstruction.item() + 6.0, rel=1e-5)


def test_pixels_are_hidden_in_training_only() -> None:
    model, x, z = tiny(dropout=0.5), small(4), torch.zeros(4, 3)
    assert not torch.equal(model.decode(z, x), model.decode(z, x))
    model.eval()
    assert torch.equal(model.decode(z, x), model.decode(z, x))


def test_the_share_of_hidden_pixels_is_the_dropout_and_the_others_are_seen_as_they_are() -> None:
    model, x, above = tiny(dropout=0.2), small(100), []
    model.rows.register_forward_hook(lambda _, given, __: above.append(given[0]))
    model.decode(torch.zeros(100, 3), x)
    seen, shown = above[0][:, 1:], (2 * x - 1)[:, :-1]  # a row sees the rows above it
    hidden = seen == 0
    assert torch.equal(seen[~hidden], shown[~hidden])
    assert hidden.float().mean().item() == pytest.approx(0.2, abs=5 * (0.2 * 0.8 / hidden.numel()) ** 0.5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: models.CausalVAE(0), ValueError, "latent_dim"),
        (lambda: models.CausalVAE(2, hidden=0), ValueError, "hidden"),
        (lambda: models.CausalVAE(2, features=0), ValueError, "features"),
        (lambda: models.CausalVAE(2, floor=-1.0), ValueError, "floor"),
        (lambda: models.CausalVAE(2, dropout=1.0), ValueError, "dropout"),
        (lambda: tiny().encode(torch.zeros(2, 1, 28, 28)), ValueError, r"shape \(N, 14, 14\).*shrink"),
        (lambda: tiny().encode(torch.zeros(2, 14, 15)), ValueError, r"shape \(N, 14, 14\)"),
        (lambda: tiny().encode(torch.zeros(2, 14, 14, dtype=torch.int64)), TypeError, "floating-point"),
        (lambda: tiny().decode(torch.zeros(2, 4), small(2)), ValueError, r"shape \(N, 3\)"),
    ],
)
def test_says_what_is_wrong(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]


def test_the_shipped_models_show_a_collapse_at_beta_1_and_two_remedies() -> None:
    """What notebook 05 says of them: nats per image on the 10,000 test images."""
    plain, free, dropout = (checkpoints.read_card(pretrained.path_of(name))["metrics"] for name in NAMES)
    assert plain["test_kl_nats"] <= 0.1
    assert plain["test_swapped_nats"] - plain["test_reconstruction_nats"] < 0.1
    assert plain["test_total_nats"] < free["test_total_nats"] < dropout["test_total_nats"]
    assert free["test_total_nats"] - plain["test_total_nats"] < 0.6
    for cured in (free, dropout):
        assert cured["test_kl_nats"] >= 3
        assert cured["test_swapped_nats"] - cured["test_reconstruction_nats"] > 10


@pytest.mark.parametrize("name", NAMES)
def test_a_card_s_numbers_are_those_of_its_weights(name: str) -> None:
    x = causal_vae.shrink(data.load().test.x[:2000])
    model = pretrained.load(name)
    torch.manual_seed(0)
    terms = model.loss(x)  # type: ignore[operator]
    metrics = checkpoints.read_card(pretrained.path_of(name))["metrics"]
    assert terms.kl.item() == pytest.approx(metrics["test_kl_nats"], abs=0.3)
    assert terms.reconstruction.item() == pytest.approx(metrics["test_reconstruction_nats"], abs=1.0)
    assert math.isfinite(terms.total.item())
