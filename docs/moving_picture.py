"""Makes docs/explorer.png, the moving picture of the README, from the real explorer: `python docs/moving_picture.py`.

A headless Chromium moves the code of the 2-D VAE along a circle through its map. APNG, because a GIF has 256 colors.
"""

from __future__ import annotations

import io
import math
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from vqedu import data, pretrained, widgets
from vqedu.publish.browser import FLAGS, find_chromium

FRAMES, FRAME_MS, RADIUS = 48, 110, 1.35
WIDTH, SHOWN = 980, 760  # CSS pixels of the explorer, pixels of the picture
COLORS = 128
TO = Path(__file__).parent / "explorer.png"


def states() -> list[dict[str, list[float]]]:
    """Return the states of the explorer, one per frame: once around the middle of the prior."""
    angles = [2 * math.pi * i / FRAMES for i in range(FRAMES)]
    return [{"z": [RADIUS * math.cos(angle), RADIUS * math.sin(angle)]} for angle in angles]


def main() -> None:
    title = "A VAE's map of digits: every place decodes to an image"
    explorer = widgets.LatentExplorer(pretrained.load("vae-2d"), data.load("mnist").test, view="map", title=title)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        executable = find_chromium(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = browser.new_page(viewport={"width": WIDTH + 20, "height": 900})
        shots = []
        for state in states():
            explorer.state = state
            path = Path(folder) / "explorer.html"
            path.write_text(f"<!doctype html><meta charset='utf-8'>{explorer.to_html()}", encoding="utf-8")
            page.goto(path.as_uri())
            root = page.locator(".vq-stage")
            root.wait_for()
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            shots.append(Image.open(io.BytesIO(root.screenshot())).convert("RGB"))
        browser.close()
    height = round(shots[0].height * SHOWN / shots[0].width)
    small = [shot.resize((SHOWN, height), Image.Resampling.LANCZOS) for shot in shots]
    palette = small[0].quantize(COLORS, method=Image.Quantize.MEDIANCUT)
    first, *rest = [frame.quantize(COLORS, palette=palette, dither=Image.Dither.NONE) for frame in small]
    first.save(TO, save_all=True, append_images=rest, duration=FRAME_MS, loop=0, optimize=True)
    print(f"{TO.name}: {len(shots)} frames of {SHOWN} x {height}, {TO.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
