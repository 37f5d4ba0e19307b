"""The codebook explorer in an exported page: from a file, without kernel or network, driven by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect

from tests.page.exported import next_frame, picture, settled_states, smallest_text
from tests.page.traffic import Traffic
from tests.widgets.codebook.codebook_hand import (
    LIMIT,
    agrees,
    candidate_code,
    candidates,
    cell_pictures,
    center,
    click_cell,
    code_map,
    codebook,
    codes_of,
    explorer,
    find,
    go_to,
    named_code,
    nearest_codes,
    opened,
    picture_of,
    squares_of,
    usage,
)
from tests.widgets.latent.latent_hand import decoded, differ, drag, pixels, x_of

pytestmark = pytest.mark.browser
CORNERS_AND_MIDDLE = [0, 6, 24, 42, 48]


@pytest.fixture
def root(page: Page, tmp_path: Path) -> Locator:
    """The explorer of the shipped model with 128 codes, in an exported page without network."""
    return opened(page, tmp_path)


def test_opens_from_a_file_without_network_and_shows_what_torch_computes(
    page: Page, root: Locator, traffic: Traffic
) -> None:
    assert agrees(page)
    assert np.abs(pixels(page.locator(".vq-ink")) - x_of(explorer())).max() <= 1.5 / 255
    assert traffic.network == []
    assert smallest_text(root) >= 14
    expect(root.get_by_role("status")).to_contain_text("At row 4, column 4, z_e is nearest to code")


def test_the_keys_reach_every_cell_and_say_its_code(page: Page, root: Locator) -> None:
    node = code_map(root)
    node.press("Home")
    codes = codes_of()
    for row in range(7):  # to the right in the first row, back in the second, and so on
        for step, column in enumerate(range(7) if row % 2 == 0 else reversed(range(7))):
            if row or step:
                page.keyboard.press("ArrowDown" if step == 0 else "ArrowRight" if row % 2 == 0 else "ArrowLeft")
            assert named_code(node) == codes[row, column]
            assert f"row {row + 1}, column {column + 1}:" in (node.get_attribute("aria-label") or "")
    for key, cell in (
        ("End", 48),
        ("ArrowDown", 48),
        ("ArrowRight", 48),
        ("Home", 0),
        ("ArrowUp", 0),
        ("ArrowLeft", 0),
    ):
        node.press(key)
        next_frame(page)
        expect(node).to_have_attribute("aria-label", re.compile(f"row {cell // 7 + 1}, column {cell % 7 + 1}:"))


def test_a_cell_shows_its_nearest_codes_and_their_distances(page: Page, root: Locator) -> None:
    for cell in CORNERS_AND_MIDDLE:
        go_to(root, cell)
        squares = squares_of()
        order = nearest_codes(cell)[:8]
        assert [candidate_code(root, i) for i in range(8)] == order
        shown = [float(text) for text in root.locator(".vq-distance").all_inner_texts()]
        np.testing.assert_allclose(shown, squares[cell][order], atol=0.051)
        expect(candidates(root).nth(0)).to_have_attribute("aria-pressed", "true")


def test_a_swap_by_pointer_decodes_as_in_torch_and_can_be_put_back(page: Page, root: Locator) -> None:
    for cell in (6, 24):  # a corner, and the middle
        click_cell(root, cell)
        before = decoded(page)
        for index in (1, 4, 7):
            code = candidate_code(root, index)
            candidates(root).nth(index).click()
            next_frame(page)
            assert agrees(page, swaps=[[cell, code]])
            assert named_code(code_map(root)) == code
        expect(root.locator(".vq-cost")).to_contain_text("1 swapped, before")
        # Paper drawn by another code of paper is paper; a code from far away does draw something.
        squares = squares_of()
        find(root, int(squares[cell].argmax()))
        codebook(root).press("Enter")
        assert differ(decoded(page), before)
        root.get_by_role("button", name="Reset cell").click()
        np.testing.assert_array_equal(decoded(page), before)
        expect(root.locator(".vq-cost")).to_have_text("no code swapped")


def test_a_swap_by_keys_and_several_cells(page: Page, root: Locator) -> None:
    swaps = []
    for cell in (16, 24, 32):
        go_to(root, cell)
        code_map(root).press("Enter")
        swaps.append([cell, nearest_codes(cell)[1]])
        assert agrees(page, swaps=swaps)
    code_map(root).press("Delete")
    assert agrees(page, swaps=swaps[:2])
    root.get_by_role("button", name="Reset all").press("Enter")
    assert agrees(page)


def test_candidates_by_keys(page: Page, root: Locator) -> None:
    candidates(root).nth(0).focus()
    for key, index in (("End", 7), ("ArrowRight", 7), ("ArrowLeft", 6), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        expect(candidates(root).nth(index)).to_be_focused()
    page.keyboard.press("Enter")
    assert agrees(page, swaps=[[24, nearest_codes(24)[1]]])


def test_pointing_at_a_cell_looks_and_a_click_keeps_it(page: Page, root: Locator) -> None:
    overlay = root.locator(".vq-x .vq-overlay")
    node, before, windows = code_map(root), picture(code_map(root)), set()
    for cell in CORNERS_AND_MIDDLE:
        x, y = center(root, cell)
        node.hover(position={"x": x, "y": y})
        next_frame(page)
        expect(root.locator(".vq-cell .vq-title").first).to_contain_text(f"row {cell // 7 + 1}, column {cell % 7 + 1}")
        windows.add(picture(overlay))
    assert len(windows) == 5
    page.mouse.move(2, 2)
    next_frame(page)
    assert picture(node) == before
    click_cell(root, 0)
    page.mouse.move(2, 2)
    next_frame(page)
    expect(node).to_have_attribute("aria-label", re.compile("row 1, column 1:"))


def test_keys_act_on_the_picked_cell_even_where_the_pointer_rests_on_another(page: Page, root: Locator) -> None:
    x, y = center(root, 0)
    code_map(root).hover(position={"x": x, "y": y})
    code_map(root).press("Enter")
    assert agrees(page, swaps=[[24, nearest_codes(24)[1]]])


def test_pointing_at_x_hat_looks_at_the_cell_there(page: Page, root: Locator) -> None:
    for cell in CORNERS_AND_MIDDLE:
        box = root.locator(".vq-decoded").bounding_box()
        assert box is not None
        size = box["width"] / 7
        root.locator(".vq-decoded").click(position={"x": (cell % 7 + 0.5) * size, "y": (cell // 7 + 0.5) * size})
        next_frame(page)
        expect(code_map(root)).to_have_attribute(
            "aria-label", re.compile(f"row {cell // 7 + 1}, column {cell % 7 + 1}:")
        )


def test_the_codebook_by_keys_puts_any_code_into_the_cell(page: Page, root: Locator) -> None:
    table = codebook(root)
    for key, code in (
        ("End", 127),
        ("Home", 0),
        ("ArrowDown", 16),
        ("ArrowRight", 17),
        ("ArrowUp", 1),
        ("ArrowLeft", 0),
    ):
        table.press(key)
        assert named_code(table) == code
        expect(root.locator(".vq-detail .vq-title")).to_have_text(f"code {code}")
        table.press("Enter")
        assert agrees(page, swaps=[[24, code]])


def test_the_codebook_by_pointer(page: Page, root: Locator) -> None:
    for code in [0, 15, 64, 112, 127]:
        table = codebook(root)
        box = table.bounding_box()
        assert box is not None
        size = box["width"] / 16
        table.click(position={"x": (code % 16 + 0.5) * size, "y": (code // 16 + 0.5) * size})
        page.mouse.move(2, 2)
        assert named_code(table) == code
        count = int(explorer().space.counts[code])
        expect(root.locator(".vq-detail .vq-line")).to_contain_text(f"in {count:,} of 49,000 cells")
        root.get_by_role("button", name=f"Put code {code} into the cell").click()
        assert agrees(page, swaps=[[24, code]])


def test_every_cell_of_the_map_with_the_code_is_marked(page: Page, root: Locator) -> None:
    indices = codes_of().flatten()
    most = int(indices.bincount().argmax())
    unused = next(k for k in range(128) if k not in indices)
    find(root, unused)
    before = cell_pictures(root)
    find(root, most)
    after = cell_pictures(root)
    changed = [cell for cell in range(49) if after[cell] != before[cell]]
    assert changed == (indices == most).nonzero().flatten().tolist()
    assert len(changed) > 1


def test_examples_use_the_code_and_lead_to_their_digit(page: Page, root: Locator) -> None:
    code = named_code(codebook(root))
    maps = explorer().space.maps.flatten(1)
    patches = root.locator(".vq-patch:visible")
    assert patches.count() == min(24, int((maps == code).sum()))
    for index in (0, patches.count() // 2, patches.count() - 1):
        patches.nth(index).click()
        assert named_code(code_map(root)) == code
        assert named_code(codebook(root)) == code
    patches.nth(0).focus()
    page.keyboard.press("End")
    expect(patches.last).to_be_focused()
    page.keyboard.press("Enter")
    assert named_code(code_map(root)) == code


def test_usage_is_sorted_and_said_in_words(page: Page, root: Locator) -> None:
    counts = explorer().space.counts
    order = counts.argsort(descending=True, stable=True).tolist()
    chart = usage(root)
    for key, rank in (("Home", 0), ("End", 127), ("ArrowLeft", 126), ("ArrowRight", 127)):
        chart.press(key)
        assert named_code(chart) == order[rank]
    box = chart.bounding_box()
    assert box is not None
    for share, rank in ((0.001, 0), (0.5, 64), (0.999, 127)):
        chart.click(position={"x": 62 + share * (box["width"] - 68), "y": 60})
        assert named_code(chart) == order[rank]
    shares = counts[counts > 0] / counts.sum()
    perplexity = float(torch.special.entr(shares).sum().exp())
    words = root.locator(".vq-usagewords")
    expect(words).to_contain_text(f"Perplexity {perplexity:.1f}")
    used = int((counts > 0).sum())
    expect(words).to_contain_text("All 128 codes" if used == 128 else f"{used} of 128 codes")


def test_another_digit_gets_its_own_code_map(page: Page, root: Locator) -> None:
    code_map(root).press("Enter")
    for label in (0, 5, 9):
        root.get_by_role("button", name=f"Pick a test digit {label}").press("Enter")
        digit = int(np.flatnonzero(explorer().labels == label)[0])
        assert agrees(page, digit=digit)
        expect(root.locator(".vq-cost")).to_have_text("no code swapped")
        assert named_code(code_map(root)) == int(codes_of(digit=digit)[3, 3])
    root.get_by_role("button", name="Other digits").click()
    root.get_by_role("button", name="Pick a test digit 0").click()
    assert agrees(page, digit=int(np.flatnonzero(explorer().labels == 0)[1]))


def test_a_drawing_gets_a_code_map_and_a_reconstruction(page: Page, root: Locator) -> None:
    pad = page.locator(".vq-ink")
    root.get_by_role("button", name="Clear").click()
    assert decoded(page).sum() < 8
    drag(page, pad, (0.5, 0.1), (0.45, 0.9))
    next_frame(page)
    assert decoded(page)[8:20, 12:16].max() > 0.5
    seen = (255 * pixels(page.locator(".vq-seen canvas"))).round().astype(int)
    assert agrees(page, digit=None, drawing=seen.flatten().tolist())


def test_random_codes_decode_to_no_digit_and_can_be_put_back(page: Page, root: Locator) -> None:
    before = decoded(page)
    root.get_by_role("button", name="49 random codes").click()
    first = decoded(page)
    root.get_by_role("button", name="49 random codes").click()
    assert np.abs(decoded(page) - first).max() > 0.3
    root.get_by_role("button", name="Reset all").click()
    np.testing.assert_array_equal(decoded(page), before)


def test_the_kernel_hears_the_settled_state_once(page: Page) -> None:
    act = """async (el) => {
        const map = el.querySelector(".vq-codemap");
        for (const key of ["Home", "ArrowRight", "Enter"]) {
            map.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            await new Promise((done) => requestAnimationFrame(done));
        }
    }"""
    shown = explorer()
    page.goto("about:blank")
    told = settled_states(page, shown, act)
    code = nearest_codes(1)[1]
    assert told == [{**shown.state, "cell": 1, "code": code, "swaps": [[1, code]]}]


def test_nothing_is_cut_off_and_nothing_is_small(page: Page, root: Locator) -> None:
    for width in (1280, 980, 700, 420):
        page.set_viewport_size({"width": width, "height": 900})
        for _ in range(3):
            next_frame(page)
        over, wide = root.evaluate("""(root) => {
            const right = root.getBoundingClientRect().right - 16;
            const over = (node) => node.getBoundingClientRect().right > right + 1;
            const names = [...root.querySelectorAll("*")].filter(over).map((node) => node.className);
            return [names, document.documentElement.scrollWidth - innerWidth];
        }""")
        assert over == [], width
        assert wide <= 0, width
        assert smallest_text(root) >= 14, width


def test_every_control_has_a_name(root: Locator) -> None:
    next_frame(root.page)
    nameless = root.evaluate("""(root) => [...root.querySelectorAll("button, input, [tabindex], [role=img]")]
        .filter((node) => !node.hidden)
        .filter((node) => !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim()))
        .map((node) => node.outerHTML)""")
    assert nameless == []


def test_a_larger_codebook_lives_too(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, "vqvae-mnist-512")
    assert np.abs(decoded(page) - picture_of("vqvae-mnist-512")).max() <= LIMIT
    codebook(root).press("End")
    codebook(root).press("Enter")
    assert np.abs(decoded(page) - picture_of("vqvae-mnist-512", swaps=[[24, 511]])).max() <= LIMIT
