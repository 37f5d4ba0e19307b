"""The questions of notebook 06, vector quantization; its last three open notebook 07."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "last-collapse": Recall(
        "A VAE has collapsed completely: its KL is 0 for every image. What information about x does z still contain?",
        choices={
            "The mean μ, but without the noise": "If the KL is 0, then μ = 0 and σ = 1 for every image, so even μ says nothing about x.",
            "None: z is pure noise, whatever the image": "A KL of 0 means that q(z|x) = N(0, I) for every x, so z is independent of x. The decoder has to predict the image without it.",
            "As much as before, but at a lower rate": "The KL is the rate, and z cannot contain more information about x than that. At a rate of 0 nats it contains none.",
        },
        answer="None: z is pure noise, whatever the image",
    ),
    "last-strong-decoder": Recall(
        "Two decoders read the same z. One predicts all pixels from z alone; the other is autoregressive and also sees the pixels before each pixel. Which one is more likely to ignore z?",
        choices={
            "The one that uses z alone": "It has nothing else to go by, so z saves it many nats of reconstruction.",
            "Both alike, since the KL is the same": "Information in z costs the same in both. What it saves differs: ask how well each decoder does without z.",
            "The autoregressive one": "It predicts pixels well without z, so z saves little reconstruction, while every nat in z costs a nat of KL. Ignoring z is cheaper.",
        },
        answer="The autoregressive one",
    ),
    "last-rate": Recall(
        "Raising β from 1 to 4 in a VAE lowers one term and raises the other. Which is which?",
        choices={
            "Lower rate, higher reconstruction error": "A larger β makes information in z more expensive, so the model uses less of it and reconstructs worse.",
            "Higher rate, lower reconstruction error": "That would happen with β below 1, which makes information in z cheaper.",
            "Both fall, if the training takes longer": "Rate and distortion are traded against each other. On the frontier neither falls without the other rising.",
        },
        answer="Lower rate, higher reconstruction error",
    ),
    "grid": Number(
        "Nine values either way: 3 levels for each coordinate, or 9 codes placed where the points are. By what factor is the mean squared distance smaller with the placed codes?",
        low=1,
        high=10,
        step=0.1,
        truth=3.8,
        unit="times",
        sentence="With the same number of values the error is almost four times smaller, because the grid spends values on combinations that hardly occur.",
    ),
    "k-means": Choice(
        "Six codes start at six random points, and the points form six clusters. Where will k-means end?",
        choices=(
            "With one code per cluster, from every start",
            "With one code per cluster, but only from some starts",
            "It never ends: there is always a better place",
        ),
        answer="With one code per cluster, but only from some starts",
        sentence="The loss never rises, but k-means ends in a local minimum, and which one depends on the start. From most starts two codes end up in one cluster, while another code serves two.",
    ),
    "stuck": Recall(
        "k-means has converged with two codes in one cluster and one code for two clusters. How do you get a better result?",
        choices={
            "Start again from other codes, and keep the best": "The start decides which local minimum is reached. Of the 20 starts in this section, 4 found all six clusters.",
            "Continue: the loss never rises, so it will fall": "Not rising is not the same as falling. Once no point changes its code, no code moves anymore.",
            "Take smaller steps, so that no minimum is missed": "Nothing was missed. Smaller steps lead into the same minimum, only more slowly.",
        },
        answer="Start again from other codes, and keep the best",
    ),
    "codes-back": Recall(
        "A quantizer with the wrong reshape trains without an error. Which test finds the bug?",
        choices={
            "A `z_e` made of codes must come back unchanged": "Each of its vectors is a code, so the nearest code is that vector itself. Rows that were cut wrongly are not codes, and come back as something else.",
            "`z_q` and `z_e` must have the same shape": "They have the same shape with the bug, too. That is why it goes unnoticed.",
            "The codebook loss must fall during training": "It does: codes can be learned for wrongly cut rows as well.",
        },
        answer="A `z_e` made of codes must come back unchanged",
    ),
    "slope": Choice(
        "We move z_e by a ten-thousandth, quantize again, and see how much the loss has changed. What slope do we measure?",
        choices=(
            "About the slope of L at z_q",
            "Exactly 0, for nearly every point",
            "A small number that depends on the distance to the code",
        ),
        answer="Exactly 0, for nearly every point",
        sentence="The nearest code stays the nearest, so z_q does not move at all. Only at a border does something happen, and there the loss jumps.",
    ),
    "trained-table": Recall(
        "We make the codebook an `nn.Parameter` and print `quantize(leaf).requires_grad` again. What is printed, and does z_e receive a gradient?",
        choices={
            "True, but z_e receives none": "z_q is now connected to the rows it was copied from, so the codebook receives a gradient. The indices are whole numbers, so the path to z_e is still cut.",
            "True, and z_e receives one": "`requires_grad` says that something upstream receives a gradient. Follow the path back: does it lead through the argmin?",
            "False, and z_e receives none": "The lookup copies rows of a parameter, and autograd records that.",
        },
        answer="True, but z_e receives none",
    ),
    "forgotten-detach": Recall(
        "A colleague writes `z_q = z_e + (code - z_e)` and forgets a `detach`. What does the reconstruction loss train then?",
        choices={
            "The codebook and the decoder": "The two z_e cancel, in value and in gradient. What is left is the code, still attached to the codebook, and the encoder receives nothing.",
            "The encoder and the decoder": "That is how it should be. Now write down the gradient for each of the three terms on the right, and add them up.",
            "Encoder, codebook and decoder": "z_e occurs twice in the line. What is the sum of its two gradients?",
        },
        answer="The codebook and the decoder",
    ),
    "three-losses": Choice(
        "There are three losses and three parts to train. Which loss moves the codes?",
        choices=(
            "All three, each in its own way",
            "The reconstruction and the codebook loss",
            "The codebook loss alone",
        ),
        answer="The codebook loss alone",
        sentence="Straight-through detaches the code, so the reconstruction loss does not reach the codebook. In the commitment loss the code is under the stop-gradient.",
    ),
    "unequal-values": Recall(
        "A program logs both VQ terms for 7 × 7 positions, before any weight. The codebook loss is 49 times the commitment loss. What is the likely reason?",
        choices={
            "The encoder moves faster than the codes follow": "Both terms measure the same distance, however large it has become.",
            "One is summed over positions, the other averaged": "`detach` changes no value, so both are the same squared distance. Only the reduction can differ, and then the weights no longer mean what you think.",
            "A stop-gradient is missing in one of the terms": "That would change gradients, but not values.",
        },
        answer="One is summed over positions, the other averaged",
    ),
    "rare-codes": Recall(
        "In every batch of 64, code A is chosen by 32 vectors and code B by 2. Both are equally far from the mean of their vectors. Which one moves farther in the next step?",
        choices={
            "A, with the plain gradient and with EMA alike": "That is true for the gradient. With EMA both the sum and the count of A are larger.",
            "B with EMA, A with the plain gradient": "EMA does not favor rare codes. Work out its step for a code whose running count is what each batch brings.",
            "A with the plain gradient, neither with EMA": "The gradient has the factor n_k / n, which is 16 times as large for A. EMA divides a sum by a count; both contain that factor, and it cancels.",
        },
        answer="A with the plain gradient, neither with EMA",
    ),
    "dead": Number(
        "16 codes are drawn from N(0, 10²), and the points lie within about 3 of the origin. After 300 batches of training without revival, how many codes are in use?",
        low=0,
        high=16,
        truth=3,
        unit="codes",
        sentence="The few codes that happened to be nearest serve all the points. The others are never chosen, so nothing ever moves them.",
    ),
    "left-behind": Recall(
        "The codebook of a VQ-VAE started from data, and every code was in use. Later in training, many are dead. What has happened?",
        choices={
            "The codes drifted away until nothing was near": "A code never moves by itself, only toward vectors that chose it.",
            "The averages forgot the codes that are rarely used": "What fades is the running count of a code. The code itself stays in its place.",
            "The encoder moved on and left codes behind": "Codes follow the vectors that chose them. When z_e moves away faster than that, its former codes are no longer chosen and stay where they are.",
        },
        answer="The encoder moved on and left codes behind",
    ),
    "kl": Choice(
        "The posterior puts all its probability on one code, and the prior gives each of K codes the probability 1/K. What is the KL between them?",
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
        "`z_e` has the shape (1, 16, 7, 7), and the codebook has 128 codes. What does the quantizer output?",
        choices={
            "784 indices, one per number": "That would be scalar quantization. The 16 numbers at one position are replaced together, by one code.",
            "16 indices, one per channel": "A channel is not a vector of the codebook: it contains one number from each of 49 positions.",
            "49 indices, one per position": "Each position has one vector of D = 16 numbers, and that becomes one of 128 codes.",
            "128 indices, one per code": "128 is the number of codes to choose from, not the number of choices.",
        },
        answer="49 indices, one per position",
    ),
    "two-terms": Recall(
        "Codebook loss and commitment loss always have the same value. Why are there two?",
        choices={
            "One is for training, the other for testing": "At test time nothing moves, so neither is needed.",
            "They move different parts, at different rates": "One moves the codes, the other the encoder. Keeping them apart lets us give them different weights, or replace one of them by moving averages.",
            "Their sum is smoother than each of them": "Both are the same number, so their sum is twice that number.",
        },
        answer="They move different parts, at different rates",
    ),
    "where-kl": Recall(
        "The prior over the codes is uniform while a VQ-VAE is trained. Why does the loss have no KL term?",
        choices={
            "It is the constant log K, without a gradient": "It is still there as a cost, log K nats per position. But it is the same whatever the encoder does, so we can leave it out.",
            "It is zero, because the encoder adds no noise": "A q that puts all its probability on one code is as far from a uniform prior as it can be.",
            "The commitment loss is the KL in another form": "The commitment loss is a squared distance between z_e and its code. The prior does not occur in it.",
        },
        answer="It is the constant log K, without a gradient",
    ),
}
