"""Wrong solutions that are in no catalogue: none may be accepted, and none may get the name of another mistake."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.distributions import Categorical, Laplace, StudentT
from torch.nn import functional as F

from vqedu import checks


def of(name: str, *arguments: Any) -> Any:
    """The right answer."""
    return checks.ALL[name].reference(*arguments)  # type: ignore[union-attr]


def bce(logits: Any, x: Any) -> Any:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1)


def divergence(mu: Any, logvar: Any) -> Any:
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def one_step_late(model: Any, batches: Any, lr: float) -> Any:
    before = [torch.zeros_like(p) for p in model.parameters()]
    for x in batches:
        slopes = torch.autograd.grad((model(x) - x).square().sum(1).mean(), tuple(model.parameters()))
        for p, old, new in zip(model.parameters(), before, slopes):
            p.data -= lr * old
            old.copy_(new)
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def with_momentum(model: Any, batches: Any, lr: float) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), lr, momentum=0.9)
    for x in batches:
        optimizer.zero_grad()
        (model(x) - x).square().sum(1).mean().backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def trains(model: Any, batches: Any, lr: float, loss: Callable[[Any, Any], Any], only: int | None = None) -> Any:
    parameters = list(model.parameters())[:only]
    for x in batches:
        slopes = torch.autograd.grad(loss(model(x), x), parameters)
        for p, slope in zip(parameters, slopes):
            p.data -= lr * slope
    return torch.cat([p.detach().flatten() for p in model.parameters()])


AUTOENCODER: list[tuple[str, Callable[..., Any]]] = [
    ("reconstruction", lambda l, x: bce(l, x).sum(1) / math.log(2)),
    ("reconstruction", lambda l, x: bce(l, x.round()).sum(1)),
    ("reconstruction", lambda l, x: bce(l.clamp(-2, 2), x).sum(1)),
    ("reconstruction", lambda l, x: bce(l, 1 - x).sum(1)),
    ("reconstruction", lambda l, x: bce(l, x).flip(0).sum(1)),
    ("reconstruction", lambda l, x: bce(l, x).max(1).values),
    ("reconstruction", lambda l, x: bce(l, x)[:, 1:].sum(1)),
    ("reconstruction", lambda l, x: F.softplus(l).flatten(1).sum(1)),
    ("reconstruction", lambda l, x: (bce(l, x).sum(1)).detach() + 0 * l.sum()),
    ("training_loop", one_step_late),
    ("training_loop", with_momentum),
    ("training_loop", lambda m, b, lr: trains(m, b, lr / 2, lambda y, x: (y - x).square().sum(1).mean())),
    ("training_loop", lambda m, b, lr: trains(m, b, lr, lambda y, x: (y - x).abs().sum(1).mean())),
    ("training_loop", lambda m, b, lr: trains(m, b, lr, lambda y, x: (y - x).square().sum(1).mean(), only=1)),
    ("training_loop", lambda m, b, lr: trains(m, b[::-1], lr, lambda y, x: (y - x).square().sum(1).mean())),
    ("hole", lambda codes: codes.mean(0)),
    ("hole", lambda codes: codes.max(0).values + 5),
    ("hole", lambda codes: codes[0]),
]

BAYES: list[tuple[str, Callable[..., Any]]] = [
    ("importance_weighted_bound", lambda w: w.max(0).values),
    ("importance_weighted_bound", lambda w: torch.logsumexp(w, 0) - math.log(len(w) + 1)),
    ("importance_weighted_bound", lambda w: torch.logsumexp(w, 0) / len(w)),
    ("importance_weighted_bound", lambda w: of("importance_weighted_bound", w.clamp(min=-90))),
    ("importance_weighted_bound", lambda w: torch.logsumexp(w, 0) - math.log2(len(w))),
    ("importance_weighted_bound", lambda w: (torch.logsumexp(w, 0) - math.log(len(w))).mean()),
    ("kl", lambda m, v: (m.abs() + v.exp() - 1 - v).sum(1) / 2),
    ("kl", lambda m, v: divergence(m, v).sum(1) / math.log(2)),
    ("kl", lambda m, v: divergence(m, v)[:, 0]),
    ("kl", lambda m, v: divergence(m, v.clamp(-1, 1)).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square() + v.exp() - 1 - v.exp().log2()).sum(1)),
    ("kl", lambda m, v: divergence(m, v).norm(dim=1)),
    ("kl", lambda m, v: divergence(m, v).sum(1) + 0.01 * m.sum(1)),
    ("kl", lambda m, v: divergence(m.detach(), v).sum(1)),
    ("kl", lambda m, v: divergence(m, v.mean(1, keepdim=True)).sum(1)),
    ("kl", lambda m, v: 0.5 * (m.square() + v + v.square() / 2 - v).sum(1)),
    ("kl_by_sampling", lambda z, m, s: (0.5 * z.square() - 0.5 * (z - m).square() - s.log()).mean(0)),
    ("kl_by_sampling", lambda z, m, s: of("kl_by_sampling", z - m, 0 * m, s)),
    ("kl_by_sampling", lambda z, m, s: of("kl_by_sampling", z, m, s).clamp(min=0)),
    ("kl_by_sampling", lambda z, m, s: of("kl_by_sampling", z, m, s) + math.log(2 * math.pi) / 2),
    ("kl_by_sampling", lambda z, m, s: 0.5 * (m.square() + s.square() - 1) - s.log()),
    ("overconfident_q", lambda: (0.0, 0.25)),
    ("overconfident_q", lambda: (3.0, 0.02)),
    ("overconfident_q", lambda: (0.13, 1e-9)),
    ("build_elbo", lambda x: (0.0, 0.5, -3.0, -2.0)),
    ("build_elbo", lambda x: (0.3 * x - 1, 0.3, -0.5 * x - 1, -0.4 * x - 1)),
    ("build_elbo", lambda x: (0.0, -1.0, 0.0, 0.0)),
]


def noisy(noise: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda mu, logvar: mu + torch.exp(logvar / 2) * noise(mu)


def fitted(log_joint: Any, n: int, steps: int, draws: int = 1, noise: Any = None) -> tuple[Any, Any]:
    """A fit that is too short, too expensive, or made for one draw of the noise."""
    mu, logvar = torch.zeros(n, requires_grad=True), torch.full((n,), -2.0, requires_grad=True)
    optimizer = torch.optim.Adam([mu, logvar], lr=0.02)
    for _ in range(steps):
        z = mu + torch.exp(logvar / 2) * (torch.randn(draws, n) if noise is None else noise)
        optimizer.zero_grad()
        (-(log_joint(z) + logvar / 2)).mean(0).sum().backward()
        optimizer.step()
    return mu.detach(), torch.exp(logvar.detach() / 2)


REPARAMETERIZATION: list[tuple[str, Callable[..., Any]]] = [
    ("reparameterize", lambda m, v: m + torch.exp(v / 3) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + 0.8 * torch.exp(v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: torch.exp(v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + torch.exp(v / 2) * torch.randn_like(m).abs()),
    ("reparameterize", lambda m, v: m.mean(0) + torch.exp(v / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + torch.exp(v.mean(1, keepdim=True) / 2) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m + F.softplus(v) * torch.randn_like(m)),
    ("reparameterize", lambda m, v: m * (1 + torch.exp(v / 2) * torch.randn_like(m))),
    ("reparameterize", lambda m, v: (m + torch.exp(v / 2) * torch.randn_like(m)).clamp(-3, 3)),
    ("reparameterize", noisy(lambda m: Laplace(0.0, math.sqrt(0.5)).sample(m.shape))),
    ("reparameterize", noisy(lambda m: math.sqrt(12) * (torch.rand_like(m) - 0.5))),
    ("reparameterize", noisy(lambda m: torch.randint(0, 2, m.shape) * 2.0 - 1)),
    ("reparameterize", noisy(lambda m: StudentT(3.0).sample(m.shape) / math.sqrt(3))),
    ("reparameterize", noisy(lambda m: torch.randn_like(m) + 0.2)),
    ("reparameterize", noisy(lambda m: -torch.rand_like(m).log() - 1)),
    ("score_gradient", lambda f, m, s, e: (f(m + s * e) - f(m)) * e / s),
    ("score_gradient", lambda f, m, s, e: f(m + s * e) * e * s),
    ("score_gradient", lambda f, m, s, e: f(m + s * e) * e.abs() / s),
    ("score_gradient", lambda f, m, s, e: f(m + e) * e / s),
    ("score_gradient", lambda f, m, s, e: f(m + s * e) * (m + s * e) / s**2),
    ("mean_of_square", lambda m, s, e: m**2 + s**2 + 0 * e.sum()),
    ("mean_of_square", lambda m, s, e: (m + s * e).abs().mean()),
    ("mean_of_square", lambda m, s, e: (m + s * e).square().mean() / 2),
    ("mean_of_square", lambda m, s, e: (m + s * e).var() if len(e) > 1 else (m + s * e).square().mean()),
    ("noisy_path", lambda z: z),
    ("noisy_path", lambda z: torch.sin(z)),
    ("noisy_path", lambda z: (z > 0).double() * 0 + 1),
    ("build_fit", lambda log_joint, n: (torch.zeros(n), torch.linspace(0.3, 0.6, n))),
    ("build_fit", lambda log_joint, n: fitted(log_joint, n, steps=120)),
    ("build_fit", lambda log_joint, n: fitted(log_joint, n, steps=150, draws=50)),
    ("build_fit", lambda log_joint, n: fitted(log_joint, n, steps=1500, noise=torch.randn(1, n))),
]

VAE: list[tuple[str, Callable[..., Any]]] = [
    ("elbo", lambda l, x, m, v: 2 * of("elbo", l, x, m, v)),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).mean() + 4 * divergence(m, v).sum(1).mean()),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).mean() + divergence(m, v).sum(1).max()),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).mean() * divergence(m, v).sum(1).mean()),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).mean().detach() + divergence(m, v).sum(1).mean()),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).mean() + divergence(m, v).sum(1).mean().detach()),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).mean() + divergence(m, v).mean(0).clamp(min=0.3).sum()),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).median() + divergence(m, v).sum(1).mean()),
    ("elbo", lambda l, x, m, v: bce(l, x).sum(1).mean() + 0.5 * m.square().sum(1).mean()),
    ("corrected_loss", lambda l, x, m, v: bce(l, x).sum(1).mean() + divergence(m, v).sum() / v.shape[1]),
    ("corrected_loss", lambda l, x, m, v: bce(torch.tanh(l), x).sum(1).mean() + divergence(m, v).sum(1).mean()),
    (
        "corrected_loss",
        lambda l, x, m, v: F.l1_loss(l.sigmoid(), x, reduction="sum") / len(x) + divergence(m, v).sum(1).mean(),
    ),
    ("corrected_loss", lambda l, x, m, v: of("corrected_loss", l, x, m, v).abs() + 0.1),
    ("gaussian_loss", lambda h, x, v: of("gaussian_loss", h, x, v**0.5)),
    ("gaussian_loss", lambda h, x, v: ((x - h).abs() / v + math.log(2 * v)).flatten(1).sum(1)),
    ("gaussian_loss", lambda h, x, v: 0.5 * ((x - h).square() / v - math.log(2 * math.pi * v)).flatten(1).sum(1)),
    ("gaussian_loss", lambda h, x, v: 0.5 * ((x - h).square() * v + math.log(2 * math.pi * v)).flatten(1).sum(1)),
    ("gaussian_loss", lambda h, x, v: of("gaussian_loss", h.detach(), x, v) + 0 * h.sum()),
    ("effective_beta", lambda b, p, d: b * p / (d + 1)),
    ("effective_beta", lambda b, p, d: b * (p - d)),
    ("effective_beta", lambda b, p, d: b * math.sqrt(p / d)),
    ("effective_beta", lambda b, p, d: round(b * p / d)),
    ("effective_beta", lambda b, p, d: b + p / d),
    ("free_bits", lambda kl, f: kl.mean(0).clamp(min=f).max()),
    ("free_bits", lambda kl, f: kl.mean(0).clamp(min=f).sum() + f),
    ("free_bits", lambda kl, f: (kl.mean(0) + f).sum()),
    ("free_bits", lambda kl, f: kl.mean(0).detach().clamp(min=f).sum() + 0 * kl.sum()),
    ("free_bits", lambda kl, f: kl.median(0).values.clamp(min=f).sum()),
    ("free_bits", lambda kl, f: F.softplus(kl.mean(0) - f).sum() + f),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) + 100 * m.square().sum()),
    ("collapse", lambda h, x, m, v: divergence(m, v).sum() + 0 * h.sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) + 100 * v.square().sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) + 1e6 * divergence(m, v).sum()),
    ("collapse", lambda h, x, m, v: F.mse_loss(h, x) + 100 * (m.square() + v.exp()).sum()),
    ("collapse", lambda h, x, m, v: 0.5 * (x - h).square().sum(1).mean() + divergence(m, v).sum(1).mean()),
]

QUANTIZATION: list[tuple[str, Callable[..., Any]]] = [
    ("vq_loss", lambda e, q, c: (e - q).norm() + 0 * c),
    ("vq_loss", lambda e, q, c: of("vq_loss", e, q, c).sqrt()),
    ("vq_loss", lambda e, q, c: of("vq_loss", e, q, c**2)),
    ("vq_loss", lambda e, q, c: of("vq_loss", e, q, 1 - c)),
    (
        "vq_loss",
        lambda e, q, c: F.l1_loss(e.detach(), q, reduction="sum") + c * F.l1_loss(e, q.detach(), reduction="sum"),
    ),
    ("quantize", lambda z, e: e[torch.cdist(z.movedim(1, -1), e.roll(1, 0)).argmin(-1)].movedim(-1, 1)),
    ("quantize", lambda z, e: e[torch.cdist(z.movedim(1, -1), e, p=1).argmin(-1)].movedim(-1, 1)),
    ("quantize", lambda z, e: e[torch.cdist(z.movedim(1, -1)[..., :1], e[:, :1]).argmin(-1)].movedim(-1, 1)),
    ("quantize", lambda z, e: e[0][None, :, None, None].expand_as(z)),
    ("quantize", lambda z, e: of("quantize", z.round(), e)),
    ("quantize", lambda z, e: of("quantize", z, F.normalize(e))),
    ("dead_codes", lambda z, K: z[:K]),
    ("dead_codes", lambda z, K: torch.zeros(K, 2)),
    ("dead_codes", lambda z, K: torch.randn(K, 2)),
]


def shares(indices: Any, K: int) -> Any:
    return torch.bincount(indices.flatten(), minlength=K) / indices.numel()


VQVAE: list[tuple[str, Callable[..., Any]]] = [
    ("perplexity", lambda i, K: 1 / shares(i, K).square().sum()),
    ("perplexity", lambda i, K: 1 / shares(i, K).max()),
    ("perplexity", lambda i, K: (K * of("perplexity", i, K)) ** 0.5),
    ("perplexity", lambda i, K: Categorical(probs=shares(i, K) + 0.1).entropy().exp()),
    ("perplexity", lambda i, K: torch.exp(-(shares(i, K) * (shares(i, K) + 0.05).log()).sum())),
    ("perplexity", lambda i, K: of("perplexity", i[:1], K)),
    ("lookup", lambda i, e: e[i.flip(0)].movedim(-1, 1).contiguous() + 0.01),
    ("lookup", lambda i, e: e.flip(0)[i].movedim(-1, 1)),
    ("lookup", lambda i, e: e.flip(1)[i].movedim(-1, 1)),
    ("lookup", lambda i, e: 2 * e[i].movedim(-1, 1)),
    ("lookup", lambda i, e: (e - e.mean(0))[i].movedim(-1, 1)),
    ("scramble", lambda i: i),
    ("scramble", lambda i: i.flip(1)),
    ("scramble", lambda i: torch.randint(0, 8, i.shape)),
    ("scramble", lambda i: i.roll(1, 0)),
]

PRIOR: list[tuple[str, Callable[..., Any]]] = [
    ("prior_loss", lambda l, t: F.cross_entropy(l[:, 0], t[:, 1])),
    ("prior_loss", lambda l, t: of("prior_loss", l, t) / math.log(2)),
    ("prior_loss", lambda l, t: of("prior_loss", l, t.roll(1, 0)) + 0.1),
    ("prior_loss", lambda l, t: F.cross_entropy(l[:, :-1].mT, t[:, 1:], label_smoothing=0.1, reduction="sum") / len(t)),
    ("prior_loss", lambda l, t: -l[:, :-1].gather(2, t[:, 1:, None]).sum() / len(t)),
    ("prior_loss", lambda l, t: of("prior_loss", l / 2, t)),
    ("noise_temperature", lambda logits: 1.0),
    ("noise_temperature", lambda logits: logits.std() / 10),
    ("noise_temperature", lambda logits: 5.0),
]


def residual_with(step: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def wrong(z: Any, codebooks: Any) -> Any:
        rest = z
        for codebook in codebooks:
            rest = step(rest, codebook[torch.cdist(rest, codebook).argmin(1)])
        return z - rest

    return wrong


def passed(bounded: Any, value: Any) -> Any:
    return bounded + (value - bounded).detach()


TOKENS: list[tuple[str, Callable[..., Any]]] = [
    ("fsq", lambda z, n: passed(b := torch.tanh(z) * (n - 1) / 2, b.ceil())),
    ("fsq", lambda z, n: passed(b := torch.tanh(z) * (n - 1) / 2, b.trunc())),
    ("fsq", lambda z, n: passed(b := torch.atan(z) * 2 / math.pi * (n - 1) / 2, b.round())),
    ("fsq", lambda z, n: passed(b := z.clamp(-1, 1) * (n - 1) / 2, b.round())),
    ("fsq", lambda z, n: torch.tanh(z) * (n - 1) / 2),
    ("fsq", lambda z, n: passed(2 * (b := torch.tanh(z) * (n - 1) / 2), b.round())),
    ("starve_fsq", lambda z: z),
    ("starve_fsq", lambda z: 0 * z),
    ("starve_fsq", lambda z: -z / 100),
    ("residual", residual_with(lambda rest, code: rest - 0.5 * code)),
    ("residual", residual_with(lambda rest, code: (rest - code).abs())),
    ("residual", residual_with(lambda rest, code: rest - code.round())),
    ("residual", lambda z, books: of("residual", z, books.flip(0)) + 0.01),
    ("residual", lambda z, books: of("residual", z, books[:1].expand_as(books)) + 0.01),
]

COLOR: list[tuple[str, Callable[..., Any]]] = [
    ("gaussian_bits", lambda x_hat, x, v: of("gaussian_bits", x_hat, x, v) + math.log2(256 / 255)),
    ("gaussian_bits", lambda x_hat, x, v: of("gaussian_bits", x_hat, x, v * v)),
    ("gaussian_bits", lambda x_hat, x, v: -of("gaussian_bits", x_hat, x, v)),
    ("gaussian_bits", lambda x_hat, x, v: of("gaussian_bits", x_hat.round(), x, v)),
    ("keep_best", lambda codes, log_p, tries: of("keep_best", codes, log_p.roll(1), tries)),
    ("keep_best", lambda codes, log_p, tries: of("keep_best", codes, log_p, tries).flip(0) + 1),
    ("keep_best", lambda codes, log_p, tries: of("keep_best", codes, (log_p + 5).abs(), tries)),
]

WRONG = [*AUTOENCODER, *BAYES, *REPARAMETERIZATION, *VAE, *QUANTIZATION, *VQVAE, *PRIOR, *TOKENS, *COLOR]
