"""The questions of notebook 04, the variational autoencoder; the first three look back at notebook 03."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "last-encoder": Recall(
        "The ELBO contains an average of log p(x|z) over draws z from q(z|x). Suppose the draws are made with `sample()` instead of `rsample()`. Which network receives no gradient from this term?",
        choices={
            "The decoder": "The decoder comes after the draw. Everything it computes from z is recorded, so its weights receive their gradient as usual.",
            "The encoder": "Draws from `sample()` are detached from the μ and σ that produced them, so this term sends no gradient back to the encoder.",
            "Both": "Only what comes before the draw is cut off. The decoder comes after it.",
        },
        answer="The encoder",
    ),
    "last-sigma": Recall(
        "For one image and one latent dimension, the encoder outputs `logvar` = −2. What is σ, the factor by which ε is multiplied?",
        choices={
            "About 0.14": "That is exp(−2), the variance. The standard deviation is its square root.",
            "About 0.37": "logvar is log σ², so σ = exp(logvar / 2) = exp(−1).",
            "−1": "This is logvar / 2, the logarithm of σ. A standard deviation is never negative.",
        },
        answer="About 0.37",
    ),
    "last-one-draw": Recall(
        "A VAE is usually trained with a single draw of z per image and step. Why does such a noisy estimate of the gradient suffice?",
        choices={
            "It is unbiased, and its noise averages out over a batch and over many steps": "Each draw is right on average. A batch of 128 images averages 128 independent draws, and the optimizer averages over many steps.",
            "The noise is negligible because σ is small": "σ need not be small: at the start of training it is near 1. What helps is that errors of different draws cancel.",
            "ε is fixed during training, so nothing is random": "A new ε is drawn for every image in every step. With a fixed one, the decoder would see only one code per image.",
        },
        answer="It is unbiased, and its noise averages out over a batch and over many steps",
    ),
    "no-draw": Recall(
        "Suppose you replace the sampling step by `z = mu` and keep the loss, KL included. What will you have trained?",
        choices={
            "An autoencoder whose codes are pulled toward 0": "The reconstruction no longer depends on σ, so the KL moves σ to 1 for every image. What is left of the KL is ½ μ², a penalty on large codes. Only μ itself is decoded, so the decoder never learns what to do with the codes around it.",
            "The same VAE, since the draws average to `mu`": "They do, but decoding the average is not the same as averaging what is decoded. It is the draws around `mu` that teach the decoder what to do with nearby codes.",
            "Nothing, because `logvar` receives no gradient": "It receives none from the reconstruction, but it does from the KL, which also contains `logvar`. And `mu` receives a gradient from both terms.",
        },
        answer="An autoencoder whose codes are pulled toward 0",
    ),
    "map": Choice(
        "The autoencoder's codes went wherever they liked and left holes. Where will the codes of the VAE be?",
        choices=(
            "All near the point 0, because the KL pulls them there",
            "In a disk around 0, class beside class, with hardly a hole",
            "Much as before, but with the digits farther apart",
        ),
        answer="In a disk around 0, class beside class, with hardly a hole",
        sentence="The KL pulls every cloud toward N(0, I), while the reconstruction keeps the clouds of different images apart. As a result, the clouds fill a disk.",
    ),
    "weak-kl": Recall(
        "The same VAE is trained once more, with the KL multiplied by 0.01. How will its map change?",
        choices={
            "The codes gather near 0": "A KL with too much weight would do that, but this one has less weight than before.",
            "It stays the same, because a constant factor does not move a minimum": "That is true of a factor on the whole loss. This one multiplies only one of the two terms, so it shifts their balance.",
            "The clouds shrink and move apart, and holes return": "Smaller clouds overlap less, which helps the reconstruction, and hardly anything keeps them near 0 any longer. The map becomes much like the autoencoder's.",
        },
        answer="The clouds shrink and move apart, and holes return",
    ),
    "sharper": Choice(
        "Random codes of the 2-D VAE decode to blurrier images than those of the 50-D VAE. A classifier “recognizes” an image if it is more than 99% sure of a class. From which model does it recognize more images?",
        choices=("The 2-D VAE", "The 50-D VAE", "About the same, within two percentage points"),
        answer="The 2-D VAE",
        sentence="It recognizes about 60% of the images from the 2-D VAE, and 50% of those from the 50-D VAE. A likely reason: details that many independent coordinates ask for do not always go together, while two coordinates can hardly contradict each other.",
    ),
    "speckle": Recall(
        "Look at the last figure. The mean is smooth and the two samples are speckled, although all three rows use the same z. Where does the speckle come from?",
        choices={
            "One coin is flipped per pixel, independently": "Given z, the pixels are independent in p(x|z). Where the mean is gray, neighboring pixels turn out black or white regardless of one another.",
            "Gaussian noise is added to every pixel": "That would leave shades of gray. Every pixel of a sample is either 0 or 1.",
            "The decoder needs longer training": "The means come from the same decoder, and they are smooth.",
        },
        answer="One coin is flipped per pixel, independently",
    ),
    "active": Number(
        "How many of its 50 latent dimensions does the model use?",
        low=0,
        high=50,
        truth=25,
        unit="of 50",
        sentence="It uses half of them. The information that the others could carry would save fewer nats than it costs in KL, so they stay at the prior.",
    ),
    "same-for-all": Recall(
        "Suppose a latent dimension has μ(x) = 1.5 and σ = 1 for every image. Is it active, and what does it contribute to the KL?",
        choices={
            "Inactive; 1.125 nats": "Its distribution is the same for all images, so it carries no information, although its KL is ½ · 1.5² = 1.125. Training would soon move μ to 0 and save these nats.",
            "Active; 1.125 nats": "The KL is right. But “active” means that μ(x) varies from image to image, and here it does not.",
            "Inactive; 0 nats": "You are right that it carries no information. But the KL is 0 only if q equals the prior, that is, for μ = 0 and σ = 1.",
        },
        answer="Inactive; 1.125 nats",
    ),
}
