"""The questions of notebook 01, the autoencoder."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "readable": Number(
        "An image is 784 numbers. We keep 32, which is 1 for every 24 pixels. How many of the ten digits above will you still be able to read?",
        low=0,
        high=10,
        truth=10,
        unit="digits",
        sentence="The digits fill such a small part of the space of all images that 32 numbers are enough. Section 3 shows them.",
    ),
    "shape": Recall(
        "`x` holds 100 of these images. What is `x.shape`?",
        choices={
            "`(100, 28, 28, 1)`": "Many image libraries keep the channel last. torch puts it in front of the rows and columns.",
            "`(100, 784)`": "That is what `x.flatten(1)` makes of it. As loaded, the pixels still stand in rows and columns.",
            "`(100, 1, 28, 28)`": "The image comes first, then its one colour channel, then row and column: 78,400 numbers in all.",
        },
        answer="`(100, 1, 28, 28)`",
    ),
    "why-fewer": Recall(
        "Why may we hope that far fewer than 784 numbers describe a digit?",
        choices={
            "Nearly all tables of 784 grey levels are no digits": "A code need not tell all tables apart, only those that are digits, and these are a tiny part.",
            "There are only ten digits, and each has a name": "The name says which digit it is, but not how this one is written: its slant, its loops, the width of the pen. The code has to say that too.",
            "A grey level from 0 to 1 holds less than a whole number": "To a code a number is a number, whatever its range. What counts here is how many there are.",
        },
        answer="Nearly all tables of 784 grey levels are no digits",
    ),
    "snow": Recall(
        "The images are replaced by television snow: each pixel is drawn at random, and none depends on another. How many numbers does a code need for good copies?",
        choices={
            "Nearly none, since snow has nothing to say": "It means nothing to us. But a good copy needs every grey level right, and each one is a surprise.",
            "Far fewer than 784, since the table is no larger": "The size of the table promises nothing. Numbers can be saved where one pixel lets us guess another.",
            "About 784, since no pixel tells about another": "Every pixel is news, so nothing can be left out. A digit has a short description because its pixels belong together.",
        },
        answer="About 784, since no pixel tells about another",
    ),
    "pca-code": Recall(
        "What are the 32 numbers of a PCA code?",
        choices={
            "Its coordinates along 32 fixed directions": "Each direction is a picture of 784 numbers, the same for all images. Only the 32 coordinates differ from image to image.",
            "The grey levels of the 32 pixels that vary most": "The rest of the image would then be lost. Each of the 32 numbers is a weighted sum over the whole image.",
            "The shares of the 32 training images most like it": "No training image is kept: `V` and `mean` are all there is.",
        },
        answer="Its coordinates along 32 fixed directions",
    ),
    "pca-line": Recall(
        "A code `z` of shape (N, 32) was made with `V` of shape (784, 32), after `mean` was subtracted. Which line decodes it?",
        choices={
            "`z @ V + mean`": "(N, 32) times (784, 32) does not fit, and torch stops with an error.",
            "`(z + mean) @ V.T`": "`mean` is an image of 784 numbers. It cannot be added to a code of 32.",
            "`z @ V.T + mean`": "(N, 32) times (32, 784) gives (N, 784), and the mean image comes back at the end.",
        },
        answer="`z @ V.T + mean`",
    ),
    "all-directions": Recall(
        "PCA keeps all 784 directions instead of 32. What is its squared error on the test images?",
        choices={
            "0 up to rounding: nothing has been left out": "`V @ V.T` is then the identity, so every image comes back as it was. The error is what lies along the directions that are left out.",
            "Much smaller, not 0: it was fitted to other images": "784 directions at right angles reach every image, whether it was seen before or not.",
            "Hardly smaller: the first 32 hold all of the digit": "They hold what varies most. What the others hold is small in each of them, but together it is the error of 0.0168.",
        },
        answer="0 up to rounding: nothing has been left out",
    ),
    "factor": Number(
        "PCA is the best linear code of 32 numbers. The autoencoder may bend, and uses 32 numbers too. How many times smaller will its squared error be?",
        low=1,
        high=20,
        step=0.5,
        truth=4.5,
        unit="times",
        sentence="Same length of code, four and a half times less error: all of it comes from the bends.",
    ),
    "logit": Recall(
        "A pixel of the decoder's output is the logit 0. What grey level is shown, and what does a black pixel cost there?",
        choices={
            "Grey level 0, cost 0 nats": "A logit is not yet a grey level. It has to go through the sigmoid first, and s(0) is not 0.",
            "Grey level 1/2, cost log 2 = 0.69 nats": "s(0) = 1/2, and ink costs −log(1/2). Paper costs as much there, so 784 pixels at 1/2 cost 543 nats.",
            "Grey level 1/2, cost (1/2)² = 0.25 nats": "The grey level is right. 1/4 would be the squared error, but the loss here is the cross-entropy, −log of the probability of what is there.",
            "Grey level 1, cost 0 nats": "s(l) reaches 1 only as the logit goes to infinity.",
        },
        answer="Grey level 1/2, cost log 2 = 0.69 nats",
    ),
    "sum": Recall(
        "A colleague averages the cross-entropy over the 784 pixels instead of adding it up, and the network learns as well as ours. Why do we add up all the same?",
        choices={
            "The sum makes the gradients larger and the training faster": "Adam divides the size of the gradients out again. A factor of 784 hardly changes its steps.",
            "The sum counts every pixel, which a mean would smooth over": "In the mean every pixel counts as well, with the same share. The two differ by a factor and by nothing else.",
            "The sum is minus the log-probability of the whole image": "The probability of an image is a product over its pixels, so its logarithm is a sum. Notebook 02 adds a second term, and then the balance of the two must be right.",
        },
        answer="The sum is minus the log-probability of the whole image",
    ),
    "code-size": Recall(
        "An autoencoder has `latent_dim=784`, hidden layers of 2,000, and is trained long enough. What becomes of its test error, and what has it learned about digits?",
        choices={
            "Nearly no error, and a good description of digits": "The error may become small, but 784 numbers can hold any image, so nothing forces the network to find out what digits have in common.",
            "Nearly no error, and perhaps nothing about digits": "With as many numbers as pixels, copying is enough. The narrow middle is what makes the code a description.",
            "A large error, since bends lose information": "A bend loses nothing that a wide network could not carry around it. With 784 numbers there is room for all pixels.",
        },
        answer="Nearly no error, and perhaps nothing about digits",
    ),
    "threes": Choice(
        "Nobody told the network which image is a 3. On a map of all codes, where will the 3s lie?",
        choices=(
            "Anywhere: without labels there is no reason for order",
            "Mostly together, and next to digits that look alike",
            "In ten tidy groups of equal size",
        ),
        answer="Mostly together, and next to digits that look alike",
        sentence="Encoder and decoder are smooth, so images that look alike get codes that lie together. Nothing asks for equal groups, or for one group a digit.",
    ),
    "shuffled-labels": Recall(
        "Before the training somebody shuffles the labels of all images. What happens to the map?",
        choices={
            "The points stay, and their colours are mixed up": "No label enters the training. Labels colour the points afterwards, and the order comes from the pixels.",
            "The digits are spread evenly over all of the map": "That would be so if the labels had made the order. Look at the loss: it holds x and x̂, and no label.",
            "The network learns wrong digits and draws them": "It learns no digit by name. It is asked that x̂ resembles x, and the images are the same as before.",
        },
        answer="The points stay, and their colours are mixed up",
    ),
    "four-nine": Recall(
        "At one spot of the map lie the codes of as many 4s as 9s. What does the decoder draw there?",
        choices={
            "A sharp 4 for every 4 and a sharp 9 for every 9": "The decoder sees two numbers and nothing else. The same code cannot give two different digits.",
            "One blurred image for both, between a 4 and a 9": "A pixel that is ink in half of the images and paper in the others costs least when it is grey. That is the blur of two numbers.",
            "Now a 4 and now a 9, each in half of the cases": "Nothing is drawn by chance in this network. The same code always gives the same image.",
        },
        answer="One blurred image for both, between a 4 and a 9",
    ),
    "map-order": Recall(
        "The map of the 2-D codes has crowded regions, holes, and codes 20 away from the origin. What would have to be added to the loss to change that?",
        choices={
            "A term that says where codes should lie": "Only what stands in the loss is asked for. The VAE of notebook 04 adds exactly such a term.",
            "Nothing: longer training closes the holes": "The loss asks for one thing only, that x̂ resembles x. A hole costs nothing, so training has no reason to close it.",
            "The labels, so that each digit has its place": "Labels could separate the digits. They would not say where on the axes the codes should lie, and the holes could stay.",
        },
        answer="A term that says where codes should lie",
    ),
    "walk": Choice(
        "We walk from the code of a 2 to the code of a 3 in a straight line, and decode every step. What will the middle look like?",
        choices=(
            "Both digits over each other, half transparent",
            "Strokes that move from the one digit to the other",
            "Noise: there is no image between a 2 and a 3",
        ),
        answer="Strokes that move from the one digit to the other",
        sentence="Half transparent is what a fade of the pixels gives. The decoder answers every code with ink and paper, so the ink moves.",
    ),
    "quarter-way": Recall(
        "Two codes are z_a = (0, 4) and z_b = (2, 0). What is z_t at t = ¼?",
        choices={
            "(1.5, 1)": "That is t = ¾. z_a has the weight 1 − t and z_b the weight t.",
            "(0.5, 3)": "¾ · (0, 4) + ¼ · (2, 0). At t = 0 we stand at z_a, and after a quarter of the way we are still nearer to it.",
            "(0.5, 1)": "Here both codes have the weight ¼. The two weights must add up to 1.",
        },
        answer="(0.5, 3)",
    ),
    "linear-walk": Recall(
        "For which decoder would the walk look exactly like a cross-fade of the two decoded images?",
        choices={
            "For a linear one, such as that of PCA": "A mix of two codes then decodes to the same mix of the two images. It takes bends to move a stroke.",
            "For none: codes and pixels never agree": "There is a kind of decoder for which it does not matter whether we mix first or decode first.",
            "For one that has been trained far longer": "Longer training lowers the loss. It does not change what kind of function the decoder is.",
        },
        answer="For a linear one, such as that of PCA",
    ),
    "half-way": Recall(
        "A walk passes a place where no training image had its code. What does the decoder draw there?",
        choices={
            "The nearest training image, as it knows no other": "The decoder stores no images. It is a smooth function, and answers every code by itself.",
            "Nothing: a code without an image is not valid": "To the decoder every list of 32 numbers is as good as any other. Nothing warns you.",
            "Whatever comes out: it was never trained there": "Often strokes that still look like a digit, since it is smooth; far from all codes, strokes that are none. Section 6 measures it.",
        },
        answer="Whatever comes out: it was never trained there",
    ),
    "random": Number(
        "The decoder turns every code into an image. Of ten codes drawn from N(0, I), how many will decode to a digit?",
        low=0,
        high=10,
        truth=0,
        unit="of ten",
        sentence="Not one. The codes of real images lie elsewhere, and out there the decoder was never trained.",
    ),
    "ninety-five": Recall(
        "Section 6 prints that 95% of the test codes are near a training code. Why exactly 95%?",
        choices={
            "The autoencoder copies 95% of the test images well": "How well images are copied is what the squared error says. Here distances between codes are counted.",
            "A normal distribution has 95% within two deviations": "These distances are not normal, and no deviation appears in the cell. Look at how `r` is computed.",
            "The radius r was chosen so that this comes out": "r is the 95% quantile of these very distances. The finding stands in the other two rows, measured with the same r.",
        },
        answer="The radius r was chosen so that this comes out",
    ),
    "missing-prior": Recall(
        "What does the autoencoder lack to be a generator?",
        choices={
            "It has p(x|z), but no p(z) to draw codes from": "The decoder says which image goes with a code. Where the codes lie is something that training never asked for.",
            "It has p(z), but no p(x|z) to draw images from": "The decoder is a p(x|z): for each pixel the probability of ink, given z.",
            "It has both, but the sum over all z takes too long": "The sum is needed for the probability of a given image. To draw a new one, a single code is enough, if it is a good one.",
        },
        answer="It has p(x|z), but no p(z) to draw codes from",
    ),
    "sum-over-codes": Recall(
        "There are two codes, p(z = 0) = ¼ and p(z = 1) = ¾. An image has p(x|0) = 0.8 and p(x|1) = 0.4. What is p(x)?",
        choices={
            "0.6": "That is the mean with equal weights. The two codes are not equally likely.",
            "1.2": "Here the p(x|z) are added without any weights. No probability is above 1.",
            "0.5": "0.8 · ¼ + 0.4 · ¾ = 0.2 + 0.3. Each code counts as often as it is drawn.",
        },
        answer="0.5",
    ),
    "pca": Recall(
        "Why can PCA not do as well with the same 32 numbers?",
        choices={
            "It was solved by a formula and never trained step by step": "The formula finds the best linear code at once. No training could get below it with a linear code.",
            "Each number adds a fixed picture, whatever the others say": "Its decoder is linear. The autoencoder's bends, so that the effect of one number depends on the other 31.",
            "Its code does not hold the mean image, which is then missing": "The mean is kept apart and added again when decoding: see `+ mean` in the cell.",
        },
        answer="Each number adds a fixed picture, whatever the others say",
    ),
    "decoder-output": Recall(
        "What does the decoder of this notebook put out for each pixel?",
        choices={
            "A logit, from which the sigmoid makes a grey level": "Any real number is a valid logit, so the last layer needs no bounds; the sigmoid comes afterwards, inside the loss or before the picture is shown.",
            "A grey level between 0 (paper) and 1 (ink), ready to show": "That is what you see after `torch.sigmoid`. The last layer is a linear map, and its numbers run from −∞ to ∞.",
            "The cross-entropy of the pixel, in nats": "That is what the loss makes of the output and the true pixel. The decoder does not see the true pixel.",
        },
        answer="A logit, from which the sigmoid makes a grey level",
    ),
    "junk": Recall(
        "Random codes with the right mean and covariance still decode to junk. Why?",
        choices={
            "The decoder is too small to draw what it has not seen": "It decodes the codes of test images well, which it has never seen either. It is the random codes that are unusual.",
            "32 numbers are too few to describe a digit well": "They are enough: the reconstructions are sharp. The trouble is to know which 32 numbers.",
            "Most of an ellipsoid around the real codes is empty": "Mean and covariance describe an ellipsoid and no more. The codes fill a small part of it: only 15% of such draws came near a real code.",
            "The cell forgets to send the logits through the sigmoid": "It does not: every row is made with `torch.sigmoid`. The pictures are ink and paper, only no digits.",
        },
        answer="Most of an ellipsoid around the real codes is empty",
    ),
}
