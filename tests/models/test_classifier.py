"""The judge of generated digits: its contract, and what the shipped one reaches."""

from __future__ import annotations

import pytest
import torch

from vqedu import data, pretrained, training
from vqedu.models.classifier import DigitClassifier


def images(n: int = 6) -> torch.Tensor:
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_shapes_and_prediction() -> None:
    model = DigitClassifier(4).eval()
    logits = model(images())
    assert logits.shape == (6, 4)
    assert torch.equal(model.predict(images()), logits.argmax(1))
    assert model.predict(images()).dtype == torch.int64


def test_loss_is_the_cross_entropy_of_the_label_that_begins_each_row() -> None:
    model, labels = DigitClassifier().eval(), torch.tensor([0, 1, 2, 3, 4, 9])
    loss = model.loss(training.labelled(images(), labels))
    log_p = model(images()).log_softmax(1)
    assert loss.total.item() == pytest.approx(-log_p[range(6), labels].mean().item(), rel=1e-6)
    assert loss.accuracy.item() == pytest.approx((log_p.argmax(1) == labels).float().mean().item())


def test_it_learns() -> None:
    x, y = data.load("mnist").train
    model = DigitClassifier()
    training.fit(model, training.labelled(x[:1000], y[:1000]), epochs=2, batch_size=25)
    assert (model.predict(x[2000:3000]) == y[2000:3000]).float().mean() > 0.9


def test_the_shipped_classifier_reads_98_5_percent_of_the_test_images_and_is_small() -> None:
    x, y = data.load("mnist").test
    model = pretrained.load("classifier-mnist")
    assert isinstance(model, DigitClassifier)
    right = torch.cat([model.predict(part) for part in x.split(1000)]) == y
    assert right.float().mean() >= 0.985
    assert pretrained.path_of("classifier-mnist").stat().st_size <= 250_000


def test_labels_of_another_number_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"shape \(6,\), one for each value, got \(5,\)"):
        training.labelled(images(), torch.zeros(5, dtype=torch.int64))


def test_bad_input_is_an_error() -> None:
    with pytest.raises(ValueError, match="gray levels"):
        DigitClassifier()(255 * images())
    with pytest.raises(ValueError, match="num_classes"):
        DigitClassifier(0)
