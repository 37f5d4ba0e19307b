"""How each shipped model was trained. `python -m vqedu train NAME` follows a recipe, and writes weights and card."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from vqedu import data, models, training, validate
from vqedu.data import emoji, jitter
from vqedu.data import tokenizer as text_tokenizer
from vqedu.models import causal_vae, words_and_images
from vqedu.pretrained.checkpoints import built, load, metadata


@dataclass(frozen=True)
class Recipe:
    """A model, its constructor's arguments, and the arguments of `training.fit`.

    `fit` may hold "then": the arguments of a second training that goes on from the first, those of the model's loss
    under "loss".
    """

    model: str
    arguments: dict[str, Any]
    fit: dict[str, Any] = field(default_factory=dict)
    data: str = "mnist"
    start_at_mean_image: bool = True
    seed: int = 0  # of the starting weights; `fit` takes its own
    likelihood_samples: Sequence[int] = ()  # for a VAE: estimate log p(x) with these many samples an image
    labelled: bool = False  # each example begins with its label
    tokenizer: str | None = None  # a shipped VQ-VAE: the examples are its code maps, or for a judge its x_hat as well
    moved: int = 0  # pixels by which pictures are shifted at random in training, and a half of them mirrored
    jittered: int = 0  # so many copies of the images, each moved a little, are among the examples of the first `fit`


RECIPES = {
    "ae-2d": Recipe("Autoencoder", {"latent_dim": 2, "hidden": [400, 400, 400]}, {"epochs": 30, "batch_size": 256}),
    "ae-32d": Recipe("Autoencoder", {"latent_dim": 32}, {"epochs": 20, "batch_size": 256}),
    "vae-2d": Recipe("VAE", {"latent_dim": 2, "hidden": [400, 400, 400]}, {"epochs": 80, "batch_size": 256}),
    "vae-50d": Recipe(
        "VAE",
        {"latent_dim": 50, "hidden": [512, 512]},
        {"epochs": 200, "binarize": True, "learning_rate": 1e-3},
        likelihood_samples=(1, 50, 500, 5000),
    ),
    "vqvae-mnist": Recipe(
        "VQVAE",
        {"codebook_size": 128, "code_dim": 16},
        {"epochs": 30, "learning_rate": 4e-3},
        start_at_mean_image=False,
    ),
    "vqvae-mnist-512": Recipe(
        "VQVAE",
        {"codebook_size": 512, "code_dim": 16},
        {"epochs": 30, "learning_rate": 4e-3},
        start_at_mean_image=False,
    ),
    "classifier-mnist": Recipe(
        "DigitClassifier", {}, {"epochs": 5, "learning_rate": 4e-3}, start_at_mean_image=False, labelled=True
    ),
    "prior-mnist": Recipe(
        "CodePrior",
        {"codebook_size": 128, "class_dropout": 0.5},
        {
            "epochs": 1,
            "batch_size": 32,
            "learning_rate": 5e-3,
            "optimizer": "muon",
            "then": {"epochs": 5, "batch_size": 32, "learning_rate": 3e-3, "optimizer": "muon", "seed": 1},
        },
        start_at_mean_image=False,
        labelled=True,
        tokenizer="vqvae-mnist",
        jittered=5,
    ),
    "words-and-images": Recipe(
        "WordsAndImages",
        {"codebook_size": 128},
        {
            "epochs": 1,
            "batch_size": 16,
            "learning_rate": 5e-3,
            "optimizer": "muon",
            "then": {
                "epochs": 1,
                "batch_size": 16,
                "learning_rate": 3e-3,
                "optimizer": "muon",
                "seed": 1,
                "loss": {"sum_share": 0.5},
            },
        },
        start_at_mean_image=False,
        tokenizer="vqvae-mnist",
    ),
    "vqvae-emoji": Recipe(
        "VQVAE",
        {
            "codebook_size": 512,
            "code_dim": 16,
            "image_shape": [3, 32, 32],
            "width": 64,
            "residual_blocks": 2,
            "likelihood": "gaussian",
            "variance": 0.01,
        },
        {"epochs": 100, "batch_size": 64, "learning_rate": 4e-3, "bfloat16": True},
        data="emoji",
        start_at_mean_image=False,
    ),
    "judge-emoji": Recipe(
        "PeopleJudge",
        {"people": emoji.PEOPLE, "tones": emoji.TONES},
        {"epochs": 40, "batch_size": 64, "learning_rate": 3e-3},
        data="emoji",
        start_at_mean_image=False,
        labelled=True,
        tokenizer="vqvae-emoji",
    ),
    "names-and-images": Recipe(
        "NamesAndImages",
        {"codebook_size": 512, "width": 128, "depth": 4},
        {
            "epochs": 80,
            "batch_size": 16,
            "learning_rate": 4e-3,
            "optimizer": "muon",
            "bfloat16": True,
        },
        data="emoji",
        start_at_mean_image=False,
        tokenizer="vqvae-emoji",
    ),
    **{
        name: Recipe("CausalVAE", remedy, {"epochs": 10, "learning_rate": 3e-3}, start_at_mean_image=False)
        for name, remedy in {
            "causal-vae": {},
            "causal-vae-free-bits": {"floor": 0.5},
            "causal-vae-dropout": {"dropout": 0.5},
        }.items()
    },
    "residual-mnist": Recipe(
        "VQVAE",
        {
            "quantizer": {
                "class": "ResidualVQ",
                "arguments": {"codebook_size": 16, "code_dim": 16, "num_levels": 6, "level_dropout": True},
            },
        },
        {"epochs": 15, "learning_rate": 4e-3},
        start_at_mean_image=False,
    ),
}


def build(recipe: Recipe, train: Any) -> nn.Module:
    """Return the untrained model of a recipe, its starting weights drawn from the recipe's seed.

    train: a `data.Split`, or `data.Emoji`, whose names give the roles of a judge and the pieces of a vocabulary.
    """
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        arguments = {name: built(value) for name, value in recipe.arguments.items()}
        if recipe.model == "PeopleJudge":
            arguments["roles"] = sorted({role for role in train.roles if role})
        if recipe.model == "NamesAndImages":
            arguments["pieces"] = text_tokenizer.vocabulary(train.sentences)
        model: nn.Module = getattr(models, recipe.model)(**arguments)
    if recipe.start_at_mean_image:
        training.start_at_mean_image(model, train.x)
    return model


def retrain(
    name: str, train: Any, on_step: Callable[[int], object] | None = None
) -> tuple[nn.Module, training.History]:
    """Train the shipped model `name` anew by its recipe, here and now; return it and the history of its last `fit`.

    train: a `data.Split`, or `data.Emoji` for the models of emoji. on_step: see `training.fit`.
    Raises ValueError for an unknown name.
    """
    return follow(recipe_of(name), train, on_step)


def follow(
    recipe: Recipe,
    train: Any,
    on_step: Callable[[int], object] | None = None,
    checkpoints: Sequence[training.Checkpoint] = (),
) -> tuple[nn.Module, training.History]:
    """Train a model by a recipe, as `retrain` does. checkpoints: two, of the recipe's `fit` and of its "then"."""
    model = build(recipe, train)
    for checkpoint in checkpoints:
        checkpoint.metadata = metadata(model, {"recipe": asdict(recipe)})
    saved = checkpoints or (None, None)
    rows, objective = examples(recipe, train, model), cast("Any", model.loss)
    first, then = dict(recipe.fit), recipe.fit.get("then")
    first.pop("then", None)
    if recipe.moved:
        first["loss"] = lambda batch: objective(jitter.moved(batch, recipe.moved, flip=True))
    everything = torch.cat([rows, *_jittered_examples(recipe, train)])
    with _quick_attention(recipe):
        history = training.fit(model, everything, **first, on_step=on_step, checkpoint=saved[0])
        if then and not history.interrupted:
            seconds, loss = history.seconds, functools.partial(objective, **then.get("loss", {}))
            settings = {**then, "loss": loss, "checkpoint": saved[1]}
            history = training.fit(model, rows, **settings, on_step=on_step)
            history.seconds += seconds
    return model, history


@torch.no_grad()
def examples(recipe: Recipe, split: Any, model: Any = None) -> Tensor:
    """Return what the recipe's model learns from, a row an example: the images or their codes, labels before them.

    model: needed where it is the model that knows the numbers of words or classes.
    """
    if recipe.model == "PeopleJudge":
        people = split.take([i for i, role in enumerate(split.roles) if role])
        labels = torch.stack(model.numbers(people.roles, people.people, people.tones), 1)
        redrawn = _redrawn(recipe, people.x)
        return torch.cat([torch.cat([labels.to(x), x.flatten(1)], 1) for x in (people.x, *redrawn)])
    if recipe.model == "NamesAndImages":
        vqvae: Any = load(str(recipe.tokenizer))
        return model.examples(split.sentences, torch.cat([vqvae.encode(part) for part in split.x.split(500)]))
    if recipe.model == "WordsAndImages":
        return words_and_images.training_examples(split.x, split.y, load(str(recipe.tokenizer)))
    values = causal_vae.shrink(split.x) if recipe.model == "CausalVAE" else split.x
    if recipe.tokenizer:
        vqvae = load(recipe.tokenizer)
        values = torch.cat([vqvae.encode(part) for part in values.split(1000)])  # (N, 7, 7)
    return training.labelled(values, split.y) if recipe.labelled else values


def _redrawn(recipe: Recipe, x: Tensor) -> list[Tensor]:
    """Return the pictures as the recipe's VQ-VAE reconstructs them, or nothing without one: a judge of drawings must
    not take the VQ-VAE's own blur for another tone of skin."""
    if not recipe.tokenizer:
        return []
    vqvae: Any = load(recipe.tokenizer)
    return [torch.cat([torch.sigmoid(vqvae(part).logits) for part in x.split(500)])]


def _jittered_examples(recipe: Recipe, split: data.Split) -> list[Tensor]:
    """Return the examples of each of the recipe's jittered copies of the images."""
    generator = torch.Generator().manual_seed(recipe.seed)
    copies = [jitter.jittered(split.x, generator) for _ in range(recipe.jittered)]
    return [examples(recipe, data.Split(copy, split.y)) for copy in copies]


def _quick_attention(recipe: Recipe) -> AbstractContextManager[Any]:
    """Return a context in which attention is two plain matrix products: on a CPU its fused gradient takes longer."""
    if recipe.model != "NamesAndImages":
        return nullcontext()
    return sdpa_kernel(SDPBackend.MATH)


def recipe_of(name: str) -> Recipe:
    return RECIPES[validate.known_name(name, RECIPES, "recipe")]
