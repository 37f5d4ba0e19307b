"""Stills of explorers: a headless Chromium runs the very code of the page, and its picture is taken."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from vqedu.publish import browser
from vqedu.widgets import standalone

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Form = Mapping[str, Any]  # an explorer's page_form
WIDTH = 980  # CSS pixels of an explorer where there is room
SHARPNESS = 2  # pixels of the still per CSS pixel
KEPT_COLORS = 96  # of the 256 of a still
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Still</title>
<style>body {{ margin: 16px; width: {width}px; background: #fff; }}</style><body>{body}</body></html>"""
# An explorer that has more to compute says so.
BUSY = ".vqedu-export:not([data-alive=yes], [data-alive=no]), .vqedu-export [aria-busy=true]"
TRIES = 300  # of a tenth of a second and more
SETTLED = """() => document.fonts.ready.then(() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done)));
}))"""


class PageError(RuntimeError):
    """An explorer does not run in the page; the message names it."""


def check() -> None:
    """Raise FileNotFoundError, with a way out, where there is no browser to take stills."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_check).result()


def take(forms: Sequence[Form], files: Path) -> list[bytes]:
    """Return a PNG of each explorer in the state of its form; `files` is the folder of what the forms name.

    Raises PageError for an explorer that fails in the page, FileNotFoundError where there is no browser.
    """
    if not forms:
        return []
    with ThreadPoolExecutor(1) as thread:  # Playwright refuses a thread in which an event loop runs
        return thread.submit(_take, forms, files).result()


def _check() -> None:
    with _playwright() as playwright:
        _executable(playwright)


def _take(forms: Sequence[Form], files: Path) -> list[bytes]:
    with _playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_executable(playwright), args=list(browser.FLAGS))
        stills = [_still(chromium, form, files) for form in forms]
        chromium.close()
    return stills


@contextmanager
def _playwright() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as error:
        how = "`python -m pip install playwright` installs it"
        raise FileNotFoundError(f"The stills of the explorers need the package playwright: {how}.") from error
    with sync_playwright() as playwright:
        yield playwright


def _executable(playwright: Any) -> str:
    found = browser.find_chromium(playwright.chromium.executable_path)
    if found is None:
        raise FileNotFoundError(f"The stills of the explorers need a browser, and there is {browser.NO_BROWSER}.")
    return found


def _still(chromium: Browser, form: Form, files: Path) -> bytes:
    page = chromium.new_page(
        viewport={"width": WIDTH + 32, "height": 1200},
        device_scale_factor=SHARPNESS,
        color_scheme="light",
        reduced_motion="reduce",
    )
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    contents = {name: (files / name).read_bytes() for name in standalone.names(form)}
    page.set_content(PAGE.format(width=WIDTH, body=standalone.figure(form) + standalone.runner(contents)))
    picture = _settled(page, errors, str(form["summary"]))
    page.close()
    return smaller(picture)


def _settled(page: Page, errors: list[str], name: str) -> bytes:
    """Return the picture of the explorer once it has nothing more to compute, and two pictures in a row are equal."""
    home = page.locator(".vqedu-export")
    before = b""
    for _ in range(TRIES):
        page.evaluate(SETTLED)
        if page.locator(BUSY).count():
            page.wait_for_timeout(100)
            continue
        if errors:
            raise PageError(f"{name}: this explorer fails in the page: {errors[0]}")
        now = home.screenshot(animations="disabled", caret="hide")
        if now == before:
            return now
        before = now
    raise PageError(f"{name}: this explorer never comes to rest in the page, so no still of it can be taken.")


def smaller(png: bytes) -> bytes:
    """Return a PNG of the picture in 256 colors, a third of the bytes.

    The most frequent colors, such as white and the light greys of paper and buttons, stay exactly as they are.
    """
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    red, green, blue = np.moveaxis(np.asarray(picture, dtype=np.int32), 2, 0)
    codes, where, counts = np.unique(red << 16 | green << 8 | blue, return_inverse=True, return_counts=True)
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], 1)  # (n, 3)
    frequent = colors[np.argsort(-counts, kind="stable")[:KEPT_COLORS]]
    others = picture.quantize(256 - KEPT_COLORS, method=Image.Quantize.FASTOCTREE).getpalette() or []
    palette = np.concatenate([frequent, np.reshape(others, (-1, 3))])[:256]
    nearest = [np.square(part[:, None] - palette).sum(2).argmin(1) for part in np.array_split(colors, 64)]
    few = Image.fromarray(np.concatenate(nearest)[where.reshape(red.shape)].astype(np.uint8), "P")
    few.putpalette(palette.astype(np.uint8).tobytes())
    kept = io.BytesIO()
    few.save(kept, "png", optimize=True)
    return kept.getvalue()
