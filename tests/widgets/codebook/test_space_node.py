"""What the codebook explorer computes in the page, against numpy and torch, on a small model."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from tests.page import node
from tests.quantizers.examples import started
from vqedu.data import Split
from vqedu.models import VQVAE
from vqedu.widgets import CodebookExplorer
from vqedu.widgets.codebook.codes import Window

DEAD = [2, 5, 9]  # of the 12 codes


@cache
def pictures() -> Split:
    """Forty seeded pictures of black and white squares."""
    squares = torch.rand(40, 1, 7, 7, generator=torch.Generator().manual_seed(0)).round()
    return Split(squares.repeat_interleave(4, 2).repeat_interleave(4, 3), torch.arange(40) % 10)


@cache
@torch.no_grad()
def model() -> VQVAE:
    """A VQ-VAE whose 12 codes are vectors of the pictures, but for three far away, of which two are equal."""
    made = started("VectorQuantizer")
    vectors = made.encoder(pictures().x).movedim(1, -1).flatten(0, 2)  # (40 * 49, 3)
    codes = vectors[torch.randperm(len(vectors), generator=torch.Generator().manual_seed(0))[:12]]
    codes[DEAD] = torch.tensor([[1e3], [2e3], [2e3]])
    made.quantizer.set_codebook(codes)
    return made


@cache
def explorer() -> CodebookExplorer:
    """An explorer of its codes that shows 9 of the pictures."""
    return CodebookExplorer(model(), pictures(), digits=9)


def in_space(function: str, *given: Any) -> Any:
    """Return function(space, state, *given), where `space` and the first `state` are the explorer's."""
    script = f"""(text, config, state, ...given) =>
        ({function})(tested.codebookSpace(view(text), config), state, ...given)"""
    data = base64.b64encode(explorer().data).decode()
    return node.call("codebook/space.js", script, data, explorer().config, explorer().state, *given)


def call(function: str, *given: Any) -> Any:
    return node.call("codebook/space.js", function, *given)


def test_how_unevenly_codes_are_used_is_their_entropy() -> None:
    counts = [3, 0, 5, 1, 1]
    shares = np.array([0.3, 0.5, 0.1, 0.1])
    found = call("(counts) => tested.usageOf(counts)", counts)
    bits = -(shares * np.log2(shares)).sum()
    assert (found["total"], found["used"]) == (10, 4)
    assert (found["bits"], found["perplexity"]) == (pytest.approx(bits), pytest.approx(2**bits))


def test_codes_are_ordered_by_their_use_and_equally_used_ones_by_number() -> None:
    counts = explorer().space.counts.tolist()
    assert [k for k in range(12) if not counts[k]] == DEAD
    order = sorted(range(12), key=lambda k: (-counts[k], k))
    found = in_space("(space) => [space.order, space.ranks, space.usage.total, space.counts]")
    assert found == [order, [order.index(k) for k in range(12)], 40 * 49, counts]


def test_examples_come_from_as_many_pictures_as_there_are_before_a_picture_comes_twice() -> None:
    maps = explorer().space.maps.flatten(1).tolist()
    for k, found in enumerate(in_space("(space) => [...space.counts.keys()].map((k) => space.examples(k))")):
        expected = []
        groups = [[cell for cell, code in enumerate(codes) if code == k] for codes in maps]
        for turn in range(49):
            for digit, cells in enumerate(groups):
                if turn < len(cells):
                    expected.append({"digit": digit, "cell": cells[(turn + 31 * digit) % len(cells)]})
        assert found == expected[:24]


def test_names_pictures_and_strokes_are_those_that_were_packed() -> None:
    parts = "(space) => [space.nameOf(7), Array.from(space.image(7)), Array.from(space.stroke(5)), space.paper.length]"
    name, image, stroke, paper = in_space(parts)
    assert name == f"digit {explorer().labels[7]}"
    np.testing.assert_allclose(image, explorer().images[7].flatten(), atol=0.5 / 255)
    np.testing.assert_allclose(stroke, explorer().space.strokes[5].flatten(), atol=0.5 / 255 + 1e-6)
    assert paper == 784


@pytest.mark.parametrize("window", [Window(-7, 4, 18), Window(0, 4, 4), Window(-2, 4, 5)])
def test_the_pixels_of_a_cell_are_cut_at_the_edges(window: Window) -> None:
    field = window._asdict() | {"side": 28, "columns": 7}
    boxes = call("(field) => Array.from({ length: 49 }, (_, cell) => tested.windowOf(field, cell))", field)
    for cell, box in enumerate(boxes):
        rows, columns = window.slices(cell)
        assert box == {
            "left": columns.start, "top": rows.start,
            "width": columns.stop - columns.start, "height": rows.stop - rows.start,
        }  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3])
def test_a_patch_around_a_cell_continues_as_paper_beyond_the_edge(channels: int) -> None:
    pixels = np.random.default_rng(0).random((channels, 8, 8)).round(3)
    field = {"start": -1, "stride": 4, "size": 6, "side": 8, "columns": 2}
    found = call(
        "(x, field) => [0, 1, 2, 3].map((cell) => tested.patchOf(x, field, cell))", pixels.flatten().tolist(), field
    )
    wide = np.pad(pixels, ((0, 0), (1, 1), (1, 1)), constant_values=float(channels == 3))
    for patch, (row, column) in zip(found, [(0, 0), (0, 4), (4, 0), (4, 4)], strict=True):
        expected = wide[:, row : row + 6, column : column + 6]
        np.testing.assert_allclose(np.reshape(patch, (channels, 6, 6)), expected, rtol=1e-6)


VIEWED = """(space, first, states) => {
    const view = tested.codebookViewer(space);
    return states.map(([state, peek]) => {
        const { x, own, indices, cell, code, squares, ownError, error, swapped, candidates } =
            view({ ...first, ...state }, { cell: null, code: null, ...peek });
        return { x, own, indices, cell, code, squares, ownError, error, swapped, candidates };
    });
}"""


@torch.no_grad()
def squared_error(codes: torch.Tensor, x: torch.Tensor) -> float:
    return float((model().decode(codes[None]).sigmoid()[0] - x).square().mean())


def test_a_swap_changes_the_picture_and_its_error_and_leaves_the_own_codes() -> None:
    swaps = [[3, 7], [40, 0]]
    plain, swapped, again, drawn = in_space(
        VIEWED,
        [
            ({"digit": 2}, {}),
            ({"digit": 2, "swaps": swaps}, {}),
            ({"digit": 4, "swaps": []}, {}),
            ({"digit": None, "drawing": [51, 255] * 392}, {}),
        ],
    )
    x = explorer().images
    own = model().encode(x[2:3])[0]
    assert plain["own"] == plain["indices"] == swapped["own"] == own.flatten().tolist()
    put = own.clone()
    put.flatten()[[3, 40]] = torch.tensor([7, 0])
    assert swapped["indices"] == put.flatten().tolist()
    assert swapped["swapped"] == [3, 40]
    assert (
        plain["error"] == plain["ownError"] == swapped["ownError"] == pytest.approx(squared_error(own, x[2]), rel=1e-3)
    )
    assert swapped["error"] == pytest.approx(squared_error(put, x[2]), rel=1e-3)
    assert again["own"] == model().encode(x[4:5]).flatten().tolist()
    stripes = torch.tensor([0.2, 1.0]).repeat(392)
    np.testing.assert_allclose(drawn["x"], stripes)
    assert drawn["own"] == model().encode(stripes.view(1, 1, 28, 28)).flatten().tolist()


def test_without_a_picture_the_paper_is_encoded() -> None:
    (empty,) = in_space(VIEWED, [({"digit": None, "drawing": None}, {})])
    assert empty["own"] == model().encode(torch.zeros(1, 1, 28, 28)).flatten().tolist()


def test_the_candidates_are_the_nearest_codes_and_the_one_that_is_there() -> None:
    far, near = in_space(VIEWED, [({"digit": 2, "cell": 9, "swaps": [[9, k]]}, {}) for k in (0, 1)])
    order = sorted(range(12), key=lambda k: (far["squares"][k], k))
    for view, k in ((far, 0), (near, 1)):
        shown = order[:8] if k in order[:8] else [*order[:7], k]
        assert view["candidates"] == [
            {"k": code, "square": view["squares"][code], "rank": order.index(code)} for code in shown
        ]
    assert order[-2:] == DEAD[1:]  # equally far
    (view,) = in_space(VIEWED, [({"digit": 2, "cell": 9, "swaps": [[9, 9]]}, {})])
    assert [(each["k"], each["rank"]) for each in view["candidates"]] == [
        *((k, i) for i, k in enumerate(order[:7])),
        (9, 11),
    ]


def test_a_look_at_a_cell_shows_its_code_and_a_look_at_a_code_shows_that_one() -> None:
    views = in_space(
        VIEWED, [({"cell": 5, "code": 3}, peek) for peek in ({}, {"cell": 0}, {"code": 0}, {"cell": 8, "code": 2})]
    )
    indices = views[0]["indices"]
    assert [(view["cell"], view["code"]) for view in views] == [(5, 3), (0, indices[0]), (5, 0), (8, 2)]


def test_the_line_says_the_place_the_nearest_code_and_what_was_put_in() -> None:
    script = """(space, first, states) => {
        const view = tested.codebookViewer(space);
        return states.map((state) => {
            const seen = view({ ...first, ...state }, { cell: null, code: null });
            return [tested.codebookWords(seen), seen.own[9], Array.from(seen.squares), seen.ownError, seen.error];
        });
    }"""
    own = in_space(VIEWED, [({"digit": 2, "cell": 9}, {})])[0]["own"][9]
    other = (own + 1) % 12
    states = [{"digit": 2, "cell": 9, "swaps": swaps} for swaps in ([], [[9, other]], [[3, 1]])]
    (plain, _, squares, *_), (swapped, _, _, before, after), (elsewhere, _, _, _, there) = in_space(script, states)
    nearest = f"At row 2, column 3, z_e is nearest to code {own} (squared distance {squares[own]:.2f})"
    assert plain == f"{nearest}."
    put = f"; you put in code {other} ({squares[other]:.2f})"
    assert swapped == f"{nearest}{put}; error {before:.4f} → {after:.4f}."
    assert elsewhere == f"{nearest}; error {before:.4f} → {there:.4f}."


def test_what_a_hand_does() -> None:
    found = in_space(
        """(space, first) => {
            const view = tested.codebookViewer(space), changes = [];
            let state = { ...first, digit: 2, cell: 9, swaps: [[3, 1], [9, 4]] };
            const seen = () => view(state, { cell: null, code: null });
            const hand = tested.codebookHand(space, () => state, seen, (change) => changes.push(change));
            const own = Array.from(seen().own), sorted = Array.from(seen().squares.keys());
            const squares = Array.from(seen().squares);
            sorted.sort((a, b) => squares[a] - squares[b] || a - b);
            hand.swap(9, own[9]); hand.swap(9, 5); hand.swap(12, 5);
            hand.look({ digit: 1 }); hand.look({ drawing: [1] }); hand.pick(3); hand.pickCode(6);
            hand.example({ digit: 8, cell: 30 }, 11); hand.putBack(3); hand.putAllBack(); hand.next(9);
            state = { ...state, swaps: [[9, sorted.at(-1)]] };
            hand.next(9);
            hand.random();
            return [own, sorted, changes];
        }"""
    )
    own, nearest_first, changes = found
    after = nearest_first[(nearest_first.index(4) + 1) % 12]
    assert changes[:10] == [
        {"cell": 9, "code": own[9], "swaps": [[3, 1]]},
        {"cell": 9, "code": 5, "swaps": [[3, 1], *([[9, 5]] if own[9] != 5 else [])]},
        {"cell": 12, "code": 5, "swaps": [[3, 1], [9, 4], *([[12, 5]] if own[12] != 5 else [])]},
        {"digit": 1, "drawing": None, "swaps": []},
        {"digit": None, "drawing": [1], "swaps": []},
        {"cell": 3, "code": 1},
        {"code": 6},
        {"digit": 8, "drawing": None, "swaps": [], "cell": 30, "code": 11},
        {"swaps": [[9, 4]], "code": own[3]},
        {"swaps": [], "code": own[9]},
    ]
    assert changes[10] == {"cell": 9, "code": after, "swaps": [[3, 1], *([[9, after]] if own[9] != after else [])]}
    assert changes[11] == {"cell": 9, "code": nearest_first[0], "swaps": []}  # after the farthest the nearest
    drawn = dict(changes[12]["swaps"])
    assert all(own[cell] != k and k in range(12) for cell, k in drawn.items())
    assert len(drawn) > 30  # of 49 cells one in twelve keeps its code
    assert len(set(drawn.values())) > 5
    assert changes[12]["code"] == drawn.get(9, own[9])
