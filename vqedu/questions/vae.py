"""The questions of notebook 04, the variational autoencoder."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "two-heads": Recall(
        "A batch of 128 images, `latent_dim` 20. Which shape does `self.encoder` put out, before `chunk`?",
        choices={
            "(128, 20)": "This is the shape of `mu` alone.",
            "(256, 20)": "The batch stays 128. `chunk(2, dim=1)` cuts columns, not rows.",
            "(128, 40)": "20 columns for `mu` and 20 for `logvar`; `chunk(2, dim=1)` cuts them in two.",
        },
        answer="(128, 40)",
    ),
    "loss-sign": Recall(
        "`elbo_loss` adds the KL. In notebook 02 the ELBO subtracted it. Why is this no mistake?",
        choices={
            "The KL changes its sign when the roles of q and p are swapped": "KL is never negative, in either direction.",
            "The loss is minus the ELBO, so both signs turn": "minus (log p(x|z) − KL) = cross-entropy + KL. Optimizers go down, and going down here is going up with the ELBO.",
            "The sign of the KL does not matter, only its size": "With the wrong sign the loss would reward codes for running away from the prior, without end.",
        },
        answer="The loss is minus the ELBO, so both signs turn",
    ),
    "no-draw": Recall(
        "Somebody writes `z = mu` in `forward` and keeps the loss. What does the training make of it?",
        choices={
            "An autoencoder, its codes pulled towards 0": "The reconstruction no longer sees σ, so the KL takes it to 1 for every image, where it costs nothing. What is left is an autoencoder with the price ½ μ² on its codes.",
            "The same VAE, since the draws average to `mu`": "The draws do, but a draw makes the whole neighbourhood of `mu` decode to x. Without one only `mu` itself must.",
            "Nothing: without a draw `logvar` has no gradient": "None from the reconstruction. But `logvar` stands in the KL as well, and `mu` in both terms.",
        },
        answer="An autoencoder, its codes pulled towards 0",
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
            "The VAE's decoder is linear between the codes": "It bends as much as the autoencoder's. Only its training differs.",
            "Each code is a cloud, kept near the others": "Every point of a cloud must decode to its image, so the neighbourhood of each code is trained too, and the KL leaves no reason to lie far out.",
        },
        answer="Each code is a cloud, kept near the others",
    ),
    "far-out": Recall(
        "The cloud of an image lies at μ = (3, 4), with σ = 1 in both directions. How many nats does the KL charge?",
        choices={
            "5": "This is its distance from 0. The KL takes squares.",
            "12.5": "½ (3² + 4²); with σ = 1 the rest of the formula is 0. Twice as far out would cost four times as much.",
            "25": "This is the square of the distance. Look at what stands in front of the formula's sum.",
        },
        answer="12.5",
    ),
    "weak-kl": Recall(
        "The same VAE is trained with the KL weighed a hundred times less. What becomes of its map?",
        choices={
            "The codes gather on the point 0 and stay": "A KL that weighs too much would do that. Here it weighs less.",
            "It stays: a factor does not move the minimum": "A factor on the whole loss would not. This one shifts the balance of its two terms.",
            "The clouds shrink and spread, and holes return": "Each cloud gets smaller, which keeps the code exact, and little holds the clouds near 0, so they move apart. The map comes close to the autoencoder's.",
        },
        answer="The clouds shrink and spread, and holes return",
    ),
    "new-images": Recall(
        "Which line gives the logits of twelve invented images, with the VAE of 50 latent numbers?",
        choices={
            "`vae50.decode(torch.zeros(12, 50))`": "It runs, and gives the same image twelve times: the one at z = 0.",
            "`vae50.decode(torch.randn(12, 50))`": "z ~ N(0, I), then decode. The encoder is not needed.",
            "`vae50(torch.rand(12, 1, 28, 28)).logits`": "This encodes images of noise, and then decodes them. To invent, one begins with codes.",
        },
        answer="`vae50.decode(torch.randn(12, 50))`",
    ),
    "speckle": Recall(
        "The row of samples is speckled where the row of means is smooth, though both have the same twelve z. Where do the speckles come from?",
        choices={
            "Each pixel throws a coin of its own": "Given z the pixels are independent. Where the mean is grey, neighbours fall to black or white without regard to each other.",
            "Sampling adds Gaussian noise to each pixel": "Then there would be greys. Each pixel of the samples is 0 or 1.",
            "The decoder has not been trained for long enough": "The means come from the same decoder, and they are smooth.",
        },
        answer="Each pixel throws a coin of its own",
    ),
    "only-sevens": Recall(
        "You want sevens, and hardly any other digit, from the 50-D VAE. Which z do you decode?",
        choices={
            "Draws from N(7, I), the place of the sevens": "The label is no coordinate. This place is far from all codes, and the decoder has never seen it.",
            "Draws from q(z|x), for some images x of a 7": "Each draw from such a cloud was trained to decode to its 7.",
            "Draws from N(0, I), as the prior knows the digits": "The prior is one cloud for all images. Nothing in it says which place belongs to which digit.",
        },
        answer="Draws from q(z|x), for some images x of a 7",
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
    "set-to-zero": Recall(
        "In the 50-D model, the 25 sleeping numbers of every z are set to 0 before decoding. What happens to the reconstructions?",
        choices={
            "They turn into the mean image": "For that the active numbers would have to be silent too. They still say which stroke it is.",
            "They lose half of the stroke's details": "Numbers that carried details would cost KL. These cost next to nothing.",
            "Hardly anything: the decoder ignores them": "In training these numbers were noise without a message, so the decoder has learned not to listen.",
        },
        answer="Hardly anything: the decoder ignores them",
    ),
    "same-for-all": Recall(
        "A latent number has μ(x) = 1.5 and σ = 1 for every image. Is it active, and what does it cost?",
        choices={
            "Not active, but it costs 1.125 nats": "It tells nothing, since it is the same for all images. Training would soon move it to 0 and save ½ · 1.5² nats.",
            "Active, because it costs 1.125 nats": "The price is right. But active means that μ(x) varies over the images.",
            "Not active, and so it costs 0 nats": "It does tell nothing. But the KL is 0 at μ = 0 and σ = 1 only.",
        },
        answer="Not active, but it costs 1.125 nats",
    ),
    "which-lines": Recall(
        "Which lines change from autoencoder to VAE?",
        choices={
            "Only the loss: the KL is added": "A KL needs a distribution. Without `mu`, `logvar` and a draw there would be nothing to compare with the prior.",
            "The encoder's last layer, the draw, and the loss": "The last layer puts out `mu` and `logvar`, `reparameterize` draws one z, and the loss adds the price of the code. The decoder is untouched.",
            "Encoder and decoder both put out a mean and a variance": "In this course the decoder puts out one logit a pixel, as before. Only the encoder changes.",
        },
        answer="The encoder's last layer, the draw, and the loss",
    ),
    "blur": Recall(
        "Why are a VAE's samples blurrier than the reconstructions of a plain autoencoder with as many latent numbers?",
        choices={
            "Its decoder is smaller, since the encoder has grown": "The encoder's last layer has grown. The decoder has the same layers as before.",
            "The sigmoid is applied twice": "That would be a mistake in code. A correct VAE is blurrier too.",
            "One z serves many images and shows their average": "Where clouds overlap, the decoder must serve all their images. And the KL limits how many nats a code may carry: what it does not say can only be averaged.",
        },
        answer="One z serves many images and shows their average",
    ),
}
