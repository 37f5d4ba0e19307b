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
    "factor": Number(
        "PCA is the best linear code of 32 numbers. The autoencoder may bend, and uses 32 numbers too. How many times smaller will its squared error be?",
        low=1,
        high=20,
        step=0.5,
        truth=4.5,
        unit="times",
        sentence="Same length of code, four and a half times less error: all of it comes from the bends.",
    ),
    "code-size": Recall(
        "An autoencoder has `latent_dim=784` and is trained long enough. What happens to its test error, and what has it learned about digits?",
        choices={
            "Nearly no error, and a good description of digits": "The error may become small, but 784 numbers can hold any image, so nothing forces the network to find out what digits have in common.",
            "Nearly no error, and perhaps nothing about digits": "With as many numbers as pixels, copying is enough. The narrow middle is what makes the code a description.",
            "A large error, since bends lose information": "A bend loses nothing that a wide network could not carry around it. With 784 numbers there is room for all pixels.",
        },
        answer="Nearly no error, and perhaps nothing about digits",
    ),
    "logit": Recall(
        "A pixel of the decoder's output is the logit 0. What grey level is shown, and what does a black pixel cost there?",
        choices={
            "Grey level 0, cost 0 nats": "A logit is not yet a grey level. It has to go through the sigmoid first, and s(0) is not 0.",
            "Grey level 1/2, cost log 2 = 0.69 nats": "s(0) = 1/2, and ink costs −log(1/2). That is why 784 pixels at 1/2 cost 543 nats.",
            "Grey level 1/2, cost 1/4": "The grey level is right. 1/4 would be the squared error, but the loss here is the cross-entropy: −log of the probability of what is there.",
            "Grey level 1, cost 0 nats": "s(l) reaches 1 only as the logit goes to infinity.",
        },
        answer="Grey level 1/2, cost log 2 = 0.69 nats",
    ),
    "sum": Recall(
        "A colleague averages the cross-entropy over the 784 pixels instead of adding it up. Training works. What is lost?",
        choices={
            "Nothing: a constant factor changes no minimum": "For this one term that is true. But the number is no longer in nats per image, and as soon as a second term is added (the KL of notebook 02) the factor shifts the balance between the two.",
            "The loss is no longer minus a log-probability of the image": "The probability of an image is a product over its pixels, so its logarithm is a sum. The mean is 784 times too small, and any term that is added later weighs 784 times too much.",
            "The images become blurred": "A constant factor on the only term does not move the minimum, so the images stay as they are.",
        },
        answer="The loss is no longer minus a log-probability of the image",
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
    "map-order": Recall(
        "The map of the 2-D codes has crowded regions, holes, and axes that run to −14. What would have to be added to the loss to change that?",
        choices={
            "Nothing: longer training closes the holes": "The loss asks for one thing only, that x̂ resembles x. A hole costs nothing, so training has no reason to close it.",
            "A term that says where codes should lie": "Only what stands in the loss is asked for. The VAE of notebook 04 adds exactly such a term, the KL to the prior.",
            "The labels of the digits": "Labels could separate the digits. They would not say where on the axes the codes should lie, and the holes could stay.",
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
    "half-way": Recall(
        "A walk passes a place where no training image had its code. What does the decoder draw there?",
        choices={
            "The nearest training image": "The decoder stores no images. It is a smooth function, and answers every code by itself.",
            "Nothing: such a code is not valid": "To the decoder every list of 32 numbers is as good as any other. Nothing warns you.",
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
    "pca": Recall(
        "Why can PCA not do as well with the same 32 numbers?",
        choices={
            "It was trained on fewer images": "Both have seen the same 60,000 images. PCA is even solved exactly.",
            "Each of its numbers adds one fixed picture, whatever the others are": "Its decoder is linear. The autoencoder's bends, so that the effect of one number depends on the other 31.",
            "Its code keeps no information about the mean image": "The mean is kept apart and added again when decoding: see `+ mean` in the cell.",
        },
        answer="Each of its numbers adds one fixed picture, whatever the others are",
    ),
    "decoder-output": Recall(
        "What does the decoder of this notebook put out for each pixel?",
        choices={
            "A logit, which the sigmoid turns into the probability of ink": "Any real number is a valid logit, so the last layer needs no bounds; the sigmoid comes afterwards, inside the loss or before the picture is shown.",
            "A grey level between 0 and 1": "That is what you see after `torch.sigmoid`. The last layer is a linear map, and its numbers run from −∞ to ∞.",
            "The cross-entropy of the pixel": "That is what the loss makes of the output and the true pixel. The decoder does not see the true pixel.",
        },
        answer="A logit, which the sigmoid turns into the probability of ink",
    ),
    "junk": Recall(
        "Random codes with the right mean and covariance still decode to junk. Why?",
        choices={
            "The decoder is too small": "It decodes the codes of test images well, which it has never seen either. It is the random codes that are unusual.",
            "The real codes fill a small part of the space that no ellipsoid describes": "Mean and covariance describe an ellipsoid around the codes, and most of that ellipsoid is empty. Only 15% of such draws came near a real code.",
            "32 numbers are too few to describe a digit": "They are enough: the reconstructions are sharp. The trouble is to know which 32 numbers.",
            "The sampling forgot the sigmoid": "The cell applies it. The pictures are ink and paper, only no digits.",
        },
        answer="The real codes fill a small part of the space that no ellipsoid describes",
    ),
}
