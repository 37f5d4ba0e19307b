"""Retrains a shipped model by its recipe, measures it, and writes weights and card as one file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from vqedu import data, training
from vqedu.pretrained import load, load_checkpoint, save_checkpoint
from vqedu.pretrained.recipes import Recipe, examples, recipe_of, retrain
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


def train(name: str, folder: str | Path = ".") -> Path:
    """Train the shipped model `name` anew by its recipe, write <folder>/<name>.safetensors, and return that path.

    The metrics of the card are measured on the file as written, whose weights are rounded to float16.
    Raises ValueError for an unknown name.
    """
    images: Any = data.load(recipe_of(name).data)
    emoji = recipe_of(name).data == "emoji"
    model, history = retrain(name, images.part("train") if emoji else images.train)
    path = Path(folder) / f"{name}.safetensors"
    card = {
        "name": name,
        "recipe": asdict(recipe_of(name)),
        "minutes": round(history.seconds / 60, 1),
        "device": training.best_device().type,
    }
    save_checkpoint(model, path, card, half=True)
    rounded = load_checkpoint(path)
    card["metrics"] = measure(rounded, recipe_of(name), images if emoji else images.test)
    save_checkpoint(rounded, path, card, half=True)
    return path


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
