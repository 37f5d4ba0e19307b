"""The explorers of color pictures without a page: names in pieces, guided drawing, reading, against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.page.conv_nets import shipped
from tests.widgets import color
from vqedu import data
from vqedu.data import tokenizer
from vqedu.widgets import CodebookExplorer, TokenExplorer


def test_the_page_writes_all_names_in_the_pieces_that_python_writes_them_in() -> None:
    texts = data.load("emoji").sentences
    found = color.in_words_model(
        color.words_explorer(), "(model, texts) => texts.map((text) => tested.parseText(text, model).known)", texts
    )
    assert found == [tokenizer.pieces(text, color.names().pieces) for text in texts]


def test_letters_that_were_never_taught_and_too_long_names_are_answered_in_a_sentence() -> None:
    texts = ["", "a ж", "x " * 40, "zebra", "x " * 16, "x " * 17]
    problems = color.in_words_model(
        color.words_explorer(), "(model, texts) => texts.map((text) => tested.parseText(text, model).problem)", texts
    )
    assert problems[0] == "Write what it should draw."
    assert problems[1] == "There are letters in “ж” that the model was never taught."
    assert problems[2] == "A name may have 16 pieces; these are 40. Make it shorter."
    assert problems[3:5] == [None, None]
    assert problems[5] == "A name may have 16 pieces; these are 17. Make it shorter."


def test_a_piece_that_does_not_end_its_word_is_shown_with_a_hyphen_and_a_mark_as_it_is() -> None:
    explorer = color.words_explorer(text="woman zebra")
    see = "(model, state) => model.see({ ...state, drawn: 0 }, Infinity).sequence.map(({ label }) => label)"
    pieces = tokenizer.pieces("woman zebra", color.names().pieces)
    assert "woman " in pieces
    assert any(not piece.endswith(" ") for piece in pieces)
    expected = [piece[:-1] if piece.endswith(" ") else f"{piece}\u2011" for piece in pieces]
    missing = ["<end>"] * (16 - len(pieces))
    assert color.in_words_model(explorer, see, explorer.state) == ["<words>", *expected, *missing, "<image>"]


@pytest.mark.parametrize(("text", "seed", "temperature", "guidance"), [(color.NAME, 0, 0.7, 2.0), ("okapi", 3, 1, 1)])
def test_what_the_page_draws_and_reads_back_is_what_torch_draws_and_reads(
    text: str, seed: int, temperature: float, guidance: float
) -> None:
    explorer = color.words_explorer(text=text, seed=seed, temperature=temperature, guidance=guidance)
    see = """(model, state) => {
        const { codes, pixels, readBack } = model.see(state, Infinity);
        return { codes, pixels, readBack };
    }"""
    found = color.in_words_model(explorer, see, explorer.state)
    assert found["codes"] == color.drawn(text, seed, temperature, guidance)
    assert np.abs(np.reshape(found["pixels"], (3, 32, 32)) - color.decoded(found["codes"])).max() <= 2 / 255
    assert found["readBack"] == color.names().read(torch.tensor(found["codes"]).view(1, 8, 8))[0]


def test_a_picture_is_read_piece_by_piece_as_in_python() -> None:
    explorer = color.words_explorer(order="read", digit=5)
    see = """(model, state) => {
        const { codes, steps } = model.see(state, Infinity);
        return [codes, tested.sentenceOf(steps), steps.map(({ said }) => said)];
    }"""
    codes, sentence, said = color.in_words_model(explorer, see, explorer.state)
    expected = shipped("vqvae-emoji").encode(explorer.images[5:6])
    assert codes == expected.flatten().tolist()
    assert sentence == color.names().read(expected)[0]
    explorer.state = {"said": said[:2]}  # what the page tells, Python takes


def test_a_state_that_cannot_be_shown_is_named() -> None:
    shown = color.words_explorer()
    for state, sentence in (
        ({"codes": [1] * 49}, "codes must be None or 64 codes"),
        ({"drawn": 65}, "from 0 to 64"),
        ({"drawing": [0] * 784}, "a list of 3072 gray levels"),
        ({"said": ["purple"]}, "no word 'purple'"),
    ):
        with pytest.raises(ValueError, match=sentence):
            shown.state = state
    with pytest.raises(ValueError, match="label must be a whole number from 0 to 1"):
        color.token_explorer().state = {"label": 2}


def test_pictures_of_another_size_than_the_model_s_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(N, 1, 28, 28\)"):
        CodebookExplorer(shipped("vqvae-mnist"), color.emoji())
    with pytest.raises(ValueError, match="has 512 codes, but the VQ-VAE has 128"):
        TokenExplorer(color.names(), shipped("vqvae-mnist"))


def test_what_a_code_draws_is_a_mean_patch_in_color_on_white_paper() -> None:
    space = color.codebook_explorer().space
    indices = shipped("vqvae-emoji").encode(color.emoji().x)
    x_hat = shipped("vqvae-emoji").decode(indices).sigmoid().detach()
    padded = torch.nn.functional.pad(x_hat, (4, 4, 4, 4), value=1.0)
    code = int(indices[0, 0, 0])
    cells = (indices == code).nonzero().tolist()
    patches = [padded[n, :, 4 * r : 4 * r + 12, 4 * c : 4 * c + 12] for n, r, c in cells]
    np.testing.assert_allclose(space.strokes[code], torch.stack(patches).mean(0), atol=1e-5)
