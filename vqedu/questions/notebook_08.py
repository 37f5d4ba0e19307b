"""The questions of notebook 08, image tokens."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "usage": Choice(
        "Both models have 512 codes and get 60 steps. The VQ starts from small random codes and has no revival; FSQ has only its grid. How many codes will each use?",
        choices=(
            "Both a few dozen: 60 steps are too short",
            "The VQ more: its codes can move to where the data is",
            "FSQ most of its 512, the VQ only a few",
            "Both nearly all 512",
        ),
        answer="FSQ most of its 512, the VQ only a few",
        sentence="A code of the VQ that nothing chooses gets no gradient and stays dead. A place of the grid is there whether it is used or not, and the encoder spreads over all of them.",
    ),
    "levels": Curve(
        "Six levels of 16 codes. Sketch how the squared error of the image falls as levels are switched on.",
        x=(1, 2, 3, 4, 5, 6),
        truth=(0.0074, 0.0031, 0.002, 0.0018, 0.0017, 0.0016),
        y=(0, 0.015),
        x_label="levels on",
        y_label="squared error a pixel",
        sentence="The first level does most of the work. Each further one quantizes a smaller rest, so it buys less.",
    ),
    "agreement": Number(
        "We ask for 500 drawings at temperature 1, 50 of each digit. In how many percent does a classifier, trained on real digits only, see the digit that was asked for?",
        low=0,
        high=100,
        step=1,
        truth=91,
        unit="%",
        sentence="About nine in ten; at temperature 0.6 it is about 96. The words stand at the beginning of the sequence, and each of the 49 codes is drawn with them in view.",
    ),
    "collapse": Recall(
        "Why can the codebook of FSQ not collapse?",
        choices={
            "Its codes are revived when nothing chooses them": "That is a cure for a learnt table. FSQ has no table: its codes are the corners of a grid, there from the start.",
            "There is no learnt codebook: the codes are a fixed grid, and the encoder learns to fill it": "Nothing has to be kept alive. A place that is not used today can be reached tomorrow, since the gradient goes through the rounding to the encoder.",
            "Its commitment loss keeps z_e close to the codes": "FSQ has no commitment loss. The tanh keeps the numbers in range, and rounding does the rest.",
        },
        answer="There is no learnt codebook: the codes are a fixed grid, and the encoder learns to fill it",
    ),
    "rate": Recall(
        "A residual VQ has 4 levels of 32 codes at 49 places. What is its rate, and how many codes would one table need for the same?",
        choices={
            "49 × 32 × 4 bits; 128 codes": "An index out of 32 takes log2 32 = 5 bits, not 32. And 128 is how many vectors are stored, not how many sums they make.",
            "49 × 5 bits; 32 codes": "Each of the four levels sends an index of its own, so there are 4 × 5 bits a place.",
            "49 × 20 bits; about a million codes": "4 levels × 5 bits = 20 bits a place, and 2^20 = 1,048,576 sums, from only 128 stored vectors.",
        },
        answer="49 × 20 bits; about a million codes",
    ),
    "orders": Recall(
        "One transformer, one set of weights. What decides whether it draws or reads?",
        choices={
            "Two heads, one for words and one for codes": "There is one head over the whole vocabulary. While drawing we only look at the codes among its answers.",
            "A switch that is given as a further input": "Nothing is given but the sequence. What stands first in it is the switch.",
            "The order: what stands in the sequence is the condition, what comes next is asked for": "Words first: p(image | words). Image first: p(words | image). Both are next-token predictions.",
        },
        answer="The order: what stands in the sequence is the condition, what comes next is asked for",
    ),
}
