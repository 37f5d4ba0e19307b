"""What public reports say of exercise checkers, kind by kind: right answers refused, checkers broken, wrong names."""

from __future__ import annotations

import itertools
import math
import os
import random
import subprocess
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from vqedu import checks
from vqedu.checks import Exercise, Result
from vqedu.checks.engine import running
from vqedu.questions import answers

EXERCISES = [exercise for exercise in checks.ALL.values() if isinstance(exercise, Exercise)]
kl = checks.kl.reference


# (a) A right answer is right in whatever container, mode or dtype its numbers come.
CONTAINERS: dict[str, Callable[[torch.Tensor], Any]] = {
    "list": lambda t: t.tolist(),
    "generator": lambda t: (part for part in t) if t.dim() else t,
    "map": lambda t: map(float, t) if t.dim() == 1 and t.is_floating_point() else t,
    "deque": lambda t: deque(t.tolist()) if t.dim() else t,
    "array of Python": lambda t: array("d", t.tolist()) if t.dim() == 1 and t.is_floating_point() else t,
    "dictionary's values": lambda t: dict(enumerate(t)).values() if t.dim() else t,
    "tuple": lambda t: tuple(t) if t.dim() else t.item(),
    "float64": lambda t: t.double() if t.is_floating_point() else t,
    "int32": lambda t: t.int() if t.dtype == torch.int64 else t,
    "numpy": lambda t: t.numpy(),
    "numpy with negative strides": lambda t: t.numpy()[::-1].copy()[::-1] if t.dim() else t.numpy(),
    "numpy objects": lambda t: t.numpy().astype(object),
    "numpy in Fortran's order": lambda t: t.numpy().copy(order="F"),
    "list of arrays": lambda t: [part.numpy() for part in t] if t.dim() else np.array(t.item()),
    "fractions": lambda t: t if t.dim() or t.dtype == torch.bool else Fraction(t.item()),
    "decimals": lambda t: t if t.dim() or t.dtype == torch.bool else Decimal(t.item()),
    "sparse": lambda t: t.to_sparse() if t.dim() else t,
    "a view": lambda t: t.mT.contiguous().mT if t.dim() > 1 else t,
    "complex without imaginary parts": lambda t: t.to(torch.complex128) if t.is_floating_point() else t,
}


def converted(exercise: Exercise, convert: Callable[[torch.Tensor], Any]) -> Callable[..., Any]:
    def solution(*arguments: Any) -> Any:
        answer = exercise.reference(*arguments)
        parts = [torch.as_tensor(part) for part in (answer if isinstance(answer, tuple) else (answer,))]
        found = [convert(part.detach()) for part in parts]
        return found if isinstance(answer, tuple) else found[0]

    return solution


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_numbers_pass_in_any_container(container: str) -> None:
    plain = [exercise for exercise in EXERCISES if not exercise.gradients and not exercise.probe]
    refused = [e.name for e in plain if not e(converted(e, CONTAINERS[container]))]
    assert len(plain) >= 8
    assert not refused


def halved(mu: Any, logvar: Any) -> Any:
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1) + torch.zeros(1)


@pytest.mark.parametrize(
    "mode",
    [
        torch.no_grad,
        torch.inference_mode,
        lambda: torch.autocast("cpu"),
        lambda: torch.device("meta"),
        lambda: np.errstate(all="raise"),
        lambda: default_dtype(torch.float64),
        lambda: default_dtype(torch.bfloat16),
    ],
    ids=["no_grad", "inference", "autocast", "device", "errstate", "float64", "bfloat16"],
)
def test_a_right_answer_passes_in_every_mode_of_the_notebook_and_afterwards(mode: Callable[[], Any]) -> None:
    checks.kl._known.cache_clear()
    with mode():
        assert checks.kl(halved)
    assert checks.kl(halved)


class default_dtype:
    """torch's default dtype inside a block."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype, self.before = dtype, torch.get_default_dtype()

    def __enter__(self) -> None:
        torch.set_default_dtype(self.dtype)

    def __exit__(self, *error: object) -> None:
        torch.set_default_dtype(self.before)


def test_a_compiled_function_passes_whether_or_not_it_compiles_here() -> None:
    inner = torch.compile(kl)
    assert checks.kl(torch.compile(halved))
    assert checks.kl(lambda mu, logvar: inner(mu, logvar))


def test_numpys_noise_times_the_variance_is_named_as_that_mistake() -> None:
    result = checks.reparameterize(
        lambda mu, lv: mu + torch.exp(lv) * torch.tensor(np.random.default_rng().normal(size=mu.shape))
    )
    assert result.mistake == "variance for standard deviation"


@pytest.mark.parametrize("shape", ["row", "one"])
def test_shared_noise_is_named_whatever_its_source(shape: str) -> None:
    def wrong(mu: Any, logvar: Any) -> Any:
        size = mu.shape[1] if shape == "row" else 1
        return mu + torch.exp(logvar / 2) * torch.tensor(np.random.default_rng().normal(size=size))

    names = {"row": "the same noise for the whole batch", "one": "one number of noise for everything"}
    assert checks.reparameterize(wrong).mistake == names[shape]


def test_torch_normal_is_a_draw_without_a_path() -> None:
    assert checks.reparameterize(lambda mu, lv: torch.normal(mu, (lv / 2).exp())).mistake == "drawn without a path"


# (b) Nothing that comes back breaks a checker, and nothing leaks from one check into the next.
class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even a message")


class Evasive:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


def endless() -> Iterator[float]:
    while True:
        yield 1.0


ITSELF: list[Any] = []
ITSELF.append(ITSELF)


class Hostile:
    def __array__(self, *arguments: Any, **keywords: Any) -> Any:
        raise ValueError("no array")

    def __len__(self) -> int:
        raise ValueError("no length")


def raising(error: BaseException) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        raise error

    return wrong


ODD: list[Any] = [
    "7", b"7", {}, {"result": 1}, {1, 2}, object(), Hostile(), print, iter([1]), itertools.count(), range(10**9),
    [], (), [[]], [[1], [2, 3]], [None], [print], 10**400, -(10**400), 10**30, 2**63, [10**400, 1], 1j, [1j], float("nan"),
    np.array([object()]), np.array(["a"]), np.array([[1], [2, 3]], dtype=object), np.datetime64("2026-01-01"),
    np.array(3), np.zeros((0, 3)), np.longdouble(3), np.float16(1), np.uint64(2**63), np.ma.masked_array([1.0], [True]),
    torch.zeros(3, device="meta"), torch.zeros(2, 2).to_sparse(), torch.zeros(2, 2).to_sparse_csr(),
    torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    torch.zeros(1, dtype=torch.complex64), torch.tensor([]), torch.zeros(3, 0), torch.full((1,), math.inf), torch.nn.Linear(1, 1),
    torch.finfo(torch.float32), torch.zeros(1, dtype=torch.uint16), torch.distributions.Normal(0, 1), [torch.ones(1), 1], ..., [...],
    Evasive(), ITSELF, SimpleNamespace(), slice(1), type, NotImplemented, memoryview(b"abc"), [""], 10**5000, complex(0, math.nan),
    np.zeros(3, dtype=[("a", "f4")]), np.array(["2026"], dtype="datetime64"), torch.zeros(3).expand(10**6, 3), torch.Generator(),
    torch.nn.Parameter(torch.zeros(2)), torch.sparse_coo_tensor(torch.zeros(2, 0).long(), torch.zeros(0), (2, 2)),
]  # fmt: skip


@pytest.mark.parametrize("name", ["kl", "hole", "effective_beta"])
def test_numbers_that_never_end_are_refused(name: str) -> None:
    result = checks.ALL[name](lambda *arguments: endless())
    assert result.kind == "type"
    assert "more than 100,000 numbers" in result.message


def test_an_error_in_a_generator_is_shown_with_its_line() -> None:
    result = checks.kl(lambda mu, logvar: (row.undefined for row in mu))
    assert result.kind == "exception"
    assert "row.undefined" in result.message


@pytest.mark.parametrize("name", ["kl", "reparameterize", "hole", "overconfident_q"])
def test_whatever_comes_back_the_answer_is_a_result(name: str) -> None:
    for value in ODD:
        result = checks.ALL[name](lambda *arguments, value=value: value)
        assert isinstance(result, Result)
        assert not result.passed
        assert "The checker could not" not in result.message, (name, value, result)
        assert result._repr_html_()
        assert repr(result)


ERRORS = [
    NotImplementedError("no kernel for 'Long'"), ValueError("shapes ... do not fit"), Unspeakable(), KeyboardInterrupt(),
    SystemExit(3), GeneratorExit(), StopIteration(), MemoryError(), RuntimeError("the ellipsis covers 2 dimensions"),
    TypeError("x" * 10_000), Warning("w"), AssertionError(), RecursionError(), KeyError("..."), BaseException("base"),
]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("name", ["kl", "hole"])
def test_every_error_is_shown_with_its_line(name: str, error: BaseException) -> None:
    result = checks.ALL[name](raising(error))
    assert result.kind == "exception"
    assert "`raise error`" in result.message
    assert type(error).__name__ in result.message
    assert len(result.message) < 700


def test_an_error_in_a_library_is_shown_with_the_learners_line() -> None:
    def wrong(z_e: Any, codebook: Any) -> Any:
        return torch.einsum("nd,kd->nk", z_e, codebook)

    def unfinished(indices: Any, K: int) -> Any:
        return torch.histc(indices, K, 0, K - 1).sum()

    for result in (checks.quantize(wrong), checks.perplexity(unfinished)):
        assert result.kind == "exception"
        assert "`return torch." in result.message


@pytest.mark.parametrize(
    "dots",
    [
        lambda m, v: ...,
        lambda m, v: (..., m),
        lambda m, v: m * ...,
        lambda m, v: torch.exp(...),
        lambda m, v: ....sum(1),
    ],
)
def test_dots_alone_are_not_started(dots: Callable[..., Any]) -> None:
    assert checks.kl(dots).kind == "not started"


@pytest.fixture
def state() -> Iterator[None]:
    """Compare what a check could leave behind before and after."""

    def now() -> tuple[Any, ...]:
        numpys = np.random.get_state()[1].tolist()  # type: ignore[index, call-overload]  # noqa: NPY002
        modes = torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype(), sys.stdout
        return torch.get_rng_state().tolist(), numpys, random.getstate(), modes

    before = now()
    yield
    assert now() == before


def test_nothing_that_a_function_sets_reaches_the_notebook_or_the_next_check(state: None) -> None:
    def careless(mu: Any, logvar: Any) -> Any:
        torch.manual_seed(5)
        np.random.seed(5)  # noqa: NPY002
        random.seed(5)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        sys.stdout = sys.__stdout__
        mu.zero_()
        return mu

    assert checks.kl(careless).kind == "mutation"
    assert checks.kl(kl)


def test_a_busy_machine_is_not_an_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the learner's own computing counts: a clock that says hours while the thread has hardly run stops nothing."""
    monkeypatch.setattr(running, "LIMIT_S", 0.5)
    monkeypatch.setattr(running.time, "process_time", itertools.count(0, 3600).__next__)

    def patient(mu: Any, logvar: Any) -> Any:
        running.time.sleep(0.2)
        return kl(mu, logvar)

    if hasattr(running.time, "pthread_getcpuclockid"):
        assert checks.kl(patient)


def test_an_import_is_neither_counted_nor_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "import time\nend = time.monotonic() + 1.0\nwhile time.monotonic() < end: pass\ndone = True\n"
    (tmp_path / "slow_library.py").write_text(slow, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(running, "LIMIT_S", 0.2)

    def imports(mu: Any, logvar: Any) -> Any:
        import slow_library  # type: ignore[import-not-found]

        assert slow_library.done
        return kl(mu, logvar)

    assert checks.kl(imports)


def test_without_a_home_a_right_answer_passes() -> None:
    code = "from vqedu import checks; print(checks.kl(checks.kl.reference).passed)"
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "SYSTEMROOT")}
    found = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True)
    assert found.stdout == "True\n"


@pytest.mark.parametrize("error", [OSError, RuntimeError("Could not determine home directory"), KeyError])
def test_progress_that_cannot_be_written_hinders_nobody(error: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "write", raising(error if isinstance(error, Exception) else error("no")))
    assert checks.kl(kl)


# (c) Wrong answers that passed before.
@pytest.mark.parametrize(
    ("name", "wrong", "mistake"),
    [
        (
            "reconstruction",
            lambda l, x: -(x * l.sigmoid().log() + (1 - x) * (1 - l.sigmoid()).log()).flatten(1).sum(1),
            "log of a rounded sigmoid",
        ),
        ("effective_beta", lambda b, p, d: b * p // d, "rounded down"),
        (
            "importance_weighted_bound",
            lambda w: (w - w.max()).exp().mean(0).log() + w.max(),
            "one maximum for all images",
        ),
        ("importance_weighted_bound", lambda w: w.exp().mean(0).log(), "exp underflows"),
        ("collapse", lambda h, x, m, v: F.mse_loss(h, x) + 100 * m.square().sum(), None),
    ],
)
def test_what_passed_before_is_refused(name: str, wrong: Callable[..., Any], mistake: str | None) -> None:
    result = checks.ALL[name](wrong)
    assert not result.passed
    assert result.mistake == mistake


# (d) Names for the mistakes of public code, and for two at once.
def bce(logits: Any, x: Any) -> Any:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum")


def terms(mu: Any, logvar: Any) -> Any:
    return -0.5 * (1 + logvar - mu**2 - logvar.exp())


def straight_through_first(z: Any, q: Any, c: float) -> Any:
    q = z + (q - z).detach()
    return ((q - z.detach()).square().sum() + c * (q.detach() - z).square().sum()) / len(z)


@pytest.mark.parametrize(
    ("name", "wrong", "mistake"),
    [
        ("kl", lambda m, v: -0.5 * (1 + 2 * v - m**2 - v.exp() ** 2).sum(1), "logvar taken for log sigma"),
        ("kl", lambda m, v: terms(m, v).sum().expand(len(m)), "the batch's sum given to every image"),
        ("vq_loss", straight_through_first, "straight-through before the losses"),
        (
            "prior_loss",
            lambda l, t: F.cross_entropy(l[:, :-1].softmax(-1).mT, t[:, 1:], reduction="sum") / len(t),
            "softmax taken twice",
        ),
        (
            "elbo",
            lambda l, x, m, v: (bce(l, x) + terms(m, v).sum()) / x.numel(),
            "both terms divided by the number of all pixels",
        ),
        (
            "elbo",
            lambda l, x, m, v: F.binary_cross_entropy_with_logits(l, x) + terms(m, v).sum(),
            "reconstruction averaged over everything, KL summed over everything",
        ),
        ("free_bits", lambda k, f: k.sum(1).clamp(min=f).mean(), "one floor per image"),
        ("free_bits", lambda k, f: k.mean().clamp(min=f), "one floor for the mean of everything"),
        ("free_bits", lambda k, f: (k.mean(0) * (k.mean(0) > f)).sum(), "zero below the floor"),
        (
            "vq_loss",
            lambda z, q, c: F.mse_loss(z, q.detach()) + c * F.mse_loss(z.detach(), q),
            "two mistakes: cost on the wrong term and averaged over the elements",
        ),
        (
            "kl",
            lambda m, v: 2 * terms(m, v).mean(1),
            "two mistakes: factor 1/2 missing and mean over the dimensions",
        ),
        (
            "elbo",
            lambda l, x, m, v: (F.mse_loss(l.sigmoid(), x, reduction="sum") + 2 * terms(m, v).sum()) / len(x),
            "two mistakes: KL without the factor 1/2 and squared error for the cross-entropy",
        ),
        (
            "perplexity",
            lambda i, K: 2 ** (checks.perplexity.reference(i, K).log() * -1),
            "two mistakes: base mixed up: log with 2** and sign flipped",
        ),
    ],
)
def test_common_mistakes_and_pairs_of_them_have_names(name: str, wrong: Callable[..., Any], mistake: str) -> None:
    assert checks.ALL[name](wrong).mistake == mistake


PAIRS = [(exercise, pair) for exercise in EXERCISES for pair in exercise._pairs]


def test_a_pair_is_never_taken_for_right_and_never_for_something_else() -> None:
    """The numbers of two mistakes together get the name of this pair, or of one that has the very same numbers."""
    assert len(PAIRS) > 500
    for exercise, pair in random.Random(0).sample(PAIRS, 60):
        result = exercise(pair.wrong)
        assert not result.passed, (exercise.name, pair.name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda right, case: 0.7 * right, "0.7 times the expected number on every input"),
        (lambda right, case: right + 0.37, "off by 0.37"),
        (lambda right, case: right / (1 + case), "1, 0.5, 0.333"),
    ],
)
def test_a_message_says_what_was_measured(change: Callable[..., Any], words: str) -> None:
    def wrong(indices: Any, K: int) -> Any:
        return change(checks.perplexity.reference(indices, K), {2: 0, 4: 1, 3: 2, 8: 3}[K])

    assert words in checks.perplexity(wrong).message


# (e) A result as a program sees it.
def test_a_result_is_false_when_wrong_and_has_points() -> None:
    right, wrong = checks.kl(kl), checks.kl(lambda mu, logvar: mu.sum(1))
    assert bool(right) is True
    assert bool(wrong) is False
    assert (right.points, wrong.points) == (1.0, 0.0)
    with pytest.raises(AssertionError):
        assert checks.kl(lambda mu, logvar: 2 * kl(mu, logvar))
    half = checks.scramble(lambda indices: indices)
    assert not half
    assert half.points == 0.5


def test_the_learners_prints_appear_in_the_card() -> None:
    def loud(mu: Any, logvar: Any) -> Any:
        print("mu is", tuple(mu.shape), "<b>")
        return mu.sum(1) if len(mu) > 1 else kl(mu, logvar)

    wrong, broken = checks.kl(loud), checks.kl(lambda mu, logvar: print("here") or mu.nothing)
    assert wrong.printed == "mu is (2, 1) <b>\n"  # of the input that the card shows, not of all
    assert "printed: mu is (2, 1) <b>" in repr(wrong)
    assert "mu is (2, 1) &lt;b&gt;" in wrong._repr_html_()
    assert broken.printed == "here\n"
    assert "here" in repr(checks.scramble(lambda indices: print("here") or indices))
    assert len(repr(checks.kl(lambda mu, logvar: print("x" * 10_000) or mu.sum(1)))) < 1500
