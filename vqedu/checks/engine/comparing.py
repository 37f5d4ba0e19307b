"""A learner's numbers beside the expected ones: whether they agree, and if not, what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vqedu.checks.engine.numbers import number, show
from vqedu.checks.engine.observing import Observed

EXACT = 1e-3  # relative: how constant a factor must be to be told


def agree(seen: Observed, wanted: Observed, rtol: float, atol: float) -> bool:
    """Return whether all that was observed of one case is the same."""
    return all(same(seen[name], wanted[name], rtol, atol) for name in wanted)


def same(a: Tensor, b: Tensor, rtol: float, atol: float) -> bool:
    """Return whether two tensors have one shape and the same numbers, whatever their precision."""
    return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=rtol, atol=atol, equal_nan=True)


def first_difference(seen: Sequence[Observed], wanted: Sequence[Observed], rtol: float, atol: float) -> tuple[int, str]:
    """Return the number of the first case that differs, and the name of what differs in it."""
    return next(
        (i, name)
        for i, (s, w) in enumerate(zip(seen, wanted, strict=True))
        for name in w
        if not same(s[name], w[name], rtol, atol)
    )


def wrong_dtype(seen: Observed, wanted: Observed) -> str | None:
    """Return a sentence if whole numbers or truth values came as something else, although all numbers are right."""
    for name, expected in wanted.items():
        came = seen[name]
        if not expected.is_floating_point() and (
            came.is_floating_point() or came.dtype != expected.dtype == torch.bool
        ):
            return f"The numbers are right, but `{name}` should be {expected.dtype}, and is {came.dtype}."
    return None


def wrong_shape(name: str, came: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Say which shape came and which was expected."""
    return f"`{name}` has the shape {came}; it should be {wanted or 'a single number, ()'}."


def verdict(seen: Sequence[Observed], wanted: Sequence[Observed], case: int, name: str) -> tuple[str, str]:
    """Return the kind of a wrong answer that is no known mistake, and the sentence on it."""
    own, expected = seen[case], wanted[case]
    if own[name].shape != expected[name].shape:
        return "shape", wrong_shape(name, tuple(own[name].shape), tuple(expected[name].shape))
    if bool(own[name].double().isnan().any()):
        why = "Look for 0 / 0, 0 times the logarithm of 0, or a logarithm or a root of a number below zero."
        return "nan", f"`{name}` contains NaN. {why}"
    if name.startswith("gradient"):
        return _wrong_gradient(own, name)
    if _is_constant(seen, name) and not _is_constant(wanted, name):
        value = show(own[name].flatten()[0])
        return "constant", f"`{name}` is {value} for every input. Does it use its arguments?"
    measured = _relation([(s[name].double(), w[name].double()) for s, w in zip(seen, wanted, strict=True)])
    return "not right yet", f"`{name}` is not right{measured}. The smallest input where it differs:"


def _wrong_gradient(own: Observed, name: str) -> tuple[str, str]:
    if not any(own[n].any() for n in own if n.startswith("gradient")):
        why = "Did numpy, `.item()` or `.detach()` cut it off?"
        return "gradient", f"The numbers are right, but no gradient comes back. {why}"
    return "not right yet", f"The numbers are right, but the {name} is not. The smallest input where it differs:"


def _is_constant(observed: Sequence[Observed], name: str) -> bool:
    return len(torch.cat([o[name].double().flatten() for o in observed]).unique()) == 1


def _relation(pairs: Sequence[tuple[Tensor, Tensor]]) -> str:
    """Return what the wrong numbers have in common, as the end of a sentence: one factor, one distance, or neither."""
    if any(a.shape != b.shape for a, b in pairs) or len(torch.cat([b.flatten() for _, b in pairs]).unique()) < 2:
        return ""
    shown: list[str] = []
    factors = [_constant(a[b != 0] / b[b != 0]) for a, b in pairs if b.any() and not a[b == 0].any()]
    if len(factors) == len(pairs) and None not in factors:
        shown = list(dict.fromkeys(number(f, 3) for f in factors if f is not None))
        if shown == ["-1"]:
            return ": it has the opposite sign on every input"
        if len(shown) == 1:
            return f": it is {shown[0]} times the expected number on every input"
    distance = _constant(torch.cat([(a - b).flatten() for a, b in pairs]))
    if distance is not None:
        return f": on every input it is off by {number(distance, 3)}"
    return f": from input to input it is {', '.join(shown)} times the expected number" if shown else ""


def _constant(values: Tensor) -> float | None:
    """Return the value that all of them have, or None if they differ, or are not finite."""
    if not len(values) or not bool(values.isfinite().all()):
        return None
    middle = values.median()
    return float(middle) if bool(((values - middle).abs() <= EXACT * middle.abs()).all()) else None
