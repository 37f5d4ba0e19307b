"""The questions of notebook 06, vector quantization."""

from __future__ import annotations

from vqedu.questions.kinds import Choice, Guess, Number, Recall

QUESTIONS: dict[str, Guess | Recall] = {
    "grid": Number(
        "Nine places either way: 3 levels for each coordinate, or 9 codes placed where the points are. How many times smaller is the mean squared distance of the placed codes?",
        low=1,
        high=10,
        step=0.1,
        truth=3.8,
        unit="times",
        sentence="The same number of places, nearly four times less error: the grid spends places on combinations that hardly occur.",
    ),
    "nearest-entry": Recall(
        "A table holds 0, 1, 2 and 3. Which of its entries do 2.49 and 7 become?",
        choices={
            "2 and 7": "7 is no entry of the table, and only entries can come out.",
            "3 and 3": "Look at 2.49 once more: which entry is nearest to it?",
            "2 and 3": "The nearest entry is taken, however far it lies. That the 7 was 4 away from it is lost.",
        },
        answer="2 and 3",
    ),
    "grid-places": Recall(
        "Grid and placed codes had nine places each, and each used all nine. Why did the grid lose nearly four times as much?",
        choices={
            "It rounds twice, so the two errors multiply": "Each coordinate is rounded once, and the two squared errors add.",
            "Its places follow the levels, not the points": "Places can stand only where levels cross. Two of them serve ten points together, and large kinds must make do with a place beside their middle.",
            "Two of its places serve no point at all": "The print says 9 of 9 used. Two serve few points, but they do serve.",
        },
        answer="Its places follow the levels, not the points",
    ),
    "sixteen-numbers": Recall(
        "A vector has 16 numbers, and each is rounded by itself to one of 4 levels. How many places are there, and what does it cost to name one?",
        choices={
            "4¹⁶ places, 32 bits": "2 bits for each of 16 numbers. Most of these four thousand million places never see a vector; a table of vectors leaves them out.",
            "64 places, 6 bits": "That adds the levels up. But each level of one number goes together with each level of the others.",
            "4¹⁶ places, 16 bits": "One bit tells two levels apart. Here each number has four.",
        },
        answer="4¹⁶ places, 32 bits",
    ),
    "k-means": Choice(
        "Six codes begin at six random points, and the points have six kinds. Where will k-means end?",
        choices=(
            "With one code on each kind, from every start",
            "With one code on each kind, from a few starts only",
            "It goes on moving: there is always a better place",
        ),
        answer="With one code on each kind, from a few starts only",
        sentence="The loss falls in each step, but only as far as the nearest valley. From most starts two codes end up in one kind, and another code serves two.",
    ),
    "two-rules": Recall(
        "k-means repeats two rules. Which two?",
        choices={
            "Each code moves to the point nearest to it; the points then choose again": "A code that jumped onto one point would forget all the others that chose it.",
            "Each point moves to its nearest code; each code moves to its points' mean": "The points are the data, and data stay where they are.",
            "Each point chooses its nearest code; each code moves to its points' mean": "Each rule lowers the loss, or leaves it as it is, while what the other rule decides stands still.",
        },
        answer="Each point chooses its nearest code; each code moves to its points' mean",
    ),
    "three-points": Recall(
        "On a line, three points at 0, 0 and 6 have chosen one code. Where does k-means put it, and what is their mean squared distance to it then?",
        choices={
            "0, mean squared distance 12": "Two of the points lie there. But the third counts with the square of 6, which is too much.",
            "2, mean squared distance 8": "(0 + 0 + 6) / 3 = 2, and (4 + 4 + 16) / 3 = 8. At 0 it would be 12, at 3 it would be 9: the mean has the least.",
            "3, mean squared distance 9": "3 is halfway between the ends. Two of the three points pull to one side.",
        },
        answer="2, mean squared distance 8",
    ),
    "stuck": Recall(
        "k-means has come to rest with two codes in one kind, and one code for two kinds. What gets you out?",
        choices={
            "Start again from other codes, and keep the best end": "The start decides which valley it goes down to. Of the 20 starts in this section 4 found all six kinds.",
            "Go on: the loss never rises, so it will fall further": "Never rising is not falling. When no point changes its code, no code moves any more.",
            "Take smaller steps, so that no valley is jumped over": "Nothing was jumped over. Smaller steps go down into the same valley, only more slowly.",
        },
        answer="Start again from other codes, and keep the best end",
    ),
    "fitting-shape": Recall(
        "A codebook holds 512 codes of 32 numbers. Which shape of `z_e` can it quantize?",
        choices={
            "(32, 8, 7, 7)": "Here 32 stands where the images of the batch are counted, and a vector has 8 numbers.",
            "(8, 32, 7, 7)": "The numbers of a vector lie along dimension 1, and must be as many as those of a code. How many codes there are does not show in `z_e`.",
            "(8, 512, 7, 7)": "512 is the number of codes to choose from. A vector must be as long as a code.",
        },
        answer="(8, 32, 7, 7)",
    ),
    "rows-line": Recall(
        "`z_e` is (N, D, 7, 7). Which line makes one row of the vector at each position?",
        choices={
            "`z_e.reshape(-1, D)`": "It runs and gives the right shape. But a row then holds D numbers that lie side by side in memory, and these come from different positions.",
            "`z_e.reshape(-1, D).movedim(1, -1)`": "Too late: the reshape has mixed the vectors already. And dimension 1 is now the last, so nothing moves.",
            "`z_e.movedim(1, -1).reshape(-1, D)`": "First the D numbers of a vector go side by side, (N, 7, 7, D), then the shape changes: (N · 49, D).",
        },
        answer="`z_e.movedim(1, -1).reshape(-1, D)`",
    ),
    "codes-back": Recall(
        "A quantizer with the wrong reshape trains without an error. Which test finds the bug?",
        choices={
            "A `z_e` made of codes must come back unchanged": "Each of its vectors is a code, so the nearest code is that vector itself. Rows cut wrongly are no codes, and come back as something else.",
            "The shapes of `z_q` and of `z_e` must be equal": "They are equal with the bug too. That is why nobody notices it.",
            "The codebook loss must fall during the training": "It falls: codes can be learned for wrongly cut rows as well.",
        },
        answer="A `z_e` made of codes must come back unchanged",
    ),
    "slope": Choice(
        "We nudge z_e by a ten-thousandth, quantize again and look at the loss. What slope do we measure?",
        choices=(
            "The slope of L at z_q, about",
            "Exactly 0, for nearly every point",
            "A small number that depends on the distance to the code",
        ),
        answer="Exactly 0, for nearly every point",
        sentence="The nearest code stays the nearest, so z_q does not move at all. Only at a border something happens, and there it is a jump.",
    ),
    "slope-zero": Recall(
        "On the way from z_e to the loss: choose the index, look the code up, decode, compare. Which step has slope 0 nearly everywhere?",
        choices={
            "Decoding and comparing": "The toy loss has an ordinary slope at z_q, namely z_q − t.",
            "Looking the code up": "That copies a row of the codebook, and passes a gradient on to this row unharmed.",
            "Choosing the index": "A small move of z_e leaves the index as it is. At a border the index jumps, and between two whole numbers there is nothing to follow.",
        },
        answer="Choosing the index",
    ),
    "border": Recall(
        "Exactly at a border the loss jumps by 3. We measure the slope across it with a nudge h, and again with h / 10. What happens to the measured value?",
        choices={
            "It stays at 3, whatever h is": "3 is the height of the step. A slope is the height over the width.",
            "It becomes ten times as large": "The height stays 3, the width 2 h shrinks, and the quotient grows without end. At a border there is no slope at all.",
            "It falls to 0, as inside a cell": "Inside a cell both sides have the same loss. Across a border they differ by 3, however small h is.",
        },
        answer="It becomes ten times as large",
    ),
    "trained-table": Recall(
        "We make the codebook an `nn.Parameter`, and print `quantize(leaf).requires_grad` again. What comes out, and would z_e get a gradient?",
        choices={
            "True, but z_e gets none": "z_q remembers the rows it was copied from, so the codebook gets a gradient. The indices are whole numbers and remember nothing, so z_e is still cut off.",
            "True, and z_e gets one": "`requires_grad` says that something gets a gradient. Follow the path back: does it lead through the argmin?",
            "False, and z_e gets none": "The lookup copies rows of a parameter, and autograd keeps a record of that.",
        },
        answer="True, but z_e gets none",
    ),
    "copied-arrow": Recall(
        "L = ½ |z_q − t|² with t = (3, 0). z_e = (0.2, 0.5) has chosen the code (1, 0). Which gradient does straight-through give to z_e?",
        choices={
            "(0, 0)": "That is the true slope. Straight-through puts something else in its place.",
            "(−2, 0)": "At the code it is z_q − t = (1, 0) − (3, 0), and that is copied. Where in the cell z_e stands plays no part.",
            "(−2.8, 0.5)": "That is the gradient of ½ |z_e − t|², as if nothing had been quantized. The decoder never saw z_e.",
        },
        answer="(−2, 0)",
    ),
    "no-rest": Recall(
        "With `cost=0` the point of this section never came to rest. Why?",
        choices={
            "A learning rate of 0.1 is too large for it to settle": "A smaller rate makes the steps smaller. But the arrow does not get shorter on the way, so the steps never end.",
            "The loss rises at every border, and so throws it back": "Nothing throws it back: a border sends no signal, and the first one it crossed lowered the loss.",
            "The arrow is zero only if its code lies at the target": "No code does, so there is always an arrow that pushes: over the border, and from there the next code's arrow over another.",
        },
        answer="The arrow is zero only if its code lies at the target",
    ),
    "forgotten-detach": Recall(
        "A colleague writes `z_q = z_e + (code - z_e)` and forgets a `detach`. What does the reconstruction loss train then?",
        choices={
            "The codebook and the decoder": "The two z_e cancel, in value and in gradient. What is left is the code with its history, and the encoder hears nothing.",
            "The encoder and the decoder": "So it should be. Now write the gradient down for each of the three terms on the right, and add up.",
            "Encoder, codebook and decoder": "z_e stands in the line twice. What is the sum of its two gradients?",
        },
        answer="The codebook and the decoder",
    ),
    "three-losses": Choice(
        "Three losses, three parts. Which loss moves the codes?",
        choices=(
            "All three, each in its own way",
            "The reconstruction and the codebook loss",
            "The codebook loss alone",
        ),
        answer="The codebook loss alone",
        sentence="Straight-through takes z_q without its history, so the reconstruction passes the codes by. The commitment loss holds them still with sg[e].",
    ),
    "two-pulls": Recall(
        "One number each: z_e = 3 has chosen the code e = 1, and `commitment_cost` is 0.25. Which gradients do the two VQ terms send?",
        choices={
            "−4 to e and 4 to z_e": "One of the two terms carries the cost as a factor.",
            "−1 to e and 4 to z_e": "That puts the cost before the term that moves the code.",
            "−4 to e and 1 to z_e": "Codebook loss: 2 (e − z_e) = −4. Commitment: 0.25 · 2 (z_e − e) = 1. Steps go against the gradient, so the two approach each other, the code four times as fast.",
        },
        answer="−4 to e and 1 to z_e",
    ),
    "commitment": Recall(
        "A colleague sets `commitment_cost=0`. Training runs. What is missing?",
        choices={
            "The codes no longer follow the vectors that chose them": "That is what the codebook loss does, and it is still there.",
            "Nothing holds z_e near the code it has chosen": "The copied arrow goes on pushing, and no term pulls back. z_e may run from cell to cell, or grow faster than the codes can follow.",
            "The decoder receives no gradient": "The decoder learns from the reconstruction, which is untouched.",
        },
        answer="Nothing holds z_e near the code it has chosen",
    ),
    "unequal-values": Recall(
        "A program logs both VQ terms for 7 × 7 positions, before any weight. The codebook loss is 49 times the commitment loss. What is likely?",
        choices={
            "The encoder runs away faster than the codes follow": "Both terms measure the same distance, however large it has become.",
            "One is summed over positions, the other averaged": "`detach` changes no value, so both are the same squared distance. Only the reduction can differ, and then the weights mean something else.",
            "A stop-gradient is missing in one of the two terms": "That would change gradients, and no value.",
        },
        answer="One is summed over positions, the other averaged",
    ),
    "ema": Number(
        "A gradient codebook (Adam, learning rate 0.02) needs about 70 batches until its loss is below 0.15. From the same start and with the same batches, how many will moving averages with decay 0.9 need?",
        low=0,
        high=100,
        step=5,
        truth=20,
        unit="batches",
        sentence="In each batch a code goes a tenth of the way to the mean of its vectors: after about 20 batches most of the way is done.",
    ),
    "average-step": Recall(
        "A code of one number has the running count N = 2 and the running sum M = 2. Two vectors of the next batch choose it, 4 and 6. With decay 0.5 and no smoothing, where does it go?",
        choices={
            "To 3": "N = 0.5 · 2 + 0.5 · 2 = 2 and M = 0.5 · 2 + 0.5 · 10 = 6. From 1 it goes half the way to 5, the mean of the batch.",
            "To 5": "That is the mean of the batch, where k-means would go. With decay 0.5 the past counts too.",
            "To 6": "6 is the running sum. What is it divided by?",
        },
        answer="To 3",
    ),
    "fading-count": Recall(
        "The smoothed counts are used in the division and then thrown away. What goes wrong if they are written back into N?",
        choices={
            "The counts no longer add up to what they did": "Smoothing keeps the total: the large counts lose what the small ones gain.",
            "The count of an unused code does not fade": "A bit of ε comes in again with every step. In the print the count rose from 0.01 to 0.98, where it should have fallen to 0.00005.",
            "A count falls to 0, and the division fails": "Keeping counts away from 0 is what the smoothing does, written back or not.",
        },
        answer="The count of an unused code does not fade",
    ),
    "rare-codes": Recall(
        "In every batch of 64, code A is chosen by 32 vectors and code B by 2. Both stand equally far from the mean of their vectors. Which moves farther in the next step?",
        choices={
            "A, with the plain gradient and with EMA alike": "True of the gradient. In EMA both the sum and the count of A are larger.",
            "B with EMA, A with the plain gradient": "EMA does not favour rare codes. Work its step out for a code whose running count is what each batch brings.",
            "A with the plain gradient, neither with EMA": "The gradient carries the factor n_k / n, 16 times as large for A. EMA divides a sum by a count; both hold that factor, and it cancels.",
        },
        answer="A with the plain gradient, neither with EMA",
    ),
    "dead": Number(
        "16 codes drawn from N(0, 10²), points within about 3 of the origin, 300 batches of training without any cure. How many codes will be in use at the end?",
        low=0,
        high=16,
        truth=3,
        unit="codes",
        sentence="The few that happened to lie nearest take all points. The others are never chosen, so nothing ever moves them.",
    ),
    "stays-dead": Recall(
        "Why does a code that nobody chooses not come back by itself?",
        choices={
            "Its gradient is too small for so long a way": "It is not small: the print found exactly 0 for all 13 unused codes.",
            "Only chosen codes get gradients or new vectors": "To be chosen it would have to come near, and to come near it would have to be chosen.",
            "Its count is 0, and nothing can be divided by 0": "The smoothing takes care of that. And a codebook without any counts has dead codes as well.",
        },
        answer="Only chosen codes get gradients or new vectors",
    ),
    "far-start": Recall(
        "Far start, no revival: what did the table show for EMA in place of the gradient?",
        choices={
            "The same: only a few codes in use": "EMA moves a code to the mean of the vectors that chose it. A dead code has none, so EMA has nothing to move it to.",
            "About half of the codes came into use": "EMA moves a code to the mean of the vectors that chose it. How many chose a dead one?",
            "All codes came into use, but only slowly": "Time does not help here. What does EMA do to a code that no vector chose?",
        },
        answer="The same: only a few codes in use",
    ),
    "left-behind": Recall(
        "A VQ-VAE's codebook started from data, and every code was in use. Later in the training many are dead. What has happened?",
        choices={
            "The codes drifted off until nothing was near": "A code never moves by itself, only towards vectors that chose it.",
            "The averages forgot the codes that are rarely used": "What fades is the running count of a code. Its place in the codebook stays.",
            "The encoder moved on and left codes behind": "Codes follow the vectors that chose them. When z_e moves elsewhere faster than that, its former codes are chosen by nobody and stay.",
        },
        answer="The encoder moved on and left codes behind",
    ),
    "kl": Choice(
        "The posterior is certain of one code, the prior gives each of K codes the share 1/K. What is the KL between them?",
        choices=(
            "0, since nothing is random",
            "log K, whichever code it is",
            "It depends on how far z_e lies from its code",
            "Infinite, since q is 0 for most codes",
        ),
        answer="log K, whichever code it is",
        sentence="One term of the sum is left: 1 · log(1 / (1/K)) = log K. The codes with q = 0 contribute nothing.",
    ),
    "no-collapse": Recall(
        "In notebook 05 the KL could make the encoder fall silent. Why can it not do so here?",
        choices={
            "It is 0 here, so nothing can be gained from it": "It is not 0: naming one of K codes has its price.",
            "It is the same for every choice of code": "log K, whatever the encoder chooses. No choice lowers it, so it pushes nowhere.",
            "The commitment loss holds out against its push": "There is no push to hold out against. Look at how the KL depends on the code that is chosen.",
        },
        answer="It is the same for every choice of code",
    ),
    "unsure": Recall(
        "Suppose the encoder were unsure: q is ½ on two of K = 8 codes, and 0 on the others. What is the KL to the uniform prior?",
        choices={
            "2 bits": "2 · ½ · log2(½ / ⅛) = log2 4 = 2. Certainty pays the full log2 8 = 3 bits, an unsure q less.",
            "3 bits": "That is log2 8, the price of naming one code for certain.",
            "4 bits": "An unsure q is more like the uniform prior than a certain one, so the KL cannot be larger than that of a certain one.",
        },
        answer="2 bits",
    ),
    "paper-code": Recall(
        "Suppose the code of blank paper stood at half of all positions. A prior that knows this gives it the share ½ in place of 1/128. What does naming it cost then?",
        choices={
            "7 bits": "That is log2 128, the price under the uniform prior. The prior has changed.",
            "3.5 bits": "A share of one half does not halve the bits: the share enters through its logarithm.",
            "1 bit": "−log2 ½ = 1, in place of 7. Rare codes cost more in return, and on average it pays. The half is made up: the commonest code of notebook 07 has about a fifth.",
        },
        answer="1 bit",
    ),
    "position": Recall(
        "z_e has the shape (1, 16, 7, 7), and the codebook holds 128 codes. What does the quantizer put out?",
        choices={
            "784 indices, one a number": "That would be scalar quantization. The 16 numbers at one position are mapped together, by one code.",
            "16 indices, one a channel": "A channel is not a vector of the codebook: it holds one number from each of 49 positions.",
            "49 indices, one a position": "Each position holds one vector of D = 16 numbers, which becomes one of 128 codes: 49 · 7 bits = 343 bits an image.",
            "128 indices, one a code": "128 is the number of codes to choose from, not the number of choices.",
        },
        answer="49 indices, one a position",
    ),
    "two-terms": Recall(
        "Codebook loss and commitment loss always have the same value. Why are there two?",
        choices={
            "One acts in training, the other in testing": "In testing nothing is moved, so neither is needed.",
            "They move different parts, at different rates": "The one moves codes, the other the encoder. Only as two terms can they have two weights, or can one be replaced by moving averages.",
            "Their sum is smoother than each of them alone": "Both are the same number, so their sum is twice that number.",
        },
        answer="They move different parts, at different rates",
    ),
    "where-kl": Recall(
        "While a VQ-VAE is trained, its prior over the codes is uniform. Why does the loss hold no KL term?",
        choices={
            "It is the constant log K, without a gradient": "It is still there as a price, log K nats a position. A constant moves nothing, so it may be left out.",
            "It is zero, because the encoder adds no noise": "Certainty has its price: a q that is sure of one code is far from a prior that is sure of none.",
            "The commitment loss is the KL in another form": "The commitment loss is a squared distance between z_e and its code. The prior does not occur in it.",
        },
        answer="It is the constant log K, without a gradient",
    ),
}
