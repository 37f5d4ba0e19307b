"""The questions of notebook 08, a prior over codes, and those about it that open notebook 09."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "last-index": Recall(
        "You change one index in the middle of a 7 x 7 code map and decode. Which pixels change?",
        choices={
            "Exactly the 4 x 4 pixels of its cell": "That would be so if the decoder worked on each cell by itself. Its convolutions overlap.",
            "A patch that is several times as large as its cell": "Each convolution of the decoder mixes neighboring positions, so the effect of one code reaches well beyond its 4 x 4 pixels.",
            "All 784 pixels": "A decoder of fully connected layers would do that. The reach of a few small convolutions is limited.",
        },
        answer="A patch that is several times as large as its cell",
    ),
    "last-rate": Recall(
        "With a uniform prior over codes, the KL of a VQ-VAE is 49 log K nats for every image. What does this do in training?",
        choices={
            "It pulls the codes of all images toward equal frequencies": "A pull would need a gradient, and a constant has none.",
            "Nothing: a constant has no gradient": "So nothing in the loss asks the codes to be equally frequent or independent of each other. In this notebook we will see the consequence, and then make use of it.",
            "It keeps the encoder close to the codebook": "That is the job of the commitment loss.",
        },
        answer="Nothing: a constant has no gradient",
    ),
    "last-usage": Recall(
        "All 128 codes of a codebook are in use, but its perplexity is 58. What does that mean?",
        choices={
            "70 of the codes are dead": "A dead code is never chosen. Here every code is chosen by some vector.",
            "The codes are used unequally: they are about as varied as 58 equally likely codes": "Usage says whether a code occurs at all; perplexity says how evenly the codes occur.",
            "The encoder has learned only 58 different images": "Neither number counts images. An image has 49 codes.",
        },
        answer="The codes are used unequally: they are about as varied as 58 equally likely codes",
    ),
    "random-maps": Number(
        "All 128 codes are in use. We draw 12 code maps, choosing each of their 49 codes at random, and decode them. How many will look like digits?",
        low=0,
        high=12,
        truth=0,
        unit="of 12",
        sentence="None, and none comes close. The code maps of real images are a tiny part of all code maps.",
    ),
    "right-frequencies": Recall(
        "In the second row of the figure, each code is drawn as often as it occurs in real maps, and still no digit appears. What is missing?",
        choices={
            "More codes, so that every kind of stroke has one": "The codes suffice: real maps made of the same 128 codes decode to digits.",
            "A decoder that was trained for longer": "It decodes the maps of real images well. It was never trained on maps like these.",
            "Which codes occur together, and where": "The codes of a real map depend on their neighbors and on their positions. If you draw each code by itself, all of that is lost, however accurate the frequencies are.",
        },
        answer="Which codes occur together, and where",
    ),
    "three-neighbours": Recall(
        "Suppose you go on counting and make a table for the next code given three neighbors, with 128⁴ entries. What goes wrong?",
        choices={
            "Three neighbors carry less information than two, so the entropy rises again": "Knowing more never raises the entropy on average. The true value falls or stays the same.",
            "Nearly all of the entries are never seen in 60,000 maps": "128⁴ is 268 million, and the training maps contain about 2 million examples. Where nothing was counted there is no useful probability.",
            "Nothing: such a large table makes the probabilities exact": "A table is only as exact as its counts, and most of these counts would be 0.",
        },
        answer="Nearly all of the entries are never seen in 60,000 maps",
    ),
    "triu": Recall(
        "In `SelfAttention` you write `triu()` in place of `triu(1)`, so that the diagonal is masked too. What is the effect?",
        choices={
            "The loss falls to nearly 0, since a slot can now see its answer": "More is hidden than before, not less. No answer comes into view.",
            "The first slot has nothing to look at, and its softmax is NaN": "All scores of its row are −∞, and 0 divided by 0 is NaN. In the next block all other slots look at the first one and become NaN as well, and so does the loss.",
            "None: a slot does not have to look at itself": "Most slots could manage without it, because a block adds to the vector that is already there. But what is left for the first slot?",
        },
        answer="The first slot has nothing to look at, and its softmax is NaN",
    ),
    "few-seconds": Number(
        "Counting the codes at each of the 49 positions gives 4.6 bits per code (5.2 if only the 36 positions of section 2 count). The small transformer is trained on 375 small batches, a fifth of the training set. How many bits per code will it need on test maps?",
        low=1,
        high=7,
        step=0.1,
        truth=3.4,
        unit="bits per code",
        sentence="About 3.4, against 4.6 for the count at each position, although it has seen only 12,000 maps and stores no table.",
    ),
    "beats-counts": Recall(
        "The counts of section 2 come from 60,000 maps, and the small transformer has seen 12,000. Why does it need fewer bits?",
        choices={
            "It has memorized its 12,000 maps": "The bits are measured on test maps, and memorizing other maps would not help there.",
            "It uses all earlier codes instead of a single fact": "Each count uses one neighbor, or the position. The network combines everything that came before, and what it learned from one map helps with others.",
            "Its probabilities do not have to sum to 1": "They do: the softmax makes sure of it. Otherwise their logarithms would not be lengths in bits.",
        },
        answer="It uses all earlier codes instead of a single fact",
    ),
    "better-prior": Recall(
        "A colleague trains a better prior for the same VQ-VAE. What changes for a test image?",
        choices={
            "Its code map changes to a likelier one": "The map contains the codes nearest to z_e. The prior has no part in that.",
            "Its reconstruction becomes sharper": "The decoder gets the same map as before, so x̂ stays as it is.",
            "Its codes cost fewer bits to store": "That is all. Encoder, codebook, and decoder are the same, so the image looks the same.",
        },
        answer="Its codes cost fewer bits to store",
    ),
    "shorter-file": Recall(
        "For the 200 maps, the model's own bits come to 3.04 kB, and the file takes up 3.05 kB. How could you make the file much shorter?",
        choices={
            "With a cleverer coder than the arithmetic coder": "The file is only 0.01 kB longer than the surprise of its maps, and with the same probabilities no coder does better than that on average.",
            "By compressing the file once more, as a ZIP archive": "The bits of a file that is as short as the surprise look like coin flips. A second compression finds nothing to save.",
            "With a prior that predicts these maps better": "Each code costs −log₂ of its probability, so higher probabilities for the real codes make the file shorter.",
        },
        answer="With a prior that predicts these maps better",
    ),
    "argmax": Choice(
        "At each step we take the likeliest code (`top_k = 1`), and we do this 300 times. What do we get?",
        choices=(
            "300 different digits of the best quality",
            "One and the same image, 300 times",
            "One image of each of the ten classes, over and over",
        ),
        answer="One and the same image, 300 times",
        sentence="If nothing is drawn at random, every run takes the same steps. And the image is not even a digit, although the prior assigns its map a higher probability than a typical one: it costs 75 bits, and an average test image 123.",
    ),
    "cold-samples": Recall(
        "At T = 0.7 a sample costs 94 bits on average, and a real image 123. What does that say about the samples?",
        choices={
            "They are closer to real images than those at T = 1": "Real images cost about as much as samples at T = 1. In this respect the samples at T = 0.7 are farther away.",
            "They keep to likely codes more than real images do": "So they look tidy and alike, and more than half of them are read as a 1, a 7, or a 9. The unlikely turns, of which real handwriting is full, are missing.",
            "Nothing: bits measure the length of a file, not images": "The bits are −log₂ of the probability that the prior assigns to the map, so they do say something about it.",
        },
        answer="They keep to likely codes more than real images do",
    ),
    "halves": Choice(
        "The prior gets the upper three rows of codes of a 2, but not its class. What will it draw below?",
        choices=(
            "Always a 2: the codes of the original lead back to it",
            "Usually a 2, but quite often another digit",
            "Noise, because it was trained to begin at the first code",
        ),
        answer="Usually a 2, but quite often another digit",
        sentence="Of 200 twos whose upper three rows are given, about 7 in 10 become a 2 again. Predicting the next code after 21 given ones is exactly what the prior was trained to do.",
    ),
    "lower-half": Recall(
        "The lower three rows of codes are given, and the upper four are to be drawn. Can our prior do this with `prefix`?",
        choices={
            "Yes: pass the 21 lower codes as the prefix, and draw the other 28": "A prefix is the beginning of the sequence. These codes would become the upper rows.",
            "No: each code is drawn given the codes before it, and the given ones come last": "The codes to be drawn could not depend on the given ones. A prior that was trained from the last code to the first could do it, and so could a masked model (section 12).",
            "Yes, at a low temperature, which makes the rows fit together": "The temperature sharpens the probabilities. It does not bring any later codes into view.",
        },
        answer="No: each code is drawn given the codes before it, and the given ones come last",
    ),
    "both-directions": Recall(
        "In a transformer without a causal mask, every slot looks in both directions. The weights of such a network are also fixed while it draws. Could it keep its keys and values in a cache?",
        choices={
            "Yes: if the weights are fixed, so are the keys and values": "Keys and values are computed from the vectors of the slots, and without the mask these vectors change with every new code.",
            "No: a new code changes the vectors of the slots before it": "From the second block on, the vector of a slot depends on every code that the slot looks at. Only causality leaves the earlier slots as they are.",
            "Yes, but it would need a second cache for the other direction": "The size of the cache is not the problem. Its contents would be out of date as soon as the next code is drawn.",
        },
        answer="No: a new code changes the vectors of the slots before it",
    ),
    # These three open notebook 09.
    "mask": Recall(
        "A colleague forgets the causal mask. The training loss falls to nearly 0 bits per code within minutes. What has the network learned?",
        choices={
            "The training images by heart": "Then the loss on test images would be high. Without the mask it is nearly 0 there as well.",
            "To copy the answer from a later input": "Slot i must predict code i, and without the mask it can look at slot i + 1, where code i is the input. When sampling there is nothing to copy from.",
            "A better prior, since it sees more of the image": "A prior has to predict codes that are not there yet. What this network sees in training does not exist when sampling.",
        },
        answer="To copy the answer from a later input",
    ),
    "coder": Recall(
        "A friend has a prior that was trained on code maps of letters. She uses it to encode digit maps to a file, and then decodes the file with the same prior. What does she get?",
        choices={
            "Nothing: to her prior, digits have probability 0": "The softmax gives no code probability 0. So every map has an interval, and a file.",
            "The digit maps without loss, from a longer file": "Any prior gives a correct file if both sides use the same one. A prior that fits badly assigns the codes lower probabilities, so the file is longer.",
            "Maps of letters, from a file of the same length": "The coder returns exactly the codes that went in. A prior that fits badly has another effect.",
        },
        answer="The digit maps without loss, from a longer file",
    ),
    "no-argmax": Recall(
        "Why do we draw the next code instead of taking the likeliest one?",
        choices={
            "Because real maps contain less likely codes, too": "A map without any costs far fewer bits than most real ones. If we draw, each map turns up with the probability that the prior assigns to it.",
            "Because the likeliest code is the wrong one at nearly every position": "At many positions it is right. Yet a map in which it is right everywhere is rare.",
            "Because drawing is faster than searching for the largest logit": "Both need the same logits, and the draw itself costs next to nothing.",
        },
        answer="Because real maps contain less likely codes, too",
    ),
}
