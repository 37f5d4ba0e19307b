"""The questions of notebook 00, the start."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "between": Choice(
        "We move in a straight line from the code of one digit to the code of another. What does the decoder draw on the way?",
        choices=(
            "A blend of the two digits, all the way",
            "Sometimes a blend, sometimes another digit entirely",
            "Gray noise",
        ),
        answer="Sometimes a blend, sometimes another digit entirely",
        sentence="Small steps change the image only a little, but the line between two codes may cross the region of a third digit. The walk below shows such a line.",
    ),
}
