"""Every explorer of codes with every kind of quantizer: it shows what the model computes, and leaves it as it was."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from tests.page import node
from tests.page.examples import x_shown
from tests.quantizers.examples import QUANTIZERS, started
from vqedu.data import Split
from vqedu.models import VQVAE, CodePrior
from vqedu.models import WordsAndImages as Model
from vqedu.widgets import CodebookExplorer, ResidualExplorer, TokenExplorer, WordsAndImages

HALF_A_GREY_LEVEL = 0.5 / 255  # the decoder's weights are float16 in the page


@cache
def split() -> Split:
    gray = torch.randint(256, (40, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    return Split(gray / 255, torch.arange(40) % 10)


def over_its_codes(kind: type[CodePrior] | type[Model], vqvae: VQVAE) -> Any:
    """Return a small seeded model over the codes of a VQ-VAE."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(vqvae.codebook_size, width=16, depth=1, heads=2)


EXPLORERS: dict[str, Callable[[VQVAE], Any]] = {
    "codebook": lambda model: CodebookExplorer(model, split(), digits=20),
    "tokens": lambda model: TokenExplorer(over_its_codes(CodePrior, model), model, drawn=49),
    "words and images": lambda model: WordsAndImages(over_its_codes(Model, model), model, split()),
}


# What each of them shows in its first state, by its JavaScript: a code map and the picture that it decodes to.
VIEWS = {
    "codebook": ("codebook/space.js", "tested.codebookViewer(tested.codebookSpace(data, config))(state, NO_PEEK)"),
    "tokens": ("tokens/view.js", "tested.tokenModel(data, config).see(state, Infinity)"),
    "words and images": ("tokens/words_view.js", "tested.wordsModel(data, config).see(state, Infinity)"),
}


def seen(explorer: str, shown: Any) -> tuple[torch.Tensor, np.ndarray]:
    """Return the code map (7, 7) and the picture (28, 28) that the page shows."""
    module, view = VIEWS[explorer]
    script = f"""(text, config, state) => {{
        const data = view(text), NO_PEEK = {{ cell: null, code: null }};
        const {{ codes, indices, pixels }} = {view};
        return [codes ?? indices, pixels];
    }}"""
    data = base64.b64encode(shown.data).decode()
    codes, pixels = node.call(module, script, data, shown.config, shown.state)
    return torch.tensor(codes).view(7, 7), np.reshape(pixels, (28, 28))


def first_stage(model: VQVAE, maps: torch.Tensor) -> np.ndarray:
    """Return x_hat of one code map (7, 7) of a model's first stage, decoded by the model itself."""
    several = len(model.quantizer.stages) > 1
    with torch.no_grad():
        return model.decode(maps[None, ..., None] if several else maps[None]).sigmoid()[0, 0].numpy()


@pytest.mark.parametrize("quantizer", QUANTIZERS)
@pytest.mark.parametrize("explorer", EXPLORERS)
def test_the_picture_is_what_the_model_decodes(explorer: str, quantizer: str) -> None:
    model = started(quantizer)
    codes, picture = seen(explorer, EXPLORERS[explorer](model))
    assert 0 <= codes.min() <= codes.max() < model.codebook_size
    np.testing.assert_allclose(picture, first_stage(model, codes), atol=HALF_A_GREY_LEVEL)


@pytest.mark.parametrize("quantizer", QUANTIZERS)
def test_codes_are_the_quantizer_s(quantizer: str) -> None:
    model = started(quantizer)
    shown = CodebookExplorer(model, split(), digits=20)
    indices = model.encode(split().x).view(40, 7, 7, -1)[..., 0]
    assert shown.space.counts.tolist() == torch.bincount(indices.flatten(), minlength=model.codebook_size).tolist()
    x = x_shown(shown.state, shown.images)
    codes, _ = seen("codebook", shown)
    assert (codes == model.encode(torch.from_numpy(x)[None, None]).view(7, 7, -1)[..., 0]).all()


@pytest.mark.parametrize("quantizer", QUANTIZERS)
@pytest.mark.parametrize("explorer", [*EXPLORERS, "residual"])
def test_a_model_in_training_is_copied_and_stays_as_it_was(explorer: str, quantizer: str) -> None:
    model = started(quantizer).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    make = {**EXPLORERS, "residual": lambda model: ResidualExplorer(model, split())}[explorer]
    if explorer == "residual" and len(model.quantizer.stages) == 1:
        with pytest.raises(TypeError, match="several stages"):
            make(model)
        return
    shown = make(model)
    packed = shown.data
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    with torch.no_grad():
        model.decoder[0].weight.zero_()
    assert shown.data == packed
