# %% [markdown]
# # 08 · A prior over codes: how to draw a new digit
#
# **After this notebook you can**
#
# - show that random codes decode to noise, and say in bits how far the codes of real images are from random,
# - write a causal transformer in 40 lines, train it on code maps, and say what each line does,
# - turn its predictions into a file and back without loss, and compare the file with the model's own bits,
# - draw new digits, any or of a class that you ask for, complete half a digit, and say what temperature and top-k do,
# - explain the cache of keys and values, and what it saves.
#
# **Time:** 90 minutes, and 35 for the exercises. **Builds on:** [07 The VQ-VAE](07_vqvae.ipynb). **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import time
import torch
from torch import nn
from torch.nn import functional as F
from vqedu import checks, coding, data, models, plots, pretrained, widgets
from vqedu.metrics import rates

RETRAIN = False  # True: train the shipped prior of section 5 anew (about half an hour on one free core)
LONGER = False  # True: train the small transformer of section 4 five times as long (about a minute on one free core)
torch.set_grad_enabled(False)
images = data.load("mnist")
x_test, y_test = images.test
vqvae = pretrained.load("vqvae-mnist")
K = vqvae.codebook_size

# %% [markdown]
# ## 1. Random codes
#
# The VQ-VAE of notebook 07 turns an image into a map of $7 \times 7$ indices, and the decoder turns any such map into an image. There are $128^{49}$ maps, about $10^{103}$.
# So here is a generator: throw a die with 128 sides 49 times, and decode.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Each of the 128 codes is in use, so each occurs in real digits. Why should 49 of them in random order not give a digit?"
# > - **Usually answered:** "Because some codes are rare." Drawing them as often as they occur helps little: see the second row.
# > - **Show:** The four rows, from the top. Let the room name the difference between row 2 and row 4: the prior fits, or it does not.

# %%
widgets.Prediction("code_prior.random-maps")

# %%
generator = torch.Generator().manual_seed(0)
codes = torch.cat([vqvae.encode(part) for part in images.train.x.split(1000)])  # (60000, 7, 7)
codes_test = torch.cat([vqvae.encode(part) for part in x_test.split(1000)])  # (10000, 7, 7)

uniform = torch.randint(K, (12, 7, 7), generator=generator)
shuffled = codes.flatten()[torch.randint(codes.numel(), (12, 7, 7), generator=generator)]  # as often as they occur


def pictures(indices):
    return torch.sigmoid(vqvae.decode(indices.view(-1, 7, 7)))  # (N, 49) or (N, 7, 7) -> (N, 1, 28, 28)


# %%
ae, vae = pretrained.load("ae-32d"), pretrained.load("vae-50d")
z = torch.randn(2, 12, 50, generator=generator)
plots.image_grid(
    {
        "VQ-VAE, uniform codes": pictures(uniform).numpy(),
        "codes as often\nas they occur": pictures(shuffled).numpy(),
        "autoencoder, $N(0, I)$": torch.sigmoid(ae.decode(z[0, :, :32])).numpy(),
        "VAE, $N(0, I)$": torch.sigmoid(vae.decode(z[1])).numpy(),
    },
    "Random codes decode to noise. Only the VAE was trained for random codes",
)

# %%
ink = {"uniform codes": pictures(uniform), "codes of test images": pictures(codes_test[:1000])}
for name, x in ink.items():
    print(f"{name:21s} share of pixels that are ink: {(x > 0.5).float().mean():.0%}")

# %% [markdown]
# **What we saw.** Not one digit. The VAE's training made its codes fill $N(0, I)$, so drawing from $N(0, I)$ works. The VQ-VAE's training paid a constant for its codes, whatever they were, so nobody asked them to be spread evenly.
# That is no fault. In notebook 01 we had two ways out, and this is the second: **fit a distribution to the codes afterwards**. Codes are whole numbers, so the distribution is a table of probabilities, only a large one.

# %%
widgets.Quiz("code_prior.why-noise", "code_prior.corner", "code_prior.why-vae")

# %% [markdown]
# ## 2. How far from random are real codes?
#
# A code drawn from a distribution $p$ takes $-\log_2 p$ bits if it is stored in the best way, its *surprise*. The average surprise is the **entropy** $H = -\sum_k p_k \log_2 p_k$.
# With 128 equally likely codes it is 7 bits. For real code maps we look at more and more of the neighbourhood, and count in 60,000 training maps.
# What a code still costs on average once its neighbour is known is the *conditional* entropy: that of the pair, minus that of the neighbour alone.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "You know the code to the left and the code above. How many of 128 codes are still likely here?"
# > - **Usually answered:** Something between 5 and 20, which is sensible. One neighbour alone leaves about 5 bits, as 32 equally likely codes would; all codes before leave about 2.5 bits (section 5), as 6 would.
# > - **Show:** The map of entropies. Where is it white, and why?


# %%
def entropy(counts):
    p = counts / counts.sum(-1, keepdim=True)
    return torch.special.entr(p).sum(-1) / math.log(2)  # (*, K) -> (*), bits


def entropy_given(k, known):
    pairs = torch.bincount((known * K + k).flatten(), minlength=K * K)  # each value of `known` with each k
    known = torch.bincount(known.flatten(), minlength=K)
    return entropy(pairs) - entropy(known)  # H(k | known) = H(k, known) - H(known)


# %%
by_position = torch.stack([torch.bincount(column, minlength=K) for column in codes.flatten(1).T])  # (49, K)
bits = {
    "every code equally likely": math.log2(K),
    "its frequency": entropy(by_position.sum(0)).item(),
    "given the code to the left": entropy_given(codes[:, :, 1:], codes[:, :, :-1]).item(),
    "given the code above": entropy_given(codes[:, 1:], codes[:, :-1]).item(),
    "given the position": entropy(by_position).mean().item(),
}
for name, value in bits.items():
    print(f"{name:27s} {value:.2f} bits a code")

# %%
ones = codes[images.train.y == 1].flatten(1)  # (6742, 49)
of_ones = torch.stack([torch.bincount(column, minlength=K) for column in ones.T])
plots.bit_maps(
    {"all digits": entropy(by_position).view(7, 7).numpy(), "only ones": entropy(of_ones).view(7, 7).numpy()},
    "Entropy at each position: at the border little may come, in the middle nearly anything",
)

# %% [markdown]
# **What we saw.** Each thing that we know about a code saves bits: its frequency, a neighbour, its position, and the digit too. But one cannot go on counting for ever: a table for "given the code to the left and the code above" has $128^3$ = 2 million entries, one for all 48 other codes has $128^{49}$.
# We need something that *computes* the probabilities of the next code from the codes before it, instead of looking them up.

# %%
widgets.Quiz("code_prior.white-corner", "code_prior.mixed-entropy", "code_prior.three-neighbours")

# %% [markdown]
# ## 3. The product rule, and a network that keeps to it
#
# Read the map row by row, $k_1, \dots, k_{49}$. Without any assumption,
#
# $$p(k_1, \dots, k_{49}) = p(k_1)\; p(k_2 \mid k_1)\; p(k_3 \mid k_1, k_2) \cdots p(k_{49} \mid k_1, \dots, k_{48}).$$
#
# One network gives all 49 factors: at place $i$ it sees the codes before $k_i$ and puts out 128 logits for $k_i$. Such a model is called **autoregressive**. Van den Oord and others (2017, section 4) used a PixelCNN, Razavi and others (2019) added attention. We take a **transformer** (Vaswani and others 2017), since it is what notebook 09 and today's large models use.
#
# What goes in, and what must come out? In front stands a **start token**, number $K$. The rest is the map, moved by one place:

# %%
sequence = codes[:1].flatten(1)  # (1, 49)
start = torch.full((1, 1), K)
inputs = torch.cat([start, sequence[:, :-1]], 1)  # (1, 49): the start token, then the first 48 codes
print("goes in: ", inputs[0, 8:16].tolist())
print("expected:", sequence[0, 8:16].tolist())

# %% [markdown]
# At each place the expected code is the input of the next place. So one pass gives 49 predictions at once, if no place can look at a later one, where its answer stands. This is **causality**, and attention gets it by a mask.
#
# **Attention.** Each place $i$ has a vector. From it three vectors are made by linear maps: a *query* $q_i$ (what am I looking for?), a *key* $k_i$ (what do I have to offer?) and a *value* $v_i$ (what do I pass on?). Place $i$ takes a weighted mean of the values of places $j \le i$:
#
# $$a_{ij} = \operatorname*{softmax}_{j \le i} \frac{q_i \cdot k_j}{\sqrt{d}}, \qquad y_i = \sum_{j \le i} a_{ij} v_j .$$
#
# Here $k_j$ is a key and no code: the letters are the usual ones. $d$ is how many numbers a query has. The more there are, the larger the products become; the root keeps them at one scale.
# Attention does this in several *heads*, each on its own share of the numbers, so that one may look to the left and another one up.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 15 minutes.**
# >
# > - **Ask:** "What happens if the mask is forgotten?"
# > - **Usually answered:** "It trains worse." It trains far too well: each place copies its answer from the next input, the loss goes to 0, and sampling gives nonsense.
# > - **Show:** The cell with the mask, then the check by perturbation below the three classes.


# %%
class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        n, t, width = x.shape
        parts = self.query_key_value(x).view(n, t, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # each (N, heads, t, d) with d = width / heads
        scores = q @ k.transpose(2, 3) / math.sqrt(width // self.heads)  # (N, heads, t, t)
        later = torch.ones(t, t, dtype=torch.bool).triu(1)  # True where j > i
        a = scores.masked_fill(later, -math.inf).softmax(-1)  # each row sums to 1, later places have 0
        y = a @ v  # (N, heads, t, d)
        return self.output(y.transpose(1, 2).reshape(n, t, width))


# %% [markdown]
# **A block** is attention, where places exchange what they know, and then a small network for each place on its own (GELU is a ReLU with a soft corner). Both *add* to the vector that is there, and LayerNorm before each keeps the numbers at one scale.


# %%
class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        return x + self.mlp(self.mlp_norm(x))


# %% [markdown]
# **The transformer** looks each token up in a table of vectors, adds a vector for its place (attention alone does not know where a token stands), passes the blocks, and asks a last linear map for logits.


# %%
class Transformer(nn.Module):
    def __init__(self, vocabulary_size, length, width, depth, heads):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary_size, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.1)
        nn.init.normal_(self.positions, std=0.1)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions[: tokens.shape[1]]  # (N, t) -> (N, t, width)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))  # (N, t, vocabulary_size)


# %% [markdown]
# Those are 40 lines. Does it keep to the rule that no place looks at a later one? Change the token that goes in at place 20, counted from 0, and see which logits change.

# %%
torch.manual_seed(0)
model = Transformer(K + 1, 49, width=64, depth=3, heads=4)
changed = inputs.clone()
changed[0, 20] = (changed[0, 20] + 1) % K
moved = (model(changed) - model(inputs)).abs().amax(2)[0] > 0  # (49,)
print("first place whose logits change:", moved.nonzero()[0].item())
print("places after it that change too:", bool(moved[20:].all()))

# %% [markdown]
# The logits of place 20 speak of the next code, so they may change. The 20 places before it must not, and do not.

# %%
widgets.Quiz("code_prior.shift", "code_prior.mask", "code_prior.triu")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · One place late
#
# **★☆☆ · 5 minutes.** From the tokens of an image make the inputs and the targets of one training step. Every token must be predicted, also the first.
#
# **Contract:** `my_teacher_forcing(tokens, start)`: whole numbers (N, L), the start token → (inputs, targets), both (N, L): targets[:, i] is the token to predict from inputs[:, : i + 1], and inputs begin with start.


# %% tags=["starter"]
def my_teacher_forcing(tokens, start):
    inputs, targets = tokens, tokens
    return inputs, targets


# %%
checks.teacher_forcing(my_teacher_forcing)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_teacher_forcing(tokens, start):
#     first = torch.full_like(tokens[:, :1], start)  # (N, 1)
#     return torch.cat([first, tokens[:, :-1]], 1), tokens
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Who may look where
#
# **★☆☆ · 4 minutes.** The table that keeps the future out of attention.
#
# **Contract:** `my_causal_mask(length)`: a whole number → bool (length, length), True where place i (row) may look at place j (column).


# %% tags=["starter"]
def my_causal_mask(length):
    return torch.ones(length, length, dtype=torch.bool)


# %%
checks.causal_mask(my_causal_mask)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_causal_mask(length):
#     return torch.ones(length, length, dtype=torch.bool).tril()  # row i sees the columns 0 to i
# ```
#
# </details>

# %% [markdown]
# ## 4. Training
#
# The loss is minus the logarithm of the product, so a sum over the 49 places: the cross-entropy of each code, as in any classifier with 128 classes. We divide by $49 \log 2$ to read it in bits a code. The learning rate climbs during the first tenth of the steps, and then falls to nearly 0.


# %%
def bits_per_code(model, sequences):
    start = torch.full((len(sequences), 1), K)
    logits = model(torch.cat([start, sequences[:, :-1]], 1))[..., :K]  # (N, 49, K): the start token never follows
    return F.cross_entropy(logits.flatten(0, 1), sequences.flatten()) / math.log(2)


# %%
widgets.Prediction("code_prior.few-seconds")

# %%
torch.set_grad_enabled(True)
batches = torch.randperm(len(codes))[: 60_000 if LONGER else 12_000].split(32)
optimizer = torch.optim.Adam(model.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=len(batches), pct_start=0.1)
for batch in batches:
    loss = bits_per_code(model, codes[batch].flatten(1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()

# %%
torch.set_grad_enabled(False)
live = bits_per_code(model, codes_test[:1000].flatten(1)).item()
print("test maps, below 3.6 bits a code:", live < 3.6)

# %% [markdown]
# A few seconds, and it beats every count of section 2. No table was stored: the network computes the odds from all codes before.

# %%
widgets.Quiz("code_prior.sum-of-losses", "code_prior.first-loss", "code_prior.beats-counts")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Bug hunt: too good to be true
#
# **★★☆ · 8 minutes.** With this loss a prior reaches nearly 0 nats an image within minutes, and its samples repeat one code for ever. Find the bug and mend it.
#
# **Contract:** `my_prior_loss(logits, tokens)`: (N, L, K) and whole numbers (N, L); logits[:, i] were made from tokens[:, : i + 1] and speak of the token after these → one number: nats an image, averaged over the batch, for the L - 1 tokens that are predicted. One bug is planted.


# %% tags=["starter"]
def my_prior_loss(logits, tokens):
    losses = F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum")
    return losses / len(tokens)


# %%
checks.prior_loss(my_prior_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_prior_loss(logits, tokens):
#     seen, next_tokens = logits[:, :-1], tokens[:, 1:]  # logits[:, i] speak of token i + 1
#     losses = F.cross_entropy(seen.flatten(0, 1), next_tokens.flatten(), reduction="sum")
#     return losses / len(tokens)
# ```
#
# </details>

# %% [markdown]
# ## 5. Bits of an image
#
# From here on we use the prior that the course ships: the same transformer, wider (96) and deeper (4), 479,000 weights. It was trained on five slightly moved copies of each digit first, then for five passes on the digits as they are, by Muon (Jordan et al. 2024), an optimizer that needs fewer steps here than Adam. `models.CodePrior` wraps it. Its start token is the **class** of the image, or "any class"; in training it was "any" half of the time, so one network holds $p(k)$ and $p(k \mid \text{class})$, where $k$ stands for the whole map.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "A better prior changes no weight of the VQ-VAE. What does it change?"
# > - **Usually answered:** "The images get sharper." They do not. The bits get fewer, and the samples get better.
# > - **Show:** The bars, then the surprise map: let the room find the dearest code of each image, and say why.

# %%
widgets.Prediction("code_prior.image-bits")

# %%
prior = pretrained.retrain("prior-mnist", images.train)[0] if RETRAIN else pretrained.load("prior-mnist")
some, labels = codes_test[:1000], y_test[:1000]
log_prob = prior.log_prob(some)  # (1000,), nats

lengths = {
    "every code equally likely": 49 * math.log2(K),
    "frequency": rates.by_shares(some, rates.shares(codes, K)).mean().item(),
    "frequency at the position": rates.by_shares(some, rates.shares(codes, K, by_position=True)).mean().item(),
    "small transformer, section 4": 49 * live,
    "shipped prior": -log_prob.mean().item() / math.log(2),
    "shipped prior, class given": -prior.log_prob(some, labels).mean().item() / math.log(2),
}

# %%
for name in ("every code equally likely", "frequency", "frequency at the position", "shipped prior"):
    print(f"{name:26s} {lengths[name]:3.0f} bits an image, {lengths[name] / 49:.2f} a code")
assert lengths["shipped prior"] / 49 < 2.7

# %%
plots.named_bars(
    lengths,
    "A prior that looks at all codes before needs little more than a third of the bits",
    "bits an image, 1,000 test images",
    colors={"every code equally likely": "#909090"},
)

# %% [markdown]
# The class can also be summed out: $p(k) = \sum_c p(c)\, p(k \mid c)$ with $p(c) = 1/10$. This too is a model of images without labels. It is the sum of notebook 02, over ten terms in place of endlessly many, so it can be computed.

# %%
few = some[:300]
given = torch.stack([prior.log_prob(few, c) for c in range(10)])  # (10, 300), nats
summed = given.logsumexp(0) - math.log(10)  # log of the mean over the classes
for name, log_p in {'the start token "any class"': log_prob[:300], "the sum over ten classes": summed}.items():
    print(f"{name:27s} {-log_p.mean().item() / (49 * math.log(2)):.2f} bits a code")

# %% [markdown]
# The sum is a little cheaper, at ten times the work: "any class" is one more thing that the network has to learn. From here on we use "any class".
#
# (The frequencies were counted on training maps, as in section 2, but the bill is for test maps. So 5.80 bits stand here and 5.85 there.)
#
# **Where are the bits?** Each code has its own surprise, $-\log_2 p(k_i \mid k_1, \dots, k_{i-1})$. Here is the bill of six test images, code by code.


# %%
def surprise(indices):
    log_p = prior(indices).log_softmax(-1)  # (N, 49, K)
    return -log_p.gather(2, indices.flatten(1).unsqueeze(2)).view(-1, 7, 7) / math.log(2)  # bits


first = codes_test[:6]
assert torch.allclose(surprise(first).flatten(1).sum(1), -prior.log_prob(first) / math.log(2), rtol=1e-4)
plots.surprise(
    pictures(first).numpy(),
    surprise(first).numpy(),
    "Some codes are nearly free, others cost 8 bits and more",
)

# %% [markdown]
# **What we saw.** A 1 costs about half of a 0 or a 2: it is shorter, and more like other ones. Below a finished stroke the codes are nearly free. What the prior cannot know costs bits: where a stroke begins, how thick it is, where it turns.
#
# This closes the account that notebook 07 opened. There the rate was $49 \log K = 238$ nats, a constant. The learned prior lowers it after the training of the VQ-VAE, without touching encoder, codebook or decoder:

# %%
nats = -log_prob.mean().item()
distortion = vqvae.loss(x_test[:1000]).reconstruction.item()
print(
    f"uniform prior: {49 * math.log(K) + distortion:.0f} nats per image, of which {49 * math.log(K):.0f} for the codes"
)
print(f"learned prior: {nats + distortion:.0f} nats per image, of which {nats:.0f} for the codes")

# %% [markdown]
# The sum is minus a lower bound on $\log p(x)$, as the ELBO is: one term of $p(x) = \sum_k p(k)\, p(x \mid k)$.

# %%
widgets.Quiz("code_prior.better-prior", "code_prior.map-to-code", "code_prior.free-paper")

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · What the prior saves
#
# **★☆☆ · 5 minutes.** Turn log-probabilities of whole images, in nats, into bits a code.
#
# **Contract:** `my_bits_per_code(log_prob, length)`: log p of N images of `length` codes each, (N,) in nats → one number: bits a code, averaged over the images.


# %% tags=["starter"]
def my_bits_per_code(log_prob, length):
    return -log_prob.mean() / length


# %%
checks.bits_per_code(my_bits_per_code)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_bits_per_code(log_prob, length):
#     return -log_prob.mean() / length / math.log(2)
# ```
#
# </details>

# %% [markdown]
# ## 6. Predicting is compressing
#
# If the prior says 120 bits, can one really store the image in 120 bits? Yes, with an **arithmetic coder** (MacKay 2003, chapter 6). It keeps an interval, at first $[0, 1)$. For each code it cuts the interval into 128 parts, as wide as the codes are likely, and goes on with the part of the code that is there. A likely code leaves the interval wide.
# At the end any number inside the interval stands for the whole map, and a number in an interval of width $w$ can be written with about $-\log_2 w$ bits. The width is the product of the probabilities.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "The file holds no probabilities. How does the decoder know where the interval was cut?"
# > - **Usually answered:** "They must be sent along." It runs the same prior on the codes that it has decoded so far.
# > - **Show:** The strips from the top. Then the last lines: file and model agree to a percent.

# %%
probabilities = prior(codes_test[:1]).softmax(-1)[0, :4].numpy()  # (4, K): of the first four codes
chosen = codes_test[0].flatten()[:4].tolist()
plots.intervals(probabilities, chosen, "Each code narrows the interval by its probability")

# %%
widgets.Prediction("code_prior.file")

# %%
maps = codes_test[:200].flatten(1)  # (200, 49)
file = coding.encode(prior, maps)
decoded = coding.decode(prior, file)
wished = coding.bits(prior, maps) / 8

print("without loss:", torch.equal(decoded, maps))
print("bytes of the file within 2% of the model's own bits:", abs(len(file) / wished - 1) < 0.02)
print(f"200 code maps: {len(file) / 1000:.1f} kB; with 7 bits a code: {200 * 49 * 7 / 8 / 1000:.1f} kB")

# %% [markdown]
# **One trap.** The decoder must find *exactly* the encoder's probabilities. One different last digit, and the cuts lie elsewhere: from there on every code is wrong. But the encoder knows all codes and asks the network once; the decoder can only ask code by code. The sums are then taken in another order, and their last digits differ.
# So `coding` computes in 64 bits and rounds each logit to a step of 1/64 nat *before* anything is done with it. The steps are $10^{11}$ times coarser than the differences, so in practice both sides round to the same step, also on two machines. It costs 0.00001 bits a code. And the file carries a checksum, so that a wrong prior is an error and not a wrong image:

# %%
try:
    coding.decode(models.CodePrior(K), file)
except ValueError as error:
    print(error)

# %%
widgets.Quiz("code_prior.interval", "code_prior.coder", "code_prior.last-digit")

# %% [markdown]
# ## 7. Drawing new digits
#
# To draw from $p(k_1, \dots, k_{49})$, draw $k_1$, put it in, draw $k_2$, and so on. This is *ancestral sampling*. Before each draw one may change the probabilities in two ways:
#
# - **temperature** $T$: divide the logits by $T$. Below 1 the likely codes become likelier, above 1 all become more alike.
# - **top-k**: only the k likeliest codes can be drawn.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 15 minutes.**
# >
# > - **Ask:** "Why do we not take the likeliest code each time? That should give the most perfect digit."
# > - **Usually answered:** Agreement. Then show the row at top_k = 1: one image, always the same.
# > - **Show:** The temperatures in one grid. Ask which row the room would publish, and which row is the model's own distribution.


# %%
def next_probabilities(logits, temperature=1.0, top_k=K):
    kept, places = logits.topk(top_k)  # (N, top_k)
    logits = torch.full_like(logits, -math.inf).scatter(1, places, kept)
    return (logits / temperature).softmax(1)  # (N, K)


def sample(n, temperature=1.0, top_k=K, generator=None):
    tokens = torch.full((n, 1), K)  # "any class"
    for _ in range(49):
        logits = prior.transformer(tokens)[:, -1, :K]  # (n, K): only the last place is needed
        drawn = torch.multinomial(next_probabilities(logits, temperature, top_k), 1, generator=generator)
        tokens = torch.cat([tokens, drawn], 1)
    return tokens[:, 1:]  # (n, 49)


# %%
ours = sample(4, generator=torch.Generator().manual_seed(0))
theirs = prior.sample(4, generator=torch.Generator().manual_seed(0))
print("the same codes as `prior.sample`:", torch.equal(ours, theirs))

# %%
widgets.Prediction("code_prior.argmax")

# %%
settings = {"T = 1": {}, "T = 0.7": {"temperature": 0.7}, "T = 2": {"temperature": 2.0}}
settings |= {"top-k = 5": {"top_k": 5}, "top-k = 1 (argmax)": {"top_k": 1}}
drawn = {
    name: prior.sample(200, generator=torch.Generator().manual_seed(1), **setting) for name, setting in settings.items()
}
plots.image_grid(
    {name: pictures(indices[:12]).numpy() for name, indices in drawn.items()},
    "Digits at last. Cold is tidy and alike, hot is noise, argmax is one image again and again",
)

# %%
cost = {name: -prior.log_prob(indices).mean().item() / math.log(2) for name, indices in drawn.items()}
real = lengths["shipped prior"]
print("at T = 1 a sample costs about as many bits as a real image:", abs(cost["T = 1"] / real - 1) < 0.1)
print("at T = 0.7 it costs less than nine tenths of that:         ", cost["T = 0.7"] < 0.9 * real)
print("at T = 2 it costs more than one and a half times that:     ", cost["T = 2"] > 1.5 * real)
print("the map of argmax costs less than three quarters of it:    ", cost["top-k = 1 (argmax)"] < 0.75 * real)
print("different maps among 200 by argmax:", len(drawn["top-k = 1 (argmax)"].unique(dim=0)))

# %% [markdown]
# **What we saw.** The map of argmax is not a typical one. A real image costs more than 100 bits on average, because at many places it does something that was only one of several likely things; a map that never does so is a rare curiosity, although it is likelier than most real maps taken singly.
# (It need not be the likeliest map of all: a likely beginning may lead to dear places later.)
#
# It is as with a coin that shows heads with probability 0.6: the likeliest row of 100 throws is 100 heads, and you will never see it.

# %%
widgets.Quiz("code_prior.own-distribution", "code_prior.half-temperature", "code_prior.cold-samples")

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · Temperature and top-k
#
# **★★☆ · 8 minutes.** From logits to the probabilities that sampling uses: scale by the temperature, keep the `top_k` largest of each row, and let the rest be exactly 0.
#
# **Contract:** `my_next_probabilities(logits, temperature, top_k)`: (N, K), two numbers → (N, K): softmax of logits / temperature among the top_k largest of each row, 0 elsewhere.


# %% tags=["starter"]
def my_next_probabilities(logits, temperature, top_k):
    scaled = ...
    least = scaled.topk(top_k, 1).values[:, -1:]  # (N, 1), the smallest that stays
    return scaled.masked_fill(scaled < least, ...)


# %%
checks.next_probabilities(my_next_probabilities)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_next_probabilities(logits, temperature, top_k):
#     scaled = logits / temperature
#     least = scaled.topk(top_k, 1).values[:, -1:]  # (N, 1), the smallest that stays
#     return scaled.masked_fill(scaled < least, -math.inf).softmax(1)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 6 · Break it: boil the prior
#
# **★☆☆ · 4 minutes.** Find a temperature at which all the training is worth nothing: sampling is as good as throwing dice. It should work for any logits.
#
# **Contract:** `my_noise_temperature(logits)`: (K,) → a temperature at which sampling is nearly as good as drawing at random.


# %% tags=["starter"]
def my_noise_temperature(logits):
    return 1.0


# %%
checks.noise_temperature(my_noise_temperature)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_noise_temperature(logits):
#     return 20 * float(logits.std())  # far above the spread of the logits
# ```
#
# </details>

# %% [markdown]
# ## 8. Asking for something
#
# **A class.** With the class as start token the prior draws what you ask for. Whether it does is for a judge to say: a small classifier, trained on real digits only.

# %%
judge = pretrained.load("classifier-mnist")
print(f"the judge reads {(judge.predict(x_test) == y_test).float().mean():.1%} of the test images rightly")

asked = torch.arange(10).repeat_interleave(50)  # (500,)


def agreement(indices):
    return (judge.predict(pictures(indices)) == asked).float().mean().item()


by_class = prior.sample(500, labels=asked, generator=torch.Generator().manual_seed(0))
print("without the class 10% would agree; with it more than 75% do:", agreement(by_class) > 0.75)

# %% [markdown]
# Most, but not all: the start token is one voice among many, and after a few unlucky draws the codes on the page speak louder. The cure asks the prior twice, with the class and without, and goes further in the direction in which the class moves the logits:
#
# $$l = l_{\text{any}} + g\, (l_{\text{class}} - l_{\text{any}}).$$
#
# This is **classifier-free guidance** (Ho and Salimans 2022). With $g = 1$ it changes nothing. With $g > 1$ it draws no longer from the prior's own distribution, but from one in which the class counts for more. This is why the prior was trained with both start tokens.

# %%
guided = prior.sample(500, labels=asked, guidance=2.0, generator=torch.Generator().manual_seed(0))
print("with guidance 2, at least 95% of 500 samples are what was asked for:", agreement(guided) >= 0.95)

# %%
plots.image_grid(
    {f"asked: {digit}": pictures(guided[50 * digit : 50 * digit + 12]).numpy() for digit in range(10)},
    "The start token decides the digit, the draws decide its handwriting",
    size=0.7,
)

# %% [markdown]
# **A beginning.** Instead of from nothing, one can start from codes that are there. Here the prior gets the upper three rows of a map, 21 codes, and draws the other 28. It is not told the class.

# %%
widgets.Prediction("code_prior.halves")

# %%
upper = codes_test[:8].flatten(1)[:, :21]  # (8, 21)
completed = prior.sample(8 * 6, prefix=upper.repeat_interleave(6, 0), generator=torch.Generator().manual_seed(0))
rows = {"$\\hat{x}$": pictures(codes_test[:8])}
rows |= {f"completion {i + 1}": pictures(completed[i::6]) for i in range(6)}
plots.image_grid(
    {name: x.numpy() for name, x in rows.items()},
    "The upper three rows of codes are kept, the rest is drawn: several endings fit",
)

# %%
half = prior.sample(500, prefix=codes_test[:500].flatten(1)[:, :21], generator=torch.Generator().manual_seed(0))
same = (judge.predict(pictures(half)) == y_test[:500]).float().mean().item()
print("more than half of 500 completions are read as the original digit:", same > 0.5)
print("but fewer than 95%:", same < 0.95)

# %% [markdown]
# **What we saw.** The same beginning leads to different digits where both are plausible: the upper rows of a 2 may also begin a 3. The prior draws each ending as often as it thinks it occurs.

# %%
widgets.Quiz("code_prior.two-starts", "code_prior.guided-logit", "code_prior.lower-half")

# %% [markdown]
# ## 9. The cache of keys and values
#
# Our `sample` is wasteful. To draw code 49 it sends all 48 earlier codes through the network again, though nothing about them has changed: by causality, later codes cannot alter them. In total $1 + 2 + \dots + 49 = 1225$ places are computed, for 49 codes.
#
# What does a new code need from the earlier ones? Look at attention: only their keys and values. So keep those, layer by layer, and send only the newest code through. Here for one layer, by hand:

# %%
attention = prior.transformer.blocks[0].attention
width, heads = prior.width, prior.heads
x = torch.randn(1, 49, width, generator=torch.Generator().manual_seed(0))
keys, values, outputs = [], [], []
for i in range(49):
    q, k, v = attention.query_key_value(x[:, i]).view(3, heads, width // heads)  # of the new place only
    keys.append(k)
    values.append(v)
    a = torch.einsum("hd,jhd->hj", q, torch.stack(keys)).div(math.sqrt(width // heads)).softmax(1)
    y = torch.einsum("hj,jhd->hd", a, torch.stack(values))  # (heads, d)
    outputs.append(attention.output(y.flatten()))
print("as all places at once:", torch.allclose(torch.stack(outputs), attention(x)[0], atol=1e-5))

# %% [markdown]
# `prior.sample` does this in all layers (`vqedu.transformer.KVCache`). The codes must be the same with and without it, and only the time may differ.

# %%
widgets.Prediction("code_prior.cache")


# %%
def timed(cache):
    begin = time.perf_counter()
    indices = prior.sample(64, generator=torch.Generator().manual_seed(0), cache=cache)
    return indices, time.perf_counter() - begin


with_cache, fast = min((timed(True) for _ in range(3)), key=lambda run: run[1])
without, slow = timed(False)
print("64 images, token for token the same:", torch.equal(with_cache, without))
print("at least twice as fast:", slow > 2 * fast)

# %% tags=["nbval-ignore-output"]
print(f"with the cache {fast:.2f} s, without {slow:.2f} s: {slow / fast:.1f} times")

# %% [markdown]
# It is not 1225 / 49 = 25 times, since many places at once use a processor better than one place after the other. With longer sequences the gain grows: a language model with thousands of tokens would be unusable without it.

# %%
widgets.Quiz("code_prior.places", "code_prior.kept", "code_prior.cache-size")

# %% [markdown]
# ## 10. Under your hand
#
# The map fills code by code; the likeliest next codes are shown as the images they would lead to. Change one code and let the rest be drawn again. Move the temperature.

# %%
widgets.TokenExplorer(prior, vqvae)

# %% [markdown]
# ## Summary
#
# - The codes of a VQ-VAE need a prior: uniform codes decode to noise, since real code maps fill a tiny part of all maps.
# - A causal transformer gives each code's probabilities from all codes before it, and the product is the probability of the map.
# - Its surprise is a length: an arithmetic coder reaches it to within a percent, if both sides compute the same probabilities to the last bit.
# - Sampling draws code by code. Temperature and top-k trade variety for tidiness; always taking the likeliest code gives one map, and no typical one.
# - A class token or a prefix conditions the draw, and guidance makes the class count for more. The cache of keys and values saves the recomputation of what cannot change.
#
# **Sources.** Vaswani and others, *Attention is all you need* (2017). Van den Oord and others, *Neural discrete representation learning* (2017), section 4. Razavi and others, *Generating diverse high-fidelity images with VQ-VAE-2* (2019). Ho and Salimans, *Classifier-free diffusion guidance* (2022). MacKay, *Information theory, inference, and learning algorithms* (2003), chapter 6.
#
# ## Three questions to answer from memory

# %%
widgets.Quiz("code_prior.factors", "code_prior.no-argmax", "code_prior.cached-values")

# %% [markdown]
# **Next:** other ways to make codes, and words and images in one sequence: 08 Image tokens.
