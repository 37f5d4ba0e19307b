"""The questions of notebook 08, a prior over codes."""

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
    "why-noise": Recall(
        "Each of the 128 codes occurs in real digits. Why do 49 codes drawn at random not make a digit?",
        choices={
            "The decoder knows only the maps that it was trained on": "The maps of test images are new to it as well, and it decodes them well.",
            "What makes a digit is which codes stand together": "A code is a piece of a picture. The die knows all pieces and nothing of how they fit together.",
            "A few rare codes spoil nearly every one of the maps": "In the second row rare codes come rarely, as they do in real maps. There is no digit in it either.",
        },
        answer="What makes a digit is which codes stand together",
    ),
    "corner": Recall(
        "In nearly nine of ten real maps the same code stands in the upper left corner. You draw all 49 codes by their frequency in the data set, as for the second row. How often will it stand there?",
        choices={
            "As often as at any other place": "One table of frequencies serves all 49 places. It knows how often a code comes, and not where.",
            "In nearly nine of ten maps": "That would take a table for the corner alone. Here one table counts all places together.",
            "In one of 128 maps": "That is the first row, the die. A table of frequencies makes common codes common.",
        },
        answer="As often as at any other place",
    ),
    "why-vae": Recall(
        "Random codes of the VAE decode to digits, those of the VQ-VAE do not. What in their training makes the difference?",
        choices={
            "The VAE's codes are continuous, so that any of them may be drawn": "The autoencoder's codes are continuous as well, and its row shows no digits.",
            "The VAE has seen more images, so its decoder has an answer to any code": "Both have seen the same 60,000 images. No decoder draws digits from codes unlike all that it was trained on.",
            "The VAE paid for codes that are unlike what is drawn later": "Its KL pulled the codes towards N(0, I). In the VQ-VAE the same term is a constant, and a constant pulls nowhere.",
        },
        answer="The VAE paid for codes that are unlike what is drawn later",
    ),
    "white-corner": Recall(
        "The map of entropies is nearly white in its upper left corner: 0.8 bits. What does that say about the codes that stand there?",
        choices={
            "It is nearly always the same one": "One code comes so often that little is left to say. It costs only a fraction of a bit.",
            "Many images have no code there": "Each map has 49 codes. Blank paper has codes as well.",
            "Any of the 128 comes, each one rarely": "That would be 7 bits, more than any place of the map has.",
        },
        answer="It is nearly always the same one",
    ),
    "mixed-entropy": Recall(
        "At some place one code has the probability 1/2, and 64 others have 1/128 each. What is the entropy?",
        choices={
            "1 bit": "That is the surprise of the common code. The other half of the draws costs more.",
            "About 6 bits": "That is log₂ 65, as if all 65 codes were equally likely. One of them is far more common.",
            "4 bits": "Half of the draws cost 1 bit, the other half 7 bits: ½ · 1 + ½ · 7 = 4.",
        },
        answer="4 bits",
    ),
    "three-neighbours": Recall(
        "You go on counting: a table for the next code given three neighbours, 128⁴ entries. What goes wrong?",
        choices={
            "Three neighbours say less than two, so the entropy rises again": "Knowing more never raises the entropy on average. The true value falls or stays.",
            "Nearly all of the entries are never seen in 60,000 maps": "128⁴ is 268 million, and the training maps hold about 2 million examples. What was never counted has no good probability.",
            "Nothing: so large a table makes the probabilities exact": "A table is as exact as its counts, and most of these counts would be 0.",
        },
        answer="Nearly all of the entries are never seen in 60,000 maps",
    ),
    "shift": Recall(
        "A map begins with the codes 94, 33, 98, and K = 128. What goes in at the first three places, and what is expected there?",
        choices={
            "94, 33, 98 goes in; 94, 33, 98 is expected": "Then each place finds its answer in its own input, and needs only to copy it.",
            "94, 33, 98 goes in; 33, 98 and the next code are expected": "Then nothing predicts the first code, and p(k₁) is missing from the product.",
            "128, 94, 33 goes in; 94, 33, 98 is expected": "128 is the start token, so the first code is predicted too. Each code goes in one place after the one where it was expected.",
        },
        answer="128, 94, 33 goes in; 94, 33, 98 is expected",
    ),
    "mask": Recall(
        "A colleague forgets the mask. The training loss falls to nearly 0 bits a code within minutes. What has the network learned?",
        choices={
            "The training images by heart": "It has 170,000 weights and sees 60,000 maps of 49 codes. To know them by heart takes longer than minutes and more weights.",
            "To copy the answer from a later input": "Place i must predict code i, and without the mask it can look at place i + 1, where code i goes in. When sampling there is nothing to copy from.",
            "A better prior, since it sees more of the image": "A prior has to predict codes that are not there yet. What this network sees in training does not exist when sampling.",
            "Nothing: without a mask attention cannot be trained": "It can. Networks that fill in missing words are trained without a causal mask, but they are not asked for a code that they can see.",
        },
        answer="To copy the answer from a later input",
    ),
    "triu": Recall(
        "In `SelfAttention` somebody writes `triu()` in place of `triu(1)`, so that the diagonal is masked as well. What comes of it?",
        choices={
            "The loss falls to nearly 0, since a place can now see its answer": "More is hidden than before, not less. No answer comes into view.",
            "The first place may look nowhere, and its softmax is NaN": "Its row is −∞ throughout, and 0 divided by 0 is NaN. In the next block every other place looks at the first one too and becomes NaN with it, and so does the loss.",
            "Nothing: a place does not have to look at itself": "Most places could bear it, since a block adds to the vector that is there. But what is left for the first place to look at?",
        },
        answer="The first place may look nowhere, and its softmax is NaN",
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
    "sum-of-losses": Recall(
        "The cross-entropies of the 49 places of a map are added up. What is the sum?",
        choices={
            "Minus the logarithm of the probability of the whole map": "The product rule multiplies 49 factors, and the logarithm of a product is a sum.",
            "49 times minus the logarithm of the probability of the map": "Each place gives one factor of that probability, so the sum has it once and not 49 times.",
            "The number of codes of the map that were predicted wrongly": "Nothing is counted as right or wrong. A code that had the probability 0.4 costs 1.3 bits, even if it was the likeliest.",
        },
        answer="Minus the logarithm of the probability of the whole map",
    ),
    "first-loss": Recall(
        "Before the first step the network gives all 128 codes about the same probability. What does `bits_per_code` show?",
        choices={
            "About 7": "Each code costs −log₂ (1/128) = 7 bits. A loss that begins much higher or lower deserves a look.",
            "About 343": "That is the cost of a whole map. The function divides by the 49 places: `F.cross_entropy` averages over them.",
            "About 4.9": "That is log 128, in nats. The function divides by log 2.",
        },
        answer="About 7",
    ),
    "beats-counts": Recall(
        "The counts of section 2 come from 60,000 maps, and the small transformer has seen 12,000. Why does it need fewer bits?",
        choices={
            "It knows its 12,000 maps by heart": "The bits are those of test maps, which it has never seen.",
            "It uses all codes before, not one fact": "A count knows one neighbour or the position. The network combines everything that came before, and a pattern learned in one map helps in others.",
            "Its probabilities do not have to add up to 1": "They do: the softmax sees to it. Otherwise their logarithms would be no honest bits.",
        },
        answer="It uses all codes before, not one fact",
    ),
    "image-bits": Number(
        "With equal lengths a code map takes 343 bits. What will the shipped prior need on average?",
        low=0,
        high=343,
        step=1,
        truth=123,
        unit="bits",
        sentence="Little more than a third: the codes of an image say a good deal about one another.",
    ),
    "better-prior": Recall(
        "A colleague trains a better prior for the same VQ-VAE. What changes for a test image?",
        choices={
            "Its code map changes to a likelier one": "The map holds the codes nearest to z_e. The prior is not asked.",
            "Its reconstruction becomes sharper": "The decoder gets the same map as before, so x̂ stays as it is.",
            "Its codes cost fewer bits to store": "That is all. Encoder, codebook and decoder are what they were, so the image looks the same as before.",
        },
        answer="Its codes cost fewer bits to store",
    ),
    "map-to-code": Recall(
        "A prior gives a code map the probability 2⁻⁹⁸. How many bits a code is that?",
        choices={
            "2": "−log₂ 2⁻⁹⁸ = 98 bits for the map, and 98 / 49 = 2. Codes of equal length take 7.",
            "98": "That is what the whole map costs. It has 49 codes.",
            "1/2": "That is 49 / 98, the codes that one bit pays for. It is asked the other way round.",
        },
        answer="2",
    ),
    "free-paper": Recall(
        "Below a finished stroke most codes cost nearly 0 bits. Why?",
        choices={
            "A code for paper is so common that it costs next to nothing anywhere": "The commonest code has a share of about a fifth. By its frequency alone it costs more than 2 bits.",
            "What stands before leaves hardly a doubt about what follows": "The prior has seen the stroke end. Inside a stroke the same code could have cost many bits.",
            "The decoder draws paper there, whatever the codes are": "It draws what the codes say. Random codes put ink anywhere, as section 1 shows.",
        },
        answer="What stands before leaves hardly a doubt about what follows",
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
    "interval": Recall(
        "Three codes with the probabilities 1/2, 1/4 and 1/8 are coded one after another. How many bits do they take together?",
        choices={
            "3": "One bit for each code would fit if each had the probability 1/2.",
            "6": "The interval is ½ · ¼ · ⅛ = 1/64 wide, and −log₂ (1/64) = 6: the surprises 1 + 2 + 3.",
            "About 0.2": "That is −log₂ of 7/8, the sum of the three. The widths are multiplied, not added.",
        },
        answer="6",
    ),
    "coder": Recall(
        "A friend has a prior that was trained on code maps of letters. With it she codes digit maps to a file and decodes the file again. What comes of it?",
        choices={
            "Nothing: to her prior digits have the probability 0": "The softmax gives no code the probability 0. So every map has an interval, and a file.",
            "The digit maps without loss, from a longer file": "Any prior gives a correct file as long as both sides use the same one. A bad prior is surprised more often, and surprise is length.",
            "Maps of letters, from a file of the same length": "The coder returns exactly the codes that went in. The prior has a say in something else.",
        },
        answer="The digit maps without loss, from a longer file",
    ),
    "last-digit": Recall(
        "Encoder and decoder compute logits that differ in the 15th digit, and nothing is rounded. What is the risk?",
        choices={
            "None: such a difference is far too small to matter": "Nearly always it is. But the number in the file may lie between the two versions of a cut, and one such place is enough.",
            "One code in the middle is wrong, and the rest is right": "The next probabilities are computed from the codes before, the wrong one too.",
            "All is right up to some code, and wrong from there on": "One wrong code changes all later probabilities, so that the cuts no longer fit the number. Hence the rounding, and the checksum.",
        },
        answer="All is right up to some code, and wrong from there on",
    ),
    "argmax": Choice(
        "At each place we take the likeliest code (top-k = 1) and do this 200 times. What comes out?",
        choices=(
            "200 different digits of the best quality",
            "One and the same image, 200 times",
            "One image of each of the ten classes, over and over",
        ),
        answer="One and the same image, 200 times",
        sentence="There is no draw left, so there is one way only. And the image is not a typical one: it costs far fewer bits than most real images.",
    ),
    "own-distribution": Recall(
        "With which setting does `sample` draw from the prior's own distribution?",
        choices={
            "`temperature=1`, `top_k=128`": "The logits stay as they are and no code is ruled out, so the softmax is the one that was trained.",
            "`temperature=1`, `top_k=1`": "Then one code gets the probability 1 at each place, and every draw gives the same map.",
            "`temperature=0.1`, `top_k=128`": "Dividing the logits by 0.1 makes the differences ten times as large. The likeliest codes then take nearly everything.",
        },
        answer="`temperature=1`, `top_k=128`",
    ),
    "half-temperature": Recall(
        "Only two codes are possible, with the probabilities 4/5 and 1/5 at T = 1. What are they at T = 0.5?",
        choices={
            "2/3 and 1/3": "These are the odds 2 to 1, the root of 4 to 1. That is what T = 2 does.",
            "8/9 and 1/9": "These are the odds 8 to 1. Twice the logits do not double the odds: a logit is a logarithm.",
            "16/17 and 1/17": "T = 0.5 doubles the logits, and so squares the odds: 4 to 1 becomes 16 to 1.",
        },
        answer="16/17 and 1/17",
    ),
    "cold-samples": Recall(
        "At T = 0.7 a sample costs clearly fewer bits than a real image. What does that say about the samples?",
        choices={
            "They are nearer to real images than those at T = 1": "Real images cost what samples at T = 1 cost. In this respect the cold ones are farther off.",
            "They keep to likely codes more than real images do": "So they look tidy and alike. The unlikely turns, of which real handwriting has many, are missing.",
            "Nothing: bits speak of the file's length, not of images": "The bits are −log₂ of the probability that the prior gives to the map. So they do speak of images.",
        },
        answer="They keep to likely codes more than real images do",
    ),
    "halves": Choice(
        "The prior gets the upper three rows of codes of a 2, but not its class. What will it draw below?",
        choices=(
            "Always a 2: the codes of the original lead back to it",
            "Mostly a 2, sometimes a digit that begins like it",
            "Noise, as it was trained to begin at the first code",
        ),
        answer="Mostly a 2, sometimes a digit that begins like it",
        sentence="Each ending is drawn as often as the prior thinks it occurs. At place 22 it has seen 21 codes, exactly as in training.",
    ),
    "two-starts": Recall(
        "One network holds p(k) and p(k | class). What tells it in training which of them is meant?",
        choices={
            "One of two heads, one for each distribution": "There is one head. The logits for both come from the same weights.",
            "A label that is added to each of the 49 codes": "The codes go in as they are. Only one place of the sequence is different.",
            "The start token: the class, or `any class`": "Half of the time it was the one, half of the time the other. So both kinds of sequence are familiar.",
        },
        answer="The start token: the class, or `any class`",
    ),
    "guided-logit": Recall(
        "The logit of a code is 1 for `any class` and 3 for the class. What does guidance g = 2 make of it?",
        choices={
            "5": "1 + 2 · (3 − 1) = 5. The step that the class makes is taken twice.",
            "6": "That is 2 · 3. Guidance multiplies the difference of the two logits, not the logit.",
            "4": "That is 1 + 3. The class moves the logit by 3 − 1, and guidance takes this step g times.",
        },
        answer="5",
    ),
    "lower-half": Recall(
        "The lower three rows of codes are given, and the upper four are to be drawn. Can our prior do this with `prefix`?",
        choices={
            "Yes: pass the 21 lower codes as the prefix, and draw the other 28": "A prefix stands at the beginning of the sequence. These codes would become the upper rows.",
            "No: a code is drawn in view of those before it only": "The given codes would come last, and nothing that is drawn could look at them. A prior trained from the last code to the first could do it.",
            "Yes, at a low temperature, which makes the rows fit each other": "The temperature sharpens the odds. It brings no further codes into view.",
        },
        answer="No: a code is drawn in view of those before it only",
    ),
    "cache": Choice(
        "With the cache 49 places are computed in place of 1225. What will a measurement of 64 images say?",
        choices=(
            "About 25 times as fast",
            "Between 2 and 15 times as fast",
            "Equally fast: the attention is the same",
        ),
        answer="Between 2 and 15 times as fast",
        sentence="A processor is at its best with many places at once, so the saved places were the cheap ones. The longer the sequence, the larger the gain.",
    ),
    "places": Recall(
        "A sequence of 10 codes is drawn without a cache. How many places does the network compute in all?",
        choices={
            "10": "That is one for each code, as with a cache. Without one the earlier places are computed again in each step.",
            "55": "1 + 2 + … + 10 = 55: each step sends in the start token and all codes so far.",
            "100": "That would be 10 places in each of 10 steps. The first step has one place only.",
        },
        answer="55",
    ),
    "kept": Recall(
        "What does the cache keep of an earlier place, in each layer?",
        choices={
            "Its query, key and value": "A query asks on behalf of its own place, and that place is done.",
            "Its 128 logits": "From these its code was drawn, and nothing reads them again. Besides, logits exist only after the last layer.",
            "Its key and its value": "A new place brings its own query, compares it with the earlier keys, and takes a mean of the earlier values.",
        },
        answer="Its key and its value",
    ),
    "cache-size": Recall(
        "The prior is 96 wide and has 4 layers of 4 heads. How many numbers does the cache keep for one place of one sequence?",
        choices={
            "192": "That is a key and a value of 96 numbers in one layer. There are more layers.",
            "768": "A key and a value of 96 numbers in each of 4 layers: 2 · 96 · 4. The heads share the 96.",
            "3,072": "That is 2 · 96 · 4 · 4, as if each head had 96 numbers. It has 96 / 4 = 24.",
        },
        answer="768",
    ),
    "factors": Recall(
        "Which assumption stands behind p(k₁, …, k₄₉) = p(k₁) p(k₂ | k₁) … p(k₄₉ | k₁, …, k₄₈)?",
        choices={
            "That the codes are independent": "Then each factor would be p(kᵢ) alone, as in the row of frequencies, at nearly 6 bits a code.",
            "That an image is painted from left to right": "Any order would do. The rows are a choice, and another order gives another network with the same right to the product.",
            "None: it holds for every distribution": "It is the product rule. The approximation is the network that stands in for the factors.",
        },
        answer="None: it holds for every distribution",
    ),
    "no-argmax": Recall(
        "Why do we draw the next code instead of taking the likeliest one?",
        choices={
            "Because real maps often take a less likely step": "A map that never does is not what images are like: it costs far fewer bits than most of them. Drawing gives each map as often as the prior thinks it occurs.",
            "Because the likeliest code is the wrong one at nearly every place": "At many places it is right. Yet a map in which it is right at all places is rare.",
            "Because drawing is faster than a search for the largest": "Both need the same logits. The draw itself costs next to nothing.",
        },
        answer="Because real maps often take a less likely step",
    ),
    "cached-values": Recall(
        "Why may the keys and values of earlier places be kept while later codes are drawn?",
        choices={
            "Because the weights stay the same while sampling": "True, but not enough: without the causal mask the vectors of earlier places would change with each new code.",
            "Because no place looks at a later one": "This is causality: a new code changes nothing before it. A network with attention in both directions has no such cache.",
            "Because their attention weights have become small": "They may be large. They are kept because they are needed.",
        },
        answer="Because no place looks at a later one",
    ),
}
