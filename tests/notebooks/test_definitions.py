"""What the notebooks write out equals what vqedu ships: same weights, same inputs, same numbers, same gradients."""

from __future__ import annotations

import ast
import functools
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vqedu import losses, models, quantizers
from vqedu.lessons import plane
from vqedu.models import CodePrior, WordsAndImages, causal_vae, vqvae, words_and_images
from vqedu.models.code_prior import probabilities
from vqedu.models.transformer import Transformer
from vqedu.quantizers import FSQ, ResidualVQ, VectorQuantizer, kmeans, nearest

SOURCES = Path(__file__).parents[2] / "notebooks" / "source"
IMPORTS = {"torch": torch, "nn": nn, "F": F, "math": math, "pairwise": itertools.pairwise}


parsed = functools.cache(ast.parse)  # a notebook is read at each use, so that a changed one is noticed


def defined(*names: str, **given: Any) -> list[Any]:
    """Return the functions and classes `names`, each from the one notebook that writes it out.

    `given` are the notebook's imports and variables that they use; they see each other, too.
    """
    namespace: dict[str, Any] = {**IMPORTS, **given}
    for name in names:
        found = [
            node
            for path in sorted(SOURCES.glob("*.py"))
            for node in parsed(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
        ]
        assert len(found) == 1, f"{len(found)} notebooks define {name}"
        exec(compile(ast.Module(found, []), name, "exec"), namespace)
    return [namespace[name] for name in names]


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(n: int = 4) -> Tensor:
    return torch.rand(n, 1, 28, 28, generator=seeded(0))


def indices(high: int, *shape: int) -> Tensor:
    return torch.randint(high, shape, generator=seeded(0))


# Functions: the same arguments.


class Twin(NamedTuple):
    """A notebook's function, what vqedu has in its place, and arguments for both, made anew for each."""

    name: str
    ours: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    given: dict[str, Any] = {}  # noqa: RUF012
    exact: bool = True


def codes_on_the_plane(start: str) -> tuple[Tensor, Tensor]:
    points = plane.points("kinds")
    return points, plane.start_codes(points, 6, start)


def pass_through(z_e: Tensor, z_q: Tensor) -> Tensor:
    out = quantizers.straight_through(z_e, z_q)
    assert torch.equal(out, z_q)
    return out


TWINS = [
    Twin("reconstruction", losses.reconstruction, lambda: (normal(4, 1, 28, 28), images())),
    Twin("kl_to_standard_normal", losses.kl_to_standard_normal, lambda: (normal(4, 3), normal(4, 3, seed=1))),
    Twin("reparameterize", models.reparameterize, lambda: (normal(4, 3), normal(4, 3, seed=1), seeded(2))),
    *(Twin("annealed", losses.annealed, lambda step=step: (10.0, step, 300)) for step in (0, 1, 150, 300, 400)),
    Twin("free_bits", losses.free_bits, lambda: (torch.tensor([0.1, 0.5, 2.0]), 0.5)),
    *(
        Twin("nearest_code", nearest.nearest_code, lambda n=n, k=k, d=d: (normal(n, d), normal(k, d, seed=1)))
        for n, k, d in ((1, 1, 1), (500, 7, 2), (400, 64, 16))
    ),
    *(
        Twin(
            "kmeans_step",
            lambda points, codes: kmeans.step(points, codes)[0],
            lambda start=start: codes_on_the_plane(start),  # from "wide" some codes have no points
            {"nearest_code": nearest.nearest_code},
            exact=False,
        )
        for start in ("data", "wide")
    ),
    Twin("straight_through", pass_through, lambda: (normal(9, 3), normal(9, 3, seed=1))),
    Twin("shrink", causal_vae.shrink, lambda: (images(),)),
    Twin("shrink", causal_vae.shrink, lambda: (images().round(),)),  # of four pixels two are ink: half is not enough
    *(
        Twin(
            "next_probabilities",
            probabilities,
            lambda t=t, top_k=top_k: (3 * normal(6, 11), t, top_k),
            {"K": 11},
            exact=False,
        )
        for t, top_k in ((1.0, 11), (0.5, 11), (2.0, 3), (1.0, 1))
    ),
    Twin("next_probabilities", probabilities, lambda: (3 * normal(6, 11),), {"K": 11}, exact=False),
    *(
        Twin("fsq", lambda z, levels: FSQ(levels)(z).z_q, lambda n=n: (normal(200, len(n)), n), exact=False)
        for n in ([5], [8, 5, 5, 5], [3, 4])
    ),
]


def outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, list[Tensor]]:
    """Return what a function returns, and the gradient of a weighted sum of it for each argument, or 0."""
    leaves = [a.requires_grad_() if isinstance(a, Tensor) and a.is_floating_point() else a for a in arguments]
    out = function(*leaves)
    terms = [term for term in (out if isinstance(out, tuple) else (out,)) if isinstance(term, Tensor)]
    weighted = sum((term * normal(*term.shape, seed=9)).sum() for term in terms if term.requires_grad)
    if isinstance(weighted, Tensor):
        weighted.backward()
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    return out, [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in tensors]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_a_function_gives_the_same_numbers_and_the_same_gradients(twin: Twin) -> None:
    (theirs,) = defined(twin.name, **twin.given)
    tolerance = {"rtol": 0.0, "atol": 0.0} if twin.exact else {}
    expected, found = (outcome(function, twin.arguments()) for function in (twin.ours, theirs))
    torch.testing.assert_close(found, expected, **tolerance)


# Networks: the same weights.


@pytest.mark.parametrize("hidden", [(20,), (20, 10), (20, 10, 30)])
def test_the_autoencoder(hidden: tuple[int, ...]) -> None:
    theirs = defined("mlp", "Autoencoder")[-1]
    ours, copy = models.Autoencoder(5, hidden=hidden), theirs(5, hidden=hidden)
    copy.load_state_dict(ours.state_dict())
    logits, z = copy(images())
    assert torch.equal(logits, ours(images()).logits)
    assert torch.equal(z, ours(images()).z)


def test_the_vae_and_its_loss() -> None:
    theirs, elbo_loss = defined("VAE", "elbo_loss", mlp=models.mlp, reparameterize=models.reparameterize)
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
    assert torch.equal(elbo_loss(logits, x, mu, logvar), elbo_loss(logits, x, mu, logvar, 1.0))


@pytest.mark.parametrize("kind", [models.Autoencoder, models.VAE])
def test_unless_told_otherwise_a_network_is_as_large_as_vqedu_s(kind: type[models.Autoencoder | models.VAE]) -> None:
    theirs = defined("mlp", kind.__name__)[-1]
    sizes = [{name: value.shape for name, value in each(7).state_dict().items()} for each in (kind, theirs)]
    assert sizes[0] == sizes[1]


def both_vqvaes() -> tuple[models.VQVAE, nn.Module, Tensor]:
    """The module's VQ-VAE after one training step, the notebook's with the same weights, and images."""
    theirs = defined("conv_encoder", "conv_decoder", "VQVAE", VectorQuantizer=VectorQuantizer)[-1]
    torch.manual_seed(0)
    ours, x = models.VQVAE(16, 4, "gradient"), images(8)
    ours.loss(x)  # starts the codebook from data
    copy = theirs(16, 4).to(memory_format=torch.channels_last)  # the layout of ours: sums in the same order
    copy.load_state_dict(ours.state_dict())
    return ours, copy, x


def test_the_vqvae() -> None:
    ours, copy, x = both_vqvaes()
    logits, z_e, e = copy(x)
    out = ours(x)
    assert torch.equal(logits, out.logits)
    assert torch.equal(z_e, out.z_e)
    assert torch.equal(e, out.z_q)
    assert torch.equal(copy.eval().encode(x), ours.eval().encode(x))
    assert torch.equal(copy.decode(ours.encode(x)), ours.decode(ours.encode(x)))


@pytest.mark.parametrize("cost", [0.25, 3.0])
def test_the_loss_of_the_vqvae_in_value_and_in_every_gradient(cost: float) -> None:
    (vqvae_loss,) = defined("vqvae_loss")
    ours, copy, x = both_vqvaes()
    ours.commitment_cost = cost
    logits, z_e, e = copy(x)
    loss, expected = vqvae_loss(logits, x, z_e, e, cost), ours.loss(x).total
    torch.testing.assert_close(loss, expected)
    assert torch.equal(vqvae_loss(logits, x, z_e, e), vqvae_loss(logits, x, z_e, e, 0.25))
    loss.backward()
    expected.backward()
    gradients = {name: parameter.grad for name, parameter in ours.named_parameters()}
    found = {name: parameter.grad for name, parameter in copy.named_parameters()}
    assert "quantizer.codebook" in found
    torch.testing.assert_close(found, gradients)


def test_the_transformer() -> None:
    theirs = defined("SelfAttention", "Block", "Transformer")[-1]
    torch.manual_seed(0)
    ours, copy = Transformer(11, 9, 12, 2, 3), theirs(11, 9, 12, 2, 3)
    copy.load_state_dict(ours.state_dict())
    tokens = indices(11, 4, 9)
    for length in (9, 5):
        torch.testing.assert_close(copy(tokens[:, :length]), ours(tokens[:, :length]), atol=1e-6, rtol=1e-5)


def test_the_transformer_begins_with_small_vectors_as_vqedu_s_does() -> None:
    theirs = defined("SelfAttention", "Block", "Transformer")[-1]
    torch.manual_seed(0)
    for made in (theirs(100, 100, 64, 1, 1), Transformer(100, 100, 64, 1, 1)):
        for numbers in (made.tokens.weight, made.positions):  # 6,400 draws: their spread is known to 1 percent
            assert numbers.std().item() == pytest.approx(0.1, rel=0.05)
            assert abs(numbers.mean().item()) < 5 * 0.1 / 80


# Quantizers.


def test_the_two_vq_losses_and_their_gradients() -> None:
    (vq_losses,) = defined("vq_losses")
    codebook = normal(7, 3, seed=1)
    vq = VectorQuantizer(7, 3, "gradient", start="uniform", revive_after=None)
    vq.set_codebook(codebook)
    for term in (0, 1):
        ours_z, theirs_z = normal(50, 3).requires_grad_(), normal(50, 3).requires_grad_()
        table = codebook.clone().requires_grad_()
        out = vq(ours_z)
        ours = (out.codebook_loss, out.commitment_loss)[term]
        theirs = vq_losses(theirs_z, table[out.indices])[term]
        torch.testing.assert_close(theirs, ours)
        vq.codebook.grad = None
        ours.backward()
        theirs.backward()
        torch.testing.assert_close([theirs_z.grad, table.grad], [ours_z.grad, vq.codebook.grad])


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_ema_update_over_several_batches_with_an_unused_code(decay: float) -> None:
    (ema_update,) = defined("ema_update")
    codebook = torch.cat([normal(5, 2, seed=1), torch.full((1, 2), 40.0)])
    vq = VectorQuantizer(6, 2, "ema", start="uniform", revive_after=None, decay=decay)
    vq.set_codebook(codebook)
    counts, sums = torch.ones(6), codebook.clone()
    for seed in range(5):
        rows = normal(30, 2, seed=10 + seed)
        codebook, counts, sums = ema_update(codebook, counts, sums, rows, vq.nearest(rows), decay)
        vq(rows)
        torch.testing.assert_close(codebook, vq.codebook)
        torch.testing.assert_close(counts, vq.ema_counts)
        torch.testing.assert_close(sums, vq.ema_sums)
    assert torch.equal(codebook[5], torch.full((2,), 40.0))
    assert counts.sum().item() == pytest.approx(30 + decay**5 * (6 - 30), rel=1e-5)  # never smoothed


def test_ema_without_memory_is_a_step_of_k_means() -> None:
    (ema_update,) = defined("ema_update")
    points, codes = (part.double() for part in codes_on_the_plane("data"))
    moved, *_ = ema_update(codes, torch.ones(6).double(), codes, points, nearest.nearest_code(points, codes), 0.0)
    torch.testing.assert_close(moved, kmeans.step(points, codes)[0], rtol=1e-5, atol=1e-5)


def test_each_loss_moves_the_parts_that_the_table_says() -> None:
    """Columns: encoder, codebook, decoder. Read from .grad, with the notebook's own functions."""
    torch.manual_seed(0)
    encoder, decoder, codebook = nn.Linear(2, 2), nn.Linear(2, 2), nn.Parameter(torch.randn(6, 2))
    parts = {"encoder": encoder.weight, "codebook": codebook, "decoder": decoder.weight}
    names = ("nearest_code", "straight_through", "vq_losses", "three_losses", "arrivals")
    *_, three_losses, arrivals = defined(*names, encoder=encoder, decoder=decoder, parts=parts)
    points = plane.points("kinds")
    e = codebook[nearest.nearest_code(encoder(points), codebook)]
    distances = (decoder(e) - points).norm(dim=1)  # of x_hat to x
    torch.testing.assert_close(three_losses(points)["reconstruction"], distances.square().mean())
    table = {"reconstruction": [1, 0, 1], "codebook": [0, 1, 0], "commitment": [1, 0, 0]}
    for name, moves in table.items():
        assert [float(part.strip() != "-") for part in arrivals(three_losses(points)[name])] == moves


def test_residual_vq() -> None:
    (residual_vq,) = defined("residual_vq")
    codebooks = [normal(16, 4, seed=level) / 2**level for level in range(3)]
    ours = ResidualVQ(16, 4, 3)
    for level, codes in zip(ours.levels, codebooks, strict=True):
        level.set_codebook(codes)
    z_e = normal(500, 4, seed=3)
    z_q, chosen = residual_vq(z_e, codebooks)
    out = ours.eval()(z_e)
    assert torch.equal(chosen, out.indices)
    torch.testing.assert_close(z_q, out.z_q)


def test_the_rotation_trick_is_the_peer_library_s() -> None:
    from vector_quantize_pytorch.vector_quantize_pytorch import rotate_to  # brings half of torch along

    trick = defined("dot", "rotation_trick")[-1]
    z_e, z_q, gradient = (normal(50, 3, seed=seed) for seed in range(3))
    torch.testing.assert_close(trick(z_e, z_q), z_q, rtol=1e-4, atol=1e-5)
    leaf = z_e.clone().requires_grad_()
    ours, theirs = (torch.autograd.grad(rotate(leaf, z_q), leaf, gradient)[0] for rotate in (trick, rotate_to))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    scale = z_q.norm(dim=1) / z_e.norm(dim=1)
    torch.testing.assert_close(ours.norm(dim=1), scale * gradient.norm(dim=1), rtol=1e-4, atol=1e-5)
    angles = torch.cosine_similarity(gradient, z_q)
    torch.testing.assert_close(torch.cosine_similarity(ours, z_e), angles, rtol=1e-4, atol=1e-5)


def test_the_rotation_trick_gives_the_codebook_no_gradient() -> None:
    trick = defined("dot", "rotation_trick")[-1]
    z_e, codes = normal(5, 3).requires_grad_(), normal(5, 3, seed=1).requires_grad_()
    trick(z_e, codes).sum().backward()
    assert z_e.grad is not None
    assert codes.grad is None


# Sequences.


@pytest.fixture
def prior() -> CodePrior:
    torch.manual_seed(0)
    return CodePrior(11, 49, num_classes=2, width=12, depth=1, heads=3).eval()


def test_the_loss_of_a_prior_in_bits_per_code(prior: CodePrior) -> None:
    (bits_per_code,) = defined("bits_per_code", K=11)
    codes = indices(11, 5, 49)
    torch.testing.assert_close(bits_per_code(prior.transformer, codes), prior.loss(codes).bits_per_code)


@torch.no_grad()
def test_sampling(prior: CodePrior) -> None:
    _, sample = defined("next_probabilities", "sample", K=11, prior=prior)
    assert torch.equal(*(draw(3, 0.8, top_k=5, generator=seeded(1)) for draw in (sample, prior.sample)))
    assert torch.equal(*(draw(3, generator=seeded(1)) for draw in (sample, prior.sample)))


def test_the_surprise(prior: CodePrior) -> None:
    (surprise,) = defined("surprise", prior=prior)
    codes = indices(11, 3, 7, 7)
    torch.testing.assert_close(surprise(codes).flatten(1).sum(1) * math.log(2), -prior.log_prob(codes))


@pytest.fixture
def writer() -> WordsAndImages:
    torch.manual_seed(0)
    return WordsAndImages(128, width=16, depth=2, heads=2).eval()


@torch.no_grad()
def test_both_orders_and_their_prices(writer: WordsAndImages, monkeypatch: pytest.MonkeyPatch) -> None:
    both_orders, nats = defined("both_orders", "image_and_words_nats", model=writer)
    monkeypatch.setattr(words_and_images, "_pick", lambda choices: choices[-1])  # the last wording: "two plus zero"
    codes = indices(128, 49).tolist()
    tokens = both_orders("two plus zero", words_and_images.caption(2), codes)
    image, words = nats(writer.transformer(tokens[:, :-1]), tokens)
    loss = writer.loss(torch.tensor([[2, 0, *codes]]))
    assert math.isclose(image, loss.image, rel_tol=1e-5)
    assert math.isclose(words, loss.words, rel_tol=1e-5)
    others = both_orders("six", words_and_images.caption(6), codes[::-1])
    two = nats(writer.transformer(torch.cat([tokens, others])[:, :-1]), torch.cat([tokens, others]))
    alone = nats(writer.transformer(others[:, :-1]), others)
    torch.testing.assert_close(two, ((image + alone[0]) / 2, (words + alone[1]) / 2))


@torch.no_grad()
@pytest.mark.parametrize("text", ["a thick three", "six"])
def test_the_drawing_loop(writer: WordsAndImages, text: str) -> None:
    (draw_image,) = defined("draw_image", model=writer)
    assert torch.equal(draw_image(text, seeded(4)), writer.draw(text, generator=seeded(4)))


def test_the_residual_block_of_notebook_10() -> None:
    (ResidualBlock,) = defined("ResidualBlock")
    ours, theirs = ResidualBlock(6), vqvae.ResidualBlock(6)
    theirs.load_state_dict(ours.state_dict())
    assert torch.equal(ours(normal(4, 6, 8, 8)), theirs(normal(4, 6, 8, 8)))


def test_the_gaussian_of_notebook_10() -> None:
    (gaussian_nats,) = defined("gaussian_nats")
    logits, x = normal(3, 3, 8, 8), torch.rand(3, 3, 8, 8, generator=seeded(1))
    found = gaussian_nats(torch.sigmoid(logits), x, 0.02)
    torch.testing.assert_close(found, losses.gaussian(logits, x, 0.02))
    assert torch.equal(gaussian_nats(torch.sigmoid(logits[:1]), x[:1], 0.02), found[:1])
