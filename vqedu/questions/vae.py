"""The questions of notebooks 04 and 05, the variational autoencoder and what is inside it."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

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
    "real-beta": Number(
        "The squared error is averaged over 28 × 28 pixels, the KL over 5 latent numbers, and the code says β = 0.1. Compared with R = ½ Σ (x − x̂)², what is β really?",
        low=0.01,
        high=100,
        truth=7.84,
        log=True,
        sentence="0.1 · (1/5) / (2/784) = 7.84. The code says 0.1 and means nearly eight: averaging the two terms over different counts has moved the balance 78-fold.",
    ),
    "times-thousand": Recall(
        "A colleague multiplies the whole loss by 1,000. What happens to the effective β?",
        choices={
            "It becomes 1,000 times as large": "It would if only the KL were multiplied.",
            "It falls to a thousandth": "It would if only the reconstruction were multiplied.",
            "It stays as it was": "a and b both grow by the factor, and it cancels in b / a.",
        },
        answer="It stays as it was",
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
    "larger-images": Recall(
        "Code averages the squared error over the pixels and sums the KL. The images grow from 28 × 28 to 56 × 56, the written β stays. What does the effective β do?",
        choices={
            "It falls to a quarter": "There are four times as many pixels to divide by. Look again which of the two terms that makes lighter.",
            "It grows fourfold": "a falls to a quarter, so β b / a grows by 4. The same line trains another model for each image size.",
            "It stays, since an average does not grow": "The code's average does not. But the ELBO's term is a sum over the image, and β is measured against that.",
        },
        answer="It grows fourfold",
    ),
    "units": Number(
        "A small VAE is trained with β = 10 and no cure. How many of its 8 latent numbers will still be active after 600 steps?",
        low=0,
        high=8,
        truth=2,
        unit="of 8",
        sentence="About two (a rerun may give one or three). The others have fallen asleep, and the code carries less than 2.5 nats.",
    ),
    "same-picture": Recall(
        "The posterior has collapsed altogether: q(z|x) = N(0, I) for every image. What do the reconstructions of ten different digits look like?",
        choices={
            "Ten blurred digits, each still the right one": "For that the decoder would have to know which digit is meant. No code depends on x.",
            "Ten sharp digits, but any of the ten": "A sharp guess is dear when it is wrong, and z does not say which guess is right.",
            "Ten times the same image": "z says nothing about x, so the best answer to all of them is the mean image.",
        },
        answer="Ten times the same image",
    ),
    "free-floor": Recall(
        "Free bits ended with 8 of 8 units active and about 4 nats. Half a nat was free for each number. Why 4?",
        choices={
            "Each number is pushed down to ½ nat, no further": "Above the floor β = 10 pushes, and at that price no number kept more. Below it nothing pushes.",
            "The clamp forbids a number more than ½ nat of KL": "`clamp(min=floor)` bounds what is counted from below. More is allowed, and has its price.",
            "It takes about 4 nats to tell ten digits apart": "For ten equally frequent digits it takes log 10 = 2.3 nats, and nobody asks the code for the digit.",
        },
        answer="Each number is pushed down to ½ nat, no further",
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
    "elbo-of-a-point": Recall(
        "At β = 1 the small VAE has a rate of 17 and a distortion of 124 nats. What is its ELBO?",
        choices={
            "−141 nats": "Both are costs, and the loss at β = 1 is their sum. The ELBO is minus that.",
            "−107 nats": "This is the rate minus the distortion. Both are costs.",
            "−124 nats": "This leaves out the price of the code.",
        },
        answer="−141 nats",
    ),
    "no-rate": Recall(
        "At β = 30 the rate is almost 0, and the distortion 206 nats. What distortion would β = 100 give?",
        choices={
            "About 690, in proportion to β": "β multiplies the rate, not the distortion, and the rate is almost 0.",
            "About 206, that of the mean image": "With no rate left there is nothing more to save. The decoder already shows the best image for all.",
            "About 120: dear codes are better": "Dear codes are used less, not better. Without a code every image gets the same reconstruction.",
        },
        answer="About 206, that of the mean image",
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
    "what-is-known": Recall(
        "On all test images the bounds are −88.93 at k = 1 and −85.17 at k = 5,000. What do they say of the model's log p(x)?",
        choices={
            "It lies between the two": "Both are lower bounds. log p(x) lies on the same side of both.",
            "It is −85.17, the end of the climb": "Nothing says that the climb has ended: each factor of 10 in k still brought a little.",
            "It is −85.17 or higher": "On average every k gives a lower bound, so the highest tells the most. How much is missing, it does not tell.",
        },
        answer="It is −85.17 or higher",
    ),
    "four-nats": Recall(
        "The ELBO of this model is at least 3.7 nats below log p(x). This gap says how far apart two things are. Which two?",
        choices={
            "q(z|x) and the prior N(0, I)": "This is the rate, about 26 nats here. It is a term of the ELBO, not the distance from it.",
            "q(z|x) and the true posterior": "log p(x) − ELBO is the KL from q(z|x) to p(z|x). A better q could lower it with the decoder as it is.",
            "The image and the decoder's mean": "This is the distortion, the other term of the ELBO.",
        },
        answer="q(z|x) and the true posterior",
    ),
    "two-models": Recall(
        "On the same images, model A has an ELBO of −88.9 and model B one of −87.5. Which of them gives the images the higher probability?",
        choices={
            "Open: their gaps may differ": "A's gap may be 4 nats and B's 1. Estimate log p(x) of both with many samples, then compare.",
            "B, since its bound is higher": "A higher floor under log p(x) does not prove a higher log p(x): how far it lies above the floor is not known.",
            "A, since its bound leaves more room above": "Room above a bound may be used or not. The bound alone does not tell.",
        },
        answer="Open: their gaps may differ",
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
    "all-asleep": Recall(
        "All units of your VAE are inactive. What do you check first?",
        choices={
            "How each term is summed or averaged": "A mean over 784 pixels beside a sum over latents makes the effective β 784 times what the code says. Only then try annealing or free bits.",
            "Whether the learning rate is too small": "A small rate makes training slow: units then wake late. It does not put units to sleep, or keep them asleep in a network that is fully trained.",
            "Whether the decoder needs more layers": "In section 6 the decoder is deep so that the signal of z is weak at first. More layers make collapse more likely.",
        },
        answer="How each term is summed or averaged",
    ),
}
