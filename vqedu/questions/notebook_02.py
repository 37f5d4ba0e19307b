"""The questions of notebook 02, from Bayes to the ELBO."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "draws": Number(
        "We draw 20,000 codes from the prior of the model with 50 latent numbers, decode each, and average p(x|z). How many of the draws carry 99% of the average?",
        low=1,
        high=20000,
        truth=1,
        log=True,
        unit="draws",
        sentence="One draw, the luckiest, outweighs the other 19,999 together. With 2 latent numbers it is about two dozen.",
    ),
    "average": Recall(
        "An average over 20,000 draws of which one carries nearly everything: what is it worth as an estimate of p(x)?",
        choices={
            "It is biased: the true p(x) is always higher": "The average itself is right in the mean over many repetitions. But nearly every single repetition is too low, and a rare one far too high.",
            "It is right on average, but its spread is enormous": "Another seed gives another luckiest draw, and an estimate that differs by many nats. So each single run tells next to nothing.",
            "It is exact, since 20,000 is a large number": "What counts is how many of the draws matter. Here it is one.",
        },
        answer="It is right on average, but its spread is enormous",
    ),
    "posterior": Recall(
        "Bayes' rule gives p(z|x) = p(x|z) p(z) / p(x). Why does a VAE not just use it?",
        choices={
            "The numerator is unknown": "Both factors can be computed: p(x|z) by the decoder, p(z) by the formula of the normal distribution.",
            "The prior is not normal": "It is N(0, I), by our own choice.",
            "The denominator p(x) is the integral that we cannot compute": "The posterior is known up to this one number, and the number is what we are after. So a simple q(z|x) stands in for the posterior.",
        },
        answer="The denominator p(x) is the integral that we cannot compute",
    ),
    "moving-q": Choice(
        "In the figure below you will drag q(z|x). Which of the three numbers of log p(x) = ELBO + gap will move?",
        choices=(
            "The ELBO and the gap; log p(x) stays",
            "The ELBO and log p(x); the gap stays",
            "All three",
        ),
        answer="The ELBO and the gap; log p(x) stays",
        sentence="log p(x) belongs to the prior and the decoder alone. Whatever the ELBO gains, the gap loses.",
    ),
    "raising": Recall(
        "The decoder is held fixed and the ELBO rises by 3 nats. What has happened to the gap, the KL from q to the posterior?",
        choices={
            "It has shrunk by 3 nats": "log p(x) does not depend on q. What the ELBO gains, the gap loses, nat for nat.",
            "It has grown by 3 nats": "Then log p(x) = ELBO + gap would have risen by 6 nats, and with the decoder fixed it cannot move.",
            "Nothing can be said": "With a decoder that moves as well, that would be right. With a fixed one log p(x) is a constant.",
        },
        answer="It has shrunk by 3 nats",
    ),
    "two-terms": Recall(
        "The encoder ignores the image and always puts out μ = 0, σ = 1. What are the two terms of the ELBO then?",
        choices={
            "KL 0, and a poor reconstruction": "q equals the prior, so the price is 0. But every image is decoded from the same cloud of codes, so the best the decoder can do is the mean image. Notebook 04 meets this as posterior collapse.",
            "KL 0, and a perfect reconstruction": "The price is 0, but then z says nothing about x, and the decoder cannot know which image is meant.",
            "KL 1 nat a number, and a poor reconstruction": "Put μ = 0 and σ = 1 into the formula: ½ (0 + 1 − 1 − log 1) = 0.",
        },
        answer="KL 0, and a poor reconstruction",
    ),
    "samples": Curve(
        "The gap is 0.24 nats with one sample. Sketch how the bound climbs with the number of samples k. (log p(x) is −1.56.)",
        x=(1, 5, 50, 500),
        truth=(-1.80, -1.66, -1.62, -1.60),
        y=(-1.9, -1.5),
        x_label="samples k",
        y_label="bound, nats",
        log=True,
        sentence="The first few samples buy most, then it gets slow: 500 samples still leave 0.04 nats.",
    ),
    "two-letters": Recall(
        "A text writes p(z|x) for what the encoder puts out. What gets lost?",
        choices={
            "Nothing, it is only a letter": "Then the gap would be the KL of p from itself, which is 0, and the ELBO would equal log p(x). The whole point is that the two differ.",
            "The difference between the true posterior and its stand-in": "The true p(z|x) follows from prior and decoder by Bayes. The encoder puts out q(z|x), a Gaussian that tries to be like it.",
            "The difference between prior and posterior": "That one is kept: the prior is p(z), without an x.",
        },
        answer="The difference between the true posterior and its stand-in",
    ),
    "two-kls": Recall(
        "Two KL divergences appear in this notebook. Which of them can be computed in a real VAE?",
        choices={
            "Both": "One of them compares q with the posterior, and the posterior contains p(x).",
            "The KL from q to the prior": "Both are Gaussians there, and for Gaussians there is a formula. The other, from q to the posterior p(z|x), is the gap; it would need p(x).",
            "The KL from q to the posterior": "The posterior p(z|x) has p(x) in its denominator, so that one stays unknown. It is the gap.",
        },
        answer="The KL from q to the prior",
    ),
    "gap-zero": Recall(
        "When is the gap between the ELBO and log p(x) zero?",
        choices={
            "When the reconstruction is perfect": "The gap is the KL from q to the posterior. A perfect reconstruction says nothing about the shape of q.",
            "When q equals the prior": "Then the other KL is zero, the price of the code. The gap stays.",
            "When q equals the true posterior": "KL is zero only between equal distributions. A Gaussian q can manage that if the posterior is Gaussian, as with a linear decoder.",
            "Never": "With a linear decoder the posterior is Gaussian, and the explorer closes the gap to 0.",
        },
        answer="When q equals the true posterior",
    ),
    "kl-number": Recall(
        "What is the KL of N(1, 1) from N(0, 1)?",
        choices={
            "0": "Zero only for equal distributions, and these have different means.",
            "1/2 nat": "½ (μ² + σ² − 1 − log σ²) = ½ (1 + 1 − 1 − 0).",
            "1 nat": "Mind the factor ½ in front: ½ (1 + 1 − 1 − 0).",
        },
        answer="1/2 nat",
    ),
}
