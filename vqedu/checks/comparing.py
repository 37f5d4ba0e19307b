"""A learner's numbers beside the expected ones: whether they agree, and if not, what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vqedu.checks.numbers import show
from vqedu.checks.observing import Observed


def agree(seen: Sequence[Observed], wanted: Sequence[Observed], tolerance: float) -> bool:
    """Return whether all that was observed is the same, case by case and name by name."""
    return all(same(s[name], w[name], tolerance) for s, w in zip(seen, wanted, strict=True) for name in w)


def same(a: Tensor, b: Tensor, tolerance: float) -> bool:
    """Return whether two tensors have one shape and the same numbers, whatever their precision."""
    if a.shape != b.shape:
        return False
    return torch.allclose(a.double(), b.double(), rtol=tolerance, atol=tolerance / 10, equal_nan=True)


def first_difference(seen: Sequence[Observed], wanted: Sequence[Observed], tolerance: float) -> tuple[int, str]:
    """Return the number of the first case that differs, and the name of what differs in it."""
    return next(
        (i, name)
        for i, (s, w) in enumerate(zip(seen, wanted, strict=True))
        for name in w
        if not same(s[name], w[name], tolerance)
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
    return "not right yet", f"`{name}` is not what was asked for. The smallest input where it differs:"


def _wrong_gradient(own: Observed, name: str) -> tuple[str, str]:
    if not any(own[n].any() for n in own if n.startswith("gradient")):
        why = "Did numpy, `.item()` or `.detach()` cut it?"
        return "gradient", f"The numbers are right, but no gradient comes back. {why}"
    return "not right yet", f"The numbers are right, but the {name} is not. The smallest input where it differs:"


def _is_constant(observed: Sequence[Observed], name: str) -> bool:
    return len(torch.cat([o[name].double().flatten() for o in observed]).unique()) == 1
