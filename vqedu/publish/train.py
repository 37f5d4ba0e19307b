"""Retrains a shipped model by its recipe, measures it, and writes weights and card as one file."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vqedu import data, joint, training
from vqedu.pretrained import load, load_checkpoint, save_checkpoint
from vqedu.pretrained.recipes import Recipe, examples, follow, recipe_of
from vqedu.publish.evaluation import (
    evaluate,
    evaluate_causal_vae,
    evaluate_classifier,
    evaluate_emoji,
    evaluate_judge,
    evaluate_names,
    evaluate_prior,
    evaluate_words_and_images,
)


def train(
    name: str,
    folder: str | Path = ".",
    dataset: str | None = None,
    root: str | Path | None = None,
    save_every_s: float = 60.0,
) -> Path | None:
    """Train the shipped model `name` anew by its recipe, write <folder>/<name>.safetensors, and return that path.

    dataset, root: other data than the recipe's, as `data.load` takes them. Every `save_every_s` seconds the training is
    saved beside that file, as <name>.1.training (a second stage as <name>.2.training); the same call then goes on from
    there, and removes these files at its end. Of several processes that `torchrun` started only the first one writes;
    the others get None.

    The metrics of the card are measured on the file as written, whose weights are rounded to float16.
    Raises ValueError for an unknown name, KeyboardInterrupt if the training was interrupted, and what `data.load` does.
    """
    recipe = with_data(recipe_of(name), dataset)
    images: Any = data.load(recipe.data, root) if root else data.load(recipe.data)
    emoji = recipe.data == "emoji"
    path = Path(folder) / f"{name}.safetensors"
    checkpoints = [training.Checkpoint(path.with_name(f"{name}.{stage}.training"), save_every_s) for stage in (1, 2)]
    with joint.processes() as first:
        model, history = follow(recipe, images.part("train") if emoji else images.train, None, checkpoints)
    if history.interrupted:
        raise KeyboardInterrupt
    if not first:
        return None
    card = {
        "name": name,
        "recipe": asdict(recipe),
        "minutes": round(history.seconds / 60, 1),
        "device": training.best_device().type,
    }
    save_checkpoint(model, path, card, half=True)
    rounded = load_checkpoint(path)
    card["metrics"] = measure(rounded, recipe, images if emoji else images.test)
    save_checkpoint(rounded, path, card, half=True)
    for checkpoint in checkpoints:
        checkpoint.remove()
    return path


def with_data(recipe: Recipe, dataset: str | None) -> Recipe:
    """Return the recipe for another data set; raises ValueError where only the emoji have what it learns from."""
    if dataset in (None, recipe.data):
        return recipe
    if recipe.model in ("PeopleJudge", "NamesAndImages"):
        raise ValueError(f"{recipe.model} learns from the names of the emoji, so --data must be emoji, got {dataset}.")
    return replace(recipe, data=str(dataset))


def measure(model: Any, recipe: Recipe, test: Any) -> dict[str, float]:
    """Return what the card says of a recipe's model; test: the test split, or all emoji."""
    if recipe.model == "PeopleJudge":
        return evaluate_judge(model, test, load(str(recipe.tokenizer)))
    if recipe.model == "NamesAndImages":
        return evaluate_names(model, test, load(str(recipe.tokenizer)), load("judge-emoji"))
    if recipe.data == "emoji":
        return evaluate_emoji(model, test)
    if recipe.model == "CodePrior":
        return evaluate_prior(model, examples(recipe, test), load(str(recipe.tokenizer)))
    if recipe.model == "CausalVAE":
        return evaluate_causal_vae(model, examples(recipe, test))
    if recipe.model == "DigitClassifier":
        return evaluate_classifier(model, test)
    if recipe.model == "WordsAndImages":
        return evaluate_words_and_images(model, test, load(str(recipe.tokenizer)))
    return evaluate(model, test, recipe.likelihood_samples)
