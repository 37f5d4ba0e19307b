"""What a notebook writes out equals what the module ships: same weights, same inputs, same numbers."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from vqedu import losses, models

SOURCES = Path(__file__).parents[2] / "notebooks" / "source"


def definitions(notebook: str, *names: str, **given: Any) -> list[Any]:
    """Return the functions and classes `names` as the notebook's script defines them; `given` are its imports."""
    tree = ast.parse((SOURCES / f"{notebook}.py").read_text(encoding="utf-8"))
    wanted = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name in names]
    namespace: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "pairwise": itertools.pairwise, **given}
    exec(compile(ast.Module(wanted, []), notebook, "exec"), namespace)
    return [namespace[name] for name in names]


def images(n: int = 4) -> torch.Tensor:
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def moments(n: int = 4, dims: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, dims, generator=generator), torch.randn(n, dims, generator=generator)


def test_the_autoencoder_of_notebook_01() -> None:
    _, theirs, reconstruction = definitions("01_autoencoder", "mlp", "Autoencoder", "reconstruction")
    ours, copy = models.Autoencoder(5, hidden=(20, 10)), theirs(5, hidden=(20, 10))
    copy.load_state_dict(ours.state_dict())
    x = images()
    logits, z = copy(x)
    assert torch.equal(logits, ours(x).logits)
    assert torch.equal(z, ours(x).z)
    assert torch.equal(reconstruction(logits, x), losses.reconstruction(logits, x))


def test_the_kl_of_notebook_02() -> None:
    (kl,) = definitions("02_elbo", "kl_to_standard_normal")
    assert torch.equal(kl(*moments()), losses.kl_to_standard_normal(*moments()))


def test_the_reparameterization_of_notebook_03() -> None:
    (reparameterize,) = definitions("03_reparameterization", "reparameterize")
    draws = [f(*moments(), torch.Generator().manual_seed(2)) for f in (reparameterize, models.reparameterize)]
    assert torch.equal(*draws)


def test_the_vae_and_its_loss_of_notebook_04() -> None:
    given = {"mlp": models.mlp, "reparameterize": models.reparameterize}
    theirs, elbo_loss = definitions("04_vae", "VAE", "elbo_loss", **given)
    ours, copy = models.VAE(3, hidden=(20, 10)), theirs(3, hidden=(20, 10))
    copy.load_state_dict(ours.state_dict())
    x = images()
    torch.manual_seed(4)
    logits, mu, logvar = copy(x)
    torch.manual_seed(4)
    output = ours(x)
    assert torch.equal(logits, output.logits)
    for beta in (1.0, 0.3):
        expected = losses.elbo(output.logits, x, output.mu, output.logvar, beta).total
        torch.testing.assert_close(elbo_loss(logits, x, mu, logvar, beta), expected)


def test_the_two_cures_of_notebook_04() -> None:
    annealed, free_bits = definitions("04_vae", "annealed", "free_bits")
    for step in (0, 1, 150, 300, 400):
        assert annealed(10.0, step, 300) == losses.annealed(10.0, step, 300)
    kl = torch.tensor([0.1, 0.5, 2.0])
    assert torch.equal(free_bits(kl, 0.5), losses.free_bits(kl, 0.5))
