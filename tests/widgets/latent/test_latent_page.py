"""The latent explorer in an exported page: from a file, without kernel or network, driven by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.daily import daily
from tests.page.exported import faults_of_layout, next_frame, open_exported
from tests.page.traffic import Traffic
from tests.widgets.latent.latent_hand import decoded, differ, drag, explorer, picture, pixels, trained, x_of
from vqedu.widgets.latent.latent import LatentExplorer

pytestmark = pytest.mark.browser
HALF_STEP = 0.5 / 255  # a canvas holds whole gray levels
LIMIT = 2 / 255


@pytest.fixture
def plane(page: Page, tmp_path: Path) -> LatentExplorer:
    """The explorer of a 2-D autoencoder, shown in `page`."""
    shown = explorer(2)
    open_exported(page, shown, tmp_path)
    next_frame(page)
    return shown


def test_the_first_view_needs_no_network_and_shows_the_code_of_x(
    page: Page, plane: LatentExplorer, traffic: Traffic
) -> None:
    assert traffic.network == []
    assert np.abs(decoded(page) - picture(trained(2), plane.state["z"])).max() <= LIMIT + HALF_STEP
    assert np.abs(pixels(page.locator(".vq-ink")) - x_of(plane)).max() <= 1.5 / 255
    expect(page.get_by_text("the reconstruction of x")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("z is the code of a")


def test_dragging_moves_z_and_never_picks_a_digit(page: Page, plane: LatentExplorer) -> None:
    before, x = decoded(page), pixels(page.locator(".vq-ink"))
    drag(page, page.locator(".vq-map"), (0.3, 0.3), (0.85, 0.8))
    assert differ(decoded(page), before)
    np.testing.assert_array_equal(pixels(page.locator(".vq-ink")), x)
    expect(page.get_by_text("z is not at the code of x")).to_be_visible()
    page.get_by_role("button", name="Back to the code of x").click()
    np.testing.assert_array_equal(decoded(page), before)


def test_a_drag_beyond_the_edge_stops_at_the_edge(page: Page, plane: LatentExplorer) -> None:
    drag(page, page.locator(".vq-map"), (0.5, 0.5), (2.0, 0.5))
    inside = decoded(page)
    drag(page, page.locator(".vq-map"), (0.5, 0.5), (3.0, 0.5))
    np.testing.assert_array_equal(decoded(page), inside)


def test_a_click_on_a_dot_picks_its_digit(page: Page, plane: LatentExplorer) -> None:
    # The dot of digit 7, by the map's own scale: equal on both axes, the rectangle in the middle.
    target = 7
    box = page.locator(".vq-map").bounding_box()
    assert box is not None
    w, h = box["width"] - 54, box["height"] - 52
    size, middle = plane.plane.high - plane.plane.low, (plane.plane.high + plane.plane.low) / 2
    scale = min(w / size[0], h / size[1])
    u, v = (plane.codes[target] - middle) * scale
    page.locator(".vq-map").click(position={"x": 46 + w / 2 + u, "y": 8 + h / 2 - v})
    found = pixels(page.locator(".vq-ink"))
    nearest = [np.abs(found - image[0].numpy()).max() for image in plane.images]
    near = np.flatnonzero(np.linalg.norm(plane.codes - plane.codes[target], axis=1) * scale < 6)
    assert int(np.argmin(nearest)) in near
    assert min(nearest) <= 1.5 / 255
    expect(page.get_by_text("the reconstruction of x")).to_be_attached()


def test_the_map_by_keyboard(page: Page, plane: LatentExplorer) -> None:
    chart = page.get_by_role("application", name="Map of the codes")
    chart.focus()
    before = decoded(page)
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        chart.press("Home")
        for _ in range(4):
            chart.press(f"Shift+{key}")
        assert differ(decoded(page), before), key
    chart.press("Home")
    np.testing.assert_array_equal(decoded(page), before)
    chart.press("Tab")
    expect(chart).not_to_be_focused()


def test_keys_faster_than_frames_all_count(page: Page, plane: LatentExplorer) -> None:
    chart = page.get_by_role("application", name="Map of the codes")
    chart.focus()
    for _ in range(6):
        chart.press("ArrowUp")
        next_frame(page)
    slowly = decoded(page)
    chart.press("Home")
    chart.evaluate("""(node) => {
        for (let i = 0; i < 6; i++) node.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
    }""")
    np.testing.assert_array_equal(decoded(page), slowly)


@pytest.mark.parametrize("key", ["Home", "End"])
def test_the_walk_reaches_both_ends(page: Page, plane: LatentExplorer, key: str) -> None:
    walk = page.get_by_role("slider", name="from A to B")
    walk.focus()
    walk.press("End")
    walk.press(key)
    t = 1.0 if key == "End" else 0.0
    expected = picture(trained(2), plane.state["b" if t else "a"])
    assert np.abs(decoded(page) - expected).max() <= LIMIT + HALF_STEP
    expect(page.get_by_text(f"t = {t:.2f}")).to_be_visible()


def test_the_middle_of_the_walk_by_pointer(page: Page, plane: LatentExplorer) -> None:
    page.get_by_role("slider", name="from A to B").click()
    middle = (np.array(plane.state["a"]) + np.array(plane.state["b"])) / 2
    expect(page.get_by_text("t = 0.50")).to_be_visible()
    assert np.abs(decoded(page) - picture(trained(2), middle)).max() <= LIMIT + HALF_STEP


def test_here_moves_an_end_of_the_walk(page: Page, plane: LatentExplorer) -> None:
    page.get_by_role("button", name="Pick a test digit 1").click()
    here, film = decoded(page), page.locator(".vq-film")
    before = film.evaluate("(node) => node.toDataURL()")
    page.get_by_role("button", name="B = here").click()
    page.get_by_role("slider", name="from A to B").press("End")
    np.testing.assert_allclose(decoded(page), here, atol=HALF_STEP)
    assert film.evaluate("(node) => node.toDataURL()") != before
    page.get_by_role("button", name="A = here").click()
    page.get_by_role("slider", name="from A to B").press("Home")
    np.testing.assert_allclose(decoded(page), here, atol=HALF_STEP)


def test_play_goes_from_a_to_b_and_can_be_stopped(page: Page, plane: LatentExplorer) -> None:
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    next_frame(page)
    stopped = page.locator(".vq-t").inner_text()
    page.wait_for_timeout(200)
    assert page.locator(".vq-t").inner_text() == stopped
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_text("t = 1.00")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert np.abs(decoded(page) - picture(trained(2), plane.state["b"])).max() <= LIMIT + HALF_STEP


def test_a_hand_that_takes_z_elsewhere_ends_the_walk(page: Page, plane: LatentExplorer) -> None:
    words = page.locator(".vq-t")
    expect(words).to_have_text("t = 0.00 of the way from A to B")
    page.get_by_role("button", name="Play").click()
    page.locator(".vq-map").press("Shift+ArrowUp")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(words).to_have_text("z is not on the line from A to B")
    for name, t in (("B = here", "1.00"), ("A = here", "0.00")):
        page.get_by_role("button", name=name).click()
        expect(words).to_have_text(f"t = {t} of the way from A to B")


def test_a_figure_that_is_folded_away_comes_back(page: Page, plane: LatentExplorer) -> None:
    chart = page.locator(".vq-map")
    before = chart.evaluate("(node) => node.toDataURL()")
    for width in ("0", "60px", "auto"):
        page.evaluate("(width) => { document.body.style.width = width; }", width)
        next_frame(page)
        next_frame(page)
    assert chart.evaluate("(node) => node.toDataURL()") == before


def test_samples_move_z_and_the_prior_can_be_hidden(page: Page, plane: LatentExplorer) -> None:
    chart, box = page.locator(".vq-map"), page.get_by_role("checkbox", name="show N(0, I)")
    before = decoded(page)
    page.get_by_role("button", name="Sample z").click()
    expect(box).to_be_checked()
    first = decoded(page)
    page.get_by_role("button", name="Sample z").click()
    assert not np.array_equal(first, before)
    assert not np.array_equal(decoded(page), first)
    expect(page.get_by_text("2 drawn")).to_be_visible()
    with_prior = chart.evaluate("(node) => node.toDataURL()")
    box.uncheck()
    next_frame(page)
    assert chart.evaluate("(node) => node.toDataURL()") != with_prior


def test_a_drawing_gets_a_code_and_a_reconstruction(page: Page, plane: LatentExplorer) -> None:
    pad = page.locator(".vq-ink")
    drag(page, pad, (0.5, 0.1), (0.45, 0.7))
    next_frame(page)
    ink = pixels(pad)
    assert ink[:, 8:20].sum() > 30
    assert ink[:, :6].sum() == 0
    one = decoded(page)
    expect(page.get_by_text("the reconstruction of x")).to_be_visible()
    drag(page, pad, (0.2, 0.2), (0.8, 0.2))
    assert differ(decoded(page), one)
    page.get_by_role("button", name="Clear").click()
    next_frame(page)
    assert pixels(pad).sum() == 0


def test_the_encoder_sees_a_drawing_as_mnist_is_made(page: Page, plane: LatentExplorer) -> None:
    drag(page, page.locator(".vq-ink"), (0.1, 0.1), (0.25, 0.35))
    next_frame(page)
    seen = pixels(page.locator(".vq-seen canvas"))
    rows, columns = np.nonzero(seen > 0.1)
    index = np.arange(28)
    assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21  # the box of 20 x 20
    assert (seen.sum(1) @ index) / seen.sum() == pytest.approx(13.5, abs=0.1)
    assert (seen.sum(0) @ index) / seen.sum() == pytest.approx(13.5, abs=0.1)
    page.get_by_role("checkbox", name="center and scale as MNIST").uncheck()
    next_frame(page)
    raw = pixels(page.locator(".vq-seen canvas"))
    np.testing.assert_allclose(raw, pixels(page.locator(".vq-ink")), atol=1.5 / 255)
    assert raw[14:].sum() == 0


def test_drawing_by_keyboard(page: Page, plane: LatentExplorer) -> None:
    pad = page.get_by_role("application", name="Picture x")
    pad.focus()
    pad.press("Delete")
    pad.press("Space")
    for _ in range(8):
        pad.press("ArrowDown")
    pad.press("Space")
    for _ in range(6):
        pad.press("ArrowRight")
    pad.press("Tab")
    expect(pad).not_to_be_focused()
    next_frame(page)
    ink = pixels(page.locator(".vq-ink"))
    assert ink[14:22, 13:15].min() > 0.5
    assert ink[:, 18:].sum() == 0  # the pen was up
    expect(page.get_by_text("the reconstruction of x")).to_be_visible()


def test_digits_to_pick_and_other_digits(page: Page, plane: LatentExplorer) -> None:
    expect(page.get_by_role("button", name="Pick a test digit")).to_have_count(10)
    for label in (0, 9):
        page.get_by_role("button", name=f"Pick a test digit {label}").press("Enter")
        expect(page.get_by_role("button", name=f"Pick a test digit {label}")).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("status")).to_contain_text(f"the code of a {label}")
    first = page.locator(".vq-pick canvas").first
    before = first.evaluate("(node) => node.toDataURL()")
    page.get_by_role("button", name="Other digits").click()
    assert page.locator(".vq-pick canvas").first.evaluate("(node) => node.toDataURL()") != before


def test_the_legend_shows_one_class_alone(page: Page, plane: LatentExplorer) -> None:
    chart, three = page.locator(".vq-map"), page.get_by_role("button", name="Show only class 3")
    before = chart.evaluate("(node) => node.toDataURL()")
    three.press("Space")
    next_frame(page)
    assert chart.evaluate("(node) => node.toDataURL()") != before
    expect(three).to_have_attribute("aria-pressed", "true")
    three.press("Space")
    next_frame(page)
    page.mouse.move(0, 0)
    assert chart.evaluate("(node) => node.toDataURL()") == before


@pytest.mark.parametrize("number", daily([1, 2, 8], 8))
def test_a_direction_reaches_both_ends_and_the_middle(page: Page, tmp_path: Path, number: int) -> None:
    shown = explorer(32)
    open_exported(page, shown, tmp_path)
    next_frame(page)
    control = page.get_by_role("slider", name=f"direction {number} ")
    control.focus()
    seen = []
    for key, value in (("Home", "−3.00 sd"), ("End", "3.00 sd")):
        control.press(key)
        seen.append(decoded(page))
        expect(control).to_have_attribute("aria-valuetext", value)
    control.click()
    middle = decoded(page)
    assert differ(seen[0], seen[1])
    assert differ(middle, seen[0])
    mean, directions = shown.codes.mean(0), np.linalg.svd(shown.codes - shown.codes.mean(0), full_matrices=False)[2]
    z = np.array(shown.state["z"])
    z = z - directions[number - 1] * ((z - mean) @ directions[number - 1])
    assert np.abs(middle - picture(trained(32), z)).max() <= LIMIT + HALF_STEP


def test_the_first_two_directions_follow_the_map(page: Page, tmp_path: Path) -> None:
    open_exported(page, explorer(32), tmp_path)
    values = [page.get_by_role("slider", name=f"direction {k} ") for k in (1, 2, 3)]
    before = [each.input_value() for each in values]
    drag(page, page.locator(".vq-map"), (0.3, 0.3), (0.8, 0.7))
    next_frame(page)
    after = [each.input_value() for each in values]
    assert after[0] != before[0]
    assert after[1] != before[1]
    assert after[2] == before[2]


@pytest.mark.parametrize(("latent_dim", "view"), [(1, "all"), (2, "map"), (50, "all")])
def test_other_shapes_live_too(page: Page, tmp_path: Path, latent_dim: int, view: str) -> None:
    open_exported(page, explorer(latent_dim, view=view), tmp_path)
    before = decoded(page)
    drag(page, page.locator(".vq-map"), (0.2, 0.5), (0.9, 0.6))
    assert differ(decoded(page), before)
    assert page.get_by_role("slider").count() == {"map": 0, "all": 1 + (8 if latent_dim > 2 else 0)}[view]


def test_nothing_is_cut_off_and_nothing_is_small(page: Page, tmp_path: Path) -> None:
    open_exported(page, explorer(32), tmp_path)
    assert faults_of_layout(page, 1280, 980, 700, 420) == []


def test_every_control_has_a_name(page: Page, plane: LatentExplorer) -> None:
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, input, [tabindex], [role=img]")]
        .filter((node) => !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim()))
        .map((node) => node.outerHTML)""")
    assert nameless == []


def test_the_map_can_show_what_every_place_decodes_to(page: Page, plane: LatentExplorer) -> None:
    chart, box = page.locator(".vq-map"), page.get_by_role("checkbox", name="show what every place decodes to")
    expect(box).not_to_be_checked()
    codes, x_hat = chart.evaluate("(node) => node.toDataURL()"), decoded(page)
    box.check()
    next_frame(page)
    assert chart.evaluate("(node) => node.toDataURL()") != codes
    np.testing.assert_array_equal(decoded(page), x_hat)
    # A tile shows what the z in its middle decodes to, as x_hat does once z is there.
    width, height = (chart.evaluate(f"(node) => node.{side}") for side in ("clientWidth", "clientHeight"))
    side = (width - 54) / round((width - 54) / 24)
    column, row = 1, int((height - 52) / side) - 2  # near the lower left, where nothing else is drawn
    chart.click(position={"x": 46 + (column + 0.5) * side, "y": 8 + (row + 0.5) * side})
    here = decoded(page)
    assert differ(here, x_hat)
    assert np.abs(tile(page, 46 + column * side, 8 + row * side, side) - here).mean() < 0.05
    box.uncheck()
    next_frame(page)
    assert chart.evaluate("(node) => node.toDataURL()") == codes


def tile(page: Page, left: float, top: float, side: float) -> np.ndarray:
    """Return the ink of a square of the map's own layer, (28, 28); z is moved away first, so that nothing covers it."""
    page.get_by_role("button", name="Back to the code of x").click()
    next_frame(page)
    return np.array(
        page.locator(".vq-map").evaluate(
            """(node, [left, top, side]) => {
                const ratio = node.width / node.clientWidth;
                const read = (x, y) => 1 - node.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1).data[0] / 255;
                const at = (k) => ((k + 0.5) * side) / 28;
                return Array.from({ length: 28 }, (_, row) =>
                    Array.from({ length: 28 }, (_, column) => read(left + at(column), top + at(row))));
            }""",
            [left, top, side],
        )
    )
