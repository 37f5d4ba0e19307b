"""What a checker answers: a verdict for programs, a card for the notebook, plain text for everything else."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from vqedu.palette import VERDICTS

PRINTED_SHOWN = 400
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Result:
    """`passed`; `mistake`, the catalogue's name for what went wrong, or None; `message` for the learner.

    A result is true in an `assert` or an `if` when the answer is right. `points`, from 0 to 1, are for a grader: all or
    nothing for a function, the share of what was asked for a challenge. `kind` is one of: passed, mistake, not right
    yet, not met, or the name of a problem that has no place in a catalogue (exception, time, shape, ...). `facts` are
    lines such as ("yours", "[1.0]"); `printed` is what the learner's function printed on the input that the card is
    about; `hints` go from a nudge to nearly the answer. Shown as a card in a notebook; the same answer gives the same
    bytes on every machine.
    """

    exercise: str
    kind: str
    message: str
    mistake: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    hints: tuple[str, ...] = field(default=(), repr=False)
    printed: str = ""
    share: float = 0.0

    @property
    def passed(self) -> bool:
        return self.kind == "passed"

    @property
    def points(self) -> float:
        return 1.0 if self.passed else self.share

    def __bool__(self) -> bool:
        return self.passed

    @property
    def title(self) -> str:
        """A symbol and a word, so that no color is needed."""
        symbol, word = {"passed": ("✓", "Right"), "not started": ("○", "Not started yet")}.get(
            self.kind, ("✗", "Not right yet")
        )
        return f"{symbol} {word}" + (f": {self.mistake}" if self.mistake else "")

    @property
    def text(self) -> str:
        """The card without its hints."""
        return "\n".join([f"{self.title} ({self.exercise})", self.message, *(f"  {n}: {v}" for n, v in self._rows)])

    @property
    def _rows(self) -> tuple[tuple[str, str], ...]:
        printed = self.printed.rstrip()
        shown = printed if len(printed) <= PRINTED_SHOWN else f"{printed[:PRINTED_SHOWN]} …"
        return (*self.facts, ("printed", shown)) if shown else self.facts

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        verdict = {"passed": "right", "mistake": "nearly", "not right yet": "nearly", "not started": "nearly"}
        color = VERDICTS[verdict.get(self.kind, "wrong")]
        card = f"border-left:6px solid {color};padding:4px 14px;margin:6px 0;max-width:820px;font-size:15px"
        rows = "".join(_row(name, value) for name, value in self._rows)
        table = f'<table style="margin:4px 0;border-collapse:collapse">{rows}</table>' if rows else ""
        folded = "".join(_fold(f"Hint {number}", hint) for number, hint in enumerate(self.hints, start=1))
        return (
            f'<div role="status" style="{card}"><p style="margin:2px 0"><strong>{html.escape(self.title)}</strong> '
            f"<code>{html.escape(self.exercise)}</code></p>"
            f'<p style="margin:2px 0">{_inline(self.message)}</p>{table}{folded}</div>'
        )


def _row(name: str, value: str) -> str:
    cell = "text-align:left;padding:2px"
    return (
        f'<tr><th scope="row" style="{cell} 12px 2px 0">{_inline(name)}</th>'
        f'<td style="{cell} 0;white-space:pre-wrap"><code>{html.escape(value)}</code></td></tr>'
    )


def _fold(summary: str, text: str) -> str:
    return (
        f'<details style="margin:2px 0"><summary>{summary}</summary>'
        f'<p style="margin:2px 0 6px 16px">{_inline(text)}</p></details>'
    )


def _inline(text: str) -> str:
    """Return text as HTML, with `code` set as code."""
    return _CODE.sub(r"<code>\1</code>", html.escape(text, quote=False))
