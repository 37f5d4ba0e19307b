"""What the latent explorers show of a state, and what a hand does to it: in Node, without a page, on a small space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.page import node

MODULES = ("latent/view.js", "latent/space.js")
# A space of two numbers whose every answer can be told by hand; it counts the pictures that it encodes.
SPACE = """(config) => ({
    config, d: 2, encoded: 0,
    encode(x) {
        this.encoded += 1;
        return { code: [x[0], x[1]], logvar: config.variational ? [0, Math.log(4)] : null };
    },
    code: (i) => [i, 10 * i],
    image: (i) => Float32Array.from([i / 8, 0.5]),
    ellipse: (logvar) => ({ long: Math.exp(logvar[1] / 2) }),
    decode: (z) => ({ logits: z, pixels: z.map((v) => v / 2) }),
    nearest: (z) => ({ index: 1, label: 4, distance: z[0] }),
})"""
CONFIG = {"seed": 3, "view": "all", "spacing": 2, "reach": 5, "variational": True, "latent_dim": 2}
STATE: dict[str, Any] = {"z": [1.0, -2.0], "digit": 2, "drawing": None, "prior": False, "draws": 0, "eps": 0}


def in_space(function: str, *given: Any, **config: Any) -> Any:
    """Return function(space, *given)."""
    script = f"(config, ...given) => ({function})(({SPACE})(config), ...given)"
    return node.call(MODULES, script, {**CONFIG, **config}, *given)


def eps(index: int) -> np.ndarray:
    return np.array(node.call(MODULES, "(index) => tested.drawEps(3, index, 2)", index))


def seen(*states: dict[str, Any], **config: Any) -> tuple[list[dict[str, Any]], int]:
    """Return what one viewer shows of these states, and how many pictures it encoded."""
    script = """(space, states) => {
        const see = tested.viewer(space);
        return [states.map((state) => see(state)), space.encoded];
    }"""
    views, encoded = in_space(script, [{**STATE, **state} for state in states], **config)
    return views, encoded


def test_the_picture_of_a_state_and_its_code() -> None:
    script = """(space, states) => states.map((state) => {
        const x = tested.pictureOf(space, state), { code, logvar } = tested.codeOf(space, state, x);
        return [x, code, logvar?.[0] ?? null];
    })"""
    states = [
        {"digit": 0, "drawing": None},
        {"digit": 2, "drawing": None},
        {"digit": 2, "drawing": [255, 51]},
        {"digit": None, "drawing": None},
    ]
    picked, other, drawn, nothing = in_space(script, states)
    assert picked == [[0, 0.5], [0, 0], 0]
    assert other == [[0.25, 0.5], [2, 20], 0]  # a digit's code is the one that torch computed
    assert drawn == [[1, pytest.approx(0.2)], [1, pytest.approx(0.2)], 0]
    assert nothing == [None, None, None]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1e-5], [0], True),
        ([0], [1.001e-5], False),
        ([100], [100.001], True),
        ([100], [100.0011], False),
        ([-100.001], [-100], True),
        ([0, 1], [0, 0], False),
        ([1, 0], [0, 0], False),
    ],
)
def test_the_same_place_is_one_within_a_hundred_thousandth(a: list[float], b: list[float], expected: bool) -> None:
    assert node.call(MODULES, "(a, b) => tested.same(a, b)", a, b) is expected


def test_a_state_of_a_vae_shows_its_posterior_and_the_nats_of_the_picture() -> None:
    ((view,), _) = seen({})
    mu, sigma = torch.tensor([2.0, 20.0]), torch.tensor([1.0, 2.0])
    q, prior = torch.distributions.Normal(mu, sigma), torch.distributions.Normal(0.0, 1.0)
    kl = torch.distributions.kl_divergence(q, prior)
    assert view["q"]["mu"] == mu.tolist()
    assert view["q"]["sigma"] == pytest.approx(sigma.tolist())
    assert view["q"]["terms"] == pytest.approx(kl.tolist(), rel=1e-5)
    assert view["q"]["kl"] == pytest.approx(float(kl.sum()), rel=1e-5)
    assert view["q"]["ellipse"] == {"long": pytest.approx(2)}
    assert (view["pixels"], view["near"]) == ([0.5, -1], {"index": 1, "label": 4, "distance": 1})
    x = torch.tensor([0.25, 0.5])
    nats = F.binary_cross_entropy_with_logits(torch.tensor([1.0, -2.0]), x, reduction="sum")
    assert view["nats"] == pytest.approx(float(nats), rel=1e-6)
    assert (view["trail"], view["samples"], view["drawn"], view["follows"]) == ([], [], False, False)
    ((empty,), _) = seen({"digit": None, "eps": 3})
    assert (empty["x"], empty["q"], empty["trail"], empty["nats"]) == (None, None, [], 0)
    assert not empty["follows"]


def test_an_autoencoder_and_a_map_alone_have_no_posterior() -> None:
    ((view,), _) = seen({"eps": 2}, variational=False)
    assert (view["q"], view["trail"], view["code"]) == (None, [], [2, 20])
    ((bare,), encoded) = seen({}, view="map")
    assert (bare["x"], bare["code"], encoded) == (None, None, 0)


def test_the_last_ten_draws_from_q_are_shown() -> None:
    ((one, many), _) = seen({"eps": 1}, {"eps": 12})
    draws = [(np.array([2, 20]) + np.array([1, 2]) * eps(index)).tolist() for index in range(12)]
    assert one["trail"] == [pytest.approx(draws[0])]
    assert many["trail"] == [pytest.approx(draw) for draw in draws[2:]]
    ((at_draw, at_code), _) = seen({"eps": 12, "z": many["trail"][-1]}, {"eps": 12, "z": [2, 20]})
    assert (at_draw["drawn"], at_draw["follows"]) == (True, False)
    assert seen({"eps": 1, "z": draws[0]})[0][0]["drawn"]
    assert (at_code["drawn"], at_code["follows"]) == (False, True)


def test_samples_of_the_prior_are_those_of_the_seed() -> None:
    ((three, one, four), _) = seen({"draws": 3}, {"draws": 1}, {"draws": 4})
    expected = node.call(MODULES, "() => [0, 1, 2, 3].map((index) => tested.standardNormal(3, index, 2))")
    assert three["samples"] == expected[:3]
    assert one["samples"] == expected[:1]
    assert four["samples"] == expected


def test_a_picture_is_encoded_once_and_anew_for_another() -> None:
    views, encoded = seen({}, {"z": [5, 5]}, {"digit": 3}, {"digit": None}, {"digit": 3, "drawing": [255, 0]})
    assert [view["code"] for view in views] == [[2, 20], [2, 20], [3, 30], None, [1, 0]]
    assert encoded == 3


NO_CODE = "no code near: the closest,"


@pytest.mark.parametrize(
    ("label", "distance", "config", "far", "text"),
    [
        (3, 0.0019, {}, False, "z is the code of a 3"),
        (8, 0.0, {}, False, "z is the code of an 8"),
        (3, 0.002, {}, False, "nearest code: a 3, 0.0 typical gaps away"),
        (3, 5, {}, False, "nearest code: a 3, 2.5 typical gaps away"),
        (8, 5.5, {}, True, f"{NO_CODE} an 8, is 2.8 typical gaps away"),
        (8, 5.5, {"latent_dim": 3}, False, "nearest code: an 8, 2.8 typical gaps away"),
        (
            3,
            5.5,
            {"latent_dim": 3, "variational": False},
            True,
            "no code near: the closest, a 3, is 2.8 typical gaps away",
        ),
    ],
)
def test_how_far_z_is_from_the_codes_in_words(
    label: int, distance: float, config: dict[str, Any], far: bool, text: str
) -> None:
    found = in_space(
        "(space, near) => tested.nearestWords(space, near)", {"label": label, "distance": distance}, **config
    )
    assert found == {"far": far, "text": text}


@pytest.mark.parametrize(
    ("follows", "drawn", "q", "text"),
    [
        (False, True, {}, "z = μ + σε, draw 7"),
        (True, True, {}, "z = μ + σε, draw 7"),
        (True, False, {}, "z = μ: the reconstruction of x"),
        (True, False, None, "the reconstruction of x"),
        (False, False, {}, "z is not at μ"),
        (False, False, None, "z is not at the code of x"),
    ],
)
def test_where_z_comes_from_in_words(follows: bool, drawn: bool, q: Any, text: str) -> None:
    view = {"follows": follows, "drawn": drawn, "q": q, "state": {"eps": 7}}
    assert node.call(MODULES, "(view) => tested.sourceWords(view)", view) == text


def test_the_status_in_words() -> None:
    script = "(space, d, view) => tested.statusText({ ...space, d }, view)"
    near = {"label": 3, "distance": 3.0}
    four = {"state": {"z": [1, -2, 0.5, 3]}, "near": near, "q": None}
    assert in_space(script, 4, four) == "z = (1.00, −2.00, 0.50, 3.00); nearest code: a 3, 1.5 typical gaps away."
    five = {"state": {"z": [1, 2, 2, 4, 0]}, "near": near, "q": {"kl": 1.234}}
    assert in_space(script, 5, five) == (
        "z = (1.00, 2.00, 2.00, 4.00, …), 5 numbers of length 5.00; nearest code: a 3, 1.5 typical gaps away."
        " KL(q(z|x) ‖ N(0, I)) = 1.23 nats."
    )


def after(begun: dict[str, Any], *moves: str, **config: Any) -> dict[str, Any]:
    """The state after these calls of the hand."""
    script = f"""(space, state) => {{
        const hand = tested.makeHand(space, () => state, (patch) => {{ state = {{ ...state, ...patch }}; }});
        {"; ".join(f"hand.{move}" for move in moves)};
        return hand.state();
    }}"""
    found: dict[str, Any] = in_space(script, {**STATE, **begun}, **config)
    return found


def test_z_goes_to_the_code_of_a_new_picture_and_home_to_that_of_the_old_one() -> None:
    begun = {"eps": 5, "drawing": [0, 0]}
    assert after(begun, "look({ digit: 7 })") == {**STATE, "digit": 7, "drawing": None, "z": [7, 70], "eps": 0}
    drawn = after(begun, "look({ drawing: [255, 0] })")
    assert drawn == {**STATE, "digit": None, "drawing": [255, 0], "z": [1, 0], "eps": 0}
    assert after({"eps": 5}, "look({})") == {**STATE, "digit": None, "eps": 0}  # nothing to look at: z stays
    assert after({"eps": 5}, "home()") == {**STATE, "z": [2, 20], "eps": 5}
    assert after({"drawing": [255, 0]}, "home()")["z"] == [1, 0]
    assert after({}, "change({ t: 0.5 })")["t"] == 0.5


def test_a_sample_of_the_prior_takes_z_along() -> None:
    expected = node.call(MODULES, "() => [0, 1].map((index) => tested.standardNormal(3, index, 2))")
    assert after({}, "sample()") == {**STATE, "prior": True, "draws": 1, "z": expected[0]}
    assert after({}, "sample()", "sample()") == {**STATE, "prior": True, "draws": 2, "z": expected[1]}


def test_a_draw_from_q_takes_z_along_where_there_is_a_q() -> None:
    drawn = after({"eps": 4}, "draw()")
    assert drawn["eps"] == 5
    assert drawn["z"] == pytest.approx((np.array([2, 20]) + np.array([1, 2]) * eps(4)).tolist())
    assert after({"eps": 4}, "draw()", variational=False) == {**STATE, "eps": 4}
    assert after({"digit": None}, "draw()") == {**STATE, "digit": None}
