"""The autoencoder and the VAE side by side in an exported page: from a file, the network cut off, driven by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.daily import daily
from tests.page.exported import faults_of_layout, next_frame, open_exported
from tests.page.traffic import Traffic
from tests.widgets.latent.latent_hand import Pair, differ, drag, pair_of_pictures, pixels, side_by_side
from vqedu.widgets.latent.side_by_side import SideBySideExplorer

pytestmark = pytest.mark.browser
LIMIT = 2.5 / 255  # two gray levels, and half a step of the canvas


@pytest.fixture
def both(page: Page, tmp_path: Path) -> SideBySideExplorer:
    """The explorer of two 2-D models, shown in `page`."""
    shown = side_by_side()
    open_exported(page, shown, tmp_path)
    next_frame(page)
    return shown


def pictures(page: Page) -> Pair:
    """Return the ink of both decoded pictures, after the next frame."""
    return Pair(*(pixels(page.locator(f".vq-model-{kind} .vq-decoded")) for kind in ("ae", "vae")))


def shows(page: Page, both: SideBySideExplorer, state: dict[str, Any]) -> bool:
    """Whether the page decodes what both models decode in `state`."""
    found, expected = np.stack(pictures(page)), np.stack(pair_of_pictures(both, **state))
    return bool(np.abs(found - expected).max() <= LIMIT)


def chart(page: Page, kind: str) -> str:
    """Return what one map shows."""
    next_frame(page)
    return str(page.locator(f".vq-model-{kind} .vq-map").evaluate("(node) => node.toDataURL()"))


def test_the_first_view_needs_no_network_and_shows_both_codes(
    page: Page, both: SideBySideExplorer, traffic: Traffic
) -> None:
    assert traffic.network == []
    assert shows(page, both, {})
    expect(page.get_by_text("the reconstruction of x")).to_have_count(2)
    expect(page.get_by_role("status")).to_contain_text("Autoencoder: z = (")


@pytest.mark.parametrize("kind", daily(["ae", "vae"], "ae"))
def test_dragging_on_either_map_moves_z_in_both(page: Page, both: SideBySideExplorer, kind: str) -> None:
    before = pictures(page)
    canvas = page.locator(f".vq-model-{kind} .vq-map")
    drag(page, canvas, (0.3, 0.3), (0.75, 0.7))
    after = pictures(page)
    assert differ(after.ae, before.ae)
    assert differ(after.vae, before.vae)
    box = canvas.bounding_box()
    assert box is not None
    w, h = box["width"] - 54, box["height"] - 52  # the margins of the map
    scale = min(w, h) / 7  # -3.5 to 3.5
    z = [(0.75 * box["width"] - 46 - w / 2) / scale, -(0.7 * box["height"] - 8 - h / 2) / scale]
    expected = pair_of_pictures(both, z=z)
    assert np.abs(np.stack(after) - np.stack(expected)).max() < 0.06  # a pixel of the hand is 0.02 of z
    page.get_by_role("button", name="Back to the codes of x").click()
    np.testing.assert_array_equal(np.stack(pictures(page)), np.stack(before))


def test_both_pictures_answer_in_one_frame(page: Page, both: SideBySideExplorer) -> None:
    changed = page.evaluate("""async () => {
        const frame = () => new Promise(requestAnimationFrame);
        const now = () => [...document.querySelectorAll(".vq-decoded, .vq-map")].map((node) => node.toDataURL());
        const before = now();
        const map = document.querySelector(".vq-model-vae .vq-map");
        await frame();
        const key = { key: "ArrowRight", shiftKey: true, bubbles: true };
        for (let i = 0; i < 12; i++) map.dispatchEvent(new KeyboardEvent("keydown", key));
        await frame();
        await new Promise((done) => setTimeout(done));
        return now().map((url, i) => url !== before[i]);
    }""")
    assert changed == [True] * 4


@pytest.mark.parametrize("kind", daily(["Autoencoder", "VAE"], "VAE"))
def test_the_maps_by_keyboard(page: Page, both: SideBySideExplorer, kind: str) -> None:
    canvas = page.get_by_role("application", name=f"{kind}. Map of the codes")
    canvas.focus()
    before = np.stack(pictures(page))
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        canvas.press("Home")
        for _ in range(8):
            canvas.press(f"Shift+{key}")
        assert differ(np.stack(pictures(page)), before), key
    canvas.press("Home")
    np.testing.assert_array_equal(np.stack(pictures(page)), before)


def test_a_sample_of_the_prior_is_one_z_for_both(page: Page, both: SideBySideExplorer) -> None:
    for number in (1, 2):
        page.get_by_role("button", name="Sample z").click()
        expect(page.get_by_text(f"{number} drawn")).to_be_visible()
        status = page.get_by_role("status")
        next_frame(page)
        page.wait_for_timeout(400)
        ae, vae = (part.split(")")[0] for part in (status.text_content() or "").split("z = (")[1:])
        assert ae == vae
        z = [float(v) for v in ae.replace("\u2212", "-").split(", ")]
        found, expected = np.stack(pictures(page)), np.stack(pair_of_pictures(both, z=z))
        assert np.abs(found - expected).max() < 0.05  # the status has two decimals


def test_picking_a_digit_moves_both_codes(page: Page, both: SideBySideExplorer) -> None:
    page.get_by_role("button", name="Sample z").click()
    for label in (0, 9):
        page.get_by_role("button", name=f"Pick a test digit {label}").press("Enter")
        x = pixels(page.locator(".vq-ink"))
        digit = int(np.argmin([np.abs(x - image[0].numpy()).max() for image in both.images]))
        assert both.labels[digit] == label
        assert shows(page, both, {"digit": digit, "z": None})


def test_a_drawing_has_a_code_in_both(page: Page, both: SideBySideExplorer) -> None:
    before = pictures(page)
    drag(page, page.locator(".vq-ink"), (0.5, 0.1), (0.3, 0.8))
    next_frame(page)
    drawing = np.rint(255 * pixels(page.locator(".vq-seen canvas"))).astype(int).ravel().tolist()
    assert differ(np.stack(pictures(page)), np.stack(before))
    assert np.abs(np.stack(pictures(page)) - np.stack(pair_of_pictures(both, drawing=drawing, z=None))).max() < 0.05
    page.get_by_role("button", name="Clear").click()
    assert shows(page, both, {"digit": None, "drawing": None, "z": None})


def test_the_checkboxes_change_both_maps(page: Page, both: SideBySideExplorer) -> None:
    for name in ("show N(0, I)", "zoom in on N(0, I)"):
        before = [chart(page, kind) for kind in ("ae", "vae")]
        box = page.get_by_role("checkbox", name=name)
        expect(box).to_be_checked()
        box.uncheck()
        after = [chart(page, kind) for kind in ("ae", "vae")]
        assert all(one != other for one, other in zip(before, after, strict=True)), name
        box.check()
        assert [chart(page, kind) for kind in ("ae", "vae")] == before


def test_the_legend_shows_one_class_on_both_maps(page: Page, both: SideBySideExplorer) -> None:
    before = [chart(page, kind) for kind in ("ae", "vae")]
    page.get_by_role("button", name="Show only class 4").press("Space")
    assert all(chart(page, kind) != old for kind, old in zip(("ae", "vae"), before, strict=True))


def test_other_digits(page: Page, both: SideBySideExplorer) -> None:
    first = page.locator(".vq-pick canvas").first
    before = first.evaluate("(node) => node.toDataURL()")
    page.get_by_role("button", name="Other digits").click()
    assert first.evaluate("(node) => node.toDataURL()") != before


def test_nothing_is_cut_off_and_nothing_is_small(page: Page, both: SideBySideExplorer) -> None:
    assert faults_of_layout(page, 1280, 980, 700, 420) == []


def test_every_control_has_a_name(page: Page, both: SideBySideExplorer) -> None:
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, input, [tabindex], [role=img]")]
        .filter((node) => !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim()))
        .map((node) => node.outerHTML)""")
    assert nameless == []
