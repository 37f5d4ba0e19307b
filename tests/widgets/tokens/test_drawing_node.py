"""The token explorer's arithmetic in JavaScript: the transformer's logits against torch's, its draws against ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.page import mulberry, node
from tests.widgets.tokens.drawing import Drawn, distribution, pick, uniforms
from tests.widgets.tokens.test_tokens import small_prior
from vqedu import pretrained
from vqedu.models.code_prior import probabilities
from vqedu.models.transformer import Transformer
from vqedu.widgets import TokenExplorer
from vqedu.widgets.transformer_nets import describe_transformer

MODULES = ("page/nn.js", "page/transformer.js", "tokens/math.js", "tokens/view.js")
NEAR_TIE = 1e-5  # of a probability: closer than this to the edge of two tokens a number may fall on either


def with_net(model: Transformer, function: str, *given: Any) -> Any:
    """Return what a JavaScript function of (net, *given) returns, where `net` is the model as the page runs it."""
    arrays, config = describe_transformer(model)
    script = f"""(text, table, config, ...given) =>
        ({function})(tested.transformer(config, tested.unpack(view(text), table)), ...given)"""
    return node.call(MODULES, script, *node.packed(arrays), config, *given)


def seeded(vocabulary: int, length: int, width: int, depth: int, heads: int) -> Transformer:
    """An untrained transformer whose logits spread as a trained one's do."""
    with torch.random.fork_rng():
        torch.manual_seed(vocabulary)
        model = Transformer(vocabulary, length, width, depth, heads).eval()
        with torch.no_grad():
            model.head.weight.mul_(4)
    return model


@pytest.mark.parametrize("rounded", [True, False])
@pytest.mark.parametrize("sizes", [(139, 49, 96, 4, 4), (148, 54, 48, 3, 2), (20, 16, 8, 1, 1)])
def test_logits_in_the_page_are_torch_s(sizes: tuple[int, ...], rounded: bool) -> None:
    model = seeded(*sizes)
    if rounded:  # as shipped weights are: the page then computes with the very same numbers
        model.half().float()
    tokens = torch.randint(sizes[0], (3, sizes[1]), generator=torch.Generator().manual_seed(0))
    steps = "(net, rows) => rows.map((row) => { const c = net.start(); return row.map((t) => [...net.step(c, t)]); })"
    found = with_net(model, steps, tokens.tolist())
    expected = model(tokens).detach().numpy()
    assert expected.std() > 1
    assert np.abs(np.array(found) - expected).max() <= (1e-4 if rounded else 1e-2)


def test_attention_to_a_token_that_outweighs_all_others_does_not_overflow() -> None:
    model = seeded(20, 6, 8, 1, 2)
    with torch.no_grad():
        model.blocks[0].attention.query_key_value.weight.mul_(60)  # scores of some thousands, where exp has no number
    model.half().float()
    tokens = torch.arange(6)[None]
    steps = "(net) => { const c = net.start(); return [0, 1, 2, 3, 4, 5].map((t) => net.step(c, t)); }"
    np.testing.assert_allclose(with_net(model, steps), model(tokens)[0].detach(), atol=1e-4)


def test_a_cache_forgets_what_comes_after_a_place_and_never_more_than_it_has() -> None:
    script = """(net) => {
        const read = (...tokens) => { const c = net.start(); return tokens.map((t) => net.step(c, t)).at(-1); };
        const cache = net.start();
        for (const token of [1, 2, 3]) net.step(cache, token);
        net.rewind(cache, 9);
        const on = net.step(cache, 4), count = cache.count;
        net.rewind(cache, 1);
        return [[on, read(1, 2, 3, 4)], [net.step(cache, 5), read(1, 5)], [[count], [4]], [[net.length], [16]]];
    }"""
    for found, expected in with_net(seeded(20, 16, 8, 1, 1), script):
        assert found == expected


def test_a_reader_that_goes_back_gives_the_logits_of_a_fresh_one() -> None:
    rows = np.random.default_rng(0).integers(0, 3, (60, 16))  # of three tokens: most rows share a beginning
    lengths = np.random.default_rng(1).integers(1, 17, 60)
    differences = with_net(
        seeded(20, 16, 8, 1, 1),
        """(net, rows) => {
            const kept = tested.reader(net);
            return rows.map((row) => {
                const fresh = tested.reader(net)(row);
                let time = 0;
                while (!kept(row, --time));  // no time at all: one token a call
                return Math.max(...kept(row).map((v, i) => Math.abs(v - fresh[i])));
            });
        }""",
        [row[:length].tolist() for row, length in zip(rows, lengths, strict=True)],
    )
    assert max(differences) == 0


def test_random_numbers_are_uniform_seeded_and_unlike_for_other_seeds() -> None:
    script = """(count) => [tested.uniforms(7, 20_000), tested.uniforms(7, 49),
        Array.from({ length: count }, (_, seed) => tested.uniforms(seed, 1)[0])]"""
    numbers, few, first = map(np.array, node.call(MODULES, script, 2000))
    assert numbers.min() > 0
    assert numbers.max() < 1
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # chi-square of 19 degrees: exceeded once in 1,000
    np.testing.assert_array_equal(few, numbers[:49])
    assert len(set(first)) == 2000
    assert abs(first.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 2000)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_numbers_of_a_seed_are_a_stream_of_their_own(seed: int) -> None:
    found = node.call("tokens/math.js", "(seed) => tested.uniforms(seed, 5)", seed)
    np.testing.assert_array_equal(found, mulberry.uniform((seed + 1) * 1000003, 5))


def test_the_reader_computes_one_token_of_each_frame_and_more_while_there_is_time() -> None:
    script = """() => {
        const steps = [], net = { start: () => ({}), rewind(cache, count) { steps.push(-count); },
            step(cache, token) { steps.push(token); return [token]; } };
        const after = tested.reader(net), past = -1;
        const found = [after([5, 6, 7], past), after([5, 6, 7], past), after([5, 6, 7], past - 1),
            after([5, 6, 7], past - 2), after([5, 6], past - 3), after([5, 8, 9])];
        return [found, steps];
    }"""
    found, steps = node.call("tokens/math.js", script)
    assert found == [None, None, None, [7], [6], [9]]  # the same frame once more computes nothing
    assert steps == [0, 5, -1, -1, 6, -2, 7, -1, 8, 9]


def test_what_is_computed_once_for_an_object_is_kept_for_it() -> None:
    script = """() => {
        let calls = 0;
        const length = tested.once((list) => { calls += 1; return list.length; }), lists = [[1, 2], [1, 2, 3]];
        return [...lists, ...lists].map(length).concat(calls);
    }"""
    assert node.call("tokens/math.js", script) == [2, 3, 2, 3, 2]


def test_a_distribution_is_the_prior_s_own() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = 4 * torch.randn(60, 16, generator=generator)
    temperatures = (0.1 + 1.9 * torch.rand(60, generator=generator)).tolist()
    tops = torch.randint(1, 17, (60,), generator=generator).tolist()
    script = "(rows, t, k) => rows.map((row, i) => tested.distribution(Float32Array.from(row), t[i], k[i]).p)"
    found = node.call(MODULES, script, rows.tolist(), temperatures, tops)
    for row, temperature, top_k, p in zip(rows, temperatures, tops, found, strict=True):
        np.testing.assert_allclose(p, probabilities(row.double()[None], temperature, top_k)[0], atol=1e-7)


def test_pick_takes_each_token_for_its_share_of_the_numbers() -> None:
    script = """(logits, n) => {
        const d = tested.distribution(Float32Array.from(logits), 1, 4);
        return [d.p, Array.from({ length: n }, (_, i) => tested.pick(d, (i + 0.5) / n)), tested.pick(d, 1 - 1e-17)];
    }"""
    p, picked, last = node.call(MODULES, script, [0.0, 2.0, 1.0, 2.0, -1.0], 100_000)
    np.testing.assert_allclose(np.bincount(picked, minlength=5) / 100_000, p, atol=2 / 100_000)
    assert picked[0] == 1  # of the two likeliest the lower number comes first
    assert last == 0


def test_logits_of_any_size_have_a_distribution_and_a_surprise() -> None:
    script = """(logits) => {
        const d = tested.distribution(Float32Array.from(logits));
        return [d.p, d.order, [0, 1, 2, 3].map((token) => tested.surpriseBits(logits, token))];
    }"""
    for row, by_size in (([900.0, -900.0, 900.0, 899.0], [0, 2, 3, 1]), ([0.0, 2000.0, -3.0, 0.0], [1, 0, 3, 2])):
        p, order, bits = node.call(MODULES, script, row)
        logits = torch.tensor(row, dtype=torch.float64)
        np.testing.assert_allclose(p, logits.softmax(0), rtol=1e-12)
        np.testing.assert_allclose(bits, -logits.log_softmax(0) / np.log(2), rtol=1e-12)
        assert order == by_size


def test_a_number_on_the_border_of_two_tokens_falls_on_the_second() -> None:
    script = """() => {
        const half = tested.distribution([0, 0]), one = tested.distribution([3, 3, 9], 1, 1);
        return [0.25, 0.5, 0.75].map((u) => tested.pick(half, u)).concat(tested.pick(one, 0.999));
    }"""
    assert node.call(MODULES, script) == [0, 1, 1, 2]


def test_codes_settled_by_hand_stay_and_the_rest_follows_from_them() -> None:
    script = """(net, states) => {
        const after = tested.reader(net), usual = { seed: 2, drawn: 49, temperature: 1 };
        const model = { after, prompt: [128], K: 128, places: 49 };
        return states.map((state) => tested.drawCodes(model, { ...usual, ...state }).codes);
    }"""
    prior = small_prior().transformer
    (free,) = with_net(prior, script, [{}])
    held, half, short, none = with_net(
        prior, script, [{"fixed": [5, 6, 7]}, {"fixed": free[:20]}, {"drawn": 12}, {"drawn": 0}]
    )
    assert held[:3] == [5, 6, 7]
    assert held[3:] != free[3:]
    assert (half, short, none) == (free, free[:12], [])


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 30), (0.1, 30), (2.0, 5), (0.7, 1)])
def test_drawing_in_the_page_is_drawing_in_python(temperature: float, top_k: int) -> None:
    logits = (3 * np.random.default_rng(0).normal(size=(50, 30))).astype(np.float32)
    logits[:, 7] = logits[:, 11]  # equal ones go by number
    found = node.call(
        MODULES,
        """(rows, temperature, top_k) => rows.map((row) => {
            const d = tested.distribution(Float32Array.from(row), temperature, top_k);
            return [d.p, [0.001, 0.3, 0.6, 0.999].map((u) => tested.pick(d, u)), tested.surpriseBits(row, 4)];
        })""",
        *(logits.tolist(), temperature, top_k),
    )
    for row, (p, picked, bits) in zip(logits, found, strict=True):
        expected = distribution(row, temperature, top_k)
        np.testing.assert_allclose(p, expected, atol=1e-12)
        assert picked == [pick(expected, row, u) for u in (0.001, 0.3, 0.6, 0.999)]
        assert bits == pytest.approx(-np.log2(distribution(row)[4]), abs=1e-9)


def is_near_tie(shown: Drawn, state: dict[str, Any], codes: list[int], place: int) -> bool:
    """Whether the page's code at `place` lies within NEAR_TIE of the seed's number, given the same codes before it."""
    whole = {**state, "fixed": codes[:place], "drawn": place + 1}
    p = shown.odds({**whole, "cursor": place})
    order = np.argsort(-p, kind="stable")
    reached = np.cumsum(p[order])[list(order).index(codes[place])]
    u = uniforms(state["seed"])[place]
    return bool(min(abs(reached - u), abs(reached - p[codes[place]] - u)) < NEAR_TIE)


@pytest.mark.parametrize("name", ["small", "shipped"])
def test_codes_drawn_in_the_page_are_those_drawn_in_python(name: str) -> None:
    prior = small_prior() if name == "small" else pretrained.load("prior-mnist")
    vqvae = pretrained.load("vqvae-mnist")
    shown = Drawn(TokenExplorer(prior, vqvae), prior, vqvae)
    cases = [
        (seed, label, t, k) for seed, label in enumerate((None, 0, 3, 8)) for t, k in ((1, None), (0.7, 20), (1.5, 1))
    ]
    states = [{"seed": s, "label": label, "temperature": t, "top_k": k, "drawn": 49} for s, label, t, k in cases]
    prompts = [[int(prior.start(1, label))] for _, label, _, _ in cases]
    drawn = """(net, states, prompts) => states.map((state, i) =>
        tested.drawCodes({ after: tested.reader(net), prompt: prompts[i], K: 128, places: 49 }, state).codes)"""
    found = with_net(prior.transformer, drawn, states, prompts)
    unlike = [(s, codes) for s, codes in zip(states, found, strict=True) if codes != shown.codes(s).tolist()]
    for state, codes in unlike:
        place = int(np.flatnonzero(np.array(codes) != shown.codes(state))[0])
        assert is_near_tie(shown, state, codes, place), f"{state}: another code at {place}"
    assert len(unlike) <= 1, f"{len(unlike)} of {len(states)} sequences met a near-tie"
