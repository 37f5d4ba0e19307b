"""The questions of notebook 05, inside the VAE."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "without-noise": Recall(
        "Suppose you replace the sampling step of the VAE in notebook 04 by `z = mu` and keep the loss. What will you have trained?",
        choices={
            "The same VAE, because the draws average to `mu`": "They do, but with draws, the decoder has to decode a whole neighborhood of `mu` to x. Without them, only the point `mu` itself has to decode to x.",
            "An autoencoder whose codes are pulled toward 0": "The reconstruction no longer depends on σ, so the KL term sets σ = 1 for every image. What remains is an autoencoder with the penalty ½ μ² on its codes.",
            "Nothing: without a draw `logvar` has no gradient": "It has none from the reconstruction. But `logvar` also appears in the KL term, and `mu` appears in both terms.",
        },
        answer="An autoencoder whose codes are pulled toward 0",
    ),
    "same-for-all": Recall(
        "A latent dimension has μ(x) = 1.5 and σ = 1 for every image. How much KL does it cost, and how much information about x does it carry?",
        choices={
            "It costs 1.125 nats and carries no information": "The KL is ½ · 1.5² nats, the same for every image. So a KL above 0 need not mean that there is information: remember this when we count nats below.",
            "It costs 1.125 nats and carries as much information": "Its distribution is the same for every image, so it cannot distinguish one image from another.",
            "It costs nothing, because it carries no information": "The KL is 0 only at μ = 0 and σ = 1. Training would soon move μ to 0 and save the 1.125 nats.",
        },
        answer="It costs 1.125 nats and carries no information",
    ),
    "neighbors": Recall(
        "The decoder of notebook 04 outputs 784 probabilities for one z. What does p(x|z) say about two neighboring pixels?",
        choices={
            "They are independent of each other, given z": "Each pixel is its own coin flip. Whatever two pixels have in common has to come from z, and that makes the code necessary.",
            "They are equal, because strokes are smooth": "Strokes are smooth in the data. But given z, each pixel of a sample is drawn separately, so samples are speckled.",
            "The second depends on what was drawn for the first": "That would be an autoregressive decoder. This notebook has one, and its effect on z is drastic.",
        },
        answer="They are independent of each other, given z",
    ),
    "rate-distortion": Curve(
        "A small VAE is trained with six values of β. Sketch the distortion (the reconstruction term) against the rate (the KL).",
        x=(0.04, 2.0, 9.1, 17.2, 30.4, 51.0),
        truth=(206, 178, 138, 124, 117, 112),
        y=(50, 250),
        x_label="rate, nats per image",
        y_label="distortion, nats per image",
        sentence="The curve is steep at first and then flat: the first nats of rate save more than ten nats of distortion each, the last ones about a quarter of a nat.",
    ),
    "price-of-a-nat": Recall(
        "A network has been trained to convergence with β = 4. How much distortion would one more nat of rate save?",
        choices={
            "4 nats": "At the minimum of distortion + 4 · rate the two changes cancel: one more nat of rate adds 4 to the loss, so it must save 4 nats of distortion.",
            "1 nat: a nat is a nat": "That is true at β = 1 only, where both terms count equally.",
            "¼ nat": "It is the other way around. When rate is expensive, the network keeps only those nats that save a lot.",
        },
        answer="4 nats",
    ),
    "real-beta": Number(
        "A piece of code averages the squared error over 28 × 28 pixels and the KL over 5 latent dimensions, and sets β = 0.1. If the reconstruction term of the ELBO is R = ½ Σ (x − x̂)², what is β really?",
        low=0.01,
        high=100,
        truth=7.84,
        log=True,
        sentence="0.1 · (1/5) / (2/784) = 7.84. The two terms are averaged over different numbers of elements, which shifts their balance by a factor of 78.",
    ),
    "larger-images": Recall(
        "A piece of code averages the squared error over the pixels and sums the KL. You move from 28 × 28 to 56 × 56 images and leave β as it is. What happens to the effective β?",
        choices={
            "It falls to a quarter": "The average now divides by four times as many pixels. Which of the two terms does that make smaller?",
            "It becomes four times as large": "The factor a of the reconstruction falls to a quarter, so β b / a grows by a factor of 4. The same line of code trains a different model for each image size.",
            "It stays the same, because an average does not grow": "The average in the code does not grow. The ELBO's reconstruction term does, because it is a sum over the image, and β is measured against that.",
        },
        answer="It becomes four times as large",
    ),
    "same-loss": Recall(
        "From step 300 on, the annealed run minimizes exactly the same loss as the plain one, with β = 1. Why can it end somewhere else?",
        choices={
            "Annealing changes where the minimum of the loss is": "The loss is the same in the end, and so is its minimum. What differs is the point from which the run approaches it.",
            "At step 300 its decoder already uses z": "The codes now save more nats than they cost, so the same loss keeps them. In the plain run the KL term removed them while the decoder could not use them yet.",
            "Its KL is never counted, so it stays large": "From step 300 on the KL counts in full, and it does fall a little.",
        },
        answer="At step 300 its decoder already uses z",
    ),
    "stronger-decoder": Choice(
        "We replace the decoder by one that also sees the pixels above and to the left, and train with β = 1. After 250 steps an ordinary decoder uses about 6 nats of code per image. How many does the new one use?",
        choices=("About 12: it can do more with a code", "About 6: the images are the same", "Almost none"),
        answer="Almost none",
        sentence="About 0.1 nats. The pixels seen so far already contain nearly everything that a code could add, and they cost nothing.",
    ),
    "which-model": Recall(
        "Model A has a loss of 25.55 nats and a KL of 0.02. Model B has a loss of 25.84 and a KL of 4.42. You need codes with which you can search a collection for similar images. Which model do you choose?",
        choices={
            "A, because its bound on log p(x) is better": "It is a slightly better model of the images. But its KL is only 0.02 nats, so its codes are nearly the same as draws from the prior, whatever the image.",
            "B, because the loss does not measure how good the codes are": "The ELBO measures how probable the images are under the model, whether or not z contributes to that. With B, the code of another image makes the reconstruction 15 nats worse, so its codes do depend on the image.",
            "Either, because 0.3 nats make no difference": "As a difference in the bound, 0.3 nats hardly matter. But a search uses the codes, and those of A carry no information.",
        },
        answer="B, because the loss does not measure how good the codes are",
    ),
    "rotated-codes": Recall(
        "You rotate the latent space of a trained VAE: the new decoder is f(Rz), with a rotation R. The prior stays N(0, I). What happens to p(x)?",
        choices={
            "Nothing": "If z is drawn from N(0, I), so is Rz. Both decoders generate the same images equally often, so p(x) is the same for any choice of axes.",
            "It falls, because the axes were learned": "The axes play a part in q(z|x), which describes each dimension separately. p(x) contains only the prior and the decoder.",
            "It depends on whether the factors were disentangled": "p(x) is an average over all z, and rotating the axes does not change that average, whatever they mean.",
        },
        answer="Nothing",
    ),
    "two-models": Recall(
        "On the same images, model A has an ELBO of −88.9 and model B one of −87.5. Which of them assigns the images the higher probability?",
        choices={
            "B, because its bound is higher": "A higher lower bound does not prove a higher log p(x): you do not know how far log p(x) is above each bound.",
            "You cannot tell: their gaps may differ": "A's gap may be 4 nats and B's only 1. Estimate log p(x) for both models with many samples, and then compare.",
            "A, because its bound leaves more room above": "log p(x) may be far above its bound or close to it. The bound alone does not say which.",
        },
        answer="You cannot tell: their gaps may differ",
    ),
}
