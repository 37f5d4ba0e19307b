"""What notebooks 00 and 01 claim beside outputs that are not compared, or in the titles of their figures."""

from __future__ import annotations

import re
from typing import Any

import nbformat
import torch

from tests.notebooks.test_notebooks import FOLDER
from vqedu import data, pretrained, widgets


@torch.no_grad()
def test_halfway_from_a_0_to_a_3_the_decoder_draws_a_6() -> None:
    ae2: Any = pretrained.load("ae-2d")
    classifier = pretrained.load("classifier-mnist")
    start = widgets.LatentExplorer(ae2, data.load("mnist").test).state
    z_a, z_b = torch.tensor(start["a"]), torch.tensor(start["b"])
    t = torch.linspace(0, 1, 11).view(-1, 1)
    shares = classifier(torch.sigmoid(ae2.decode((1 - t) * z_a + t * z_b))).softmax(1)
    read = shares.argmax(1).tolist()
    assert (read[0], read[5], read[-1]) == (0, 6, 3)
    assert shares[5, 6] > 0.99


def test_the_loss_after_one_epoch_is_between_what_is_claimed() -> None:
    text = "\n".join(
        output.get("text", "")
        for cell in nbformat.read(FOLDER / "01_autoencoder.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
    )
    (one,) = re.findall(r"after one epoch: ([\d.]+) nats", text)
    (twenty,) = re.findall(r"after 20 epochs: ([\d.]+) nats", text)
    card = pretrained.read_card(pretrained.path_of("ae-32d"))
    assert float(twenty) == round(card["metrics"]["test_total_nats"], 1)
    assert 60 < float(one) < 85
