"""The effective-beta calculator in a real browser: what it shows against Python's, and every control by hand."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.daily import some_daily
from tests.page import exported
from tests.page.traffic import Traffic
from vqedu.losses import KL_REDUCTIONS, REDUCTIONS, effective_beta
from vqedu.widgets import BetaCalculator
from vqedu.widgets.beta.beta import KL, KL_SUMMED, RECIPES, RECONSTRUCTION, SUMMED

pytestmark = pytest.mark.browser

NUMBERS = {
    "β in the code": ("beta", "0", "1000"),
    "weight on recon": ("weight", "0.001", "100000"),
    "variance σ²": ("variance", "0.0001", "50"),
    "pixels per image": ("pixels", "1", "1000000"),
    "latent dimensions": ("latents", "1", "4096"),
    "batch size": ("batch_size", "1", "65536"),
    "training examples": ("examples", "1", "1000000"),
}


@pytest.fixture
def root(page: Page, tmp_path: Path) -> Locator:
    """The calculator at its first recipe, in an exported page without network."""
    return exported.open_exported(page, BetaCalculator(), tmp_path)


def shown(root: Locator) -> float:
    """The effective beta on display, three digits of it."""
    exported.next_frame(root.page)
    text = root.locator(".vq-beta-big").text_content() or ""
    return float(text.replace(",", "").replace("−", "-"))


def state(root: Locator) -> dict[str, Any]:
    """The arguments of effective_beta that the controls show."""
    page = root.page
    likelihood = page.get_by_label("Likelihood").input_value()
    numbers = {
        name: (float if name in ("beta", "weight", "variance") else int)(page.get_by_label(label).input_value())
        for label, (name, _, _) in NUMBERS.items()
    }
    return {
        "likelihood": likelihood if likelihood in ("bernoulli", "laplace") else "gaussian",
        "reconstruction": page.get_by_label("Reconstruction is reduced to").input_value(),
        "kl": page.get_by_label("KL is reduced to").input_value(),
        "half": page.get_by_label("Factor ½").input_value() == "true",
        **numbers,
        "variance": numbers["variance"] if likelihood == "learned" else 1.0,
    }


def loss_lines(
    likelihood: str, reconstruction: str, kl: str, beta: float, weight: float, half: bool, **_: Any
) -> list[str]:
    """The three lines of torch that compute recon, kl and loss; those of the page are run in test_beta.py."""
    factor = "0.5 * " if likelihood == "gaussian" and half else ""
    terms = [name if value == 1 else f"{value:g} * {name}" for name, value in (("recon", weight), ("kl", beta))]
    recon = f"{factor}{RECONSTRUCTION[likelihood]}{SUMMED[reconstruction]}"
    return [f"recon = {recon}", f"kl = ({KL}){KL_SUMMED[kl]}", f"loss = {' + '.join(terms)}"]


def check(root: Locator) -> None:
    """What is shown must be what Python makes of what the controls say: number and code."""
    arguments = state(root)
    assert shown(root) == pytest.approx(effective_beta(**arguments), rel=6e-3)
    assert root.locator("code").all_text_contents() == loss_lines(**arguments)


def test_opens_from_a_file_and_asks_the_network_for_nothing(root: Locator, traffic: Traffic) -> None:
    check(root)
    assert shown(root) == 7.84
    expect(root.locator("p[role=status]")).to_have_text("The code weighs the KL 7.84 times as much as the ELBO does.")
    expect(root.locator("math")).to_have_text("β eff=β·bweight·a=0.1·0.21·0.00255=")
    assert traffic.network == []
    assert exported.smallest_text(root) >= 14


@pytest.mark.parametrize(("name", "value"), [*zip(RECIPES, (7.84, 2.05, 0.5), strict=True)])
def test_the_recipes_taught_in_public(root: Locator, name: str, value: float) -> None:
    recipe = root.get_by_role("button", name=name)
    recipe.press("Enter")
    assert shown(root) == value
    check(root)
    expect(recipe).to_have_attribute("aria-pressed", "true")
    expect(root.locator("button[aria-pressed=true]")).to_have_count(1)


def test_every_choice_of_every_select(root: Locator) -> None:
    page = root.page
    others = itertools.cycle(itertools.product(("bernoulli", "unit", "learned", "laplace"), ("true", "false")))
    for reconstruction, kl in itertools.product(REDUCTIONS, KL_REDUCTIONS):
        likelihood, half = next(others)
        page.get_by_label("Likelihood").select_option(likelihood)
        if likelihood in ("bernoulli", "laplace"):
            expect(page.get_by_label("Factor ½")).to_be_disabled()
        else:
            page.get_by_label("Factor ½").select_option(half)
        page.get_by_label("Reconstruction is reduced to").select_option(reconstruction)
        page.get_by_label("KL is reduced to").select_option(kl)
        if likelihood == "learned":
            page.get_by_label("variance σ²").fill("0.25")
        check(root)


def test_selects_by_the_keyboard(root: Locator) -> None:
    for label in ("Likelihood", "Factor ½", "Reconstruction is reduced to", "KL is reduced to"):
        control = root.page.get_by_label(label)
        control.focus()
        seen = []
        for key in ("Home", "End", "ArrowUp"):
            control.press(key)
            seen.append(control.input_value())
            check(root)
        assert seen[0] != seen[1]


@pytest.mark.parametrize("label", some_daily(NUMBERS))
def test_every_number_to_both_ends_and_by_the_arrow_keys(root: Locator, label: str) -> None:
    page = root.page
    page.get_by_label("Likelihood").select_option("learned")
    page.get_by_label("Reconstruction is reduced to").select_option("total")
    page.get_by_label("KL is reduced to").select_option("dataset")
    name, *ends = NUMBERS[label]
    field = page.get_by_label(label)
    expect(field).to_be_enabled()  # from the next frame on; no key reaches it before
    for end in ends:
        field.press("ControlOrMeta+a")
        field.type(end)
        assert state(root)[name] == float(end)
        check(root)
    field.press("ArrowDown")
    assert state(root)[name] < float(ends[1])
    check(root)


WRONG = {
    "pixels per image": ("0", "Pixels must be a whole number of at least 1."),
    "latent dimensions": ("2.5", "Latent dimensions must be a whole number of at least 1."),
    "batch size": ("", "Batch size must be a whole number of at least 1."),
    "β in the code": ("-1", "β must be a number of at least 0."),
    "weight on recon": ("0", "The weight must be a number above 0."),
}


def test_a_wrong_number_is_said_and_mended(root: Locator) -> None:
    for label, (text, sentence) in WRONG.items():
        field = root.page.get_by_label(label)
        before = field.input_value()
        field.fill(text)
        expect(root.locator("p[role=status]")).to_have_text(sentence)
        expect(root.locator(".vq-beta-big")).to_have_text("?")
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill(before)
        assert shown(root) == 7.84
        expect(field).to_have_attribute("aria-invalid", "false")


def test_the_kernel_hears_the_settled_state_once_and_no_wrong_one(page: Page) -> None:
    act = """async (el) => { for (const value of ["2", "-3", "", "0.5", "-1"]) {
        const field = el.querySelector("input"); field.value = value; field.dispatchEvent(new Event("input"));
        await new Promise((done) => requestAnimationFrame(done)); } }"""
    states = exported.settled_states(page, BetaCalculator(), act)
    assert states == [BetaCalculator().state | {"beta": 0.5}]


def test_every_control_has_a_name_and_nothing_overflows(root: Locator) -> None:
    for control in root.locator("input, select").all():
        assert control.evaluate("(node) => node.labels[0].textContent.trim()")
    for width in (1280, 1012, 600):
        root.page.set_viewport_size({"width": width, "height": 800})
        exported.next_frame(root.page)
        assert root.evaluate("(node) => node.scrollWidth <= node.clientWidth")


def test_a_state_set_from_python_moves_picture_numbers_and_fields(page: Page) -> None:
    calculator = BetaCalculator()
    root = exported.open_live(page, calculator)
    before = exported.picture(root.locator("canvas"))
    new = {
        "likelihood": "gaussian", "half": True, "reconstruction": "total", "kl": "image", "learned": True,
        "variance": 0.25, "beta": 2.0, "weight": 3.0, "pixels": 100, "latents": 7, "batch_size": 16,
        "examples": 1000,
    }  # fmt: skip
    exported.set_from_python(page, calculator, new)
    assert state(root) == {name: value for name, value in new.items() if name != "learned"}
    check(root)
    assert shown(root) == pytest.approx(calculator.effective_beta(), rel=6e-3)
    assert exported.picture(root.locator("canvas")) != before
    exported.set_from_python(page, calculator, {"likelihood": "bernoulli"})
    check(root)
    expect(page.get_by_label("variance σ²")).to_have_value("0.25")


def test_a_state_from_python_replaces_a_wrong_number(page: Page) -> None:
    calculator = BetaCalculator()
    root = exported.open_live(page, calculator)
    page.get_by_label("β in the code").fill("")
    expect(root.locator(".vq-beta-big")).to_have_text("?")
    exported.set_from_python(page, calculator, {"beta": 0.0})
    expect(page.get_by_label("β in the code")).to_have_value("0")
    check(root)


def test_a_wrong_variance_does_not_matter_once_it_is_not_learned(page: Page) -> None:
    act = """async (el) => {
        const [likelihood, variance] = [el.querySelector("select"), el.querySelectorAll("input")[2]];
        for (const [field, value, kind] of [[likelihood, "learned", "change"], [variance, "-1", "input"],
                [likelihood, "unit", "change"]]) {
            field.value = value; field.dispatchEvent(new Event(kind));
            await new Promise((done) => requestAnimationFrame(done)); } }"""
    told = exported.settled_states(page, BetaCalculator(variance=1), act)[-1]
    assert (told["learned"], told["variance"]) == (False, 1)


def test_a_large_beta_is_not_cut_off(page: Page, tmp_path: Path) -> None:
    calculator = BetaCalculator(1.0, variance=0.04, kl="total", latents=20)
    root = exported.open_exported(page, calculator, tmp_path)
    assert exported.overflow(root, 1280, 700, 390) == {1280: 0, 700: 0, 390: 0}
