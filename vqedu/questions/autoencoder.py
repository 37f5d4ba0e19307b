"""The questions on notebook 01, the autoencoder; notebook 02 opens with the last three."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Curve, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "snow": Recall(
        "Suppose the images were television snow: each pixel is drawn at random, independently of all others. How many numbers would a code need so that every image can be rebuilt well?",
        choices={
            "Hardly any, because snow means nothing": "It means nothing to us, but a good reconstruction has to get every gray level right, and none of them can be predicted.",
            "Far fewer than 784, because the images are still small": "The size of an image does not matter. We save numbers only where one pixel can be predicted from others.",
            "About 784, because no pixel predicts another": "Every pixel is new information, so nothing can be left out. A digit has a short description because its pixels depend on each other.",
        },
        answer="About 784, because no pixel predicts another",
    ),
    "factor": Number(
        "PCA is the best linear code with 32 numbers. The autoencoder also uses 32 numbers, but is nonlinear. How many times smaller will its squared error be?",
        low=1,
        high=20,
        step=0.5,
        truth=4.5,
        unit="times",
        sentence="The code is just as long, and the error is 4.5 times smaller: 0.0038 against 0.0168 per pixel.",
    ),
    "sum": Recall(
        "A colleague averages the cross-entropy over the 784 pixels instead of summing it, and with Adam the network learns just as well. Why do we sum anyway?",
        choices={
            "The sum makes the gradients larger and the training faster": "Adam divides by the size of the gradients, so a factor of 784 hardly changes its steps.",
            "The sum counts every pixel, while the mean smooths over them": "The mean counts every pixel as well. The two differ by the factor 784 and by nothing else.",
            "The sum is minus the log-probability of the whole image": "The probability of an image is a product over its pixels, so its logarithm is a sum. The VAE adds a second term to the loss, and then the balance of the two terms must be right.",
        },
        answer="The sum is minus the log-probability of the whole image",
    ),
    "sizes": Curve(
        "How does the autoencoder's squared error depend on the number of latent dimensions? Sketch it from 1 to 64.",
        x=(1, 2, 4, 8, 16, 32, 64),
        truth=(0.04803, 0.03884, 0.02705, 0.01555, 0.008462, 0.004912, 0.003619),
        y=(0, 0.06),
        x_label="latent dimensions",
        y_label="squared error per pixel",
        log=True,
        sentence="The first few dimensions matter most: from 1 to 16 the error falls from 0.0480 to 0.0085. From 32 to 64 it falls only from 0.0049 to 0.0036.",
    ),
    "code-size": Recall(
        "An autoencoder with 784 latent dimensions and hidden layers of 2,000 units is trained for a long time. What test error do you expect, and what has it learned about digits?",
        choices={
            "Nearly no error, and a good description of digits": "The error may become small, but 784 numbers have room for any image, so nothing forces the network to find out what digits have in common.",
            "Nearly no error, and perhaps nothing about digits": "With as many latent numbers as pixels, copying is enough. The bottleneck is what turns a code into a description.",
            "A large error, because nonlinearities lose information": "A wide network can carry all the information through its nonlinearities. With 784 latent numbers there is room for every pixel.",
        },
        answer="Nearly no error, and perhaps nothing about digits",
    ),
    "threes": Choice(
        "The network was never told which images show a 3. On a map of all codes, where will the 3s be?",
        choices=(
            "Anywhere: without labels there is no reason for order",
            "Mostly together, next to digits that look similar",
            "In one of ten tidy groups of equal size",
        ),
        answer="Mostly together, next to digits that look similar",
        sentence="Encoder and decoder are smooth functions, so similar images get nearby codes. Nothing asks for groups of equal size, or for one group per digit.",
    ),
    "four-nine": Recall(
        "At one point of the map there are as many codes of 4s as of 9s. What does the decoder draw there?",
        choices={
            "A sharp 4 for each 4, and a sharp 9 for each 9": "The decoder receives two numbers and nothing else, so the same code cannot give two different images.",
            "One blurred image, between a 4 and a 9": "A pixel that is ink in half of these images and paper in the other half has the smallest loss when it is gray. That is why images from two numbers are blurry.",
            "At random, a 4 half of the time and a 9 otherwise": "This decoder is deterministic: the same code always gives the same image.",
        },
        answer="One blurred image, between a 4 and a 9",
    ),
    "walk": Choice(
        "We move in a straight line from the code of a 7 to the code of a similar 2, and decode every step. What will the middle look like?",
        choices=(
            "Both digits on top of each other, half transparent",
            "One shape whose strokes are between those of the two digits",
            "Noise, because there is no image between a 7 and a 2",
        ),
        answer="One shape whose strokes are between those of the two digits",
        sentence="A cross-fade of the pixels would give half-transparent images. The decoder outputs clear strokes for nearly every code on this line, so it is the strokes themselves that change.",
    ),
    "linear-walk": Recall(
        "For which decoder would the walk look exactly like a cross-fade of the two decoded images?",
        choices={
            "For a linear one, such as that of PCA": "A linear decoder maps a mixture of two codes to the same mixture of the two images. Moving a stroke takes a nonlinear decoder.",
            "For none, because codes and pixels are different things": "There is a kind of decoder for which it makes no difference whether we mix first or decode first.",
            "For one that has been trained much longer": "Longer training lowers the loss, but it does not change what kind of function the decoder is.",
        },
        answer="For a linear one, such as that of PCA",
    ),
    "random": Number(
        "The decoder turns every code into an image. Of ten codes drawn from N(0, I), how many will decode to a digit?",
        low=0,
        high=10,
        truth=0,
        unit="of ten",
        sentence="Not one of these ten is clearly a digit. The codes of real images are elsewhere, and the decoder was never trained where these random codes fall.",
    ),
    "stored-codes": Recall(
        "A friend stores the codes of all training images, picks one of them at random, and decodes it. The image is a sharp digit. Is this the generator that we are looking for?",
        choices={
            "Yes: it draws a code at random, and a digit comes out": "It does, but the digit is always the reconstruction of an image that we already have.",
            "No: it can only reproduce the training images": "This p(z) is concentrated on 60,000 points. Nothing new can come out, and even the code of a test image has probability 0.",
            "No: without a p(z) there is nothing to draw from": "There is a p(z) here: 1/60,000 for each of the stored codes. The trouble is that it gives all other codes nothing.",
        },
        answer="No: it can only reproduce the training images",
    ),
    "pca": Recall(
        "Why can PCA not match the autoencoder, although both use 32 numbers?",
        choices={
            "PCA is computed by a formula, not trained step by step": "The formula finds the best linear code at once. No amount of training could find a better linear code.",
            "In PCA each number adds a fixed picture, whatever the others are": "PCA's decoder is linear. The autoencoder's is not, so the effect of one latent number depends on the other 31.",
            "PCA's code does not contain the mean image, so it is missing": "The mean image is stored separately and added back when decoding.",
        },
        answer="In PCA each number adds a fixed picture, whatever the others are",
    ),
    "decoder-output": Recall(
        "What does the decoder of the autoencoder output for each pixel?",
        choices={
            "A logit, which the sigmoid turns into a gray level": "Any real number is a valid logit, so the last layer needs no bounds. The sigmoid is applied inside the loss, or before the image is shown.",
            "A gray level between 0 (paper) and 1 (ink)": "That is what you see after `torch.sigmoid`. The last layer is linear, and its outputs range from −∞ to ∞.",
            "The cross-entropy of the pixel, in nats": "The loss computes that from the decoder's output and the true pixel, which the decoder never sees.",
        },
        answer="A logit, which the sigmoid turns into a gray level",
    ),
    "junk": Recall(
        "Random codes with the mean and covariance of the real codes still do not decode to digits. Why not?",
        choices={
            "The decoder is too small to draw images that it has not seen": "It decodes the codes of test images well, and it has never seen those either. It is the random codes that are unusual.",
            "32 numbers are too few to describe a digit": "They are enough, since the reconstructions are sharp. The difficulty is to know which 32 numbers to choose.",
            "Most of the ellipsoid around the real codes is empty": "Mean and covariance describe an ellipsoid and nothing more. The codes fill a small part of it: only 15% of such random codes were near a real one.",
            "The logits were shown without the sigmoid": "The sigmoid was applied. The images consist of ink and paper, but they are not digits.",
        },
        answer="Most of the ellipsoid around the real codes is empty",
    ),
}
