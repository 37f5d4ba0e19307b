"""The questions of notebook 00, the start."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "between": Choice(
        "Each place on the map below is a code of two numbers. What will you see half-way between the codes of two digits?",
        choices=("A clean digit", "A blend, in which one digit bends into the other", "Grey noise"),
        answer="A blend, in which one digit bends into the other",
        sentence="The decoder is smooth: a small step of the code is a small change of the picture. Now look for yourself.",
    ),
}
