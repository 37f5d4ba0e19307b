"""How a learner's vector quantizer is judged: its forward pass, its gradients, what moves its codes, and the plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vqedu.checks import quantizer_mistakes as mistakes
from vqedu.checks.engine import comparing, observing, running
from vqedu.checks.engine.exercise import Demand, Diagnosis
from vqedu.checks.engine.numbers import quarters
from vqedu.checks.engine.running import Problem
from vqedu.lessons import plane

CLOSE = 2e-3  # a smoothing with an epsilon of 1e-5 stays within it
EIGHT, SIXTEEN = 0.12, 0.09  # the losses asked for on the plane
DECAY = 0.75  # of the small case: exact in binary, and not the half that would hide an exchange
FAR = torch.tensor([9.0, -9.0, 9.0])


class Seen(NamedTuple):
    """What one call returned."""

    z_q: Tensor
    indices: Tensor
    loss: Tensor


class Quantizer:
    """The learner's module, so that whatever is wrong with it becomes a Problem."""

    def __init__(self, ask: Callable[..., Any], codes: Tensor, decay: float, revive_after: int | None) -> None:
        given = codes.clone()
        self.module = ask(given, decay, revive_after)
        if not isinstance(self.module, torch.nn.Module):
            kind = type(self.module).__name__
            raise Problem(
                "type", f"`MyQuantizer(codes, decay, revive_after)` should be an `nn.Module`; it is a {kind}."
            )
        self.given, self.codes_before = given, codes
        self.module.train()

    def __call__(self, z_e: Tensor) -> Seen:
        answer = running.call(self.module, (z_e,))
        z_q, indices, loss = observing.as_tensors(answer, ("z_q", "indices", "commitment_loss"))
        for name, came, wanted in (("z_q", z_q, z_e.shape), ("indices", indices, z_e.shape[:1])):
            if came.shape != wanted:
                raise Problem("shape", comparing.wrong_shape(name, tuple(came.shape), tuple(wanted)))
        if loss.numel() != 1:
            raise Problem("shape", comparing.wrong_shape("commitment_loss", tuple(loss.shape), ()))
        if not torch.equal(self.given, self.codes_before):
            raise Problem(
                "mutation", "Your module changed the tensor `codes` that it was given. Keep a `codes.clone()`."
            )
        return Seen(z_q, indices, loss.reshape(()))

    @property
    def codes(self) -> Tensor:
        """A copy of the learner's codebook."""
        table = getattr(self.module, "codebook", None)
        if not isinstance(table, Tensor):
            raise Problem("type", "Your module has no tensor `codebook`, where the checker looks for the codes (K, D).")
        if table.shape != self.codes_before.shape:
            wanted = tuple(self.codes_before.shape)
            raise Problem("shape", comparing.wrong_shape("codebook", tuple(table.shape), wanted))
        return table.detach().clone().float()


def measure(ask: Callable[..., Any]) -> list[Demand]:
    """Return what is asked of a quantizer, and what this one does."""
    codes, z = _small()
    Quantizer(ask, codes, DECAY, None)(z)  # whatever is missing altogether is said first
    return [*_forward(ask), *_moves(ask), *_state(ask), _revival(ask), *_on_the_plane(ask)]


def _small() -> tuple[Tensor, Tensor]:
    """Return codes (4, 3), of which the last is far from everything, and vectors (6, 3)."""
    codes = quarters(3, 4, 3) + torch.arange(4.0)[:, None]
    codes[3] = FAR
    return codes, quarters(8, 6, 3) + torch.tensor([0.0, 0, 1, 1, 2, 2])[:, None]


def _nearest(z_e: Tensor, codes: Tensor) -> Tensor:
    return torch.cdist(z_e, codes).argmin(1)


def _same(a: Tensor | None, b: Tensor) -> bool:
    return a is not None and a.shape == b.shape and torch.allclose(a.double(), b.double(), atol=CLOSE, rtol=CLOSE)


def _gradients(value: Tensor, z_e: Tensor, module: torch.nn.Module) -> tuple[Tensor, bool]:
    """Return the gradient of a number at z_e, zeros where none arrives, and whether it moves any parameter."""
    leaves = [z_e, *(weight for weight in module.parameters() if weight.requires_grad)]
    if not value.requires_grad:
        return torch.zeros_like(z_e), False
    try:
        own, *others = torch.autograd.grad(value, leaves, allow_unused=True, retain_graph=True)
    except RuntimeError as error:
        raise Problem("exception", f"`backward()` through your module raised {running.text(error)}") from None
    moved = any(slope is not None and bool(slope.abs().sum() > CLOSE) for slope in others)
    return torch.zeros_like(z_e) if own is None else own, moved


# --- the forward pass


def _forward(ask: Callable[..., Any]) -> list[Demand]:
    codes, z = _small()
    z.requires_grad_()
    quantizer = Quantizer(ask, codes, DECAY, None)
    before = quantizer.codes
    seen, chosen = quantizer(z), _nearest(z.detach(), codes)
    old, new = codes[chosen], quantizer.codes[chosen]
    return [
        Demand("the codebook begins with the codes given", _same(before, codes), _apart(before, codes)),
        _indices_right(seen.indices, z.detach(), codes),
        Demand(
            "z_q: the nearest codes, as they were before this batch moved them",
            _same(seen.z_q, old),
            _apart(seen.z_q, old),
            mistakes.AFTER_THE_MOVE if not _same(old, new) and _same(seen.z_q, new) else None,
        ),
        _straight_through(seen.z_q, z, quantizer.module),
        *_commitment(seen.loss, z, old, quantizer.module),
    ]


def _apart(came: Tensor, wanted: Tensor) -> str:
    return f"largest difference {(came.detach() - wanted).abs().max():.3g}"


def _indices_right(indices: Tensor, z: Tensor, codes: Tensor) -> Demand:
    chosen = _nearest(z, codes)
    right, kind = torch.equal(indices.long(), chosen), str(indices.dtype).removeprefix("torch.")
    found = None
    if torch.equal(indices.long(), torch.cdist(z, codes).argmax(1)):
        found = mistakes.FARTHEST
    elif torch.equal(indices.long(), (z @ codes.T).argmax(1)) and not right:
        found = mistakes.LARGEST_PRODUCT
    elif right and indices.is_floating_point():
        found = mistakes.FLOATS
    share = (indices.long() == chosen).float().mean()
    return Demand(
        "the indices of the nearest codes, as int64", right and kind == "int64", f"{share:.0%}, {kind}", found
    )


def _straight_through(z_q: Tensor, z: Tensor, module: torch.nn.Module) -> Demand:
    weights = torch.linspace(1, 2, z.numel()).view_as(z)
    slope, moved = _gradients((z_q * weights).sum(), z, module)
    arrives = bool(slope.abs().sum() > CLOSE)
    right = _same(slope, weights)
    names = {(False, False): mistakes.CUT_OFF, (False, True): mistakes.TO_THE_CODES, (True, True): mistakes.TO_BOTH}
    found = names.get((arrives, moved)) if right or not arrives else None
    measured = f"{'the identity' if right else 'another' if arrives else 'none'} to z_e, {'some' if moved else 'none'}"
    return Demand("gradient of z_q: the identity to z_e, none to the codes", right and not moved, measured, found)


def _commitment(loss: Tensor, z: Tensor, old: Tensor, module: torch.nn.Module) -> list[Demand]:
    difference = z.detach() - old
    wanted, n, d = difference.square().sum(1).mean(), len(z), z.shape[1]
    slope, moved = _gradients(loss, z, module)
    right, zero = _same(loss.detach(), wanted), not bool(slope.abs().sum() > CLOSE)
    sizes = {"averaged over D": (wanted / d, mistakes.MEAN_OVER_D), "summed": (wanted * n, mistakes.SUM_OVER_ROWS)}
    size = next((found for value, found in sizes.values() if _same(loss.detach(), value)), None)
    gradient = _same(slope, 2 * difference / n) and not moved
    found = None
    if right and zero:
        found = mistakes.COMMITMENT_THROUGH if loss.requires_grad and not moved else mistakes.COMMITMENT_STOPPED
    elif right and moved:
        found = mistakes.COMMITMENT_MOVES_CODES
    return [
        Demand("commitment loss: |z_e - sg[e]|^2, summed over D, averaged over the rows", right,
               f"{loss.item():.4g}, expected {wanted.item():.4g}", size),
        Demand("its gradient: to z_e, none to the codes", gradient or (not right and not zero and not moved),
               f"{'none' if zero else 'some'} to z_e, {'some' if moved else 'none'} to the codes", found),
    ]  # fmt: skip


# --- moving averages

Rule = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, float], tuple[Tensor, Tensor, Tensor]]


def _rule(weight: Callable[[float], float] = lambda g: g, keep: Callable[[float], float] = lambda g: 1 - g) -> Rule:
    """Return the rule N <- w N + k n, M <- w M + k m, e <- M / N, for codes that were chosen."""

    def step(e: Tensor, N: Tensor, M: Tensor, n: Tensor, m: Tensor, g: float) -> tuple[Tensor, Tensor, Tensor]:
        N, M = weight(g) * N + keep(g) * n, weight(g) * M + keep(g) * m
        return torch.where(n[:, None] > 0, M / N.clamp(min=1e-30)[:, None], e), N, M

    return step


def _average_of_means(e: Tensor, N: Tensor, M: Tensor, n: Tensor, m: Tensor, g: float) -> tuple[Tensor, Tensor, Tensor]:
    means = m / n.clamp(min=1)[:, None]
    return torch.where(n[:, None] > 0, g * e + (1 - g) * means, e), N, M


def _run(rule: Rule, codes: Tensor, batches: Sequence[Tensor], decay: float) -> Tensor:
    """Return the codes after these batches, moved by a rule from counts of 1."""
    e, N, M = codes, torch.ones(len(codes)), codes
    for z in batches:
        chosen = _nearest(z, e)
        n = torch.bincount(chosen, minlength=len(e)).float()
        e, N, M = rule(e, N, M, n, torch.zeros_like(e).index_add(0, chosen, z), decay)
    return e


RULES: list[tuple[Rule, Diagnosis]] = [
    (_rule(lambda g: 1 - g, lambda g: g), mistakes.WRONG_SIDE),
    (_rule(lambda g: 0.0, lambda g: 1.0), mistakes.NO_MEMORY),
    (_average_of_means, mistakes.OF_MEANS),
    (_rule(lambda g: 1.0, lambda g: 1.0), mistakes.ADDED_UP),
]


def _moves(ask: Callable[..., Any]) -> list[Demand]:
    codes, z = _small()
    quantizer = Quantizer(ask, codes, DECAY, None)
    quantizer(z)
    once, points = quantizer.codes, plane.points("kinds", 640, seed=2)
    start = plane.start_codes(points, 8)
    learner, batches = Quantizer(ask, start, 0.9, None), points.split(64)
    for batch in batches:
        learner(batch)
    ten = learner.codes
    wanted = [_run(_rule(), codes, [z], DECAY), _run(_rule(), start, batches, 0.9)]
    found = next((d for rule, d in RULES if _same(once[:3], _run(rule, codes, [z], DECAY)[:3])), None)
    found = mistakes.NOT_MOVED if torch.equal(once, codes) else found
    return [
        Demand("codes after one batch", _same(once[:3], wanted[0][:3]), _apart(once[:3], wanted[0][:3]), found),
        Demand("codes after ten batches in the plane", _same(ten, wanted[1]), _apart(ten, wanted[1])),
        _unchosen(ask),
    ]


def _unchosen(ask: Callable[..., Any]) -> Demand:
    """Measure how far a code moves that nothing chooses: in 200 batches, and at decay 0."""
    codes, z = _small()
    fading, forgetting = Quantizer(ask, codes, 0.9, None), Quantizer(ask, codes, 0.0, None)
    for _ in range(200):
        fading(z)
    forgetting(z)
    ends = [fading.codes[3], forgetting.codes[3]]
    moved = max((end - FAR).norm().item() if bool(end.isfinite().all()) else float("inf") for end in ends)
    found = None
    if not all(bool(end.isfinite().all()) for end in ends):
        found = mistakes.DIVIDED_BY_ZERO
    elif any(_same(end, FAR * (end @ FAR) / (FAR @ FAR)) and (end @ FAR) < 0.99 * (FAR @ FAR) for end in ends):
        found = mistakes.PULLED_TO_ZERO
    measured = "it became NaN or infinite" if moved == float("inf") else f"it moved by {moved:.3g}"
    return Demand("an unchosen code stays put (200 batches at decay 0.9, 1 at 0)", moved < 0.02, measured, found)


# --- eval mode, saving


def _state(ask: Callable[..., Any]) -> list[Demand]:
    codes, z = _small()
    watched, quantizer, other = (Quantizer(ask, c, DECAY, r) for c, r in ((codes, 2), (codes, None), (codes + 1, None)))
    watched.module.eval()
    for _ in range(3):
        watched(z)
    moved = not torch.equal(watched.codes, codes)
    quantizer(z)
    try:
        other.module.load_state_dict(quantizer.module.state_dict())
    except Exception as error:
        raise Problem("exception", f"`load_state_dict` of your module raised {running.text(error)}") from None
    restored = _same(other.codes, quantizer.codes)
    quantizer(z), other(z)
    alike = restored and _same(other.codes[:3], quantizer.codes[:3])
    measured = "it does" if alike else "the codes differ at once" if not restored else "the codes move differently"
    return [
        Demand("in eval mode nothing moves", not moved, "the codes moved" if moved else "nothing moved",
               mistakes.MOVES_IN_EVAL if moved else None),
        Demand("after saving and loading, it continues in the same way", alike, measured,
               None if alike else mistakes.COUNTS_NOT_SAVED if restored else mistakes.NOT_SAVED),
    ]  # fmt: skip


# --- revival, and the plane


def _revival(ask: Callable[..., Any]) -> Demand:
    """Two codes far away, to be revived with the third batch, and then to move like any other."""
    codes = torch.tensor([[0.0, 0.0], [1.0, 1.0], [50.0, 50.0], [60.0, -60.0]])
    quantizer, batches = Quantizer(ask, codes, 0.9, 3), plane.points("kinds", 320, seed=3).split(64)
    places = []
    for batch in batches[:3]:
        quantizer(batch)
        places.append(quantizer.codes[2:])
    stayed = [_same(place, codes[2:]) for place in places]
    on_rows = [bool((batches[2] - code).norm(dim=1).min() < CLOSE) for code in places[2]]
    apart = not _same(places[2][0], places[2][1])
    for batch in batches[3:]:
        quantizer(batch)
    back = not all(stayed) and bool(quantizer.codes[2:].norm(dim=1).max() > 4)
    for batch in 20 * batches if all(stayed) else ():  # a rule of the learner's own may need longer
        quantizer(batch)
    never = _same(quantizer.codes[2:], codes[2:])
    when = "never" if never else "later" if all(stayed) else f"with batch {1 + stayed.index(False)}"
    met = stayed == [True, True, False] and all(on_rows) and apart and not back
    found = None
    if never:
        found = mistakes.NO_REVIVAL
    elif stayed == [True, True, False] and all(on_rows):
        found = mistakes.ONE_ROW if not apart else mistakes.FLIES_BACK if back else None
    measured = f"{when}; {sum(on_rows) if not all(stayed) else 0} on rows of it" + (", later far away" if back else "")
    return Demand("2 codes unused for 3 batches move onto different rows of the third", met, measured, found)


def _on_the_plane(ask: Callable[..., Any]) -> list[Demand]:
    points = plane.points("kinds", 10_000, seed=1)
    demands = []
    for start, size, revive_after, most in (("data", 8, None, EIGHT), ("wide", 16, 20, SIXTEEN)):
        torch.manual_seed(0)
        quantizer = Quantizer(ask, plane.start_codes(points, size, start), 0.9, revive_after)  # type: ignore[arg-type]
        for _ in range(300):
            quantizer(points[torch.randint(len(points), (64,))])
        distances, chosen = torch.cdist(points, quantizer.codes).square().min(1)
        loss, used = distances.mean().item(), len(chosen.unique())
        name = "8 codes from data" if start == "data" else "16 codes from N(0, 10^2), revived"
        met = loss <= most and (start == "data" or used == size)
        demands.append(Demand(f"{name}: loss at most {most} after 300 batches", met, f"{loss:.2f}, {used} codes used"))
    return demands
