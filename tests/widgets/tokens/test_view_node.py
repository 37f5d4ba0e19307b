"""What the token explorers show, computed in Node without a page: against the models themselves, and by hand."""

from __future__ import annotations

import base64
import copy
from typing import Any

import numpy as np
import pytest
import torch

from tests.page import node
from tests.widgets.tokens.drawing import Told, can_be_drawn, distribution, next_logits, partly_decoded, uniforms, words
from tests.widgets.tokens.test_tokens import digits, drawn, explorer, small_model, tokenizer, told, writing
from vqedu.models.words_and_images import WORDS
from vqedu.widgets import WordsAndImages

MODULE = "tokens/view.js"
LIMIT = 2 / 255  # the decoder's weights are float16 in the page


def call(function: str, *given: Any) -> Any:
    return node.call(MODULE, function, *given)


# One code after the other.

STATES: list[dict[str, Any]] = [
    {"drawn": 20},
    {"drawn": 49, "label": 3, "temperature": 0.5, "top_k": 6},
    {"drawn": 30, "cursor": 4, "fixed": [5, 6, 7, 8, 9, 10], "temperature": 2.0},
    {"drawn": 30, "cursor": 48, "top_k": 3},
    {"drawn": 0, "seed": 3, "label": 0},
    {"drawn": 4, "cursor": 0, "fixed": [0, 0], "top_k": 3},  # by hand a code that the prior may not draw
]


def test_a_state_shows_the_codes_their_odds_and_their_pictures() -> None:
    shown = explorer()
    python = drawn(shown)
    script = """(text, config, states) => {
        const model = tested.tokenModel(view(text), config);
        const rest = { K: model.K, places: model.places, columns: model.columns, uniform: model.uniform };
        return [states.map((state) => model.see(state, Infinity)), rest];
    }"""
    states = [{**shown.state, **state} for state in STATES]
    views, rest = node.call(MODULE, script, base64.b64encode(shown.data).decode(), shown.config, states)
    assert rest == {"K": 128, "places": 49, "columns": 7, "uniform": 7}
    for state, view in zip(states, views, strict=True):
        codes = python.codes(state).tolist()
        assert view["codes"] == codes
        assert view["total"] == pytest.approx(python.bits(state), abs=0.01)
        assert sum(view["bits"]) == pytest.approx(view["total"])
        assert np.abs(np.reshape(view["pixels"], (28, 28)) - python.picture(state)).max() <= LIMIT
        assert not view["behind"]
        where = min(48 if state["cursor"] is None else state["cursor"], len(codes), 48)
        assert view["where"] == where
        luck = None if where < len(state["fixed"]) else uniforms(state["seed"])[where]
        assert view["luck"] == luck
        odds = python.odds({**state, "cursor": where})
        np.testing.assert_allclose(view["odds"]["p"], odds, atol=1e-4)
        check_candidates(view, codes, where, np.array(view["odds"]["p"]))


def check_candidates(view: dict[str, Any], codes: list[int], where: int, odds: np.ndarray) -> None:
    """The eight most probable codes, the one that is there among them, each with the picture that it would make."""
    best = [int(code) for code in np.argsort(-odds, kind="stable")[:8] if odds[code] > 0]
    there = codes[where : where + 1]
    expected = best if not there or there[0] in best else [*best[:7], *there]
    assert [each["code"] for each in view["candidates"]] == expected
    for each in view["candidates"]:
        tried = np.array([*codes[:where], each["code"], *codes[where + 1 :]])
        assert each["p"] == odds[each["code"]]
        assert each["chosen"] == (there == [each["code"]])
        assert each["filled"] == len(tried)
        picture = partly_decoded(tokenizer(), tried)
        assert np.abs(np.reshape(each["pixels"], (28, 28)) - picture).max() <= LIMIT


@pytest.mark.parametrize("drawn_codes", [3, 49])
def test_a_view_that_is_behind_has_the_odds_of_the_last_code_read_and_no_new_picture(drawn_codes: int) -> None:
    shown = explorer()
    python, state = drawn(shown), {**shown.state, "drawn": drawn_codes}
    script = """(text, config, state) => {
        const model = tested.tokenModel(view(text), config), clock = performance.now, views = [];
        let time = 1000;
        performance.now = () => time;
        try {
            do { time += 1; views.push(model.see(state, -0.5)); } while (views.at(-1).behind);
        } finally { performance.now = clock; }
        return views.map(({ codes, odds, where, candidates, pixels, behind }) => ({
            codes, p: odds.p, picture: pixels !== null, lacks: candidates.some((each) => !each.pixels), behind,
            tried: candidates.filter((each) => each.pixels).map((each) => codes.toSpliced(where, 1, each.code)),
        }));
    }"""
    views = node.call(MODULE, script, base64.b64encode(shown.data).decode(), shown.config, state)
    last = min(drawn_codes, 48)  # the place whose odds are shown in the end
    known: list[list[int]] = []  # whose pictures a candidate has had
    for frame, view in enumerate(views, 1):  # the first reads the prompt and a code, each other one code more
        assert view["codes"] == python.codes(state).tolist()[: frame + 1]
        np.testing.assert_allclose(view["p"], python.odds({**state, "cursor": min(frame, last)}), atol=1e-4)
        assert view["picture"] == (frame == 1 or frame >= last or view["codes"] in known)
        known += view["tried"]
        assert view["behind"] == (frame < last or view["lacks"])
    assert last < len(views) <= last + 8  # a frame makes at least one of the pictures of the eight candidates


@pytest.mark.parametrize(("module", "kind"), [(MODULE, "tokenModel"), ("tokens/words_view.js", "wordsModel")])
def test_a_frame_goes_on_for_as_long_as_it_is_given_from_its_beginning(module: str, kind: str) -> None:
    shown = explorer() if kind == "tokenModel" else writing(order="read")
    script = f"""(text, config, state) => {{
        const model = tested.{kind}(view(text), config), clock = performance.now;
        performance.now = () => 1000;
        try {{ return model.see(state, 1).behind; }} finally {{ performance.now = clock; }}
    }}"""
    assert node.call(module, script, base64.b64encode(shown.data).decode(), shown.config, shown.state) is False


STUB = """
    const net = { D: 2, places: 3, codebook: [1, 2, 3, 4, 5, 6], made: 0,
        decodeVectors(z) { this.made += 1; return Array.from(z); } };
    const clock = performance.now;
    let time = 1000;
    performance.now = () => time;
    try { return run(net, (now) => { time = now; }); } finally { performance.now = clock; }
"""


def with_clock(run: str) -> Any:
    """Return run(net, setTime), `net` being of three codes of two numbers that counts what it decodes."""
    return call(f"() => {{ const run = {run}; {STUB} }}")


def test_an_empty_place_holds_the_zero_vector() -> None:
    assert with_clock("(net) => tested.partlyDecoded(net, [2, 0])") == [5, 1, 0, 6, 2, 0]


def test_a_frame_decodes_one_picture_and_more_only_while_there_is_time() -> None:
    found = with_clock("""(net, setTime) => {
        const { within } = tested.pictures(net), shown = [];
        for (const [codes, until] of [[[0], 999], [[1], 999], [[0], 999], [[1], 998], [[2], 1000], [[1, 1], 1000]]) {
            shown.push(within(codes, until)?.[0] ?? null);
        }
        return [shown, net.made];
    }""")
    assert found == [[1, None, 1, 3, 5, 3], 4]  # the second waits for the next frame; what is known costs nothing


def test_only_the_last_64_pictures_are_kept() -> None:
    found = with_clock("""(net) => {
        const { within } = tested.pictures(net), list = (i) => [0, ...Array(i).fill(1)];
        for (let i = 0; i < 64; i++) within(list(i), Infinity);
        within(list(0), Infinity);
        const before = net.made;
        within(list(64), Infinity); // the first is forgotten
        within(list(1), Infinity);
        within(list(0), Infinity);
        return [before, net.made];
    }""")
    assert found == [64, 66]


def test_while_codes_are_read_a_picture_is_shown_now_and_then() -> None:
    found = with_clock("""(net, setTime) => {
        const { paced } = tested.pictures(net), shown = [];
        for (const [time, codes, unread] of [[1000, [0], true], [1079, [1], true], [1079, [0], true], [1080, [1], true],
            [1081, [2], false], [1160, [0, 0], true], [1161, [0, 0], true]]) {
            setTime(time);
            shown.push(paced(codes, unread)?.[0] ?? null);
        }
        return shown;
    }""")
    assert found == [1, None, 1, 3, 5, None, 1]


def test_drawing_stops_where_the_time_is_over_and_never_reads_behind_the_last_place() -> None:
    found = call(
        """() => {
            const row = Float32Array.from([0, 9, 0, 0, 7]), seen = [];
            const after = (tokens, until) => { seen.push(tokens.length); return tokens.length < until ? row : null; };
            const model = { after, prompt: [8, 8], K: 3, places: 4 }, state = { seed: 0, temperature: 0.1 };
            const draw = (drawn, until) => {
                const { codes, logits } = tested.drawCodes(model, { ...state, drawn }, until);
                return [codes, logits.map((each) => each.length)];
            };
            return [draw(4, 99), draw(2, 99), draw(4, 4), seen];
        }"""
    )
    assert found[:3] == [[[1] * 4, [3] * 4], [[1] * 2, [3] * 3], [[1] * 2, [3] * 2]]  # of the logits only the codes'
    assert found[3] == [2, 3, 4, 5, 2, 3, 4, 2, 3, 4]


def test_the_logits_of_the_codes_are_one_object_however_often_they_are_asked_for() -> None:
    found = call("""() => {
        const row = Float32Array.from([0, 9, 7]), state = { seed: 0, temperature: 1, drawn: 1 };
        const first = () => tested.drawCodes({ after: () => row, prompt: [8], K: 2, places: 4 }, state).logits[0];
        return first() === first();
    }""")
    assert found  # so that they are sorted once


def test_numbers_in_words() -> None:
    shares = [0, 0.0004, 0.0005, 0.0994, 0.0996, 0.5, 1]
    assert call("(p) => p.map(tested.percent)", shares) == ["<0.1%", "<0.1%", "0.1%", "9.9%", "10%", "50%", "100%"]
    numbers = [7, 7.004, 6.997, 7.006, 3.5849625, 0.005]
    assert call("(v) => v.map(tested.rounded)", numbers) == ["7", "7", "7", "7.01", "3.58", "0.01"]


def test_what_the_codes_cost_in_words() -> None:
    model = {"uniform": 7, "places": 49, "columns": 7}
    views = [
        {"codes": [], "bits": [], "total": 0, "where": 0},
        {"codes": [5, 6], "bits": [2.04, 3.06], "total": 5.1, "where": 1},
        {"codes": list(range(16)), "bits": [1.0] * 16, "total": 16, "where": 9},
        {"codes": [5, 6], "bits": [2.04, 3.06], "total": 5.1, "where": 2},
    ]
    assert call("(model, views) => views.map((view) => tested.bitsWords(view, model))", model, views) == [
        "No code yet. With uniform probabilities, 49 codes cost 49 × 7 = 343 bits",
        "Surprise of code 6 (row 1, column 2): 3.1 bits; so far 5.1 bits, against 2 × 7 = 14 for uniform codes",
        "Surprise of code 9 (row 2, column 3): 1.0 bits; so far 16.0 bits, against 16 × 7 = 112 for uniform codes",
        "Surprise of code 6 (row 1, column 2): 3.1 bits; so far 5.1 bits, against 2 × 7 = 14 for uniform codes",
    ]


def test_the_state_in_words() -> None:
    usual = {"label": None, "top_k": None, "temperature": 1, "seed": 2}
    states = [usual, usual | {"label": 0, "top_k": 1}, usual | {"top_k": 5}, usual | {"top_k": 128}]
    script = """(states) => states.map((state) => tested.viewWords({ state, codes: [1, 2], total: 3.6 },
        { K: 128, places: 49, noun: "digit", classes: [0, 1] }))"""
    ends = "codes drawn for {}, 4 bits; temperature 1.00, {} allowed, seed 2."
    expected = [("any digit", "all 128 codes"), ("digit 0", "only the 1 most probable code")]
    expected += [("any digit", "only the 5 most probable codes"), ("any digit", "all 128 codes")]
    assert call(script, states) == [f"2 of 49 {ends.format(*pair)}" for pair in expected]
    state = {"label": 1, "top_k": None, "temperature": 0.5, "seed": 0}
    names = """(state) => tested.viewWords({ state, codes: [], total: 0 },
        { K: 9, places: 4, noun: "picture", classes: ["cat", "dog"] })"""
    assert call(names, state).startswith("0 of 4 codes drawn for “dog”, 0 bits; temperature 0.50")


# Words and codes in one sequence.

WORDS_STATES: list[dict[str, Any]] = [
    {"order": "draw", "text": "A thick three", "drawn": 49},
    {"order": "draw", "text": "two", "drawn": 5, "temperature": 0.5},
    {"order": "draw", "text": "two plus two", "drawn": 0},
    {"order": "draw", "text": "a thick three", "drawn": None},
    {"order": "draw", "text": "a purple three", "drawn": 9},
    {"order": "draw", "text": "", "drawn": 9},
    {"order": "draw", "text": "a thick thick three", "drawn": 9},
    {"order": "read", "digit": 3},
    {"order": "read", "digit": 3, "said": ["an"]},
    {"order": "read", "digit": None, "drawing": [128, 255] * 392},
    {"order": "read", "digit": None, "codes": list(range(49))},
    {"order": "read", "digit": None},
]


def words_views(
    states: list[dict[str, Any]], shown: WordsAndImages | None = None
) -> tuple[Any, list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (what Python expects of the small model, the whole states, what the page shows of each)."""
    shown = shown or writing()
    whole = [{**shown.state, "codes": None, "drawing": None, "said": [], **state} for state in states]
    script = """(text, config, states) => {
        const model = tested.wordsModel(view(text), config);
        return states.map((state) => model.see(state, Infinity));
    }"""
    text = base64.b64encode(shown.data).decode()
    return told(shown), whole, node.call("tokens/words_view.js", script, text, shown.config, whole)


def test_words_and_codes_are_one_sequence() -> None:
    python, states, views = words_views(WORDS_STATES)
    for state, view in zip(states, views, strict=True):
        assert view["codes"] == python.codes(state).tolist()
        assert not view["behind"]
        if state["order"] == "read" or can_be_drawn(state["text"]):
            assert [each["name"] for each in view["sequence"]] == python.sequence(state)
        if view["codes"]:
            picture = partly_decoded(tokenizer(), np.array(view["codes"]))
            assert np.abs(np.reshape(view["pixels"], (28, 28)) - picture).max() <= LIMIT
    kinds = {each["name"]: each["kind"] for view in views for each in view["sequence"]}
    assert {kinds[name] for name in ("a", "thick", "three")} == {"word"}
    assert {kinds[name] for name in ("<words>", "<image>", "<end>")} == {"mark"}
    assert all(kind == "image" for name, kind in kinds.items() if name.isdigit())


def test_the_answer_has_its_words_with_their_odds_and_the_best_others() -> None:
    reading = [state for state in WORDS_STATES if state["order"] == "read"][:4]
    python, states, views = words_views([*reading, *({"order": "read", "digit": digit} for digit in range(4, 9))])
    for state, view in zip(states, views, strict=True):
        check_answer(python, state, view)


def test_words_of_next_to_no_probability_are_not_offered() -> None:
    model = copy.deepcopy(small_model())
    with torch.no_grad():
        model.transformer.head.weight.mul_(8)  # a power of two: exact in the page's float16, too
    shown = WordsAndImages(model, tokenizer(), digits())
    python = Told(shown, model, tokenizer())
    _, states, views = words_views([{"order": "read", "digit": digit} for digit in range(20)], shown)
    for state, view in zip(states, views, strict=True):
        check_answer(python, state, view)
    best = [p for view in views for step in view["steps"] for _, p in best_words(python, view["codes"], [])]
    assert any(0.0005 <= p < 0.001 for p in best)
    assert any(p < 0.0005 for p in best)


def check_answer(python: Told, state: dict[str, Any], view: dict[str, Any]) -> None:
    """The words said with their odds; beside each the others of the five best that are worth showing."""
    expected = python.answer(state)
    assert [step["said"] for step in view["steps"]] == [word for word, _ in expected]
    np.testing.assert_allclose([step["p"] for step in view["steps"]], [p for _, p in expected], atol=1e-4)
    for place, step in enumerate(view["steps"]):
        best = best_words(python, view["codes"], [word for word, _ in expected[:place]])
        worth = [(name, p) for name, p in best if p >= 0.0005 or name == step["said"]]
        assert [option["name"] for option in step["options"]] == [name for name, _ in worth]
        np.testing.assert_allclose([option["p"] for option in step["options"]], [p for _, p in worth], atol=1e-4)


def best_words(python: Told, codes: list[int], before: list[str]) -> list[tuple[str, float]]:
    """Return the five likeliest words that may follow others in the answer, with their probabilities."""
    token = python.model.token
    begun = (token["<image>"], *codes, token["<words>"], *[token[word] for word in before])
    p = distribution(next_logits(python.model.transformer, begun))
    return sorted([(word, float(p[token[word]])) for word in (*WORDS, "<end>")], key=lambda each: -each[1])[:5]


def test_an_answer_ends_where_the_hand_ends_it() -> None:
    _, _, views = words_views([{"order": "read", "digit": 3, "said": said} for said in (["<end>"], ["a", "<end>"])])
    assert [[step["said"] for step in view["steps"]] for view in views] == [["<end>"], ["a", "<end>"]]


def test_a_picture_that_is_drawn_is_read_back_and_one_in_the_making_has_likeliest_tokens() -> None:
    python, states, views = words_views(WORDS_STATES[:3])
    codes = python.codes(states[0])
    assert views[0]["readBack"] == " ".join(word for word, _ in answer_to(codes))
    assert views[0]["likeliest"] is None
    for view in views[1:]:
        assert view["readBack"] is None
        odds = [each["p"] for each in view["likeliest"]]
        assert len(odds) == 8
        assert odds == sorted(odds, reverse=True)


def answer_to(codes: np.ndarray) -> list[tuple[str, float]]:
    """Return what the small model says of codes, without <end>."""
    shown = told(writing(order="read"))
    answer = shown.answer({"codes": codes.tolist(), "digit": None, "drawing": None, "said": []})
    return [each for each in answer if each[0] != "<end>"]


def test_a_problem_with_a_text_is_said_in_a_sentence() -> None:
    _, states, views = words_views(WORDS_STATES[:7])
    vocabulary = writing().config["words"]
    told_words = f"{', '.join(vocabulary)}."
    assert [view["problem"] for view in views] == [
        *[None] * 4,
        f"“purple” is not among the model's {len(vocabulary)} words: {told_words}",
        f"Write 1 to 3 of these words: {told_words}",
        "A request has at most 3 words, and this one has 4. Shorten it.",
    ]
    assert words(states[0]["text"]) == ["a", "thick", "three"]
    _, _, (two,) = words_views([{"order": "draw", "text": "a purple green three", "drawn": 9}])
    assert two["problem"].startswith("“purple”, “green” are not among the model's")


def test_the_pictures_to_read_are_those_that_were_packed() -> None:
    script = """(text, config) => {
        const model = tested.wordsModel(view(text), config);
        return [Array.from(model.image(4)), model.labels, model.columns, model.K, model.places, model.paper.length];
    }"""
    shown = writing()
    image, labels, *sizes = node.call(
        "tokens/words_view.js", script, base64.b64encode(shown.data).decode(), shown.config
    )
    np.testing.assert_allclose(image, shown.images[4].flatten(), atol=0.5 / 255)
    assert labels == list(shown.labels)
    assert sizes == [7, 128, 49, 784]
