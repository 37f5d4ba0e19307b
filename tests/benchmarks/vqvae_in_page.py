"""How long the VQ-VAE takes in a page: an image to codes and back, and a step of the codebook explorer.

    python -m tests.benchmarks.vqvae_in_page

A step moves to the next cell of the code map or swaps its code by a key; its time is that of the frame's callback.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from tests.page.conv_nets import in_node, shipped
from tests.widgets.codebook.codebook_hand import opened
from vqedu import data
from vqedu.publish.browser import FLAGS, find_chromium

MODELS = ("vqvae-mnist", "vqvae-mnist-512")
THERE_AND_BACK = """(net, x) => {
    const start = performance.now();
    net.decode(net.nearest(net.encode(x)));
    return [performance.now() - start];
}"""
STEPS = """async (root) => {
    const ask = window.requestAnimationFrame, times = [];
    window.requestAnimationFrame = (draw) => ask((now) => {
        const start = performance.now();
        draw(now);
        times.push(performance.now() - start);
    });
    const map = root.querySelector(".vq-codemap");
    for (let i = 0; i < 60; i++) {
        map.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "Enter" : "ArrowRight", bubbles: true }));
        await new Promise((done) => ask(() => ask(done)));
    }
    return times;
}"""


def line(name: str, what: str, milliseconds: np.ndarray) -> str:
    middle, late = np.percentile(milliseconds, [50, 95])
    return f"{name:18}{what:28}{middle:7.2f} ms, p95 {late:.2f} ms"


def main() -> None:
    digits = data.load().test.x[:200].numpy()
    for name in MODELS:
        print(line(name, "image -> codes -> image", in_node(shipped(name), THERE_AND_BACK, digits)))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(playwright.chromium.executable_path), args=list(FLAGS)
        )
        for name in MODELS:
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            print(line(name, "a step of the explorer", opened(page, Path(folder), name).evaluate(STEPS)))


if __name__ == "__main__":
    main()
