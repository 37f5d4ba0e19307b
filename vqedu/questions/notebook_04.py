"""The questions of notebook 04, the variational autoencoder."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "loss-sign": Recall(
        "`elbo_loss` adds the KL. In notebook 02 the ELBO subtracted it. Why is this no mistake?",
        choices={
            "The KL changes its sign when the roles of q and p are swapped": "KL is never negative, in either direction.",
            "The loss is minus the ELBO, so both signs turn": "minus (log p(x|z) − KL) = cross-entropy + KL. Optimizers go down, and going down here is going up with the ELBO.",
            "The sign of the KL does not matter, only its size": "With the wrong sign the loss would reward codes for running away from the prior, without end.",
        },
        answer="The loss is minus the ELBO, so both signs turn",
    ),
    "map": Choice(
        "The autoencoder's codes ran to whatever numbers they liked, with holes between. Where will the VAE's codes lie?",
        choices=(
            "All on the point 0, since the KL pulls there",
            "In a disc around 0, the digits side by side, hardly a hole",
            "As before, only each digit farther from the others",
        ),
        answer="In a disc around 0, the digits side by side, hardly a hole",
        sentence="The KL pulls every cloud towards N(0, I), the reconstruction keeps the clouds apart. Both together fill the disc.",
    ),
    "hole": Recall(
        "Why does a VAE's map have hardly any holes between the codes?",
        choices={
            "The training set is larger": "It is the same 60,000 images as for the autoencoder.",
            "The decoder is linear between the codes": "It bends as much as the autoencoder's. Only its training differs.",
            "Each code is a cloud, and the KL keeps the clouds near one another": "Every point of a cloud must decode to its image, so the neighbourhood of each code is trained too, and the KL leaves no reason to lie far out.",
        },
        answer="Each code is a cloud, and the KL keeps the clouds near one another",
    ),
    "active": Number(
        "A model was given 50 latent numbers, and each one costs KL as soon as it says something. How many of the 50 does it use?",
        low=0,
        high=50,
        truth=25,
        unit="of 50",
        sentence="For half of them, what they could say about an image is worth less than their price. They sleep at the prior and cost nothing.",
    ),
    "sleeping-unit": Recall(
        "A latent number has q = N(0, 1) for every image. What does it cost, and what does it tell?",
        choices={
            "It costs 0 nats and tells nothing": "q equals the prior, so the KL is 0, and since q is the same for every image, z says nothing about x.",
            "It costs 0 nats and tells the average image": "It carries no information at all: its draws are the same noise for every image.",
            "It costs ½ nat and tells nothing": "½ (μ² + σ² − 1 − log σ²) with μ = 0, σ = 1 is 0.",
        },
        answer="It costs 0 nats and tells nothing",
    ),
    "real-beta": Number(
        "The squared error is averaged over 28 × 28 pixels, the KL over 5 latent numbers, and the code says β = 0.1. Compared with R = ½ Σ (x − x̂)², what is β really?",
        low=0.01,
        high=100,
        truth=7.84,
        log=True,
        sentence="0.1 · (1/5) / (2/784) = 7.84. The code says 0.1 and means nearly eight: averaging the two terms over different counts has moved the balance 78-fold.",
    ),
    "mean-of-kl": Recall(
        "The reconstruction is summed over the pixels, as it should be. The KL of shape (N, 50) is averaged with `kl.mean()`, and β is 1. What is the effective β?",
        choices={
            "1: averaging over the batch is right": "Over the batch, yes. But `mean()` averages over the 50 latent numbers as well.",
            "50: the KL is averaged, so it needs more weight": "The weight it needs would be 50. What it has is the reverse.",
            "1/50: the KL counts fifty times too little": "`kl.mean()` is `kl.sum(1).mean() / 50`. The model comes close to a plain autoencoder, and random codes decode worse.",
        },
        answer="1/50: the KL counts fifty times too little",
    ),
    "units": Number(
        "A small VAE is trained with β = 10 and no cure. How many of its 8 latent numbers will still be active after 600 steps?",
        low=0,
        high=8,
        truth=2,
        unit="of 8",
        sentence="About two (a rerun may give one or three). The others have fallen asleep, and the code carries less than 2.5 nats.",
    ),
    "cure": Recall(
        "β = 10 is wanted, and the posterior collapses. Which cure still works at the end of training, and why?",
        choices={
            "KL annealing, since it starts with β = 0": "It helps the start. But at the end β is 10 again, and with that price the optimum itself uses few numbers.",
            "Free bits, since the price itself is changed": "Below the floor a number costs nothing more, so there is no reason to give it up.",
            "A larger latent_dim, since there is then room": "More numbers are more numbers that may sleep. The price of each stays what it was.",
        },
        answer="Free bits, since the price itself is changed",
    ),
    "rate-distortion": Curve(
        "A small VAE is trained with six values of β. Sketch the distortion (what the image costs once the code is known) over the rate (what the code costs).",
        x=(0.04, 2.0, 9.1, 17.2, 30.4, 51.0),
        truth=(206, 178, 138, 124, 117, 112),
        y=(50, 250),
        x_label="rate, nats per image",
        y_label="distortion, nats per image",
        sentence="Steep, then flat: the first nats of rate buy more than ten nats of distortion each, the last ones a quarter of a nat.",
    ),
    "price-of-a-nat": Recall(
        "A network is trained to the end with β = 4. What does one more nat of rate buy there?",
        choices={
            "4 nats of distortion": "At the minimum of distortion + β · rate, a nat of rate must pay for itself: it saves exactly β nats.",
            "1 nat of distortion: a nat is a nat": "That holds at β = 1 only.",
            "¼ nat of distortion": "The other way round: where rate is dear, only purchases that save much are made.",
        },
        answer="4 nats of distortion",
    ),
    "which-lines": Recall(
        "Which lines change from autoencoder to VAE?",
        choices={
            "Only the loss: the KL is added": "A KL needs a distribution. Without `mu`, `logvar` and a draw there would be nothing to compare with the prior.",
            "The encoder's output doubles, a code is drawn, the loss gains the KL": "The last layer puts out `mu` and `logvar`, `reparameterize` draws one z, and the loss adds the price of the code. The decoder is untouched.",
            "Encoder and decoder both put out a mean and a variance": "In this course the decoder puts out one logit a pixel, as before. Only the encoder changes.",
        },
        answer="The encoder's output doubles, a code is drawn, the loss gains the KL",
    ),
    "blur": Recall(
        "Why are a VAE's samples blurrier than the reconstructions of a plain autoencoder with as many latent numbers?",
        choices={
            "Its decoder is smaller": "Encoder and decoder have the same layers as before, up to the encoder's last.",
            "The sigmoid is applied twice": "That would be a mistake in code. A correct VAE is blurrier too.",
            "One z serves all images whose clouds overlap there, so the decoder shows their average": "Besides, the KL limits how many nats a code may carry. What the code does not say, the decoder can only average.",
        },
        answer="One z serves all images whose clouds overlap there, so the decoder shows their average",
    ),
    "all-asleep": Recall(
        "All units of your VAE are inactive. What do you check first?",
        choices={
            "The effective β: how each term is summed or averaged": "A mean over pixels beside a sum over latents makes β hundreds of times larger than the code says. Only then try annealing or free bits.",
            "Whether the learning rate is too small": "A small rate makes training slow. It does not put the KL to zero while the reconstruction stays poor.",
            "Whether the decoder needs more layers": "A stronger decoder can do even better without z. That makes collapse more likely.",
        },
        answer="The effective β: how each term is summed or averaged",
    ),
}
