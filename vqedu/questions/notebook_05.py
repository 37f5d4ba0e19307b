"""The questions of notebook 05, vector quantization."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "grid": Number(
        "Nine places either way: 3 levels for each coordinate, or 9 codes placed where the points are. How many times smaller is the mean squared distance of the placed codes?",
        low=1,
        high=10,
        step=0.1,
        truth=3.8,
        unit="times",
        sentence="The same number of places, nearly four times less error: the grid spends places on combinations that do not occur.",
    ),
    "k-means": Choice(
        "Six codes begin at six random points, and the points have six kinds. Where will k-means end?",
        choices=(
            "With one code on each kind, from every start",
            "With one code on each kind, from a few starts only",
            "It goes on moving: there is always a better place",
        ),
        answer="With one code on each kind, from a few starts only",
        sentence="The loss falls in each step, but only as far as the nearest valley. From most starts two codes end up in one kind, and another code serves two.",
    ),
    "slope": Choice(
        "We nudge z_e by a ten-thousandth, quantize again and look at the loss. What slope do we measure?",
        choices=(
            "The slope of L at z_q, about",
            "Exactly 0, for nearly every point",
            "A small number that depends on the distance to the code",
        ),
        answer="Exactly 0, for nearly every point",
        sentence="The nearest code stays the nearest, so z_q does not move at all. Only at a border something happens, and there it is a jump.",
    ),
    "three-losses": Choice(
        "Three losses, three parts. Which loss moves the codes?",
        choices=(
            "All three, each in its own way",
            "The reconstruction and the codebook loss",
            "The codebook loss alone",
        ),
        answer="The codebook loss alone",
        sentence="Straight-through takes z_q without its history, so the reconstruction passes the codes by. The commitment loss holds them still with sg[e].",
    ),
    "commitment": Recall(
        "A colleague sets `commitment_cost=0`. Training runs. What is missing?",
        choices={
            "The codes no longer follow the vectors": "That is what the codebook loss does, or the moving averages. They are still there.",
            "Nothing holds z_e near the code it has chosen": "The copied arrow goes on pushing, and no term pulls back. z_e may run from cell to cell, or grow faster than the codes can follow.",
            "The decoder receives no gradient": "The decoder learns from the reconstruction, which is untouched.",
        },
        answer="Nothing holds z_e near the code it has chosen",
    ),
    "ema": Number(
        "A gradient codebook (Adam, learning rate 0.02) needs about 70 batches until its loss is below 0.15. From the same start and with the same batches, how many will moving averages with decay 0.9 need?",
        low=0,
        high=100,
        step=5,
        truth=20,
        unit="batches",
        sentence="In each batch a code goes a tenth of the way to the mean of its vectors: after about 20 batches most of the way is done.",
    ),
    "dead": Number(
        "16 codes drawn from N(0, 10²), points within about 3 of the origin, 300 batches of training without any cure. How many codes will be in use at the end?",
        low=0,
        high=16,
        truth=3,
        unit="codes",
        sentence="The few that happened to lie nearest take all points. The others are never chosen, so nothing ever moves them.",
    ),
    "kl": Choice(
        "The posterior is certain of one code, the prior gives each of K codes the share 1/K. What is the KL between them?",
        choices=(
            "0, since nothing is random",
            "log K, whichever code it is",
            "It depends on how far z_e lies from its code",
            "Infinite, since q is 0 for most codes",
        ),
        answer="log K, whichever code it is",
        sentence="One term of the sum is left: 1 · log(1 / (1/K)) = log K. The codes with q = 0 contribute nothing.",
    ),
    "position": Recall(
        "z_e has the shape (1, 16, 7, 7), and the codebook holds 128 codes. What does the quantizer put out?",
        choices={
            "784 indices, one a number": "That would be scalar quantization. The 16 numbers at one position are mapped together, by one code.",
            "16 indices, one a channel": "A channel is not a vector of the codebook: it holds one number from each of 49 positions.",
            "49 indices, one a position": "Each position holds one vector of D = 16 numbers, which becomes one of 128 codes: 49 · 7 bits = 343 bits an image.",
            "128 indices, one a code": "128 is the number of codes to choose from, not the number of choices.",
        },
        answer="49 indices, one a position",
    ),
    "two-terms": Recall(
        "Codebook loss and commitment loss always have the same value. Why are there two?",
        choices={
            "One acts in training, the other in testing": "In testing nothing is moved, so neither is needed.",
            "They send their gradient to different parts, at different rates": "The one moves codes, the other the encoder. Only as two terms can they have two weights, or can one be replaced by moving averages.",
            "Their sum is smoother than each alone": "Both are the same number, so their sum is just twice that number.",
        },
        answer="They send their gradient to different parts, at different rates",
    ),
    "where-kl": Recall(
        "Why does the VQ-VAE's loss hold no KL term?",
        choices={
            "With a uniform prior it is the constant log K, without a gradient": "It is still there as a price, log K nats a position. A constant moves nothing, so it may be left out.",
            "It is zero, because the encoder adds no noise": "Certainty has its price: naming one of K equally likely codes costs log K nats, not 0.",
            "The commitment loss is the KL in another form": "The commitment loss is a squared distance between z_e and its code. The prior does not occur in it.",
        },
        answer="With a uniform prior it is the constant log K, without a gradient",
    ),
}
