"""The questions of notebook 07, a prior over codes."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "random-maps": Number(
        "All 128 codes are in use. We draw 12 code maps, every one of the 49 codes at random, and decode them. How many will be digits?",
        low=0,
        high=12,
        truth=0,
        unit="of 12",
        sentence="Not one, and not one that comes close. Real code maps are a tiny part of all code maps.",
    ),
    "mask": Recall(
        "A colleague forgets the mask. The training loss falls to nearly 0 bits a code within minutes. What has the network learned?",
        choices={
            "The training images by heart": "It has 170,000 weights and sees 60,000 maps of 49 codes. To know them by heart takes longer than minutes and more weights.",
            "To copy: the answer of each place is the input of the next place": "Place i must predict code i, and without the mask it can look at place i + 1, where code i goes in. When sampling there is nothing to copy from.",
            "A better prior, since it sees more of the image": "What it sees is the answer. When sampling, the later codes do not exist yet.",
            "Nothing: without a mask attention cannot be trained": "It can. Networks that fill in missing words are trained without a causal mask, but they are not asked for a code that they can see.",
        },
        answer="To copy: the answer of each place is the input of the next place",
    ),
    "few-seconds": Number(
        "Counting the codes at each position gives 4.6 bits a code. The small transformer trains for 375 small batches, a fifth of the training set. What will it need on test maps?",
        low=1,
        high=7,
        step=0.1,
        truth=3.4,
        unit="bits a code",
        sentence="About 3.4 bits, far below any of the counts, although it has seen only 12,000 maps and stores no table.",
    ),
    "image-bits": Number(
        "With equal lengths a code map takes 343 bits. What will the shipped prior need on average?",
        low=0,
        high=343,
        step=1,
        truth=126,
        unit="bits",
        sentence="Little more than a third: the codes of an image say a good deal about one another.",
    ),
    "file": Choice(
        "200 test maps go through the arithmetic coder. How long will the file be, compared with the prior's own bits, −log₂ p of all maps?",
        choices=(
            "Nearly as long: within a percent or two",
            "A tenth longer: each code must be rounded up to whole bits",
            "Shorter: the coder finds patterns that the prior has missed",
        ),
        answer="Nearly as long: within a percent or two",
        sentence="Nothing is rounded code by code, since all codes share one interval. Only the end and a header of 8 bytes are extra.",
    ),
    "coder": Recall(
        "The prior says 2.6 bits a code. A friend uses the same coder with a prior that was trained on letters. What happens to the file of digit maps?",
        choices={
            "It cannot be decoded": "It can, if encoder and decoder use the same prior. No code has probability 0, so every map has an interval.",
            "It decodes without loss, and is longer": "Any prior gives a correct file as long as both sides use the same one. A bad prior is surprised more often, and surprise is length.",
            "It decodes to letters": "The coder returns exactly the codes that went in. The prior decides only how many bits they take.",
        },
        answer="It decodes without loss, and is longer",
    ),
    "argmax": Choice(
        "At each place we take the likeliest code (top-k = 1) and do this 200 times. What comes out?",
        choices=(
            "200 different digits of the best quality",
            "One and the same image, 200 times",
            "One image of each of the ten classes, over and over",
        ),
        answer="One and the same image, 200 times",
        sentence="There is no draw left, so there is one way only. And the image is not a typical one: it costs far fewer bits than a real image.",
    ),
    "halves": Choice(
        "The prior gets the upper three rows of codes of a 4, but not its class. What will it draw below?",
        choices=(
            "Always a 4: the codes of the original lead back to it",
            "Sometimes a 4, sometimes another digit that begins like this",
            "Noise, as it was trained to begin at the first code",
        ),
        answer="Sometimes a 4, sometimes another digit that begins like this",
        sentence="Each ending is drawn as often as the prior thinks it occurs. At place 22 it has seen 21 codes, exactly as in training.",
    ),
    "cache": Choice(
        "With the cache 49 places are computed in place of 1225. What will a measurement of 64 images say?",
        choices=(
            "About 25 times as fast",
            "A few times as fast",
            "Equally fast: the attention is the same",
        ),
        answer="A few times as fast",
        sentence="A processor is at its best with many places at once, so the saved places were the cheap ones. The longer the sequence, the larger the gain.",
    ),
    "factors": Recall(
        "Which assumption stands behind p(k₁, …, k₄₉) = p(k₁) p(k₂ | k₁) … p(k₄₉ | k₁, …, k₄₈)?",
        choices={
            "That the codes are independent": "Then each factor would be p(kᵢ) alone, as in the row of frequencies, at 5.9 bits a code.",
            "That an image is painted from left to right": "Any order would do. The rows are a choice, and another order gives another network with the same right to the product.",
            "None: it holds for every distribution": "It is the product rule. The approximation is the network that stands in for the factors.",
        },
        answer="None: it holds for every distribution",
    ),
    "no-argmax": Recall(
        "Why do we draw the next code instead of taking the likeliest one?",
        choices={
            "Because the likeliest code is often wrong": "At many places it is right. Yet a map in which it is right at all places is rare.",
            "Because a typical image does something not so likely at many places": "The likeliest sequence costs far fewer bits than a real image does, so it is not what images are like. Drawing gives each image as often as the prior thinks it occurs.",
            "Because drawing is faster": "Both need the same logits. The draw itself costs next to nothing.",
        },
        answer="Because a typical image does something not so likely at many places",
    ),
    "cached-values": Recall(
        "Why may the keys and values of earlier places be kept while later codes are drawn?",
        choices={
            "Because the weights do not change while sampling": "True, but not enough: without the causal mask the vectors of earlier places would change with each new code.",
            "Because no place looks at a later one, so a new code changes nothing before it": "This is causality. A network with attention in both directions has no such cache.",
            "Because their attention weights have become small": "They may be large. They are kept because they are needed.",
        },
        answer="Because no place looks at a later one, so a new code changes nothing before it",
    ),
}
