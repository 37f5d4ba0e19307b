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
    ("pca", lambda x, mean, V: (x - mean.mean()) @ V @ V.T + mean.mean()),
    ("pca", lambda x, mean, V: (x - mean) @ V[:, :1] @ V[:, :1].T + mean if V.shape[1] > 1 else x),
    ("pca", lambda x, mean, V: x - (x - mean) @ V @ V.T),
    ("pca", lambda x, mean, V: (x + mean) @ V @ V.T - mean),
    ("pca", lambda x, mean, V: ((x - mean) @ V @ V.T + mean).clamp(0.25, 0.75)),
    ("pca", lambda x, mean, V: (x - mean) @ V.abs() @ V.T + mean + 1e-2),
    ("near_share", lambda z, c, r: ((z[:, None] - c).abs().sum(-1).min(1).values <= r).float().mean()),
    ("near_share", lambda z, c, r: ((z[:, None] - c).abs().amax(-1).min(1).values <= r).float().mean()),
    ("near_share", lambda z, c, r: (torch.cdist(z, c)[:, 0] <= r).float().mean()),
    ("near_share", lambda z, c, r: (torch.cdist(z, c).mean(1) <= r).float().mean()),
    ("near_share", lambda z, c, r: (torch.cdist(z, c).min(1).values <= 2 * r).float().mean()),
    ("near_share", lambda z, c, r: (torch.cdist(z, c).min(1).values.mean() <= r).float()),
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
    ("elbo_on_a_grid", lambda p, x, q, dz: (q.exp() * (p + x)).sum() * dz + (q.exp() * q).sum() * dz),
    ("elbo_on_a_grid", lambda p, x, q, dz: torch.logsumexp(p + x, 0) + math.log(dz)),
    ("elbo_on_a_grid", lambda p, x, q, dz: (q.exp() * (p + x - q)).sum() * dz / math.log(2)),
    ("elbo_on_a_grid", lambda p, x, q, dz: (q.exp() * (p + x - q)).sum() * dz**2),
    ("elbo_on_a_grid", lambda p, x, q, dz: (q.exp() * (p + x - q))[::2].sum() * dz),
    ("kl_by_sampling", lambda z, m, s: (0.5 * z.square() - 0.5 * (z - m).square() - s.log()).mean(0)),
    ("kl_by_sampling", lambda z, m, s: of("kl_by_sampling", z - m, 0 * m, s)),
    ("kl_by_sampling", lambda z, m, s: of("kl_by_sampling", z, m, s).clamp(min=0)),
    ("kl_by_sampling", lambda z, m, s: of("kl_by_sampling", z, m, s) + math.log(2 * math.pi) / 2),
    ("kl_by_sampling", lambda z, m, s: 0.5 * (m.square() + s.square() - 1) - s.log()),
    ("overconfident_q", lambda: (0.0, 0.25)),
    ("overconfident_q", lambda: (3.0, 0.02)),
    ("overconfident_q", lambda: (0.13, 1e-9)),
]


def noisy(noise: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda mu, logvar: mu + torch.exp(logvar / 2) * noise(mu)


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
    ("path_gradient", lambda g, m, s, e: (g(m + s * e), g(m + s * e) / s)),
    ("path_gradient", lambda g, m, s, e: (g(m + s * e), g(m + s * e) * e.abs())),
    ("path_gradient", lambda g, m, s, e: (g(m + s * e) + m, g(m + s * e) * e)),
    ("path_gradient", lambda g, m, s, e: (g(m - s * e), -g(m - s * e) * e)),
    ("mean_of_square", lambda m, s, e: m**2 + s**2 + 0 * e.sum()),
    ("mean_of_square", lambda m, s, e: (m + s * e).abs().mean()),
    ("mean_of_square", lambda m, s, e: (m + s * e).square().mean() / 2),
    ("mean_of_square", lambda m, s, e: (m + s * e).var() if len(e) > 1 else (m + s * e).square().mean()),
    ("noisy_path", lambda z: z),
    ("noisy_path", lambda z: torch.sin(z)),
    ("noisy_path", lambda z: (z > 0).double() * 0 + 1),
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
    ("mended_loss", lambda l, x, m, v: bce(l, x).sum(1).mean() + divergence(m, v).sum() / v.shape[1]),
    ("mended_loss", lambda l, x, m, v: bce(torch.tanh(l), x).sum(1).mean() + divergence(m, v).sum(1).mean()),
    (
        "mended_loss",
        lambda l, x, m, v: F.l1_loss(l.sigmoid(), x, reduction="sum") / len(x) + divergence(m, v).sum(1).mean(),
    ),
    ("mended_loss", lambda l, x, m, v: of("mended_loss", l, x, m, v).abs() + 0.1),
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
    ("teacher_forcing", lambda t, s: (F.pad(t[:, :-1], (1, 0), value=0), t)),
    ("teacher_forcing", lambda t, s: (F.pad(t[:, :-1], (1, 0), value=s), t.flip(1))),
    ("teacher_forcing", lambda t, s: (F.pad(t[:, 1:], (1, 0), value=s), t)),
    ("teacher_forcing", lambda t, s: (torch.full_like(t, s), t)),
    ("causal_mask", lambda n: torch.ones(n, n).tril().bool().flip(1)),
    ("causal_mask", lambda n: torch.arange(n)[:, None] >= 2 * torch.arange(n)),
    ("causal_mask", lambda n: torch.ones(n, n).tril().bool() & (torch.arange(n) > 0)),
    ("causal_mask", lambda n: (torch.arange(n)[:, None] - torch.arange(n)).abs() <= 1),
    ("next_probabilities", lambda l, t, k: of("next_probabilities", l, t**2, k)),
    ("next_probabilities", lambda l, t, k: of("next_probabilities", -l, t, k)),
    ("next_probabilities", lambda l, t, k: l.topk(k, 1).values.softmax(1).repeat(1, 9)[:, : l.shape[1]]),
    ("next_probabilities", lambda l, t, k: of("next_probabilities", l, t, k).log()),
    ("next_probabilities", lambda l, t, k: of("next_probabilities", l, t, k).square()),
    ("next_probabilities", lambda l, t, k: (l / t).masked_fill(l < l.topk(k, 1).values.min(), -math.inf).softmax(1)),
    ("next_probabilities", lambda l, t, k: of("next_probabilities", l - l.mean(0), t, k)),
    ("bits_per_code", lambda p, n: -p.mean() / (n - 1) / math.log(2)),
    ("bits_per_code", lambda p, n: -p.mean() / n / math.log(10)),
    ("bits_per_code", lambda p, n: -p.median() / n / math.log(2)),
    ("bits_per_code", lambda p, n: -p.exp().mean().log() / n / math.log(2)),
    ("bits_per_code", lambda p, n: math.ceil(-p.mean() / n / math.log(2))),
    ("prior_loss", lambda l, t: F.cross_entropy(l[:, 0], t[:, 1])),
    ("prior_loss", lambda l, t: of("prior_loss", l, t) / math.log(2)),
    ("prior_loss", lambda l, t: of("prior_loss", l, t.roll(1, 0)) + 0.1),
    ("prior_loss", lambda l, t: F.cross_entropy(l[:, :-1].mT, t[:, 1:], label_smoothing=0.1, reduction="sum") / len(t)),
    ("prior_loss", lambda l, t: -l[:, :-1].gather(2, t[:, 1:, None]).sum() / len(t)),
    ("prior_loss", lambda l, t: of("prior_loss", l / 2, t)),
    ("noise_temperature", lambda logits: 1.0),
    ("noise_temperature", lambda logits: 1e5),
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
    ("join", lambda w, c, k: torch.cat([w + 2 * k, c], 1)),
    ("join", lambda w, c, k: torch.cat([w + c.max() + 1, c], 1)),
    ("join", lambda w, c, k: torch.cat([w * k, c], 1)),
    ("join", lambda w, c, k: torch.cat([w + k, c.flip(1)], 1).flip(0)),
    ("join", lambda w, c, k: torch.cat([(w + k).flip(1), c], 1) * 1 + (w.shape[1] == 1)),
    ("rate", lambda levels, places: places * math.log2(math.prod(levels) - 1)),
    ("rate", lambda levels, places: math.ceil(places * math.log2(math.prod(levels)))),
    ("rate", lambda levels, places: places * len(levels) * math.log2(max(levels))),
    ("rate", lambda levels, places: math.log2(math.prod(levels) * places)),
    ("rate", lambda levels, places: places * math.log2(math.prod(levels)) / 8),
    ("read_words", lambda t, k, w: torch.where((t > k) & (t < k + w), t - k, -1)),
    ("read_words", lambda t, k, w: torch.where((t >= k) & (t < k + w), t - k, 0)),
    ("read_words", lambda t, k, w: torch.where((t >= k) & (t < k + w), t - k, -2)),
    ("read_words", lambda t, k, w: torch.where((t >= k) & (t < k + w), t - k + 1, -1)),
    ("read_words", lambda t, k, w: (t - k) % w),
]

WRONG = [*AUTOENCODER, *BAYES, *REPARAMETERIZATION, *VAE, *QUANTIZATION, *VQVAE, *PRIOR, *TOKENS]
