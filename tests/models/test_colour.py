"""Pictures in color and of other sizes than digits: models, likelihoods, and one sequence of names and codes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from vqedu import losses, metrics, models, plots, pretrained, training
from vqedu.data import tokenizer
from vqedu.metrics import rates
from vqedu.publish import evaluation

SHAPE = (3, 16, 24)


@pytest.fixture
def x() -> Tensor:
    return torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(0))


def vqvae(**options: Any) -> models.VQVAE:
    torch.manual_seed(0)
    return models.VQVAE(16, 4, image_shape=SHAPE, likelihood="gaussian", variance=0.02, **options)


@pytest.mark.parametrize("residual_blocks", [0, 2])
def test_a_vqvae_of_any_size(x: Tensor, residual_blocks: int, tmp_path: Path) -> None:
    model = vqvae(width=8, residual_blocks=residual_blocks)
    out = model(x)
    assert out.logits.shape == x.shape
    assert out.indices.shape == (6, 4, 6)
    model.eval()
    torch.testing.assert_close(model.decode(model.encode(x)), model(x).logits)
    pretrained.save_checkpoint(model, tmp_path / "m.safetensors")
    again: Any = pretrained.load_checkpoint(tmp_path / "m.safetensors")
    assert torch.equal(again(x).logits, model(x).logits)
    found = metrics.reached(model, x)
    assert found.reconstruction == pytest.approx(
        losses.gaussian(out.logits * 0 + model(x).logits, x, 0.02).mean().item(), rel=1e-5
    )


def test_images_and_maps_of_a_wrong_size_are_named(x: Tensor) -> None:
    model = vqvae()
    with pytest.raises(ValueError, match=r"must have shape \(N, 3, 16, 24\), got \(6, 3, 16, 20\)"):
        model.encode(x[..., :20])
    with pytest.raises(ValueError, match="maps of 4 x 6 codes"):
        model.decode(torch.zeros(1, 7, 7, dtype=torch.int64))
    with pytest.raises(ValueError, match="multiples of 4"):
        models.VQVAE(16, 4, image_shape=(3, 30, 32))
    with pytest.raises(ValueError, match="1 or 3 channels"):
        models.VQVAE(16, 4, image_shape=(2, 32, 32))


def test_autoencoder_and_vae_of_any_size(x: Tensor) -> None:
    for model in (models.Autoencoder(3, (8,), SHAPE), models.VAE(3, (8,), SHAPE)):
        assert model(x).logits.shape == x.shape
        training.fit(model, x, epochs=1, batch_size=3, background=True)


def test_gaussian_is_torchs(x: Tensor) -> None:
    logits = torch.randn_like(x)
    expected = -torch.distributions.Normal(logits.sigmoid(), 0.1).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(losses.gaussian(logits, x, 0.01), expected)


@pytest.mark.parametrize("scale", [0.003, 0.05, 1.0])
def test_the_levels_of_the_discretized_logistic_sum_to_1(scale: float) -> None:
    levels = (torch.arange(256, dtype=torch.float64) / 255).view(256, 1, 1, 1).expand(256, 3, 1, 1)
    for logit in (-3.0, 0.2, 9.0):
        nats = losses.discretized_logistic(torch.full_like(levels, logit), levels, scale) / 3
        assert torch.exp(-nats).sum().item() == pytest.approx(1, abs=1e-9)


def test_bits_per_dimension() -> None:
    assert losses.bits_per_dimension(3072 * math.log(2), 3072) == pytest.approx(1)
    assert losses.bits_per_dimension(0.0, 3072, density=True) == pytest.approx(math.log2(255))
    # A narrow logistic and a narrow normal variable say about the same of levels near their mean.
    levels = torch.randint(100, 150, (1, 3, 8, 8)).double() / 255
    logits = torch.logit(torch.full_like(levels, 125 / 255))
    smooth = losses.bits_per_dimension(losses.gaussian(logits, levels, 0.06**2), 192, density=True)
    levelled = losses.bits_per_dimension(losses.discretized_logistic(logits, levels, 0.033), 192)
    assert smooth.item() == pytest.approx(levelled.item(), abs=0.1)


def test_the_nearest_picture(x: Tensor) -> None:
    numbers, errors = metrics.nearest_pictures(x[[4, 1]] * 0.9, x)
    assert numbers.tolist() == [4, 1]
    torch.testing.assert_close(errors, (x[[4, 1]] * 0.1).square().flatten(1).mean(1), rtol=1e-3, atol=1e-6)


def test_files_in_colour_come_back() -> None:
    x = (torch.randint(256, (5, 3, 12, 20)) / 255).float()
    for kind in ("png", "webp"):
        assert torch.equal((rates.file(x, kind).images * 255).round(), (x * 255).round())
    assert rates.file(x, "jpeg", 50).bits < rates.file(x, "png").bits
    with pytest.raises(ValueError, match="takes no quality"):
        rates.file(x, "png", 50)


def test_figures_in_colour(x: Tensor) -> None:
    figure = plots.image_grid({"x": x.numpy()}, "Six pictures")
    assert figure.axes[0].images[0].get_array().shape == (16, 24, 3)
    out = vqvae().eval()(x)
    plots.code_maps(
        x[:1].numpy(),
        out.z_e[:1].detach().numpy(),
        out.indices[:1].numpy(),
        out.logits[:1].sigmoid().detach().numpy(),
        "Its way",
    )


# --- names and images

NAMES = ["woman cook, dark skin", "man cook", "banana"]


def writer(**options: Any) -> models.NamesAndImages:
    torch.manual_seed(0)
    pieces = tokenizer.vocabulary([*NAMES, "woman", "man", "dark skin"])
    return models.NamesAndImages(16, pieces, 8, (4, 6), width=16, depth=2, heads=2, **options).eval()


def codes() -> Tensor:
    return torch.randint(16, (3, 4, 6), generator=torch.Generator().manual_seed(1))


def test_rows_hold_name_and_codes() -> None:
    model = writer()
    rows = model.examples(NAMES, codes())
    assert rows.shape == (3, 8 + 24)
    assert [model.vocabulary[token] for token in rows[0, :5]] == ["woman ", "cook ", "dark ", "skin ", "<end>"]
    assert torch.equal(rows[:, 8:], codes().flatten(1))


def test_the_usual_model_of_names_is_as_large_as_it_says() -> None:
    usual = models.NamesAndImages(512, [f"piece {number} " for number in range(600)])
    assert (len(usual.vocabulary), usual.transformer.length) == (1115, 82)
    assert (usual.places, usual.code_map_shape, usual.width, usual.depth, usual.heads) == (16, (8, 8), 128, 4, 4)
    assert (usual.dropout, usual.name_dropout, usual.word_weight) == (0.1, 0.1, 4)


def test_in_training_a_request_loses_its_name_as_often_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = writer(name_dropout=0.25).train(), []
    rows = model.examples(NAMES[:1], codes()[:1]).expand(4000, -1)
    monkeypatch.setattr(model, "nats", lambda *given: asked.append(given))
    torch.manual_seed(0)
    model.loss(rows)
    model.eval().loss(rows)
    (names, said, *_), (evaluated, *_) = asked
    lost = (names == model.token["<end>"]).all(1)
    assert torch.equal(names[~lost], said[~lost])
    assert lost.float().mean().item() == pytest.approx(0.25, abs=0.035)  # five sigma
    assert torch.equal(said, rows[:, :8])
    assert torch.equal(evaluated, said)


def test_the_loss_is_the_two_conditional_probabilities() -> None:
    model = writer()
    row = model.examples(NAMES[:1], codes()[:1])
    t, (name, image) = model.token, row[0].split([8, 24])
    for order, places, found in (
        ([t["<words>"], *name.tolist(), t["<image>"], *image.tolist()], range(10, 34), model.loss(row).image),
        ([t["<image>"], *image.tolist(), t["<words>"], *name.tolist()], range(26, 34), model.loss(row).words),
    ):
        with torch.no_grad():
            logs = [model.transformer(torch.tensor([order[:i]]))[0, -1].log_softmax(0)[order[i]] for i in places]
        assert found.item() == pytest.approx(-float(sum(logs)), rel=1e-5)
    loss = writer(word_weight=2.5).loss(row)
    assert loss.total.item() == pytest.approx(loss.image.item() + 2.5 * loss.words.item(), rel=1e-6)


def test_it_learns_three_pictures_by_heart_and_draws_and_reads_them() -> None:
    model = writer(dropout=0.0)
    rows = model.examples(NAMES, codes()).repeat(40, 1)
    training.fit(model, rows, epochs=30, batch_size=20, learning_rate=1e-2, background=True)
    assert model.read(codes()) == [name.replace(",", "") for name in NAMES]
    for guidance in (1.0, 2.0):
        drawn = model.draw(NAMES, 2, 0.5, torch.Generator().manual_seed(0), guidance)
        assert drawn.shape == (6, 4, 6)
        assert (drawn == codes().repeat_interleave(2, 0)).float().mean() > 0.95


def test_log_prob_is_the_loss_of_reading() -> None:
    model = writer()
    rows = model.examples(NAMES, codes())
    log_p = model.log_prob(NAMES, codes())
    assert log_p.shape == (3,)
    assert log_p.mean().item() == pytest.approx(-model.loss(rows).words.item(), rel=1e-5)
    with pytest.raises(ValueError, match="one text for each code map, got 2 texts, 3 code maps"):
        model.log_prob(NAMES[:2], codes())


def test_the_best_of_several_drawings_is_the_one_it_reads_most_readily() -> None:
    model = writer()
    best = model.draw_best(NAMES, 5, generator=torch.Generator().manual_seed(2))
    drawn = model.draw(NAMES, 5, generator=torch.Generator().manual_seed(2)).unflatten(0, (3, 5))
    for name, choice, tries in zip(NAMES, best, drawn, strict=True):
        log_p = model.log_prob([name] * 5, tries)
        assert torch.equal(choice, tries[log_p.argmax()])
    assert model.draw_best("banana", 2).shape == (1, 4, 6)


def test_guidance_1_is_no_guidance_and_0_forgets_the_name() -> None:
    model = writer()

    def draw(name: str, guidance: float) -> Tensor:
        return model.draw(name, 3, generator=torch.Generator().manual_seed(0), guidance=guidance)

    assert torch.equal(draw("banana", 0.0), draw("man cook", 0.0))
    assert not torch.equal(draw("banana", 1.0), draw("man cook", 1.0))


def test_a_name_that_is_too_long_is_cut_and_a_strange_letter_is_named() -> None:
    model = writer()
    assert len(model.tokens("banana banana")) == 8
    with pytest.raises(ValueError, match="The letter 'ß'"):
        model.draw("naß")


def test_a_checkpoint_keeps_the_vocabulary(tmp_path: Path) -> None:
    model = writer()
    pretrained.save_checkpoint(model, tmp_path / "m.safetensors")
    again: Any = pretrained.load_checkpoint(tmp_path / "m.safetensors")
    assert again.read(codes()) == model.read(codes())


# --- the judge


def test_a_judge_learns_three_parts_and_knows_their_names() -> None:
    torch.manual_seed(0)
    judge = models.PeopleJudge(["cook", "pilot"], ["woman", "man"], ["", "dark skin"], (3, 16, 16), width=8)
    labels = torch.cartesian_prod(*[torch.arange(2)] * 3).repeat(16, 1)
    x = torch.full((128, 3, 16, 16), 0.5)
    for part in range(3):
        x[:, part] += 0.4 * labels[:, part, None, None]
    rows = torch.cat([labels.float(), x.flatten(1)], 1)
    training.fit(judge, rows, epochs=20, batch_size=32, learning_rate=1e-2, background=True)
    seen = judge.predict(x)
    assert torch.equal(torch.stack(seen, 1), labels)
    assert [part.item() for part in judge.numbers(["pilot"], ["man"], [""])] == [1, 1, 0]
    with pytest.raises(ValueError, match="There is no role 'pilots'"):
        judge.numbers(["pilots"], ["man"], [""])


def test_the_score_of_a_reading() -> None:
    assert evaluation.reading_score("woman cook dark skin", "woman cook, dark skin") == (1, 1)
    exact, f1 = evaluation.reading_score("woman cook", "woman pilot, dark skin")
    assert exact == 0
    assert f1 == pytest.approx(2 * 1 / 6)
    assert evaluation.reading_score("", "banana") == (0, 0)


def test_shapes_are_what_numpy_sees(x: Tensor) -> None:
    assert plots.style.pictures(x.numpy()).shape == (6, 16, 24, 3)
    assert plots.style.pictures(np.zeros((2, 1, 28, 28))).shape == (2, 28, 28)
