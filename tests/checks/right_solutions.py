"""Right solutions as other people write them: loops, einsum, numpy, torch.distributions, float64, plain Python."""

from __future__ import annotations

import functools
import itertools
import math
import random
import statistics
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.distributions import Bernoulli, Categorical, Independent, MultivariateNormal, Normal, kl_divergence
from torch.nn import functional as F


# The autoencoder.
def loop_with_optimizer(model: Any, batches: Any, lr: float) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), lr)
    for x in batches:
        optimizer.zero_grad()
        (F.mse_loss(model(x), x, reduction="sum") / len(x)).backward()
        optimizer.step()
    return nn.utils.parameters_to_vector(model.parameters())


def loop_with_grad(model: Any, batches: Any, lr: float) -> Any:
    for x in batches:
        loss = torch.linalg.vector_norm(model(x) - x, dim=1).pow(2).mean()
        for p, g in zip(model.parameters(), torch.autograd.grad(loss, tuple(model.parameters())), strict=True):
            p.data -= lr * g
    return [float(number) for p in model.parameters() for number in p.flatten()]


def loop_functional(model: Any, batches: Any, lr: float) -> Any:
    weights = {name: p.detach() for name, p in model.named_parameters()}

    def loss(weights: Any, x: Any) -> Any:
        return (torch.func.functional_call(model, weights, (x,)) - x).square().sum(-1).mean()

    for x in batches:
        slopes = torch.func.grad(loss)(weights, x)
        weights = {name: w - lr * slopes[name] for name, w in weights.items()}
    return torch.cat([w.reshape(-1) for w in weights.values()])


def loop_by_hand(model: Any, batches: Any, lr: float) -> Any:
    a, b = (p.detach().numpy().astype(np.float64) for p in model.parameters())
    for x in (batch.numpy() for batch in batches):
        z = x @ a.T
        error = 2 * (z @ b.T - x) / len(x)
        a, b = a - lr * (error @ b).T @ x, b - lr * error.T @ z
    return np.concatenate([a.ravel(), b.ravel()])


def hole_on_a_grid(codes: Any) -> Any:
    (x0, y0), (x1, y1) = codes.min(0).values.tolist(), codes.max(0).values.tolist()
    points = itertools.product(np.linspace(x0, x1, 40), np.linspace(y0, y1, 40))
    return max(points, key=lambda p: min(math.dist(p, c) for c in codes.tolist()))


def hole_by_numpy(codes: Any) -> Any:
    c = codes.numpy()
    candidates = np.random.default_rng().uniform(c.min(0), c.max(0), (4000, 2))
    return candidates[np.linalg.norm(candidates[:, None] - c, axis=-1).min(1).argmax()]


def hole_by_torch(codes: Any) -> Any:
    low, high = codes.aminmax(dim=0)
    candidates = torch.lerp(low, high, torch.rand(2000, 2))
    return candidates[torch.cdist(candidates, codes).amin(1).argmax()]


AUTOENCODER: list[tuple[str, Callable[..., Any]]] = [
    ("reconstruction", lambda l, x: -(x * F.logsigmoid(l) + (1 - x) * F.logsigmoid(-l)).sum((1, 2, 3))),
    (
        "reconstruction",
        lambda l, x: F.binary_cross_entropy(l.double().sigmoid(), x.double(), reduction="none").sum((-1, -2, -3)),
    ),
    ("reconstruction", lambda l, x: (F.softplus(l) - x * l).flatten(1).sum(1)),
    ("reconstruction", lambda l, x: -Bernoulli(logits=l, validate_args=False).log_prob(x).sum(dim=[1, 2, 3])),
    ("reconstruction", lambda l, x: -Independent(Bernoulli(logits=l, validate_args=False), 3).log_prob(x)),
    ("reconstruction", lambda l, x: [F.binary_cross_entropy_with_logits(a, b, reduction="sum") for a, b in zip(l, x)]),
    ("reconstruction", lambda l, x: F.binary_cross_entropy(l.sigmoid(), x, reduction="none").flatten(1).sum(-1)),
    ("reconstruction", lambda l, x: torch.vmap(lambda a, b: (F.softplus(a) - a * b).sum())(l, x)),
    ("reconstruction", lambda l, x: (torch.log1p(torch.exp(-l.abs())) + l.clamp(min=0) - l * x).sum((1, 2, 3))),
    ("training_loop", loop_with_optimizer),
    ("training_loop", loop_with_grad),
    ("training_loop", loop_functional),
    ("training_loop", loop_by_hand),
    ("hole", hole_on_a_grid),
    ("hole", hole_by_numpy),
    ("hole", hole_by_torch),
]


# Bayes, the KL and the ELBO.
def kl_loops(mu: Any, logvar: Any) -> Any:
    rows = []
    for m, v in zip(mu, logvar, strict=True):
        total = torch.zeros(())
        for d in range(len(m)):
            total = total + (m[d] ** 2 + math.e ** v[d] - 1 - v[d]) / 2
        rows.append(total)
    return torch.stack(rows)


def kl_of_multivariates(mu: Any, logvar: Any) -> Any:
    prior = MultivariateNormal(torch.zeros(mu.shape[1]), torch.eye(mu.shape[1]))
    return torch.stack([kl_divergence(MultivariateNormal(m, v.exp().diag()), prior) for m, v in zip(mu, logvar)])


def kl_of_independents(mu: Any, logvar: Any) -> Any:
    q = Independent(Normal(mu, logvar.exp() ** 0.5), 1)
    return kl_divergence(q, Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1))


def sampled_kl_in_python(z: Any, mu: Any, sigma: Any) -> list[float]:
    columns = zip(z.T.tolist(), mu.tolist(), sigma.tolist(), strict=True)
    q = [(statistics.NormalDist(m, s), column) for column, m, s in columns]
    prior = statistics.NormalDist()
    return [statistics.mean(math.log(n.pdf(v)) - math.log(prior.pdf(v)) for v in column) for n, column in q]


def count_joint(x: int, z: Any) -> Any:
    return x * (1 + 2 * z) - np.exp(1 + 2 * z) - math.lgamma(x + 1) - z**2 / 2 - math.log(2 * math.pi) / 2


def count_evidence(x: int) -> float:
    z = np.linspace(-9, 6, 15_001)
    return float(np.log(np.exp(count_joint(x, z)).sum() * (z[1] - z[0])))


def count_elbo(x: int, mu: Any, sigma: Any) -> Any:
    """Both terms by quadrature, without the formula for the mean of exp."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    z = np.asarray(mu)[..., None] + np.asarray(sigma)[..., None] * nodes
    log_q = -(nodes**2) / 2 - math.log(2 * math.pi) / 2 - np.log(np.asarray(sigma))[..., None]
    return (count_joint(x, z) - log_q) @ weights / weights.sum()


def best_by_a_table(x: int) -> tuple[Any, ...]:
    mu, sigma = np.meshgrid(np.arange(-2, 2, 0.02), np.arange(0.05, 1.0, 0.01), indexing="ij")
    elbo = count_elbo(x, mu, sigma)
    i = elbo.argmax()
    return mu.flat[i], sigma.flat[i], elbo.flat[i], count_evidence(x)


def best_by_newton(x: int) -> dict[str, float]:
    """Newton's method on the two derivatives of the closed form, in mu and log sigma."""
    mu, log_sigma = math.log(x + 0.3) / 2 - 0.5, -1.0
    for _ in range(60):
        v = math.exp(2 * log_sigma)
        e = math.exp(1 + 2 * mu + 2 * v)
        slopes = np.array([2 * x - 2 * e - mu, 1 - v - 4 * v * e])
        curvature = np.array([[-4 * e - 1, -8 * v * e], [-8 * v * e, -2 * v - 8 * v * e - 16 * v * v * e]])
        step = np.linalg.solve(curvature, slopes)
        mu, log_sigma = mu - 0.5 * float(step[0]), log_sigma - 0.5 * float(step[1])
    sigma = math.exp(log_sigma)
    return {"mu": mu, "sigma": sigma, "elbo": float(count_elbo(x, mu, sigma)), "log_px": count_evidence(x)}


def best_by_an_optimizer(x: int) -> tuple[Any, ...]:
    theta = torch.tensor([0.0, -1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([theta], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> Any:
        mu, v = theta[0], torch.exp(2 * theta[1])
        reconstruction = x * (1 + 2 * mu) - torch.exp(1 + 2 * mu + 2 * v) - math.lgamma(x + 1)
        return -(reconstruction - 0.5 * (mu**2 + v - 1) + theta[1])

    def closure() -> Any:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)
    return theta[0].detach(), theta[1].exp().detach(), -loss().detach(), count_evidence(x)


def fit_by_adam(log_joint: Any, n: int, draws: int = 1, steps: int = 2000) -> tuple[Any, Any]:
    mu, logvar = torch.zeros(n, requires_grad=True), torch.full((n,), -2.0, requires_grad=True)
    optimizer = torch.optim.Adam([mu, logvar], lr=0.05)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / steps)
        q = Normal(mu, torch.exp(logvar / 2))
        optimizer.zero_grad()
        z = q.rsample((draws,))
        (-(log_joint(z) - q.log_prob(z))).mean(0).sum().backward()
        optimizer.step()
    return mu.detach(), torch.exp(logvar.detach() / 2)


BAYES: list[tuple[str, Callable[..., Any]]] = [
    ("importance_weighted_bound", lambda w: torch.stack([c.max() + (c - c.max()).exp().mean().log() for c in w.T])),
    ("importance_weighted_bound", lambda w: np.logaddexp.reduce(w.numpy().astype(float), axis=0) - np.log(len(w))),
    ("importance_weighted_bound", lambda w: torch.logcumsumexp(w, 0)[-1] - torch.tensor(len(w)).log()),
    ("importance_weighted_bound", lambda w: torch.log(torch.exp(w.double()).mean(0))),
    ("importance_weighted_bound", lambda w: (w - w.log_softmax(0)).mean(0) - math.log(w.size(0))),
    (
        "importance_weighted_bound",
        lambda w: [float((w[:, i] - math.log(len(w))).logsumexp(0)) for i in range(w.shape[1])],
    ),
    ("kl", kl_loops),
    ("kl", lambda m, v: kl_divergence(Normal(m, torch.exp(0.5 * v)), Normal(torch.zeros_like(m), 1.0)).sum(-1)),
    ("kl", lambda m, v: torch.einsum("nd->n", m.double() ** 2 + v.double().exp() - v - 1) / 2),
    ("kl", lambda m, v: -0.5 * (1 + v - m.pow(2) - v.exp()).flip(1).cumsum(1)[:, -1]),
    ("kl", kl_of_multivariates),
    ("kl", kl_of_independents),
    ("kl", lambda m, v: torch.vmap(lambda a, b: 0.5 * (a.dot(a) + (b.exp() - b - 1).sum()))(m, v)),
    ("kl", lambda m, v: [0.5 * (a @ a + torch.expm1(b).sum() - b.sum()) for a, b in zip(m, v, strict=True)]),
    ("kl", lambda m, v: tuple((0.5 * (m**2 + v.exp() - 1 - v)).sum(1).unbind())),
    ("kl", lambda m, v: (0.5 * (torch.addcmul(v.exp(), m, m) - 1 - v)) @ torch.ones(m.shape[1])),
    ("kl_by_sampling", lambda z, m, s: (Normal(m, s).log_prob(z) - Normal(0.0, 1.0).log_prob(z)).mean(0)),
    ("kl_by_sampling", lambda z, m, s: 0.5 * z.square().mean(0) - 0.5 * ((z - m) / s).square().mean(0) - s.log()),
    (
        "kl_by_sampling",
        lambda z, m, s: (z.numpy() ** 2 / 2 - ((z - m) / s).numpy() ** 2 / 2).mean(0) - np.log(s.numpy()),
    ),
    ("kl_by_sampling", sampled_kl_in_python),
    ("overconfident_q", lambda: (0.13, 0.02)),
    ("overconfident_q", lambda: torch.tensor([0.13, 0.02])),
    ("overconfident_q", lambda: {"mu": np.float32(0.13), "sigma": Fraction(1, 50)}),
    ("build_elbo", best_by_a_table),
    ("build_elbo", best_by_newton),
    ("build_elbo", best_by_an_optimizer),
]


# Reparameterization.
def draw_by_gauss(mu: Any, logvar: Any) -> Any:
    noise = [[random.gauss(0, 1) for _ in row] for row in mu]
    return mu + torch.tensor(noise) * torch.exp(logvar / 2)


def draw_row_by_row(mu: Any, logvar: Any) -> Any:
    return torch.stack([m + (v / 2).exp() * torch.randn(len(m)) for m, v in zip(mu, logvar, strict=True)])


def draw_by_inverse_cdf(mu: Any, logvar: Any) -> Any:
    u = torch.rand_like(mu).clamp(1e-6, 1 - 1e-6)
    return mu + logvar.exp().sqrt() * math.sqrt(2) * torch.erfinv(2 * u - 1)


def draw_by_box_muller(mu: Any, logvar: Any) -> Any:
    u, v = 1 - torch.rand_like(mu), torch.rand_like(mu)
    return mu + torch.exp(0.5 * logvar) * torch.sqrt(-2 * torch.log(u)) * torch.cos(2 * math.pi * v)


def draw_from_own_generator(mu: Any, logvar: Any) -> Any:
    generator = torch.Generator()
    generator.seed()
    return mu + torch.exp(logvar / 2) * torch.randn(mu.shape, generator=generator)


def draw_in_place(mu: Any, logvar: Any) -> Any:
    eps = torch.empty_like(mu).detach().normal_()
    return eps.mul(logvar.div(2).exp()).add(mu)


def draw_from_a_law(mu: Any, logvar: Any) -> Any:
    return MultivariateNormal(mu, scale_tril=torch.diag_embed(torch.exp(logvar / 2))).rsample()


def score_by_autograd(h: Any, mu: float, sigma: float, eps: Any) -> Any:
    estimates = []
    for e in eps:
        center, z = torch.tensor(mu, requires_grad=True), mu + sigma * e
        (score,) = torch.autograd.grad(Normal(center, sigma).log_prob(z), center)
        estimates.append(h(z) * score)
    return estimates


REPARAMETERIZATION: list[tuple[str, Callable[..., Any]]] = [
    ("reparameterize", lambda m, v: Normal(m, (v / 2).exp()).rsample()),
    ("reparameterize", lambda m, v: torch.addcmul(m, v.exp().sqrt(), torch.normal(0.0, 1.0, m.shape))),
    ("reparameterize", lambda m, v: m.double() + torch.randn(m.shape).double() * math.e ** (v.double() / 2)),
    ("reparameterize", lambda m, v: torch.FloatTensor(np.random.normal(0, 1, tuple(m.shape))) * torch.exp(v / 2) + m),  # noqa: NPY002
    (
        "reparameterize",
        lambda m, v: m + torch.exp(v / 2) * torch.from_numpy(np.random.default_rng().normal(size=m.shape)),
    ),
    (
        "reparameterize",
        lambda m, v: m + torch.exp(v / 2) * torch.tensor(np.random.default_rng(0).standard_normal(m.shape)),
    ),
    (
        "reparameterize",
        lambda m, v: m + (v / 2).exp() * torch.randn(m.shape, generator=torch.Generator().manual_seed(3)),
    ),
    ("reparameterize", lambda m, v: Independent(Normal(m, torch.exp(v / 2)), 1).rsample()),
    (
        "reparameterize",
        lambda m, v: m + torch.pow(torch.e, v / 2) * torch.normal(torch.zeros_like(m), torch.ones_like(m)),
    ),
    ("reparameterize", lambda m, v: m - torch.exp(v / 2) * torch.randn_like(m)),
    ("reparameterize", draw_by_gauss),
    ("reparameterize", draw_row_by_row),
    ("reparameterize", draw_by_inverse_cdf),
    ("reparameterize", draw_by_box_muller),
    ("reparameterize", draw_from_own_generator),
    ("reparameterize", draw_in_place),
    ("reparameterize", draw_from_a_law),
    ("score_gradient", lambda f, m, s, eps: torch.stack([f(m + s * e) * e / s for e in eps])),
    ("score_gradient", lambda f, m, s, eps: [f(m + s * e) * e / s for e in eps.tolist()]),
    ("score_gradient", lambda f, m, s, eps: f(m + s * eps.numpy()) * eps.numpy() / s),
    ("score_gradient", lambda f, m, s, eps: f(eps.mul(s).add(m)) * (eps.mul(s).add(m) - m) / s**2),
    ("score_gradient", score_by_autograd),
    ("mean_of_square", lambda m, s, eps: m**2 + 2 * m * s * eps.mean() + s**2 * eps.square().mean()),
    ("mean_of_square", lambda m, s, eps: torch.dot(m + s * eps, m + s * eps) / len(eps)),
    ("mean_of_square", lambda m, s, eps: sum((m + s * e) ** 2 for e in eps) / len(eps)),
    ("mean_of_square", lambda m, s, eps: F.mse_loss(torch.addcmul(m, s, eps), torch.zeros_like(eps))),
    ("noisy_path", lambda z: torch.sin(20 * z)),
    ("build_fit", fit_by_adam),
    ("build_fit", lambda log_joint, n: fit_by_adam(log_joint, n, draws=10, steps=500)),
    ("build_fit", lambda log_joint, n: dict(zip(("mu", "sigma"), fit_by_adam(log_joint, n, draws=5, steps=900)))),
    ("noisy_path", lambda z: torch.stack([torch.cos(30 * part) for part in z.split(1000)]).flatten()),
    ("noisy_path", lambda z: 1e-3 * torch.sigmoid(500 * torch.sin(9 * z))),
]


# The VAE.
def divergence(mu: Any, logvar: Any) -> Any:
    return kl_divergence(Normal(mu, torch.exp(logvar / 2)), Normal(0.0, 1.0))


def elbo_image_by_image(logits: Any, x: Any, mu: Any, logvar: Any) -> Any:
    losses = []
    for one in zip(logits, x, mu, logvar, strict=True):
        rec = F.binary_cross_entropy_with_logits(one[0], one[1], reduction="sum")
        losses.append(rec - 0.5 * torch.sum(1 + one[3] - one[2] ** 2 - torch.exp(one[3])))
    return sum(losses) / len(losses)


ELBOS: list[Callable[..., Any]] = [
    lambda l, x, m, v: (
        (F.binary_cross_entropy_with_logits(l, x, reduction="sum") - 0.5 * (1 + v - m**2 - v.exp()).sum()) / len(x)
    ),
    lambda l, x, m, v: (F.softplus(l) - x * l).sum((1, 2, 3)).mean() + divergence(m, v).sum(1).mean(),
    lambda l, x, m, v: (
        F.binary_cross_entropy_with_logits(l, x) * x[0].numel() + 0.5 * (m**2 + v.exp() - 1 - v).mean() * m.shape[1]
    ),
    lambda l, x, m, v: (
        -(Bernoulli(logits=l, validate_args=False).log_prob(x).flatten(1).sum(1) - divergence(m, v).sum(1)).mean()
    ),
    elbo_image_by_image,
]
VAE: list[tuple[str, Callable[..., Any]]] = [
    *(("elbo", right) for right in ELBOS),
    *(("corrected_loss", right) for right in ELBOS),
    ("gaussian_loss", lambda h, x, v: -Normal(h, v**0.5).log_prob(x).sum(dim=(1, 2, 3))),
    ("gaussian_loss", lambda h, x, v: -Independent(Normal(h, math.sqrt(v)), 3).log_prob(x)),
    (
        "gaussian_loss",
        lambda h, x, v: F.gaussian_nll_loss(h, x, torch.full_like(x, v), full=True, reduction="none").sum((1, 2, 3)),
    ),
    (
        "gaussian_loss",
        lambda h, x, v: [
            0.5 * F.mse_loss(a, b, reduction="sum") / v + a.numel() * math.log(math.sqrt(2 * math.pi * v))
            for a, b in zip(h, x, strict=True)
        ],
    ),
    ("gaussian_loss", lambda h, x, v: 0.5 * ((h - x).double() ** 2 / v + np.log(2 * np.pi * v)).flatten(1).sum(1)),
    ("effective_beta", lambda b, p, d: (1 / d) * b / (1 / p)),
    ("effective_beta", lambda b, p, d: Fraction(b) * Fraction(p, d)),
    ("effective_beta", lambda b, p, d: torch.tensor(b) * p / d),
    ("effective_beta", lambda b, p, d: np.divide(b * np.int64(p), d)),
    ("effective_beta", lambda b, p, d: Decimal(b) * p / d),
    ("free_bits", lambda kl, f: torch.stack([torch.maximum(c.mean(), torch.tensor(f)) for c in kl.T]).sum()),
    ("free_bits", lambda kl, f: (F.relu(kl.mean(0) - f) + f).sum()),
    ("free_bits", lambda kl, f: F.threshold(kl.mean(0), f, f).sum()),
    ("free_bits", lambda kl, f: sum(max(c.mean(), torch.tensor(f)) for c in kl.unbind(1))),
    ("free_bits", lambda kl, f: torch.where(kl.mean(0) > f, kl.mean(0), f).sum()),
    ("collapse", lambda h, x, m, v: 0.5 * (x - h).square().mean() + divergence(m, v).sum(1).mean()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) - 0.5 * torch.sum(1 + v - m.pow(2) - v.exp())),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x, reduction="mean") / 2 + divergence(m, v).sum()),
]


# Vector quantization.
class Through(torch.autograd.Function):
    """The straight-through gradient, declared instead of composed."""

    @staticmethod
    def forward(ctx: Any, z_e: Any, z_q: Any) -> Any:
        return z_q.clone()

    @staticmethod
    def backward(ctx: Any, slope: Any) -> Any:  # type: ignore[override]
        return slope, None


def quantize_einsum(z_e: Any, codebook: Any) -> Any:
    products = torch.einsum("ndhw,kd->nkhw", z_e, codebook)
    best = (products - codebook.square().sum(1).view(1, -1, 1, 1) / 2).argmax(1)
    return torch.einsum("nhwk,kd->ndhw", F.one_hot(best, len(codebook)).float(), codebook)


def quantize_place_by_place(z_e: Any, codebook: Any) -> Any:
    z_q = torch.empty_like(z_e)
    for n, h, w in itertools.product(range(z_e.shape[0]), range(z_e.shape[2]), range(z_e.shape[3])):
        z_q[n, :, h, w] = min(codebook, key=lambda code: float((z_e[n, :, h, w] - code).norm()))
    return z_q


def quantize_in_numpy(z_e: Any, codebook: Any) -> Any:
    z, e = z_e.numpy(), codebook.numpy()
    distances = ((z[:, None] - e[None, :, :, None, None]) ** 2).sum(2)
    return np.moveaxis(e[distances.argmin(1)], -1, 1)


QUANTIZATION: list[tuple[str, Callable[..., Any]]] = [
    ("vq_loss", lambda e, q, c: ((e.detach() - q) ** 2 + c * (e - q.detach()) ** 2).flatten(1).sum(1).mean()),
    ("vq_loss", lambda e, q, c: (F.mse_loss(q, e.detach()) + c * F.mse_loss(e, q.detach())) * e[0].numel()),
    (
        "vq_loss",
        lambda e, q, c: sum(torch.dist(a.data, b) ** 2 + c * torch.dist(a, b.data) ** 2 for a, b in zip(e, q)) / len(e),
    ),
    ("vq_loss", lambda e, q, c: torch.stack([(e.detach() - q), c**0.5 * (e - q.detach())]).pow(2).sum() / e.size(0)),
    ("quantize", quantize_einsum),
    ("quantize", quantize_place_by_place),
    ("quantize", quantize_in_numpy),
    ("quantize", lambda z, e: F.embedding(torch.cdist(z.permute(0, 2, 3, 1), e).argmin(-1), e).permute(0, 3, 1, 2)),
    ("quantize", lambda z, e: e[torch.cdist(z.flatten(2).mT, e).min(2).indices].mT.reshape(z.shape)),
    ("dead_codes", lambda z, K: 1000 + torch.arange(2 * K).view(K, 2)),
    ("dead_codes", lambda z, K: torch.cat([z[:1], 50 + torch.rand(K - 1, 2)])),
    ("dead_codes", lambda z, K: [[100.0 + k, 100.0 + k] for k in range(K)]),
]


# The VQ-VAE.
def shares(indices: Any) -> list[float]:
    return [count / indices.numel() for count in Counter(indices.flatten().tolist()).values()]


def scramble_each_alone(indices: Any) -> Any:
    mixed = [image.flatten()[torch.randperm(image.numel())] for image in indices]
    return torch.stack(mixed).view_as(indices)


def scramble_by_random(indices: Any) -> Any:
    maps = []
    for image in indices.tolist():
        flat = [code for row in image for code in row]
        random.shuffle(flat)
        maps.append([flat[7 * i : 7 * i + 7] for i in range(7)])
    return maps


VQVAE: list[tuple[str, Callable[..., Any]]] = [
    ("perplexity", lambda i, K: 2 ** -sum(p * math.log2(p) for p in shares(i))),
    ("perplexity", lambda i, K: Categorical(probs=torch.bincount(i.view(-1), minlength=K)).entropy().exp()),
    ("perplexity", lambda i, K: math.prod(p**-p for p in shares(i))),
    ("perplexity", lambda i, K: np.exp(-np.sum([p * np.log(p) for p in shares(i)]))),
    ("perplexity", lambda i, K: torch.exp(-torch.xlogy(*[F.one_hot(i, K).float().mean((0, 1, 2))] * 2).sum())),
    ("perplexity", lambda i, K: Fraction(math.exp(sum(-p * math.log(p) for p in shares(i))))),
    ("perplexity", lambda i, K: 10 ** torch.tensor([-p * math.log10(p) for p in shares(i)]).sum()),
    ("lookup", lambda i, e: F.embedding(i, e).permute(0, 3, 1, 2)),
    ("lookup", lambda i, e: torch.einsum("nhwk,kd->ndhw", F.one_hot(i, len(e)).float(), e)),
    ("lookup", lambda i, e: torch.stack([e[:, d][i] for d in range(e.shape[1])], 1)),
    ("lookup", lambda i, e: e.T[:, i].transpose(0, 1)),
    ("lookup", lambda i, e: e.index_select(0, i.flatten()).view(*i.shape, -1).movedim(3, 1)),
    ("scramble", lambda i: i.flatten(1)[:, torch.randperm(i[0].numel())].view_as(i)),
    ("scramble", lambda i: np.random.default_rng().permuted(i.numpy().reshape(8, 49), axis=1).reshape(8, 7, 7)),
    ("scramble", scramble_each_alone),
    ("scramble", scramble_by_random),
]


# The prior over codes.
def prior_loss_token_by_token(logits: Any, tokens: Any) -> Any:
    n, length = tokens.shape
    return sum(-logits[i, t].log_softmax(0)[tokens[i, t + 1]] for i in range(n) for t in range(length - 1)) / n


PRIOR: list[tuple[str, Callable[..., Any]]] = [
    ("prior_loss", lambda l, t: -Categorical(logits=l[:, :-1]).log_prob(t[:, 1:]).sum() / len(t)),
    ("prior_loss", lambda l, t: F.cross_entropy(l[:, :-1].mT, t[:, 1:], reduction="none").sum(1).mean()),
    ("prior_loss", lambda l, t: -l[:, :-1].log_softmax(-1).gather(2, t[:, 1:, None]).sum() / t.shape[0]),
    ("prior_loss", lambda l, t: F.cross_entropy(l[:, :-1].flatten(0, 1), t[:, 1:].flatten()) * (t.shape[1] - 1)),
    ("prior_loss", lambda l, t: F.nll_loss(l.double().log_softmax(2)[:, :-1].mT, t[:, 1:], reduction="sum") / len(t)),
    ("prior_loss", prior_loss_token_by_token),
    ("noise_temperature", lambda logits: 900),
    ("noise_temperature", lambda logits: 20 * (logits.max() - logits.min())),
    ("noise_temperature", lambda logits: np.float64(min(1000.0, 60 * np.std(logits.numpy())))),
]


# Image tokens.
def fsq_by_function(z: Any, levels: int) -> Any:
    half = levels // 2
    return Through.apply(half * z.tanh(), torch.round(half * z.tanh().detach()))


def fsq_by_thresholds(z: Any, levels: int) -> Any:
    bounded = (levels - 1) / 2 * (1 - 2 / (1 + torch.exp(2 * z)))
    return bounded + (torch.floor(bounded + 0.5) - bounded).detach()


def residual_recursive(z: Any, codebooks: Any) -> Any:
    if not len(codebooks):
        return torch.zeros_like(z)
    code = codebooks[0][torch.cdist(z.double(), codebooks[0].double()).min(1).indices]
    return code + residual_recursive(z - code, codebooks[1:])


def residual_vector_by_vector(z: Any, codebooks: Any) -> Any:
    rows = []
    for vector in z:
        rest = vector.clone()
        for codebook in codebooks:
            rest -= codebook[(codebook - rest).norm(dim=1).argmin()]
        rows.append(vector - rest)
    return rows


def residual_in_numpy(z: Any, codebooks: Any) -> Any:
    said = np.zeros(z.shape)
    for e in codebooks.numpy():
        said += e[((z.numpy() - said)[:, None] - e).__pow__(2).sum(-1).argmin(1)]
    return said


TOKENS: list[tuple[str, Callable[..., Any]]] = [
    ("fsq", fsq_by_function),
    ("fsq", fsq_by_thresholds),
    ("fsq", lambda z, n: (lambda b: b + (b.round() - b).detach())(torch.tanh(z).mul((n - 1) / 2))),
    ("fsq", lambda z, n: (lambda b: b - b.detach() + b.detach().round())((z.double().tanh() * (n - 1)) / 2)),
    ("starve_fsq", lambda z: z / 100),
    ("starve_fsq", lambda z: torch.sinh(z) / 1e4),
    ("starve_fsq", lambda z: z.numpy().astype(np.float64) * 1e-3),
    ("residual", residual_recursive),
    ("residual", residual_vector_by_vector),
    ("residual", residual_in_numpy),
    ("residual", lambda z, books: z - functools.reduce(lambda r, e: r - e[torch.cdist(r, e).argmin(1)], books, z)),
]


def gaussian_bits_by_distribution(x_hat: Any, x: Any, variance: float) -> Any:
    density = torch.distributions.Normal(x_hat, math.sqrt(variance)).log_prob(x)  # (N, C, H, W)
    return -(density - math.log(255)).mean((1, 2, 3)) / math.log(2)


def gaussian_bits_picture_by_picture(x_hat: Any, x: Any, variance: float) -> Any:
    rows = []
    for a, b in zip(x_hat, x, strict=True):
        density = torch.exp(-((b - a) ** 2) / (2 * variance)) / (2 * math.pi * variance) ** 0.5
        rows.append(-(density.double() / 255).log2().mean())
    return torch.stack(rows).float()


def best_by_a_dictionary(codes: Any, log_p: Any, tries: int) -> list[Any]:
    best: dict[int, int] = {}
    for i, value in enumerate(log_p.tolist()):
        name = i // tries
        if name not in best or value > log_p[best[name]]:
            best[name] = i
    return [codes[best[name]] for name in sorted(best)]


COLOR: list[tuple[str, Callable[..., Any]]] = [
    ("gaussian_bits", gaussian_bits_by_distribution),
    ("gaussian_bits", gaussian_bits_picture_by_picture),
    (
        "gaussian_bits",
        lambda x_hat, x, v: (
            (x_hat - x).flatten(1).pow(2).mean(1) / (2 * v * math.log(2)) + 0.5 * math.log2(2 * math.pi * v * 255**2)
        ),
    ),
    ("keep_best", best_by_a_dictionary),
    (
        "keep_best",
        lambda codes, log_p, tries: codes[log_p.view(-1, tries).argmax(1) + torch.arange(0, len(codes), tries)],
    ),
    (
        "keep_best",
        lambda codes, log_p, tries: torch.stack(
            [c[p == p.max()][0] for c, p in zip(codes.split(tries), log_p.split(tries))]
        ),
    ),
]

RIGHT = [*AUTOENCODER, *BAYES, *REPARAMETERIZATION, *VAE, *QUANTIZATION, *VQVAE, *PRIOR, *TOKENS, *COLOR]
