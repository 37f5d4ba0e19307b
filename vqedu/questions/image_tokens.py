"""The questions of notebook 09, image tokens."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "usage": Choice(
        "Two networks with 512 codes are trained for 60 steps, both without normalization: a VQ that starts from small random codes and never revives dead ones, and an FSQ with 8 x 8 x 8 levels. Which of them uses more of its codes?",
        choices=(
            "The VQ: its codes can move to where the data is",
            "The FSQ: all codes of its grid are within reach from the start",
            "Both use nearly all of them",
        ),
        answer="The FSQ: all codes of its grid are within reach from the start",
        sentence="A code of the VQ that no vector chooses gets no gradient, so it stays where it happened to start. The codes of the grid do not move either, but they cover the whole range of the tanh, so the encoder can reach them at any time.",
    ),
    "even-levels": Recall(
        "With 8 levels, FSQ's staircase runs from −1 to 0.75; with 5 levels, it runs from −1 to 1. Why does the first one end at 0.75?",
        choices={
            "One of the 8 levels is 0, so 7 are left for the two sides": "Four lie below 0 and three above. With an odd number of levels, both sides get the same number.",
            "The tanh comes near 1 but never reaches it": "It comes near enough: after rounding, the 5 levels do reach 1.",
            "The steps of z_q become smaller toward the top": "All steps are 0.25 high. What grows toward both ends is their width along z.",
        },
        answer="One of the 8 levels is 0, so 7 are left for the two sides",
    ),
    "stages": Curve(
        "A residual VQ has six stages of 16 codes. Sketch how the squared error of the image falls as the stages are switched on one by one.",
        x=(1, 2, 3, 4, 5, 6),
        truth=(0.0074, 0.0031, 0.002, 0.0018, 0.0017, 0.0016),
        y=(0, 0.015),
        x_label="stages switched on",
        y_label="squared error per pixel",
        sentence="The first two stages do most of the work. Each further one quantizes a smaller residual, so it helps less.",
    ),
    "no-short-sums": Recall(
        "Suppose that in training every image had used all six stages, so that the decoder had seen only sums of six codes. Now you send only the first two stages. What happens?",
        choices={
            "The image is the same as ours with two stages": "In training, our decoder has seen sums of one, two and more codes. This other decoder has not.",
            "An error: the decoder expects six indices": "The sum of two codes has the same shape as the sum of six. Nothing detects the difference.",
            "The image is worse than ours with two stages": "The decoder gets sums unlike those it was trained on. One model serves many rates only if it was trained for them.",
        },
        answer="The image is worse than ours with two stages",
    ),
    "unfair": Recall(
        "A paper compares an FSQ and a VQ of 512 codes each. The VQ starts from small random codes and never revives dead ones. The FSQ has the smaller error. What has been shown?",
        choices={
            "FSQ is the better quantizer at an equal number of bits": "If most of the VQ's codes are dead, it uses far fewer than 512 codes, and the bits are equal in name only. Compare their entropies.",
            "Nothing: two quantizers are never comparable": "They are, if everything else is equal: training, seeds, and the way in which bits are counted.",
            "FSQ works without remedies, and this VQ does not": "That is worth knowing, but nothing more has been shown. With its remedies the VQ may do much better.",
        },
        answer="FSQ works without remedies, and this VQ does not",
    ),
    "same-push": Recall(
        "Two vectors lie in one cell, on opposite sides of their code, and the loss has the same gradient at the code for both. Which gradients does straight-through give them?",
        choices={
            "Opposite ones, each toward the code": "That is what the commitment loss does. Straight-through ignores where in the cell a vector lies.",
            "The same one": "Both get a copy of the gradient at the code, wherever in the cell they lie.",
            "A longer one for the vector farther away": "The distance to the code plays no part in a copy.",
        },
        answer="The same one",
    ),
    "blade": Recall(
        "A dark blade of grass, one pixel wide, is drawn one pixel too far to the left. How does the squared error compare with that of leaving the blade out?",
        choices={
            "It is half as large, since the blade is nearly right": "Nearly right does not count. Each pixel is compared with the same pixel of x, and with no other.",
            "It is equal, since the blade is missing in both": "Leaving it out makes one column wrong. Drawing it elsewhere makes a second column wrong, too.",
            "It is twice as large, since two columns are wrong": "There is paper where ink should be, and ink where paper should be. By squared error, leaving the blade out beats misplacing it, and a gray smear over both columns beats both: per row, the errors are 1, 2, and 0.5.",
        },
        answer="It is twice as large, since two columns are wrong",
    ),
    "agreement": Number(
        "We ask for 500 drawings at temperature 1, 50 of each digit. In what percentage of them will a classifier trained on real digits predict the requested digit?",
        low=0,
        high=100,
        step=1,
        truth=95,
        unit="%",
        sentence="About 95%, and about 98% at temperature 0.6. The words come first in the sequence, so each of the 49 codes is drawn given these words.",
    ),
    "only-codes": Recall(
        "`draw_image` uses only the first 128 logits. What could happen if it used all 148?",
        choices={
            "Nothing: in training a word never followed `<image>`": "So words become very unlikely there. But a softmax never gives probability exactly 0, and each image takes 49 draws.",
            "It would draw other digits than requested": "Which digit is drawn depends on the words at the beginning, and they stay the same.",
            "Now and then a word is drawn inside the image": "Then the decoder has no code for that position. That is rare, and using only the first 128 logits rules it out.",
        },
        answer="Now and then a word is drawn inside the image",
    ),
    "unknown-table": Recall(
        "A slide says: “GPT-4o draws with tokens from a table of 8,192, as Chameleon does.” What do you answer?",
        choices={
            "True: an autoregressive model must have such a table": "Autoregressive means that each piece is generated given the ones before it. It does not say what the pieces are.",
            "False: its images come from diffusion": "Its system card says the opposite: image generation is autoregressive, unlike that of DALL-E 3.",
            "Unknown: nothing is published about a table": "The system cards name no tokenizer and no number of tokens. What is known about Chameleon says nothing about another system.",
        },
        answer="Unknown: nothing is published about a table",
    ),
    "old-prior": Recall(
        "You train a new tokenizer on clothes and sample codes from the prior of notebook 08. What will the new decoder make of them?",
        choices={
            "Clothes, because the decoder has seen nothing else": "It does turn each code into a patch of clothing. But whether the patches fit together is up to the prior.",
            "Digits, because the prior has seen nothing else": "The prior models only indices. What code 17 looks like is up to the decoder, and that has changed.",
            "Neither: the numbers now mean other patches": "The prior has learned which numbers follow each other in the old codebook's maps. A new tokenizer needs a new prior.",
        },
        answer="Neither: the numbers now mean other patches",
    ),
    "recall-order": Recall(
        "One model both draws and reads. What tells it which of the two it should do?",
        choices={
            "A switch in the network: it has one head for words and one for codes": "It has a single head, over one vocabulary of words, codes and marks.",
            "What comes first in the sequence": "After the words and the mark `<image>`, codes follow; after the codes and the mark `<words>`, words follow. Everything else is the same.",
            "The temperature": "It only says how boldly the next token is drawn.",
        },
        answer="What comes first in the sequence",
    ),
    "recall-swapped": Recall(
        "“Four plus two” was in training, “two plus four” was held out, and the model draws a six for it. What has been shown?",
        choices={
            "It can add": "It has seen both words together with a six. A model that ignores the order of the words, and remembers, would do the same.",
            "Nothing at all: a test needs thousands of sums": "One kind of sum is enough, if it is held out in a way that memory cannot bridge. Here memory can.",
            "That it may ignore the order of the words": "To test adding, both orders have to be held out. Then each word still occurs, and only the pair is new.",
        },
        answer="That it may ignore the order of the words",
    ),
    "recall-bits": Recall(
        "Two quantizers both have 512 codes, but the codes of one are used far less evenly. Which of them takes fewer bits per image?",
        choices={
            "The uneven one, if frequent codes may have short bit strings": "Then an image costs its entropy. At a fixed length both take 9 bits per code, so say how you count.",
            "The even one, because it wastes no codes": "It wastes none, and that is why its entropy is higher.",
            "Both take 9 bits per code, whatever you do": "That is true at a fixed length only.",
        },
        answer="The uneven one, if frequent codes may have short bit strings",
    ),
}
