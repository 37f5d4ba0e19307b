"""The exercises on the prior over codes: shift, mask, sampling, bits, a loss that sees the answer, a temperature."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vqedu.checks import running
from vqedu.checks.engine import Challenge, Demand, Exercise, Mistake
from vqedu.checks.numbers import quarters, whole
from vqedu.checks.observing import Case


def _start(tokens: Tensor, start: int) -> Tensor:
    return torch.full_like(tokens[:, :1], start)


teacher_forcing = Exercise(
    name="teacher_forcing",
    contract="teacher_forcing(tokens, start): whole numbers (N, L), the start token -> (inputs, targets), both (N, L): "
    "targets[:, i] is the token to predict from inputs[:, : i + 1], and inputs begin with start",
    cases=lambda: [
        {"tokens": whole(i, start, *shape), "start": start}
        for i, (shape, start) in enumerate([((1, 2), 9), ((1, 3), 9), ((2, 4), 5)], 1)
    ],
    reference=lambda tokens, start: (torch.cat([_start(tokens, start), tokens[:, :-1]], 1), tokens),
    outputs=("inputs", "targets"),
    mistakes=(
        Mistake(
            "targets not shifted",
            lambda tokens, start: (tokens, tokens),
            "Inputs and targets are the same. The network can copy: the input contains the answer.",
            "At place i the network must predict a token that it has not been given yet.",
        ),
        Mistake(
            "start token put before the targets",
            lambda tokens, start: (tokens, torch.cat([_start(tokens, start), tokens[:, :-1]], 1)),
            "The shift goes the wrong way: the network would learn to predict the token before.",
            "Which of the two runs ahead, the inputs or the targets?",
        ),
        Mistake(
            "start token missing",
            lambda tokens, start: (tokens[:, :-1], tokens[:, 1:]),
            "The shift is right, but the first token is never predicted, so no image can be begun.",
            "From what should the network predict the first token?",
        ),
        Mistake(
            "one token too many",
            lambda tokens, start: (torch.cat([_start(tokens, start), tokens], 1), tokens),
            "The inputs are one longer than the targets: the last token is an input, but nothing is predicted from it.",
            "The contract says both (N, L).",
        ),
        Mistake(
            "shifted in a circle",
            lambda tokens, start: (torch.roll(tokens, 1, 1), tokens),
            "`roll` puts the last token at the front: the network is given the end of the image first.",
            "Which token should come first?",
        ),
    ),
    hints=(
        "Write the inputs and targets of the tokens 5, 7, 8 down on paper, one below the other.",
        "The targets are the tokens. The inputs are one place late.",
        "`torch.cat([start column, tokens[:, :-1]], 1)`; the column has the shape (N, 1).",
    ),
)


def _ones(length: int) -> Tensor:
    return torch.ones(length, length, dtype=torch.bool)


causal_mask = Exercise(
    name="causal_mask",
    contract="causal_mask(length): a whole number -> bool (length, length), True where place i (row) may look at place "
    "j (column)",
    cases=lambda: [{"length": n} for n in (1, 2, 3, 5)],
    reference=lambda length: _ones(length).tril(),
    outputs=("mask",),
    mistakes=(
        Mistake(
            "sees the future",
            lambda length: _ones(length).triu(),
            "Each place looks at itself and at what comes after it.",
            "Row 0 is the first token. At how many places may it look?",
        ),
        Mistake(
            "does not see itself",
            lambda length: _ones(length).tril(-1),
            "No place may look at itself, so the first one sees nothing: its softmax is NaN.",
            "The input at place i is already known when place i predicts.",
        ),
        Mistake(
            "everything is visible",
            lambda length: _ones(length),
            "Each place sees all others. The loss will fall to nearly zero, and sampling gives nonsense.",
            "What must not be visible while the next token is predicted?",
        ),
        Mistake(
            "True where it may not look",
            lambda length: _ones(length).triu(1),
            "Your mask marks what is forbidden. The contract, like `scaled_dot_product_attention`, marks what is "
            "allowed.",
            "Is the diagonal True?",
        ),
        Mistake(
            "zeros and minus infinity",
            lambda length: torch.full((length, length), -math.inf).triu(1),
            "This is a mask to be added to the scores. The contract wants the other kind: True where a place may look.",
            "Which dtype does the contract name?",
        ),
        Mistake(
            "one step into the future",
            lambda length: _ones(length).tril(1),
            "Each place sees one token too many: exactly the one it should predict.",
            "Which diagonal is the last that may be visible?",
        ),
        Mistake(
            "only itself",
            lambda length: torch.eye(length, dtype=torch.bool),
            "Each place sees only itself: the past is hidden.",
            "Which columns of row 2 should be True?",
        ),
    ),
    hints=(
        "Draw the table for length 3. Row i may look at the columns 0 to i.",
        "That is a triangle with its diagonal. `torch.tril` and `torch.triu` cut triangles.",
        "Start from `torch.ones(length, length, dtype=torch.bool)`.",
    ),
)


def _row_by_row(scaled: Tensor, top_k: int) -> Tensor:
    return scaled.topk(top_k, 1).values[:, -1:]


def _probabilities(
    logits: Tensor,
    temperature: float,
    top_k: int,
    *,
    scale: Callable[[Tensor, float], Tensor] = lambda logits, temperature: logits / temperature,
    least: Callable[[Tensor, int], Tensor] = _row_by_row,
    fill: float = -math.inf,
    axis: int = 1,
) -> Tensor:
    scaled = scale(logits, temperature)
    return scaled.masked_fill(scaled < least(scaled, top_k), fill).softmax(axis)


def _unscaled_rest(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    p = (logits / temperature).softmax(1)
    return torch.where(p >= p.topk(top_k, 1).values[:, -1:], p, torch.zeros_like(p))


def _distinct(seed: int, n: int, k: int) -> Tensor:
    """Logits without ties, whose top k is unambiguous, and each row on a level of its own."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.stack([torch.randperm(k, generator=generator) for _ in range(n)]) / 2.0 - 1
    return rows + torch.tensor([1.25, 0.0, 2.5])[:n, None]


next_probabilities = Exercise(
    name="next_probabilities",
    contract="next_probabilities(logits, temperature, top_k): (N, K), two numbers -> (N, K): softmax of logits / "
    "temperature among the top_k largest of each row, 0 elsewhere",
    cases=lambda: [
        {"logits": _distinct(i, n, k), "temperature": t, "top_k": top}
        for i, (n, k, t, top) in enumerate([(1, 2, 0.5, 2), (1, 3, 0.5, 2), (2, 5, 2.0, 3), (3, 6, 0.25, 1)], 1)
    ],
    reference=_probabilities,
    mistakes=(
        Mistake(
            "multiplied by the temperature",
            partial(_probabilities, scale=lambda logits, temperature: logits * temperature),
            "You multiply the logits by the temperature: a high one would make the choice certain, a low one random.",
            "Near temperature 0 the largest logit should win everything.",
        ),
        Mistake(
            "not made to sum to 1 again",
            _unscaled_rest,
            "The right tokens are kept, but after the cut the probabilities do not sum to 1.",
            "Cut before the softmax, or divide by the sum after it.",
        ),
        Mistake(
            "temperature left out",
            partial(_probabilities, scale=lambda logits, temperature: logits),
            "The temperature has no influence.",
            "Which of your three arguments do you not use?",
        ),
        Mistake(
            "top_k left out",
            partial(_probabilities, least=lambda scaled, top_k: scaled.min() - 1),
            "All tokens stay possible.",
            "Which of your three arguments do you not use?",
        ),
        Mistake(
            "one threshold for the whole batch",
            partial(_probabilities, least=lambda scaled, top_k: scaled.topk(top_k, 1).values[0, -1]),
            "The threshold is that of the first row, and you apply it to all rows.",
            "Which shape should the threshold have, so that each row has its own?",
        ),
        Mistake(
            "top_k + 1 tokens kept",
            partial(_probabilities, least=lambda scaled, top_k: _row_by_row(scaled, min(top_k + 1, scaled.shape[1]))),
            "One token too many stays possible.",
            "How many entries of each row should be above 0? Is the comparison `<` or `<=`?",
        ),
        Mistake(
            "top_k - 1 tokens kept",
            lambda logits, temperature, top_k: _one_too_few(logits, temperature, top_k),
            "One token too few stays possible: the threshold itself is cut off.",
            "How many entries of each row should be above 0? Is the comparison `<` or `<=`?",
        ),
        Mistake(
            "temperature on the probabilities",
            lambda logits, temperature, top_k: _probabilities(logits, 1.0, top_k) / temperature,
            "You divided the probabilities by the temperature, so they no longer sum to 1.",
            "What is divided, and does it come before or after the softmax?",
        ),
        Mistake(
            "zeros instead of minus infinity",
            partial(_probabilities, fill=0.0),
            "The logits of the other tokens became 0. That is a logit like any other, with a probability above 0.",
            "Which logit has the probability 0?",
        ),
        Mistake(
            "softmax over the batch",
            partial(_probabilities, axis=0),
            "The softmax runs over the rows: the columns sum to 1.",
            "Which dimension counts the K tokens?",
        ),
    ),
    hints=(
        "Three steps: scale, cut, softmax.",
        "`logits.topk(top_k, 1).values[:, -1:]` is the smallest logit that stays, one per row.",
        "What is smaller becomes -inf, with `masked_fill`, before the softmax over dimension 1.",
    ),
)


def _one_too_few(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    scaled = logits / temperature
    return scaled.masked_fill(scaled <= _row_by_row(scaled, top_k), -math.inf).softmax(1)


def _bits(
    log_prob: Tensor,
    length: int,
    *,
    nats: float = math.log(2),
    per: Callable[[int], int] = lambda length: length,
    reduce: Callable[[Tensor], Tensor] = torch.mean,
    sign: int = -1,
) -> Tensor:
    return sign * reduce(log_prob) / per(length) / nats


bits_per_code = Exercise(
    name="bits_per_code",
    contract="bits_per_code(log_prob, length): log p of N images of `length` codes each, (N,) in nats -> one number: "
    "bits per code, averaged over the images",
    cases=lambda: [
        {"log_prob": -quarters(i, n).abs() * 40 - 1, "length": length}
        for i, (n, length) in enumerate([(1, 2), (2, 49), (4, 16)], 1)
    ],
    reference=_bits,
    mistakes=(
        Mistake(
            "nats for bits",
            partial(_bits, nats=1),
            "Your number is in nats per code.",
            "A bit is log 2 nats. Is the number in bits larger or smaller?",
        ),
        Mistake(
            "multiplied by log 2",
            partial(_bits, nats=1 / math.log(2)),
            "The conversion goes the wrong way.",
            "A fair coin has log 2 nats and one bit.",
        ),
        Mistake(
            "sign flipped",
            partial(_bits, sign=1),
            "Your number is negative. Nothing can be stored in fewer than zero bits.",
            "log p is at most 0.",
        ),
        Mistake(
            "bits per image",
            partial(_bits, per=lambda length: 1),
            "These are the bits of a whole image.",
            "Which of your two arguments do you not use?",
        ),
        Mistake(
            "summed over the images",
            partial(_bits, reduce=torch.sum),
            "You added the images up. What is asked for is their average.",
            "With twice as many images, should the number change?",
        ),
        Mistake(
            "not averaged over the images",
            partial(_bits, reduce=lambda log_prob: log_prob),
            "You return one number per image. What is asked for is their average.",
            "The contract says one number.",
        ),
        Mistake(
            "perplexity per code",
            lambda log_prob, length: torch.exp(-log_prob.mean() / length),
            "This is the perplexity per code: exp of the nats.",
            "Bits are a logarithm. Which step turned yours into a number of codes?",
        ),
    ),
    hints=(
        "-log p is the length in nats of the shortest description of an image.",
        "Divide by the number of codes, then change the unit.",
        "One nat is 1 / log(2) = 1.44 bits.",
    ),
)


def _prior_loss(
    logits: Tensor,
    tokens: Tensor,
    *,
    ahead: int = 1,
    scores: Callable[[Tensor], Tensor] = lambda logits: logits,
    reduce: Callable[[Tensor], Tensor] = lambda losses: losses.sum() / len(losses),
) -> Tensor:
    """Compare logits[:, i] with tokens[:, i + ahead]; the losses are (N, L - |ahead|)."""
    length = tokens.shape[1]
    sees, follows = slice(max(0, -ahead), length - max(0, ahead)), slice(max(0, ahead), length - max(0, -ahead))
    return reduce(F.cross_entropy(scores(logits[:, sees]).transpose(1, 2), tokens[:, follows], reduction="none"))


def _sequences() -> list[Case]:
    sizes = [(1, 2, 2), (2, 3, 3), (2, 5, 4)]
    return [{"logits": quarters(i, n, t, k), "tokens": whole(i, k, n, t)} for i, (n, t, k) in enumerate(sizes, 1)]


prior_loss = Exercise(
    name="prior_loss",
    contract="prior_loss(logits, tokens): (N, L, K) and whole numbers (N, L); logits[:, i] were made from tokens[:, : "
    "i + 1] and predict the token after these -> one number: nats per image, averaged over the batch, for the L - 1 "
    "tokens that are predicted. One bug is planted",
    cases=_sequences,
    reference=_prior_loss,
    gradients=("logits",),
    mistakes=(
        Mistake(
            "the planted bug",
            partial(_prior_loss, ahead=0),
            "Training with it goes wonderfully: the loss falls to nearly 0. Sampling then repeats the first code for "
            "ever.",
            "Which tokens had the network seen when it computed logits[:, 0]? Which token is it compared with?",
        ),
        Mistake(
            "shifted the wrong way",
            partial(_prior_loss, ahead=-1),
            "Each set of logits is compared with a token that the network has already seen.",
            "Do the logits at place 0 belong to the token at place 1, or the other way round?",
        ),
        Mistake(
            "averaged over the codes",
            partial(_prior_loss, reduce=torch.mean),
            "The shift is right, but the loss is that of an average code, not of an image.",
            "What does `cross_entropy` do by default?",
        ),
        Mistake(
            "summed over the batch",
            partial(_prior_loss, reduce=torch.sum),
            "The shift is right, but the loss is that of the whole batch.",
            "The loss is in nats per image.",
        ),
        Mistake(
            "softmax taken twice",
            partial(_prior_loss, scores=lambda logits: logits.softmax(-1)),
            "You apply a softmax before `cross_entropy`, which applies one itself: no code can then get a probability "
            "near 1.",
            "Does `cross_entropy` expect logits or probabilities?",
        ),
    ),
    hints=(
        "Write down for L = 3 which logits belong to which token.",
        "logits[:, 0] have seen token 0 and predict token 1. One set of logits and one token are left over. Which?",
        "Pair logits[:, :-1] with tokens[:, 1:].",
    ),
)


def _measure_noise(ask: Callable[..., Any]) -> list[Demand]:
    """Ask for a temperature for three sets of logits, and measure what is left of the distribution."""
    shares, best, hottest = [], [], 0.0
    for seed, k in ((1, 8), (2, 32), (3, 128)):
        logits = 3 * torch.randn(k, generator=torch.Generator().manual_seed(seed))
        temperature = float(ask(logits.clone(), shape=()))
        if temperature <= 0:
            raise running.Problem("type", f"A temperature is above 0; yours is {temperature:g}.")
        hottest = max(hottest, temperature)
        p = (logits.double() / temperature).softmax(0)
        shares.append(float(torch.special.entr(p).sum().exp()) / k)
        best.append(bool(p.argmax() == logits.argmax()))
    return [
        Demand("as good as noise: the perplexity is at least 99% of K", min(shares) >= 0.99, f"{min(shares):.1%}"),
        Demand("the most likely code is still the same", all(best), "yes" if all(best) else "no"),
        Demand("a temperature of at most 1,000", hottest <= 1000, f"{hottest:.4g}"),
    ]


noise_temperature = Challenge(
    name="noise_temperature",
    contract="noise_temperature(logits): (K,) -> a temperature at which sampling is nearly as good as drawing at "
    "random",
    parameters=("logits",),
    measure=_measure_noise,
    hints=(
        "What happens to logits / temperature when the temperature is very large?",
        "The softmax becomes flat when all scaled logits are close to each other.",
        "Take a temperature much larger than the spread of the logits: ten times or more.",
    ),
)
