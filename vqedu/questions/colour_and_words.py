"""The questions of notebook 10, color and words."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "variance": Choice(
        "We may choose the variance of the Gaussian. Which choice gives the unseen pictures the fewest bits?",
        choices=(
            "The largest: a wide Gaussian forgives every error",
            "The mean squared error of the reconstructions",
            "The smallest: a narrow Gaussian is the most precise",
        ),
        answer="The mean squared error of the reconstructions",
        sentence="Set the derivative with respect to the variance to zero, and the solution is the mean squared error. With a narrower Gaussian the errors cost too much; a wider one spreads its probability over levels that hardly ever occur.",
    ),
    "weight": Recall(
        "Suppose you train the same VQ-VAE with a Gaussian of variance 1, and the loss is otherwise that of notebook 07. What changes?",
        choices={
            "Nothing: the variance only adds a constant to the loss": "The squared error is also divided by it. The commitment loss is not divided, so their balance changes.",
            "The squared error counts 100 times less relative to the commitment loss": "With variance 0.01 it is multiplied by 50, with variance 1 by 1/2. The variance is a knob of the same kind as β in notebook 05.",
            "The colors become paler": "The sigmoid still reaches 0 and 1, so no color is out of reach. What the pictures may lose is detail, because the commitment loss now weighs more.",
        },
        answer="The squared error counts 100 times less relative to the commitment loss",
    ),
    "entropy": Recall(
        "Every one of the 512 codes is in use, and still the perplexity is far below 512. What does that mean?",
        choices={
            "Some codes are much more common than others": "White background fills the corners of most pictures, so a few codes take a large share. A prior over the codes can spend fewer bits on them.",
            "Some codes are dead": "Then the usage would be below 100%. Perplexity also falls when all codes are used, but unevenly.",
            "The codebook is too small": "Perplexity says how evenly the codes are used, not whether more of them would help.",
        },
        answer="Some codes are much more common than others",
    ),
    "png": Number(
        "Without any compression, a picture takes 3 x 32 x 32 x 8 = 24,576 bits. How many does it take as a PNG, which loses nothing, if 381 pictures share one file?",
        low=500,
        high=25_000,
        truth=10_300,
        unit="bits",
        log=True,
        sentence="PNG predicts each pixel from its neighbors, which suits flat colors, but each soft edge is expensive. More than a third of the bits remain.",
    ),
    "letters": Recall(
        "A word that the vocabulary does not contain is written letter by letter. Can the model draw what it means?",
        choices={
            "Yes: every word has tokens now": "It can be written, so there is no error. What it means was never shown.",
            "Only by chance": "The letters say how a word is spelled. Unless the word, or one that resembles it in spelling and meaning, was in training, nothing connects them to a picture.",
            "No: it raises an error": "That was the model of notebook 09, whose vocabulary was closed. Here every text of known letters has tokens.",
        },
        answer="Only by chance",
    ),
    "unseen": Number(
        "The model was trained on firefighters, men, and people with dark skin, but never on all three together. In what percentage of the drawings of such combinations will the judge see the right role, the right person, and the right tone, all three at once?",
        low=0,
        high=100,
        step=1,
        truth=40,
        unit="%",
        sentence="About two in five. Each part alone is right far more often, the role in almost nine of ten drawings. For combinations that were in training it is 68%, so only about half of the failures can be blamed on combining.",
    ),
    "test": Recall(
        "Which test tells whether the model puts together what it knows, rather than remembering whole pictures?",
        choices={
            "The unseen pictures": "What most of them show was never in training, so it takes more than putting known parts together. They show where the model's knowledge ends.",
            "Drawings of training sentences": "A model that remembers every picture would pass.",
            "The unseen combinations": "Each part was in training and the whole was not. Memory alone cannot draw it.",
        },
        answer="The unseen combinations",
    ),
    "judge": Recall(
        "Suppose that we make eight drawings, let the judge keep the one that it rates most likely to show the request, and then report how many of the kept drawings it finds right. What is wrong with this?",
        choices={
            "Nothing: the judge is very good on real pictures": "It is, but eight drawings are eight chances to hit one of its errors, and the choice favors exactly those.",
            "The judge grades its own choice": "The share then rises even if the drawings get no better. In this section the model chose by reading, and the judge, a network of its own, saw the drawings only afterwards.",
            "Eight drawings are too few": "With more of them the problem would get worse: the more drawings there are to choose from, the likelier it is that one of them fools the judge.",
        },
        answer="The judge grades its own choice",
    ),
}
