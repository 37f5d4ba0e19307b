"""The effective beta as the page computes it: Python's number, whatever the reductions."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.page import node
from vqedu.losses import KL_REDUCTIONS, REDUCTIONS, effective_beta


def inputs(count: int) -> list[dict[str, Any]]:
    """Return random arguments of effective_beta, over six orders of magnitude."""
    draw = random.Random(0)
    return [
        {
            "likelihood": draw.choice(("bernoulli", "gaussian", "laplace")), "reconstruction": draw.choice(REDUCTIONS),
            "kl": draw.choice(KL_REDUCTIONS), "half": draw.random() < 0.5,
            "beta": draw.choice((0.0, 10 ** draw.uniform(-3, 3))), "weight": 10 ** draw.uniform(-3, 3),
            "variance": draw.choice((1.0, 10 ** draw.uniform(-3, 3))),
            "pixels": draw.randint(1, 10**6), "latents": draw.randint(1, 1000), "batch_size": draw.randint(1, 1000),
            "examples": draw.randint(1, 10**6),
        }
        for _ in range(count)
    ]  # fmt: skip


def test_the_page_computes_what_python_computes() -> None:
    points = inputs(500)
    found = node.call("beta/math.js", "(points) => points.map((p) => tested.effectiveBeta(p))", points)
    assert found == pytest.approx([effective_beta(**point) for point in points], rel=1e-12)


STATE = {
    "likelihood": "gaussian", "reconstruction": "element", "kl": "pixel", "beta": 2.0, "weight": 3.0, "half": False,
    "learned": True, "variance": 0.5, "pixels": 4, "latents": 5, "batch_size": 6, "examples": 12,
}  # fmt: skip


def call(function: str, *given: Any) -> Any:
    return node.call("beta/math.js", function, *given)


def test_both_factors_are_shown_as_the_products_that_make_them_up() -> None:
    states = [
        STATE,
        STATE | {"half": True, "variance": 1.0, "kl": "dataset"},
        STATE | {"half": True, "variance": 1.0, "reconstruction": "image", "kl": "image"},
        STATE | {"reconstruction": "total", "kl": "element", "variance": 1.0},
        STATE | {"likelihood": "bernoulli", "reconstruction": "total", "kl": "total"},
        STATE | {"variance": 2.0},
    ]
    found = call("(all) => all.map(tested.factors)", states)
    assert [each["aProduct"] for each in found] == ["2 × 0.5 × 1/4", "1/4", "1", "2 × 6", "6", "2 × 2 × 1/4"]
    assert [each["bProduct"] for each in found] == ["1/4", "6/12", "1", "1/5", "6", "1/4"]
    assert [(each["a"], each["b"]) for each in found] == [
        *((0.25, 0.25), (0.25, 0.5), (1, 1), (12, 0.2), (6, 6), (1, 0.25)),
    ]


def test_numbers_have_three_digits_and_all_before_the_point() -> None:
    numbers = [0, 0.5, 12.345, 999.4, 999.9, 1000, 1234.6, 0.0001, 0.00009994]
    short = ["0", "0.5", "12.3", "999", "1000", "1,000", "1,235", "0.0001", "9.99e−5"]
    assert call("(numbers) => numbers.map(tested.short)", numbers) == short


def test_the_verdict_tells_no_kl_from_too_little_from_right_from_too_much() -> None:
    switched_off, *said = call(
        "() => [0, 1, 1 + 9e-10, 1 - 9e-10, 1 - 11e-10, 0.25, 1 + 11e-10, 4].map(tested.verdict)"
    )
    assert switched_off == "The KL is switched off: nothing ties the codes to the prior."
    assert said[:3] == ["This code is the ELBO: nothing to correct."] * 3
    assert said[3] == "The code weighs the KL only 1 times as much as the ELBO does."
    assert said[4] == "The code weighs the KL only 0.25 times as much as the ELBO does."
    assert said[5:] == [f"The code weighs the KL {n} times as much as the ELBO does." for n in (1, 4)]


def test_what_to_expect_and_of_which_decoder_the_loss_is_the_elbo() -> None:
    cases = [
        (1 + 9e-10, "gaussian"), (1 + 11e-10, "bernoulli"), (1 - 11e-10, "bernoulli"),
        (4, "bernoulli"), (0.25, "bernoulli"), (0, "gaussian"), (4, "gaussian"), (0.25, "laplace"),
    ]  # fmt: skip
    said = call(
        "(cases) => cases.map(([value, likelihood]) => tested.consequence(value, { likelihood, variance: 0.5 }))", cases
    )
    blurred = "Expect blurred reconstructions and inactive dimensions."
    sharp = "Expect sharper reconstructions, and codes far from the prior: draws from N(0, I) decode worse."
    assert said == [
        "A β found with it means what the papers mean.",
        *(blurred, sharp, blurred, sharp, sharp),
        f"{blurred} The same loss is the ELBO of a Gaussian decoder with variance 2.",
        f"{sharp} The same loss is the ELBO of a Laplace decoder with scale 0.25.",
    ]


@pytest.mark.parametrize("name", ["pixels", "latents", "batch_size", "examples"])
def test_a_size_is_a_whole_number_of_at_least_1(name: str) -> None:
    right, *wrong = call("(states) => states.map(tested.complaint)", [STATE | {name: n} for n in (1, 0, 1.5)])
    assert right is None
    assert [part for part, _ in wrong] == [name, name]
    assert all(sentence.endswith("must be a whole number of at least 1.") for _, sentence in wrong)


def test_beta_may_be_0_but_weight_and_variance_must_be_above_it() -> None:
    changes = [{"beta": 0}, {"beta": -0.5}, {"beta": None}, {"weight": 0}, {"weight": None}, {"variance": 0}, {}]
    found = call("(states) => states.map(tested.complaint)", [STATE | each for each in changes])
    beta, weight = ["beta", "β must be a number of at least 0."], ["weight", "The weight must be a number above 0."]
    assert found == [None, beta, beta, weight, weight, ["variance", "The variance must be a number above 0."], None]


def test_the_figure_shows_a_complaint_or_the_value_and_its_lines_and_counts_a_variance_only_if_one_was_chosen() -> None:
    code = {
        "reconstruction": {"gaussian": "F.mse_loss(x_hat, x"}, "summed": {"element": ")"},
        "kl": "KL", "klSummed": {"pixel": ".sum() / x.numel()"},
    }  # fmt: skip
    states = [STATE, STATE | {"learned": False}, STATE | {"learned": False, "variance": -1}, STATE | {"beta": -1}]
    views = call("(code, states) => states.map((state) => tested.viewOf(code, state))", code, states)
    lines = ["recon = F.mse_loss(x_hat, x)", "kl = (KL).sum() / x.numel()", "loss = 3 * recon + 2 * kl"]
    assert [view.get("lines") for view in views] == [lines, lines, lines, None]
    assert [view.get("value") for view in views] == [pytest.approx(2 / 3), *[pytest.approx(1 / 3)] * 2, None]
    assert [view["used"]["variance"] for view in views[:3]] == [0.5, 1, 1]
    assert views[3]["wrong"][0] == "beta"
    assert all(view["values"] == state for view, state in zip(views, states, strict=True))


def test_a_factor_of_one_is_not_written_and_the_half_is_only_a_gaussian_s() -> None:
    code = {
        "reconstruction": {"gaussian": "G(", "bernoulli": "B("}, "summed": {"image": ")"},
        "kl": "KL", "klSummed": {"image": ""},
    }  # fmt: skip
    plain = STATE | {"reconstruction": "image", "kl": "image", "half": True, "weight": 1, "beta": 1}
    states = [plain, plain | {"likelihood": "bernoulli"}]
    gaussian, bernoulli = call("(code, all) => all.map((state) => tested.lossLines(code, state))", code, states)
    assert gaussian == ["recon = 0.5 * G()", "kl = (KL)", "loss = recon + kl"]
    assert bernoulli[0] == "recon = B()"
