"""The questions of notebook 02, from Bayes to the ELBO, and those with which notebook 03 looks back on it."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "draws": Number(
        "We draw 20,000 codes from the prior of the model with 50 latent dimensions, decode each, and average p(x|z). How many of the draws carry 99% of the average?",
        low=1,
        high=20000,
        truth=1,
        log=True,
        unit="draws",
        sentence="One or two, depending on the seed. Those one or two outweigh all the others together. With 2 latent dimensions, 24 to 35 draws make up 99% of the average.",
    ),
    "ten-pixels": Recall(
        "A draw decodes to nearly our image. It assigns the true value a probability of 1 at 774 of the 784 pixels, but only 0.01 at the other 10. What is p(x|z)?",
        choices={
            "About 0.99, because 774 of 784 pixels are right": "That is an average over the pixels. The probability of all pixels together is a product.",
            "About 0.1, which is 10 times 0.01": "Log-probabilities are added, but the probabilities themselves are multiplied.",
            "10⁻²⁰, which is 0.01 to the power of 10": "These ten pixels cost 46 nats, 10 times log 100. This is why a seven that is slightly off adds next to nothing to the average.",
        },
        answer="10⁻²⁰, which is 0.01 to the power of 10",
    ),
    "two-weights": Recall(
        "Two draws from q have the importance weights 1 and 9. What is the logarithm of their mean, and what is the mean of their logarithms?",
        choices={
            "log 5, and log 3": "The mean of the weights is 5. The mean of the logarithms is ½ (log 1 + log 9) = log 3. The first estimates log p(x), the second the ELBO, and the second is never larger.",
            "log 3, and log 5": "The other way around: ½ (log 1 + log 9) = ½ log 9 = log 3 is the mean of the logarithms.",
            "log 5 for both": "The two are equal only if all weights are equal.",
        },
        answer="log 5, and log 3",
    ),
    "bayes-number": Recall(
        "A latent variable has only two values, with p(z = 0) = ¼ and p(z = 1) = ¾. For our image, p(x|0) = 0.8 and p(x|1) = 0.4, so p(x) = 0.5. How probable is it that the image came from z = 0?",
        choices={
            "0.8": "That is p(x|0), the probability of the image given z = 0. We ask for the probability of z = 0 given the image.",
            "0.4": "p(0|x) = 0.8 · ¼ / 0.5 = 0.4. Seeing the image raises the probability of z = 0 from ¼ to 0.4.",
            "2/3": "0.8 / (0.8 + 0.4) ignores the prior, which draws z = 1 three times as often as z = 0.",
        },
        answer="0.4",
    ),
    "moving-q": Choice(
        "We now choose other values of μ and σ. Which of the three numbers in log p(x) = ELBO + gap will change?",
        choices=(
            "The ELBO and the gap; log p(x) stays",
            "The ELBO and log p(x); the gap stays",
            "All three",
        ),
        answer="The ELBO and the gap; log p(x) stays",
        sentence="log p(x) depends on the prior and the decoder only. Whatever the ELBO gains, the gap loses.",
    ),
    "floor": Recall(
        "Suppose that encoder and decoder both change during training, and the ELBO of an image rises from −90 to −87. What do we then know for certain about log p(x) of this image?",
        choices={
            "It has not changed, because it does not depend on q": "It does depend on the decoder, and the decoder has changed.",
            "It has risen by 3 nats": "Only if the gap stayed the same. But both q and the posterior have changed, so the gap may have changed, too.",
            "It is at least −87": "That is all we know. It may even have fallen, for example from −80 to −85.",
        },
        answer="It is at least −87",
    ),
    "two-kls": Recall(
        "Two KL divergences have appeared: from q to the posterior, and from q to the prior. Which of them can we compute in a real VAE?",
        choices={
            "Both": "One of them contains the posterior, and the posterior contains p(x).",
            "The KL from q to the prior": "Both distributions are Gaussian, and for Gaussians there is a formula. The other one is the gap, which would need p(x).",
            "The KL from q to the posterior": "The posterior has p(x) in its denominator, so this one stays unknown. It is the gap.",
        },
        answer="The KL from q to the prior",
    ),
    "samples": Curve(
        "The gap is 0.24 nats with one sample. Sketch how the bound climbs with the number of samples k. (log p(x) is −1.56.)",
        x=(1, 5, 50, 500),
        truth=(-1.80, -1.66, -1.62, -1.60),
        y=(-1.9, -1.5),
        x_label="samples k",
        y_label="bound, nats",
        log=True,
        sentence="The first few samples help most. After that, progress is slow: 500 samples still leave a gap of 0.04 nats.",
    ),
    # What notebook 03 asks about notebook 02.
    "gap-zero": Recall(
        "When is the gap between the ELBO and log p(x) zero?",
        choices={
            "When the reconstruction is perfect": "The gap is the KL from q to the posterior. A perfect reconstruction says nothing about the shape of q.",
            "When q equals the prior": "Then it is the other KL, the cost of the code, that is zero. The gap remains, unless the posterior equals the prior, too.",
            "When q equals the true posterior": "A KL is zero only between equal distributions. A Gaussian q can achieve that if the posterior is Gaussian, as with a linear decoder.",
            "Never": "With the linear decoder the explorer closed the gap completely.",
        },
        answer="When q equals the true posterior",
    ),
    "two-terms": Recall(
        "Suppose the encoder ignores the image and always outputs μ = 0 and σ = 1. What are the two terms of the ELBO then?",
        choices={
            "KL 0, and a poor reconstruction": "q equals the prior, so the code costs nothing. But every image is decoded from the same cloud of codes, and the best the decoder can do is to output the mean image. Notebook 05 calls this posterior collapse.",
            "KL 0, and a perfect reconstruction": "The KL is 0, but z then contains no information about x, and the decoder cannot know which image to output.",
            "KL 1 nat per dimension, and a poor reconstruction": "Insert μ = 0 and σ = 1 into the formula: ½ (0 + 1 − 1 − log 1) = 0.",
        },
        answer="KL 0, and a poor reconstruction",
    ),
    "exact-q": Recall(
        "Suppose q equals the posterior exactly. How much tighter is the bound with 500 samples than with one?",
        choices={
            "A little: more samples always tighten the bound": "They never loosen it, but they need not tighten it. What is a single importance weight when q equals p(z|x)?",
            "500 times: the gap is divided by the number of samples": "The gap does not shrink in proportion. For the q of notebook 02, 500 samples only took it from 0.24 to 0.04 nats.",
            "Not at all: every weight already equals p(x)": "The weight is p(x, z) / q(z|x) = p(x) p(z|x) / q(z|x) = p(x). There is no gap to close.",
        },
        answer="Not at all: every weight already equals p(x)",
    ),
}
