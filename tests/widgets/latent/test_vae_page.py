"""The latent explorer of a VAE in an exported page: the ellipse, the draws of eps, KL by dimension."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from tests.daily import daily
from tests.page.exported import faults_of_layout, next_frame, open_exported
from tests.page.traffic import Traffic
from tests.widgets.latent.latent_hand import (
    decoded,
    differ,
    drag,
    explorer,
    in_node,
    picture,
    posterior,
    trained,
    vae_explorer,
    x_of,
)
from vqedu import losses, models
from vqedu.widgets.latent.latent import LatentExplorer

pytestmark = pytest.mark.browser
LIMIT = 2.5 / 255  # two gray levels, and half a step of the canvas


@pytest.fixture
def plane(page: Page, tmp_path: Path) -> LatentExplorer:
    """The explorer of a 2-D VAE, shown in `page`."""
    shown = vae_explorer(2)
    open_exported(page, shown, tmp_path)
    next_frame(page)
    return shown


def numbers(page: Page) -> np.ndarray:
    """Return the rows of the open table: dimension, mu, sigma, KL."""
    rows = page.locator(".vq-numbers tbody tr")
    texts = [row.locator("td").all_text_contents() for row in rows.all()]
    return np.array([[float(text.replace("\u2212", "-")) for text in row] for row in texts])


def total(page: Page) -> float:
    """Return the KL that the heading of the bars says, in nats."""
    text = page.locator(".vq-kl .vq-title").text_content() or ""
    found = re.search(r"= ([\d.]+) nats", text)
    assert found, text
    return float(found[1])


def test_the_first_view_names_what_a_vae_has(page: Page, plane: LatentExplorer, traffic: Traffic) -> None:
    assert traffic.network == []
    assert np.abs(decoded(page) - picture(trained(2, models.VAE), plane.state["z"])).max() <= LIMIT
    expect(page.locator(".vq-z .vq-title")).to_have_text("q(z|x) = N(\u03bc, \u03c3\u00b2)")
    expect(page.get_by_text("z = \u03bc: the reconstruction of x")).to_be_visible()
    assert total(page) == pytest.approx(posterior(trained(2, models.VAE), x_of(plane)).kl.sum(), rel=0.01)


@pytest.mark.parametrize("latent_dim", daily([2, 7], 7))
def test_the_numbers_are_those_of_the_model(page: Page, tmp_path: Path, latent_dim: int) -> None:
    shown = vae_explorer(latent_dim)
    open_exported(page, shown, tmp_path)
    page.get_by_text("as numbers").click()
    expect(page.locator(".vq-numbers tbody tr")).to_have_count(latent_dim)
    q, order = posterior(trained(latent_dim, models.VAE), x_of(shown)), shown.config["kl_order"]
    expected = np.column_stack([np.array(order) + 1, q.mu[order], q.sigma[order], q.kl[order]])
    np.testing.assert_allclose(numbers(page), expected, atol=0.015)
    before = numbers(page)
    page.get_by_role("button", name="Pick a test digit 9").click()
    next_frame(page)
    assert np.abs(numbers(page) - before)[:, 1:].max() > 0.05
    assert numbers(page)[:, 3].sum() == pytest.approx(total(page), abs=0.02)
    page.get_by_text("as numbers").click()
    expect(page.locator(".vq-numbers tbody tr")).to_have_count(0)


def test_the_key_e_draws_from_q_and_repeats(page: Page, plane: LatentExplorer) -> None:
    q = posterior(trained(2, models.VAE), x_of(plane))
    mean, lens = decoded(page), page.locator(".vq-lens")
    seen, marks = [], [lens.evaluate("(node) => node.toDataURL()")]
    page.get_by_role("application", name="Map of the codes").focus()
    for number in (1, 2, 3):
        page.keyboard.press("e")
        seen.append(decoded(page))
        marks.append(lens.evaluate("(node) => node.toDataURL()"))
        expect(page.get_by_text(f"z = \u03bc + \u03c3\u03b5, draw {number}")).to_be_visible()
    assert len(set(marks)) == 4
    assert all(np.abs(one - mean).max() > 0.01 for one in seen)
    call = "(space, [i]) => tested.drawEps(0, i, 2)"
    eps = in_node(plane, call, np.arange(3)[:, None])
    for row, drawn in zip(eps, seen, strict=True):
        assert np.abs(drawn - picture(trained(2, models.VAE), q.mu + q.sigma * row)).max() <= LIMIT
    page.get_by_role("button", name="Back to the code of x").click()
    np.testing.assert_array_equal(decoded(page), mean)
    page.get_by_role("button", name=re.compile("Pick a test digit 9")).click()
    page.keyboard.press("e")
    expect(page.get_by_text("z = \u03bc + \u03c3\u03b5, draw 1")).to_be_visible()  # from the beginning for each x


def test_the_button_draws_and_says_what_the_draw_costs(page: Page, plane: LatentExplorer) -> None:
    page.get_by_role("button", name="Draw z").click()
    next_frame(page)
    text = page.locator(".vq-draw").text_content() or ""
    reconstruction, kl, whole = (float(part) for part in re.findall(r"(\d+\.\d)(?= [+=n])", text))
    assert whole == pytest.approx(reconstruction + kl, abs=0.11)
    assert kl == pytest.approx(posterior(trained(2, models.VAE), x_of(plane)).kl.sum(), rel=0.01, abs=0.06)
    z = in_node(plane, "(space, [i]) => tested.drawEps(0, i, 2)", np.zeros((1, 1)))
    q, model = posterior(trained(2, models.VAE), x_of(plane)), trained(2, models.VAE)
    logits = model.decode(torch.tensor(q.mu + q.sigma * z).float())
    expected = losses.reconstruction(logits, torch.from_numpy(x_of(plane)[None, None]).float())
    assert reconstruction == pytest.approx(expected.item(), rel=0.01)


def test_e_with_a_modifier_or_without_a_picture_draws_nothing(page: Page, plane: LatentExplorer) -> None:
    page.get_by_role("application", name="Map of the codes").focus()
    before = decoded(page)
    page.keyboard.press("Control+e")
    np.testing.assert_array_equal(decoded(page), before)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Draw z")).to_be_disabled()
    page.keyboard.press("e")
    np.testing.assert_array_equal(decoded(page), before)
    expect(page.locator(".vq-kl .vq-title")).to_have_text("KL(q(z|x) \u2016 N(0, I))")


def test_a_drawing_has_a_posterior(page: Page, plane: LatentExplorer) -> None:
    before = total(page)
    drag(page, page.locator(".vq-ink"), (0.2, 0.2), (0.8, 0.8))
    next_frame(page)
    assert total(page) != before
    one = decoded(page)
    page.keyboard.press("e")  # the pad has the focus, and it is no field for text
    assert not np.array_equal(decoded(page), one)


def test_dragging_leaves_q_where_it_is(page: Page, plane: LatentExplorer) -> None:
    before, nats = decoded(page), total(page)
    drag(page, page.locator(".vq-map"), (0.3, 0.3), (0.8, 0.75))
    assert differ(decoded(page), before)
    assert total(page) == nats
    expect(page.get_by_text("z is not at \u03bc")).to_be_visible()


WIDTHS = [(2, (700, 420)), (50, (980, 700)), (1, (980,))]


@pytest.mark.parametrize(("latent_dim", "widths"), daily(WIDTHS, WIDTHS[0]))
def test_nothing_is_cut_off_and_nothing_is_small(
    page: Page, tmp_path: Path, latent_dim: int, widths: tuple[int, ...]
) -> None:
    open_exported(page, vae_explorer(latent_dim), tmp_path)
    for folded in page.locator("summary").all():
        folded.click()
    page.wait_for_timeout(100)
    assert faults_of_layout(page, *widths) == []


def test_every_control_has_a_name(page: Page, plane: LatentExplorer) -> None:
    nameless = page.evaluate("""() => [...document.querySelectorAll("button, input, summary, [tabindex], [role=img]")]
        .filter((node) => !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim()))
        .map((node) => node.outerHTML)""")
    assert nameless == []
    label = page.locator(".vq-bars").get_attribute("aria-label") or ""
    assert re.search(r"in nats: [\d.]+; by dimension: z1 [\d.]+, z2 [\d.]+", label)


def test_an_autoencoder_shows_none_of_it(page: Page, tmp_path: Path) -> None:
    open_exported(page, explorer(2), tmp_path)
    expect(page.locator(".vq-posterior")).to_have_count(0)
    before = decoded(page)
    page.get_by_role("application", name="Map of the codes").press("e")
    np.testing.assert_array_equal(decoded(page), before)
