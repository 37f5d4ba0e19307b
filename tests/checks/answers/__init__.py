"""Answers to every exercise as other people write them, right ones and wrong ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch


def compiled(function: Callable[..., Any], **settings: Any) -> Callable[..., Any]:
    """Return torch.compile(function), made at the first call: torch imports its compiler for two seconds."""
    made = functools.cache(lambda: torch.compile(function, **settings))

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return made()(*arguments)

    return call
