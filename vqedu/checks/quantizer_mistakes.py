"""The mistakes that people make in a vector quantizer, each with a sentence and a hint."""

from __future__ import annotations

from vqedu.checks.engine.exercise import Diagnosis

AFTER_THE_MOVE = Diagnosis(
    "the codes after the move",
    "You look the codes up after this batch has moved them, so z_q is no longer the code that was nearest to z_e.",
    "Which comes first in your code, the lookup or the move?",
)
FARTHEST = Diagnosis("the farthest code", "Each row gets the code that is farthest away.", "argmin or argmax?")
LARGEST_PRODUCT = Diagnosis(
    "largest product",
    "You choose by the inner product. That gives the nearest code only if all codes have the same length.",
    "Expand |z - e|^2. Which of its terms depend on e?",
)
FLOATS = Diagnosis(
    "indices as floats",
    "The indices are right, but they are floats. An index into a table is a whole number.",
    "What dtype does `argmin` return, and what turned it into floats?",
)
CUT_OFF = Diagnosis(
    "the encoder is cut off",
    "z_q has the right numbers, but no gradient comes back to z_e. The encoder would never learn from the decoder.",
    "Add something that is zero in value and has the derivative 1 with respect to z_e.",
)
TO_THE_CODES = Diagnosis(
    "trains through the codebook",
    "The gradient of z_q goes to the codebook, and z_e gets none.",
    "Which part of z_q has to be detached? And should the codebook be a parameter at all, if averages move it?",
)
TO_BOTH = Diagnosis(
    "trains encoder and codebook",
    "z_e gets its gradient, and the codebook gets one as well. Here only the moving averages move the codes.",
    "Should the codebook be a parameter, or a buffer?",
)
MEAN_OVER_D = Diagnosis(
    "averaged over D",
    "Your commitment loss is averaged over the D numbers of a vector. A squared distance is their sum.",
    "What does `mse_loss` do by default?",
)
SUM_OVER_ROWS = Diagnosis(
    "summed over the rows",
    "Your commitment loss is summed over the rows of the batch, so twice the rows give twice the loss.",
    "What do you have to divide by, so that a larger batch gives the same loss?",
)
COMMITMENT_THROUGH = Diagnosis(
    "commitment with the straight-through z_q",
    "The value is right, but its gradient is zero: the loss contains z_q after straight-through, and the gradient that "
    "z_q passes on to z_e cancels the other one.",
    "Which tensor has the values of the code and is not attached to z_e?",
)
COMMITMENT_STOPPED = Diagnosis(
    "commitment without a gradient to z_e",
    "The value is right, but no gradient reaches z_e, so nothing pulls the encoder toward its codes.",
    "Which of the two has to be detached, and which must not be?",
)
COMMITMENT_MOVES_CODES = Diagnosis(
    "commitment moves the codes",
    "The value is right, but its gradient moves the codebook too.",
    "Which side of the commitment loss is under the stop-gradient?",
)
NOT_MOVED = Diagnosis(
    "the codes never move",
    "After a batch in training mode the codebook is still the same.",
    "Do you write the new codes into `self.codebook`? And is the update inside `if self.training:`?",
)
WRONG_SIDE = Diagnosis(
    "decay on the wrong side",
    "The old value is multiplied by 1 - decay. With decay 0.99 the codes would forget nearly everything at each step.",
    "With decay = 1 nothing should change.",
)
NO_MEMORY = Diagnosis(
    "no memory",
    "Each code jumps to the mean of the rows of this batch: a step of k-means, in which the past does not count.",
    "Where do the old N and M enter?",
)
OF_MEANS = Diagnosis(
    "an average of means",
    "You average the old code with the mean of this batch. A batch with one row for a code then counts as much as one "
    "with thirty.",
    "Keep the counts and the sums apart, and divide last.",
)
ADDED_UP = Diagnosis(
    "added up",
    "Counts and sums only grow, so the code is the mean of all rows so far, and it forgets nothing.",
    "Both the old and the new value are multiplied by a factor.",
)
DIVIDED_BY_ZERO = Diagnosis(
    "divided by a count of zero",
    "A code that no row chose became NaN or infinite, because its count and its sum are both 0.",
    "Move only the codes that the batch has chosen.",
)
PULLED_TO_ZERO = Diagnosis(
    "unchosen codes are pulled to zero",
    "A code that no row chooses moves toward 0. Its count fades until the epsilon in the division dominates.",
    "Move only the codes that the batch has chosen.",
)
MOVES_IN_EVAL = Diagnosis(
    "it learns in eval mode",
    "The codes move in eval mode too, so measuring the model changes it.",
    "Every module knows whether it is in training mode: `self.training`.",
)
NOT_SAVED = Diagnosis(
    "the codebook is not saved",
    "A new module that loads the `state_dict` ends up with different codes: the codebook is not saved in it.",
    "A plain attribute is not saved with the module. What is?",
)
COUNTS_NOT_SAVED = Diagnosis(
    "the averages are not saved",
    "After loading, the codes are there, but they move differently: the running counts and sums are not in the "
    "`state_dict`.",
    "Whatever the next step needs belongs to the state.",
)
NO_REVIVAL = Diagnosis(
    "no revival",
    "Codes that no row has chosen for `revive_after` batches stay where they are.",
    "For each code, count how many batches have passed since it was last chosen.",
)
ONE_ROW = Diagnosis(
    "all on one row",
    "All dead codes are put onto the same row, where all but one of them stay unused.",
    "Draw as many rows as there are dead codes.",
)
FLIES_BACK = Diagnosis(
    "old sums kept",
    "A revived code leaves again, because its running sum still contains its old place, far away.",
    "What do N and M have to be for a code that has been chosen once, at its new place?",
)
