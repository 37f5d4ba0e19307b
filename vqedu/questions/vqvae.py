"""The questions of notebook 07, the VQ-VAE."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "map-count": Recall(
        "A table of 4 codes, and a map of 2 × 2 positions. How many different maps can the decoder be given?",
        choices={
            "4": "That would be one code for the whole image.",
            "16": "That is 4 codes times 4 positions. But each choice at one position goes with every choice at the others.",
            "256": "4 · 4 · 4 · 4: four choices at each of four positions. With 128 codes and 49 positions it is 128⁴⁹.",
        },
        answer="256",
    ),
    "kl": Recall(
        "The loss of the VQ-VAE holds no KL. Why may it be left out?",
        choices={
            "The KL is 0, since the encoder is certain of its code": "Certainty makes the KL large, not small: a posterior that picks one of K equally likely codes is as far from the prior as it can be.",
            "The KL is log K, whatever the weights are": "One code for certain against K equally likely ones: log K at each position. A constant has no gradient, so nothing would change.",
            "The codebook loss takes over the work of the KL": "The codebook loss is a squared distance that moves the codes. It says nothing about how likely a code is.",
        },
        answer="The KL is log K, whatever the weights are",
    ),
    "which-e": Recall(
        "For the two VQ terms `forward` returns `self.quantizer.lookup(indices)`. What if it returned `z_q`, which holds the same numbers?",
        choices={
            "The codes get no gradient any more": "z_q has gone through straight-through, which takes the code without its history. The codebook loss then reaches z_e instead, and pushes it away from its code.",
            "Nothing changes, since the numbers are equal": "The loss has the same value, but not the same gradients. Where does the history of z_q lead?",
            "The decoder gets no gradient any more": "The decoder hears the reconstruction, and that has not changed.",
        },
        answer="The codes get no gradient any more",
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
    "where-small": Recall(
        "In the figure z_e holds 784 numbers, as many as the image has pixels. Where does the code become small?",
        choices={
            "At the table: 16 floats become one index": "At each position one of 128 is named, which takes 7 bits. Up to there nothing was saved.",
            "In the encoder: it leaves out what is useless": "It puts out 16 · 49 = 784 floats, which are no smaller than the image.",
            "In the decoder: it needs only some of the codes": "It only receives what is left, and uses all of it.",
        },
        answer="At the table: 16 floats become one index",
    ),
    "same-index": Recall(
        "Two cells of one code map hold the same index. What will their places in x_hat look like?",
        choices={
            "Exactly the same: a code is a stamp": "Swap a code beside one of the two, and the picture in that place changes too.",
            "Alike, but their neighbours have a say": "Both start from the same 16 numbers. Then the decoder's convolutions mix in the codes around, which differ.",
            "No more alike than any two places are": "The index is only a name, but of one code: the decoder starts from the same 16 numbers in both places.",
        },
        answer="Alike, but their neighbours have a say",
    ),
    "one-more-layer": Recall(
        "The decoder gets one more 3 × 3 convolution at 7 × 7. A swapped index in the middle changed a patch 18 pixels wide. How wide is the patch now?",
        choices={
            "18 pixels": "One more convolution lets each position hear its neighbours once more, so the patch must grow.",
            "20 pixels": "One position more on each side is right. But on this map a position is not a pixel.",
            "26 pixels": "One position more on each side, and a position of the 7 × 7 map stands for 4 pixels: 18 + 4 + 4.",
        },
        answer="26 pixels",
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
    "half-used": Recall(
        "Of four codes two are used equally often, the other two never. What are usage and perplexity?",
        choices={
            "50% and 2": "Two of four codes occur. They are equally common, so the perplexity is how many they are: exp(log 2) = 2.",
            "50% and 0.69": "0.69 is the entropy of the shares in nats. One step is still missing.",
            "100% and 4": "Two codes never occur, and a perplexity of 4 needs all four, equally often.",
        },
        answer="50% and 2",
    ),
    "log-line": Recall(
        "Two people train the same model. One logs a perplexity of 39 on batches of 8, the other 55 on batches of 128. Whose codebook is healthier?",
        choices={
            "The second one's: it spreads its use over more codes": "The shipped model shows exactly these two numbers. It is one codebook, seen through batches of two sizes.",
            "The first one's: fewer codes manage to do the same work": "A lower perplexity would not be healthier, and here it only means that fewer positions were counted.",
            "That cannot be told: perplexity grows with the batch": "Few positions cannot show all codes, so a small batch always looks poorer. Compare at one number of images.",
        },
        answer="That cannot be told: perplexity grows with the batch",
    ),
    "two-batches": Recall(
        "One batch uses codes 0 and 1 equally often, the next one codes 2 and 3. What is the mean of the two perplexities, and what is the perplexity of both batches together?",
        choices={
            "2 and 2": "The mean is right. For the other, count the shares over all indices first.",
            "2 and 4": "Each batch has 2. Together four codes occur, a quarter of the time each. So it was in the section: 48 on average over batches, 58 for all images.",
            "4 and 4": "Each batch by itself shows only two codes. Take the perplexities first, then their mean.",
        },
        answer="2 and 4",
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
    "one-picture": Recall(
        "With one code in use every map is the same. What does the decoder draw for the test images?",
        choices={
            "Noise, a different one for each image": "Where should the difference come from? The decoder has no other input than the map.",
            "A digit of the commonest class each time": "The picture has to serve all digits with the least loss. A clear 1 would be badly wrong for most of them.",
            "The same grey patch for each image": "Equal maps give equal pictures. Grey fits no digit well, and costs least over all of them.",
        },
        answer="The same grey patch for each image",
    ),
    "in-use": Recall(
        "With revival alone nearly all codes were in use, and yet its row was the most blurred of the four with a cure. What does that show?",
        choices={
            "The usage was measured on too few images": "It was measured on 1,000 images with 49,000 positions. That is plenty for 128 codes.",
            "Being in use is not being well placed": "Usage counts codes, and does not ask how near they lie to the vectors. The other cures lower the error at hardly any change of usage.",
            "128 codes are too few for sharp digits": "The last row has no more codes than this one, and is much sharper.",
        },
        answer="Being in use is not being well placed",
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
    "longer-codes": Recall(
        "The codes get 64 numbers each in place of 16; K stays 128. How much longer is the file of a code map?",
        choices={
            "It becomes four times as long": "That would be so if the file held z_q. What does it hold?",
            "By 2 bits at each position": "2 bits more is the price of four times as many codes, not of longer ones.",
            "It stays as long as it was": "The file holds indices, and an index into 128 codes takes 7 bits however long they are. The table gets longer, and is stored once.",
        },
        answer="It stays as long as it was",
    ),
    "shrinking": Recall(
        "Without normalization, a commitment cost of 25 hardly raised the error over that of cost 0.25. How did the encoder get away with it?",
        choices={
            "It made z_e small, and with it all distances": "The mean length of z_e was 0.55, where at cost 0.25 it was 2.48. The decoder makes up for the scale. Normalization closes this way out.",
            "It put every z_e onto a code, at distance 0": "There are 128 codes for very many different z_e, so most lie beside their code. Look at what the section printed.",
            "It left the work to the codes, which came to it": "Codes follow their vectors at any cost. What did the encoder change? The section printed it.",
        },
        answer="It made z_e small, and with it all distances",
    ),
    "seed-noise": Recall(
        "The model with D = 8 has an error of 0.0046, that with D = 4 one of 0.0048. Three seeds of D = 16 gave 0.0042 to 0.0046. What follows about 8 and 4?",
        choices={
            "8 is better than 4, by four percent": "Another seed may turn that round. How much does an error change from seed to seed?",
            "Nothing: seeds alone differ by as much": "0.0002 between the two, 0.0004 between seeds. To compare 8 and 4 one would train each with several seeds.",
            "8 is better, if both had the same seed": "One seed does not make two networks comparable: those of different shapes make different draws from it.",
        },
        answer="Nothing: seeds alone differ by as much",
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
    "equal-shares": Recall(
        "Suppose all 128 codes were equally common at every position. What would coding by shares save?",
        choices={
            "59 bits an image, as before": "Those came from codes that are commoner than others. Here none is.",
            "Nothing at all": "−log2(1/128) = 7 bits for every code, as with indices of one length. Only uneven shares make a code shorter.",
            "Half of all bits": "A code becomes shorter if its share is above 1/128. Which one is?",
        },
        answer="Nothing at all",
    ),
    "by-place": Recall(
        "Counting the shares at each position by itself saved another 59 bits. What made that possible?",
        choices={
            "49 tables hold shorter indices than one does": "Each of the 49 lists the same 128 codes.",
            "The shares were counted on the test images": "They were counted on training images. Otherwise they would have to be sent along.",
            "The position says which codes to expect": "Corners are nearly always paper, the middle much less often. A code that was to be expected takes few bits.",
        },
        answer="The position says which codes to expect",
    ),
    "hundred-digits": Recall(
        "You send 100 digits to someone without the network, so its file of 42 kB goes along. Lossless PNG takes about 1,290 bits a digit. Which is shorter?",
        choices={
            "PNG: the file adds 3,360 bits to each digit": "42,000 · 8 / 100 = 3,360, and the indices come on top. The network pays only if several hundred images or more share it.",
            "The VQ-VAE: the file adds 34 bits to each digit": "That was for 10,000 images. Here only 100 share the file.",
            "The VQ-VAE: a digit still takes 343 bits": "The indices do. But without the network nobody can read them.",
        },
        answer="PNG: the file adds 3,360 bits to each digit",
    ),
    "round": Number(
        "The autoencoder's 32 numbers are rounded to b bits each. With how few does the error grow by no more than about a tenth?",
        low=1,
        high=16,
        step=1,
        truth=5,
        unit="bits",
        sentence="5 bits a number, 160 an image: the other 27 bits of each float said next to nothing.",
    ),
    "flat-end": Recall(
        "The curve of the rounded autoencoder is nearly flat beyond 5 bits a number. Why?",
        choices={
            "A float has no more than 5 bits of precision": "These floats have 24. The numbers could be rounded far more finely.",
            "The decoder was trained on rounded numbers": "It was trained on numbers as they are. The rounding came afterwards.",
            "What is lost was never in the 32 numbers": "Finer steps can bring back the 32 numbers, and no more. The rest of the error is what the encoder left out.",
        },
        answer="What is lost was never in the 32 numbers",
    ),
    "noisy-code": Recall(
        "At 38 bits, the point of the VAE's KL lies far below both rounded curves. What makes so low a rate possible?",
        choices={
            "The VAE's decoder is better than the others": "The rounded points of the VAE come from the very same decoder.",
            "A noisy code takes fewer bits than an exact one": "To send μ finely takes many bits, to send any one draw from q(z|x) takes few. No such file is on the disk, but bits back comes close to it.",
            "A KL in nats is a smaller number than in bits": "It was divided by log 2, so all rates of the figure are in bits.",
        },
        answer="A noisy code takes fewer bits than an exact one",
    ),
    "hundred-bits": Recall(
        "You may spend 100 bits an image. What does the figure advise?",
        choices={
            "The autoencoder, 3 bits a number": "32 · 3 = 96 bits, with an error of 0.0071. The small VQ-VAEs need about 150 bits to come near 0.01.",
            "JPEG, at the lowest quality it has": "Its smallest file takes more than 200 bits an image.",
            "A VQ-VAE with 4 codes, 98 bits": "It would fit. But at this end the curve of the VQ-VAEs lies above those of the rounded vectors.",
        },
        answer="The autoencoder, 3 bits a number",
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
        "A log says: usage 38%, K = 512, batches of 4 images with 7 × 7 positions. What do you conclude?",
        choices={
            "More than half of the codes are dead": "They would be if the batch could have shown them. How many positions does it have?",
            "K should be lowered to about 200": "The batch limits what is seen, not the codebook. Count over the data set first.",
            "The batch is too small to tell": "4 · 49 = 196 positions show at most 196 codes, and 196 / 512 = 38%: as many as such a batch can show.",
        },
        answer="The batch is too small to tell",
    ),
    "map-bits": Recall(
        "K grows from 128 to 512. How much longer is the file of a code map, with all indices of one length?",
        choices={
            "Not at all: there are still 49 indices": "Still 49, but each of them has to tell 512 codes apart.",
            "Four times as long as before": "K itself is four times as large. How many bits does an index have?",
            "49 · 2 = 98 bits": "9 bits in place of 7 at each of 49 positions: 441 in place of 343.",
        },
        answer="49 · 2 = 98 bits",
    ),
}
