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
    "evidence": Recall(
        "What does the evidence p(x) of an image say?",
        choices={
            "How probable prior and decoder together find it": "It is the mean of p(x|z) over all codes that the prior may draw. Training should raise it for real images.",
            "How probable it is that nobody has generated it": "That would be the answer of a judge of real and generated images. p(x) comes from the model itself: how likely is it to produce this image?",
            "How well it is copied by way of its own code": "That is a matter of one code, p(x|z) at this z. p(x) takes every code into account.",
        },
        answer="How probable prior and decoder together find it",
    ),
    "average": Recall(
        "An average over 20,000 draws of which one carries nearly everything: what is it worth as an estimate of p(x)?",
        choices={
            "It is biased: the true p(x) is always higher": "The average itself is right in the mean over many repetitions. But nearly every single repetition is too low, and a rare one far too high.",
            "It is right on average, but its spread is enormous": "Another seed gives another luckiest draw, and an estimate of log p(x) that differs by many nats. Nearly every run is too low, and none tells by how much.",
            "It is exact to two digits, since 20,000 is a large number": "What counts is how many of the draws matter. Here it is one.",
        },
        answer="It is right on average, but its spread is enormous",
    ),
    "ten-pixels": Recall(
        "A draw decodes to nearly our image. At 774 of the 784 pixels it gives the true value the probability 1, at the other 10 only 0.01. What is p(x|z)?",
        choices={
            "About 0.99, since 774 of 784 pixels are right": "That is a mean over the pixels. The probability of all pixels together is a product.",
            "About 0.1, which is 10 times the probability 0.01": "Adding is for logarithms. The probabilities of the pixels are multiplied.",
            "10⁻²⁰, which is 0.01 to the power of 10": "Ten pixels cost 46 nats. This is why a seven that is a little off adds next to nothing to the average.",
        },
        answer="10⁻²⁰, which is 0.01 to the power of 10",
    ),
    "log-of-sum": Recall(
        "`log_joint` holds log p(x, z) at the points of the grid. Which line gives log p(x)?",
        choices={
            "`np.sum(log_joint) * dz`": "This integrates the logarithm. What is asked for is the logarithm of the integral.",
            "`math.log(np.sum(np.exp(log_likelihood)) * dz)`": "The prior is missing here: p(x|z) is not weighted by how likely the code z is.",
            "`math.log(np.sum(np.exp(log_joint)) * dz)`": "From logarithms back to densities, added up and times the step: that is the integral. Its logarithm comes last.",
        },
        answer="`math.log(np.sum(np.exp(log_joint)) * dz)`",
    ),
    "prior-in-draws": Recall(
        "Now z is drawn from the prior 20,000 times. What is averaged over the draws to estimate p(x)?",
        choices={
            "p(x|z) p(z), since the integral holds both factors": "Then the prior counts twice: in the formula, and in how often each z is drawn.",
            "log p(x|z), since it is log p(x) that we look for": "The mean of the logarithms is not the logarithm of the mean. The logarithm is taken last.",
            "p(x|z), since the prior is already in the draws": "Likely codes are drawn more often. That is their weight p(z), and they need no other.",
        },
        answer="p(x|z), since the prior is already in the draws",
    ),
    "less-noise": Recall(
        "The noise s of the small model goes down from 0.5 to 0.1. What happens to the share of draws that carry 99% of the average?",
        choices={
            "It falls: now f(z) must come very close to x": "From 67% to 8%. A decoder that says precisely what it expects leaves few codes that x could have come from.",
            "It rises: with less noise each draw says more": "Each draw is more certain of what x should be. For nearly all of them that is something else than our x.",
            "It stays: the draws come from the same prior": "The draws are the same, but what each is worth, p(x|z), depends on s.",
        },
        answer="It falls: now f(z) must come very close to x",
    ),
    "posterior": Recall(
        "Bayes' rule gives p(z|x) = p(x|z) p(z) / p(x). Why does a VAE not use it as it stands?",
        choices={
            "The two factors of the numerator are unknown": "Both can be computed: p(x|z) by the decoder, p(z) by the formula of the normal distribution.",
            "The rule holds for probabilities, not densities": "It holds for densities as well: the figure of this section draws p(z|x) with it.",
            "The denominator is what we are looking for": "The posterior is known up to this one number, the integral p(x). So a simple q(z|x) stands in for it.",
        },
        answer="The denominator is what we are looking for",
    ),
    "bayes-number": Recall(
        "There are two codes, p(z = 0) = ¼ and p(z = 1) = ¾. An image has p(x|0) = 0.8 and p(x|1) = 0.4, so p(x) = 0.5. How probable is it that it came from code 0?",
        choices={
            "0.8": "That is p(x|0): how probable the image is, given the code. The question goes the other way.",
            "0.4": "p(0|x) = 0.8 · ¼ / 0.5 = 0.2 / 0.5. To have seen the image raises the probability of code 0 from ¼ to 0.4.",
            "2/3": "0.8 / (0.8 + 0.4) leaves the prior out. Code 1 is drawn three times as often.",
        },
        answer="0.4",
    ),
    "two-letters": Recall(
        "A text writes p(z|x) for what the encoder puts out. What can its reader no longer see?",
        choices={
            "That the encoder only stands in for the posterior": "The true p(z|x) follows from prior and decoder. The encoder puts out q(z|x), a Gaussian that tries to be like it.",
            "Nothing: by Bayes' rule the two are the same": "Bayes' rule gives the true posterior. The Gaussian of the encoder is made to resemble it, and in the figure the two curves differ.",
            "That this is not the prior, which knows of no image": "The x behind the bar still says that. The prior is p(z).",
        },
        answer="That the encoder only stands in for the posterior",
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
    "inequality": Recall(
        "Up to line 4 everything is equal. What makes line 5 a bound?",
        choices={
            "q is multiplied and divided inside the logarithm": "That is a factor of 1, in line 3. It changes nothing.",
            "The logarithm of a product is split into a sum": "That is exact, in line 4: log (a · b) = log a + log b.",
            "A term that is never negative is left out": "It is the KL from q to the posterior. Without it the sum can only be smaller, or equal.",
        },
        answer="A term that is never negative is left out",
    ),
    "elbo-line": Recall(
        "Which line is the ELBO on the grid?",
        choices={
            "`mean_under_q(log_joint - log_q)`": "The mean under q of log p(x, z) − log q(z|x). p(x) is not needed for it.",
            "`mean_under_q(log_likelihood - log_q)`": "Here the prior is missing: log p(x, z) is log p(x|z) + log p(z).",
            "`mean_under_q(log_posterior - log_q)`": "This is minus the gap. It needs the posterior, which nobody knows in a real model.",
        },
        answer="`mean_under_q(log_joint - log_q)`",
    ),
    "floor": Recall(
        "This time the decoder changes too, and the ELBO of an image rises by 3 nats. What is certain about log p(x)?",
        choices={
            "It has not moved, since it does not depend on q": "It depends on the decoder, and the decoder has changed.",
            "It has risen by 3 nats, since the gap stays": "The gap compares q with the posterior, and the posterior depends on the decoder. So the gap may have changed as well.",
            "It cannot lie as low as the old ELBO any more": "log p(x) is at least the ELBO, so its floor has risen by 3 nats. How far above the floor it lies is not known.",
        },
        answer="It cannot lie as low as the old ELBO any more",
    ),
    "logvar": Recall(
        "The network puts out `logvar` = log 4 = 1.39. What is the standard deviation σ?",
        choices={
            "2": "`logvar` is log σ², so σ = exp(logvar / 2), the root of 4.",
            "4": "exp(1.39) = 4 is the variance σ².",
            "0.69": "That is log σ. The exponential is missing.",
        },
        answer="2",
    ),
    "kl-sum": Recall(
        "q has D = 3 dimensions, with μ = 2 and `logvar` = 0 in each. What is its KL to N(0, I)?",
        choices={
            "12 nats": "The squares of the means add up to 12. The factor ½ in front is missing.",
            "2 nats": "That is one dimension, ½ (4 + 1 − 1 − 0). For independent dimensions the KL is a sum over all of them.",
            "6 nats": "½ (4 + 1 − 1 − 0) in each of 3 dimensions. With σ = 1 the means alone cost something.",
        },
        answer="6 nats",
    ),
    "two-terms": Recall(
        "The encoder ignores the image and always puts out μ = 0, σ = 1. What are the two terms of the ELBO then?",
        choices={
            "KL 0, and a poor reconstruction": "q equals the prior, so the price is 0. But every image is decoded from the same cloud of codes, so the best the decoder can do is the mean image. Notebook 05 meets this as posterior collapse.",
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
    "prior-or-q": Recall(
        "For the image of section 1, 500 draws from q gave a far higher estimate than 20,000 draws from the prior. Why?",
        choices={
            "They are averaged inside the logarithm": "So are the 20,000. In both cases the average comes first and the logarithm last.",
            "They lie where the image may come from": "Of the draws from the prior perhaps one in a billion is worth as much: the KL is 21 nats, and e²¹ is about a billion.",
            "They come from an encoder, which improves the model": "The model is prior and decoder, and they are the same in both estimates. The encoder only says where to look.",
        },
        answer="They lie where the image may come from",
    ),
    "two-weights": Recall(
        "Two draws have the weights 1 and 9. What do they give for the bound with k = 2, and what as a mean of two single values, k = 1?",
        choices={
            "log 5 for k = 2, log 3 for k = 1": "The mean of the weights is 5. The mean of their logarithms is ½ (log 1 + log 9) = log 3, which is less.",
            "log 3 for k = 2, log 5 for k = 1": "Inside the logarithm stands the average for k = 2. For k = 1 each logarithm is taken first.",
            "log 10 for k = 2, log 3 for k = 1": "10 is the sum of the weights. Inside the logarithm stands their mean, with the factor 1/k.",
        },
        answer="log 5 for k = 2, log 3 for k = 1",
    ),
    "exact-q": Recall(
        "Suppose that q equals the posterior. What do 500 samples gain over one?",
        choices={
            "A little: more samples always tighten the bound": "They never loosen it, but the sign between the bounds is ≤. Ask what one weight is when q equals p(z|x).",
            "Much: the gap becomes 500 times smaller": "Nothing divides the gap like that. For our q it went from 0.24 to 0.04 nats, a factor of six.",
            "Nothing: each weight is p(x) already": "The weight is p(x) p(z|x) / q(z|x), and here the fraction is 1. There is no gap to close.",
        },
        answer="Nothing: each weight is p(x) already",
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
            "When q equals the prior": "Then the other KL is zero, the price of the code. The gap stays, unless the posterior is the prior as well.",
            "When q equals the true posterior": "KL is zero only between equal distributions. A Gaussian q can manage that if the posterior is Gaussian, as with a linear decoder.",
            "Never": "With a linear decoder the posterior is Gaussian, and the explorer closes the gap to 0.",
        },
        answer="When q equals the true posterior",
    ),
    "kl-number": Recall(
        "What is the KL of N(1, 1) from N(0, 1)?",
        choices={
            "0 nats": "Zero only for equal distributions, and these have different means.",
            "½ nat": "½ (μ² + σ² − 1 − log σ²) = ½ (1 + 1 − 1 − 0).",
            "1 nat": "Mind the factor ½ in front: ½ (1 + 1 − 1 − 0).",
        },
        answer="½ nat",
    ),
}
