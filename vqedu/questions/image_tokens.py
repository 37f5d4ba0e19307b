"""The questions of notebook 09, image tokens."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "usage": Choice(
        "Both models have 512 codes and get 60 steps. The VQ starts from small random codes and has no revival; FSQ has only its grid. How many codes will each use?",
        choices=(
            "Both a few dozen: 60 steps are too short",
            "The VQ more: its codes can move to where the data is",
            "FSQ most of its 512, the VQ only a few",
            "Both nearly all 512",
        ),
        answer="FSQ most of its 512, the VQ only a few",
        sentence="A code of the VQ that nothing chooses gets no gradient and stays dead. A place of the grid is there whether it is used or not, and the encoder spreads over all of them.",
    ),
    "levels-to-codes": Recall(
        "An FSQ has the levels (6, 5, 5). How many codes are there, and how many numbers does the encoder put out for each position?",
        choices={
            "16 codes, 3 numbers": "That is 6 + 5 + 5. Each place of one number goes with each place of the others.",
            "150 codes, 3 numbers": "6 · 5 · 5 = 150 corners of a grid, and each of the three numbers is rounded on its own.",
            "150 codes, 150 numbers": "Nothing is compared with 150 codes. A few numbers are rounded, and the code is there.",
        },
        answer="150 codes, 3 numbers",
    ),
    "rounding-line": Recall(
        "`b` is to be rounded, with the gradient passing as if nothing had happened. Which line does it?",
        choices={
            "`b.detach() + (b.round() - b)`": "The value is right. But the gradient is −1: the rounding has the slope 0, and the last b counts negative.",
            "`(b + b.round() - b).detach()`": "The value is right. But all of it is detached, so the encoder gets no gradient.",
            "`b + (b.round() - b).detach()`": "The bracket is a constant for the gradient, so the slope is that of the first b: 1.",
        },
        answer="`b + (b.round() - b).detach()`",
    ),
    "even-levels": Recall(
        "The staircase of 8 places reaches from −1 up to 0.75, that of 5 places from −1 to 1. Why does the first one end at 0.75?",
        choices={
            "One of 8 places is 0, so 7 are left for two sides": "Four lie below 0 and three above. With an odd number both sides get the same.",
            "The tanh comes near to 1 but never reaches it": "It comes near enough: after rounding, the 5 places do reach 1.",
            "The steps of z_q become smaller towards the top": "All steps are 0.25 high. What grows towards both ends is their length along z.",
        },
        answer="One of 8 places is 0, so 7 are left for two sides",
    ),
    "levels": Curve(
        "Six levels of 16 codes. Sketch how the squared error of the image falls as levels are switched on.",
        x=(1, 2, 3, 4, 5, 6),
        truth=(0.0074, 0.0031, 0.002, 0.0018, 0.0017, 0.0016),
        y=(0, 0.015),
        x_label="levels on",
        y_label="squared error a pixel",
        sentence="The first level does most of the work. Each further one quantizes a smaller rest, so it buys less.",
    ),
    "second-table": Recall(
        "What does the second table of a residual VQ quantize?",
        choices={
            "The same z_e once more, with other codes": "Then both codes would stand for the whole of z_e, and their sum would overshoot.",
            "The second half of the numbers of z_e": "That is another method, product quantization. Here each table sees all 16 numbers.",
            "The difference between z_e and the first code": "This is the residual. It is short, so small corrections are enough.",
        },
        answer="The difference between z_e and the first code",
    ),
    "two-levels": Recall(
        "One number is quantized: z_e = 7. The first table holds 0, 6 and 12, the second −1, 1 and 3. What is z_q after both levels?",
        choices={
            "9": "That is 6 + 3: 3 is the code nearest to 7. But the second level does not look at 7.",
            "7": "6 is nearest to 7 and leaves 1 over. The second table has a 1, so the sum is exact.",
            "6": "That is the first level alone. What it leaves over goes to the second.",
        },
        answer="7",
    ),
    "no-short-sums": Recall(
        "Suppose that no training image had ended after a random level: the decoder knows sums of six codes only. Now you send the first two levels. What comes out?",
        choices={
            "The same image as here with two levels": "Here the decoder has met sums of one, two and more codes in training. That one has not.",
            "An error: the decoder expects six indices": "The sum of two codes has the shape of the sum of six. Nothing notices.",
            "A worse image than here with two levels": "The decoder gets sums unlike those of its training. One model serves many rates only if it has been trained for them.",
        },
        answer="A worse image than here with two levels",
    ),
    "same-rate": Recall(
        "Which residual VQ has the same rate as a single table of 4,096 codes?",
        choices={
            "3 levels of 16 codes": "3 · 4 = 12 bits, and 16³ = 4,096 sums. It stores 48 vectors.",
            "2 levels of 2,048 codes": "It stores as many vectors, 4,096. But each position takes 2 · 11 = 22 bits.",
            "8 levels of 512 codes": "It stores as many vectors, 4,096. But each position takes 8 · 9 = 72 bits.",
        },
        answer="3 levels of 16 codes",
    ),
    "entropy-column": Recall(
        "FSQ with 8 x 8 x 8 x 8 has a rate of 588 bits and an entropy of 438. What does the gap say?",
        choices={
            "Its error is smaller than its rate suggests": "The entropy counts how often codes occur. It knows nothing of errors.",
            "It uses its codes very unequally": "Common codes could be short. The learnt table of the same size comes to 558 bits: its codes are more evenly used.",
            "Its indices take fewer than 12 bits": "At one length for all they take 12: 49 · 12 = 588. Fewer would need a coder that knows the shares.",
        },
        answer="It uses its codes very unequally",
    ),
    "unfair": Recall(
        "A paper compares an FSQ and a VQ of 512 codes each. The VQ starts from small random codes and has no revival. FSQ wins. What has been shown?",
        choices={
            "FSQ is the better code at equal rate": "A VQ with most of its codes dead has the rate only by name. The table of this section gives it its cures, and it wins.",
            "Nothing: two quantizers are never comparable": "They are, if all else is equal. Here the rate is equal, but only one of them can use its codes.",
            "FSQ needs no cures, and the VQ does": "That is worth knowing, and it is all. With its cures the VQ was better in our comparison.",
        },
        answer="FSQ needs no cures, and the VQ does",
    ),
    "same-push": Recall(
        "Two vectors lie in one cell, on opposite sides of their code. What gradient does straight-through give them?",
        choices={
            "Two opposite ones, each towards the code": "That is what the commitment loss does. Straight-through does not ask where in the cell a vector lies.",
            "The same one": "Both get a copy of the gradient at the code, which is the same for both.",
            "The longer one to the vector farther away": "The distance to the code plays no part in a copy.",
        },
        answer="The same one",
    ),
    "gradient-length": Recall(
        "|z_e| = 2 and |z_q| = 1. The gradient at z_q is 3 long. How long is it at z_e with the rotation trick?",
        choices={
            "1.5": "A rotation keeps the length, and the factor |z_q| / |z_e| is 1/2.",
            "3": "That is the copy, straight-through. The rotation trick also scales.",
            "6": "The factor is |z_q| / |z_e|, in that order: a long vector gets less.",
        },
        answer="1.5",
    ),
    "forward-same": Recall(
        "You take a trained VQ-VAE, replace straight-through by the rotation trick, and decode a test image. What changes?",
        choices={
            "The image becomes a little sharper": "If at all, that comes from training. Here nothing is trained.",
            "Each z_q is turned a little away from its code": "R turns the direction of z_e into that of z_q, and the factor gives it the length of z_q. The result is the code.",
            "Nothing: the forward pass is the same": "Both put out the code itself. They differ in the backward pass, which decoding does not need.",
        },
        answer="Nothing: the forward pass is the same",
    ),
    "how-many": Recall(
        "For 256 x 256 pixels VQ-VAE-2 has maps of 32 x 32 and 64 x 64 codes, VQGAN one of 16 x 16. How many codes is an image?",
        choices={
            "5,120 and 256": "32 · 32 + 64 · 64 = 1,024 + 4,096, against 16 · 16. The short sequence is what a transformer can learn.",
            "1,024 and 256": "The bottom map is missing. It is the larger one.",
            "96 and 16": "A map of 16 x 16 codes has 16 rows of 16.",
        },
        answer="5,120 and 256",
    ),
    "blade": Recall(
        "A dark blade of grass, one pixel wide, is drawn one pixel too far to the left. How does the squared error compare with that of leaving the blade out?",
        choices={
            "It is half as large, since the blade is nearly right": "Nearly right does not count. Each pixel is compared with the same pixel of x, and with no other.",
            "It is as large, since the blade is missing in both": "Leaving it out has this one fault. Drawing it elsewhere adds another.",
            "It is twice as large, for two columns are wrong": "Paper where ink should be, and ink where paper should be. To a squared error no blades are better than misplaced ones, and grey mush is better still.",
        },
        answer="It is twice as large, for two columns are wrong",
    ),
    "invented": Recall(
        "With a perceptual loss and a discriminator the decoder draws sharp grass. What is given up for that?",
        choices={
            "Short sequences, for texture takes more codes": "It takes fewer: texture that may be invented does not have to be in the codes.",
            "That each pixel is near to the pixel of x": "The blades stand where the decoder puts them. It looks right, and a squared error would call it wrong.",
            "The codebook, for the judges take its place": "VQGAN has a codebook as before. The judges change what its codes are trained for.",
        },
        answer="That each pixel is near to the pixel of x",
    ),
    "agreement": Number(
        "We ask for 500 drawings at temperature 1, 50 of each digit. In how many percent does a classifier, trained on real digits only, see the digit that was asked for?",
        low=0,
        high=100,
        step=1,
        truth=95,
        unit="%",
        sentence="More than nine in ten; at temperature 0.6 it is about 98. The words stand at the beginning of the sequence, and each of the 49 codes is drawn with them in view.",
    ),
    "five-more": Recall(
        "A sequence holds 49 image codes and has 54 tokens. What are the other five?",
        choices={
            "Five words": "The longest request has three words, as in “one plus two”.",
            "Three places for words, two marks": "`<words>` and `<image>` say what comes next. A place that no word fills holds `<end>`.",
            "Two words, three marks": "There are three marks in the vocabulary. But the third, `<end>`, stands only where a word is missing.",
        },
        answer="Three places for words, two marks",
    ),
    "only-codes": Recall(
        "`draw_image` looks at the first 128 logits only. What could happen with all 148?",
        choices={
            "Nothing: in training no word ever stood there": "So words become very unlikely. But a softmax gives nothing the probability 0, and 49 draws an image are many draws.",
            "The drawings would be of other digits than asked for": "Which digit is drawn depends on the words in front, and they stay.",
            "Now and then a word is drawn in the image": "Then the decoder has no code for that place. It is rare, and ruled out by the cut.",
        },
        answer="Now and then a word is drawn in the image",
    ),
    "held-out": Recall(
        "You want to know whether the model can add, or only remembers which images follow which words. What do you try?",
        choices={
            "Sums above nine": "Their answers are no digits, so there is no right drawing to compare with.",
            "Sums left out of training": "Leave some of the 55 out, train, and ask for those. Whoever only remembers can but guess there.",
            "The 55 sums, at a low temperature": "All of them were taught. However well it answers, memory explains it.",
        },
        answer="Sums left out of training",
    ),
    "large-image-bits": Recall(
        "Chameleon makes 1,024 tokens out of 8,192 from an image. How many bits are that, with all indices of one length?",
        choices={
            "1,024 · 8,192": "8,192 is how many tokens there are to choose from. Naming one takes far fewer bits.",
            "1,024 · 13": "8,192 = 2¹³. That is 1.7 kB for 512 x 512 pixels in colour.",
            "8,192": "That is the number of different tokens. How many are sent matters too.",
        },
        answer="1,024 · 13",
    ),
    "one-order": Recall(
        "DALL-E was trained on one order only: the words, then the image. What can our small model do by predicting the next token that DALL-E cannot?",
        choices={
            "Name what an image shows": "For p(words | image) the image has to come first, and DALL-E has never met that order.",
            "Draw what a sentence asks for": "That is what its order is for: p(image | words).",
            "Draw a picture that was not in its training": "Both can: the codes are drawn one by one, and nearly never form a training image.",
        },
        answer="Name what an image shows",
    ),
    "unknown-table": Recall(
        "A slide says: “GPT-4o draws with tokens out of a table of 8,192, as Chameleon does.” What do you answer?",
        choices={
            "Right: an autoregressive model must have such a table": "Autoregressive says that one piece comes after another. It does not say what the pieces are.",
            "Wrong: its images come from diffusion": "The cards say the opposite: autoregressive, other than the diffusion of DALL-E 3.",
            "Unknown: nothing is published about a table": "The cards name no tokenizer and no number. What is known of Chameleon says nothing about another system.",
        },
        answer="Unknown: nothing is published about a table",
    ),
    "strokes": Recall(
        "`vqvae-mnist` encodes and decodes a picture of a grey shirt. What comes out?",
        choices={
            "A digit that has a similar shape": "No code stands for a digit. Each stands for a small region, and 49 of them make up a shirt as well.",
            "A shirt, made of black strokes and gaps": "Each region gets the nearest code there is. The outline survives, and the even grey does not: the codes have met hardly any.",
            "Noise, since no code fits a shirt": "A code that fits badly is still the nearest one, and neighbouring regions still fit together roughly.",
        },
        answer="A shirt, made of black strokes and gaps",
    ),
    "shirt-bits": Recall(
        "How many bits does `vqvae-mnist` take for the shirt, with all indices of one length?",
        choices={
            "More than for a digit, since it is harder": "What is harder shows in the error. 49 indices of one length take what they take.",
            "343 bits, as for each digit": "49 · log₂ 128. A prior that was trained on digits would be surprised, and take more than for a digit.",
            "Fewer than for a digit, for most is lost": "What is lost shows in the error. The map still has 49 indices out of 128.",
        },
        answer="343 bits, as for each digit",
    ),
    "old-prior": Recall(
        "You train a new tokenizer on clothes, and draw codes with the prior of notebook 08. What does the new decoder make of them?",
        choices={
            "Clothes, for the decoder has seen nothing else": "It draws a piece of cloth for each code. Whether the pieces fit together is up to the prior.",
            "Digits, for the prior has seen nothing else": "The prior knows numbers only. What code 17 looks like is up to the decoder, and it has changed.",
            "Neither: the numbers now mean other pieces": "The prior has learned which numbers follow each other under the old table. A new tokenizer needs a new prior.",
        },
        answer="Neither: the numbers now mean other pieces",
    ),
    "collapse": Recall(
        "Why can the codebook of FSQ not collapse?",
        choices={
            "Its codes are revived when nothing chooses them": "That is a cure for a learnt table. FSQ revives nothing.",
            "Its codes are a grid that nobody has to learn": "Nothing has to be kept alive. A place that is not used today can be reached tomorrow, since the gradient goes through the rounding to the encoder.",
            "Its commitment loss keeps z_e close to the codes": "FSQ has no commitment loss. The tanh keeps the numbers in range, and rounding does the rest.",
        },
        answer="Its codes are a grid that nobody has to learn",
    ),
    "rate": Recall(
        "A residual VQ has 4 levels of 32 codes at 49 places. What is its rate, and how many codes would one table need for the same?",
        choices={
            "49 · 128 bits; a table of 128 codes": "An index out of 32 takes log₂ 32 = 5 bits, not 32. And 128 is how many vectors are stored, not how many sums they make.",
            "49 · 5 bits; a table of 32 codes": "Each of the four levels sends an index of its own, so there are 4 · 5 bits a place.",
            "49 · 20 bits; a table of 2²⁰ codes": "4 levels of 5 bits are 20 bits a place. 2²⁰ = 1,048,576 sums, from only 128 stored vectors.",
        },
        answer="49 · 20 bits; a table of 2²⁰ codes",
    ),
    "orders": Recall(
        "One transformer, one set of weights. What decides whether it draws or reads?",
        choices={
            "The order of words and image in the sequence": "Words first: p(image | words). Image first: p(words | image). Both are next-token predictions.",
            "A switch that is given to it as one more input": "Nothing is given but the sequence.",
            "Two heads, one for words and one for image codes": "There is one head over the whole vocabulary. While drawing we only look at the codes among its answers.",
        },
        answer="The order of words and image in the sequence",
    ),
}
