"""The explorers of color pictures in a real browser, each driven once: what they show is what torch computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from tests.page import exported
from tests.page.conv_nets import shipped
from tests.page.traffic import Traffic
from tests.widgets import color

pytestmark = pytest.mark.browser
LIMIT = 2.5 / 255  # 2 of the arithmetic, half a level of the canvas
READY_MS = 60_000


def picture(canvas: Locator) -> np.ndarray:
    """Return the picture on a canvas, (3, 32, 32) in [0, 1], read at the centers of its pixels."""
    script = """(node) => Array.from({ length: 1024 }, (_, i) => {
        const at = (k) => Math.floor(((k + 0.5) * node.width) / 32);
        const [r, g, b] = node.getContext("2d").getImageData(at(i % 32), at(Math.floor(i / 32)), 1, 1).data;
        return [r, g, b];
    })"""
    return np.array(canvas.evaluate(script)).T.reshape(3, 32, 32) / 255


def test_words_are_drawn_and_pictures_are_read(page: Page, tmp_path: Path, traffic: Traffic) -> None:
    shown = color.words_explorer(text="red heart", guidance=1.0)
    root = exported.open_exported(page, shown, tmp_path)
    done = root.get_by_role("img", name="Decoded picture, 64 of 64 codes")
    expect(done).to_have_attribute("aria-busy", "false", timeout=READY_MS)
    assert np.abs(picture(done) - color.decoded(color.drawn("red heart", 0, 0.7, 1.0))).max() <= LIMIT
    root.get_by_role("button", name="Write woman", exact=True).click()
    expect(root.get_by_role("textbox")).to_have_value("red heart woman")
    root.get_by_role("button", name="Pick: it reads", exact=True).click()
    name = shown.pictures.config["names"][7]
    root.get_by_role("button", name=f"Pick {name}", exact=True).click()
    expect(done).to_have_attribute("aria-busy", "false", timeout=READY_MS)
    codes = shipped("vqvae-emoji").encode(shown.images[7:8])
    tokens = root.locator(".vq-wi-image")
    expect(tokens).to_have_text([str(code) for code in codes.flatten().tolist()], timeout=READY_MS)
    expect(root.locator(".vq-wi-sentence")).to_contain_text(f"“{color.names().read(codes)[0]}”")
    assert np.abs(picture(root.get_by_role("img", name="Picture x")) - shown.images[7].numpy()).max() <= 1 / 255
    assert traffic.network == []
    assert exported.smallest_text(root) >= 14


def test_a_name_is_drawn_code_by_code(page: Page, tmp_path: Path) -> None:
    root = exported.open_exported(page, color.token_explorer(drawn=3), tmp_path)
    cells = root.locator(".vq-tok-cell")
    expect(cells).to_have_count(64)
    root.get_by_role("button", name="Fill the rest").click()
    expect(root.get_by_role("img", name="Decoded picture, 64 of 64 positions filled")).to_be_visible(timeout=READY_MS)
    canvas = root.get_by_role("img", name="Decoded picture, 64 of 64 positions filled")
    expect(canvas).to_have_attribute("aria-busy", "false", timeout=READY_MS)
    codes = color.drawn(color.NAME, 0, 1.0, 1.0)
    assert cells.all_text_contents() == [str(code) for code in codes]
    root.get_by_role("button", name="red heart", exact=True).click()
    expect(canvas).to_have_attribute("aria-busy", "false", timeout=READY_MS)
    expect(cells.first).to_have_text(str(color.drawn("red heart", 0, 1.0, 1.0, 1)[0]), timeout=READY_MS)


def test_a_code_of_an_emoji_is_swapped(page: Page, tmp_path: Path) -> None:
    shown = color.codebook_explorer()
    root = exported.open_exported(page, shown, tmp_path)
    codes = shipped("vqvae-emoji").encode(shown.images[shown.state["digit"]][None])[0]
    canvas = root.locator(".vq-decoded")
    assert np.abs(picture(canvas) - color.decoded(codes)).max() <= LIMIT
    z_e = shipped("vqvae-emoji").encoder(shown.images[shown.state["digit"]][None])[0, :, 4, 4]
    order = torch.cdist(z_e[None], shipped("vqvae-emoji").quantizer.codes())[0].argsort()
    root.locator(".vq-candidate").nth(1).click()
    exported.next_frame(page)
    swapped = codes.clone()
    swapped[4, 4] = order[1]
    assert np.abs(picture(canvas) - color.decoded(swapped)).max() <= LIMIT
    root.get_by_role("application", name="Code map").press("End")
    exported.next_frame(page)
    expect(root.get_by_role("application", name="Code map. row 8, column 8")).to_be_visible()
