"""The questions of notebook 07, the VQ-VAE."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "which-e": Recall(
        "For the codebook loss and the commitment loss, `forward` returns `self.quantizer.lookup(indices)`. What would change if it returned `z_q`, which has the same values?",
        choices={
            "The codes no longer receive a gradient": "z_q has gone through straight-through, which detaches the code. The codebook loss then reaches z_e instead of the codes, and pushes it away from its code.",
            "Nothing changes, since the values are equal": "The loss has the same value, but not the same gradients. What is z_q attached to in the graph?",
            "The decoder no longer receives a gradient": "The decoder is trained by the reconstruction, and that has not changed.",
        },
        answer="The codes no longer receive a gradient",
    ),
    "better": Choice(
        "49 whole numbers below 128 take 343 bits. The autoencoder's 32 floats take 1,024. How will the squared errors compare?",
        choices=("The VQ-VAE's is larger", "They are about equal", "The VQ-VAE's is smaller"),
        answer="The VQ-VAE's is smaller",
        sentence="The error is 0.0027 against 0.0038, with a third of the bits. But is this due to the codebook or to the convolutions? The next cell also has the missing baseline.",
    ),
    "patch": Number(
        "One index belongs to a cell of 4 x 4 pixels. We replace one index in the middle of the map. How many pixels wide is the patch that can change?",
        low=4,
        high=28,
        step=1,
        truth=18,
        unit="pixels",
        sentence="Each convolution of the decoder mixes neighboring positions, so the patches of neighboring codes overlap.",
    ),
    "one-more-layer": Recall(
        "The decoder gets one more 3 x 3 convolution, applied to the 7 x 7 map. So far, replacing an index in the middle changed a patch 18 pixels wide. How wide is the patch now?",
        choices={
            "18 pixels": "With one more convolution each position sees its neighbors once more, so the patch must grow.",
            "20 pixels": "One more position on each side is right. But on this map a position is not a pixel.",
            "26 pixels": "One more position on each side, and a position of the 7 x 7 map corresponds to 4 pixels: 18 + 4 + 4.",
        },
        answer="26 pixels",
    ),
    "batch": Number(
        "A batch of 8 images has 392 positions, about three for each of the 128 codes. Over the whole data set every code is used. How many codes does such a batch use on average?",
        low=0,
        high=128,
        step=1,
        truth=95,
        unit="codes",
        sentence="About three quarters. Some codes are rare, and eight images do not show them all.",
    ),
    "log-line": Recall(
        "Two people train the same model. One logs a perplexity of 46 on batches of 8, the other 57 on batches of 128. Whose codebook is healthier?",
        choices={
            "The second one's: it uses more of its codes": "Both averages come from the model of this notebook. It is one codebook, measured with two batch sizes.",
            "The first one's: fewer codes do the same work": "A lower perplexity would not be healthier, and here it only means that fewer positions were counted.",
            "You cannot tell: perplexity grows with the batch": "A few positions cannot show all codes, so a small batch looks worse on average. Compare the two at the same number of images.",
        },
        answer="You cannot tell: perplexity grows with the batch",
    ),
    "sick": Number(
        "128 codes are drawn from N(0, 10²), far from every z_e, and only the gradient moves them. How many are in use after 300 steps?",
        low=0,
        high=128,
        step=1,
        truth=1,
        unit="codes",
        sentence="One code happens to be the nearest to every z_e. Only this code receives a gradient, which moves it closer still.",
    ),
    "first-aid": Recall(
        "In the middle of a long training run you find that 90 of 128 codes are dead. Which switch helps now?",
        choices={
            "Start from data": "The training began long ago. A start from data prevents dead codes at the beginning and can do nothing later.",
            "EMA instead of the gradient": "EMA moves a code to the mean of the vectors that chose it. No vector chooses a dead code.",
            "Revival": "It puts a dead code onto a vector of the current batch, and at least that vector will choose it.",
            "A higher commitment cost": "It pulls z_e toward the codes that are already chosen, so the dead ones become even less likely to be chosen.",
        },
        answer="Revival",
    ),
    "more-codes": Curve(
        "Each network is trained for 2 epochs. Sketch how the squared error falls as K grows from 2 to 2,048.",
        x=(2, 8, 32, 128, 512, 2048),
        truth=(0.0287, 0.0105, 0.0063, 0.0043, 0.0033, 0.0027),
        y=(0, 0.035),
        x_label="codebook size K",
        y_label="squared error per pixel",
        log=True,
        sentence="The first factors of 4 help most. Each costs the same: 2 more bits at each of 49 positions.",
    ),
    "seed-noise": Recall(
        "The model with D = 8 has an error of 0.0046, and the one with D = 4 has 0.0048. With D = 16, three seeds gave 0.0042 to 0.0046. What can you conclude about D = 8 and D = 4?",
        choices={
            "8 is better than 4, by four percent": "Another seed could reverse that. How much does the error change from seed to seed?",
            "Nothing: seeds alone differ by as much": "The two differ by 0.0002, and seeds differ by 0.0004. To compare 8 and 4, you would train each with several seeds.",
            "8 is better, if both had the same seed": "The same seed does not make two networks comparable: with different shapes they draw different numbers from it.",
        },
        answer="Nothing: seeds alone differ by as much",
    ),
    "jpeg": Number(
        "JPEG and the VQ-VAE both take about 343 bits per image. How large is JPEG's squared error, as a multiple of the VQ-VAE's?",
        low=0.25,
        high=16,
        log=True,
        truth=3.2,
        unit="times",
        sentence="JPEG has to work for every kind of picture. The decoder of the VQ-VAE was trained on nothing but digits.",
    ),
    "by-place": Recall(
        "Counting the shares at each position separately saved another 59 bits. What made that possible?",
        choices={
            "49 tables have shorter indices than one": "Each of the 49 lists the same 128 codes.",
            "The shares were counted on the test images": "They were counted on training images. Otherwise they would have to be sent along.",
            "The position says which codes to expect": "What is common in a corner may be rare in the middle. A code that is likely at its position takes few bits.",
        },
        answer="The position says which codes to expect",
    ),
    "round": Number(
        "The autoencoder's 32 numbers are rounded to b bits each. What is the smallest b at which the error grows by no more than about a tenth?",
        low=1,
        high=16,
        step=1,
        truth=5,
        unit="bits",
        sentence="5 bits per number, or 160 per image. The other 27 bits of each float make hardly any difference.",
    ),
    "noisy-code": Recall(
        "The VAE has a KL of 38 bits. You store its μ in a file, rounded so coarsely that it takes about 38 bits. How large is its error, compared with that of the point “VAE: KL”?",
        choices={
            "The same, because the rate is the same": "At a rate equal to the KL, you transmit any one sample of q(z|x), not a particular vector. With a rounded μ the same error takes about 80 to 100 bits.",
            "Several times as large": "On the curve “VAE: rounded”, 25 to 50 bits give an error of 0.05 to 0.02. A particular μ takes more bits than just any sample of q(z|x).",
            "Smaller, because μ contains no noise": "The noise is not what is missing here: 38 bits for 25 numbers leave one or two bits for each, which is too coarse.",
        },
        answer="Several times as large",
    ),
}
