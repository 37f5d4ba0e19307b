"""The questions of notebook 06, the VQ-VAE."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "kl": Recall(
        "The loss of the VQ-VAE holds no KL. Why may it be left out?",
        choices={
            "The codebook loss does the KL's work": "The codebook loss is a squared distance that moves the codes. It says nothing about how likely a code is.",
            "The KL is 0, for the encoder is certain": "Certainty makes the KL large, not small: a posterior that picks one of K equally likely codes is as far from the prior as it can be.",
            "The KL is log K at every position, whatever the weights are": "One code for certain against K equally likely ones: log K. A constant has no gradient, so nothing would change.",
        },
        answer="The KL is log K at every position, whatever the weights are",
    ),
    "better": Choice(
        "49 whole numbers below 128 take 343 bits. The autoencoder's 32 floats took 1,024. How will the squared error compare?",
        choices=("The VQ-VAE's is larger", "Both are about equal", "The VQ-VAE's is smaller"),
        answer="The VQ-VAE's is smaller",
        sentence="More than a quarter less error, from a third of the bits. Each index only has to describe its own region.",
    ),
    "patch": Number(
        "One index belongs to a cell of 4 x 4 pixels. We swap one index in the middle of the map. How many pixels wide is the patch that may change?",
        low=4,
        high=28,
        step=1,
        truth=18,
        unit="pixels",
        sentence="The decoder's convolutions let each cell speak to its neighbours, so the patches overlap.",
    ),
    "batch": Number(
        "A batch of 8 images has 392 positions, three for each of the 128 codes. In the data set every code is used. How many will the batch use?",
        low=0,
        high=128,
        step=1,
        truth=91,
        unit="codes",
        sentence="Chance alone leaves codes out, and paper takes many of the positions.",
    ),
    "log-line": Recall(
        "Two people train the same model. One logs a perplexity of 39 on batches of 8, the other 55 on batches of 128. Whose codebook is healthier?",
        choices={
            "The second one's: it uses its codes more evenly": "The shipped model shows exactly these two numbers. It is one codebook, seen through batches of two sizes.",
            "The first one's: fewer codes do the same work": "A lower perplexity would not be healthier, and here it only means that fewer positions were counted.",
            "That cannot be told: perplexity grows with the batch": "Few positions cannot show all codes, so a small batch always looks poorer. Compare at one number of images.",
        },
        answer="That cannot be told: perplexity grows with the batch",
    ),
    "sick": Number(
        "128 codes start at N(0, 10²), far from every z_e, and only the gradient moves them. How many will be used after 300 steps?",
        low=0,
        high=128,
        step=1,
        truth=1,
        unit="codes",
        sentence="One code happens to be the nearest to all z_e. It alone gets a gradient, and moves nearer still.",
    ),
    "first-aid": Recall(
        "In the middle of a long training you find 90 of 128 codes dead. Which switch helps now?",
        choices={
            "Start from data": "The start is over. It prevents deaths at the beginning and can do nothing later.",
            "EMA in place of the gradient": "EMA moves a code to the mean of the vectors that chose it. Nothing chooses a dead code.",
            "Revival": "It puts a dead code onto a vector of the present batch, where at least that vector will choose it.",
            "A higher commitment cost": "It pulls z_e towards the codes that are chosen already, so the dead ones are even further from being chosen.",
        },
        answer="Revival",
    ),
    "more-codes": Curve(
        "Each network trains for 2 epochs. Sketch how the squared error falls as K grows from 2 to 2,048.",
        x=(2, 8, 32, 128, 512, 2048),
        truth=(0.0287, 0.0105, 0.0063, 0.0043, 0.0033, 0.0027),
        y=(0, 0.035),
        x_label="codebook size K",
        y_label="squared error a pixel",
        log=True,
        sentence="The first factors of 4 buy most. Each costs the same: 2 more bits at each of 49 positions.",
    ),
    "long-codes": Choice(
        "K stays 128. One model gives each code 2 numbers, the other 64. Which has the smaller squared error?",
        choices=("The one with 64 numbers, clearly", "They are equal", "The one with 2 numbers, slightly"),
        answer="The one with 2 numbers, slightly",
        sentence="The bits of an index do not depend on D. 128 points fill a plane well, and are lost in 64 dimensions.",
    ),
    "jpeg": Number(
        "JPEG and VQ-VAE both take about 343 bits an image. How many times the VQ-VAE's squared error is JPEG's?",
        low=0.25,
        high=16,
        log=True,
        truth=3.2,
        unit="times",
        sentence="JPEG has to serve every picture there is. The VQ-VAE's decoder knows digits.",
    ),
    "round": Number(
        "The autoencoder's 32 numbers are rounded to b bits each. With how few does the error grow by less than a tenth?",
        low=1,
        high=16,
        step=1,
        truth=5,
        unit="bits",
        sentence="5 bits a number, 160 an image: the other 27 bits of each float said next to nothing.",
    ),
    "changed-lines": Recall(
        "Which lines change from VAE to VQ-VAE?",
        choices={
            "Only the loss: the KL becomes the commitment loss": "The encoder puts out something else too, and the draw of z has gone.",
            "Encoder's output, the draw of z, the KL": "A map of vectors instead of mu and logvar, the nearest code instead of a draw, and two VQ terms instead of the KL.",
            "Only the code: z is rounded to whole numbers after training": "The codebook is learned together with the networks, and the loss has terms for it.",
        },
        answer="Encoder's output, the draw of z, the KL",
    ),
    "four-images": Recall(
        "A log says: usage 38%, K = 512, batches of 4 images with 7 x 7 positions. What do you conclude?",
        choices={
            "More than half of the codes are dead": "4 x 49 = 196 positions can show 196 codes at most, and 196 of 512 is 38%.",
            "No more could be seen: 196 positions show at most 196 codes": "196 / 512 = 38%. Every position had another code, which is as many as a batch of 4 can show.",
            "K should be lowered to 196": "The batch limits what is seen, not the codebook. Count over the data set first.",
        },
        answer="No more could be seen: 196 positions show at most 196 codes",
    ),
    "map-bits": Recall(
        "K grows from 128 to 512. How much longer is the file of a code map, with all indices of one length?",
        choices={
            "Four times": "K itself is four times larger. An index has log2 K bits: 9 in place of 7.",
            "49 x 2 = 98 bits": "9 bits in place of 7 at each of 49 positions: 441 in place of 343.",
            "Not at all: there are still 49 indices": "Still 49, but each of them has to tell 512 codes apart.",
        },
        answer="49 x 2 = 98 bits",
    ),
}
